"""The text of statements: tokens and where each statement begins and ends, also while it is being typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

Kind = Literal["keyword", "identifier", "operator", "string", "number", "comment"]

DEEPEST: Final = 1000
"""Brackets in brackets: more are no expression to the engine, which takes minutes and all memory to say so."""
_KINDS: Final[dict[str, Kind]] = {
    "comment": "comment",
    "identifier": "identifier",
    "keyword": "keyword",
    "numeric_const": "number",
    "operator": "operator",
    "string_const": "string",
}


class Token(NamedTuple):
    """A word of SQL; places in characters, `end` behind its last."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a text, without the semicolon and what stands around it.

    Args:
        text: the statement.
        start: where it begins in the whole text, in characters.
        end: behind its last character.
        parameters: names without `$`, `1`, `2`, … for `?`; in the order they first stand.
        verb: its first keyword in capitals, behind a WITH too: `SELECT`.
    """

    text: str
    start: int = 0
    end: int = 0
    parameters: tuple[str, ...] = ()
    verb: str = ""


def tokens(text: str) -> list[Token]:
    """The tokens of any text, broken or not; about 0.1 ms a kilobyte, and imports the engine (90 ms) the first time."""
    import duckdb

    data = text.encode("utf-8", "surrogatepass")
    try:
        found = duckdb.tokenize(text)
    except (duckdb.Error, TypeError):  # of half a pair, which is no UTF-8
        return []
    ascii_only = len(data) == len(text)
    places = [place for place, _ in found] + [len(data)]
    if not ascii_only:
        places = _characters(data, places)
    made = []
    for at, (_, kind) in enumerate(found):
        start, after = places[at], places[at + 1]
        if after == start:  # the engine tells some twice, as the $ of `$,`
            continue
        end = start + len(text[start:after].rstrip())
        made.append(Token(start, max(end, start + 1), _KINDS[str(kind).rpartition(".")[2]]))
    return made


def _characters(data: bytes, places: list[int]) -> list[int]:
    """Ascending places in bytes as places in characters."""
    made, chars, before = [], 0, 0
    for place in places:
        chars += len(data[before:place].decode("utf-8", "surrogatepass"))
        before = place
        made.append(chars)
    return made


def statements(text: str) -> list[Statement]:
    """The statements of a text, those with a mistake too; empty ones are left out."""
    found: list[list[Token]] = []
    part: list[Token] = []
    for token in tokens(text):
        if token.kind == "operator" and text[token.start : token.end] == ";":
            found.append(part)
            part = []
        else:
            part.append(token)
    found.append(part)
    return [_statement(text, part) for part in found if any(token.kind != "comment" for token in part)]


def depth(text: str) -> int:
    """How deep brackets stand in brackets; costs `tokens` where there are many."""
    if text.count("(") + text.count("[") + text.count("{") <= DEEPEST:
        return 0
    deepest = level = 0
    for token in tokens(text):
        if token.kind == "operator":
            word = text[token.start : token.end]
            level += (word in "([{") - (word in ")]}")
            deepest = max(deepest, level)
    return deepest


def statement_at(text: str, position: int) -> Statement | None:
    """The statement at a place; between two the one before, at the very beginning the first."""
    found = statements(text)
    before = [statement for statement in found if statement.start <= position]
    return before[-1] if before else found[0] if found else None


def parse(text: str) -> Statement:
    """A text that is meant to be one statement; an empty one when it holds none."""
    found = statements(text)
    return found[0] if found else Statement("", len(text), len(text))


def _statement(text: str, part: list[Token]) -> Statement:
    solid = [token for token in part if token.kind != "comment"]
    start, end = solid[0].start, solid[-1].end
    return Statement(text[start:end], start, end, _parameters(text, solid), _verb(text, solid))


def _parameters(text: str, part: list[Token]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    asked = 0
    for at, token in enumerate(part):
        if token.kind != "operator":
            continue
        word = text[token.start : token.end]
        if word == "?":
            asked += 1
            names[str(asked)] = None
        elif word == "$" and at + 1 < len(part) and part[at + 1].start == token.end:
            names[text[part[at + 1].start : part[at + 1].end]] = None
    return tuple(names)


_MAIN: Final = frozenset(
    (
        "SELECT",
        "FROM",
        "VALUES",
        "TABLE",
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE",
        "PIVOT",
        "UNPIVOT",
        "SUMMARIZE",
        "DESCRIBE",
        "SHOW",
        "COPY",
    )
)


def _verb(text: str, part: list[Token]) -> str:
    words = [(text[token.start : token.end].upper(), token) for token in part]
    first = words[0][0]
    if first == "(":
        return "SELECT"
    if first != "WITH":
        return first
    depth = 0
    for word, token in words:
        depth += (word == "(") - (word == ")")
        if depth == 0 and token.kind in ("keyword", "identifier") and word in _MAIN:
            return word
    return first
