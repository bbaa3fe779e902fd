"""What was found, and how it is spread over types, tags and the like, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.segment import Segment

from dmart_tui.core.search.fields import Kind, field_of
from dmart_tui.core.search.tree import Field, Tags, Word
from dmart_tui.core.text import fit, safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.widgets.lines import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style

    from dmart_tui.core.search.results import Facet, Hit, Snippet

PASSING: Final = 9
"""Rows while one types: each character brings others."""
_PASSING_WIDTH: Final = 56
"""Cells of a row then."""
_WIDE: Final = 90
_LISTED: Final = 8
"""Values of a facet."""
_SIGNS: Final = {"error": "✗", "warning": "!"}


class HitRows:
    """Hits, a line each: title, a snippet where there is room, and the address.

    Args:
        total: of which these are the first.
        passing: show little, for more is typed.
    """

    def __init__(self, hits: Sequence[Hit], total: int, icon: Callable[[str], str], *, passing: bool = False) -> None:
        self.hits = hits[:PASSING] if passing else hits
        self.total = total
        self.more = not passing and len(hits) < total
        self._icon = icon
        self._passing = passing
        self._index = {str(hit.address): at for at, hit in enumerate(self.hits)}

    def __len__(self) -> int:
        return len(self.hits)

    def key(self, index: int, /) -> str:
        return str(self.hits[index].address)

    def index(self, key: str, /) -> int:
        return self._index.get(key, -1)

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        hit = self.hits[index]
        muted = style("muted")
        left = [Segment(f"{self._icon(hit.type)} ", style("accent")), Segment(safe(hit.title), style(""))]
        if hit.severity in _SIGNS:
            left.append(Segment(f" {_SIGNS[hit.severity]}", style(hit.severity)))
        if self._passing:
            return spread(left, [], min(width, _PASSING_WIDTH))
        telling = next((one for one in hit.snippets if one.field not in ("shortname", "displayname")), None)
        if telling is not None and width > _WIDE:
            left += [Segment("  ", muted), *marked(telling, muted, style("strong"))]
        return spread(left, [Segment(f" {safe(str(hit.address))} ", muted)], width, least=width // 2)


def marked(snippet: Snippet, plain: Style, strong: Style) -> list[Segment]:
    """A snippet with what was found standing out."""
    pieces, at = [], 0
    for start, end in snippet.spans:
        pieces += [Segment(snippet.text[at:start], plain), Segment(snippet.text[start:end], strong)]
        at = end
    return [*pieces, Segment(snippet.text[at:], plain)]


class FacetRows:
    """Headings and values with their counts; those that the query has are ticked."""

    more = False

    def __init__(self, facets: Sequence[Facet], query: str) -> None:
        self._rows: list[tuple[str, str | None, int]] = []
        self._terms = terms(query)
        for facet in facets:
            if facet.counts:
                self._rows.append((facet.field, None, facet.more + max(0, len(facet.counts) - _LISTED)))
                self._rows += [(facet.field, value, count) for value, count in facet.counts[:_LISTED]]

    def __len__(self) -> int:
        return len(self._rows)

    def key(self, index: int, /) -> str:
        name, value, _ = self._rows[index]
        return f"{name}\0{value}" if value is not None else name

    def index(self, key: str, /) -> int:
        return next((at for at in range(len(self._rows)) if self.key(at) == key), -1)

    def term(self, index: int) -> str | None:
        """What stands for a row in a query; None for a heading."""
        name, value, _ = self._rows[index]
        return term(name, value) if value is not None else None

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        name, value, count = self._rows[index]
        if value is None:
            rest = [Segment(f"{format_count(count)} more ", style("muted"))] if count else []
            return spread([Segment(name, style("strong"))], rest, width)
        sign = "✓" if term(name, value) in self._terms else " "
        left = [Segment(f"{sign} ", style("success")), Segment(safe(value), style(""))]
        return spread(left, [Segment(f"{fit(format_count(count), 7, right=True)} ", style("muted"))], width)


def term(name: str, value: str) -> str:
    """A field and a value as they stand in a query."""
    word = Word(value)
    whole = field_of(name).kind is Kind.TAG
    return str(Field(name, Tags((word,)) if whole else word))


def terms(query: str) -> list[str]:
    """The conditions of a query that all must be met, as they are written."""
    from dmart_tui.core.search.language import parse
    from dmart_tui.core.search.tree import And

    tree = parse(query).tree
    return [str(node) for node in (tree.nodes if isinstance(tree, And) else (tree,))]


def toggled(query: str, condition: str) -> str:
    """A query with a condition added at its end, or taken out where it is one of those that must all be met."""
    from dmart_tui.core.search.language import parse
    from dmart_tui.core.search.tree import Everything, Or

    found = terms(query)
    if condition in found:
        return " ".join(one for one in found if one != condition)
    tree = parse(query).tree
    if isinstance(tree, Everything):
        return condition
    return f"({query.strip()}) {condition}" if isinstance(tree, Or) else f"{query.strip()} {condition}"
