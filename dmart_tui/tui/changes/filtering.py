"""Which lines of a log a person wants to see: `owner:dana key:state closed`."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.spaces import Event, Missing, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.spaces import Change, Logged

_TERM: Final = re.compile(r'(-)?(?:(owner|key|type|request|source):)?(?:"([^"]*)"?|(\S+))', re.IGNORECASE)
_SEARCHED: Final = 10_000
"""Characters of a value that are searched."""


class Filter:
    """The terms of a filter, all of which must hold (those after a `-` must not), any case.

    `owner:`, `key:`, `type:`, `request:` and `source:` narrow one field; other words stand anywhere: in keys, values,
    owners, addresses. A word in quotes must be the whole field; without a field it may hold blanks.
    """

    def __init__(self, text: str = "") -> None:
        self.text = text.strip()

    @cached_property
    def terms(self) -> list[tuple[bool, str, str, bool]]:
        """(wanted or not, field or "", lower-case word, whole field) each."""
        found = []
        for minus, field, quoted, plain in _TERM.findall(self.text):
            if word := quoted or plain:
                found.append((not minus, field.lower(), word.lower(), bool(quoted)))
        return found

    def __bool__(self) -> bool:
        return bool(self.terms)

    def has(self, field: str, word: str) -> bool:
        """Whether it holds this exact term."""
        return (True, field, word.lower(), True) in self.terms

    def toggled(self, field: str, word: str) -> str:
        """The text with an exact term of a field instead of its others, or without it when it is there."""
        rest = [match[0] for match in _TERM.finditer(self.text) if match[1] or (match[2] or "").lower() != field]
        if not self.has(field, word):
            rest.append(f'{field}:"{word}"')
        return " ".join(rest)

    def keeps(self, item: Logged) -> bool:
        """Whether a line matches; costs a pass over its values when there are words without a field."""
        return all(self._holds(item, field, word, whole) == wanted for wanted, field, word, whole in self.terms)

    def wants_key(self, key: str) -> bool:
        """Whether a key is one that was asked for."""
        return any(field == "key" and wanted and _fits(key, word, whole) for wanted, field, word, whole in self.terms)

    def _holds(self, item: Logged, field: str, word: str, whole: bool) -> bool:
        if not field:
            return any(word in text.lower() for text in _texts(item))
        return any(_fits(text, word, whole) for text in _field(item, field))


def _fits(text: str, word: str, whole: bool) -> bool:
    text = text.lower()
    return text == word if whole else word in text


def _field(item: Logged, field: str) -> Iterator[str]:
    if field == "owner":
        yield item.owner
    elif field == "key":
        yield from (change.key for change in item.changes)
    elif field == "source":
        yield item.source
    elif isinstance(item, Event):
        yield item.request if field == "request" else item.type
    elif isinstance(item, Record) and field == "request":
        yield item.event or "update"


def _texts(item: Logged) -> Iterator[str]:
    yield item.owner
    yield str(item.address)
    yield item.timestamp
    if isinstance(item, Event):
        yield f"{item.request} {item.type}"
        yield from _value(item.attributes)
    for problem in item.problems:
        yield problem.detail
    for change in item.changes:
        yield from _change(change)


def _change(change: Change) -> Iterator[str]:
    yield change.key
    for side in (change.old, change.new):
        yield from _value(side)


def _value(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
            yield from map(str, value)
        elif isinstance(value, list | tuple):
            waiting.extend(value)
        elif value is not None and not isinstance(value, Missing):
            yield str(value)[:_SEARCHED]
