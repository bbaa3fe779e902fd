"""Sealed files: documents by day in blocks of columns, with an index at the end; once written they never change."""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING, Final
from zlib import crc32

from dmart_tui.core.durable import sync_folder, write_all
from dmart_tui.core.errors import Damaged
from dmart_tui.core.historydb.columns import packed_column, shaped, transposed
from dmart_tui.core.historydb.footers import TRAILER, TRAILER_MARKS, Index, IndexedBlock, index_frame
from dmart_tui.core.historydb.frames import COLUMNS, HEAD_SIZE, ROWS, frame, packed
from dmart_tui.core.historydb.manifest import SegmentEntry, segment_name
from dmart_tui.core.historydb.rows import BLOCK, BLOCK_BYTES, Runs, rows_frame
from dmart_tui.core.historydb.values import UNREADABLE, Packing, documents_decoder, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

SEGMENT: Final = 65_536
"""Documents after which a segment ends with its day, where days do not decide."""
_LEVEL: Final = 3
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


class SegmentWriter:
    """Writes documents, which come by day, as segments; a day is never in two of them.

    Args:
        sequence: the highest that is taken.
        days: how many days a segment spans at most; 0 lets the number of documents decide.
    """

    def __init__(self, folder: str, sequence: int, days: int, codec: int) -> None:
        self.sequence = sequence
        self.entries: list[SegmentEntry] = []
        self._folder = folder
        self._days = days
        self._codec = codec
        self._file: _File | None = None

    def add(self, day: int, documents: Sequence[bytes]) -> None:
        """Add packed documents of a day; no day comes after a later one."""
        if not documents:
            return
        if self._file is not None and day != self._file.last_day and self._is_full(self._file, day):
            self.end_segment()
        if self._file is None:
            self.sequence += 1
            self._file = _File(self._folder, self.sequence, self._codec)
        self._file.add(day, documents)

    def end_segment(self) -> None:
        """Let what comes be in another segment."""
        if self._file is not None:
            self.entries.append(self._file.finish())
            self._file = None

    def finish(self) -> list[SegmentEntry]:
        """The segments, each under its name and safe on the disk."""
        self.end_segment()
        sync_folder(self._folder)
        return self.entries

    def discard(self) -> None:
        """Remove what was written."""
        if self._file is not None:
            self._file.discard()
            self._file = None
        for entry in self.entries:
            os.unlink(f"{self._folder}/{entry.name}")
        self.entries = []

    def _is_full(self, file: _File, day: int) -> bool:
        if self._days:
            return day // self._days != file.first_day // self._days
        return file.count >= SEGMENT


class _File:
    """A segment that is being written."""

    def __init__(self, folder: str, sequence: int, codec: int) -> None:
        self.count = 0
        self.first_day = self.last_day = 0
        self._folder = folder
        self._sequence = sequence
        self._codec = codec
        self._path = f"{folder}/{sequence:06}.tmp"
        self._packing = Packing()
        self._index = Index([], [], {})
        self._documents: list[bytes] = []
        self._documents_days: list[int] = []
        self._bytes = 0
        self._size = 0
        self._descriptor = os.open(self._path, _NEW, 0o666)

    def add(self, day: int, documents: Sequence[bytes]) -> None:
        if not self.count:
            self.first_day = day
        self.last_day = day
        self.count += len(documents)
        for document in documents:
            size = len(document)
            if len(self._documents) == BLOCK or (self._documents and self._bytes + size > BLOCK_BYTES):
                self._write_block()
            self._documents.append(document)
            self._documents_days.append(day)
            self._bytes += size
        days = self._index.days
        if days and days[-2] == day:
            days[-1] += len(documents)
        else:
            days += day, len(documents)

    def finish(self) -> SegmentEntry:
        self._write_block()
        index = index_frame(self._index, self._codec)
        self._write(index + TRAILER.pack(*TRAILER_MARKS, self._size))
        os.fsync(self._descriptor)
        os.close(self._descriptor)
        name = segment_name(self._sequence, self.first_day, self.last_day)
        os.rename(self._path, f"{self._folder}/{name}")
        return SegmentEntry(name, self.count, self.first_day, self.last_day, self._size)

    def discard(self) -> None:
        os.close(self._descriptor)
        os.unlink(self._path)

    def _write(self, data: bytes) -> None:
        write_all(self._descriptor, data)
        self._size += len(data)

    def _write_block(self) -> None:
        runs = tuple((day, len(list(group))) for day, group in groupby(self._documents_days))
        data, block = self._columns(runs) or self._rows(runs)
        self._write(data)
        self._index.blocks.append(block)
        self._documents, self._documents_days, self._bytes = [], [], 0

    def _rows(self, runs: Runs) -> tuple[bytes, IndexedBlock]:
        rows = joined(self._documents)
        data = rows_frame(runs, rows, self._codec, level=_LEVEL)
        return data, self._indexed(ROWS, data, len(rows), runs)

    def _indexed(self, kind: str, data: bytes, raw: int, runs: Runs) -> IndexedBlock:
        flat = [number for run in runs for number in run]
        count = sum(flat[1::2])
        return IndexedBlock(kind, self._size, len(data), count, raw, self._codec, flat, {}, (0, 0, 0), {})

    def _columns(self, runs: Runs) -> tuple[bytes, IndexedBlock] | None:
        """The documents as columns; None when they have too little in common."""
        try:
            documents = documents_decoder.decode(joined(self._documents))
        except UNREADABLE:
            raise Damaged("a document cannot be understood", address=self._folder) from None
        shapes = shaped(documents)
        if shapes is None:
            return None
        flat = [number for run in runs for number in run]
        outline = self._packing.pack([flat, *shapes])
        raw = len(outline)
        payload = _Payload(self._size + HEAD_SIZE)
        where = payload.outline(packed(self._codec, outline, _LEVEL))
        columns = transposed(documents, shapes[0])
        payload.fields(len(columns))
        fields, ranges = {}, {}
        for name, values in columns.items():
            data, kind, span = packed_column(self._packing, values)
            raw += len(data)
            fields[name] = payload.field(self._packing.pack(name), packed(self._codec, data, _LEVEL))
            if span is not None:
                ranges[name] = span
            kinds = self._index.fields.setdefault(name, [])
            if kind not in kinds:
                kinds.append(kind)
        count = len(documents)
        made = frame(COLUMNS, count, (runs[0][0], runs[-1][0]), self._codec, raw, payload.joined())
        block = self._indexed(COLUMNS, made, raw, runs)
        block.ranges, block.outline, block.fields = ranges, where, fields
        return made, block


class _Payload:
    """The payload of a frame of columns: the array of an outline, and the map of columns by name.

    Args:
        offset: where in the file it begins.
    """

    def __init__(self, offset: int) -> None:
        self._offset = offset
        self._parts: list[bytes] = []

    def outline(self, data: bytes) -> tuple[int, int, int]:
        self._put(b"\x92")
        return self._put_bin(data)

    def fields(self, count: int) -> None:
        self._put(b"\xdf" + count.to_bytes(4, "big"))

    def field(self, name: bytes, data: bytes) -> tuple[int, int, int]:
        self._put(name)
        return self._put_bin(data)

    def joined(self) -> bytes:
        return b"".join(self._parts)

    def _put(self, data: bytes) -> None:
        self._parts.append(data)
        self._offset += len(data)

    def _put_bin(self, data: bytes) -> tuple[int, int, int]:
        self._put(b"\xc6" + len(data).to_bytes(4, "big"))
        offset = self._offset
        self._put(data)
        return offset, len(data), crc32(data)
