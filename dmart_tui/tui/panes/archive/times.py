"""When members were made: told by their names, else by their metadata, which is read for the rows that show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.core.archives.archive import TAIL
from dmart_tui.tui.panes.archive.arranging import time_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.archives.index import Member

_KEPT: Final = 4096


class Times:
    """Times of an archive's members, some thousand of them kept.

    Args:
        wanted: called once when metadata should be read, with `read`.
    """

    def __init__(self, archive: Archive, wanted: Callable[[], object]) -> None:
        self._archive = archive
        self._ask = wanted
        self._known: dict[int, datetime | None] = {}
        self._wanted: set[int] = set()

    def __call__(self, member: Member) -> datetime | None:
        """When a member was made; None: nobody knows, or not yet."""
        position = member.position
        if position in self._known:
            return self._known[position]
        if (told := time_of(member.name, None)) is not None:
            return told
        # Over a network nothing is asked for only to say when a member was made.
        here = member.meta_offset >= self._archive.stamp.size - TAIL
        if member.meta_length and (here or not self._archive.source.label.startswith("s3://")):
            if not self._wanted:
                self._ask()
            self._wanted.add(position)
        return None

    def read(self) -> bool:
        """Read what was asked for and is not known, in a thread; whether any time was found.

        Raises:
            Replaced, Failed: as `Archive.metas`.
        """
        positions = sorted(self._wanted)
        self._wanted.clear()
        if len(self._known) > _KEPT:
            self._known.clear()
        for position, meta in self._archive.metas(positions):
            self._known[position] = time_of("", meta) if isinstance(meta, dict) else None
        return any(self._known.get(position) for position in positions)
