"""What may follow at a place in a query: names of fields, and the values they have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dmart_tui.core.search.fields import FIELDS, Kind, KnownField, field_of
from dmart_tui.core.search.tree import Tags, Word

if TYPE_CHECKING:
    import sqlite3

_NAME: Final = re.compile(r"(?:^|[\s(|!-])@([^\s:@\"(){}\[\]|]*)\Z")
_VALUE: Final = re.compile(
    r"@([^\s:@\"(){}\[\]|]+):!?(?:\{(?:[^{}]*\|)?\s*(?P<tag>[^{}|]*)|\((?:[^()\"]*[\s|(-])?(?P<inner>[^()\s|\"]*)"
    r"|(?:[^\s\"(){}\[\]|]*\|)*(?P<word>[^\s\"(){}\[\]|<>*%]*))\Z"
)
_SAMPLE: Final = 2000
"""Payloads that are looked into for the names of their keys."""
_PLAIN: Final = re.compile(r"\w+\Z")


@dataclass(frozen=True, slots=True)
class Option:
    """What can stand there."""

    text: str
    """What takes the place of what was typed."""
    about: str
    """What it is, or how many have it."""


@dataclass(frozen=True, slots=True)
class Completion:
    """The options at a cursor."""

    start: int
    """From here to the cursor, what was typed of them."""
    options: tuple[Option, ...]


def complete(
    text: str, cursor: int | None = None, connection: sqlite3.Connection | None = None, most: int = 50
) -> Completion:
    """What may stand at a cursor: the fields that begin so, or the values of a field, the most frequent first.

    Args:
        cursor: in characters; the end when None.
        connection: to the local index (`Catalog.connect`); without it only what needs none is offered.

    Costs a look at all values of a column.
    """
    before = text if cursor is None else text[:cursor]
    if match := _NAME.search(before):
        names = _names(match[1], connection)
        return Completion(match.start(1), tuple(names[:most]))
    if match := _VALUE.search(before):
        part = next(name for name in ("tag", "inner", "word") if match[name] is not None)
        known = field_of(match[1])
        rows = _values(known, match[part], connection, most)
        options = tuple(Option(_written(known, value, part), about) for value, about in rows)
        return Completion(match.start(part), options)
    return Completion(len(before), ())


def _names(begin: str, connection: sqlite3.Connection | None) -> list[Option]:
    low = begin.lower()
    found = [Option(f"{name}:", known.about) for known in FIELDS for name in _offered(known, low)]
    if connection is None or low.startswith("payload.body."):
        return found
    start = "payload." if low.startswith("payload.") else ""
    rows = connection.execute(
        "SELECT key, count(*) FROM (SELECT payload FROM resources WHERE payload GLOB '{*' LIMIT ?) AS sample,"
        " json_each(sample.payload) WHERE substr(key, 1, ?) = ? COLLATE NOCASE GROUP BY key ORDER BY 2 DESC LIMIT 50",
        (_SAMPLE, len(begin) - len(start), begin[len(start) :]),
    )
    taken = {option.text for option in found}
    keys = [Option(f"{start}{key}:", "in payloads") for key, _ in rows if _PLAIN.match(key)]
    return [*found, *(option for option in keys if option.text not in taken)]


def _offered(known: KnownField, begin: str) -> list[str]:
    """The field's own name, else the short ones that begin so."""
    if known.name.startswith(begin):
        return [known.name]
    return [alias for alias in known.aliases if alias.startswith(begin)][:1]


def _values(known: KnownField, begin: str, connection: sqlite3.Connection | None, most: int) -> list[tuple[str, str]]:
    if known.kind is Kind.TRUTH:
        return [(value, known.about) for value in ("true", "false") if value.startswith(begin.lower())]
    if connection is None or known.kind not in (Kind.TEXT, Kind.TAG):
        return []
    if known.table:
        source, value = known.table, known.listed[0]
    elif known.columns:
        source, value = "resources WHERE attachment_parent IS NULL", known.columns[0]
    else:
        return []
    rows = connection.execute(
        f"SELECT value, n FROM (SELECT {value} AS value, count(*) AS n FROM {source} GROUP BY 1)"
        " WHERE value <> '' AND substr(value, 1, ?) = ? COLLATE NOCASE ORDER BY n DESC, value LIMIT ?",
        (len(begin), begin, most),
    )
    return [(found, f"{count:,}") for found, count in rows]


def _written(known: KnownField, value: str, part: str) -> str:
    tags = str(Tags((Word(value),)))
    if part == "tag":
        return tags[1:-1]
    if _PLAIN.match(value):
        return value
    return tags if known.kind is Kind.TAG and part == "word" else str(Word(value))
