"""The index at the end of a segment: where its blocks are, and what is known of them without reading them."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dmart_tui.core.errors import Damaged
from dmart_tui.core.historydb.blocks import BlockRef
from dmart_tui.core.historydb.frames import (
    COLUMNS,
    HEAD_SIZE,
    INDEX,
    LARGEST,
    ROWS,
    checksum,
    damaged,
    frame,
    packed,
    read_head,
    unpacked,
)
from dmart_tui.core.historydb.rows import are_sound, runs_of
from dmart_tui.core.historydb.values import UNREADABLE, Packing, decoder

if TYPE_CHECKING:
    from dmart_tui.core.historydb.manifest import SegmentEntry
    from dmart_tui.core.historydb.reading import Read

TRAILER: Final = Struct(">BBQ")
"""The fixext 8 `H`: the offset of the index, in the last ten bytes of a segment."""
TRAILER_MARKS: Final = (0xD7, ord("H"))


class IndexedBlock(msgspec.Struct, array_like=True):
    """A block in the index; offsets are those of the file.

    Args:
        length: of the whole frame.
        runs: day, count, day, count and so on.
        ranges: the smallest and largest value of fields.
        outline: offset, length and CRC-32 of the outline; zeros for rows.
        fields: the same of each column.
    """

    kind: str
    offset: int
    length: int
    count: int
    raw: int
    codec: int
    runs: list[int]
    ranges: dict[str, tuple[Any, Any]]
    outline: tuple[int, int, int]
    fields: dict[str, tuple[int, int, int]]


class Index(msgspec.Struct):
    """The index of a segment.

    Args:
        days: the documents of each day: day, count, day, count and so on.
        fields: what kinds of values each field has.
    """

    blocks: list[IndexedBlock]
    days: list[int]
    fields: dict[str, list[str]]


def index_frame(index: Index, codec: int) -> bytes:
    """An index as a frame."""
    data = Packing().pack(msgspec.to_builtins(index, builtin_types=(bytes,)))
    days = index.days[::2]
    count = sum(index.days[1::2])
    return frame(INDEX, count, (days[0], days[-1]), codec, len(data), packed(codec, data))


def read_index(path: str, entry: SegmentEntry, read: Read) -> Index:
    """The index of a segment, of which everything is checked that is needed to trust it: two reads.

    Raises:
        Damaged: naming the file and the offset.
        Failed: it cannot be read.
    """
    size = entry.size
    (tail,) = read(path, [(max(0, size - TRAILER.size), TRAILER.size + 1)])
    if len(tail) != TRAILER.size:
        raise Damaged("is not as long as the store says", address=path, hint="see `historydb verify`")
    *marks, offset = TRAILER.unpack(tail)
    end = size - TRAILER.size
    if tuple(marks) != TRAILER_MARKS or not 0 <= offset <= end - HEAD_SIZE or end - offset > LARGEST:
        raise damaged(path, size - TRAILER.size, "is no trailer")
    (data,) = read(path, [(offset, end - offset)])
    head = read_head(data)
    payload = data[HEAD_SIZE:]
    if head is None or (head.kind, head.size) != (INDEX, len(data)) or checksum(data[:HEAD_SIZE], payload) != head.crc:
        raise damaged(path, offset, "is no index")
    try:
        found = msgspec.convert(decoder.decode(unpacked(head.codec, payload, head.raw, path, offset)), Index)
    except UNREADABLE:
        raise damaged(path, offset, "is an index that cannot be understood") from None
    days = runs_of(found.days)
    sound = are_sound(days, entry.count, entry.day_min, entry.day_max) and all(
        _is_sound(block, offset) for block in found.blocks
    )
    counted: dict[int, int] = {}
    for block in found.blocks:
        for day, count in runs_of(block.runs):
            counted[day] = counted.get(day, 0) + count
    if not sound or counted != dict(days):
        raise damaged(path, offset, "is an index that contradicts itself")
    return found


def _is_sound(block: IndexedBlock, end: int) -> bool:
    """Whether a block can lie where the index says, all of its parts inside of it."""
    last = block.offset + block.length
    days = block.runs[::2]
    parts = [block.outline, *block.fields.values()] if block.kind == COLUMNS else []
    return (
        block.kind in (ROWS, COLUMNS)
        and block.offset >= 0
        and HEAD_SIZE <= block.length <= HEAD_SIZE + LARGEST
        and last <= end
        and 0 <= block.raw <= LARGEST
        and bool(days)
        and are_sound(runs_of(block.runs), block.count, days[0], days[-1])
        and all(block.offset <= offset and length >= 0 and offset + length <= last for offset, length, _crc in parts)
    )


def refs(path: str, entry: SegmentEntry, index: Index, key_field: str) -> list[BlockRef]:
    """The blocks of a segment."""
    return [
        BlockRef(
            path=path,
            offset=block.offset,
            length=block.length,
            kind=block.kind,
            count=block.count,
            day_min=block.runs[0],
            day_max=block.runs[-2],
            order=entry.sequence,
            raw=block.raw,
            codec=block.codec,
            runs=runs_of(block.runs),
            ranges=block.ranges,
            erased=(),
            key_field=key_field,
            outline=block.outline,
            fields=block.fields,
        )
        for block in index.blocks
    ]
