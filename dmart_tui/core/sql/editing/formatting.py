"""Laying out SQL: line breaks and indents alone change; words, comments and their order stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.core.sql.editing.texts import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.sql.editing.texts import Token

SHORT: Final = 60
"""Characters of a statement that stays on one line."""
_STEP: Final = "  "
_CLAUSES: Final = frozenset(
    (
        *("select", "from", "where", "group", "order", "having", "qualify", "window", "limit", "offset", "values"),
        *("union", "except", "intersect", "returning", "set"),
    )
)
_BEFORE_JOIN: Final = frozenset(
    ("left", "right", "full", "inner", "cross", "natural", "asof", "positional", "anti", "semi")
)
_CONDITIONS: Final = frozenset(("where", "having", "qualify", "on", "join"))


def layout(text: str) -> str:
    """The text with a line a clause, and a line an item of a long list; the same where its words would not stay."""
    found = tokens(text)
    pieces: list[str] = []
    part: list[Token] = []
    for token in found:
        part.append(token)
        if text[token.start : token.end] == ";" and token.kind == "operator":
            pieces.append(_Layout(text, part).made)
            part = []
    if part:
        pieces.append(_Layout(text, part).made)
    made = "\n\n".join(pieces) + ("\n" if text.endswith("\n") else "")
    return made if _words(made, tokens(made)) == _words(text, found) else text


def _words(text: str, found: Sequence[Token]) -> list[tuple[str, str]]:
    return [(token.kind, text[token.start : token.end]) for token in found]


class _Layout:
    """One statement laid out."""

    def __init__(self, text: str, part: Sequence[Token]) -> None:
        self._text = text
        self._part = part
        self._lines = [""]
        self._groups: list[bool] = []
        """For each open parenthesis, whether a query is in it."""
        self._clause = [""]
        """The clause of each query around."""
        self._between = self._case = 0
        comments = any(token.kind == "comment" for token in part)
        self._short = part[-1].end - part[0].start <= SHORT and not comments
        for at in range(len(part)):
            self._put(at)
        self.made = "\n".join(line.rstrip() for line in self._lines)

    def _word(self, at: int) -> str:
        token = self._part[at] if 0 <= at < len(self._part) else None
        if token is None or token.kind == "comment" or self._text[token.start - 1 : token.start] in ("$", "."):
            return ""  # a comment, a parameter or the name of a column is no word of the language
        word = self._text[token.start : token.end]
        return word.lower() if token.kind in ("keyword", "identifier", "operator") else word

    def _new_line(self, deeper: int = 0) -> None:
        if not self._short:
            indent = _STEP * (sum(self._groups) + deeper)
            if self._lines[-1].strip():
                self._lines.append(indent)
            else:
                self._lines[-1] = indent

    def _put(self, at: int) -> None:
        token, word = self._part[at], self._word(at)
        source = self._text[token.start : token.end]
        gap = self._text[self._part[at - 1].end : token.start] if at else ""
        if token.kind == "comment":
            if "\n" in gap:
                self._new_line()
            self._add(source, bool(gap))
            if source.startswith("--"):
                self._lines.append(_STEP * sum(self._groups))
            return
        if word == ")" and self._groups:
            if self._groups.pop():
                self._clause.pop()
                self._new_line()
                gap = "" if not self._short else gap
        elif (gap or self._word(at - 1) == ")") and self._begins_line(at, word):
            self._new_line()
        elif gap and word in ("and", "or") and self._breaks_condition(word):
            self._new_line(1)
        self._add(source, bool(gap))
        self._note(at, word)

    def _begins_line(self, at: int, word: str) -> bool:
        if self._in_list or self._part[at].kind not in ("keyword", "identifier"):
            return False
        before = self._word(at - 1)
        if word in _CLAUSES:
            return before not in ("all", "distinct", "(", "update", "within") or (word == "select" and before == "all")
        if word == "join":
            return before not in _BEFORE_JOIN and before != "outer"
        return (
            word in _BEFORE_JOIN
            and self._word(at + 1) in ("join", "outer", *_BEFORE_JOIN)
            and before not in _BEFORE_JOIN
        )

    def _breaks_condition(self, word: str) -> bool:
        if word == "and" and self._between:
            self._between -= 1
            return False
        return not self._in_list and not self._case and self._clause[-1] in _CONDITIONS

    @property
    def _in_list(self) -> bool:
        """Whether parentheses without a query are open."""
        return bool(self._groups) and not self._groups[-1]

    def _note(self, at: int, word: str) -> None:
        if word == "(":
            query = self._word(at + 1) in ("select", "with", "from", "values")
            self._groups.append(query)
            if query:
                self._clause.append("")
                self._new_line()
        elif word == "between":
            self._between += 1
        elif word == "case":
            self._case += 1
        elif word == "end" and self._case:
            self._case -= 1
        elif word in _CLAUSES or word in ("on", "join"):
            self._clause[-1] = word
        elif word == "," and not self._in_list and self._clause[-1] in ("select", "set"):
            self._new_line(1)

    def _add(self, source: str, gap: bool) -> None:
        line = self._lines[-1]
        self._lines[-1] = line + (" " if gap and line.strip() else "") + source
