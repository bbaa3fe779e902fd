"""Aggregations over an index: groups, what is worked out of each, order and limit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.redisearch.engine import EXACTLY, ask
from dmart_tui.core.secrets import mask_value
from dmart_tui.core.units import format_time

if TYPE_CHECKING:
    from dmart_tui.core.redisearch.connecting import Server
    from dmart_tui.core.redisearch.fields import Field
    from dmart_tui.core.redisearch.indexes import Index

ROWS_MOST: Final = 10_000
DATES: Final = frozenset(("created_at", "updated_at"))
"""Fields of seconds since 1970."""
_AS_IT_IS: Final = frozenset(("min", "max", "avg", "quantile", "first_value", "tolist", "random_sample"))
"""Reducers of dates that give dates."""
_TRUTHS: Final = {"1": "true", "0": "false"}


class _Shape(NamedTuple):
    word: str
    """As the server names it."""
    least: int
    most: int
    """Arguments it takes."""
    numbers: tuple[int, ...] = ()
    """Which of them are numbers and no fields."""


REDUCERS: Final = {
    "count": _Shape("COUNT", 0, 0),
    "r_count": _Shape("COUNT", 0, 0),
    "count_distinct": _Shape("COUNT_DISTINCT", 1, 1),
    "count_distinctish": _Shape("COUNT_DISTINCTISH", 1, 1),
    "sum": _Shape("SUM", 1, 1),
    "min": _Shape("MIN", 1, 1),
    "max": _Shape("MAX", 1, 1),
    "avg": _Shape("AVG", 1, 1),
    "tolist": _Shape("TOLIST", 1, 1),
    "quantile": _Shape("QUANTILE", 2, 2, (1,)),
    "stddev": _Shape("STDDEV", 1, 1),
    "first_value": _Shape("FIRST_VALUE", 1, 2),
    "random_sample": _Shape("RANDOM_SAMPLE", 2, 2, (1,)),
}
"""By the names that D-MART uses; `count` is the one its own map lacks."""


@dataclass(frozen=True, slots=True)
class Reducer:
    """Something worked out of each group."""

    name: str
    """Of `REDUCERS`."""
    args: tuple[str, ...] = ()
    """A field; then a number for `quantile` and `random_sample`, the field to sort by for `first_value`."""
    alias: str = ""
    """The column's name; made of the others when empty."""

    @property
    def column(self) -> str:
        """The name of the column."""
        return self.alias or "_".join((self.name, *self.args)).replace(".", "_")


@dataclass(frozen=True, slots=True)
class Aggregation:
    """What to work out of the documents that match."""

    group_by: tuple[str, ...] = ()
    """Fields; without any, all documents are one group."""
    reducers: tuple[Reducer, ...] = (Reducer("count"),)
    sort: tuple[tuple[str, bool], ...] = ()
    """(column, descending) each."""
    limit: int = 100
    offset: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the answer."""
        return (*self.group_by, *(reducer.column for reducer in self.reducers))

    @property
    def dates(self) -> frozenset[str]:
        """The columns that hold dates."""
        worked_out = (one.column for one in self.reducers if one.name in _AS_IT_IS and one.args[0] in DATES)
        return frozenset((*DATES.intersection(self.group_by), *worked_out))

    def words(self, index: Index) -> list[str]:
        """The words after `FT.AGGREGATE index query`.

        Raises:
            UsageFault: a field that the index has not, a reducer that is none, or what it cannot be given.
        """
        used = dict.fromkeys(self.group_by)
        for reducer in self.reducers:
            used.update(dict.fromkeys(_fields_of(reducer)))
        load = []
        for name in used:
            if name not in index.fields:
                raise UsageFault(f"the index {index.name} has no field {name}", hint=_near(index, name))
            load += [_path(index, name), "AS", name]
        words = ["LOAD", str(len(load)), *load] if load else []
        words += ["GROUPBY", str(len(self.group_by)), *(f"@{name}" for name in self.group_by)]
        for reducer in self.reducers:
            words += _words(reducer)
        if self.sort:
            order = []
            for column, descending in self.sort:
                if column not in self.columns:
                    hint = f"one of {', '.join(self.columns)}"
                    raise UsageFault(f"there is no column {column} to sort by", hint=hint)
                order += [f"@{column}", "DESC" if descending else "ASC"]
            words += ["SORTBY", str(len(order)), *order]
        return [*words, "LIMIT", str(self.offset), str(min(self.limit, ROWS_MOST))]


def read_aggregation(text: str) -> Aggregation:
    """An aggregation as people write it: `owner_shortname, state: count, avg price, first_value title by created_at`.

    Sorted by what is worked out first, downwards.

    Raises:
        UsageFault: it is none; whether an index has the fields is said by `Aggregation.words`.
    """
    before, colon, after = text.rpartition(":")
    groups = tuple(name.strip().removeprefix("@") for name in before.split(",") if name.strip())
    reducers = []
    for piece in after.split(","):
        words = [word.removeprefix("@") for word in piece.split() if word != "by"]
        if words:
            reducers.append(Reducer(words[0], tuple(words[1:])))
            _fields_of(reducers[-1])
    if not reducers:
        raise UsageFault("say what to work out", hint="`owner_shortname: count`" if colon else "")
    if len({reducer.column for reducer in reducers}) < len(reducers):
        raise UsageFault("the same is to be worked out twice")
    return Aggregation(groups, tuple(reducers), ((reducers[0].column, True),))


def aggregate(server: Server, index: Index, aggregation: Aggregation, query: str = "*") -> list[dict[str, Any]]:
    """The rows: a column for each field grouped by and each reducer; numbers and dates as such, secrets masked.

    Raises:
        UsageFault, NotFound, Failed: as `search`.
    """
    answer = ask(server, [["FT.AGGREGATE", index.name, query, *EXACTLY, *aggregation.words(index)]])[0]
    numbers = {reducer.column for reducer in aggregation.reducers if _is_number(reducer, index)}
    dates = aggregation.dates
    rows = [_row(row, numbers) for row in answer[1:]]
    return [{name: _date(value) if name in dates else value for name, value in row.items()} for row in rows]


def worded(value: Any) -> str:
    """A value of a row as text."""
    if isinstance(value, list):
        return ", ".join(map(worded, value))
    if isinstance(value, datetime):
        return format_time(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}" if isinstance(value, float) else str(value or "")


def count_by(
    server: Server, queries: Sequence[tuple[Index, str]], fields: Sequence[str]
) -> dict[str, list[tuple[str, int]]]:
    """Facets: the values of each field with how many documents have them, the most frequent first.

    Each value of a list counts. Fields that an index has not are left out of its count.
    """
    asked = [(index, query, name) for index, query in queries for name in fields if name in index.fields]
    plans = [Aggregation((name,), limit=ROWS_MOST).words(index) for index, _, name in asked]
    answers = ask(
        server,
        [
            ["FT.AGGREGATE", index.name, query, *EXACTLY, *plan]
            for (index, query, _), plan in zip(asked, plans, strict=True)
        ],
    )
    counts: dict[str, Counter[str]] = {name: Counter() for name in fields}
    for (index, _, name), answer in zip(asked, answers, strict=True):
        for row in answer[1:]:
            found = dict(zip(row[::2], row[1::2], strict=False))
            for value in _values(found.get(name), index.fields[name]):
                counts[name][value] += int(found["count"])
    return {name: sorted(found.items(), key=lambda one: (-one[1], one[0])) for name, found in counts.items()}


def _fields_of(reducer: Reducer) -> list[str]:
    shape = REDUCERS.get(reducer.name)
    if shape is None:
        raise UsageFault(f"there is no reducer {reducer.name}", hint=f"one of {', '.join(REDUCERS)}")
    if not shape.least <= len(reducer.args) <= shape.most:
        raise UsageFault(f"{reducer.name} takes {shape.most} arguments and not {len(reducer.args)}")
    for place in shape.numbers:
        try:
            float(reducer.args[place])
        except ValueError:
            raise UsageFault(f"{reducer.name} takes a number and not {reducer.args[place]}") from None
    return [arg for place, arg in enumerate(reducer.args) if place not in shape.numbers]


def _words(reducer: Reducer) -> list[str]:
    shape = REDUCERS[reducer.name]
    args = [arg if place in shape.numbers else f"@{arg}" for place, arg in enumerate(reducer.args)]
    if reducer.name == "first_value" and len(args) == 2:
        args.insert(1, "BY")
    return ["REDUCE", shape.word, str(len(args)), *args, "AS", reducer.column]


def _is_number(reducer: Reducer, index: Index) -> bool:
    if reducer.name in ("tolist", "random_sample"):
        return False
    return reducer.name != "first_value" or index.fields[reducer.args[0]].kind == "numeric"


def _path(index: Index, name: str) -> str:
    """Where the values are; a list is loaded whole, for the server gives only the first of `.*`."""
    return index.fields[name].path.removesuffix(".*")


def _row(row: list[Any], numbers: set[str]) -> dict[str, Any]:
    found = dict(zip(row[::2], row[1::2], strict=False))
    return {name: mask_value(name, _number(value) if name in numbers else value) for name, value in found.items()}


def _number(value: Any) -> Any:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return value
    return int(number) if number.is_integer() else number


def _date(value: Any) -> Any:
    """What stands for seconds since 1970 as a time."""
    if isinstance(value, list):
        return [_date(one) for one in value]
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return value


def _values(value: Any, field: Field) -> list[str]:
    """The values in what was grouped by: of a list, which comes as JSON, each; a truth comes as 1 or 0."""
    if not isinstance(value, str) or not value:
        return []
    if not field.path.endswith(".*"):
        return [_TRUTHS.get(value, value) if field.kind == "tag" else value]
    try:
        listed = json.loads(value)
    except ValueError:
        return [value]
    return list(dict.fromkeys(map(str, listed))) if isinstance(listed, list) else [value]


def _near(index: Index, name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, index.fields, 3)
    return f"maybe {', '.join(near)}" if near else ""
