"""What comes back at the next start: one JSON file a root, bookmarks, and the roots opened before."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.files import write_atomic
from dmart_tui.core.spaces import decode

VERSION: Final = 1
MAX_BYTES: Final = 1 << 20
MOST_ROOTS: Final = 20


class Session:
    """The memory of one root.

    A marker stands beside the session while it is being restored. One found at the start, whose process is gone, tells
    that restoring crashed: the session is put aside and the start is empty, so that a crash cannot loop.

    Args:
        state: the program's state folder.
        root: the real path of the root.
    """

    def __init__(self, state: Path, root: str) -> None:
        self.root = root
        folder = state / "sessions"
        stem = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
        self.file = folder / f"{stem}.json"
        self.marker = folder / f"{stem}.restoring"
        self.broken = folder / f"{stem}.broken.json"
        self.bookmarks_file = state / "bookmarks" / f"{stem}.json"

    def read(self) -> tuple[dict[str, Any], str]:
        """What was saved, before it is restored between `restoring` and `restored`.

        Returns:
            what was saved (empty: nothing) and a sentence to tell, if something is odd.
        """
        if self.marker.exists() and not _alive(_read(self.marker, int, 0)):
            with suppress(OSError):
                self.file.replace(self.broken)
            self.restored()
            return {}, f"The last start ended while restoring; it was put aside as {self.broken.name}."
        saved = _read(self.file, dict, {})
        return (saved if saved.get("version") == VERSION else {}), ""

    def restoring(self) -> None:
        """Put the marker up; blocks on the disk."""
        with suppress(DmartTuiError):
            write_atomic(self.marker, str(os.getpid()).encode())

    def restored(self) -> None:
        """Take the marker away: everything stands on the screen."""
        with suppress(OSError):
            self.marker.unlink(missing_ok=True)

    def save(self, data: dict[str, Any]) -> None:
        """Write the session; blocks on the disk.

        Raises:
            Failed: the disk would not take it; the old one is untouched.
        """
        _write(self.file, {"version": VERSION, "root": self.root, **data})

    def bookmarks(self) -> list[str]:
        """The bookmarked addresses, in the order they were marked."""
        found = _read(self.bookmarks_file, dict, {}).get("bookmarks", [])
        return [one for one in found if _is_address(one)] if isinstance(found, list) else []

    def save_bookmarks(self, marked: list[str]) -> None:
        """Write the bookmarks; raises `Failed`."""
        _write(self.bookmarks_file, {"root": self.root, "bookmarks": marked})


def recent_roots(state: Path) -> list[str]:
    """The roots opened before that still exist, newest first."""
    found = _read(state / "recent.json", list, [])
    return [root for root in found if isinstance(root, str) and Path(root).is_dir()]


def remember_root(state: Path, root: str) -> None:
    """Put a root in front of the recent ones; a disk that will not take it is no reason to stop."""
    others = [other for other in _read(state / "recent.json", list, []) if isinstance(other, str) and other != root]
    with suppress(DmartTuiError):
        _write(state / "recent.json", [root, *others][:MOST_ROOTS])


def _write(file: Path, data: object) -> None:
    import json

    write_atomic(file, json.dumps(data, ensure_ascii=True, indent=1).encode())


def _read(file: Path, wanted: type, otherwise: Any) -> Any:
    """A JSON file of our own; whatever is wrong with it, it is as if it were not there."""
    try:
        with file.open("rb") as stream:
            data = decode(stream.read(MAX_BYTES))
    except (OSError, DmartTuiError):
        return otherwise
    return data if isinstance(data, wanted) else otherwise


def _is_address(text: object) -> bool:
    if not isinstance(text, str):
        return False
    try:
        Address.parse(text)
    except DmartTuiError:
        return False
    return True


def _alive(process: int) -> bool:
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
