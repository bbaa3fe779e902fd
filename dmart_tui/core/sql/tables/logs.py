"""Histories and event logs as rows, from their files."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core import disk
from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.merging import Missing
from dmart_tui.core.spaces import LineFile, event_of, events_path, history_files, read_history
from dmart_tui.core.sql.tables.cells import as_json, clean
from dmart_tui.core.sql.tables.definitions import EVENTS, HISTORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Event, Logged, Place, Record, Spaces
    from dmart_tui.core.sql.tables.definitions import Table

_BATCH: Final = 2000
_BLOCK: Final = 1 << 16
_TOLD: Final = 256
"""Files between two tellings of the progress."""

Row = tuple[Any, ...]


class Histories:
    """All history files of a root. Lines that hold no record are left out; `check` tells of them."""

    tables = (HISTORY,)

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces
        self._places: list[Place] = []

    def stamp(self, told: Callable[[str], None], cancel: CancelToken) -> object:
        """Find the files, and tell them from every other state of them; costs a walk of the root and a stat each."""
        self._places, seen = [], []
        for space in self._spaces.space_names():
            with suppress(DmartTuiError):
                for place in history_files(self._spaces, Address(space)):
                    if len(self._places) % _TOLD == 0:
                        cancel.check()
                        told(f"looking for histories: {len(self._places):,} files")
                    self._places.append(place)
                    seen.append(_state(place.path))
        return hash(tuple(seen))

    def rows(self, table: Table, cancel: CancelToken) -> Iterator[list[Row]]:
        """The rows, some thousand at once; raises Cancelled."""
        rows: list[Row] = []
        for place in self._places:
            for record in read_history(self._spaces, place, forwards=True, block=_BLOCK):
                if record.is_record:
                    rows += _changes(record)
            if len(rows) >= _BATCH:
                cancel.check()
                yield rows
                rows = []
        yield rows


class Events:
    """The event logs of a root. Lines that hold no event are left out; `check` tells of them."""

    tables = (EVENTS,)

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces

    def stamp(self, told: Callable[[str], None], cancel: CancelToken) -> object:
        """Tell the logs from every other state of them; costs a stat each."""
        return [_state(events_path(self._spaces, space)) for space in self._spaces.space_names()]

    def rows(self, table: Table, cancel: CancelToken) -> Iterator[list[Row]]:
        """The rows, some thousand at once; raises Cancelled."""
        for space in self._spaces.space_names():
            path, address, rows = events_path(self._spaces, space), Address(space), list[Row]()
            file, relative = LineFile(path, self._spaces.root), self._spaces.relative(path)
            with suppress(DmartTuiError):  # there is none, or it cannot be read on
                for line, parsed in file.objects(forwards=True):
                    event = event_of(address, relative, file, line, parsed)
                    if event.is_record:
                        rows.append(_event(event, space))
                    if len(rows) >= _BATCH:
                        cancel.check()
                        yield rows
                        rows = []
            yield rows


def _event(event: Event, space: str) -> Row:
    shown = event.masked()
    return (
        clean(str(shown.address)), clean(space), clean(shown.path), shown.index + 1, _seconds(shown),
        clean(shown.owner), clean(shown.request), clean(shown.type), as_json(shown.attributes),
    )  # fmt: skip


def _changes(record: Record) -> Iterator[Row]:
    shown = record.masked()
    before = (
        clean(str(shown.address)), clean(shown.address.space), shown.source, clean(shown.path), shown.index + 1,
        _seconds(shown), clean(shown.owner), clean(shown.event) or None,
    )  # fmt: skip
    for change in shown.changes:
        yield *before, clean(change.key), change.kind, _value(change.old), _value(change.new)
    if not shown.changes:
        yield *before, None, None, None, None


def _value(value: Any) -> str | None:
    return None if isinstance(value, Missing) else as_json(value)


def _seconds(line: Logged) -> float | None:
    return line.when.timestamp() if line.when else None


def _state(path: str) -> tuple[int, ...]:
    try:
        found = disk.stat(path)
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns
