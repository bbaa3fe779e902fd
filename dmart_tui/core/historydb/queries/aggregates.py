"""The aggregates that come with the store: what documents are reduced to, in parts that merge."""

from __future__ import annotations

import math
from collections import Counter
from heapq import nlargest, nsmallest
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import DmartTuiError, UsageFault
from dmart_tui.core.historydb.queries import sketches
from dmart_tui.core.historydb.queries.expressions import Expression, Value, field, own
from dmart_tui.core.historydb.queries.kinds import hashable, rank, thawed
from dmart_tui.core.historydb.queries.reducing import Aggregate, argument_from_data

if TYPE_CHECKING:
    from collections.abc import Sequence

Reads = str | Expression


class Count(Aggregate):
    """How many documents, or how many have a field."""

    def __init__(self, field: Reads | None = None) -> None:
        self.fields = () if field is None else (_read(field),)

    def init(self) -> int:
        return 0

    def step(self, state: int, *values: Any) -> int:
        return state + 1

    def step_block(self, state: int, count: int, *columns: Sequence[Any]) -> int:
        return state + count

    def merge(self, a: int, b: int) -> int:
        return a + b

    def final(self, state: int) -> int:
        return state


class _OfOne(Aggregate):
    """What reads one field."""

    def __init__(self, field: Reads) -> None:
        self.fields = (_read(field),)

    def step(self, state: Any, *values: Any) -> Any:
        return self.step_block(state, 1, values)


class Sum(_OfOne):
    """The sum of the numbers; 0 without any. Whole numbers are exact."""

    def init(self) -> Any:
        return 0

    def step_block(self, state: Any, count: int, *columns: Sequence[Any]) -> Any:
        return self.merge(state, _sum(columns[0])[1])

    def merge(self, a: Any, b: Any) -> Any:
        return _added(a, b)

    def final(self, state: Any) -> Any:
        return state


class Mean(_OfOne):
    """The mean of the numbers; None without any."""

    def init(self) -> list[Any]:
        return [0, 0]

    def step_block(self, state: list[Any], count: int, *columns: Sequence[Any]) -> list[Any]:
        return self.merge(state, list(_sum(columns[0])))

    def merge(self, a: list[Any], b: list[Any]) -> list[Any]:
        return [a[0] + b[0], _added(a[1], b[1])]

    def final(self, state: list[Any]) -> float | None:
        count, total = state
        return _added(total, 0.0) / count if count else None


class Var(_OfOne):
    """The variance of the numbers (of all of them, not of a sample); None without any."""

    def init(self) -> list[Any]:
        return [0, 0.0, 0.0]

    def step_block(self, state: list[Any], count: int, *columns: Sequence[Any]) -> list[Any]:
        values = _floats(columns[0])
        if not values:
            return state
        mean = sum(values) / len(values)
        return self.merge(state, [len(values), mean, sum([(off := value - mean) * off for value in values])])

    def merge(self, a: list[Any], b: list[Any]) -> list[Any]:
        count = a[0] + b[0]
        if not a[0] or not b[0]:
            return a if a[0] else b
        apart = b[1] - a[1]
        return [count, a[1] + apart * b[0] / count, a[2] + b[2] + apart * apart * a[0] * b[0] / count]

    def final(self, state: list[Any]) -> float | None:
        return state[2] / state[0] if state[0] else None


class Std(Var):
    """The standard deviation of the numbers (of all of them, not of a sample); None without any."""

    def final(self, state: list[Any]) -> float | None:
        return math.sqrt(state[2] / state[0]) if state[0] else None


class Min(_OfOne):
    """The least value: numbers before texts before times; None without any.

    Of 0, 0.0 and False, which are one value, it is the same in whatever order they come.
    """

    def init(self) -> Any:
        return None

    def step_block(self, state: Any, count: int, *columns: Sequence[Any]) -> Any:
        values = [value for value in columns[0] if value == value]
        if not values:
            return state
        try:
            best = self._best(values)
        except TypeError:
            best = self._best(values, key=rank)
        if len(set(map(type, values))) > 1:
            best = min([value for value in values if value == best], key=_kind)
        return self.merge(state, best)

    def _best(self, values: Sequence[Any], key: Any = None) -> Any:
        return min(values, key=key)

    def merge(self, a: Any, b: Any) -> Any:
        if a is None or b is None:
            return b if a is None else a
        return min(a, b, key=_kind) if a == b else self._best((a, b), key=rank)

    def final(self, state: Any) -> Any:
        return state


class Max(Min):
    """The greatest value: times after texts after numbers; None without any. Ties go as in `Min`."""

    def _best(self, values: Sequence[Any], key: Any = None) -> Any:
        return max(values, key=key)


class Collect(Aggregate):
    """The values of the first `most` documents by time, as a list."""

    def __init__(self, field: Reads, most: int = 10, by: Reads | None = None) -> None:
        self.fields = (_read(field), own("time") if by is None else _read(by))
        self.most = _whole(most, 1, 10_000)

    def init(self) -> list[list[Any]]:
        return []

    def step(self, state: list[list[Any]], *values: Any) -> list[list[Any]]:
        return self.step_block(state, 1, *((value,) for value in values))

    def step_block(self, state: list[list[Any]], count: int, *columns: Sequence[Any]) -> list[list[Any]]:
        return self.merge(state, [[when, value] for value, when in zip(*columns, strict=True)])

    def merge(self, a: list[list[Any]], b: list[list[Any]]) -> list[list[Any]]:
        return nsmallest(self.most, a + b, key=_by_time)

    def final(self, state: list[list[Any]]) -> Any:
        return [value for _, value in state]


class First(Collect):
    """The value of the first document by time; None without any."""

    def __init__(self, field: Reads, by: Reads | None = None) -> None:
        super().__init__(field, 1, by)

    def final(self, state: list[list[Any]]) -> Any:
        return state[0][1] if state else None


class Last(First):
    """The value of the last document by time; None without any."""

    def merge(self, a: list[list[Any]], b: list[list[Any]]) -> list[list[Any]]:
        return nlargest(1, a + b, key=_by_time)


class Distinct(_OfOne):
    """How many different values; memory grows with them."""

    def init(self) -> set[Any]:
        return set()

    def step_block(self, state: set[Any], count: int, *columns: Sequence[Any]) -> set[Any]:
        try:
            state.update(columns[0])
        except TypeError:
            state.update(map(hashable, columns[0]))
        return state

    def merge(self, a: set[Any], b: set[Any]) -> set[Any]:
        if len(b) > len(a):
            a, b = b, a
        a |= b
        return a

    def final(self, state: set[Any]) -> int:
        odd = [value for value in state if value != value]
        return len(state) - max(0, len(odd) - 1)

    def packed(self, state: set[Any]) -> list[Any]:
        return list(state)

    def unpacked(self, data: list[Any]) -> set[Any]:
        try:
            return set(data)
        except TypeError:
            return {tuple(value) if isinstance(value, list) else value for value in data}


class ApproxDistinct(_OfOne):
    """About how many different values, within 2 % (HyperLogLog); exact below 256; 4 KB at most."""

    def init(self) -> sketches.Registers:
        return sketches.Registers()

    def step_block(self, state: sketches.Registers, count: int, *columns: Sequence[Any]) -> sketches.Registers:
        state.add(columns[0])
        return state

    def merge(self, a: sketches.Registers, b: sketches.Registers) -> sketches.Registers:
        a.merge(b)
        return a

    def final(self, state: sketches.Registers) -> int:
        return state.estimate()

    def packed(self, state: sketches.Registers) -> Any:
        return state.to_data()

    def unpacked(self, data: Any) -> sketches.Registers:
        return sketches.Registers.from_data(data)


class Quantile(_OfOne):
    """The value that a share `q` of the numbers does not exceed; exact up to 2,048 of them, then within 1 %."""

    def __init__(self, field: Reads, q: float = 0.5) -> None:
        super().__init__(field)
        if not isinstance(q, int | float) or not 0 <= q <= 1:
            raise UsageFault("a quantile is between 0 and 1")
        self.q = q

    def init(self) -> sketches.Ranks:
        return sketches.Ranks()

    def step_block(self, state: sketches.Ranks, count: int, *columns: Sequence[Any]) -> sketches.Ranks:
        state.add(_finite(columns[0]))
        return state

    def merge(self, a: sketches.Ranks, b: sketches.Ranks) -> sketches.Ranks:
        a.merge(b)
        return a

    def final(self, state: sketches.Ranks) -> float | None:
        return state.quantile(self.q)

    def packed(self, state: sketches.Ranks) -> Any:
        return state.to_data()

    def unpacked(self, data: Any) -> sketches.Ranks:
        return sketches.Ranks.from_data(data)


class TopK(_OfOne):
    """The `k` most frequent values with their counts; exact while there are at most 2,000 or 40 `k` different ones."""

    def __init__(self, field: Reads, k: int = 10) -> None:
        super().__init__(field)
        self.k = _whole(k, 1, 10_000)

    def init(self) -> sketches.Frequent:
        return sketches.Frequent(max(2000, 40 * self.k))

    def step_block(self, state: sketches.Frequent, count: int, *columns: Sequence[Any]) -> sketches.Frequent:
        state.add(columns[0])
        return state

    def merge(self, a: sketches.Frequent, b: sketches.Frequent) -> sketches.Frequent:
        a.merge(b)
        return a

    def final(self, state: sketches.Frequent) -> list[list[Any]]:
        return [[thawed(value), count] for value, count in state.top(self.k)]

    def packed(self, state: sketches.Frequent) -> Any:
        return state.to_data()

    def unpacked(self, data: Any) -> sketches.Frequent:
        return sketches.Frequent.from_data(max(2000, 40 * self.k), data)


class Histogram(_OfOne):
    """How many numbers lie in each step of `width`: a list of [from, to, count]."""

    def __init__(self, field: Reads, width: float = 1) -> None:
        super().__init__(field)
        if not isinstance(width, int | float) or not 0 < width < math.inf:
            raise UsageFault("the width of a histogram is a number above 0")
        self.width = width

    def init(self) -> Counter[int]:
        return Counter()

    def step_block(self, state: Counter[int], count: int, *columns: Sequence[Any]) -> Counter[int]:
        width = self.width
        state.update([math.floor(part) for value in _finite(columns[0]) if math.isfinite(part := value / width)])
        return state

    def merge(self, a: Counter[int], b: Counter[int]) -> Counter[int]:
        a.update(b)
        return a

    def final(self, state: Counter[int]) -> list[list[Any]]:
        return [[step * self.width, (step + 1) * self.width, state[step]] for step in sorted(state)]

    def packed(self, state: Counter[int]) -> Any:
        return [[str(step), count] for step, count in state.items()]

    def unpacked(self, data: Any) -> Counter[int]:
        return Counter({int(step): count for step, count in data})


_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


class Rate(Aggregate):
    """Documents per second, minute, hour, day or week, from the first to the last of them."""

    def __init__(self, per: str = "day") -> None:
        if per not in _SECONDS:
            raise UsageFault(f"a rate is per {', '.join(_SECONDS)}")
        self.fields = (own("time"),)
        self.seconds = _SECONDS[per]

    def init(self) -> list[Any]:
        return [0, math.inf, -math.inf]

    def step(self, state: list[Any], *values: Any) -> list[Any]:
        return self.step_block(state, 1, values)

    def step_block(self, state: list[Any], count: int, *columns: Sequence[Any]) -> list[Any]:
        return self.merge(state, [count, min(columns[0]), max(columns[0])])

    def merge(self, a: list[Any], b: list[Any]) -> list[Any]:
        return [a[0] + b[0], min(a[1], b[1]), max(a[2], b[2])]

    def final(self, state: list[Any]) -> float | None:
        count, first, last = state
        return count / max(1.0, (last - first) / self.seconds) if count else None


SHIPPED: Final[dict[str, type[Aggregate]]] = {
    one.__name__: one
    for one in (
        *(Count, Sum, Mean, Min, Max, First, Last, Std, Var),
        *(Distinct, ApproxDistinct, Quantile, TopK, Histogram, Collect, Rate),
    )
}


def load(name: str) -> type[Aggregate]:
    """A shipped class by its name, or one's own as `package.module:Class`, which imports that module.

    Raises:
        UsageFault: there is none, or it is no aggregate.
    """
    if name in SHIPPED:
        return SHIPPED[name]
    module, colon, path = name.partition(":")
    if not colon:
        raise UsageFault(f"there is no aggregate {name[:40]}", hint=f"{', '.join(SHIPPED)}, or package:Class")
    try:
        found: Any = import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except Exception as error:  # whatever a module does when it is imported
        raise UsageFault(f"{name[:80]} cannot be imported: {type(error).__name__}: {error}") from None
    if not isinstance(found, type) or not issubclass(found, Aggregate):
        raise UsageFault(f"{name[:80]} is no aggregate", hint="make it a subclass of Aggregate")
    return found


def make(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Aggregate:
    """An aggregate with what it is given; raises UsageFault where that does not fit."""
    cls = load(name)
    try:
        signature(cls).bind(*args, **kwargs)  # what it takes, told without the names of our methods
        return cls(*args, **kwargs)
    except DmartTuiError:
        raise
    except Exception as error:  # whatever one's own finds wrong
        raise UsageFault(f"{name}: {error}") from None


def aggregate_from_data(data: Any) -> Aggregate:
    """The aggregate of `to_data`; raises UsageFault."""
    match data:
        case [str(name), [*args], dict(kwargs)]:
            given = [argument_from_data(value) for value in args]
            return make(name, given, {str(word): argument_from_data(value) for word, value in kwargs.items()})
    raise UsageFault("this is no aggregate")


def _read(reads: Reads) -> Expression:
    if isinstance(reads, str):
        return field(reads)
    if isinstance(reads, Value) or not isinstance(reads, Expression):
        raise UsageFault("an aggregate reads a field, or what is made of fields")
    return reads


def _whole(number: Any, least: int, most: int) -> int:
    if not isinstance(number, int) or not least <= number <= most:
        raise UsageFault(f"it takes a whole number from {least:,} to {most:,}")
    return number


def _kind(value: Any) -> str:
    return type(value).__name__


def _by_time(one: list[Any]) -> tuple[Any, Any]:
    return rank(one[0]), rank(one[1])


def _added(a: Any, b: Any) -> Any:
    try:
        return a + b
    except OverflowError:
        return math.copysign(math.inf, a if isinstance(a, int) else b)


def _sum(values: Sequence[Any]) -> tuple[int, Any]:
    """How many numbers, and their sum."""
    try:
        return len(values), sum(values)
    except (TypeError, OverflowError):
        numbers = _floats(values)
        return len(numbers), sum(numbers)


def _finite(values: Sequence[Any]) -> list[Any]:
    """What floating point can hold of them, without the infinite and what is no number."""
    try:
        return list(filter(math.isfinite, values))
    except (TypeError, OverflowError):
        return list(filter(math.isfinite, _floats(values)))


def _floats(values: Sequence[Any]) -> list[Any]:
    """What floating point can hold of them."""
    return [value for value in values if isinstance(value, float) or (isinstance(value, int) and abs(value) < 1e308)]
