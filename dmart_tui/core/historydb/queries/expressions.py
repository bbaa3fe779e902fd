"""Expressions as data: what a query filters and derives by, shown as text and sent to workers as plain lists.

`F.amount > 20` builds a small tree. A field that is missing, or None, makes whatever is made of it missing; so does an
operation on kinds of values it is not for. What is missing never matches, and nothing made of it does: neither
`F.amount > 20` nor `~(F.amount > 20)` holds for a document without an amount.
"""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Any, Final, NoReturn

from dmart_tui.core.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Scalar = bool | int | float | str | bytes
Key = str | int

MOST_DEPTH: Final = 60
MOST_NODES: Final = 2000
ROOT: Final = "F"
"""The name that fields whose own is no identifier are written below: `F["user agent"]`."""

COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
ARITHMETIC: Final = ("+", "-", "*", "/", "//", "%")
TESTS: Final = ("startswith", "endswith", "contains")
"""Methods of text, with one operand more; `contains` is of lists and maps too."""
MAKERS: Final = ("lower", "upper", "length", "exists")
"""Methods without an operand."""
TIMES: Final = ("time", "hour", "day", "weekday", "month", "year")
"""Functions of a time; without an operand, of the document's own."""

_PRECEDENCE: Final = {"or": 1, "and": 2, "not": 3, "in": 4, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "neg": 7}
_PRECEDENCE.update(dict.fromkeys(COMPARISONS, 4))
_ATOM: Final = 9
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


class Expression:
    """A node of the tree; operators and methods build greater ones. `==` builds too: compare by `to_data`."""

    __slots__ = ("depth", "size")

    depth: int
    size: int

    def __eq__(self, other: object) -> Call:  # type: ignore[override]
        return Call("==", self, _node(other))

    def __ne__(self, other: object) -> Call:  # type: ignore[override]
        return Call("!=", self, _node(other))

    __hash__ = object.__hash__

    def __lt__(self, other: object) -> Call:
        return Call("<", self, _node(other))

    def __le__(self, other: object) -> Call:
        return Call("<=", self, _node(other))

    def __gt__(self, other: object) -> Call:
        return Call(">", self, _node(other))

    def __ge__(self, other: object) -> Call:
        return Call(">=", self, _node(other))

    def __and__(self, other: object) -> Call:
        return Call("and", self, _node(other))

    def __or__(self, other: object) -> Call:
        return Call("or", self, _node(other))

    def __invert__(self) -> Call:
        return Call("not", self)

    def __add__(self, other: object) -> Call:
        return Call("+", self, _node(other))

    def __radd__(self, other: object) -> Call:
        return Call("+", _node(other), self)

    def __sub__(self, other: object) -> Call:
        return Call("-", self, _node(other))

    def __rsub__(self, other: object) -> Call:
        return Call("-", _node(other), self)

    def __mul__(self, other: object) -> Call:
        return Call("*", self, _node(other))

    def __rmul__(self, other: object) -> Call:
        return Call("*", _node(other), self)

    def __truediv__(self, other: object) -> Call:
        return Call("/", self, _node(other))

    def __rtruediv__(self, other: object) -> Call:
        return Call("/", _node(other), self)

    def __floordiv__(self, other: object) -> Call:
        return Call("//", self, _node(other))

    def __rfloordiv__(self, other: object) -> Call:
        return Call("//", _node(other), self)

    def __mod__(self, other: object) -> Call:
        return Call("%", self, _node(other))

    def __rmod__(self, other: object) -> Call:
        return Call("%", _node(other), self)

    def __neg__(self) -> Expression:
        return Call("neg", self)

    def __bool__(self) -> NoReturn:
        raise UsageFault("an expression is neither true nor false by itself", hint="join them with & | ~, each in ()")

    def isin(self, *values: Scalar) -> Call:
        """Whether it equals one of the values."""
        return Call("in", self, *map(Value, values))

    def startswith(self, beginning: object) -> Call:
        """Whether a text begins so."""
        return Call("startswith", self, _node(beginning))

    def endswith(self, end: object) -> Call:
        """Whether a text ends so."""
        return Call("endswith", self, _node(end))

    def contains(self, part: object) -> Call:
        """Whether a text has this part, a list this item or a map this key."""
        return Call("contains", self, _node(part))

    def lower(self) -> Call:
        """A text in small letters."""
        return Call("lower", self)

    def upper(self) -> Call:
        """A text in capital letters."""
        return Call("upper", self)

    def length(self) -> Call:
        """Of a text, bytes, a list or a map."""
        return Call("length", self)

    def exists(self) -> Call:
        """True or False for every document: whether it is there, and not None."""
        return Call("exists", self)

    def to_data(self) -> list[Any]:
        """Plain lists that msgpack packs; `from_data` reads them."""
        raise NotImplementedError

    def to_text(self) -> str:
        """As the text parser reads it."""
        return _text(self)[0]

    def __repr__(self) -> str:
        return self.to_text()


class Field(Expression):
    """A field of the documents; `F.request.agent` and `F["request"]["agent"]` lead into maps, numbers into lists.

    A key that is called like something a field has itself (`name`, `path`, `lower`) stands in brackets.
    """

    __slots__ = ("path",)

    def __init__(self, path: tuple[Key, ...]) -> None:
        if not path or not isinstance(path[0], str) or len(path) > MOST_DEPTH:
            raise UsageFault("a field is named by text")
        self.path = path
        self.depth = self.size = 1

    def __getattr__(self, key: str) -> Field:
        if key.startswith("__"):
            raise AttributeError(key)
        return Field((*self.path, key))

    def __getitem__(self, key: Key) -> Field:
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise UsageFault("inside [] stands the name of a key, or the number of an item")
        return Field((*self.path, key))

    @property
    def name(self) -> str:
        """The field of the document it stands in, or the name derived."""
        return str(self.path[0])

    def to_data(self) -> list[Any]:
        return ["field", *self.path]


class Value(Expression):
    """A constant."""

    __slots__ = ("value",)

    def __init__(self, value: Scalar) -> None:
        if value is None:
            raise UsageFault("nothing compares with None", hint="ask whether a field .exists()")
        if not isinstance(value, Scalar) or value != value:
            raise UsageFault(f"{type(value).__name__} is no constant", hint="numbers, texts, bytes, True and False are")
        if isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
            raise UsageFault("a whole number is too large")
        self.value = value
        self.depth = self.size = 1

    def __neg__(self) -> Expression:
        return Call("neg", self) if isinstance(self.value, str | bytes | bool) else Value(-self.value)

    def to_data(self) -> list[Any]:
        return ["value", self.value]


class Call(Expression):
    """An operation on expressions."""

    __slots__ = ("operands", "operation")

    def __init__(self, operation: str, *operands: Expression) -> None:
        low, high = _arity(operation)
        if not low <= len(operands) <= high:
            raise UsageFault(f"{operation} takes {low} {'operand' if low == 1 else 'operands'}, not {len(operands)}")
        if operation == "in" and not all(isinstance(operand, Value) for operand in operands[1:]):
            raise UsageFault("only constants stand in the list of in")
        self.operation = operation
        self.operands = operands
        self.depth = 1 + max((operand.depth for operand in operands), default=0)
        self.size = 1 + sum(operand.size for operand in operands)
        if self.depth > MOST_DEPTH or self.size > MOST_NODES:
            raise UsageFault("the expression is too large")

    def to_data(self) -> list[Any]:
        return [self.operation, *(operand.to_data() for operand in self.operands)]


class _Fields:
    """`F.amount`, `F["user agent"]`."""

    def __getattr__(self, name: str) -> Field:
        if name.startswith("__"):
            raise AttributeError(name)
        return Field((name,))

    def __getitem__(self, name: str) -> Field:
        return Field((name,))


F: Final = _Fields()


def field(path: str | Field) -> Field:
    """A field from its path with dots: `request.agent`."""
    return path if isinstance(path, Field) else Field(tuple(path.split(".")))


def own(function: str) -> Call:
    """A function of the document's own time: `own("day")`; one of `TIMES`."""
    return Call(function)


def from_data(data: Any) -> Expression:
    """The expression of `to_data`, from anybody; raises UsageFault for whatever else."""
    return _from_data(data, [MOST_NODES], 0)


def _from_data(data: Any, left: list[int], depth: int) -> Expression:
    left[0] -= 1
    if not isinstance(data, list | tuple) or not data or not isinstance(data[0], str):
        raise UsageFault("this is no expression")
    if depth > MOST_DEPTH or left[0] < 0:
        raise UsageFault("the expression is too large")
    kind, *rest = data
    if kind == "value" and len(rest) == 1:
        return Value(rest[0])
    if kind == "field" and all(isinstance(key, str | int) for key in rest):
        return Field(tuple(rest))
    operands = [_from_data(one, left, depth + 1) for one in rest]
    return -operands[0] if kind == "neg" and len(operands) == 1 else Call(kind, *operands)


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all it is made of."""
    yield expression
    if isinstance(expression, Call):
        for operand in expression.operands:
            yield from walk(operand)


def replaced(expression: Expression, derived: dict[str, Expression]) -> Expression:
    """The expression with the names that are derived in place of fields."""
    if isinstance(expression, Field) and len(expression.path) == 1:
        return derived.get(expression.name, expression)
    if isinstance(expression, Call):
        return Call(expression.operation, *(replaced(operand, derived) for operand in expression.operands))
    return expression


def _node(value: object) -> Expression:
    return value if isinstance(value, Expression) else Value(value)  # type: ignore[arg-type]


def _arity(operation: str) -> tuple[int, int]:
    if operation in COMPARISONS or operation in ARITHMETIC or operation in TESTS or operation in ("and", "or"):
        return 2, 2
    if operation in MAKERS or operation in ("not", "neg"):
        return 1, 1
    if operation in TIMES:
        return 0, 1
    if operation == "in":
        return 1, MOST_NODES
    raise UsageFault(f"there is no operation {operation[:40]!r}")


# -- as text ----------------------------------------------------------------------------------------------


def _text(node: Expression) -> tuple[str, int]:
    """The text, and how tightly it holds together."""
    if isinstance(node, Field):
        return _path_text(node.path), _ATOM
    if isinstance(node, Value):
        return _value_text(node.value)
    assert isinstance(node, Call)
    operation, operands = node.operation, node.operands
    if operation in TIMES:
        return f"{operation}({', '.join(operand.to_text() for operand in operands)})", _ATOM
    if operation in TESTS or operation in MAKERS:
        first, *rest = operands
        return f"{_held(first, _ATOM)}.{operation}({', '.join(operand.to_text() for operand in rest)})", _ATOM
    precedence = _PRECEDENCE[operation]
    if operation in ("not", "neg"):
        return f"{'not ' if operation == 'not' else '-'}{_held(operands[0], precedence)}", precedence
    if operation == "in":
        return f"{_held(operands[0], precedence + 1)} in {_list_text(operands[1:])}", precedence
    left = _held(operands[0], precedence + (operation in COMPARISONS))
    return f"{left} {operation} {_held(operands[1], precedence + 1)}", precedence


def _held(node: Expression, precedence: int) -> str:
    text, holds = _text(node)
    return text if holds >= precedence else f"({text})"


def _path_text(path: tuple[Key, ...]) -> str:
    first, *rest = path
    text = first if _plain(first) and first != ROOT else f"{ROOT}[{first!r}]"
    return str(text) + "".join(f".{key}" if _plain(key) else f"[{key!r}]" for key in rest)


def _plain(key: Key) -> bool:
    """Whether a parser reads it as one name, and as the same; others are written in quotes."""
    return isinstance(key, str) and key.isascii() and key.isidentifier() and not keyword.iskeyword(key)


def _value_text(value: Scalar) -> tuple[str, int]:
    if isinstance(value, str | bytes | bool):
        return repr(value), _ATOM
    text = repr(value).replace("inf", "1e999")
    return text, _PRECEDENCE["neg"] if text.startswith("-") else _ATOM - 1


def _list_text(values: Sequence[Expression]) -> str:
    inside = ", ".join(value.to_text() for value in values)
    return f"({inside},)" if len(values) == 1 else f"({inside})"
