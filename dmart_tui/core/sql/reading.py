"""Files as the engine reads them: from several threads at once."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from io import RawIOBase
from threading import Lock, local
from typing import Any


class SharedFile(RawIOBase, ABC):
    """A file that several threads of the engine read at once.

    Some seek and read, which must not disturb each other; some read on from wherever the last one stopped.

    Args:
        size: of the file; nothing is read behind it.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._sought = local()
        self._place = 0
        self._reading = Lock()

    @abstractmethod
    def read_at(self, start: int, length: int) -> bytes:
        """So many bytes from there on, which the file has; called from several threads at once."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}[whence]
        self._sought.at = base + offset
        return base + offset

    def tell(self) -> int:
        at = getattr(self._sought, "at", None)
        return self._place if at is None else at

    def read(self, size: int | None = -1) -> bytes:
        at = getattr(self._sought, "at", None)
        if at is not None:
            self._sought.at = None
            data = self._read(at, size)
            self._place = at + len(data)
            return data
        with self._reading:
            data = self._read(self._place, size)
            self._place += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _read(self, at: int, size: int | None) -> bytes:
        left = max(0, self._size - at)
        return self.read_at(at, left if size is None or size < 0 else min(size, left))
