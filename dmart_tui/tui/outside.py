"""Giving the terminal to another program for a while: a shell, a pager."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Final

from dmart_tui.core import background
from dmart_tui.core.errors import Failed, Refused
from dmart_tui.core.files import read_bounded, write_atomic
from dmart_tui.core.secrets import mask_raw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from tempfile import TemporaryDirectory

    from textual.app import App

MASKED_LIMIT: Final = 64_000_000
"""Bytes of a file that are masked for a pager; a larger one is refused unless secrets show."""

_NULL: Final = subprocess.DEVNULL
_LOOKS: Final = 20
_BETWEEN: Final = 0.5
"""Seconds between two looks at whether a program that was started has failed."""


def run(app: App[None], command: Sequence[str], *, folder: str | None = None) -> None:
    """Suspend the interface until `command` has ended, then draw the screen again; blocks the event loop.

    Raises:
        Failed: the command cannot be started.
    """
    # Ctrl+C is meant for whoever has the terminal. It is not ignored, for the other program would inherit that.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with app.suspend():
            subprocess.call(command, cwd=folder, env={**os.environ, "LESSSECURE": "1"})
    except OSError as error:
        raise Failed(f"{command[0]} cannot be started: {error.strerror}") from None
    finally:
        signal.signal(signal.SIGINT, before)


def shell() -> list[str]:
    """The person's shell."""
    return [os.environ.get("SHELL") or "/bin/sh"]


def pager(setting: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    """The command that shows a file: the setting, `$PAGER`, else less."""
    return shlex.split(setting or environ.get("PAGER", "")) or ["less"]


def editor(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The person's editor: `$VISUAL`, `$EDITOR`, else vi."""
    return shlex.split(environ.get("VISUAL") or environ.get("EDITOR", "")) or ["vi"]


def edited(app: App[None], text: str, name: str) -> str:
    """What a person makes of a text in their editor; blocks the event loop until that has ended.

    Args:
        name: of the file they see, which only they can read.

    Raises:
        Failed: the editor cannot be started, or what it left cannot be read.
    """
    import tempfile

    with tempfile.TemporaryDirectory(prefix="dmart-tui-") as folder:
        file = Path(folder) / name
        file.write_bytes(text.encode())
        run(app, [*editor(), str(file)])
        try:
            return file.read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise Failed(f"what the editor left cannot be read: {error}") from None


def why_not_opened() -> str | None:
    """Why nothing can be opened in a program of the system; None when it can."""
    try:
        opener()
    except Refused as refused:
        return str(refused)
    return None


def opener(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> list[str]:
    """The command that opens a file in the program that the system has for it.

    Raises:
        Refused: no window of a program would be seen here.
    """
    hint = "save a copy instead"
    if platform == "darwin":
        if "SSH_CONNECTION" in environ:
            raise Refused("its window would open on the other computer", hint=hint)
        return ["open"]
    if environ.get("WSL_DISTRO_NAME") and which("wslview"):
        return ["wslview"]
    if not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        raise Refused("there is no display that a window could open on", hint=hint)
    for command in (["xdg-open"], ["gio", "open"]):
        if which(command[0]):
            return command
    raise Refused("the system has no xdg-open, which knows its programs", hint=hint)


def copy_to_open(name: str, data: Iterable[bytes]) -> str:
    """The path of a copy that a program may show, read-only and for this person alone; it goes when this program ends.

    Blocks while `data` is written.
    """
    import tempfile

    path = Path(tempfile.mkdtemp(dir=_copies().name)) / name
    write_atomic(path, data, mode=0o400)
    return str(path)


async def open_outside(command: Sequence[str], path: str) -> None:
    """Open a file in another program, which outlives this one; waits a while for it to say that it cannot.

    Raises:
        Failed: it cannot be started, or it failed.
    """
    process = await background.run(_started, [*command, path])
    for _ in range(_LOOKS):
        await asyncio.sleep(_BETWEEN)
        if process.poll() is not None:
            break
    if process.returncode:
        raise Failed(f"{command[0]} could not open it", address=path)


def _started(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdin=_NULL, stdout=_NULL, stderr=_NULL, start_new_session=True)
    except OSError as error:
        raise Failed(f"{command[0]} cannot be started: {error.strerror}") from None


@cache
def _copies() -> TemporaryDirectory[str]:
    from tempfile import TemporaryDirectory

    return TemporaryDirectory(prefix="dmart-tui-", ignore_cleanup_errors=True)


def masked_copy(path: str, root: str, folder: str) -> str:
    """The path of a file a pager may show: the file itself if it has no secrets, else a masked copy in `folder`.

    Blocks; reads the whole file.

    Raises:
        Refused: it is larger than `MASKED_LIMIT`.
        DmartTuiError: it cannot be read.
    """
    try:
        data = read_bounded(path, root, MASKED_LIMIT)
    except Refused as error:
        raise Refused(error.message, address=error.address, hint="`S` shows secrets and lets it through") from None
    masked = mask_raw(data)
    if masked == data:
        return path
    copy = Path(folder) / f"secrets masked, {Path(path).name}"
    copy.write_bytes(masked)
    return str(copy)
