"""Whether files are as they were read: their stamps, without opening any."""

from __future__ import annotations

import os
from collections.abc import Iterable
from math import inf
from typing import Final

from dmart_tui.core import disk

RACY: Final = -1
"""The stamp of what changed so shortly before it was read that another change may not show; equals none."""
_SHORTLY: Final = 2.0
"""Seconds: the coarsest clock of a file system."""


class Folder:
    """A directory of which files are asked for by names relative to it.

    Args:
        root: real path; what is mounted in it is asked for too.
        path: absolute; nothing is in it when it is gone.
    """

    def __init__(self, root: str, path: str) -> None:
        self.path = path
        self._mounted = bool(disk.mounts(root))
        self._descriptor = -1

    def __enter__(self) -> Folder:
        try:
            self._descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            self._mounted = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def stamp(self, names: Iterable[bytes], since: float = inf) -> int:
        """One number for the inodes, sizes and times of files and directories; costs a stat each.

        Args:
            since: when they began to be read, in seconds since 1970: `RACY` where one may have changed meanwhile.
        """
        found: list[float] = []
        mounted, descriptor, settled = self._mounted, self._descriptor, since - _SHORTLY
        for name in names:
            try:
                seen = disk.stat(self._inside(name)) if mounted else os.stat(name, dir_fd=descriptor)
            except (OSError, ValueError):
                found.append(0)
                continue
            changed = seen.st_ctime
            if changed > settled:
                return RACY
            found += (seen.st_ino, seen.st_size, seen.st_mtime_ns, changed)
        return hash(tuple(found))

    def _inside(self, name: bytes) -> str:
        return self.path if name == b"." else f"{self.path}/{os.fsdecode(name)}"
