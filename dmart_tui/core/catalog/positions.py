"""Where the lines of histories are: read once for the index, so that what changed last is found without opening all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from dmart_tui.core.address import META_FOLDER
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces import Entry, Kind, LineFile, Spaces
from dmart_tui.core.spaces.histories import STRAY, history_places, newer_key, owner_of
from dmart_tui.core.spaces.jsonlines import parse
from dmart_tui.core.spaces.layout import HISTORY
from dmart_tui.core.units import parse_time

MOST: Final = 1000
"""Records of one file whose places are held; older ones are read from the file when their turn comes."""
_UNREADABLE: Final = [(-1, 0, -1, 0.0, "", False)]
"""Its end, where a reader meets what keeps it from reading."""


class HistoryRows(NamedTuple):
    """One history file."""

    columns: tuple[str, str, str]
    """Of `histories`, from `role` on."""
    lines: list[tuple[Any, ...]]
    """Of `lines`, from `nth` on, newest first."""


def history_rows(spaces: Spaces, entry: Entry) -> Iterator[HistoryRows]:
    """The history files of an entry, folder or space, without that of attachments; reads the ends of them."""
    for place in history_places(spaces, entry, attachments=False):
        try:
            lines = list(_lines(LineFile(place.path, spaces.root)))
        except DmartTuiError:
            lines = _UNREADABLE
        yield HistoryRows((place.role, str(place.address), spaces.relative(place.path)), lines)


def history_paths(entry: Entry, name: str) -> Iterator[str]:
    """The history files of what stands under a name, relative to the folder it is in; also one that may come.

    One that comes to a directory of an entry changes the stamp of that directory.
    """
    if entry.kind is not Kind.SPACE:
        yield from (f"{META_FOLDER}/{name}/{file}" for file in (HISTORY, STRAY) if file in entry.files)
    if entry.kind is not Kind.ENTRY:
        yield from (f"{name}/{META_FOLDER}/{file}" for file in (HISTORY, STRAY))


def _lines(file: LineFile) -> Iterator[tuple[Any, ...]]:
    key, count = float("-inf"), 0
    for line in file.backwards():
        for within, parsed in enumerate(reversed(parse(line))):
            value = parsed.value or {}
            key = newer_key(parse_time(value.get("timestamp")), key, file)
            count += 1
            yield line.index, within, line.end, -key, owner_of(value), count == MOST
            if count == MOST:
                return
