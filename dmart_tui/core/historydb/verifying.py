"""Proving a store: every frame is read, every document decoded, and what the indexes say is compared with them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dmart_tui.core.errors import DmartTuiError, UsageFault
from dmart_tui.core.historydb.blocks import BlockRef, read_block
from dmart_tui.core.historydb.columns import MISSING
from dmart_tui.core.historydb.dates import days_of
from dmart_tui.core.historydb.footers import TRAILER
from dmart_tui.core.historydb.frames import HEAD_SIZE, INDEX, checksum, read_head
from dmart_tui.core.historydb.manifest import SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.historydb.manifest import SegmentEntry
    from dmart_tui.core.historydb.store import Progress, Store

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
        yield from _frames(store, entry)
        try:
            refs = store.segment_blocks(entry)
        except DmartTuiError as error:
            yield Finding("error", "index", store.segment_path(entry), entry.size - TRAILER.size, error.message)
            continue
        for ref in refs:
            yield from _documents(store, ref, cancel)
            done += ref.count
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


def _frames(store: Store, entry: SegmentEntry) -> Iterator[Finding]:
    """Walk the frames of a segment as a reader that knows nothing of its index would."""
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
            at += head.size
    except DmartTuiError as error:
        yield Finding("error", "frame", path, at, error.message)


def _documents(store: Store, ref: BlockRef, cancel: CancelToken | None) -> Iterator[Finding]:
    """Read the documents of a block and look whether they are of the days they stand under."""
    if cancel is not None:
        cancel.check()
    try:
        block = read_block(ref, store.read)
        found = block.all_documents()
        days = days_of([document.get(store.date_field, MISSING) for document in found])
        _ = block.alive
    except UsageFault as fault:
        yield Finding("error", "document", ref.path, ref.offset, f"{store.date_field}: {fault.message}")
    except DmartTuiError as error:
        yield Finding("error", "document", ref.path, ref.offset, error.message)
    else:
        if days != block.days:
            yield Finding("error", "day", ref.path, ref.offset, "a document does not stand under its day")


def unused(store: Store) -> list[str]:
    """As `Store.unused`."""
    manifest = store.manifest
    own = {entry.name for entry in manifest.segments} | set(manifest.tombstones)
    logs = [name for name in os.listdir(store.path) if name.endswith(".hlog") and name != manifest.log]
    others = [name for name in os.listdir(f"{store.path}/{SEGMENTS}") if name not in own]
    return sorted([f"{store.path}/{name}" for name in logs] + [f"{store.path}/{SEGMENTS}/{name}" for name in others])
