"""Tombstones: which documents were erased, until the files that hold them are written anew."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dmart_tui.core.durable import sync_folder, write_new
from dmart_tui.core.errors import Failed
from dmart_tui.core.historydb.frames import (
    HEAD_SIZE,
    TOMBSTONES,
    checksum,
    damaged,
    frame,
    packed,
    read_head,
    unpacked,
)
from dmart_tui.core.historydb.values import UNREADABLE, Packing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dmart_tui.core.historydb.reading import Read

_PAIRS: Final = 100_000
"""Pairs in a frame."""

Pair = tuple[int, Any, int, int]
"""A day, a key (text, an integer or bytes), and how many documents of segments and of the log they took away."""


class Tombstones(msgspec.Struct, frozen=True, array_like=True):
    """What was erased at one time.

    Args:
        sequence: of the last segment that was there; later ones are not meant.
        log: the log there was.
        offset: where it ended; what is behind that is not meant.
        pairs: by day.
    """

    sequence: int
    log: str
    offset: int
    pairs: list[Pair]

    def sealed(self) -> Tombstones:
        """What is left of it when the log is sealed."""
        return Tombstones(self.sequence, "", 0, [(day, key, count, 0) for day, key, count, _log in self.pairs if count])

    def logged(self) -> Tombstones:
        """What is left of it when the segments were written anew."""
        return Tombstones(0, self.log, self.offset, [(day, key, 0, log) for day, key, _count, log in self.pairs if log])

    def since(self, day: int) -> Tombstones:
        """What is left of it when days before one are dropped."""
        return Tombstones(self.sequence, self.log, self.offset, [pair for pair in self.pairs if pair[0] >= day])


_decoder: Final = msgspec.msgpack.Decoder(Tombstones)


def erased(
    tombstones: Iterable[Tombstones],
    days: tuple[int, int],
    *,
    sequence: int | None = None,
    log: str = "",
    offset: int = 0,
) -> tuple[tuple[int, Any], ...]:
    """The (day, key) that are erased of a block of some days: one of a segment, or one at an offset of a log."""
    return tuple(
        (day, key)
        for stones in tombstones
        if (sequence <= stones.sequence if sequence is not None else log == stones.log and offset < stones.offset)
        for day, key, _sealed, _logged in _between(stones.pairs, days)
    )


def _between(pairs: list[Pair], days: tuple[int, int]) -> list[Pair]:
    """Those of some days, of pairs by day."""
    start = bisect_left(pairs, days[0], key=itemgetter(0))
    return pairs[start : bisect_right(pairs, days[1], key=itemgetter(0))]


def write_tombstones(path: str, stones: Sequence[Tombstones], codec: int) -> None:
    """Write a file of tombstones, safe on the disk; raises Failed."""
    try:
        write_new(path, _frames(stones, codec))
        sync_folder(os.path.dirname(path))
    except OSError as error:
        raise Failed(f"cannot be written: {error.strerror}", address=path) from None


def _frames(stones: Sequence[Tombstones], codec: int) -> Iterator[bytes]:
    for one in stones:
        for start in range(0, len(one.pairs), _PAIRS):
            part = one.pairs[start : start + _PAIRS]
            data = Packing().pack([one.sequence, one.log, one.offset, part])
            yield frame(TOMBSTONES, len(part), (part[0][0], part[-1][0]), codec, len(data), packed(codec, data))


def read_tombstones(path: str, read: Read) -> list[Tombstones]:
    """What a file of tombstones tells.

    Raises:
        Damaged: naming the file and the offset.
        Failed: it cannot be read.
    """
    found = []
    at = 0
    while data := read(path, [(at, HEAD_SIZE)])[0]:
        head = read_head(data)
        if head is None or head.kind != TOMBSTONES:
            raise damaged(path, at, "is none of tombstones")
        (payload,) = read(path, [(at + HEAD_SIZE, head.length)])
        if len(payload) != head.length or checksum(data, payload) != head.crc:
            raise damaged(path, at, "is not what was written")
        try:
            stones = _decoder.decode(unpacked(head.codec, payload, head.raw, path, at))
        except UNREADABLE:
            raise damaged(path, at, "cannot be understood") from None
        days = [pair[0] for pair in stones.pairs]
        if days != sorted(days) or not all(isinstance(pair[1], str | int | bytes) for pair in stones.pairs):
            raise damaged(path, at, "has pairs that are none")
        found.append(stones)
        at += head.size
    return found
