"""A new file beside its name: written, synced and only then given the name."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from dmart_tui.core.durable import rename_new, sync_folder, write_all
from dmart_tui.core.errors import Refused

_BLOCK: Final = 1 << 20
_MAKE: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


def staged_path(path: str) -> str:
    """Where a file is while it is written; what a program that was killed left there goes when it is written again."""
    folder, name = os.path.split(path)
    return f"{folder or '.'}/.{name}.part"


class Staged:
    """A file that is written from its beginning to its end; everything raises OSError.

    While it is open nobody else writes to the same name. Missing folders above it are made.

    Args:
        mode: of the file, less what the umask forbids.

    Raises:
        Refused: another program is writing it.
    """

    def __init__(self, path: str, mode: int) -> None:
        self.path = path
        self.staged = staged_path(path)
        self.size = 0
        """Bytes written so far, those that are still held back among them."""
        make_folders(os.path.dirname(self.staged))
        self.descriptor = self._claimed(mode)
        self._held = bytearray()

    def _claimed(self, mode: int) -> int:
        """A new file, locked; an abandoned one of the same name is removed first."""
        while True:
            made = True
            try:
                descriptor = os.open(self.staged, _MAKE | os.O_EXCL, mode)
            except FileExistsError:
                made = False
                try:
                    descriptor = os.open(self.staged, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
                except FileNotFoundError:
                    continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise Refused("another program is writing it", address=self.path) from None
            if _names(self.staged, descriptor):
                if made:
                    return descriptor
                os.unlink(self.staged)
            os.close(descriptor)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes; small ones are collected."""
        self.size += len(data)
        if len(self._held) + len(data) < _BLOCK:
            self._held += data
            return
        self.flush()
        write_all(self.descriptor, bytes(data))

    def flush(self) -> None:
        """Hand what was collected to the system."""
        if self._held:
            write_all(self.descriptor, bytes(self._held))
            self._held.clear()

    def rewind(self, size: int) -> None:
        """Forget what was written after the first `size` bytes."""
        self.flush()
        os.ftruncate(self.descriptor, size)
        os.lseek(self.descriptor, size, os.SEEK_SET)
        self.size = size

    def sync(self) -> None:
        """Let everything reach the disk."""
        self.flush()
        os.fsync(self.descriptor)

    def publish(self, *, replace: bool) -> None:
        """Give it its name.

        Raises:
            FileExistsError: something has it, and it is not to be replaced.
        """
        if replace:
            os.rename(self.staged, self.path)
        else:
            rename_new(self.staged, self.path)
        sync_folder(os.path.dirname(self.staged))

    def close(self) -> None:
        """Remove it, unless it has its name."""
        if self.descriptor >= 0:
            if _names(self.staged, self.descriptor):
                os.unlink(self.staged)
            os.close(self.descriptor)
            self.descriptor = -1


class Spool:
    """Bytes that wait until they are written: some in memory, more in a file without a name.

    Args:
        path: where that file is made and, before it holds anything, loses its name.
        kept: bytes held in memory.
    """

    def __init__(self, path: str, kept: int) -> None:
        self.size = 0
        self._path = path
        self._kept = kept
        self._held = bytearray()
        self._descriptor = -1

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self.size += len(data)
        self._held += data
        if len(self._held) >= self._kept:
            if self._descriptor < 0:
                self._descriptor = os.open(self._path, _MAKE | os.O_TRUNC, 0o600)
                os.unlink(self._path)
            write_all(self._descriptor, bytes(self._held))
            self._held.clear()

    def read(self, start: int, length: int) -> bytes:
        """Bytes that were added, fewer at the end."""
        spilled = self.size - len(self._held)
        first = os.pread(self._descriptor, min(length, spilled - start), start) if start < spilled else b""
        begin = max(start + len(first) - spilled, 0)
        rest = length - len(first) if start + len(first) >= spilled else 0
        return first + bytes(self._held[begin : begin + rest])

    def pieces(self) -> Iterator[bytes]:
        """All of it."""
        at = 0
        while piece := self.read(at, _BLOCK):
            at += len(piece)
            yield piece

    def close(self) -> None:
        """Free the disk."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def make_folders(path: str) -> None:
    """Make a directory and those above it that are missing, so that they survive a power cut."""
    if path and not os.path.isdir(path):
        above = os.path.dirname(path)
        make_folders(above)
        with suppress(FileExistsError):
            os.mkdir(path)
        sync_folder(above or ".")


def _names(path: str, descriptor: int) -> bool:
    """Whether a name still is the one of an open file."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
