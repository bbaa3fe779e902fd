"""How far each file of a root was read into a store, kept inside the store."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec

from dmart_tui.core.files import write_atomic

_FOLDER: Final = "imports"
_FORMAT: Final = 1


class Seen(msgspec.Struct, array_like=True):
    """A file as the last import left it."""

    inode: int
    size: int
    written: int
    """Its time of change, in nanoseconds."""
    offset: int
    """Where to read on."""
    tail: bytes
    """A digest of what stands just before that."""


class _Kept(msgspec.Struct):
    format: int
    root: bytes
    files: dict[bytes, Seen]
    whole: bool


class Memory:
    """What was read of one root. Its file may be deleted: the next import compares ids then.

    Args:
        store: the folder of the store.
        root: the real path of the spaces folder.
    """

    def __init__(self, store: Path, root: str) -> None:
        self._root = os.fsencode(root)
        self._file = store / _FOLDER / f"{hashlib.sha256(self._root).hexdigest()[:16]}.msgpack"
        self._files: dict[bytes, Seen] = {}
        self.whole = False
        """Whether the store holds what is told here and nothing else of this root."""
        try:
            kept = msgspec.msgpack.decode(self._file.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError):
            kept = None
        if kept is not None and kept.format == _FORMAT:
            self._files, self.whole = kept.files, kept.whole
        self._moved = {seen.inode: seen for seen in self._files.values()}

    def of(self, path: str) -> Seen | None:
        """How far a file was read; None when no file of this name was."""
        return self._files.get(os.fsencode(path))

    def moved(self, inode: int) -> Seen | None:
        """What was read of what may be the same file under another name: its tail has to tell. Files in archives, which
        have no inodes, do not move."""
        return self._moved.get(inode) if inode else None

    def put(self, path: str, seen: Seen) -> None:
        """Remember how far a file was read."""
        self._files[os.fsencode(path)] = seen

    def keep(self, *, whole: bool) -> None:
        """Write it down.

        Args:
            whole: False before documents are on their way into the store, True when all that is told is in it.
        """
        self._file.parent.mkdir(exist_ok=True)
        write_atomic(self._file, msgspec.msgpack.encode(_Kept(_FORMAT, self._root, self._files, whole)))
        self.whole = whole
