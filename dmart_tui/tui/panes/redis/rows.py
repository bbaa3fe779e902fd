"""Indexes, differences and what was worked out, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from rich.segment import Segment

from dmart_tui.core.redisearch import meta_fields, worded
from dmart_tui.core.text import cell_width, safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.widgets.lines import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style

    from dmart_tui.core.redisearch import Drift, Index

T = TypeVar("T")

_WIDEST: Final = 30
_OF_ALL: Final = frozenset(field.name for field in meta_fields())


class Line(NamedTuple):
    """A row: what it is, what goes behind, and at the right edge."""

    key: str
    title: str
    rest: str = ""
    right: str = ""


class Lines(Generic[T]):
    """Rows of three texts, which need not be safe: made when they are drawn, for there may be many.

    Args:
        line: the row of an item.
    """

    more = False

    def __init__(self, items: Sequence[T], line: Callable[[T], Line]) -> None:
        self._items = items
        self._line = line

    def __len__(self) -> int:
        return len(self._items)

    def key(self, index: int, /) -> str:
        return self._line(self._items[index]).key

    def index(self, key: str, /) -> int:
        return next((at for at, item in enumerate(self._items) if self._line(item).key == key), -1)

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        line = self._line(self._items[index])
        left = [Segment(safe(line.title), style("")), Segment(f"  {safe(line.rest)}", style("muted"))]
        return spread(left, [Segment(f" {safe(line.right)} ", style("muted"))] if line.right else [], width)


def index_line(index: Index) -> Line:
    """An index, with how many documents and fields it has."""
    told = [f"{len(index.fields)} fields"]
    if index.failures:
        told.append(f"{format_count(index.failures)} not taken")
    if index.indexing:
        told.append("still being read")
    return Line(index.name, index.name, " · ".join(told), f"{format_count(index.documents)} documents")


def fields_told(index: Index) -> str:
    """The fields of an index with their kinds, what only payloads have first: all of it may not find room."""
    fields = sorted(index.fields.values(), key=lambda field: field.name in _OF_ALL)
    return ", ".join(f"{field.name} {field.kind}" for field in fields)


def drift_line(one: Drift) -> Line:
    """A difference."""
    return Line(f"{one.kind} {one.key}", one.key, one.detail, one.kind)


def worked_out_lines(rows: Sequence[dict[str, Any]], grouped: Sequence[str]) -> list[Line]:
    """What was worked out of each group, the columns below each other."""
    titles = [" · ".join(worded(row.get(name)) or "—" for name in grouped) or "all" for row in rows]
    others = list(dict.fromkeys(name for row in rows for name in row if name not in grouped))
    columns = [titles, *([f"{name} {worded(row.get(name))}" for row in rows] for name in others)]
    padded = [_padded([safe(text) for text in column]) for column in columns]
    return [Line(str(at), title, "   ".join(rest)) for at, (title, *rest) in enumerate(zip(*padded, strict=True))]


def _padded(column: list[str]) -> list[str]:
    """Texts as wide as the widest of them that is no wider than `_WIDEST`."""
    width = max((found for text in column if (found := cell_width(text)) <= _WIDEST), default=0)
    return [text + " " * max(0, width - cell_width(text)) for text in column]
