from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.viewing import preview_table
from dmart_tui.core.viewing import tables as tables_module
from dmart_tui.core.viewing.tables import preview_csv, preview_jsonl

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    rows = [["name", "qty"], ["a, b; c", "1"], ["x", "2"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    table = preview_csv(text)
    assert table.columns == ("name", "qty")
    assert table.rows == (("a, b; c", "1"), ("x", "2"))
    assert not table.more
    assert table.summary == "2 rows"


def test_rows_without_a_header_get_numbered_columns() -> None:
    table = preview_csv("1,2\n3,4\n5,6\n")
    assert table.columns == ("column 1", "column 2")
    assert len(table.rows) == 3


def test_many_rows_are_cut_and_said(tmp_path: Path) -> None:
    path = tmp_path / "a b.csv"
    path.write_text("name,qty\n" + "".join(f"n{row},{row}\n" for row in range(100_000)))
    table = preview_table("csv", path)
    assert len(table.rows) == tables_module.MAX_ROWS
    assert table.summary == "first 200 rows of more"


def test_a_file_cut_inside_a_row_does_not_show_the_half_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "MAX_READ_BYTES", 20)
    path = tmp_path / "a.csv"
    path.write_text("name,qty\naaa,1\nbbb,2\nccc,3\n")
    table = preview_table("csv", path)
    assert table.rows == (("aaa", "1"),)
    assert table.more


def test_ragged_rows_and_too_many_columns_are_said() -> None:
    assert "shorter" in preview_csv("a,b,c\n1,2\nx,y,z\n").note
    wide = preview_csv(",".join(f"c{n}" for n in range(90)) + "\n" + ",".join("x" * 90) + "\n")
    assert len(wide.columns) == 60
    assert "60 of 90 columns" in wide.note


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_a_table_with_even_rows(text: str) -> None:
    for table in (preview_csv(text), preview_jsonl(text)):
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert table.columns or table.note


def test_json_lines_show_the_keys_of_all_rows_and_name_a_bad_line() -> None:
    table = preview_jsonl('{"a": 1, "b": null}\n\nnot json\n{"c": {"d": [true]}}\n5\n')
    assert table.columns == ("a", "b", "value", "c")
    assert table.rows[0] == ("1", "null", "∅", "∅")
    assert table.rows[1] == ("∅", "∅", "not json", "∅")
    assert table.rows[2][3] == '{"d": [true]}'
    assert table.rows[3][2] == "5"
    assert table.note == "line 3 is not JSON"


def test_json_lines_of_any_depth_and_length() -> None:
    table = preview_jsonl("[" * 100_000 + "\n" + '{"a": "' + "x" * 5000 + '"}\n')
    assert len(table.rows) == 2
    assert len(table.rows[1][1]) == tables_module.MAX_CELL_CHARS


def test_sqlite_lists_tables_with_rows_and_columns_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "some data?#%.db"
    with sqlite3.connect(path) as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute('create table "we""ird [x]" (id integer, name text)')
        connection.executemany('insert into "we""ird [x]" values (?, ?)', [(n, "x") for n in range(1234)])
        connection.execute("create table empty (a)")
        connection.execute(
            "create view bomb as with recursive n(i) as (select 1 union all select i+1 from n) select i from n"
        )
    connection.close()
    before = sorted(tmp_path.iterdir())
    table = preview_table("sqlite", path)
    assert table.columns == ("table", "type", "rows", "columns")
    assert table.rows == (
        ("bomb", "view", "", "i"),
        ("empty", "table", "0", "a"),
        ('we"ird [x]', "table", "1,234", "id, name"),
    )
    assert sorted(tmp_path.iterdir()) == before


def test_a_database_without_a_name_is_read_by_its_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table items (name text)")
    with path.open("rb") as file:
        path.unlink()
        assert preview_table("sqlite", f"/dev/fd/{file.fileno()}").rows == (("items", "table", "0", "name"),)


def test_a_long_sqlite_table_is_counted_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "_MAX_COUNTED", 10)
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("create table t (a)")
        connection.executemany("insert into t values (?)", [(n,) for n in range(50)])
    connection.close()
    assert preview_table("sqlite", tmp_path / "a.db").rows[0][2] == "10+"


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0" + b"\xff" * 5000, b"nothing of the kind" * 90])
def test_damaged_databases_are_described(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.db").write_bytes(data)
    table = preview_table("sqlite", tmp_path / "a.db")
    assert not table.rows
    assert table.note


def test_a_missing_file_is_described(tmp_path: Path) -> None:
    for kind in ("csv", "jsonl", "sqlite"):
        assert "not readable" in preview_table(kind, tmp_path / "none").note  # type: ignore[arg-type]


def test_parquet_rows(tmp_path: Path) -> None:
    path = tmp_path / "a [1] b*.parquet"
    plain = tmp_path / "plain.parquet"
    duckdb.sql("select i as id, 'n' || i as name, {'a': i} as s from range(1000) t(i)").write_parquet(str(plain))
    plain.rename(path)
    table = preview_table("parquet", path)
    assert table.columns == ("id", "name", "s")
    assert table.rows[1][:2] == ("1", "n1")
    assert table.summary == "first 200 rows of more; 1,000 rows in all"
    path.write_bytes(b"PAR1" + b"\0" * 50)
    assert "not readable" in preview_table("parquet", path).note


def test_duckdb_lists_tables(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("create table t as select i as id, 'x' as name from range(10) r(i)")
    assert preview_table("duckdb", tmp_path / "a.duckdb").rows == (("t", "table", "10", "id, name"),)
    (tmp_path / "b.duckdb").write_bytes(bytes(8) + b"DUCK" + b"\xff" * 100)
    assert "not readable" in preview_table("duckdb", tmp_path / "b.duckdb").note
