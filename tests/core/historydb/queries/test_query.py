"""Queries: every answer is the one that plain Python gives, however the documents lie on the disk."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.historydb import (
    Aggregate,
    Collect,
    Count,
    Distinct,
    Engine,
    F,
    First,
    Last,
    Max,
    Mean,
    Min,
    Query,
    Store,
    Sum,
    find,
)
from dmart_tui.core.historydb.queries.expressions import Value, from_data
from dmart_tui.core.historydb.queries.kinds import pack, unpack
from dmart_tui.core.historydb.queries.reducing import alike
from tests.support import naive_history as naive

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = 86_400_000
FIRST = 19_000

scalars = st.sampled_from([None, True, False, 0, 1, 2, -3, 2.5, 10**30, "", "a", "ab", "B"])
documents = st.lists(
    st.fixed_dictionaries(
        {"ts": st.integers(FIRST * DAY, (FIRST + 5) * DAY - 1)},
        optional={
            "id": st.sampled_from(["a", "b", "c", 1, True, None, ["x"]]),
            "kind": st.sampled_from(["a", "ab", "b"]),
            "amount": st.integers(-3, 3) | st.none(),
            "any": scalars | st.just({"key": "a"}) | st.just(["a", 1]),
            "real": st.floats(-10, 10, width=16),
        },
    ),
    max_size=30,
)
fields = st.sampled_from([["field", name] for name in ("ts", "id", "kind", "amount", "any", "real", "none")]) | (
    st.sampled_from([["field", "any", "key"], ["field", "any", 1], ["hour"], ["day"], ["weekday"], ["month"], ["year"]])
)
constants = scalars.filter(lambda value: value is not None and value != 10**30).map(lambda value: ["value", value])


def _grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    two = ["==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "//", "%", "and", "or", "startswith", "contains"]
    return (
        st.tuples(st.sampled_from(two), inner, inner).map(list)
        | st.tuples(st.sampled_from(["not", "neg", "lower", "length", "exists"]), inner).map(list)
        | st.tuples(st.just("in"), inner, constants, constants).map(list)
    )


expressions = st.recursive(fields | constants, _grown, max_leaves=6).map(from_data)
made_of_fields = expressions.filter(lambda expression: not isinstance(expression, Value))
measures: st.SearchStrategy[dict[str, Aggregate]] = st.dictionaries(
    st.sampled_from("pqr"),
    st.builds(lambda cls, expression: cls(expression), st.sampled_from([Count, Sum, Mean, Distinct]), made_of_fields)
    | st.builds(lambda cls: cls("real"), st.sampled_from([Min, Max, Sum]))
    | st.builds(
        lambda cls, name: cls(name, by="ts"), st.sampled_from([First, Last, Collect]), st.sampled_from(["kind"])
    )
    | st.just(Count()),
    min_size=1,
    max_size=3,
)


@st.composite
def queries(draw: st.DrawFn) -> Query:
    first = draw(st.integers(FIRST - 1, FIRST + 5))
    query = find(first, draw(st.integers(first, FIRST + 6)))
    if draw(st.booleans()):
        query = query.where(draw(expressions))
    if draw(st.booleans()):
        query = query.derive(made=draw(expressions))
        if draw(st.booleans()):
            query = query.where(F.made.exists())
    if draw(st.booleans()):
        keep, scope = draw(st.sampled_from(["first", "last"])), draw(st.sampled_from(["day", "range"]))
        query = query.unique("id", keep=keep, scope=scope)
    if draw(st.booleans()):
        query = query.group(**{name: draw(expressions) for name in draw(st.sets(st.sampled_from("gh")))})
        query = query.reduce(**draw(measures))
        if draw(st.booleans()):
            query = query.having(
                from_data([draw(st.sampled_from(["<", "!=", ">="])), ["field", query.columns[-1]], ["value", 1]])
            )
    elif draw(st.booleans()):
        query = query.order(draw(st.sampled_from(["kind", "-amount"]))).limit(draw(st.none() | st.integers(0, 3)))
    return query


def made(path: str, documents: list[dict[str, Any]], cut: int) -> None:
    """A store of which so many documents are sealed, in two pieces, and the others lie in the log."""
    with Store.create(path, codec="none") as store:
        for start, end in ((0, cut // 2), (cut // 2, cut)):
            store.append(documents[start:end])
            store.seal()
        store.append(documents[cut:])


def answered(store: Store, query: Query, **knobs: Any) -> list[Any]:
    with Engine(workers=1, **knobs) as engine:
        run = engine.run(store, query)
        return [list(row) for row in run.result().rows] if query.reduces else list(run.documents())


def hold_against_plain_python(documents: list[dict[str, Any]], query: Query, cut: int, task: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made(f"{folder}/s.hdb", documents, cut)
        with Store.open(f"{folder}/s.hdb") as store:
            found = answered(store, query, documents=task)
    expected = naive.answer(query, documents)
    if query.reduces and not query.ordering:
        assert len(found) == len(expected)
        left = list(expected)
        for row in found:
            left.remove(next(one for one in left if alike(one, row)))
    else:
        assert found == expected


cases = given(documents, queries(), st.integers(0, 30), st.sampled_from([1, 5, 1000]))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@cases
def test_every_query_answers_as_plain_python_does(
    documents: list[dict[str, Any]], query: Query, cut: int, task: int
) -> None:
    hold_against_plain_python(documents, query, cut, task)


@pytest.mark.long
@settings(max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@cases
def test_five_thousand_queries_do_too(documents: list[dict[str, Any]], query: Query, cut: int, task: int) -> None:
    hold_against_plain_python(documents, query, cut, task)


@given(queries())
def test_queries_travel_as_data_and_as_texts(query: Query) -> None:
    assert Query.from_data(unpack(pack(query.to_data()))).to_data() == query.to_data()
    assert Query.from_texts(**query.to_texts()).to_texts() == query.to_texts()


@pytest.mark.parametrize(
    "change",
    [
        {"range": [1]},
        {"where": ["nothing"]},
        {"derive": [["a"]]},
        {"unique": [["field", "a"], "middle", "day"]},
        {"group": 5},
        {"reduce": [["a", ["os:system", [], {}]]]},
        {"order": ["a"]},
        {"limit": "x"},
        {"limit": -1},
    ],
    ids=str,
)
def test_data_that_is_no_query_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UsageFault):
        Query.from_data(find().to_data() | change)


@pytest.mark.parametrize(
    "build",
    [
        lambda: find().where(F.file.name == "x"),
        lambda: find().derive(a=F.file.name),
        lambda: find().group(F.file.path),
        lambda: find().group(a=5),
        lambda: find().having(True),
        lambda: find().unique(None),
        lambda: find("never"),
        lambda: find().limit(-1),
    ],
)
def test_what_is_no_part_is_refused_when_it_is_given(build: Callable[[], Query]) -> None:
    with pytest.raises(UsageFault):
        build()
