"""What a store is and holds, from its manifest and footers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dmart_tui.core.historydb.manifest import SegmentEntry
    from dmart_tui.core.historydb.store import Store


@dataclass(frozen=True, slots=True)
class Info:
    """What a store is and holds.

    Args:
        documents: without those that were erased.
        erased: documents that are hidden by tombstones and not yet removed.
        logged: documents that are not sealed, erased ones too.
        first_day: None when there are no documents.
        sealed_bytes: of segments.
        raw_bytes: what all blocks take when they are not compressed.
        torn: bytes of a batch that was not written to its end.
        unused: files that are no part of the store any more, and that a reader has kept from being removed.
        fields: what kinds of values each field of the segments has.
    """

    uuid: str
    date_field: str
    key_field: str
    codec: str
    days_per_segment: int
    documents: int
    erased: int
    logged: int
    days: int
    first_day: int | None
    last_day: int | None
    segments: tuple[SegmentEntry, ...]
    blocks: int
    sealed_bytes: int
    log_bytes: int
    raw_bytes: int
    torn: int
    gaps: int
    unused: int
    fields: dict[str, tuple[str, ...]]


def info(store: Store) -> Info:
    """As `Store.info`."""
    manifest = store.manifest
    logged = store.log_blocks()
    refs = [ref for entry in manifest.segments for ref in store.segment_blocks(entry)] + logged
    days = {day for ref in refs for day, _count in ref.runs}
    erased = sum(pair[2] + pair[3] for stones in store.tombstones for pair in stones.pairs)
    fields: dict[str, dict[str, None]] = {}
    for entry in manifest.segments:
        for name, kinds in store.index(entry).fields.items():
            fields.setdefault(name, {}).update(dict.fromkeys(kinds))
    return Info(
        manifest.uuid, manifest.date_field, manifest.key_field, manifest.codec, manifest.days_per_segment,
        documents=sum(ref.count for ref in refs) - erased,
        erased=erased,
        logged=sum(ref.count for ref in logged),
        days=len(days),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        segments=manifest.segments,
        blocks=len(refs),
        sealed_bytes=sum(entry.size for entry in manifest.segments),
        log_bytes=store.log_end,
        raw_bytes=sum(ref.raw for ref in refs),
        torn=store.torn,
        gaps=len(store.gaps),
        unused=len(store.unused()),
        fields={name: tuple(kinds) for name, kinds in fields.items()},
    )  # fmt: skip
