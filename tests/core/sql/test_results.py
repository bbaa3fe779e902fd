"""Results: rows that stream, pages anywhere, stopping, and every type."""

from __future__ import annotations

from decimal import Decimal
from threading import Event, Thread
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.sql import Interrupted, SqlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.sql import Session

ENDLESS = "SELECT count(*) FROM range(100000000000) t(i) WHERE hash(i) % 7 = 8"
"""Works for hours, in little memory, without giving a row."""


def test_first_rows_come_before_the_others_are_made(session: Session) -> None:
    result = session.run("SELECT i, 'row ' || i AS name FROM range(100000000000) t(i)")
    assert result.rows(0, 2) == [(0, "row 0"), (1, "row 1")]
    assert 2 <= result.known < 100_000
    assert (result.done, result.cut) == (False, "")
    assert [(column.name, column.type) for column in result.columns] == [("i", "BIGINT"), ("name", "VARCHAR")]


def test_few_matches_among_many_rows_come_in_small_pieces(session: Session) -> None:
    """The engine gathers large batches unless asked for small ones, which only its newest calls can be."""
    result = session.run("SELECT i FROM range(100000000000) t(i) WHERE i % 1000 = 0")
    assert result.rows(0, 3) == [(0,), (1000,), (2000,)]
    assert result.known < 10_000


def test_any_row_is_reached_again(session: Session) -> None:
    result = session.run("SELECT i, i * i AS square FROM range(300000) t(i)")
    for start in (250_000, 0, 131_071, 65_535, 299_999, 7):
        assert result.rows(start, 2) == [(i, i * i) for i in (start, start + 1) if i < 300_000]
    assert result.rows(299_990, 100)[-1] == (299_999, 299_999**2)
    assert (result.done, result.known, result.rows(300_000, 5)) == (True, 300_000, [])


def test_the_order_of_a_result_is_kept(session: Session) -> None:
    result = session.run("SELECT i FROM range(200000) t(i) ORDER BY hash(i)")
    first = [row[0] for row in result.rows(0, 200_000)]
    again = [row[0] for start in range(0, 200_000, 50_000) for row in result.rows(start, 50_000)]
    assert first == again
    assert sorted(first) == list(range(200_000))


def test_an_exact_count_runs_to_the_end(session: Session) -> None:
    result = session.run("SELECT i FROM range(250000) t(i)")
    told: list[int] = []
    assert result.count(told.append) == 250_000
    assert told == sorted(told)
    assert told[-1] == 250_000
    assert result.done


def test_a_statement_runs_once_whatever_is_read(session: Session) -> None:
    session.run("CREATE SEQUENCE counted")
    result = session.run("SELECT nextval('counted') AS n FROM range(100000)")
    assert result.rows(99_999, 1) == [(100_000,)]
    assert result.rows(0, 1) == [(1,)]
    assert result.count() == 100_000
    assert session.run("SELECT nextval('counted')").rows(0, 1)[0][0] <= 100_000 + 1


@pytest.mark.parametrize("again", [False, True], ids=["run", "rows"])
def test_what_runs_stops_when_it_is_interrupted(session: Session, again: bool) -> None:
    begun, stopped = Event(), []

    def work() -> None:
        try:
            if again:
                result = session.run("SELECT i FROM range(100000000000) t(i)")
                begun.set()
                result.rows(90_000_000_000, 1)
            else:
                begun.set()
                session.run(ENDLESS)
        except Interrupted:
            stopped.append(perf_counter())

    thread = Thread(target=work)
    thread.start()
    begun.wait()
    while thread.is_alive():  # one that comes before the statement began is without effect
        session.interrupt()
        thread.join(0.02)
    assert len(stopped) == 1
    assert session.run("SELECT 1").rows(0, 1) == [(1,)]


def test_what_is_known_stays_when_the_rest_was_stopped(session: Session) -> None:
    result = session.run("SELECT i FROM range(100000000000) t(i)")
    known = result.known
    result.leave("left")
    assert (result.done, result.cut, result.known) == (True, "left", known)
    assert result.rows(known - 1, 5) == [(known - 1,)]
    assert result.rows(known, 5) == []


def test_the_next_statement_ends_the_one_before(session: Session) -> None:
    result = session.run("SELECT i FROM range(100000000000) t(i)")
    other = session.run("SELECT 2")
    assert (result.done, result.cut) == (True, "another statement ran")
    assert (other.rows(0, 1), other.cut) == ([(2,)], "")
    assert result.rows(5, 1) == [(5,)]


def test_sessions_side_by_side_do_not_end_each_other(session: Session) -> None:
    with session.fork() as beside:
        result = session.run("SELECT i FROM range(100000000000) t(i)")
        beside.run("CREATE TABLE shared AS SELECT 1 AS a")
        assert beside.run("SELECT 2").rows(0, 1) == [(2,)]
        assert result.rows(100_000, 1) == [(100_000,)]
    assert session.run("FROM shared").rows(0, 1) == [(1,)]


def test_a_limit_of_time(make: Callable[..., Session]) -> None:
    session = make(timeout_ms=50)
    with pytest.raises(Interrupted, match="longer than it may") as caught:
        session.run(ENDLESS)
    assert caught.value.timed_out
    assert session.run("SELECT 1").rows(0, 1) == [(1,)]


def test_an_error_after_the_first_rows(session: Session) -> None:
    result = session.run("SELECT CASE WHEN i < 4000000 THEN i ELSE error('too far') END AS a FROM range(5000000) t(i)")
    assert result.rows(10, 1) == [(10,)]
    with pytest.raises(SqlError, match="too far"):
        result.rows(4_500_000, 1)
    assert (result.done, result.cut) == (True, "too far")
    assert result.rows(10, 1) == [(10,)]


@pytest.mark.parametrize(
    ("sql", "value", "kind"),
    [
        ("NULL", None, '"NULL"'),
        ("''", "", "VARCHAR"),
        ("true", True, "BOOLEAN"),
        ("170141183460469231731687303715884105727::HUGEINT", 2**127 - 1, "HUGEINT"),
        ("1.10::DECIMAL(38,2)", Decimal("1.10"), "DECIMAL(38,2)"),
        ("'nan'::DOUBLE", "nan", "DOUBLE"),
        ("'\\x00\\xff'::BLOB", b"\x00\xff", "BLOB"),
        ("'0110'::BIT", "0110", "BIT"),
        ("INTERVAL '1 year 2 months 3 days 4.5 seconds'", "1 year 2 months 3 days 00:00:04.5", "INTERVAL"),
        ("DATE 'infinity'", "infinity", "DATE"),
        ("DATE '290000-01-01 (BC)'", "290000-01-01 (BC)", "DATE"),
        ("TIMESTAMP_NS '2020-01-01 00:00:00.123456789'", "2020-01-01 00:00:00.123456789", "TIMESTAMP_NS"),
        ("TIMETZ '01:02:03+05:30'", "01:02:03+05:30", "TIME WITH TIME ZONE"),
        ("'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::UUID", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "UUID"),
        ("'b'::ENUM('a', 'b')", "b", "ENUM('a', 'b')"),
        ("[1, NULL]", "[1, NULL]", "INTEGER[]"),
        ("['a', NULL, '']", "[a, NULL, '']", "VARCHAR[]"),
        ("array_value(1, 2)", "[1, 2]", "INTEGER[2]"),
        ("{'a': 1, 'b': [{'c': 'x'}]}", "{'a': 1, 'b': [{'c': x}]}", "STRUCT(a INTEGER, b STRUCT(c VARCHAR)[])"),
        ("MAP {[1]: 'a'}", "{[1]=a}", "MAP(INTEGER[], VARCHAR)"),
        ("union_value(n := 1)", "1", "UNION(n INTEGER)"),
        ("'{\"a\": 1}'::JSON", '{"a": 1}', "JSON"),
        (
            "123456789012345678901234567890123456789012345::BIGNUM",
            str(123456789012345678901234567890123456789012345),
            "BIGNUM",
        ),
        ("row(1, 'a')", "(1, a)", "TUPLE(INTEGER, VARCHAR)"),
        ("'POINT (1 2)'::GEOMETRY", "POINT (1 2)", "GEOMETRY"),
        ("{'a': 1}::VARIANT", "{'a': 1}", "VARIANT"),
    ],
)
def test_every_type_shows(session: Session, sql: str, value: object, kind: str) -> None:
    result = session.run(f"SELECT {sql} AS a")
    assert result.columns[0].type == kind
    ((found,),) = result.rows(0, 1)
    assert found == value or (value == "nan" and found != found)


def test_times_are_told_in_the_zone_of_their_session(session: Session) -> None:
    session.run("SET TimeZone = 'Asia/Baghdad'")
    result = session.run(
        "SELECT TIMESTAMPTZ '2020-01-01 00:00:00+00' AS a, [TIMESTAMPTZ '2020-01-01 00:00:00+00'] AS b"
    )
    session.run("SET TimeZone = 'UTC'")
    assert result.rows(0, 1) == [("2020-01-01 03:00:00+03", "['2020-01-01 03:00:00+03']")]


def test_names_that_stand_twice(session: Session) -> None:
    result = session.run('SELECT 1 AS a, 2 AS a, 3 AS "A"')
    assert result.rows(0, 1) == [(1, 2, 3)]
    assert len(result.columns) == 3


def test_an_engine_that_cannot_read_a_page_says_so(session: Session) -> None:
    result = session.run("SELECT 1")
    result.close()
    with pytest.raises(SqlError):
        result.rows(0, 1)


@pytest.mark.long
def test_twenty_thousand_columns(session: Session) -> None:
    result = session.run(f"SELECT {', '.join(f'{at} AS c{at}' for at in range(20_000))}")
    assert result.rows(0, 2) == [tuple(range(20_000))]


@pytest.mark.parametrize(
    "sql", ["SHOW TABLES", "DESCRIBE t", "SUMMARIZE t", "EXPLAIN SELECT 1", "FROM t", "VALUES (1)"]
)
def test_what_is_no_select_has_rows_too(session: Session, sql: str) -> None:
    session.run("CREATE TABLE t AS SELECT 1 AS a")
    assert session.run(sql).rows(0, 10)


def test_long_values_are_not_gathered(session: Session) -> None:
    result = session.run("SELECT i, repeat('x', 20000) AS a FROM range(100000000) t(i)")
    assert result.rows(6000, 1)[0][0] == 6000
    assert result.known < 9000


def test_values_longer_than_memory_holds_together(session: Session) -> None:
    result = session.run(
        "SELECT i, repeat('x', 100000) AS a, [i, NULL] AS l, {'b': i::VARCHAR} AS s FROM range(2100) t(i)"
    )
    assert result.count() == 2100
    ((number, text, listed, structured),) = result.rows(2050, 1)
    assert (number, len(text), listed, structured) == (2050, 100_000, "[2050, NULL]", "{'b': 2050}")


@pytest.mark.long
def test_memory_stays_flat_for_a_hundred_million_rows(session: Session) -> None:
    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    result = session.run("SELECT i, hash(i) AS h, 'name ' || i AS name FROM range(100000000) t(i)")
    before = resident()
    for at in range(10_000_000, 100_000_000, 10_000_000):
        assert result.rows(at, 256)[0][0] == at
    assert result.count() == 100_000_000
    assert result.rows(99_999_999, 10)[0][0] == 99_999_999
    assert result.rows(12_345_678, 1)[0][0] == 12_345_678
    assert resident() - before < 700 << 20
