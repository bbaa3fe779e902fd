"""Sessions: statements, errors with their place, transactions, names."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.errors import Refused, UsageFault
from dmart_tui.core.sql import Session, SqlError, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dmart_tui.core.sql import Options


def values(session: Session, sql: str) -> list[tuple[object, ...]]:
    return session.run(sql).rows(0, 100)


def test_a_file_by_its_name(session: Session, opened: Path) -> None:
    rows = [("ann", "1990-01-02"), ("bob", None)]
    for name in ("people.csv", f"{opened}/people.csv", "p*.csv", "files://people.csv"):
        assert values(session, f"SELECT * FROM '{name}'") == rows
    assert values(session, "SELECT a.name FROM read_csv(['people.csv', 'people.csv']) a") == [("ann",), ("bob",)] * 2
    assert values(session, "WITH x AS (FROM 'people.csv') SELECT count(*) FROM x JOIN 'people.csv' USING (name)") == [
        (2,)
    ]
    assert session.run("CREATE TABLE t AS FROM 'people.csv'").changed == 2
    assert session.run("COPY t FROM 'people.csv'").changed == 2
    assert session.run("INSERT INTO t SELECT * FROM 'people.csv'").changed == 2


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'people.csv'",
        "SELECT name = 'people.csv' FROM (SELECT 'people.csv' AS name)",
        "SELECT trim('p' FROM 'people.csv')",
        "SELECT 1 WHERE 'a' IS DISTINCT FROM 'people.csv'",
        "SELECT ['people.csv']",
        "SELECT $$ FROM 'people.csv' $$",
    ],
)
def test_texts_that_only_look_like_files_stay(session: Session, sql: str) -> None:
    with Session(session.options, engine=session.engine) as plain:
        plain._is_file = lambda name: False  # type: ignore[method-assign]
        assert values(session, sql) == values(plain, sql)


@pytest.mark.parametrize(
    ("sql", "word", "candidates", "kind"),
    [
        ("SELECT nam FROM 'people.csv'", "nam", ("name",), "Binder"),
        ("SELECT 'é ü', nam\nFROM t", "nam", ("name",), "Binder"),
        ("SELECT name FROM 'people.csv' WHERE bron > 1", "bron", ("born",), "Binder"),
        ("SELECT lenght(name) FROM t", "lenght(name)", ("length",), "Catalog"),
        ("SELECT name FROM tt", "tt", ("t",), "Catalog"),
        ("SELEC name FROM t", "SELEC", (), "Parser"),
        ("SELECT name FROM t WHERE", "", (), "Parser"),
        ("INSERT INTO t VALUES ('x', 'no date')", "'no date'", (), "Conversion"),
    ],
)
def test_errors_tell_their_place_and_what_may_be_meant(
    session: Session, sql: str, word: str, candidates: tuple[str, ...], kind: str
) -> None:
    session.run("CREATE TABLE t AS FROM 'people.csv'")
    with pytest.raises(SqlError) as caught:
        session.run(sql)
    error = caught.value
    assert error.kind == kind
    assert set(candidates) <= set(error.candidates)
    assert error.position is not None
    if word:
        assert sql[error.position : error.position + error.length] == word
    assert "files://" not in str(error)


def test_what_a_statement_did_is_told(session: Session) -> None:
    assert session.run("CREATE TABLE t (a INTEGER PRIMARY KEY)").message == "done"
    inserted = session.run("INSERT INTO t SELECT i FROM range(2000) t(i)")
    assert (inserted.changed, inserted.message, inserted.columns, inserted.done) == (
        2000,
        "2,000 rows inserted",
        (),
        True,
    )
    assert session.run("UPDATE t SET a = a + 5000 WHERE a < 10").message == "10 rows updated"
    assert session.run("DELETE FROM t WHERE a < 500 RETURNING a").count() == 490
    assert session.run("WITH d AS (DELETE FROM t RETURNING a) SELECT count(*) FROM d").rows(0, 1) == [(1510,)]
    assert values(session, "SELECT count(*) FROM t") == [(0,)]


def test_parameters(session: Session) -> None:
    assert session.run("SELECT $a + $b AS c", {"a": 1, "b": 2}).rows(0, 1) == [(3,)]
    assert session.run("SELECT ? || ?", {"2": "b", "1": "a"}).rows(0, 1) == [("ab",)]
    hostile = "'; DROP TABLE t; --"
    assert session.run("SELECT $a", {"a": hostile}).rows(0, 1) == [(hostile,)]
    with pytest.raises(SqlError, match="not provided"):
        session.run("SELECT $a")


@pytest.mark.parametrize("sql", ["", "  -- nothing\n", "/* */ ;"])
def test_no_statement(session: Session, sql: str) -> None:
    with pytest.raises(UsageFault, match="no statement"):
        session.run(sql)
    assert list(session.run_all(sql)) == []


def test_temporary_tables_and_variables_stay(session: Session) -> None:
    session.run("CREATE TEMP TABLE t AS SELECT 1 AS a")
    session.run("SET VARIABLE x = 5")
    session.run("CREATE MACRO twice(n) AS n * 2")
    assert values(session, "SELECT a, getvariable('x'), $x, twice(a) FROM t") == [(1, 5, 5, 2)]


def test_a_transaction_is_followed(session: Session) -> None:
    session.run("CREATE TABLE t (a INTEGER)")
    assert session.transaction == Transaction("idle", None, False)
    session.begin()
    assert session.transaction == Transaction("active", None, False)
    session.run("CREATE TEMP TABLE mine AS SELECT 1 AS a")
    assert session.transaction.writes is None
    session.run("INSERT INTO t VALUES (1)")
    assert session.transaction == Transaction("active", "scratch", False)
    with pytest.raises(SqlError):
        session.run("SELECT no_such_column FROM t ORDER BY error('x')")
    with pytest.raises(SqlError):
        session.run("INSERT INTO t VALUES ('no number')")
    assert session.transaction.state == "aborted"
    with pytest.raises(SqlError, match="roll back"):
        session.run("SELECT 1")
    session.rollback()
    assert session.transaction == Transaction("idle", None, False)
    assert values(session, "FROM t") == []


def test_a_transaction_is_kept_or_taken_back(session: Session) -> None:
    session.run("CREATE TABLE t (a INTEGER)")
    for end, rows in ((session.commit, [(1,)]), (session.rollback, [(1,)])):
        session.begin()
        session.run("INSERT INTO t VALUES (1)")
        with session.fork() as beside:
            assert len(values(beside, "FROM t")) == len(rows) - (end == session.commit)
        end()
        assert values(session, "FROM t") == rows


def test_words_of_transactions_in_statements(session: Session) -> None:
    session.run("begin transaction read only")
    assert session.transaction == Transaction("active", None, True)
    with pytest.raises(SqlError, match="read-only"):
        session.run("CREATE TABLE t AS SELECT 1")
    session.run("ROLLBACK")
    session.run("START TRANSACTION")
    assert session.transaction.state == "active"
    session.run("END")
    assert session.transaction.state == "idle"
    with pytest.raises(SqlError):
        session.run("COMMIT")
    assert session.transaction.state == "idle"


def test_one_transaction_writes_one_database(session: Session, tmp_path: Path) -> None:
    session.create(tmp_path / "one.db", "one")
    session.run("CREATE TABLE t (a INTEGER)")
    session.run("CREATE TABLE one.t (a INTEGER)")
    session.begin()
    session.run("INSERT INTO one.t VALUES (1)")
    assert session.transaction.writes == "one"
    with pytest.raises(SqlError) as caught:
        session.run("INSERT INTO t VALUES (1)")
    assert "one transaction writes one database, and this one writes one" in caught.value.hint
    session.rollback()


def test_several_statements_as_one(session: Session) -> None:
    answers = session.run_all("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2); SELECT * FROM t", wrap=True)
    assert [(result.changed, result.rows(0, 9)) for result in answers] == [(None, []), (2, []), (None, [(1,), (2,)])]
    assert session.transaction.state == "idle"
    text = "INSERT INTO t VALUES (3);\n-- a word\nSELECT nosuch FROM t; DROP TABLE t"
    with pytest.raises(SqlError) as caught:
        list(session.run_all(text, wrap=True))
    assert text[caught.value.position :].startswith("nosuch FROM")
    assert session.transaction.state == "idle"
    assert values(session, "FROM t") == [(1,), (2,)]
    for _result in session.run_all("INSERT INTO t VALUES (4); SELECT 1", wrap=True):
        break
    assert values(session, "FROM t") == [(1,), (2,)]
    session.begin()
    with pytest.raises(Refused, match="open already"):
        list(session.run_all("SELECT 1", wrap=True))


def test_each_statement_gets_its_parameters(session: Session) -> None:
    answers = session.run_all("SELECT $a; SELECT $b, $a", {"a": 1, "b": 2})
    assert [result.rows(0, 1) for result in answers] == [[(1,)], [(2, 1)]]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT * FROM spaces.entries e JOIN a.b.c ON e.x = c.x", {("spaces", "entries"), ("a", "b", "c")}),
        ('WITH w AS (FROM one) SELECT (SELECT max(a) FROM "t w o") FROM w', {("one",), ("t w o",)}),
        ("INSERT INTO kept SELECT * FROM spaces.history", {("spaces", "history"), ("kept",)}),
        ("SUMMARIZE spaces.entries", {("spaces", "entries")}),
    ],
)
def test_the_tables_that_a_statement_names(session: Session, sql: str, names: set[tuple[str, ...]]) -> None:
    assert names <= session.names_used(sql)


def test_tables_are_made_when_they_are_named(options: Options) -> None:
    asked: list[set[tuple[str, ...]]] = []

    def hook(session: Session, names: set[tuple[str, ...]]) -> None:
        asked.append(names)
        if ("spaces", "entries") in names:
            with session.cursor() as cursor:
                cursor.execute("ATTACH IF NOT EXISTS ':memory:' AS spaces")
                cursor.execute("CREATE TABLE IF NOT EXISTS spaces.entries AS SELECT 'hello' AS name")

    with Session(options, before_run=hook) as session, session.fork() as beside:
        assert values(session, "SELECT * FROM spaces.entries") == [("hello",)]
        assert values(beside, "SELECT name FROM spaces.entries") == [("hello",)]
    assert ("spaces", "entries") in asked[0]


def test_closing_stops_what_runs(make: Callable[..., Session]) -> None:
    session = make()
    raised: list[Exception] = []

    def work() -> None:
        try:
            session.run("SELECT count(*) FROM range(100000000000) t(i) WHERE hash(i) = 1")
        except SqlError as error:
            raised.append(error)

    thread = Thread(target=work)
    thread.start()
    while session._lock.acquire(blocking=False):
        session._lock.release()
    session.close()
    thread.join()
    assert len(raised) == 1


def test_closing_takes_back_what_is_open(make: Callable[..., Session], tmp_path: Path) -> None:
    session = make()
    session.create(tmp_path / "kept.db", "kept")
    session.run("CREATE TABLE kept.t (a INTEGER)")
    session.begin()
    session.run("INSERT INTO kept.t VALUES (1)")
    session.close()
    session.close()
    after = make()
    after.attach(tmp_path / "kept.db", "kept")
    assert values(after, "FROM kept.t") == []
