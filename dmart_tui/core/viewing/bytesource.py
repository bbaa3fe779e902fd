"""Bytes read by offset: a file of any size, or bytes in memory, behind one small face."""

from __future__ import annotations

import os
import stat
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from dmart_tui.core.errors import Refused

if TYPE_CHECKING:
    from types import TracebackType


class ByteSource(Protocol):
    """Something with a size in bytes that can be read anywhere, from any thread."""

    size: int

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer only at the end."""
        ...

    def close(self) -> None: ...


class MemoryBytes:
    """Bytes that are already here."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]

    def close(self) -> None:
        return


class FileBytes:
    """A regular file read with `pread`: one syscall a read, nothing kept. After `close()` there is nothing to read.

    Args:
        path: opened read-only without waiting (a FIFO is refused, not waited for).
        fd: a descriptor to use instead; `close()` closes it.

    Raises:
        OSError: it cannot be opened.
        Refused: it is not a regular file.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, fd: int | None = None) -> None:
        if fd is None:
            if path is None:
                raise ValueError("a path or a descriptor is needed")
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._fd = fd
        # A reader in a thread must not meet the number of a closed descriptor that names another file by now.
        self._lock = Lock()
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise Refused("not a regular file", address=os.fspath(path) if path is not None else "")
        self.size = status.st_size

    def read(self, offset: int, length: int) -> bytes:
        parts: list[bytes] = []
        with self._lock:
            while self._fd >= 0 and length > 0 and (part := os.pread(self._fd, length, offset)):
                parts.append(part)
                offset += len(part)
                length -= len(part)
        return b"".join(parts) if len(parts) != 1 else parts[0]

    def close(self) -> None:
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def __enter__(self) -> FileBytes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
