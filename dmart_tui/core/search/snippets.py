"""The pieces of texts in which the words of a query were found."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from dmart_tui.core.search.fields import Kind, field_of
from dmart_tui.core.search.results import Snippet
from dmart_tui.core.search.tree import And, Field, Fuzzy, Node, Or, Phrase, Prefix, Tags, Word
from dmart_tui.core.search.words import COMMON, alike, words
from dmart_tui.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

LAST: Final = "facts"
"""The field of what is not said in sentences: type, owner, state, ..."""
_BEFORE: Final = 30
_LENGTH: Final = 160
_LOOKED_AT: Final = 100_000
"""Characters of one text in which words are looked for."""
_PIECE: Final = re.compile(r"[^\s\x00-/:-@\[-^`{-\x7f]+")
_BREAKS: Final = re.compile(r"\s+")


@dataclass
class Wanted:
    """The words a query wants in texts, not those it does not want, nor what it wants of owners, types and the like."""

    whole: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    similar: set[tuple[str, int]] = field(default_factory=set)

    @classmethod
    def of(cls, tree: Node) -> Wanted:
        """Of a whole query; common words count where they are all there is."""
        found = cls()
        found._take(tree)
        found.whole = (found.whole - COMMON) or found.whole
        return found

    def __bool__(self) -> bool:
        return bool(self.whole or self.begun or self.similar)

    def __contains__(self, word: str) -> bool:
        return (
            word in self.whole
            or any(word.startswith(begin) for begin in self.begun)
            or any(alike(one, word, distance) for one, distance in self.similar)
        )

    def _take(self, node: Node) -> None:
        if isinstance(node, And | Or):
            for part in node.nodes:
                self._take(part)
        elif isinstance(node, Field):
            known = field_of(node.name)
            if known.words or known.kind is Kind.ANY:
                self._take(node.value)
        elif isinstance(node, Tags):
            for value in node.values:
                self._take(value)
        elif isinstance(node, Word | Phrase):
            self.whole.update(words(node.text))
        elif isinstance(node, Prefix):
            *whole, begin = words(node.text) or ("",)
            self.whole.update(whole)
            self.begun.update({begin} - {""})
        elif isinstance(node, Fuzzy):
            self.similar.update((word, node.distance) for word in words(node.text))


def snippets(wanted: Wanted, texts: Iterable[tuple[str, str]], most: int = 3) -> tuple[Snippet, ...]:
    """The first pieces with words that are wanted, one a text; of `LAST` only where there is no other.

    Args:
        texts: (field, text), the most telling first.
    """
    found: list[Snippet] = []
    if wanted:
        known = lru_cache(maxsize=10_000)(lambda piece: any(word in wanted for word in words(piece)))
        for name, text in dict.fromkeys(texts):
            if name == LAST and found:
                break
            flat = _BREAKS.sub(" ", text[:_LOOKED_AT]).strip()
            spans = [match.span() for match in _PIECE.finditer(flat) if known(match[0])]
            if spans:
                found.append(_cut(name, flat, spans))
            if len(found) == most:
                break
    return tuple(found)


def _cut(name: str, text: str, spans: list[tuple[int, int]]) -> Snippet:
    """The text from a little before the first word; every part is made safe by itself, so that spans stay right."""
    start = max(0, spans[0][0] - _BEFORE)
    if start:
        start = text.find(" ", start, spans[0][0]) + 1 or start
    end = min(len(text), start + _LENGTH)
    shown = "…" if start else ""
    placed: list[tuple[int, int]] = []
    at = start
    for left, right in spans:
        if left >= end:
            break
        shown += safe(text[at:left])
        word = safe(text[left : min(right, end)])
        placed.append((len(shown), len(shown) + len(word)))
        shown += word
        at = min(right, end)
    shown += safe(text[at:end]) + ("…" if end < len(text) else "")
    return Snippet(name, shown, tuple(placed))
