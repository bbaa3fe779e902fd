"""Aggregates: whatever the splits, merging gives what one pass gives, and sketches stay as near as they promise."""

from __future__ import annotations

import math
import random
import statistics
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.errors import Failed, UsageFault
from dmart_tui.core.historydb import (
    SHIPPED,
    Aggregate,
    ApproxDistinct,
    Collect,
    Count,
    Distinct,
    First,
    Histogram,
    Last,
    Max,
    Mean,
    Min,
    Quantile,
    Rate,
    Std,
    Sum,
    TopK,
    Var,
    load,
    self_test,
)
from dmart_tui.core.historydb.queries.aggregates import aggregate_from_data, make
from dmart_tui.core.historydb.queries.expressions import F
from dmart_tui.core.historydb.queries.sketches import Frequent

if TYPE_CHECKING:
    from pathlib import Path

numbers = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6) | st.booleans()
anything = numbers | st.text(max_size=3) | st.sampled_from([[1], {"a": 1}, b"x", math.inf, math.nan, 10**30])
ONE = [
    *(Count("a"), Count(), Sum("a"), Mean("a"), Min("a"), Max("a"), Std("a"), Var("a"), Distinct("a")),
    *(ApproxDistinct("a"), Quantile("a", 0.9), TopK("a", 3), Histogram("a", 7.5)),
]
TWO = [First("a"), Last("a"), Collect("a", 3)]


def fed(aggregate: Aggregate, *columns: list[Any]) -> Any:
    return aggregate.final(aggregate.step_block(aggregate.init(), len(columns[0]), *columns))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ONE), st.lists(numbers, max_size=40), st.integers())
def test_splits_do_not_matter(aggregate: Aggregate, values: list[Any], seed: int) -> None:
    rows = [(value,) for value in values] if aggregate.fields else [() for _ in values]
    self_test(aggregate, rows, rounds=3, seed=seed)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([one for one in ONE if one.fields]), st.lists(anything, max_size=20), st.integers())
def test_odd_values_break_nothing(aggregate: Aggregate, values: list[Any], seed: int) -> None:
    answers = [fed(aggregate, random.Random(seed + at).sample(values, len(values))) for at in range(2)]
    if not any(isinstance(value, float) and not math.isfinite(value) for value in values):
        self_test(aggregate, [(value,) for value in values], rounds=2, seed=seed)
    assert type(answers[0]) is type(answers[1])


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(TWO), st.lists(st.tuples(anything, st.integers(0, 9)), max_size=20), st.integers())
def test_what_goes_by_time_does_not_depend_on_splits(aggregate: Aggregate, rows: list[Any], seed: int) -> None:
    self_test(aggregate, rows, rounds=3, seed=seed)


@pytest.mark.parametrize("aggregate", ONE[2:], ids=str)
def test_many_values_merge_too(aggregate: Aggregate) -> None:
    chance = random.Random(3)
    values = [chance.choice([chance.randrange(1500), chance.gauss(0, 100), 0]) for _ in range(6000)]
    if isinstance(aggregate, TopK):
        values = [int(value) % 1500 for value in values]
    self_test(aggregate, [(value,) for value in values], rounds=2)


def test_answers_are_those_of_the_standard_library() -> None:
    chance = random.Random(5)
    values = [chance.gauss(10, 3) for _ in range(2000)]
    assert fed(Sum("a"), values) == pytest.approx(math.fsum(values))
    assert fed(Mean("a"), values) == pytest.approx(statistics.fmean(values))
    assert fed(Var("a"), values) == pytest.approx(statistics.pvariance(values))
    assert fed(Std("a"), values) == pytest.approx(statistics.pstdev(values))
    assert fed(Quantile("a", 0.25), values) == sorted(values)[499]
    assert (fed(Min("a"), values), fed(Max("a"), values)) == (min(values), max(values))
    assert fed(Histogram("a", 5), [0, 4.9, 5, -0.1]) == [[-5, 0, 1], [0, 5, 2], [5, 10, 1]]
    assert fed(Sum("a"), [2**63, 2**63, 1]) == 2**64 + 1
    assert fed(Rate("hour"), [0.0, 1800.0, 7200.0, 3600.0]) == 2
    assert fed(First("a"), ["late", "early"], [2, 1]) == "early"
    assert fed(Last("a"), ["late", "early"], [2, 1]) == "late"
    assert fed(Collect("a", 2), ["c", "a", "b"], [3, 1, 2]) == ["a", "b"]
    assert fed(Distinct("a"), [1, [1], [1], {"a": 1}, "1", math.nan, math.nan]) == 5
    assert fed(TopK("a", 2), ["x", ["y"], ["y"], "z", "z"]) == [["z", 2], [["y"], 2]]


@pytest.mark.parametrize("aggregate", [one for one in ONE if one.fields and not isinstance(one, Count)], ids=str)
def test_nothing_gives_nothing(aggregate: Aggregate) -> None:
    assert fed(aggregate, []) in (None, 0, [])


def test_sketches_are_as_near_as_they_say() -> None:
    chance = random.Random(9)
    values = [chance.expovariate(0.01) - 50 for _ in range(20_000)]
    exact = sorted(values)
    for q in (0.01, 0.5, 0.95, 0.999):
        true = exact[math.ceil(q * len(exact)) - 1]
        assert abs(fed(Quantile("a", q), values) - true) <= 0.0101 * abs(true)
    for count in (100, 300, 50_000):
        names = [f"name {number}" for number in range(count)]
        assert fed(ApproxDistinct("a"), names) == pytest.approx(count, rel=0 if count < 256 else 0.05)
    sketch = Frequent(100)
    often = [number for number in range(20) for _ in range(300 + number)]
    every = often + [f"rare {number}" for number in range(5000)]
    chance.shuffle(every)
    for at in range(0, len(every), 500):
        sketch.add(every[at : at + 500])
    top = sketch.top(20)
    assert {value for value, _ in top} == set(range(20))
    assert all(count <= 300 + value <= count + sketch.slack for value, count in top)
    assert len(sketch.counts) <= 200


class Product(Aggregate):
    def __init__(self, field: str, start: int = 1) -> None:
        self.fields = (getattr(F, field),)
        self.start = start

    def init(self) -> Any:
        return 1

    def step(self, state: Any, *values: Any) -> Any:
        return state * values[0]

    def merge(self, a: Any, b: Any) -> Any:
        return a * b

    def final(self, state: Any) -> Any:
        return state


class MeanOfMeans(Product):
    def init(self) -> Any:
        return 0

    def step(self, state: Any, *values: Any) -> Any:
        return (state + values[0]) / 2

    def merge(self, a: Any, b: Any) -> Any:
        return (a + b) / 2


def test_the_self_test_finds_what_cannot_be_merged() -> None:
    rows = [(number,) for number in range(1, 12)]
    self_test(Product("a"), rows)
    with pytest.raises(Failed, match="depends on how the documents are split"):
        self_test(MeanOfMeans("a"), rows)


@pytest.mark.parametrize("aggregate", [*ONE, *TWO, Rate("hour"), Quantile(F.a // 2, q=0.1)], ids=str)
def test_aggregates_travel_as_data(aggregate: Aggregate) -> None:
    again = aggregate_from_data(aggregate.to_data())
    assert type(again) is type(aggregate)
    assert again.to_data() == aggregate.to_data()
    assert again.to_text() == aggregate.to_text()


def test_ones_own_are_loaded_by_name() -> None:
    assert load("Sum") is SHIPPED["Sum"]
    assert load("dmart_tui.core.historydb.queries.aggregates:Sum") is Sum


@pytest.mark.parametrize(
    "name", ["Nothing", "os:system", "no.such.module:Class", "json:JSONDecoder", "json:nothing", ":Class", "a..b:C"]
)
def test_what_is_no_aggregate_is_refused(name: str) -> None:
    with pytest.raises(UsageFault):
        load(name)


@pytest.mark.parametrize("text", ["raise RuntimeError('by me')", "def (", "import nowhere", "class Class: pass"])
def test_a_module_that_cannot_be_imported_is_refused(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd_aggregates.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "odd_aggregates", raising=False)
    with pytest.raises(UsageFault, match="odd_aggregates:Class"):
        load("odd_aggregates:Class")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        *(
            ("Sum", []),
            ("Sum", ["a", 1]),
            ("Sum", [5]),
            ("Quantile", ["a", 2]),
            ("Quantile", ["a", "x"]),
            ("TopK", ["a", 0]),
        ),
        *(("Histogram", ["a", 0]), ("Rate", ["century"]), ("Collect", ["a", 10**9])),
    ],
)
def test_what_an_aggregate_cannot_be_given_is_refused(name: str, args: list[Any]) -> None:
    with pytest.raises(UsageFault):
        make(name, args, {})
