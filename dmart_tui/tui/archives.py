"""Which archive is meant: the one that the cursor is on or in, or one that is typed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dmart_tui.core import disk
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.files import inside
from dmart_tui.tui.launch import ARCHIVES

if TYPE_CHECKING:
    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.tui.shell import Shell


def archive_at(spaces: Spaces, address: Address) -> str | None:
    """The archive that is the payload of what stands at an address, or that keeps it; blocks."""
    try:
        item = spaces.load(address) if address.attachment is None else spaces.attachment(address)
    except DmartTuiError:
        return None
    path = item.payload.path if item.payload is not None else None
    if path is not None and path.lower().endswith(ARCHIVES):
        return path
    return disk.kept_at(item.path)


def whole(typed: str) -> str:
    """A path or an `s3://` address as it was typed, made whole."""
    typed = typed.strip()
    return typed if typed.startswith("s3://") else str(Path(typed).expanduser().absolute())


def why_not_filled(app: Shell, typed: str) -> str | None:
    """Why nothing can be written into the folder that was typed, a sentence."""
    if not typed.strip():
        return "type the path of a folder"
    target = Path(whole(typed))
    if target.exists() and not target.is_dir():
        return "there is a file already: choose another name"
    root = app.spaces.root if app.spaces is not None else ""
    if app.settings.read_only and root and inside(root, str(target.resolve())):
        return "the spaces folder is open read-only: choose a place outside of it"
    return None


def why_not_made(app: Shell, typed: str) -> str | None:
    """Why no archive can be made at the path or address that was typed, a sentence."""
    if not typed.strip():
        return "type the path of a file"
    if typed.strip().startswith("s3://"):
        return None
    target = Path(whole(typed))
    if target.exists():
        return "there is such a file already: choose another name"
    if not target.parent.is_dir():
        return f"there is no folder {target.parent}"
    return why_not_filled(app, typed)


async def ask_where(app: Shell, *, title: str = "Open an archive", text: str = "") -> str | None:
    """Ask for the path or address of an archive; None when nothing was typed."""
    from dmart_tui.tui.screens.dialog import Prompt

    def check(typed: str) -> str | None:
        if not typed.strip():
            return "type the path of a file, or s3://bucket/key"
        if not typed.strip().startswith("s3://") and not Path(whole(typed)).exists():
            return "there is nothing at this path"
        return None

    words = "A path, s3://bucket/key, or s3://profile@bucket/key with a profile of the settings."
    typed = await app.ask(Prompt(title, words=words, text=text, check=check))
    return None if typed is None else whole(typed)


async def ask_store(app: Shell) -> str | None:
    """Ask for the path of a history store; None when nothing was typed."""
    from dmart_tui.tui.screens.dialog import Prompt

    def check(typed: str) -> str | None:
        return None if typed.strip() and Path(whole(typed)).is_dir() else "there is no folder at this path"

    words = "The path of a folder whose name ends in .hdb."
    typed = await app.ask(Prompt("Open a history store", words=words, check=check))
    return None if typed is None else whole(typed)
