"""Queries made up: trees as the parser gives them."""

from __future__ import annotations

from hypothesis import strategies as st

from dmart_tui.core.search.tree import (
    And,
    Bound,
    Everything,
    Exists,
    Field,
    Fuzzy,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Tags,
    Word,
)

DATES = (
    "2024",
    "2024-02",
    "2024-02-29",
    "2025-04-01T10",
    "2025-04-01T10:30",
    "2025-04-01T10:30:05.25",
    "2025-04-01T10:30:05Z",
)


def textual(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Node]:
    """Words, phrases, prefixes and fuzzy words."""
    return st.one_of(texts.map(Word), texts.map(Phrase), texts.map(Prefix), st.builds(Fuzzy, texts, st.integers(1, 3)))


def ranges(numbers: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Range]:
    """Ranges of numbers and dates, open and half open."""
    anything = st.one_of(st.sampled_from(DATES), st.integers(-50, 5000).map(str), st.just("2.5e3"))
    written = anything if numbers is None else numbers
    bound = st.none() | st.builds(Bound, written, st.booleans())
    return st.builds(Range, bound, bound)


def tags(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Tags]:
    """One to three values."""
    return st.lists(texts.map(Word) | texts.map(Prefix), min_size=1, max_size=3).map(lambda found: Tags(tuple(found)))


def groups(leaves: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Leaves joined by all, any and not, as the parser joins them: no group in a group of its own kind."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner.filter(lambda node: not isinstance(node, And)), min_size=2, max_size=4).map(
                lambda nodes: And(tuple(nodes))
            ),
            st.lists(inner.filter(lambda node: not isinstance(node, Or)), min_size=2, max_size=4).map(
                lambda nodes: Or(tuple(nodes))
            ),
        ),
        max_leaves=8,
    )


def trees(
    texts: st.SearchStrategy[str] | None = None, names: st.SearchStrategy[str] | None = None
) -> st.SearchStrategy[Node]:
    """Any tree.

    Args:
        texts: of words, never empty.
        names: of fields, never empty.
    """
    texts = st.text(min_size=1, max_size=8) if texts is None else texts
    names = st.text(min_size=1, max_size=8) if names is None else names
    values = st.one_of(groups(textual(texts) | st.just(Exists())), tags(texts), ranges())
    leaves = st.one_of(textual(texts), st.just(Everything()), st.builds(Field, names, values))
    return groups(leaves)
