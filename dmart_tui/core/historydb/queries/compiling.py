"""Expressions as Python functions over columns, made from the checked tree; no constant or name of it becomes source.

Every expression is written twice. The quick form is plain operators, and raises where a value is of a kind that they
are not for; then the same columns go through the careful form, where that makes the one value missing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from dmart_tui.core.historydb.queries import kinds
from dmart_tui.core.historydb.queries.expressions import (
    ARITHMETIC,
    COMPARISONS,
    TIMES,
    Call,
    Expression,
    Field,
    Value,
    from_data,
    walk,
)

DAY: Final = "\0day"
"""The column of the documents' own days, as numbers."""
UNFIT: Final = (TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)
"""What operators raise for values that they are not for."""

Compiled = Callable[..., list[Any]]


def reads(expression: Expression, date_field: str) -> list[str]:
    """The columns an expression is made of, each once."""
    names: dict[str, None] = {}
    for node in walk(expression):
        if isinstance(node, Field):
            names[node.name] = None
        elif isinstance(node, Call) and node.operation in TIMES and not node.operands:
            names[_own_column(node.operation, date_field)] = None
    return list(names)


def compiled(expression: Expression, date_field: str, *, test: bool = False) -> Compiled:
    """A function of the columns that `reads` names, in its order: the value of each document, None where it is missing.

    Args:
        test: something true for the documents that match instead, and something false for all others.
    """
    return _compiled(kinds.pack(expression.to_data()), date_field, test)


@lru_cache(512)
def _compiled(data: bytes, date_field: str, test: bool) -> Compiled:
    expression = from_data(kinds.unpack(data))
    quick, careful = (_function(expression, date_field, test, form) for form in (_Quick, _Careful))

    def run(*columns: Sequence[Any]) -> list[Any]:
        try:
            return quick(*columns)
        except UNFIT:
            return careful(*columns)

    return run


def _function(expression: Expression, date_field: str, test: bool, form: type[_Writer]) -> Compiled:
    names = reads(expression, date_field)
    writer = form({name: f"v{at}" for at, name in enumerate(names)}, date_field)
    body = writer.true(expression) if test else writer.value(expression)
    columns, values = (", ".join(f"{letter}{at}" for at in range(len(names))) for letter in "cv")
    many = f"{values} in zip({columns})" if len(names) > 1 else f"{values} in {columns}"
    source = f"def run({columns}):\n    return [{body}{f' for {many}' if names else ''}]\n"
    namespace: dict[str, Any] = {"__builtins__": {"zip": zip, "len": len}, **_HELPERS, **writer.constants}
    exec(compile(source, "<query>", "exec"), namespace)
    made: Compiled = namespace["run"]
    return made


class _Writer:
    """Writes expressions as source; each may become a value (None when missing), or a test of it."""

    def __init__(self, names: dict[str, str], date_field: str) -> None:
        self.constants: dict[str, Any] = {}
        self._names = names
        self._date_field = date_field
        self._kept = 0

    def true(self, node: Expression) -> str:
        """Something true exactly where the expression is."""
        match node:
            case Call(operation="and" | "or" as word, operands=(left, right)):
                return f"({self.true(left)} {word} {self.true(right)})"
            case Call(operation="not", operands=(operand,)):
                return self.false(operand)
        return self.value(node)

    def false(self, node: Expression) -> str:
        """Something true exactly where the expression is false, and not missing."""
        match node:
            case Call(operation="and" | "or" as word, operands=(left, right)):
                return f"({self.false(left)} {'or' if word == 'and' else 'and'} {self.false(right)})"
            case Call(operation="not", operands=(operand,)):
                return self.true(operand)
        name, bound = self._bound(node)
        return f"({bound} is not None and not {name})"

    def value(self, node: Expression) -> str:
        """The value, None where it is missing."""
        match node:
            case Value(value=value):
                return self._constant(value)
            case Field(name=name, path=path):
                return f"dig({self._names[name]}, {self._constant(path[1:])})" if len(path) > 1 else self._names[name]
            case Call(operation="and" | "or" | "not" as word, operands=operands):
                return f"kleene_{word}({', '.join(map(self.value, operands))})"
            case Call(operation="exists", operands=(operand,)):
                return f"({self.value(operand)} is not None)"
            case Call(operation="in", operands=(operand, *values)):
                constants = [value.value for value in values if isinstance(value, Value)]
                return self._applied("in", [operand], extra=self._constant(frozenset(constants)))
            case Call(operation=operation, operands=()):
                own = self._names[_own_column(operation, self._date_field)]
                return f"{operation}_of_day({own})" if operation in _OF_DAYS else f"own_{operation}({own})"
            case Call(operation=operation, operands=operands):
                return self._applied(operation, operands)
        raise AssertionError(node)

    def _applied(self, operation: str, operands: Sequence[Expression], extra: str = "") -> str:
        raise NotImplementedError

    def _constant(self, value: Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def _bound(self, node: Expression) -> tuple[str, str]:
        """A name for the value, and what binds it where it is first read."""
        source = self.value(node)
        if source.isidentifier():
            return source, source
        self._kept += 1
        return f"t{self._kept}", f"(t{self._kept} := {source})"


class _Quick(_Writer):
    def _applied(self, operation: str, operands: Sequence[Expression], extra: str = "") -> str:
        names, missing = [], []
        for operand in operands:
            name, bound = self._bound(operand)
            names.append(name)
            if not isinstance(operand, Value):
                missing.append(f"{bound} is None")
        if extra:
            names.append(extra)
        if operation in ARITHMETIC:
            names = [f"+{name}" for name in names]
        done = _FORMS.get(operation, f"{operation}({{0}})").format(*names)
        # `or` leaves off at the first that is missing, and then no later one is needed.
        return f"(None if {' or '.join(missing)} else {done})" if missing else f"({done})"


class _Careful(_Writer):
    def _applied(self, operation: str, operands: Sequence[Expression], extra: str = "") -> str:
        given = [*map(self.value, operands), *filter(None, [extra])]
        return f"{_CAREFUL[operation]}({', '.join(given)})"


_FORMS: Final = {
    **{sign: f"{{0}} {sign} {{1}}" for sign in (*COMPARISONS, *ARITHMETIC)},
    "in": "{0} in {1}",
    "contains": "{1} in {0}",
    "neg": "-{0}",
    "length": "len({0})",
    **{name: f"{{0}}.{name}()" for name in ("lower", "upper")},
    **{name: f"{{0}}.{name}({{1}})" for name in ("startswith", "endswith")},
}
_OF_DAYS: Final = ("day", "weekday", "month", "year")


def _own_column(operation: str, date_field: str) -> str:
    return DAY if operation in _OF_DAYS else date_field


def _dig(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def _kleene_and(a: Any, b: Any) -> bool | None:
    if (a is not None and not a) or (b is not None and not b):
        return False
    return None if a is None or b is None else True


def _kleene_or(a: Any, b: Any) -> bool | None:
    if a or b:
        return True
    return None if a is None or b is None else False


def _kleene_not(a: Any) -> bool | None:
    return None if a is None else not a


def _fit(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*values: Any) -> Any:
        if any(value is None for value in values):
            return None
        try:
            return function(*values)
        except UNFIT:
            return None

    return run


def _of_moment(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(value: Any) -> Any:
        seconds = kinds.moment(value)
        return None if seconds is None else function(seconds)

    return run


def _of_numbers(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: function(+a, +b)


_of_days: Final[dict[str, Callable[[Any], Any]]] = {
    "day": kinds.day,
    "weekday": kinds.weekday,
    "month": kinds.month,
    "year": kinds.year,
}


def _day_function(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return _of_moment(lambda seconds: function(kinds.day_number(seconds)))


_TIME_FUNCTIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "time": kinds.moment,
    "hour": _of_moment(kinds.hour),
    **{name: _day_function(function) for name, function in _of_days.items()},
}
_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": _of_numbers(operator.add),
    "-": _of_numbers(operator.sub),
    "*": _of_numbers(operator.mul),
    "/": _of_numbers(operator.truediv),
    "//": _of_numbers(operator.floordiv),
    "%": _of_numbers(operator.mod),
    "neg": operator.neg,
    "in": lambda value, values: value in values,
    "contains": operator.contains,
    "length": len,
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
    **_TIME_FUNCTIONS,
}
_CAREFUL: Final = {name: f"careful_{at}" for at, name in enumerate(_FUNCTIONS)}
_HELPERS: Final[dict[str, Any]] = {
    "dig": _dig,
    "kleene_and": _kleene_and,
    "kleene_or": _kleene_or,
    "kleene_not": _kleene_not,
    "own_time": kinds.moment,
    "own_hour": _TIME_FUNCTIONS["hour"],
    **_TIME_FUNCTIONS,
    **{f"{name}_of_day": function for name, function in _of_days.items()},
    **{name: _fit(_FUNCTIONS[operation]) for operation, name in _CAREFUL.items()},
}
