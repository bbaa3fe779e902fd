"""Proving a store: every frame is read, every document decoded, and what the indexes say is compared with them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from zlib import crc32

from dmart_tui.core.errors import DmartTuiError, UsageFault
from dmart_tui.core.historydb.blocks import BlockRef, read_block
from dmart_tui.core.historydb.columns import MISSING
from dmart_tui.core.historydb.dates import days_of
from dmart_tui.core.historydb.footers import TRAILER
from dmart_tui.core.historydb.frames import COLUMNS, HEAD_SIZE, INDEX, Head, checksum, read_head
from dmart_tui.core.historydb.manifest import SEGMENTS
from dmart_tui.core.historydb.values import UNREADABLE, decoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.historydb.manifest import SegmentEntry
    from dmart_tui.core.historydb.store import Progress, Store

_OURS: Final = re.compile(r"\d{6,18}(_-?\d+_-?\d+)?\.(hlog|hseg|htomb|tmp)|\.STORE\.msgpack\.tmp-.*")
"""Names that only this program gives to files."""

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a store.

    Args:
        path: the file.
        offset: of the frame in it.
        kind: `frame`, `index`, `document`, `day`, `torn`, `gap` or `unused`.
    """

    severity: Severity
    kind: str
    path: str
    offset: int
    sentence: str


def verify(store: Store, progress: Progress, cancel: CancelToken | None) -> Iterator[Finding]:
    """As `Store.verify`."""
    total = sum(entry.count for entry in store.manifest.segments) + sum(ref.count for ref in store.log_blocks())
    done = 0
    for entry in store.manifest.segments:
        yield from verify_segment(store, entry, cancel)
        done += entry.count
        progress(done, total)
    for ref in store.log_blocks():
        yield from _documents(store, ref, cancel)
        done += ref.count
        progress(done, total)
    for start, end in store.gaps:
        yield Finding("error", "gap", store.log_path, start, f"{end - start:,} bytes are no frames")
    if store.torn:
        sentence = f"{store.torn:,} bytes of a batch that was not written to its end; the next writer cuts them off"
        yield Finding("warning", "torn", store.log_path, store.log_end, sentence)
    for path in store.unused():
        yield Finding("note", "unused", path, 0, "is no part of the store; the next writer removes it")


def verify_segment(store: Store, entry: SegmentEntry, cancel: CancelToken | None) -> Iterator[Finding]:
    """What is wrong with a segment."""
    frames: dict[int, Head] = {}
    yield from _walk(store, entry, frames)
    path = store.segment_path(entry)
    try:
        refs = store.segment_blocks(entry)
    except DmartTuiError as error:
        yield Finding("error", "index", path, entry.size - TRAILER.size, error.message)
        return
    told = {ref.offset: (ref.kind, ref.count, ref.length, ref.raw, ref.codec) for ref in refs}
    there = {
        offset: (head.kind, head.count, head.size, head.raw, head.codec)
        for offset, head in frames.items()
        if head.kind != INDEX
    }
    for offset, _ in sorted(told.items() ^ there.items()):
        yield Finding("error", "index", path, offset, "the index does not tell of this frame what it is")
    for ref in refs:
        yield from _documents(store, ref, cancel)


def _walk(store: Store, entry: SegmentEntry, frames: dict[int, Head]) -> Iterator[Finding]:
    """Go over the frames of a segment as a reader that knows nothing of its index would, and keep their heads."""
    path, end = store.segment_path(entry), entry.size - TRAILER.size
    at = 0
    try:
        while at < end:
            (data,) = store.read(path, [(at, HEAD_SIZE)])
            head = read_head(data)
            if head is None or at + head.size > end:
                yield Finding("error", "frame", path, at, "no frame begins here")
                return
            (payload,) = store.read(path, [(at + HEAD_SIZE, head.length)])
            if checksum(data, payload) != head.crc:
                yield Finding("error", "frame", path, at, "the frame is not what was written")
            elif head.kind == INDEX and at + head.size != end:
                yield Finding("error", "frame", path, at, "an index is not the last frame")
            frames[at] = head
            at += head.size
    except DmartTuiError as error:
        yield Finding("error", "frame", path, at, error.message)


def _documents(store: Store, ref: BlockRef, cancel: CancelToken | None) -> Iterator[Finding]:
    """Read the documents of a block, and compare them with the days and ranges that are told of them."""
    if cancel is not None:
        cancel.check()
    try:
        block = read_block(ref, store.read)
        found = block.all_documents()
        days = days_of([document.get(store.date_field, MISSING) for document in found])
        _ = block.alive
    except UsageFault as fault:
        yield Finding("error", "document", ref.path, ref.offset, f"{store.date_field}: {fault.message}")
        return
    except DmartTuiError as error:
        yield Finding("error", "document", ref.path, ref.offset, error.message)
        return
    if days != block.days:
        yield Finding("error", "day", ref.path, ref.offset, "a document does not stand under its day")
    for name, told in ref.ranges.items():
        if _range([value for document in found if (value := document.get(name)) is not None]) != told:
            yield Finding("error", "index", ref.path, ref.offset, f"the index tells another range of {name!r}")
    if ref.kind == COLUMNS and _columns(store, ref) != {name: crc for name, (_at, _size, crc) in ref.fields.items()}:
        yield Finding("error", "index", ref.path, ref.offset, "the index tells of other columns")


def _range(values: list[Any]) -> tuple[Any, Any] | None:
    try:
        return min(values), max(values)
    except (TypeError, ValueError):
        return None


def _columns(store: Store, ref: BlockRef) -> dict[Any, int] | None:
    """The columns of a frame with their sums, as the frame itself tells them."""
    (payload,) = store.read(ref.path, [(ref.offset + HEAD_SIZE, ref.length - HEAD_SIZE)])
    try:
        return {name: crc32(column) for name, column in decoder.decode(payload)[1].items()}
    except (*UNREADABLE, TypeError, AttributeError, LookupError):
        return None


def unused(store: Store) -> list[str]:
    """As `Store.unused`."""
    manifest = store.manifest
    own = {manifest.log, *manifest.tombstones, *(entry.name for entry in manifest.segments)}
    return sorted(
        f"{folder}/{name}"
        for folder in (store.path, f"{store.path}/{SEGMENTS}")
        for name in os.listdir(folder)
        if _OURS.fullmatch(name) and name not in own
    )
