"""What the value of one key must be: tests of single values, for fields that no index knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from dmart_tui.core.search.moments import exactly, limits, period
from dmart_tui.core.search.tree import Exists, Fuzzy, Node, Phrase, Prefix, Range, Tags, Textual, Word
from dmart_tui.core.search.words import text_test

Test: TypeAlias = Callable[[Any], bool]
_DEEPEST: Final = 100


def value_test(wanted: Node) -> Test:
    """Whether a text, number or truth value of a JSON document is as wanted: what is compared depends on its type."""
    if isinstance(wanted, Exists):
        return lambda value: value is not None
    if isinstance(wanted, Range):
        return _range_test(wanted)
    if isinstance(wanted, Tags):
        tests = [_typed(one.text, tag_test(one)) for one in wanted.values]
        return lambda value: any(test(value) for test in tests)
    if isinstance(wanted, Word | Phrase | Prefix | Fuzzy):
        return _typed(wanted.text, text_test(wanted))
    raise AssertionError(f"{wanted!r} is no single condition")


def tag_test(wanted: Textual) -> Callable[[str], bool]:
    """Whether a text is this tag: as RediSearch, in any case of ASCII letters, spaces around it left out."""
    text = _lower(wanted.text.strip())
    if isinstance(wanted, Prefix):
        return lambda value: _lower(value.strip()).startswith(text)
    return lambda value: _lower(value.strip()) == text


def leaves(value: Any, keys: tuple[str, ...], depth: int = 0) -> Iterator[Any]:
    """The single values at a path; lists are looked into, `*` stands for any keys to any depth (of 100)."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for inner in value:
            yield from leaves(inner, keys, depth + 1)
    elif isinstance(value, dict):
        if not keys:
            return
        if keys[0] == "*":
            for inner in value.values():
                yield from leaves(inner, keys if isinstance(inner, dict | list) else keys[1:], depth + 1)
        elif keys[0] in value:
            yield from leaves(value[keys[0]], keys[1:], depth + 1)
    elif not keys or keys == ("*",):
        yield value


def _typed(text: str, test: Callable[[str], bool]) -> Test:
    number = exactly(text, dates=False)

    def is_wanted(value: Any) -> bool:
        if isinstance(value, str):
            return test(value)
        if isinstance(value, bool):
            return test("true" if value else "false")
        return isinstance(value, int | float) and number is not None and number.hold(value)

    return is_wanted


def _range_test(wanted: Range) -> Test:
    numbers, dates = limits(wanted, dates=False), limits(wanted, dates=True)

    def is_wanted(value: Any) -> bool:
        if isinstance(value, str):
            found = period(value)
            return found is not None and dates is not None and dates.hold(found[0])
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return numbers is not None and numbers.hold(value)

    return is_wanted


def _lower(text: str) -> str:
    return text.lower() if text.isascii() else "".join(char.lower() if char.isascii() else char for char in text)
