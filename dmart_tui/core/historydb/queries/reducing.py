"""What an aggregate is, and the test that one's own is one.

A class of one's own has four methods: `init` makes a state, `step` takes in one document, `merge` joins two states and
`final` gives the answer. Merging must not depend on how the documents were split or in which order the parts come;
`self_test` checks that. States must be what msgpack packs, or `packed` and `unpacked` must make it so.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import Failed, UsageFault
from dmart_tui.core.historydb.queries.expressions import Expression, Field, from_data
from dmart_tui.core.historydb.queries.kinds import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHIPPED: Final = "dmart_tui.core.historydb.queries.aggregates"


class Aggregate:
    """The base of all; a class of one's own overrides `init`, `step`, `merge` and `final`."""

    fields: tuple[Expression, ...] = ()
    """What it reads of a document; it sees those where the first is there."""
    given: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Aggregate:
        made = super().__new__(cls)
        made.given = args, kwargs
        return made

    def init(self) -> Any:
        """A new state."""
        raise NotImplementedError

    def step(self, state: Any, *values: Any) -> Any:
        """The state with one document more, of which these are the fields; it may change the state given."""
        raise NotImplementedError

    def merge(self, a: Any, b: Any) -> Any:
        """Both states as one; it may change `a`."""
        raise NotImplementedError

    def final(self, state: Any) -> Any:
        """The answer."""
        raise NotImplementedError

    def step_block(self, state: Any, count: int, *columns: Sequence[Any]) -> Any:
        """As `step` for `count` documents at once; where it is worth it, overridden by something faster."""
        if not columns:
            for _ in range(count):
                state = self.step(state)
        for values in zip(*columns, strict=True):
            state = self.step(state, *values)
        return state

    def packed(self, state: Any) -> Any:
        """The state as msgpack packs it."""
        return state

    def unpacked(self, data: Any) -> Any:
        """The state that `packed` gave away."""
        return data

    def to_data(self) -> list[Any]:
        """Its name and what it was made with, as msgpack packs it; `from_data` reads it."""
        args, kwargs = self.given
        cls = type(self)
        name = cls.__name__ if cls.__module__ == _SHIPPED else f"{cls.__module__}:{cls.__qualname__}"
        return [name, [_argument(value) for value in args], {word: _argument(value) for word, value in kwargs.items()}]

    def to_text(self) -> str:
        """As the text parser reads it: `Quantile(amount, 0.95)`."""
        args, kwargs = self.given
        told = [_argument_text(value, first=not at) for at, value in enumerate(args)]
        told += [f"{word}={value!r}" for word, value in kwargs.items()]
        return f"{self.to_data()[0]}({', '.join(told)})"

    def __repr__(self) -> str:
        return self.to_text()


def self_test(aggregate: Aggregate, rows: Sequence[tuple[Any, ...]], *, rounds: int = 20, seed: int = 0) -> None:
    """Check that random splits, merged in any order, give what one pass gives, and that states travel.

    Args:
        rows: values to try it on, one of each of its fields a row.

    Raises:
        Failed: they do not; the message says what differed.
    """
    chance = random.Random(seed)
    once = aggregate.init()
    for row in rows:
        once = aggregate.step(once, *row)
    expected = aggregate.final(_travelled(aggregate, once))
    for _ in range(rounds):
        mixed = chance.sample(rows, len(rows))
        cuts = sorted(chance.choices(range(len(rows) + 1), k=chance.randrange(5)))
        parts = [mixed[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
        states = [_stepped(aggregate, part, at_once=chance.random() < 0.5) for part in parts]
        chance.shuffle(states)
        merged = aggregate.init()
        for state in states:
            merged = aggregate.merge(merged, _travelled(aggregate, state))
        found = aggregate.final(merged)
        if not alike(found, expected):
            told = f"{found!r:.80} and not {expected!r:.80}"
            raise Failed(f"{aggregate.to_text()} depends on how the documents are split: {told}")


def alike(a: Any, b: Any) -> bool:
    """Whether two answers are the same, but for the rounding of sums."""
    if isinstance(a, float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6) or (a != a and b != b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(alike, a, b))
    return bool(a == b)


def _stepped(aggregate: Aggregate, rows: Sequence[tuple[Any, ...]], *, at_once: bool) -> Any:
    state = aggregate.init()
    if at_once and rows:
        return aggregate.step_block(state, len(rows), *(list(column) for column in zip(*rows, strict=True)))
    for row in rows:
        state = aggregate.step(state, *row)
    return state


def _travelled(aggregate: Aggregate, state: Any) -> Any:
    return aggregate.unpacked(unpack(pack(aggregate.packed(state))))


def _argument(value: Any) -> Any:
    return ["expression", value.to_data()] if isinstance(value, Expression) else ["constant", value]


def argument_from_data(data: Any) -> Any:
    match data:
        case ["expression", tree]:
            return from_data(tree)
        case ["constant", None | bool() | int() | float() | str() | bytes() as value]:
            return value
    raise UsageFault("this is no argument of an aggregate")


def _argument_text(value: Any, *, first: bool) -> str:
    if isinstance(value, Expression):
        return value.to_text()
    return Field(tuple(value.split("."))).to_text() if first and isinstance(value, str) else repr(value)
