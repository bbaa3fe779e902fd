"""Imports: what a file holds is told first, then it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from dmart_tui.core.errors import NotFound, UsageFault
from dmart_tui.core.sql import SqlError, load, sniff

if TYPE_CHECKING:
    from pathlib import Path

    from dmart_tui.core.sql import Session


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files outside of what the session may read."""
    made = tmp_path / "some files"
    made.mkdir()
    (made / "a.csv").write_text("code;name;since\n007;Bond;2020-01-02\n008;;2021-03-04\n")
    (made / "a.json").write_text('[{"a": 1, "b": {"c": [1, 2]}}, {"a": 2}]')
    (made / "a.ndjson").write_text('{"a": 1}\n{"a": 2}\n')
    (made / "no ending").write_text('{"a": 1}\n')
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS a, DATE '2020-01-01' AS d) TO '{made}/a.parquet'")
    with duckdb.connect(str(made / "a.db")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
    (made / "a.xlsx").write_bytes(b"PK\x03\x04 and so on")
    (made / "a.sqlite").write_bytes(b"SQLite format 3\0 and so on")
    return made


@pytest.mark.parametrize(
    ("name", "form", "columns"),
    [
        ("a.csv", "csv", {"code": "VARCHAR", "name": "VARCHAR", "since": "DATE"}),
        ("a.json", "json", {"a": "BIGINT", "b": "STRUCT(c BIGINT[])"}),
        ("a.ndjson", "json", {"a": "BIGINT"}),
        ("no ending", "json", {"a": "BIGINT"}),
        ("a.parquet", "parquet", {"a": "INTEGER", "d": "DATE"}),
    ],
)
def test_types_are_told_first_then_loaded(
    session: Session, folder: Path, name: str, form: str, columns: dict[str, str]
) -> None:
    found = sniff(session, folder / name)
    assert (found.form, {column.name: column.type for column in found.columns}) == (form, columns)
    assert len(found.sample[0]) == len(columns)
    result = load(session, found, "t")
    assert result.changed == len(found.sample)
    assert load(session, found, "t", append=True).changed == len(found.sample)
    assert session.run("SELECT count(*) FROM t").rows(0, 1) == [(2 * len(found.sample),)]


def test_how_csv_is_written_is_told(session: Session, folder: Path) -> None:
    found = sniff(session, folder / "a.csv")
    assert (found.options["delimiter"], found.options["header"]) == (";", "True")
    assert found.sample == (("007", "Bond", "2020-01-02"), ("008", None, "2021-03-04"))


def test_types_may_be_others(session: Session, folder: Path, tmp_path: Path) -> None:
    session.create(tmp_path / "kept.db", "kept")
    load(session, sniff(session, folder / "a.csv"), 'odd "name', database="kept", types={"since": "VARCHAR"})
    assert session.run('SELECT since FROM kept.main."odd ""name"').rows(0, 2) == [("2020-01-02",), ("2021-03-04",)]
    load(session, sniff(session, folder / "a.ndjson"), "j", types={"a": "DECIMAL(9,2)"})
    assert session.run("SELECT a::VARCHAR FROM j").rows(0, 1) == [("1.00",)]
    with pytest.raises(UsageFault, match="is no type"):
        load(session, sniff(session, folder / "a.csv"), "x", types={"code": "INT); DROP TABLE j; --"})
    with pytest.raises(UsageFault, match="no column"):
        load(session, sniff(session, folder / "a.csv"), "x", types={"nosuch": "INT"})
    with pytest.raises(SqlError):
        load(session, sniff(session, folder / "a.csv"), "x", types={"name": "DATE"})
    assert session.run("SELECT count(*) FROM j").rows(0, 1) == [(2,)]


@pytest.mark.parametrize(
    ("name", "said"),
    [("a.xlsx", "no spreadsheets"), ("a.sqlite", "no SQLite"), ("a.db", "is a database")],
)
def test_what_the_engine_cannot_read(session: Session, folder: Path, name: str, said: str) -> None:
    with pytest.raises(UsageFault, match=said):
        sniff(session, folder / name)
    with pytest.raises(NotFound):
        sniff(session, folder / "nothing.csv")


def test_only_the_file_that_was_named_is_opened(session: Session, folder: Path) -> None:
    sniff(session, folder / "a.ndjson")
    assert session.run(f"SELECT count(*) FROM '{folder}/a.ndjson'").rows(0, 1) == [(2,)]
    with pytest.raises(SqlError):
        session.run(f"SELECT * FROM '{folder}/a.csv'")
