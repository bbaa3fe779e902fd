"""Queries once more, as plainly as Python allows: what the engine's answers are held against."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dmart_tui.core.historydb import Query

Document = dict[str, Any]


def moment_of(document: Document) -> datetime:
    return datetime.fromtimestamp(document["ts"] / 1000, UTC)


def day_of(document: Document) -> int:
    return int(document["ts"] // 86_400_000)


def _number(value: Any) -> Any:
    if not isinstance(value, int | float):
        raise TypeError
    return value


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise TypeError
    return value


_TWO: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: _number(a) + _number(b),
    "-": lambda a, b: _number(a) - _number(b),
    "*": lambda a, b: _number(a) * _number(b),
    "/": lambda a, b: _number(a) / _number(b),
    "//": lambda a, b: _number(a) // _number(b),
    "%": lambda a, b: _number(a) % _number(b),
    "startswith": lambda a, b: _text(a).startswith(_text(b)),
    "endswith": lambda a, b: _text(a).endswith(_text(b)),
    "contains": lambda a, b: b in a,
}
_ONE: dict[str, Callable[[Any], Any]] = {
    "neg": lambda a: -_number(a),
    "lower": lambda a: _text(a).lower(),
    "upper": lambda a: _text(a).upper(),
    "length": len,
}
_OWN: dict[str, Callable[[datetime], Any]] = {
    "time": datetime.timestamp,
    "hour": lambda when: when.hour,
    "day": lambda when: when.date().isoformat(),
    "weekday": datetime.isoweekday,
    "month": lambda when: when.strftime("%Y-%m"),
    "year": lambda when: when.year,
}


def evaluate(node: list[Any], document: Document, derived: dict[str, list[Any]]) -> Any:
    """The value of an expression, given as data; None where it is missing."""
    operation, *operands = node
    if operation == "value":
        return operands[0]
    if operation == "field":
        name, *path = operands
        if name in derived and not path:
            earlier = dict(list(derived.items())[: list(derived).index(name)])
            return evaluate(derived[name], document, earlier)
        value = document.get(name)
        for key in path:
            if isinstance(value, dict):
                value = value.get(key)
            elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
                value = value[key]
            else:
                return None
        return value
    if operation in _OWN and not operands:
        return _OWN[operation](moment_of(document))
    values = [evaluate(operand, document, derived) for operand in operands]
    if operation == "exists":
        return values[0] is not None
    if operation == "and":
        if any(value is not None and not value for value in values):
            return False
        return None if None in values else True
    if operation == "or":
        return True if any(values) else None if any(value is None for value in values) else False
    if any(value is None for value in values):
        return None
    if operation == "not":
        return not values[0]
    try:
        if operation == "in":
            if isinstance(values[0], list | dict):
                return None
            return any(values[0] == value for value in values[1:])
        return _TWO[operation](*values) if operation in _TWO else _ONE[operation](*values)
    except (TypeError, ArithmeticError):
        return None


def key(value: Any) -> Any:
    """Something equal for equal keys only, True being no 1."""
    if isinstance(value, list | dict):
        return repr(value)
    return isinstance(value, bool), value


def ordered(values: Sequence[Any], by: Callable[[Any], Any], down: bool) -> list[Any]:
    """Sorted: nothing, then numbers, then texts."""

    def rank(one: Any) -> tuple[int, Any]:
        value = by(one)
        return (0, 0) if value is None else (1, value) if isinstance(value, int | float) else (2, value)

    compare = cmp_to_key(lambda a, b: (rank(a) > rank(b)) - (rank(a) < rank(b)))
    return sorted(values, key=compare, reverse=down)


def answer(query: Query, documents: Sequence[Document]) -> list[Any]:
    """The documents, or the rows of groups, in the order asked for; `documents` as they were appended."""
    derived = {name: one.to_data() for name, one in query.derived}

    def told(expression: Any, document: Document) -> Any:
        return evaluate(expression.to_data(), document, derived)

    found = sorted((one for one in documents if query.first <= day_of(one) <= query.last), key=day_of)
    if query.condition is not None:
        found = [one for one in found if told(query.condition, one)]
    if (unique := query.duplicates) is not None:
        seen: list[Any] = []
        kept = []
        for one in found if unique.keep == "first" else reversed(found):
            value = told(unique.key, one)
            place = (key(value), day_of(one) if unique.scope == "day" else None)
            if value is None or place not in seen:
                kept.append(one)
                seen.append(place)
        found = kept if unique.keep == "first" else kept[::-1]
    if not query.reduces:
        for name, down in reversed(query.ordering):
            found = ordered(found, lambda one, name=name: evaluate(["field", name], one, derived), down)  # type: ignore[misc]
        more = [{name: evaluate(["field", name], one, derived) for name in derived} for one in found]
        return [one | extra for one, extra in zip(found, more, strict=True)][: query.most]
    groups: dict[Any, tuple[list[Any], list[Document]]] = {} if query.keys else {(): ([], [])}
    for one in found:
        values = [told(expression, one) for _, expression in query.keys]
        groups.setdefault(tuple(map(key, values)), (values, []))[1].append(one)
    rows = []
    for values, members in groups.values():
        reduced = []
        for _, aggregate in query.measures:
            state = aggregate.init()
            for one in members:
                read = [told(expression, one) for expression in aggregate.fields]
                if not read or read[0] is not None:
                    state = aggregate.step(state, *read)
            reduced.append(aggregate.final(state))
        rows.append([*values, *reduced])
    columns = list(query.columns)
    if query.kept is not None:
        rows = [row for row in rows if evaluate(query.kept.to_data(), dict(zip(columns, row, strict=True)), {})]
    for name, down in reversed(query.ordering):
        rows = ordered(rows, lambda row, name=name: row[columns.index(name)], down)  # type: ignore[misc]
    return rows[: query.most]
