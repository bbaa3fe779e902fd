"""What the end of a part of a query may become: names of fields, functions, aggregates, and values that were seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dmart_tui.core.historydb import MAKERS, SHIPPED, TESTS, TIMES

Part = str
"""One of `PARTS`."""
PARTS: Final = ("first", "last", "where", "derive", "unique", "group", "reduce", "having", "order", "limit")

_WORD: Final = re.compile(r"[^\W\d]\w*\Z")
_METHOD: Final = re.compile(r"[\w\])]\.(\w*)\Z")
_QUOTED: Final = re.compile(r"""(\w+)\s*(?:[!=]=|in\s*\([^()]*)\s*(["'])([^"']*)\Z""")
_ASSIGNED: Final = re.compile(r"(\w+)\s*=(?!=)")
_JOINING: Final = ("and", "or", "not", "in")


@dataclass(frozen=True, slots=True)
class Words:
    """What is known of a store's documents."""

    fields: Sequence[str] = ()
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Texts that were seen in a field."""


def words_of(documents: Iterable[dict[str, Any]], most: int = 50) -> Words:
    """Learn the fields, nested ones with dots, and short texts in them."""
    fields: dict[str, None] = {}
    values: dict[str, dict[str, None]] = {}
    for document in documents:
        for name, value in _flat(document, ""):
            fields[name] = None
            if isinstance(value, str) and 0 < len(value) <= 40 and value.isprintable() and '"' not in value:
                seen = values.setdefault(name, {})
                if len(seen) < most:
                    seen[value] = None
    return Words(list(fields), {name: list(seen) for name, seen in values.items()})


def _flat(document: dict[str, Any], before: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if not (isinstance(key, str) and key.isidentifier()):
            continue
        if isinstance(value, dict) and depth < 3:
            yield from _flat(value, f"{before}{key}.", depth + 1)
        else:
            yield before + key, value


def complete(part: Part, text: str, words: Words, parts: Mapping[Part, str]) -> str | None:
    """The whole text that a part may become, beginning with it; None when nothing is known or nothing is begun.

    Args:
        text: up to the cursor.
        parts: the texts of all parts: what is derived and reduced has names too.
    """
    if part in ("first", "last", "limit") or not text:
        return None
    if (quoted := _QUOTED.search(text)) and part in ("where", "having", "derive"):
        name, quote, begun = quoted.groups()
        found = _begins(begun, words.values.get(name, ()))
        return f"{text}{found[len(begun) :]}{quote}" if found is not None else None
    if (method := _METHOD.search(text)) and part in ("where", "having", "derive"):
        begun = method[1]
        nested = [name.rpartition(".")[2] for name in words.fields if "." in name]
        found = _begins(begun, [*(f"{test}(" for test in (*TESTS, *MAKERS)), *nested]) if begun else None
        return text + found[len(begun) :] if found is not None else None
    word = _WORD.search(text)
    if word is None:
        return None
    found = _begins(word[0], _candidates(part, text, words, parts))
    return text + found[len(word[0]) :] if found is not None else None


def _candidates(part: Part, text: str, words: Words, parts: Mapping[Part, str]) -> list[str]:
    derived = _ASSIGNED.findall(parts.get("derive", ""))
    reduced = _ASSIGNED.findall(parts.get("reduce", ""))
    fields = [*derived, *words.fields]
    if part == "order":
        return [*reduced, *_listed(parts.get("group", "")), *fields]
    if part == "having":
        return [*reduced, *_listed(parts.get("group", "")), *_JOINING]
    if part in ("unique", "group"):
        return fields
    if part == "reduce":
        inside = text.count("(") > text.count(")")
        return fields if inside else [f"{name}(" for name in SHIPPED]
    return [*fields, *(f"{time}(" for time in TIMES), *_JOINING]


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip().isidentifier()]


def _begins(begun: str, candidates: Iterable[str]) -> str | None:
    return next((one for one in candidates if one.startswith(begun) and one != begun), None)
