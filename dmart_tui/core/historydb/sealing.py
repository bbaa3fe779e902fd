"""Writing files of a store anew: what was appended is sealed, segments are merged, old days and erased documents go.

Each of these makes new files, lets the manifest name them instead of the old ones, and removes those when nobody reads
them. A crash before the manifest is replaced leaves the old state, one after it the new one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from dmart_tui.core.durable import sync_folder, write_new
from dmart_tui.core.errors import Failed
from dmart_tui.core.historydb.manifest import SEGMENTS, Manifest, SegmentEntry, log_name, tombstones_name
from dmart_tui.core.historydb.queries.ordering import by_day, packed_documents
from dmart_tui.core.historydb.rescuing import is_broken, put_aside, rescued
from dmart_tui.core.historydb.segments import SEGMENT, SegmentWriter
from dmart_tui.core.historydb.tombstones import write_tombstones

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.historydb.blocks import BlockRef
    from dmart_tui.core.historydb.store import Progress, Store
    from dmart_tui.core.historydb.tombstones import Tombstones


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What writing anew did.

    Args:
        documents: that are in the new segments.
        segments: that were made.
        removed: documents that are no longer there, because they were erased or are too old.
        replaced: segments whose place was taken.
        aside: files with pieces that could not be read.
    """

    documents: int = 0
    segments: int = 0
    removed: int = 0
    replaced: int = 0
    aside: tuple[str, ...] = ()


def seal(store: Store, progress: Progress, cancel: CancelToken | None, first_day: int | None = None) -> Rewritten:
    """As `Store.seal`; documents of days before one are left out."""
    refs = store.log_blocks()
    if not refs and not store.gaps:
        return Rewritten()
    aside = tuple(put_aside(store, store.log_path, start, end) for start, end in store.gaps)
    made = _written(store, [refs], progress, cancel, first_day)
    stones = [stone.sealed() for stone in store.tombstones]
    with store.changing():
        sequence = made.sequence + 1
        log = log_name(sequence)
        write_new(f"{store.path}/{log}", ())
        sync_folder(store.path)
        segments = (*store.manifest.segments, *made.entries)
        manifest = _changed(store.manifest, sequence=sequence, log=log, segments=segments)
        store.swap(_with_tombstones(store, manifest, stones))
    return _result(refs, made, aside=aside)


def compact(store: Store, progress: Progress, cancel: CancelToken | None, *, salvage: bool) -> Rewritten:
    """As `Store.compact`."""
    blocks: dict[str, list[BlockRef]] = {}
    broken: set[str] = set()
    aside: list[str] = []
    for entry in store.manifest.segments:
        if salvage and is_broken(store, entry, cancel):
            blocks[entry.name], pieces = rescued(store, entry)
            broken.add(entry.name)
            aside += pieces
        else:
            blocks[entry.name] = store.segment_blocks(entry)
    groups = [
        group
        for group in _groups(store.manifest.segments, store.manifest.days_per_segment)
        if len(group) > 1
        or any(entry.name in broken or any(ref.erased for ref in blocks[entry.name]) for entry in group)
    ]
    if not groups and not any(stone.sealed().pairs for stone in store.tombstones):
        return Rewritten()
    old = [entry for group in groups for entry in group]
    done = _replace(
        store,
        [[ref for entry in group for ref in blocks[entry.name]] for group in groups],
        old,
        [stone.logged() for stone in store.tombstones],
        progress,
        cancel,
    )
    return replace(done, removed=sum(entry.count for entry in old) - done.documents, aside=tuple(aside))


def drop_before(store: Store, day: int, progress: Progress, cancel: CancelToken | None) -> Rewritten:
    """As `Store.drop_before`."""
    from_log = Rewritten()
    if any(ref.day_min < day for ref in store.log_blocks()):
        from_log = seal(store, progress, cancel, day)
    old = [entry for entry in store.manifest.segments if entry.day_min < day]
    if not old:
        return from_log
    partly = [ref for entry in old if entry.day_max >= day for ref in store.segment_blocks(entry)]
    before = sum(entry.count for entry in old if entry.day_max < day)
    stones = [stone.since(day) for stone in store.tombstones]
    done = _replace(store, [partly] if partly else [], old, stones, progress, cancel, day)
    return replace(
        done,
        documents=done.documents + from_log.documents,
        segments=done.segments + from_log.segments,
        removed=done.removed + before + from_log.removed,
        aside=from_log.aside,
    )


def _replace(
    store: Store,
    groups: Sequence[Sequence[BlockRef]],
    old: Sequence[SegmentEntry],
    stones: Sequence[Tombstones],
    progress: Progress,
    cancel: CancelToken | None,
    first_day: int | None = None,
) -> Rewritten:
    made = _written(store, groups, progress, cancel, first_day)
    names = {entry.name for entry in old}
    kept = tuple(entry for entry in store.manifest.segments if entry.name not in names)
    manifest = _changed(store.manifest, sequence=made.sequence, segments=(*kept, *made.entries))
    with store.changing():
        store.swap(_with_tombstones(store, manifest, stones))
    return replace(_result([ref for group in groups for ref in group], made), replaced=len(old))


def _written(
    store: Store,
    groups: Sequence[Sequence[BlockRef]],
    progress: Progress,
    cancel: CancelToken | None,
    first_day: int | None,
) -> SegmentWriter:
    """The documents of groups of blocks as new segments, none of two groups; the manifest does not name them yet."""
    manifest = store.manifest
    writer = SegmentWriter(f"{store.path}/{SEGMENTS}", manifest.sequence, manifest.days_per_segment, store.codec)
    total = sum(ref.count for group in groups for ref in group)
    done = 0
    try:
        for group in groups:
            for day, documents in by_day(group, store.read, packed_documents, first_day):
                if cancel is not None:
                    cancel.check()
                writer.add(day, documents)
                done += len(documents)
                progress(done, total)
            writer.end_segment()
        writer.finish()
    except OSError as error:
        writer.discard()
        raise Failed(f"cannot be written: {error.strerror}", address=store.path) from None
    except BaseException:
        writer.discard()
        raise
    return writer


def _result(refs: Sequence[BlockRef], made: SegmentWriter, aside: tuple[str, ...] = ()) -> Rewritten:
    documents = sum(entry.count for entry in made.entries)
    removed = sum(ref.count for ref in refs) - documents
    return Rewritten(documents, len(made.entries), removed, aside=aside)


def _groups(segments: Sequence[SegmentEntry], days: int) -> list[list[SegmentEntry]]:
    """Segments that become one: those that share days, and neighbours that are small."""
    groups: list[list[SegmentEntry]] = []
    last = count = 0
    for entry in sorted(segments, key=lambda entry: entry.day_min):
        fits = entry.day_min // days == last // days if days else count + entry.count <= SEGMENT
        if groups and (entry.day_min <= last or fits):
            groups[-1].append(entry)
            last, count = max(last, entry.day_max), count + entry.count
        else:
            groups.append([entry])
            last, count = entry.day_max, entry.count
    return groups


def _with_tombstones(store: Store, manifest: Manifest, stones: Sequence[Tombstones]) -> Manifest:
    """The manifest with what is left of the tombstones, written to a file of its own."""
    left = [stone for stone in stones if stone.pairs]
    if left == store.tombstones:
        return manifest
    if not left:
        return _changed(manifest, tombstones=())
    sequence = manifest.sequence + 1
    name = tombstones_name(sequence)
    write_tombstones(f"{store.path}/{SEGMENTS}/{name}", left, store.codec)
    return _changed(manifest, sequence=sequence, tombstones=(name,))


def _changed(manifest: Manifest, **changes: object) -> Manifest:
    """The manifest with changes."""
    return msgspec.structs.replace(manifest, **changes)
