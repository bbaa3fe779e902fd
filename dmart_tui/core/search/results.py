"""What is asked of an engine and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dmart_tui.core.address import Address
    from dmart_tui.core.search.tree import Node
    from dmart_tui.core.spaces import Rights

FACETS: Final = ("type", "schema", "tags", "owner", "space", "state")
"""What hits can be counted by."""
RELEVANCE: Final = ""
"""The order of a request that names none: best first."""


@dataclass(frozen=True, slots=True)
class Request:
    """A query, where it looks and how its answer is wanted."""

    tree: Node
    under: Address | None = None
    """A space or folder: only what is below it; None: everywhere."""
    rights: Rights | None = None
    """Only what D-MART's row filter would let this user find; None: everything."""
    sort: str = RELEVANCE
    """A field as in queries; what has none of it comes last, whichever way."""
    descending: bool = False
    limit: int = 50
    offset: int = 0
    facets: tuple[str, ...] = ()
    """Of `FACETS`."""
    snippets: bool = True


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text with the words that were found, safe to show, in one line."""

    field: str
    text: str
    spans: tuple[tuple[int, int], ...]
    """Where in `text` they stand: (from, up to), in order."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry, folder or space that matches."""

    address: Address
    type: str
    title: str
    """As the file has it, not made safe."""
    score: float = 0.0
    """More is better; comparable only within one answer."""
    snippets: tuple[Snippet, ...] = ()
    severity: str = ""
    """Of the worst that is wrong with it, where the engine knows: error, warning or note; empty: none."""


@dataclass(frozen=True, slots=True)
class Facet:
    """How many hits have which value of a field."""

    field: str
    counts: tuple[tuple[str, int], ...]
    """Most frequent first."""
    more: int = 0
    """Values that are not listed."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer."""

    total: int
    hits: list[Hit]
    facets: list[Facet]
    engine: str
    freshness: str = ""
    """How fresh what was searched is, a sentence without a final stop."""
    notes: tuple[str, ...] = field(default=())
    """What a person should know of this answer, sentences without final stops."""
