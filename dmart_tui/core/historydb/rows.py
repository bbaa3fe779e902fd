"""Batches of documents as frames of rows, the form in which they are appended."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.historydb.dates import FIRST, LAST, day_of, days_of
from dmart_tui.core.historydb.frames import ROWS, Head, damaged, frame, packed, unpacked
from dmart_tui.core.historydb.values import UNREADABLE, Packing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BLOCK: Final = 8192
"""Documents in a frame."""
BLOCK_BYTES: Final = 4 << 20
"""Bytes of documents in a frame, when there are several."""
LARGEST_DOCUMENT: Final = 16 << 20
_LEVEL: Final = 1
"""What is sealed soon is compressed quickly."""

Runs = tuple[tuple[int, int], ...]
"""How many documents there are of each day, (day, count), the days ascending."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it is written.

    Args:
        frames: each of them whole; all but the last say that more follow.
        runs: the days of each.
        late: documents of days before the newest day that was there.
    """

    frames: list[bytes]
    runs: list[Runs]
    count: int
    late: int


class _Cut(NamedTuple):
    runs: Runs
    rows: bytes


def batch(documents: Iterable[dict[str, Any]], date_field: str, newest: int | None, codec: int) -> Batch:
    """Documents as frames, by day, late ones in frames of their own so that the others stay narrow.

    Raises:
        UsageFault: one of them has no date, or something in it cannot be stored; its number is told.
    """
    given = documents if isinstance(documents, list) else list(documents)
    days = _days(given, date_field)
    if any(map(int.__gt__, days, days[1:])):
        order = sorted(range(len(days)), key=days.__getitem__)
        given = [given[place] for place in order]
        days = [days[place] for place in order]
    late = 0 if newest is None else bisect_left(days, newest)
    packing = Packing()
    cuts = [
        cut
        for first, end in ((0, late), (late, len(days)))
        for start in range(first, end, BLOCK)
        for cut in _cuts(packing, given[start : min(start + BLOCK, end)], days[start : min(start + BLOCK, end)])
    ]
    return Batch(
        [rows_frame(cut.runs, cut.rows, codec, more=place < len(cuts)) for place, cut in enumerate(cuts, 1)],
        [cut.runs for cut in cuts],
        len(days),
        late,
    )


def rows_frame(runs: Runs, rows: bytes, codec: int, *, level: int = _LEVEL, more: bool = False) -> bytes:
    """A frame of documents that are packed as one array."""
    flat = [number for run in runs for number in run]
    payload = Packing().pack([flat, packed(codec, rows, level)])
    count = sum(count for _day, count in runs)
    return frame(ROWS, count, (runs[0][0], runs[-1][0]), codec, len(rows), payload, more=more)


class Rows(msgspec.Struct, array_like=True):
    """The payload of a frame of rows."""

    runs: list[int]
    rows: bytes


_rows_decoder: Final = msgspec.msgpack.Decoder(Rows)


def read_runs(head: Head, payload: bytes, where: str, offset: int) -> Runs:
    """The runs of a frame of rows; raises Damaged."""
    return _runs(head, _read(payload, where, offset), where, offset)


def read_rows(head: Head, payload: bytes, where: str, offset: int) -> bytes:
    """The documents of a frame of rows as one packed array; raises Damaged."""
    return unpacked(head.codec, _read(payload, where, offset).rows, head.raw, where, offset)


def _read(payload: bytes, where: str, offset: int) -> Rows:
    try:
        return _rows_decoder.decode(payload)
    except UNREADABLE:
        raise damaged(where, offset, "cannot be understood") from None


def _runs(head: Head, rows: Rows, where: str, offset: int) -> Runs:
    runs = runs_of(rows.runs)
    if not are_sound(runs, head.count, head.day_min, head.day_max):
        raise damaged(where, offset, "contradicts itself about days")
    return runs


def runs_of(flat: Sequence[int]) -> Runs:
    """Runs as they are stored: day, count, day, count."""
    return tuple(zip(flat[::2], flat[1::2], strict=False))


def are_sound(runs: Runs, count: int, day_min: int, day_max: int) -> bool:
    """Whether the runs of a block are what its head says."""
    days = [day for day, _count in runs]
    return (
        bool(runs)
        and sum(count for _day, count in runs) == count
        and all(count > 0 for _day, count in runs)
        and all(map(int.__lt__, days, days[1:]))
        and (days[0], days[-1]) == (day_min, day_max)
        and FIRST <= day_min <= day_max <= LAST
    )


def _days(documents: list[dict[str, Any]], date_field: str) -> list[int]:
    if set(map(type, documents)) - {dict}:
        raise UsageFault("a document is none: a map of names and values is wanted")
    odd = [key for key in set().union(*documents) if not isinstance(key, str)]
    if odd:
        raise UsageFault(f"{odd[0]!r} cannot name a field of a document: it is no text")
    try:
        return days_of([document[date_field] for document in documents])
    except (KeyError, UsageFault):
        raise _without_date(documents, date_field) from None


def _without_date(documents: list[dict[str, Any]], date_field: str) -> UsageFault:
    """The fault of the first document whose date cannot be told."""
    for number, document in enumerate(documents, 1):
        try:
            day_of(document[date_field])
        except KeyError:
            return UsageFault(f"document {number:,} of the batch has no {date_field!r}")
        except UsageFault as fault:
            return UsageFault(f"document {number:,} of the batch: {date_field} {fault.message}")
    raise AssertionError


def _cuts(packing: Packing, documents: list[dict[str, Any]], days: list[int]) -> list[_Cut]:
    """The documents in as many arrays as keep each small."""
    try:
        rows = packing.pack(documents)
    except UsageFault as fault:
        raise _named(packing, documents, fault) from None
    if len(rows) <= BLOCK_BYTES or len(documents) == 1:
        if len(rows) > LARGEST_DOCUMENT:
            raise UsageFault("a document is larger than 16 MB")
        return [_Cut(tuple((day, len(list(group))) for day, group in groupby(days)), rows)]
    half = len(documents) // 2
    return _cuts(packing, documents[:half], days[:half]) + _cuts(packing, documents[half:], days[half:])


def _named(packing: Packing, documents: list[dict[str, Any]], fault: UsageFault) -> UsageFault:
    """The fault, saying in which document it is."""
    for document in documents:
        try:
            packing.pack(document)
        except UsageFault as own:
            return UsageFault(f"{own.message}: document {str(document)[:60]!r}")
    return fault
