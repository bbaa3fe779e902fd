"""Giving the terminal to another program for a while: a shell, a pager."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dmart_tui.core.errors import Failed, Refused
from dmart_tui.core.files import read_bounded
from dmart_tui.core.secrets import mask_raw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import App

MASKED_LIMIT: Final = 64_000_000
"""Bytes of a file that are masked for a pager; a larger one is refused unless secrets show."""


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
