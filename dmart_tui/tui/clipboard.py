"""Copying from where people are: through tmux, through the terminal (OSC 52), or with the desktop's own command."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from dmart_tui.core.errors import Failed, Refused
from dmart_tui.core.units import format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECONDS: Final = 3
NATIVE: Final = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
    ("", ("pbcopy",)),
    ("WSL_DISTRO_NAME", ("clip.exe",)),
)
"""Desktop commands, each with the variable that must be set for it to work."""


def choose(setting: str, environ: Mapping[str, str] = os.environ) -> str:
    """The way `auto` takes: tmux inside tmux, the terminal over SSH, the desktop's command if any, else the terminal.

    Returns:
        `tmux`, `osc52`, `native` or `none`.
    """
    if setting != "auto":
        return setting
    if environ.get("TMUX") and shutil.which("tmux"):
        return "tmux"
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return "osc52"
    return "native" if native_command(environ) else "osc52"


def native_command(environ: Mapping[str, str] = os.environ) -> tuple[str, ...] | None:
    """The desktop's command that takes text on its standard input, if there is one."""
    for variable, command in NATIVE:
        if (not variable or environ.get(variable)) and shutil.which(command[0]):
            return command
    return None


def copy(text: str, setting: str, limit: int, terminal: Callable[[str], None]) -> str:
    """Copy `text` and return a few words on the way it went. Blocks while a command runs, at most three seconds.

    Args:
        setting: as in the settings; `auto` finds out.
        limit: bytes at most through the terminal, which silently drops what is too long.
        terminal: sends a text in an OSC 52 sequence.

    Raises:
        Refused: copying is off, or the text is too long for this way.
        Failed: the command failed.
    """
    way = choose(setting)
    if way == "none":
        raise Refused("copying is off", hint='the setting `clipboard` is "none"')
    if way == "osc52":
        if len(_bytes(text)) * 4 // 3 > limit:
            raise Refused(
                f"{format_size(len(_bytes(text)))} are too much to copy through the terminal",
                hint="save a copy instead, or raise `clipboard_limit`",
            )
        terminal(_bytes(text).decode("utf-8", "replace"))
        return "through the terminal"
    if way == "tmux":
        _pipe(("tmux", "load-buffer", "-w", "-"), text)
        return "through tmux"
    command = native_command()
    if command is None:
        raise Failed("no command for the desktop's clipboard was found", hint="wl-copy, xclip, xsel or pbcopy")
    _pipe(command, text)
    return f"with {command[0]}"


def _pipe(command: tuple[str, ...], text: str) -> None:
    try:
        # The clipboard's owner may stay behind as a child: it must not keep a pipe of ours open.
        nowhere = subprocess.DEVNULL
        subprocess.run(command, input=_bytes(text), timeout=SECONDS, check=True, stdout=nowhere, stderr=nowhere)
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"exit {error.returncode}" if isinstance(error, subprocess.CalledProcessError) else str(error)
        raise Failed(f"{command[0]} could not copy: {reason}") from None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
