"""The text form of expressions, aggregates and orders: Python's grammar, of which only what is listed here is read.

Nothing is evaluated. The text becomes a syntax tree, and each of its nodes is turned into one of ours or refused.
"""

from __future__ import annotations

import ast
import warnings
from typing import Any, Final, NoReturn, cast

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.historydb.queries.expressions import (
    MAKERS,
    ROOT,
    TESTS,
    TIMES,
    Call,
    Expression,
    Field,
    Scalar,
    Value,
    own,
)

MOST_CHARACTERS: Final = 4000

_BINARY: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.BitAnd: "and",
    ast.BitOr: "or",
}
_COMPARED: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


class TextFault(UsageFault):
    """The text cannot be read; `start` is the character, from 0, where it goes wrong."""

    def __init__(self, message: str, start: int, *, hint: str = "") -> None:
        super().__init__(message, address=f"expression, character {start + 1}", hint=hint)
        self.start = start


def parse(text: str) -> Expression:
    """The expression of a text; raises TextFault, which says where it goes wrong.

    `amount > 20 and kind in ("update", "delete") and not path.startswith("/personal")`; `&`, `|` and `~` join too.
    """
    reader = _Reader(text)
    return reader.expression(reader.tree)


def parse_call(text: str) -> tuple[str, list[Expression | Scalar], dict[str, Scalar]]:
    """A name with what stands in its parentheses: `Quantile(amount, 0.95)`; without any: `Count`.

    Numbers and texts stay what they are, all else is read as an expression. A name may be `package.module:Class`.
    """
    head, colon, _ = text.partition(":")
    module = head.strip() if colon and all(part.isidentifier() for part in head.strip().split(".")) else ""
    start = len(head) + 1 if module else 0
    reader = _Reader(text, start)
    call = reader.tree
    given: list[Expression | Scalar] = []
    named: dict[str, Scalar] = {}
    name = call
    if isinstance(call, ast.Call):
        name = call.func
        given = [reader.argument(argument) for argument in call.args]
        for word in call.keywords:
            value = reader.argument(word.value)
            if word.arg is None or isinstance(value, Expression):
                reader.refuse(word.value, "only a constant is given by name")
            named[word.arg] = value
    if not isinstance(name, ast.Name):
        reader.refuse(name, "this names no aggregate", hint="as in Sum(amount)")
    return (f"{module}:{name.id}" if module else name.id), given, named


def split(text: str) -> list[str]:
    """The parts of a list with commas; those inside parentheses, brackets and quotes do not part it."""
    parts, depth, quote, start, escaped = [], 0, "", 0, False
    for at, char in enumerate(text):
        if quote:
            if not escaped and char == quote:
                quote = ""
            escaped = char == "\\" and not escaped
        elif char in "\"'":
            quote = char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "," and depth <= 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def named(text: str) -> tuple[str, str]:
    """`total=Sum(amount)` as name and the rest; without a name, the text itself names it."""
    name, sign, rest = text.partition("=")
    if sign and name.strip().isidentifier() and not rest.startswith("="):
        return name.strip(), rest.strip()
    return text.strip(), text.strip()


class _Reader:
    """Turns the nodes of one text; knows where each stands."""

    def __init__(self, text: str, start: int = 0) -> None:
        if len(text) > MOST_CHARACTERS:
            raise TextFault(f"the text has more than {MOST_CHARACTERS:,} characters", MOST_CHARACTERS)
        if (at := text.find("\0")) >= 0:
            raise TextFault("this character stands nowhere", at)
        line = text[start:].replace("\r", " ").replace("\n", " ")
        self._line = line.lstrip()
        self._start = start + len(line) - len(self._line)
        if not self._line:
            raise TextFault("there is nothing to read", self._start)
        try:
            with warnings.catch_warnings(action="ignore"):
                self.tree: ast.expr = ast.parse(self._line, mode="eval").body
        except SyntaxError as error:
            at = error.offset - 1 if error.offset else len(self._line)
            raise TextFault(error.msg, self._start + at) from None
        except (RecursionError, MemoryError, ValueError):
            raise TextFault("the text cannot be read", self._start) from None

    def refuse(self, node: ast.AST, message: str, *, hint: str = "") -> NoReturn:
        column = getattr(node, "col_offset", 0)
        before = self._line.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "surrogatepass")
        raise TextFault(message, self._start + len(before), hint=hint)

    def argument(self, node: ast.expr) -> Expression | Scalar:
        """A constant as it is, all else as an expression."""
        expression = self.expression(node)
        return expression.value if isinstance(expression, Value) else expression

    def expression(self, node: ast.expr) -> Expression:
        try:
            return self._expression(node)
        except TextFault:
            raise
        except UsageFault as fault:
            self.refuse(node, fault.message, hint=fault.hint)
        except RecursionError:
            self.refuse(node, "the expression is too large")

    def _expression(self, node: ast.expr) -> Expression:
        match node:
            case ast.Constant():
                return Value(cast("Scalar", node.value))
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._field(node)
            case ast.BoolOp():
                return self._joined("and" if isinstance(node.op, ast.And) else "or", node.values)
            case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
                return Call("not", self.expression(operand))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.expression(operand)
            case ast.UnaryOp(operand=operand):
                return self.expression(operand)
            case ast.BinOp() if type(node.op) in _BINARY:
                return Call(_BINARY[type(node.op)], self.expression(node.left), self.expression(node.right))
            case ast.Compare():
                return self._compared(node)
            case ast.Call():
                return self._called(node)
            case _:
                return self.refuse(node, f"{_told(node)} is not understood here")

    def _joined(self, word: str, nodes: list[ast.expr]) -> Expression:
        joined, *rest = map(self.expression, nodes)
        for one in rest:
            joined = Call(word, joined, one)
        return joined

    def _field(self, node: ast.expr) -> Field:
        keys: list[Any] = []
        inner = node
        while not isinstance(inner, ast.Name):
            if isinstance(inner, ast.Attribute):
                keys.append(inner.attr)
            elif isinstance(inner, ast.Subscript) and isinstance(key := self._index(inner.slice), str | int):
                keys.append(key)
            else:
                self.refuse(inner, "this names no field", hint='as in amount, request.agent or F["user agent"]')
            inner = inner.value
        if inner.id != ROOT or not keys:
            keys.append(inner.id)
        return Field(tuple(reversed(keys)))

    def _index(self, node: ast.expr) -> Any:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            number = node.operand.value
            return -number if type(number) is int else None
        return node.value if isinstance(node, ast.Constant) and not isinstance(node.value, bool) else None

    def _compared(self, node: ast.Compare) -> Expression:
        found: Expression | None = None
        left = node.left
        for side in (left, *node.comparators):
            # In Python's grammar these bind tighter than comparisons, which nobody who writes them so means.
            if isinstance(side, ast.BinOp) and isinstance(side.op, ast.BitAnd | ast.BitOr):
                self.refuse(side, "beside & and |, comparisons stand in parentheses", hint="or write: and, or")
            if isinstance(side, ast.UnaryOp) and isinstance(side.op, ast.Invert):
                self.refuse(side, "after ~, a comparison stands in parentheses", hint="or write: not")
        for operation, right in zip(node.ops, node.comparators, strict=True):
            one = self._comparison(left, operation, right)
            found = one if found is None else Call("and", found, one)
            left = right
        assert found is not None
        return found

    def _comparison(self, left: ast.expr, operation: ast.cmpop, right: ast.expr) -> Expression:
        if isinstance(operation, ast.Is | ast.IsNot):
            if not (isinstance(right, ast.Constant) and right.value is None):
                self.refuse(right, "only None stands after is")
            exists = self.expression(left).exists()
            return exists if isinstance(operation, ast.IsNot) else Call("not", exists)
        if isinstance(operation, ast.In | ast.NotIn):
            found = self._member(left, right)
            return found if isinstance(operation, ast.In) else Call("not", found)
        return Call(_COMPARED[type(operation)], self.expression(left), self.expression(right))

    def _member(self, left: ast.expr, right: ast.expr) -> Expression:
        if isinstance(right, ast.Tuple | ast.List | ast.Set):
            return Call("in", self.expression(left), *map(self.expression, right.elts))
        return Call("contains", self.expression(right), self.expression(left))

    def _called(self, node: ast.Call) -> Expression:
        if node.keywords:
            self.refuse(node.keywords[0].value, "nothing is given by name here")
        if isinstance(node.func, ast.Attribute):
            name, operands = node.func.attr, [node.func.value, *node.args]
        elif isinstance(node.func, ast.Name):
            name, operands = node.func.id, list(node.args)
        else:
            self.refuse(node.func, "this cannot be called")
        if name in TIMES and not operands:
            return own(name)
        if name not in (*TESTS, *MAKERS, *TIMES):
            self.refuse(node, f"there is no function {name[:40]}", hint=", ".join((*TESTS, *MAKERS, *TIMES)))
        return Call(name, *map(self.expression, operands))


def _told(node: ast.expr) -> str:
    words = {"Lambda": "lambda", "IfExp": "if", "JoinedStr": "a text with fields", "Dict": "a map", "Pow": "a power"}
    return words.get(type(node).__name__, "this")
