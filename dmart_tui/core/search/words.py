"""Words: how texts fall into them, which are too common to count, which are alike."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from dmart_tui.core.search.fields import Kind, field_of
from dmart_tui.core.search.tree import (
    And,
    Everything,
    Field,
    Fuzzy,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Textual,
    Word,
    all_of,
    any_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

COMMON: Final = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be but by for if in into is it no not of on or such that the their then there these they"
        " this to was will with",
    )
)
"""RediSearch's stop words, which no index has."""
NOTHING: Final = Not(Everything())

_ASCII: Final = re.compile(r"[0-9a-z_]+")


@lru_cache(4096)
def words(text: str) -> tuple[str, ...]:
    """The words of a text as the local index has them: small letters, without accents, Arabic script in one form."""
    if text.isascii():
        return tuple(_ASCII.findall(text.lower()))
    from dmart_tui.core.catalog import folded

    return tuple(_any_script().findall(_without_accents(folded(text).lower())))


@lru_cache(1)
def _any_script() -> re.Pattern[str]:
    import regex

    pattern: re.Pattern[str] = regex.compile(r"[\p{L}\p{N}\p{Co}\p{Mn}_]+")
    return pattern


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(char for char in apart if not "\u0300" <= char <= "\u036f"))


def text_test(wanted: Textual) -> Callable[[str], bool]:
    """Whether a text has the words of a condition."""
    asked = words(wanted.text)
    if not asked:
        return lambda _: False
    if isinstance(wanted, Prefix):
        if wanted.text[-1:] and not words(wanted.text[-1:]):
            return lambda text: set(asked) <= set(words(text))
        *whole, begin = asked

        def begins(text: str) -> bool:
            found = words(text)
            return set(whole) <= set(found) and any(word.startswith(begin) for word in found)

        return begins
    if isinstance(wanted, Fuzzy):
        distance = wanted.distance
        return lambda text: all(any(alike(one, other, distance) for other in words(text)) for one in asked)
    if len(asked) == 1:
        return lambda text: asked[0] in words(text)
    return lambda text: _side_by_side(asked, words(text))


def _side_by_side(asked: tuple[str, ...], found: tuple[str, ...]) -> bool:
    return any(found[at : at + len(asked)] == asked for at in range(len(found) - len(asked) + 1))


def alike(one: str, other: str, distance: int) -> bool:
    """Whether one word becomes the other by at most `distance` letters put in, left out or changed."""
    if abs(len(one) - len(other)) > distance:
        return False
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        above, row = row, [at]
        for across, other_letter in enumerate(other, 1):
            row.append(min(above[across] + 1, row[-1] + 1, above[across - 1] + (letter != other_letter)))
        if min(row) > distance:
            return False
    return row[-1] <= distance


def simplified(tree: Node) -> Node:
    """A tree that matches the same and says it simply: as RediSearch does, without common words beside others.

    Fields stand around single conditions; `Everything` and `NOTHING` only alone; nothing is negated twice.
    """
    return _simple(tree, "")


def _simple(node: Node, name: str) -> Node:
    if isinstance(node, Field):
        return _simple(node.value, node.name)
    if isinstance(node, And | Or):
        telling = [part for part in node.nodes if not _is_common(part, name)]
        return _joined([_simple(part, name) for part in telling or node.nodes], every=isinstance(node, And))
    if isinstance(node, Not):
        inner = _simple(node.node, name)
        return inner.node if isinstance(inner, Not) else Not(inner)
    if name:
        return Field(name, node)
    if isinstance(node, Word | Phrase | Prefix | Fuzzy) and not words(node.text):
        return NOTHING
    return node


def _joined(nodes: list[Node], *, every: bool) -> Node:
    neutral: Node = Everything() if every else NOTHING
    final: Node = NOTHING if every else Everything()
    if final in nodes:
        return final
    rest = [node for node in nodes if node != neutral]
    if not rest:
        return neutral
    return all_of(rest) if every else any_of(rest)


def _is_common(node: Node, name: str) -> bool:
    """Whether it is nothing but words that RediSearch does not index."""
    if isinstance(node, Not):
        return _is_common(node.node, name)
    if isinstance(node, Field):
        return _is_common(node.value, node.name)
    if isinstance(node, And | Or):
        return all(_is_common(part, name) for part in node.nodes)
    if name and field_of(name).kind is not Kind.TEXT:
        return False
    return isinstance(node, Word | Phrase) and all(word in COMMON for word in words(node.text))
