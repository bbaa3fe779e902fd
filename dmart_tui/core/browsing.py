"""Folders of the person's own computer, to choose files from: names at once, sizes and times when they are seen."""

from __future__ import annotations

import os
import stat
from array import array
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from dmart_tui.core.errors import Failed, NotFound, UsageFault
from dmart_tui.core.packed import PackedNames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dmart_tui.core.background import CancelToken

FOLDER: Final = 1
HIDDEN: Final = 2


@dataclass(frozen=True, slots=True)
class Facts:
    """What is seen of a file."""

    size: int | None
    """Bytes; None for what is no regular file."""
    changed: datetime | None


class Listing:
    """The names in one folder, folders first; 30 bytes a name."""

    def __init__(self, path: str, entries: Iterable[tuple[str, int]] = ()) -> None:
        self.path = path
        self.names = PackedNames(entries).sorted(first=FOLDER)

    def file(self, row: int) -> str:
        """The path of a row."""
        return os.path.join(self.path, self.names.name(row))  # noqa: PTH118 - paths are text here

    def rows(self, needle: str, *, hidden: bool) -> array[int]:
        """The rows whose name has a text, in any case; hidden ones when they are wanted or the text has their point."""
        rows = self.names.filter(needle)
        if hidden or needle.startswith("."):
            return rows
        return array("I", (row for row in rows if not self.names.flags(row) & HIDDEN))

    def nearest(self, needle: str, rows: array[int]) -> int:
        """The position in `rows` of what a person most likely means: this very name, else one that begins with it."""
        exact = self.names.index(needle)
        if exact >= 0 and exact in rows:
            return rows.index(exact)
        return max(0, self.names.find(needle, within=rows)) if needle else 0

    def completed(self, needle: str, rows: array[int]) -> str:
        """How far all names in `rows` that begin with a text go on alike; the only folder gets its `/`."""
        wanted = needle.casefold()
        begun = [row for row in rows if self.names.name(row).casefold().startswith(wanted)]
        if not begun:
            return needle
        names = [self.names.name(row) for row in begun]
        if len(begun) == 1:
            return names[0] + "/" * (self.names.flags(begun[0]) & FOLDER)
        length = len(os.path.commonprefix([name.casefold() for name in names]))  # noqa: RUF071 - by characters is meant
        common = names[0][:length]
        return common if len(common) > len(needle) else needle


def read_folder(path: str, cancel: CancelToken | None = None) -> Listing:
    """List a folder; no file is looked at, but links are followed to see which are folders.

    Raises:
        NotFound: there is no such folder.
        Failed: the system would not read it.
        Cancelled: `cancel` was.
    """
    try:
        return Listing(path, _entries(path, cancel))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound("there is no such folder", address=path) from None
    except OSError as error:
        raise Failed(f"the folder cannot be read: {error.strerror}", address=path) from None
    except ValueError:
        raise UsageFault("that cannot be the name of a folder", address=path) from None


def facts_of(path: str) -> Facts:
    """The size and time of a file; nothing is known of one that is gone or not to be seen. One stat."""
    with suppress(OSError, ValueError, OverflowError):
        found = os.stat(path)  # noqa: PTH116 - paths are text here
        changed = datetime.fromtimestamp(found.st_mtime)
        return Facts(found.st_size if stat.S_ISREG(found.st_mode) else None, changed)
    return Facts(None, None)


def place_of(text: str, folder: str) -> tuple[str, str]:
    """What a typed text means in a folder: (the folder it is about, what a name there must have).

    `~` and `~name` are homes, as in a shell.
    """
    head, slash, needle = text.rpartition("/")
    if not slash:
        return folder, text
    place = os.path.join(folder, os.path.expanduser(f"{head}/"))  # noqa: PTH111, PTH118 - paths are text here
    return os.path.normpath(place), needle


def _entries(path: str, cancel: CancelToken | None) -> Iterator[tuple[str, int]]:
    with os.scandir(path) as found:
        for entry in found:
            if cancel is not None:
                cancel.check()
            yield entry.name, FOLDER * _is_folder(entry) | HIDDEN * entry.name.startswith(".")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round
        return False
