"""Blocks: some thousand documents of a store, of which only what is asked for is read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, chain, compress, repeat
from operator import attrgetter
from typing import Any, Final
from zlib import crc32

import msgspec

from dmart_tui.core.historydb.columns import (
    MISSING,
    Column,
    Shape,
    Unsound,
    documents_of,
    presence,
    read_column,
    spread,
)
from dmart_tui.core.historydb.frames import COLUMNS, HEAD_SIZE, ROWS, Head, checksum, damaged, read_head, unpacked
from dmart_tui.core.historydb.reading import Read, read_ranges
from dmart_tui.core.historydb.rows import Runs, read_rows, read_runs, runs_of
from dmart_tui.core.historydb.values import (
    UNREADABLE,
    documents_decoder,
    fields_decoder,
    raws_decoder,
)

Part = tuple[int, int, int]
"""A part of a frame's payload: its offset in the file, its length, its CRC-32."""

_FIELDS_DECODERS: Final = 64


class BlockRef(msgspec.Struct, frozen=True, array_like=True):
    """Where a block is and what is known of it without reading it; it can be sent to another process.

    Args:
        kind: `R` rows or `C` columns.
        order: of two documents of a day, the one of the lower (order, offset) was appended earlier.
        raw: bytes that it takes when it is not compressed.
        ranges: the smallest and largest value of fields; those that are null or missing are left out of account.
        erased: the (day, key) pairs whose documents are no longer there.
        outline: of columns, where the outline is.
        fields: of columns, where each column is.
    """

    path: str
    offset: int
    length: int
    kind: str
    count: int
    day_min: int
    day_max: int
    order: int
    raw: int
    codec: int
    runs: tuple[tuple[int, int], ...]
    ranges: dict[str, tuple[Any, Any]]
    erased: tuple[tuple[int, Any], ...]
    key_field: str
    outline: tuple[int, int, int]
    fields: dict[str, tuple[int, int, int]]


class Block:
    """The documents of a block; raises Damaged, naming file and offset, when what is read is not sound."""

    def __init__(self, ref: BlockRef, read: Read = read_ranges) -> None:
        self.ref = ref
        self.count = ref.count
        self.runs: Runs = ref.runs
        self._read = read

    @property
    def days(self) -> list[int]:
        """The day of each document, ascending."""
        return list(chain.from_iterable(repeat(day, count) for day, count in self.runs))

    def span(self, first: int, last: int) -> slice:
        """The documents from a day to a day."""
        ends = [0, *accumulate(count for _day, count in self.runs)]
        days = [day for day, _count in self.runs]
        return slice(ends[bisect_left(days, first)], ends[bisect_right(days, last)])

    @property
    def alive(self) -> bytes | None:
        """1 for each document that is there, 0 for one that was erased; None when all are there."""
        if not self.ref.erased:
            return None
        erased = set(self.ref.erased)
        keys = self.column(self.ref.key_field).values
        return bytes(
            not (isinstance(key, str | int | bytes) and (day, key) in erased)
            for day, key in zip(self.days, keys, strict=True)
        )

    def columns(self, names: Sequence[str]) -> dict[str, Sequence[Any]]:
        """The values of fields, one a document; MISSING where a document has no such field."""
        return {name: column.values for name, column in self.read(names).items()}

    def column(self, name: str) -> Column:
        """The values of a field."""
        return self.read([name])[name]

    def read(self, names: Sequence[str]) -> dict[str, Column]:
        """The columns of fields, in one go."""
        raise NotImplementedError

    def all_documents(self) -> list[dict[str, Any]]:
        """The documents as they were appended, erased ones too."""
        raise NotImplementedError

    def documents(self) -> list[dict[str, Any]]:
        """The documents as they were appended, without those that were erased."""
        documents = self.all_documents()
        alive = self.alive
        return documents if alive is None else list(compress(documents, alive))


class RowsBlock(Block):
    """Documents as they were appended."""

    _rows: bytes | None = None

    def rows(self) -> bytes:
        """The documents as one packed array."""
        if self._rows is None:
            head, payload = self._frame()
            self._rows = read_rows(head, payload, self.ref.path, self.ref.offset)
        return self._rows

    def raws(self) -> list[msgspec.Raw]:
        """The documents, each packed."""
        return self._decoded(raws_decoder)

    def read(self, names: Sequence[str]) -> dict[str, Column]:
        wanted = tuple(dict.fromkeys(names))
        form = _fields_decoder(wanted)
        if form is None:
            documents = self.all_documents()
            return {name: Column("any", [document.get(name, MISSING) for document in documents]) for name in wanted}
        found = self._decoded(form)
        return {name: _seen(list(map(attrgetter(f"f{place}"), found))) for place, name in enumerate(wanted)}

    def all_documents(self) -> list[dict[str, Any]]:
        return self._decoded(documents_decoder)

    def _decoded(self, form: msgspec.msgpack.Decoder[Any]) -> list[Any]:
        try:
            found: list[Any] = form.decode(self.rows())
        except UNREADABLE:
            raise damaged(self.ref.path, self.ref.offset, "cannot be understood") from None
        if len(found) != self.count:
            raise damaged(self.ref.path, self.ref.offset, "has not as many documents as it says")
        return found

    def _frame(self) -> tuple[Head, bytes]:
        ref = self.ref
        (data,) = self._read(ref.path, [(ref.offset, ref.length)])
        head = read_head(data)
        payload = data[HEAD_SIZE:]
        if head is None or head.size != len(data) or checksum(data[:HEAD_SIZE], payload) != head.crc:
            raise damaged(ref.path, ref.offset, "is not what was written")
        if (head.kind, head.count, read_runs(head, payload, ref.path, ref.offset)) != (ROWS, ref.count, ref.runs):
            raise damaged(ref.path, ref.offset, "is not the one that the index tells of")
        return head, payload


class ColumnsBlock(Block):
    """Documents as columns."""

    _outline: tuple[list[Shape], bytes] | None = None

    def read(self, names: Sequence[str]) -> dict[str, Column]:
        columns = {
            name: column if there is None else spread(column, there)
            for name, (column, there) in self._dense(names).items()
        }
        for name in names:
            if name not in columns:
                columns[name] = Column("missing", [MISSING] * self.count)
        return columns

    def all_documents(self) -> list[dict[str, Any]]:
        shapes, codes = self._shapes()
        names = list(dict.fromkeys(name for shape in shapes for name in shape))
        dense = self._dense(names)
        if len(dense) < len(names):
            raise damaged(self.ref.path, self.ref.offset, "lacks a column")
        values = {name: column.values for name, (column, _there) in dense.items()}
        return list(documents_of(values, shapes, codes, self.count))

    def _dense(self, names: Sequence[str]) -> dict[str, tuple[Column, bytes | None]]:
        """The values of those documents that have the field, and which these are, None for all."""
        ref = self.ref
        wanted = [name for name in dict.fromkeys(names) if name in ref.fields]
        shapes, codes = self._shapes()
        columns = {}
        for name, data in zip(wanted, self._parts([ref.fields[name] for name in wanted]), strict=True):
            there = presence(name, shapes, codes, self.count)
            try:
                columns[name] = read_column(data, self.count if there is None else sum(there)), there
            except Unsound:
                raise damaged(ref.path, ref.offset, f"has a column {name!r} that cannot be understood") from None
        return columns

    def _shapes(self) -> tuple[list[Shape], bytes]:
        if self._outline is None:
            ref = self.ref
            (data,) = self._parts([ref.outline])
            try:
                outline = _outline_decoder.decode(data)
            except UNREADABLE:
                raise damaged(ref.path, ref.offset, "has an outline that cannot be understood") from None
            shapes, codes = outline.shapes, outline.codes
            fits = len(codes) == ref.count and max(codes, default=0) < len(shapes) if len(shapes) > 1 else bool(shapes)
            if not fits or runs_of(outline.runs) != ref.runs:
                raise damaged(ref.path, ref.offset, "has an outline that contradicts the index")
            self._outline = shapes, codes
        return self._outline

    def _parts(self, parts: Sequence[Part]) -> list[bytes]:
        ref = self.ref
        found = self._read(ref.path, [(offset, length) for offset, length, _crc in parts])
        for data, (_offset, _length, crc) in zip(found, parts, strict=True):
            if crc32(data) != crc:
                raise damaged(ref.path, ref.offset, "is not what was written")
        return [unpacked(ref.codec, data, ref.raw, ref.path, ref.offset) for data in found]


class Outline(msgspec.Struct, array_like=True):
    """The outline of a block of columns: its days, the shapes of its documents, and the shape of each."""

    runs: list[int]
    shapes: list[Shape]
    codes: bytes


_outline_decoder: Final = msgspec.msgpack.Decoder(Outline)


def read_block(ref: BlockRef, read: Read = read_ranges) -> Block:
    """A block, of which nothing is read yet.

    Args:
        read: how ranges of its file are read.
    """
    return ColumnsBlock(ref, read) if ref.kind == COLUMNS else RowsBlock(ref, read)


def _seen(values: list[Any]) -> Column:
    """A column of values that were read from rows."""
    if msgspec.UNSET in values:
        return Column("any", [MISSING if value is msgspec.UNSET else value for value in values])
    return Column("any", values)


@lru_cache(_FIELDS_DECODERS)
def _fields_decoder(names: tuple[str, ...]) -> msgspec.msgpack.Decoder[Any] | None:
    return fields_decoder(names)
