"""Saving what is sound of broken files: frames are found without an index, and what is none is put aside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zlib import crc32

import msgpack
import msgspec

from dmart_tui.core.errors import Damaged, NotFound
from dmart_tui.core.files import sync_directory, write_atomic
from dmart_tui.core.historydb.blocks import BlockRef, Outline, read_block
from dmart_tui.core.historydb.footers import TRAILER
from dmart_tui.core.historydb.frames import COLUMNS, HEAD_SIZE, INDEX, ROWS, Head, unpacked
from dmart_tui.core.historydb.log import next_frame, read_frame
from dmart_tui.core.historydb.manifest import PUT_ASIDE
from dmart_tui.core.historydb.reading import size_of
from dmart_tui.core.historydb.rows import read_runs, runs_of
from dmart_tui.core.historydb.values import UNREADABLE
from dmart_tui.core.historydb.verifying import verify_segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.historydb.manifest import SegmentEntry
    from dmart_tui.core.historydb.store import Store

_PIECE: Final = 1 << 20
_outline_decoder: Final = msgspec.msgpack.Decoder(Outline)


def is_broken(store: Store, entry: SegmentEntry, cancel: CancelToken | None) -> bool:
    """Whether anything is wrong with a segment; reads all of it."""
    return any(True for _ in verify_segment(store, entry, cancel))


def rescued(store: Store, entry: SegmentEntry) -> tuple[list[BlockRef], list[str]]:
    """The blocks of a segment that can be read, and the files to which the rest was copied.

    The index is believed where it can be read: it has sums of its own. Else the frames are searched for.
    """
    path = store.segment_path(entry)
    pieces: Iterable[tuple[int, int, BlockRef | None]]
    try:
        pieces = [(ref.offset, ref.offset + ref.length, _readable(store, ref)) for ref in store.segment_blocks(entry)]
    except NotFound:
        return [], []
    except Damaged:
        pieces = _pieces(store, entry, path, size_of(path))
    refs: list[BlockRef] = []
    aside: list[str] = []
    for start, end, ref in pieces:
        if ref is None:
            aside.append(put_aside(store, path, start, end))
        else:
            refs.append(store.with_erasures(ref, entry.sequence))
    return refs, aside


def _readable(store: Store, ref: BlockRef) -> BlockRef | None:
    """A block, when all of it can be read."""
    try:
        read_block(ref, store.read).all_documents()
    except Damaged:
        return None
    return ref


def put_aside(store: Store, path: str, start: int, end: int) -> str:
    """Copy a piece of a file to a file of its own, for nothing is thrown away unseen; gives its path."""
    kept = Path(store.path, PUT_ASIDE, f"{os.path.basename(path)}-{start}")
    write_atomic(kept, (store.read(path, [(at, min(_PIECE, end - at))])[0] for at in range(start, end, _PIECE)))
    sync_directory(Path(store.path))
    return str(kept)


def _pieces(store: Store, entry: SegmentEntry, path: str, size: int) -> Iterator[tuple[int, int, BlockRef | None]]:
    """(start, end, block) of what a segment holds, None for what is broken; indexes are passed over."""
    at = 0
    while at < size:
        found = read_frame(path, at, size, store.read)
        if found is None:
            if size - at == TRAILER.size:
                return
            following = next_frame(path, at + 1, size, store.read) or size
            yield at, following, None
            at = following
            continue
        head, payload = found
        if head.kind != INDEX:
            yield at, at + head.size, _block(store, entry, path, at, head, payload)
        at += head.size


def _block(store: Store, entry: SegmentEntry, path: str, at: int, head: Head, payload: bytes) -> BlockRef | None:
    """The block that a frame is, when all of it can be read."""
    outline = (0, 0, 0)
    fields: dict[str, tuple[int, int, int]] = {}
    try:
        if head.kind == COLUMNS:
            outline, fields = _columns(payload, at + HEAD_SIZE)
            data = payload[outline[0] - at - HEAD_SIZE :][: outline[1]]
            runs = runs_of(_outline_decoder.decode(unpacked(head.codec, data, head.raw, path, at)).runs)
        elif head.kind == ROWS:
            runs = read_runs(head, payload, path, at)
        else:
            return None
        ref = BlockRef(
            path, at, head.size, head.kind, head.count, head.day_min, head.day_max, entry.sequence, head.raw,
            head.codec, runs, {}, (), store.key_field, outline, fields,
        )  # fmt: skip
    except (Damaged, *UNREADABLE, msgpack.UnpackException, TypeError):
        return None
    return _readable(store, ref)


def _columns(payload: bytes, offset: int) -> tuple[tuple[int, int, int], dict[str, tuple[int, int, int]]]:
    """Where the outline and the columns of a payload are, as the index tells it."""
    unpacker = msgpack.Unpacker()
    unpacker.feed(payload)

    def part() -> tuple[int, int, int]:
        data = unpacker.unpack()
        return offset + unpacker.tell() - len(data), len(data), crc32(data)

    unpacker.read_array_header()
    outline = part()
    return outline, {unpacker.unpack(): part() for _ in range(unpacker.read_map_header())}
