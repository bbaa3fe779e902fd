"""Files of a package, unpacked in memory or, where they are large, in a folder that is cleared after each entry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from dmart_tui.core.errors import Failed
from dmart_tui.core.files import open_regular
from dmart_tui.core.steps import Copy, Step, Write

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.writing.interchange.packages import Package

_IN_MEMORY: Final = 1_000_000
"""Bytes of a file that are held; a larger one waits in a temporary file."""


@dataclass(slots=True)
class Content:
    """The bytes of a file of a package."""

    data: bytes | None
    """None when they are in a temporary file."""
    path: str
    size: int

    def step(self, target: str) -> Step:
        """What makes a new file of it."""
        return Write(target, self.data) if self.data is not None else Copy(self.path, target)

    def blocks(self) -> Iterator[bytes]:
        """All of it in pieces."""
        if self.data is not None:
            yield self.data
            return
        with open(self.path, "rb") as file:
            while block := file.read(_IN_MEMORY):
                yield block

    def read(self) -> bytes:
        """All of it."""
        return b"".join(self.blocks())

    def digest(self) -> str:
        """As `core.steps.digest`."""
        found = sha256()
        for block in self.blocks():
            found.update(block)
        return found.hexdigest()

    def lines(self) -> Iterator[bytes]:
        """The lines, without their ends."""
        if self.data is not None:
            yield from self.data.split(b"\n")
            return
        with open(self.path, "rb") as file:
            for line in file:
                yield line.rstrip(b"\n")

    def is_in(self, path: str, root: str) -> bool:
        """Whether a file of the root has these bytes; raises as `open_regular`."""
        descriptor = open_regular(path, root)
        with open(descriptor, "rb") as there:
            if os.fstat(descriptor).st_size != self.size:
                return False
            return all(block == there.read(len(block)) for block in self.blocks())


class Unpacker:
    """Unpacks files of a package.

    Args:
        folder: an empty one for large files.
    """

    def __init__(self, package: Package, folder: str, cancel: CancelToken | None) -> None:
        self._package = package
        self._folder = folder
        self._cancel = cancel

    def clear(self) -> None:
        """Remove the large files of the entry before, which is in the root by now."""
        for name in os.listdir(self._folder):  # noqa: PTH208 - paths are text here
            os.unlink(f"{self._folder}/{name}")  # noqa: PTH108

    def content(self, name: str) -> Content:
        """Unpack a file.

        Raises:
            Damaged, Refused: as `Package.blocks`.
            Failed: there is no room for it.
        """
        if self._package.size(name) <= _IN_MEMORY:
            data = self._package.read(name, _IN_MEMORY)
            return Content(data, "", len(data))
        path = f"{self._folder}/{len(os.listdir(self._folder))}"  # noqa: PTH208
        try:
            with open(path, "xb") as file:
                self._package.extract(name, file, self._cancel)
                return Content(None, path, file.tell())
        except OSError as error:
            raise Failed(f"no room to unpack it: {error.strerror}", address=name) from None
