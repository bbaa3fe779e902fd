"""What a session of SQL may use: folders, memory, time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dmart_tui.core.errors import Refused
from dmart_tui.core.files import inside

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """The limits of a session; they cannot be lifted from within.

    Args:
        state: a folder of this user, below which the session makes one of its own (0700) and removes it at its end.
        roots: folders whose files SQL may read; relative names are looked for in one after the other.
        spaces: the spaces folder; nothing is written in it.
        exports: the one folder that `COPY … TO` may write to; none: it may write nowhere.
        read_only: no database is opened for writing, and `exports` does not count.
        memory_limit: of the engine, with its unit.
        spill_limit: of what the engine may put on the disk when that is not enough, and again of what results may.
        threads: of the engine.
        timeout_ms: after which a statement is stopped; 0: never.
    """

    state: Path
    roots: tuple[Path, ...] = ()
    spaces: Path | None = None
    exports: Path | None = None
    read_only: bool = False
    memory_limit: str = "1GB"
    spill_limit: str = "10GB"
    threads: int = 2
    timeout_ms: int = 0

    def check_target(self, path: Path) -> None:
        """Raises Refused where writing a file, or into a folder, could change the spaces folder."""
        if self.spaces is None:
            return
        spaces, real = os.path.realpath(self.spaces), os.path.realpath(path)
        if inside(spaces, real):
            raise Refused("is in the spaces folder", address=str(path), hint="write to a folder outside of it")
        if inside(real, spaces):
            raise Refused("holds the spaces folder", address=str(path), hint="write to a folder beside it")
