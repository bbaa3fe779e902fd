from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.charting import axis
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.sql.reshaping import (
    Asked,
    Condition,
    Order,
    Shape,
    bars,
    condition,
    in_classes,
    points,
    reshape,
    spread,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

PEOPLE = """SELECT * FROM (VALUES
    ('Sara', 34, 1.5, DATE '2024-01-01', 'Erbil'),
    ('Ali', NULL, 0.1, DATE '2025-06-01', 'Duhok'),
    ('Dana', 7, 2.5, NULL, 'Erbil'),
    ('O''Neil "x"', 100, 0.3, DATE '2026-01-01', NULL)
) p(name, age, height, born, city) -- everybody"""


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    with duckdb.connect(":memory:") as opened:
        yield opened


def columns_of(connection: duckdb.DuckDBPyConnection, statement: str) -> list[Any]:
    relation = connection.sql(statement)
    return [Column(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)]


def ask(connection: duckdb.DuckDBPyConnection, asked: Asked) -> list[tuple[Any, ...]]:
    return connection.execute(asked.text, asked.parameters).fetchall()


@pytest.mark.parametrize(
    ("column", "typed", "names"),
    [
        (1, "34", ["Sara"]),
        (1, "> 33.5", ["Sara", 'O\'Neil "x"']),
        (1, "<= 7", ["Dana"]),
        (1, "5..40", ["Sara", "Dana"]),
        (1, "!= 7", ["Sara", "Ali", 'O\'Neil "x"']),
        (1, "null", ["Ali"]),
        (1, "NOT  null", ["Sara", "Dana", 'O\'Neil "x"']),
        (1, "~ 0", ['O\'Neil "x"']),
        (2, "0.1", ["Ali"]),
        (3, "> 2025-01-01", ["Ali", 'O\'Neil "x"']),
        (3, "2024-01-01..2025-12-31", ["Sara", "Ali"]),
        (0, "A", ["Sara", "Ali", "Dana"]),
        (0, "= Ali", ["Ali"]),
        (0, "!~ a", ['O\'Neil "x"']),
        (0, "' OR 1=1 --", []),
        (0, "o'neil \"", ['O\'Neil "x"']),
        (4, "<> Erbil", ["Ali", 'O\'Neil "x"']),
    ],
)
def test_rows_that_fit_what_is_typed(
    connection: duckdb.DuckDBPyConnection, column: int, typed: str, names: Sequence[str]
) -> None:
    columns = columns_of(connection, PEOPLE)
    shape = Shape().filtered(condition(column, columns[column].type, typed))
    assert [row[0] for row in ask(connection, reshape(PEOPLE, columns, shape))] == names


@pytest.mark.parametrize(("kind", "typed"), [("INTEGER", "> many"), ("DOUBLE", "x..y"), ("VARCHAR", "  ")])
def test_what_makes_no_condition_is_told(kind: str, typed: str) -> None:
    with pytest.raises(UsageFault):
        condition(0, kind, typed)


def test_what_was_typed_can_be_typed_again() -> None:
    for kind, typed in (("INTEGER", "1,000..2000"), ("VARCHAR", "~ a"), ("DATE", "not null"), ("BIGINT", "7")):
        read = condition(3, kind, typed)
        assert condition(3, kind, read.words) == read


def test_sorting_goes_up_down_and_away() -> None:
    shape = Shape()
    seen = []
    for _ in range(3):
        shape = shape.sorted_by(2)
        seen.append(shape.order)
    assert seen == [(Order(2),), (Order(2, True),), ()]
    assert Shape().sorted_by(1).sorted_by(2).order == (Order(2),)
    assert Shape().sorted_by(1).sorted_by(2, more=True).sorted_by(1, more=True).order == (Order(1, True), Order(2))


def test_one_condition_a_column() -> None:
    shape = Shape().filtered(Condition(1, ">", "5")).filtered(Condition(2, "null")).filtered(Condition(1, "<", "9"))
    assert shape.where == (Condition(2, "null"), Condition(1, "<", "9"))
    assert shape.condition_on(1) == Condition(1, "<", "9")
    assert shape.without(1).condition_on(1) is None


def test_null_is_last_both_ways(connection: duckdb.DuckDBPyConnection) -> None:
    columns = columns_of(connection, PEOPLE)
    for shape, ages in ((Shape().sorted_by(1), [7, 34, 100, None]), (Shape((), (Order(1, True),)), [100, 34, 7, None])):
        assert [row[1] for row in ask(connection, reshape(PEOPLE, columns, shape))] == ages


def test_names_that_come_twice_or_hold_anything(connection: duckdb.DuckDBPyConnection) -> None:
    statement = 'SELECT 2 AS a, 1 AS a, 3 AS "we""ird; --"'
    columns = [Column("a", "INTEGER"), Column("a", "INTEGER"), Column('we"ird; --', "INTEGER")]
    asked = reshape(statement, columns, Shape((Condition(1, "=", "1"),), (Order(2),)))
    assert ask(connection, asked) == [(2, 1, 3)]
    assert [name for name, *_ in connection.description or ()] == ["a", "a", 'we"ird; --']


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("SELECT $limit + range AS n FROM range(10)", {"limit": 5, "filter_1": 0}),
        ("SELECT ? + range AS n FROM range(10)", {"1": 5}),
    ],
)
def test_the_statement_keeps_its_own_parameters(
    connection: duckdb.DuckDBPyConnection, statement: str, parameters: dict[str, object]
) -> None:
    asked = reshape(statement, [Column("n", "BIGINT")], Shape((Condition(0, ">", "12"),)), parameters)
    numbered = "1" in parameters
    values: Any = list(asked.parameters.values()) if numbered else asked.parameters
    if not numbered:
        asked.parameters.pop("filter_1")
        assert set(asked.parameters) == {"limit", "filter_2"}
    assert connection.execute(asked.text, values).fetchall() == [(13,), (14,)]


def test_asking_again_repeats_no_change(connection: duckdb.DuckDBPyConnection) -> None:
    import duckdb

    connection.execute("CREATE OR REPLACE TABLE t AS SELECT range AS a FROM range(5)")
    for statement in ("WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", "DELETE FROM t RETURNING *"):
        with pytest.raises(duckdb.Error):
            ask(connection, reshape(statement, [Column("a", "BIGINT")], Shape((), (Order(0),))))
    assert connection.execute("SELECT count(*) FROM t").fetchall() == [(5,)]


@pytest.mark.parametrize(
    ("way", "found"),
    [
        ("as they are", [("Erbil", 34.0), ("Erbil", 7.0), (None, 100.0)]),
        ("sum", [(None, 100.0), ("Erbil", 41.0)]),
        ("avg", [(None, 100.0), ("Erbil", 20.5)]),
        ("max", [(None, 100.0), ("Erbil", 34.0)]),
        ("count", [("Erbil", 2.0), ("Duhok", 1.0), (None, 1.0)]),
    ],
)
def test_bars(connection: duckdb.DuckDBPyConnection, way: Any, found: list[tuple[str, float]]) -> None:
    columns = columns_of(connection, PEOPLE)
    assert ask(connection, bars(PEOPLE, columns, 4, 1, way, 100)) == found


def test_bars_beyond_the_most_show_that_there_are_more(connection: duckdb.DuckDBPyConnection) -> None:
    asked = bars("SELECT range FROM range(50)", [Column("range", "BIGINT")], 0, 0, "as they are", 10)
    assert len(ask(connection, asked)) == 11


def test_points_are_sorted_finite_and_an_even_choice_of_many(connection: duckdb.DuckDBPyConnection) -> None:
    columns = columns_of(connection, PEOPLE)
    assert ask(connection, points(PEOPLE, columns, 3, 1, 100)) == [(1704067200.0, 34.0), (1767225600.0, 100.0)]
    many = "SELECT range AS x, CASE WHEN range % 2 = 0 THEN 'nan' ELSE '5' END AS y FROM range(20000)"
    asked = points(many, columns_of(connection, many), 0, 1, 100)
    found = ask(connection, asked)
    assert found == sorted(found) == ask(connection, asked)
    assert len(found) == 100


def test_points_of_the_same_place_are_summed_up(connection: duckdb.DuckDBPyConnection) -> None:
    many = "SELECT range % 3 AS x, range AS y FROM range(9)"
    columns = columns_of(connection, many)
    assert ask(connection, points(many, columns, 0, 1, 100, way="sum")) == [(0, 9), (1, 12), (2, 15)]
    assert ask(connection, points(many, columns, 0, 0, 100, way="count")) == [(0, 3), (1, 3), (2, 3)]


def test_the_spread_and_classes_of_a_column(connection: duckdb.DuckDBPyConnection) -> None:
    columns = columns_of(connection, PEOPLE)
    [(low, high, count, whole)] = ask(connection, spread(PEOPLE, columns, 1))
    assert (low, high, count, whole) == (7, 100, 3, True)
    scale = axis(low, high, 5, whole=whole)
    assert ask(connection, in_classes(PEOPLE, columns, 1, scale)) == [(0, 1), (1, 1), (4, 1)]
    assert ask(connection, spread(PEOPLE, columns, 0)) == [(None, None, 0, None)]


@settings(max_examples=40, deadline=None)
@given(typed=st.text(max_size=12), kind=st.sampled_from(["VARCHAR", "INTEGER", "DATE", "DECIMAL(9,2)"]))
def test_nothing_that_is_typed_becomes_sql(connection: duckdb.DuckDBPyConnection, typed: str, kind: str) -> None:
    import duckdb

    statement = f"SELECT NULL::{kind} AS a"
    try:
        asked = reshape(statement, [Column("a", kind)], Shape((condition(0, kind, typed),)))
    except UsageFault:
        return
    try:
        assert len(ask(connection, asked)) <= 1
    except (duckdb.ConversionException, duckdb.InvalidInputException, UnicodeEncodeError) as error:
        assert kind != "VARCHAR" or isinstance(error, UnicodeEncodeError)
