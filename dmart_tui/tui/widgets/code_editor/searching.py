"""Finding a text or a pattern in lines, and what to put in its place."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dmart_tui.tui.widgets.code_editor.buffer import Position

MOST: Final = 10_000
"""Places that are looked for while typing."""
PATIENCE: Final = 0.25
"""Seconds that a pattern may take; one like `(a+)+$` would take for ever."""


class BadPattern(ValueError):
    """A pattern or what to put in its place cannot be used; carries a few words for a person."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; matches of nothing at all are left out."""

    words: str
    case: bool = False
    """Capitals matter."""
    pattern: bool = False
    """`words` is a regular expression."""


class Match(NamedTuple):
    """A place found."""

    start: Position
    end: Position
    found: Any
    """The match object of `re` or `regex`."""

    def filled(self, template: str, query: Query) -> str:
        """What to put in its place: the template, in a pattern's with its groups (`\\1`) filled in.

        Raises:
            BadPattern: the template names a group that there is not.
        """
        if not query.pattern:
            return template
        import regex

        try:
            return str(self.found.expand(template))
        except (IndexError, regex.error) as error:
            raise BadPattern(str(error)) from None


def find(lines: Sequence[str], query: Query) -> Iterator[Match]:
    """Every place, from the first.

    Args:
        lines: without anything of their ends; a pattern may reach over several with `\\n`.

    Raises:
        BadPattern: the pattern is none, or takes longer than 0.25 s.
    """
    if not query.words:
        return
    ends = list(accumulate((len(line) + 1 for line in lines), initial=0))

    def place(offset: int) -> Position:
        row = bisect_right(ends, offset) - 1
        return row, offset - ends[row]

    for found in _finds("\n".join(lines), query):
        if found.end() > found.start():
            yield Match(place(found.start()), place(found.end()), found)


def _finds(text: str, query: Query) -> Iterator[Any]:
    if not query.pattern:
        yield from re.finditer(re.escape(query.words), text, re.NOFLAG if query.case else re.IGNORECASE)
        return
    import regex  # unlike `re`, it can be stopped

    try:
        pattern = regex.compile(query.words, regex.MULTILINE | (0 if query.case else regex.IGNORECASE))
        yield from pattern.finditer(text, timeout=PATIENCE)
    except regex.error as error:
        raise BadPattern(str(error)) from None
    except TimeoutError:
        raise BadPattern("takes too long") from None
