"""The query language: text to a tree. Whatever is typed gives a tree, of what can be understood, and what is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dmart_tui.core.search.moments import is_bound
from dmart_tui.core.search.tree import (
    Bound,
    Everything,
    Exists,
    Field,
    Fuzzy,
    Node,
    Not,
    Phrase,
    Prefix,
    Range,
    Tags,
    Word,
    all_of,
    any_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CHARACTERS: Final = 4096
MOST_PARTS: Final = 200
"""Words, phrases and conditions in one query."""
MOST_DEPTH: Final = 10
"""Groups and negations inside each other; the parsers of SQLite take not many more."""

_SPACE: Final = re.compile(r"\s*")
_WORD: Final = re.compile(r'(?:\\.|[^\s"()|\\]|\\\Z)+', re.DOTALL)
_QUOTED: Final = re.compile(r'"((?:\\.|[^"\\])*)(?:(")|\\?\Z)', re.DOTALL)
_FIELD: Final = re.compile(r'@((?:\\.|[^\s:@"(){}\[\]|\\])+(?:\|(?:\\.|[^\s:@"(){}\[\]|\\])+)*):', re.DOTALL)
_TAGS: Final = re.compile(r"\{((?:\\.|[^}\\])*)(?:(\})|\\?\Z)", re.DOTALL)
_RANGE: Final = re.compile(r"\[([^\]]*)(\]?)")
_BETWEEN: Final = re.compile(r"[\s,]+")
_COMPARED: Final = re.compile(r"([<>]=?)")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_STAR: Final = re.compile(r"(?<!\\)(?:\\\\)*\*")
_BAR: Final = re.compile(r"(?:\\.|[^|\\])+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a part of a query: the characters from `start` up to `end`, and a sentence."""

    start: int
    end: int
    message: str


@dataclass(frozen=True, slots=True)
class Query:
    """A text that was read."""

    text: str
    tree: Node
    """Of what was understood; `Everything` when that is nothing."""
    faults: tuple[Fault, ...] = ()
    """In the order of the text; empty when all was understood."""


def parse(text: str) -> Query:
    """Read a query; never raises. Linear in the length of the text."""
    parser = _Parser(text[:MOST_CHARACTERS])
    tree = parser.whole()
    if len(text) > MOST_CHARACTERS:
        parser.fault(MOST_CHARACTERS, len(text), f"a query has at most {MOST_CHARACTERS:,} characters")
    return Query(text, tree or Everything(), tuple(sorted(parser.faults, key=lambda fault: fault.start)))


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.faults: list[Fault] = []
        self._depth = 0
        self._parts = 0

    def fault(self, start: int, end: int, message: str) -> None:
        self.faults.append(Fault(start, end, message))

    def whole(self) -> Node | None:
        found: list[Node] = []
        while True:
            node = self._either(self._condition)
            if node is not None:
                found.append(node)
            if not self._peek():
                break
            self.fault(self.at, self.at + 1, "this ) closes no group")
            self.at += 1
        return all_of(found) if found else None

    # -- structure: what is below is the same at the top and in the group of a field ----------------------

    def _either(self, leaf: Callable[[], Node | None]) -> Node | None:
        sides: list[Node] = []
        bar = -1
        while True:
            side = self._every(leaf)
            if side is not None:
                sides.append(side)
            elif bar >= 0 or self._peek() == "|":
                where = self.at if bar < 0 else bar
                self.fault(where, where + 1, "nothing stands on one side of this |")
            if self._peek() != "|":
                return any_of(sides) if sides else None
            bar = self.at
            self.at += 1

    def _every(self, leaf: Callable[[], Node | None]) -> Node | None:
        nodes: list[Node] = []
        while (sign := self._peek()) and sign not in "|)":
            node = self._one(leaf)
            if node is not None:
                nodes.append(node)
        return all_of(nodes) if nodes else None

    def _one(self, leaf: Callable[[], Node | None]) -> Node | None:
        sign = self.text[self.at]
        if sign not in "-(":
            return self._counted(leaf)
        start = self.at
        self.at += 1
        if self._depth >= MOST_DEPTH:
            self.fault(start, start + 1, f"groups stand at most {MOST_DEPTH} deep in each other")
            return None
        self._depth += 1
        node = self._group(start, leaf) if sign == "(" else self._negated(start, leaf)
        self._depth -= 1
        return node

    def _group(self, start: int, leaf: Callable[[], Node | None]) -> Node | None:
        node = self._either(leaf)
        if self._peek() == ")":
            self.at += 1
            if node is None:
                self.fault(start, self.at, "nothing stands in this group")
        else:
            self.fault(start, start + 1, "this ( is not closed")
        return node

    def _negated(self, start: int, leaf: Callable[[], Node | None]) -> Node | None:
        after = self.text[self.at : self.at + 1]
        if not after or after.isspace() or after in "|)":
            self.fault(start, start + 1, "a minus stands before what is not wanted; write \\- for the sign")
            return None
        node = self._one(leaf)
        return None if node is None else Not(node)

    def _counted(self, leaf: Callable[[], Node | None]) -> Node | None:
        start = self.at
        node = leaf()
        self._parts += 1
        if self._parts > MOST_PARTS:
            if self._parts == MOST_PARTS + 1:
                self.fault(start, self.at, f"a query has at most {MOST_PARTS} words and conditions")
            return None
        return node

    def _peek(self) -> str:
        """The next character that is no space; empty at the end."""
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    # -- leaves --------------------------------------------------------------------------------------------

    def _condition(self) -> Node | None:
        if match := _FIELD.match(self.text, self.at):
            start, self.at = self.at, match.end()
            return self._field(start, [_plain(name) for name in _BAR.findall(match[1])])
        return self._words(Everything())

    def _within_field(self) -> Node | None:
        return self._words(Exists())

    def _words(self, star: Node) -> Node | None:
        sign = self.text[self.at]
        if sign == '"':
            return self._phrase()
        if sign == "%":
            return self._fuzzy()
        return self._word(star)

    def _phrase(self) -> Node | None:
        start, match = self.at, _QUOTED.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        if not match[2]:
            self.fault(start, start + 1, 'this " is not closed')
        if not match[1]:
            if match[2]:
                self.fault(start, self.at, "nothing stands between the quotes")
            return None
        return Phrase(_plain(match[1]))

    def _fuzzy(self) -> Node | None:
        start = self.at
        while self.text[self.at : self.at + 1] == "%":
            self.at += 1
        signs = self.at - start
        match = re.compile(rf'((?:\\.|[^\s"()|\\%])+)%{{{signs}}}(?!%)', re.DOTALL).match(self.text, self.at)
        if match is None or signs > 3:
            rest = _WORD.match(self.text, self.at)
            self.at = rest.end() if rest else self.at
            self.fault(start, self.at, "like-words are written %word%, with up to three % on each side")
            return Word(_plain(rest[0])) if rest else None
        self.at = match.end()
        return Fuzzy(_plain(match[1]), signs)

    def _word(self, star: Node) -> Node | None:
        start, match = self.at, _WORD.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        return self._starred(match[0], start, star)

    def _starred(self, raw: str, start: int, star: Node) -> Node:
        if raw == "*":
            return star
        stars = [found.end() - 1 for found in _STAR.finditer(raw)]
        if not stars:
            return Word(_plain(raw))
        if stars == [len(raw) - 1]:
            return Prefix(_plain(raw[:-1]))
        wrong = start + next(iter(stars))
        self.fault(wrong, wrong + 1, "a * stands at the end of a word; write \\* for the sign")
        return Word(_plain(raw))

    def _field(self, start: int, names: list[str]) -> Node | None:
        unwanted = self.text[self.at : self.at + 1] == "!"
        self.at += unwanted
        value = self._value(names[0])
        if value is None:
            return None
        node = any_of([Field(name, value) for name in names])
        return Not(node) if unwanted else node

    def _value(self, name: str) -> Node | None:
        sign = self.text[self.at : self.at + 1]
        if not sign or sign.isspace() or sign in "|)":
            self.fault(self.at - 1, self.at, f"say what {name} should be: a word, {{a tag}}, [a range] or * for any")
            return None
        if sign == "(":
            return self._one(self._within_field)
        if sign == "{":
            return self._tags()
        if sign == "[":
            return self._range()
        if match := _COMPARED.match(self.text, self.at):
            return self._comparison(match)
        values = [self._within_field()]
        while self._goes_on():
            self.at += 1
            values.append(self._within_field())
        found = [value for value in values if value is not None]
        return any_of(found) if found else None

    def _goes_on(self) -> bool:
        """Whether `|value` follows without a space: `@f:a|b` means `@f:(a|b)`."""
        bar, after = self.text[self.at : self.at + 1], self.text[self.at + 1 : self.at + 2]
        return bar == "|" and bool(after) and not after.isspace() and after not in "|()@-"

    def _tags(self) -> Node | None:
        start, match = self.at, _TAGS.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        if not match[2]:
            self.fault(start, start + 1, "this { is not closed")
        values = [self._tag(found) for found in _BAR.finditer(match[1])]
        wanted = tuple(value for value in values if value is not None)
        if not wanted:
            self.fault(start, self.at, "a tag stands between { and }")
            return None
        return Tags(wanted)

    def _tag(self, found: re.Match[str]) -> Word | Prefix | None:
        raw = re.sub(r"^\s+|(?<!\\)\s+\Z", "", found[0])
        if not raw:
            return None
        stars = [star.end() - 1 for star in _STAR.finditer(raw)]
        if stars == [len(raw) - 1] and len(raw) > 1:
            return Prefix(_plain(raw[:-1]))
        return Word(_plain(raw))

    def _range(self) -> Node | None:
        start, match = self.at, _RANGE.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        if not match[2]:
            self.fault(start, start + 1, "this [ is not closed")
        ends = [end for end in _BETWEEN.split(match[1]) if end]
        if not 1 <= len(ends) <= 2:
            self.fault(start, self.at, "a range has two ends: [from to]")
            return None
        low, high = (self._bound(end, start, self.at) for end in (ends[0], ends[-1]))
        return None if low is _WRONG or high is _WRONG else Range(low, high)

    def _comparison(self, match: re.Match[str]) -> Node | None:
        start, self.at = self.at, match.end()
        rest = _WORD.match(self.text, self.at)
        self.at = rest.end() if rest else self.at
        bound = self._bound(rest[0] if rest else "", start, self.at)
        if bound is _WRONG or bound is None:
            return None
        wanted = Bound(bound.text, match[0].endswith("="))
        return Range(wanted, None) if match[0].startswith(">") else Range(None, wanted)

    def _bound(self, text: str, start: int, end: int) -> Bound | None:
        exclusive, written = text.startswith("("), text.removeprefix("(")
        if written.lower() in ("-inf", "+inf", "inf"):
            return None
        if not is_bound(written):
            said = f"{written} is" if written else "this is"
            self.fault(start, end, f"{said} neither a number nor a date such as 2025, 2025-04 or 2025-04-01T10:30")
            return _WRONG
        return Bound(written, not exclusive)


_WRONG: Final = Bound("")


def _plain(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)
