"""Sketches: small states for how many, which most and how much, that merge like the documents they stand for."""

from __future__ import annotations

import math
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.historydb.queries.kinds import hashable, pack, rank

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BITS: Final = 12
_REGISTERS: Final = 1 << _BITS
_FEW: Final = 256


class Registers:
    """HyperLogLog with 4,096 registers, 1.6 % off as a rule; the hashes themselves while they are few."""

    __slots__ = ("few", "many")

    def __init__(self) -> None:
        self.few: set[int] = set()
        self.many: bytearray | None = None

    def add(self, values: Sequence[Any]) -> None:
        """Take in values; each different one costs a microsecond."""
        try:
            different: Iterable[Any] = set(values)
        except TypeError:
            different = set(map(hashable, values))
        self._add(map(_hash, different))

    def _add(self, hashes: Iterable[int]) -> None:
        if self.many is None:
            self.few.update(hashes)
            if len(self.few) <= _FEW:
                return
            hashes, self.few, self.many = self.few, set(), bytearray(_REGISTERS)
        registers = self.many
        for one in hashes:
            at, rest = one & (_REGISTERS - 1), one >> _BITS
            zeros = 65 - _BITS - rest.bit_length()
            if zeros > registers[at]:
                registers[at] = zeros

    def merge(self, other: Registers) -> None:
        """Take in another's."""
        if other.many is None:
            self._add(other.few)
        elif self.many is None:
            few, self.few, self.many = self.few, set(), bytearray(other.many)
            self._add(few)
        else:
            self.many = bytearray(map(max, self.many, other.many))

    def estimate(self) -> int:
        """How many different values there were, about."""
        if self.many is None:
            return len(self.few)
        empty = self.many.count(0)
        raw = 0.7213 / (1 + 1.079 / _REGISTERS) * _REGISTERS**2 / sum(2.0**-zeros for zeros in self.many)
        if raw <= 2.5 * _REGISTERS and empty:
            raw = _REGISTERS * math.log(_REGISTERS / empty)
        return round(raw)

    def to_data(self) -> Any:
        return sorted(self.few) if self.many is None else bytes(self.many)

    @classmethod
    def from_data(cls, data: Any) -> Registers:
        made = cls()
        if isinstance(data, bytes):
            made.many = bytearray(data)
        else:
            made.few = set(data)
        return made


def _hash(value: Any) -> int:
    """64 bits of a value that are the same in every process, and for 1, 1.0 and True."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    packed = pack(int(value) if isinstance(value, bool) else value)
    return int.from_bytes(blake2b(packed, digest_size=8).digest(), "little")


_EXACT: Final = 2048
_STEP: Final = math.log(1.02)


class Ranks:
    """Quantiles of finite numbers: the numbers themselves up to 2,048, then counts in steps 2 % wide (DDSketch).

    The state depends on the numbers alone, never on how they came, so merging is exact; a t-digest's is not.
    """

    __slots__ = ("above", "below", "count", "values", "zeros")

    def __init__(self) -> None:
        self.count = 0
        self.values: list[float] | None = []
        self.above: Counter[int] = Counter()
        self.below: Counter[int] = Counter()
        self.zeros = 0

    def add(self, values: list[float]) -> None:
        """Take in finite numbers."""
        self.count += len(values)
        if self.values is not None:
            self.values += values
            if self.count <= _EXACT:
                return
            values, self.values = self.values, None
        log, ceil = math.log, math.ceil
        self.above.update([ceil(log(value) / _STEP) for value in values if value > 0])
        self.below.update([ceil(log(-value) / _STEP) for value in values if value < 0])
        self.zeros += sum([not value for value in values])

    def merge(self, other: Ranks) -> None:
        """Take in another's."""
        if other.values is not None:
            self.add(other.values)
            return
        if self.values is not None:
            values, self.values, self.count = self.values, None, 0
            self.add(values)
        self.count += other.count
        self.above.update(other.above)
        self.below.update(other.below)
        self.zeros += other.zeros

    def quantile(self, q: float) -> float | None:
        """The number at that rank."""
        if not self.count:
            return None
        left = max(1, math.ceil(q * self.count))
        if self.values is not None:
            return sorted(self.values)[left - 1]
        steps = [(-_middle(step), self.below[step]) for step in sorted(self.below, reverse=True)]
        steps += [(0.0, self.zeros), *((_middle(step), self.above[step]) for step in sorted(self.above))]
        for value, count in steps:
            left -= count
            if left <= 0:
                return value
        return steps[-1][0]

    def to_data(self) -> Any:
        if self.values is not None:
            return self.values
        return [[list(part.keys()), list(part.values())] for part in (self.below, self.above)], self.zeros

    @classmethod
    def from_data(cls, data: Any) -> Ranks:
        made = cls()
        match data:
            case [[below, above], int(zeros)]:
                made.below, made.above = (Counter(dict(zip(*part, strict=True))) for part in (below, above))
                made.zeros = zeros
                made.values = None
                made.count = zeros + made.below.total() + made.above.total()
            case _:
                made.add(data)
        return made


def _middle(step: int) -> float:
    """The number that is off by as much from both ends of a step, in parts of itself."""
    return 2 * math.exp(step * _STEP) / (1 + math.exp(_STEP))


class Frequent:
    """The most frequent values: all counts while there are few, then those that can matter (space-saving).

    What is dropped is remembered as `slack`: a count is at most so much too low.
    """

    __slots__ = ("capacity", "counts", "slack")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.counts: Counter[Any] = Counter()
        self.slack = 0

    def add(self, values: Sequence[Any]) -> None:
        """Take in values."""
        try:
            new = Counter(values)
        except TypeError:
            new = Counter(map(hashable, values))
        self.counts.update(new)
        self._prune()

    def merge(self, other: Frequent) -> None:
        """Take in another's."""
        self.counts.update(other.counts)
        self.slack += other.slack
        self._prune()

    def top(self, k: int) -> list[tuple[Any, int]]:
        """The most frequent values with their counts; of equal ones the lesser first."""
        return sorted(self.counts.items(), key=lambda one: (-one[1], rank(one[0])))[:k]

    def _prune(self) -> None:
        if len(self.counts) > 2 * self.capacity:
            least = sorted(self.counts.values(), reverse=True)[self.capacity]
            self.counts = Counter({value: count - least for value, count in self.counts.items() if count > least})
            self.slack += least

    def to_data(self) -> Any:
        return [list(self.counts.keys()), list(self.counts.values()), self.slack]

    @classmethod
    def from_data(cls, capacity: int, data: Any) -> Frequent:
        made = cls(capacity)
        values, counts, made.slack = data
        keys = (tuple(value) if isinstance(value, list) else value for value in values)
        made.counts = Counter(dict(zip(keys, counts, strict=True)))
        return made
