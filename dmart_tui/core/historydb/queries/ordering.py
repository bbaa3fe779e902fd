"""All documents of some blocks in the order of their days, in bounded memory."""

from __future__ import annotations

from itertools import accumulate, compress, pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dmart_tui.core.historydb.blocks import Block, BlockRef, RowsBlock, read_block
from dmart_tui.core.historydb.values import Packing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dmart_tui.core.historydb.reading import Read

T = TypeVar("T")

_DOCUMENTS: Final = 65_536
_BYTES: Final = 32 << 20


def by_day(
    refs: Sequence[BlockRef],
    read: Read,
    take: Callable[[Block], Sequence[T]],
    first_day: int | None = None,
    last_day: int | None = None,
) -> Iterator[tuple[int, list[T]]]:
    """The documents of each day in the order they were appended, the days ascending; a large day comes in pieces.

    Takes the memory of one block, and of as many days as have 65,536 documents or 32 MB; a block is read once for each
    such lot of days that it has a part of.

    Args:
        take: the documents of a block, erased ones too, in the form that is wanted.
    """
    for first, last in _lots(refs, first_day, last_day):
        days: dict[int, list[T]] = {}
        for ref in sorted(refs, key=lambda ref: (ref.order, ref.offset)):
            if ref.day_max < first or ref.day_min > last:
                continue
            for day, documents in _taken(read_block(ref, read), take, first, last):
                if first == last:
                    yield day, documents
                else:
                    days.setdefault(day, []).extend(documents)
        yield from sorted(days.items(), key=lambda item: item[0])


def packed_documents(block: Block) -> Sequence[bytes]:
    """The documents of a block, each packed."""
    if isinstance(block, RowsBlock):
        return list(map(bytes, block.raws()))
    return list(map(Packing().pack, block.all_documents()))


def whole_documents(block: Block) -> Sequence[dict[str, Any]]:
    """The documents of a block."""
    return block.all_documents()


def _taken(block: Block, take: Callable[[Block], Sequence[T]], first: int, last: int) -> Iterator[tuple[int, list[T]]]:
    documents, alive = take(block), block.alive
    ends = accumulate((count for _day, count in block.runs), initial=0)
    for (day, _count), (start, end) in zip(block.runs, pairwise(ends), strict=True):
        if first <= day <= last:
            part = documents[start:end]
            yield day, list(part) if alive is None else list(compress(part, alive[start:end]))


def _lots(refs: Sequence[BlockRef], first_day: int | None, last_day: int | None) -> Iterator[tuple[int, int]]:
    """Ranges of days, each with few enough documents to be held."""
    counts: dict[int, list[int]] = {}
    for ref in refs:
        for day, count in ref.runs:
            if (first_day is None or day >= first_day) and (last_day is None or day <= last_day):
                lot = counts.setdefault(day, [0, 0])
                lot[0] += count
                lot[1] += count * ref.raw // ref.count
    first = previous = None
    documents = size = 0
    for day in sorted(counts):
        more, bytes_more = counts[day]
        if first is not None and previous is not None and (documents + more > _DOCUMENTS or size + bytes_more > _BYTES):
            yield first, previous
            first, documents, size = None, 0, 0
        if first is None:
            first = day
        previous, documents, size = day, documents + more, size + bytes_more
    if first is not None and previous is not None:
        yield first, previous
