"""A statement asked again in another way: its rows sorted, filtered, counted, or summed up for a chart.

The statement stands unchanged inside of another one. The engine refuses there whatever changes data, so asking again
repeats no change. Columns are named by their place: names may come twice, or not at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.sql.values import is_number, quoted, string

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dmart_tui.core.charting import Axis
    from dmart_tui.core.sql.results import Column

Sign = Literal["=", "!=", "<", "<=", ">", ">=", "~", "!~", "null", "not null", ".."]
Way = Literal["as they are", "sum", "avg", "min", "max", "count"]

_SIGNED: Final = re.compile(r"(!=|<>|<=|>=|!~|=|<|>|~)\s*(.*)", re.DOTALL)
_RANGE: Final = re.compile(r"(\S.*?)\s*\.\.\s*(\S.*)", re.DOTALL)
_TIMES: Final = ("DATE", "TIME")
_TEXTS: Final = ("VARCHAR", "JSON", "NULL", '"NULL"')
_WHOLE: Final = re.compile(r"[-+]?\d{1,37}")
_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Condition:
    """What a column of a row must be.

    Args:
        column: its place.
        sign: `~` is for text that holds another, in any case; `..` for a stretch with both its ends.
        value: what it is held to, as text.
        end: of a stretch.
    """

    column: int
    sign: Sign
    value: str = ""
    end: str = ""

    @property
    def words(self) -> str:
        """As it may be typed: `> 5`, `not null`."""
        if self.sign == "..":
            return f"{self.value}..{self.end}"
        return self.sign if self.sign in ("null", "not null") else f"{self.sign} {self.value}"


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by; NULL comes last both ways."""

    column: int
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """Which rows of a statement, and in which order; at most one condition a column."""

    where: tuple[Condition, ...] = ()
    order: tuple[Order, ...] = ()

    def sorted_by(self, column: int, *, more: bool = False) -> Shape:
        """Sorted by a column: up, then down, then no longer.

        Args:
            more: behind the other columns it is sorted by, not instead of them.
        """
        here = self.order_of(column)
        others = tuple(order for order in self.order if order.column != column) if more else ()
        if here is None:
            return replace(self, order=(*others, Order(column)))
        if here.descending:
            return replace(self, order=others)
        down = Order(column, descending=True)
        return replace(self, order=tuple(down if one is here else one for one in self.order) if more else (down,))

    def filtered(self, condition: Condition) -> Shape:
        """With a condition, instead of the one there was on its column."""
        return replace(self, where=(*self.without(condition.column).where, condition))

    def without(self, column: int) -> Shape:
        """Without the condition on a column."""
        return replace(self, where=tuple(one for one in self.where if one.column != column))

    def order_of(self, column: int) -> Order | None:
        """How it is sorted by a column."""
        return next((order for order in self.order if order.column == column), None)

    def condition_on(self, column: int) -> Condition | None:
        """What a column must be."""
        return next((condition for condition in self.where if condition.column == column), None)


class Asked(NamedTuple):
    """A statement with the values of its parameters."""

    text: str
    parameters: dict[str, object]


def condition(column: int, kind: str, typed: str) -> Condition:
    """Read a condition as a person types it.

    `> 5`, `!= x`, `~ part of it`, `null`, `not null`, `1..9`; a plain word is what a number is, or what a text holds.

    Raises:
        UsageFault: nothing is typed, or it is no number where one is needed.
    """
    text = typed.strip()
    if not text:
        raise UsageFault("type what the column must be", hint="> 5, != x, ~ part, 1..9, null, not null")
    if (word := " ".join(text.casefold().split())) in ("null", "not null"):
        return Condition(column, "null" if word == "null" else "not null")
    number = is_number(kind)
    if found := _SIGNED.fullmatch(text):
        sign: Sign = "!=" if found[1] == "<>" else found[1]  # type: ignore[assignment]
        read = Condition(column, sign, found[2])
    elif (number or is_time(kind)) and (found := _RANGE.fullmatch(text)):
        read = Condition(column, "..", found[1], found[2])
    else:
        read = Condition(column, "=" if number else "~", text)
    if number and "~" not in read.sign:
        return replace(read, value=_number_typed(read.value), end=read.end and _number_typed(read.end))
    return read


def _number_typed(text: str) -> str:
    plain = text.replace(",", "").replace("_", "")
    try:
        float(plain)
    except ValueError:
        raise UsageFault(f"{text!r} is no number", hint="~ looks for it in the digits") from None
    return plain


def is_time(kind: str) -> bool:
    """Whether a type tells when."""
    return kind.startswith(_TIMES)


def reshape(
    statement: str, columns: Sequence[Column], shape: Shape, parameters: Mapping[str, object] | None = None
) -> Asked:
    """The rows of a statement that fit a shape, with the same columns under the same names."""
    values = _Values(parameters or {})
    names = ", ".join(f"c{at} AS {quoted(column.name)}" for at, column in enumerate(columns))
    text = f"SELECT {names}\n{_rows(statement, columns)}"
    if shape.where:
        text += "\nWHERE " + " AND ".join(_told(one, columns[one.column].type, values) for one in shape.where)
    if shape.order:
        orders = (f"c{one.column} {'DESC' if one.descending else 'ASC'} NULLS LAST" for one in shape.order)
        text += "\nORDER BY " + ", ".join(orders)
    return Asked(text, values.all)


def counted(statement: str, parameters: Mapping[str, object] | None = None) -> Asked:
    """How many rows a statement has: one row, and no row is kept for it."""
    return Asked(f"SELECT count(*) FROM (\n{statement}\n)", dict(parameters or {}))


def bars(
    statement: str,
    columns: Sequence[Column],
    label: int,
    value: int,
    way: Way,
    most: int,
    parameters: Mapping[str, object] | None = None,
    *,
    by_label: bool = False,
) -> Asked:
    """Labels and numbers: as the rows have them, or summed up a label; one more than `most`.

    Args:
        by_label: of those summed up, the first by their label, not those with the highest numbers.
    """
    number = "count(*)" if way == "count" else _number(value, columns)
    if way == "as they are":
        text = f"SELECT c{label}::VARCHAR, {number}\n{_rows(statement, columns)}\nWHERE isfinite({number})"
    else:
        summed = number if way == "count" else f"{way}({number}) FILTER (isfinite({number}))"
        text = (
            f"SELECT c{label}::VARCHAR, {summed}::DOUBLE AS number\n{_rows(statement, columns)}\n"
            f"GROUP BY c{label}\nHAVING number IS NOT NULL\nORDER BY {'' if by_label else 'number DESC, '}c{label}"
        )
    return Asked(f"{text}\nLIMIT {most + 1}", dict(parameters or {}))


def points(
    statement: str,
    columns: Sequence[Column],
    x: int,
    y: int,
    most: int,
    parameters: Mapping[str, object] | None = None,
    *,
    way: Way = "as they are",
) -> Asked:
    """Pairs of numbers, ascending by the first; of more than `most` an even choice, the same each time.

    Args:
        way: how the second numbers of the same first one are summed up.
    """
    pairs = f"SELECT {_number(x, columns)} AS x, {_number(y, columns)} AS y\n{_rows(statement, columns)}"
    finite = f"SELECT * FROM (\n{pairs}\n) WHERE isfinite(x)" + ("" if way == "count" else " AND isfinite(y)")
    if way != "as they are":
        summed = "count(*)" if way == "count" else f"{way}(y)"
        finite = f"SELECT x, {summed}::DOUBLE AS y FROM (\n{finite}\n) GROUP BY x"
    chosen = f"SELECT * FROM (\n{finite}\n) USING SAMPLE reservoir({most} ROWS) REPEATABLE ({_SEED})"
    return Asked(f"SELECT * FROM (\n{chosen}\n) ORDER BY x, y", dict(parameters or {}))


def spread(
    statement: str, columns: Sequence[Column], column: int, parameters: Mapping[str, object] | None = None
) -> Asked:
    """The least and the highest number of a column, how many there are, and whether all are whole: one row."""
    text = (
        "SELECT min(v), max(v), count(*), bool_and(v = floor(v))\n"
        f"FROM (\nSELECT {_number(column, columns)} AS v\n{_rows(statement, columns)}\n) WHERE isfinite(v)"
    )
    return Asked(text, dict(parameters or {}))


def in_classes(
    statement: str, columns: Sequence[Column], column: int, axis: Axis, parameters: Mapping[str, object] | None = None
) -> Asked:
    """Classes of an axis, from 0, and how many numbers of a column are in each; empty ones are left out."""
    place = f"least({axis.steps - 1}, greatest(0, floor((v - {axis.low!r}::DOUBLE) / {axis.step!r}::DOUBLE)))::BIGINT"
    text = (
        f"SELECT {place} AS class, count(*)\n"
        f"FROM (\nSELECT {_number(column, columns)} AS v\n{_rows(statement, columns)}\n) WHERE isfinite(v)\n"
        "GROUP BY class\nORDER BY class"
    )
    return Asked(text, dict(parameters or {}))


class _Values:
    """Values of conditions as parameters beside those of the statement, or as text where that has numbered ones."""

    def __init__(self, parameters: Mapping[str, object]) -> None:
        self.all = dict(parameters)
        self._numbered = any(name.isdigit() for name in parameters)

    def put(self, value: str) -> str:
        """What stands for a value in the statement."""
        if self._numbered:
            return string(value)
        name = f"filter_{len(self.all)}"
        while name in self.all:
            name += "_"
        self.all[name] = value
        return f"${name}"


def _rows(statement: str, columns: Sequence[Column]) -> str:
    names = ", ".join(f"c{at}" for at in range(len(columns)))
    return f"FROM (\n{statement}\n) AS asked({names})"


def _told(one: Condition, kind: str, values: _Values) -> str:
    column = f"c{one.column}"
    if one.sign in ("null", "not null"):
        return f"{column} IS {one.sign.upper()}"
    if one.sign in ("~", "!~"):
        found = f"contains(lower({column}::VARCHAR), lower({values.put(one.value)}))"
        return found if one.sign == "~" else f"NOT {found}"
    if one.sign == "..":
        return f"{column} BETWEEN {_typed(one.value, kind, values)} AND {_typed(one.end, kind, values)}"
    if one.sign == "!=":
        return f"{column} IS DISTINCT FROM {_typed(one.value, kind, values)}"
    return f"{column} {one.sign} {_typed(one.value, kind, values)}"


def _typed(value: str, kind: str, values: _Values) -> str:
    """A value to compare a column with; a broken number stays one beside whole ones."""
    put = values.put(value)
    if kind in _TEXTS:
        return put
    if not is_number(kind) or kind == "FLOAT":
        return f"{put}::{kind}"
    whole = "INT" in kind and _WHOLE.fullmatch(value)
    return f"{put}::{'HUGEINT' if whole else 'DOUBLE'}"


def _number(column: int, columns: Sequence[Column]) -> str:
    name = f"c{column}"
    return f"epoch({name})::DOUBLE" if is_time(columns[column].type) else f"TRY_CAST({name} AS DOUBLE)"
