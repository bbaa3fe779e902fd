"""Erasing documents by key: tombstones at once, the bytes themselves when the store is sealed and compacted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from dmart_tui.core.historydb.blocks import read_block
from dmart_tui.core.historydb.manifest import SEGMENTS, tombstones_name
from dmart_tui.core.historydb.tombstones import Tombstones, write_tombstones

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.historydb.store import Progress, Store

Key = str | int | bytes


def erase(store: Store, keys: Iterable[Key], progress: Progress, cancel: CancelToken | None) -> int:
    """As `Store.erase`."""
    wanted = frozenset(keys)
    sealed: dict[tuple[int, Key], int] = {}
    logged: dict[tuple[int, Key], int] = {}
    refs = store.blocks()
    total = sum(ref.count for ref in refs)
    done = 0
    for ref in refs:
        if cancel is not None:
            cancel.check()
        block = read_block(ref, store.read)
        found = logged if ref.path == store.log_path else sealed
        alive = block.alive or b"\1" * ref.count
        for day, key, there in zip(block.days, block.column(ref.key_field).values, alive, strict=True):
            if there and isinstance(key, Key) and key in wanted:
                found[day, key] = found.get((day, key), 0) + 1
        done += ref.count
        progress(done, total)
    pairs = sorted({*sealed, *logged}, key=lambda pair: pair[0])
    if not pairs:
        return 0
    manifest = store.manifest
    stones = Tombstones(
        manifest.sequence,
        manifest.log,
        store.log_end,
        [(day, key, sealed.get((day, key), 0), logged.get((day, key), 0)) for day, key in pairs],
    )
    sequence = manifest.sequence + 1
    name = tombstones_name(sequence)
    with store.changing():
        write_tombstones(f"{store.path}/{SEGMENTS}/{name}", [stones], store.codec)
        store.swap(msgspec.structs.replace(manifest, sequence=sequence, tombstones=(*manifest.tombstones, name)))
    return sum(sealed.values()) + sum(logged.values())
