"""The first rows of tables in files: CSV, JSON lines, Parquet, and what SQLite and DuckDB databases hold."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core.units import format_count

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from dmart_tui.core.viewing.bytesource import ByteSource

TableFormat = Literal["csv", "jsonl", "parquet", "sqlite", "duckdb"]

MAX_ROWS: Final = 200
MAX_COLUMNS: Final = 60
MAX_TABLES: Final = 100
MAX_CELL_CHARS: Final = 200
MAX_READ_BYTES: Final = 1024 * 1024
_MAX_COUNTED: Final = 100_000
_SQLITE_STEPS: Final = 2_000_000
_MOST_IN_MEMORY: Final = 64 << 20
"""Bytes of a database without a name that are read."""


@dataclass(frozen=True, slots=True)
class TablePreview:
    """Rows of text to show as a table; cells are cut to 200 characters and not yet safe."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    more: bool = False
    """There are rows after these."""
    note: str = ""
    """What else there is to know: a limit met, a line that is damaged, why there is nothing."""

    @property
    def summary(self) -> str:
        """`first 200 rows of more`, `12 rows`, with the note."""
        count = len(self.rows)
        rows = (
            f"first {format_count(count)} rows of more"
            if self.more
            else f"{format_count(count)} row{'s' * (count != 1)}"
        )
        parts = [rows] if self.columns else []
        return "; ".join([*parts, self.note] if self.note else parts)


def preview_table(kind: TableFormat, path: str | os.PathLike[str], source: ByteSource | None = None) -> TablePreview:
    """Read the first rows of a table file.

    Blocks: reads up to 1 MB of a CSV or JSON lines file, a bounded number of pages of a database. Nothing is ever
    written, not even beside it. What is damaged or not readable is said in `note`, not raised.

    Args:
        kind: the format, as `sniff` tells it.
        path: the file; databases are opened by it, read-only.
        source: its bytes when already open; only used for CSV and JSON lines.
    """
    if kind == "sqlite":
        return _sqlite(path)
    if kind == "duckdb":
        return _duckdb(path)
    if kind == "parquet":
        return _parquet(path)
    from dmart_tui.core.viewing.bytesource import FileBytes

    try:
        opened = source or FileBytes(path)
    except OSError as error:
        return TablePreview(note=f"not readable: {error.strerror}")
    try:
        data = opened.read(0, MAX_READ_BYTES)
        whole = opened.size <= len(data)
    finally:
        if source is None:
            opened.close()
    if not whole:
        data = data[: data.rfind(b"\n") + 1] or data
    text = data.decode("utf-8-sig", "replace")
    return preview_csv(text, whole=whole) if kind == "csv" else preview_jsonl(text, whole=whole)


def preview_csv(text: str, *, whole: bool = True) -> TablePreview:
    """The first rows of CSV text with a guessed delimiter; the first row names the columns when it looks like names."""
    lines = text.splitlines(keepends=True)
    delimiter = _delimiter(lines[:20])
    rows: list[list[str]] = []
    note = ""
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) > MAX_ROWS + 1:
                break
    except csv.Error as error:
        note = f"row {len(rows) + 1} is damaged: {error}"
    if not rows:
        return TablePreview(note=note or "the file is empty")
    width = max(map(len, rows))
    first = rows[0]
    if len(rows) > 1 and all(first) and len(set(first)) == len(first) and not any(map(_is_number, first)):
        columns = [*first, *(f"column {n}" for n in range(len(first) + 1, width + 1))]
        rows = rows[1:]
    else:
        columns = [f"column {n}" for n in range(1, width + 1)]
    more = len(rows) > MAX_ROWS or not whole
    if ragged := sum(len(row) != width for row in rows[:MAX_ROWS]):
        note = note or f"{format_count(ragged)} of them are shorter than {width} columns"
    return _table(columns, rows[:MAX_ROWS], more, note)


def _delimiter(lines: list[str]) -> str:
    def score(delimiter: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            return 0, 0
        if not widths or widths[0] < 2:
            return 0, 0
        return sum(width == widths[0] for width in widths), widths[0]

    return max(",\t;|", key=score)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def preview_jsonl(text: str, *, whole: bool = True) -> TablePreview:
    """The first rows of JSON lines; the columns are the keys seen, a line that is no object goes into `value`."""
    records: list[dict[str, Any]] = []
    bad: list[int] = []
    more = not whole
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        if len(records) == MAX_ROWS:
            more = True
            break
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            bad.append(number)
            value = {"value": line}
        records.append(value if isinstance(value, dict) else {"value": value})
    if not records:
        return TablePreview(note="the file is empty")
    columns = list(dict.fromkeys(key for record in records for key in record))
    rows = [[_cell(record[key]) if key in record else "∅" for key in columns] for record in records]
    note = f"line {bad[0]} is not JSON" if bad else ""
    if len(bad) > 1:
        note = f"{format_count(len(bad))} lines are not JSON, the first is {bad[0]}"
    return _table(columns, rows, more, note)


def _cell(value: object) -> str:
    if value is None or isinstance(value, str):
        return "null" if value is None else value
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return "…"


def _table(columns: Iterable[object], rows: Iterable[Iterable[object]], more: bool, note: str) -> TablePreview:
    names = [_short(name) for name in columns]
    if len(names) > MAX_COLUMNS:
        limit = f"first {MAX_COLUMNS} of {format_count(len(names))} columns"
        note = f"{limit}; {note}" if note else limit
        names = names[:MAX_COLUMNS]
    width = len(names)
    cut = []
    for row in rows:
        cells = [_short(cell) for cell, _ in zip(row, range(width), strict=False)]
        cut.append(tuple(cells + [""] * (width - len(cells))))
    return TablePreview(tuple(names), tuple(cut), more, note)


def _short(value: object) -> str:
    if value is None:
        return "∅"
    if isinstance(value, bytes):
        return f"{format_count(len(value))} bytes"
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= MAX_CELL_CHARS else text[: MAX_CELL_CHARS - 1] + "…"


def _sqlite(path: str | os.PathLike[str]) -> TablePreview:
    import sqlite3
    from urllib.parse import quote

    # immutable: without it SQLite may create -wal and -shm files beside a database it only reads.
    uri = f"file:{quote(str(Path(path).absolute()))}?mode=ro&immutable=1"
    nameless = os.fspath(path).startswith("/dev/fd/")  # SQLite opens by the real name only
    if nameless and Path(path).stat().st_size > _MOST_IN_MEMORY:
        return TablePreview(note="too large a database to look into where it is kept")
    note = "what its -wal file holds is not shown" if Path(os.fspath(path) + "-wal").exists() else ""
    try:
        connection = sqlite3.connect(":memory:") if nameless else sqlite3.connect(uri, uri=True)
        try:
            if nameless:
                connection.deserialize(Path(path).read_bytes())
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            names = connection.execute(
                "select name, type from sqlite_schema "
                "where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\' "
                f"order by name limit {MAX_TABLES + 1}"
            ).fetchall()
            rows = [(name, kind, *_sqlite_shape(connection, name, kind)) for name, kind in names[:MAX_TABLES]]
        finally:
            connection.close()
    except sqlite3.Error as error:
        return TablePreview(note=f"not readable as SQLite: {error}")
    if not rows:
        return TablePreview(note=f"a database without tables{'; ' if note else ''}{note}")
    return _table(("table", "type", "rows", "columns"), rows, len(names) > MAX_TABLES, note)


def _sqlite_shape(connection: sqlite3.Connection, name: str, kind: str) -> tuple[str, str]:
    """Rows and columns of a table as text; a view is not run, it may be anything."""
    import sqlite3

    quoted = '"' + name.replace('"', '""') + '"'
    steps = iter(range(_SQLITE_STEPS // 1000))
    connection.set_progress_handler(lambda: next(steps, None) is None, 1000)
    try:
        columns = ", ".join(
            str(row[1]) for row in connection.execute(f"pragma table_info({quoted})").fetchmany(MAX_COLUMNS)
        )
        if kind == "view":
            return "", columns
        (count,) = connection.execute(
            f"select count(*) from (select 1 from {quoted} limit {_MAX_COUNTED + 1})"
        ).fetchone()
    except sqlite3.Error as error:
        return "?", f"✗ {error}"
    finally:
        connection.set_progress_handler(None, 0)
    return f"{format_count(_MAX_COUNTED)}+" if count > _MAX_COUNTED else format_count(count), columns


def _duckdb(path: str | os.PathLike[str]) -> TablePreview:
    import duckdb

    try:
        with duckdb.connect(os.fspath(path), read_only=True, config=_duckdb_limits()) as connection:
            rows = connection.execute(
                "select table_name, 'table', estimated_size, "
                "(select string_agg(column_name, ', ' order by column_index) "
                "from duckdb_columns() c where c.table_oid = t.table_oid and c.database_oid = t.database_oid) "
                f"from duckdb_tables() t where not internal order by table_name limit {MAX_TABLES + 1}"
            ).fetchall()
    except duckdb.Error as error:
        return TablePreview(note=f"not readable as DuckDB: {_first_line(error)}")
    if not rows:
        return TablePreview(note="a database without tables")
    shown = [(name, kind, format_count(count), columns) for name, kind, count, columns in rows[:MAX_TABLES]]
    return _table(
        ("table", "type", "rows", "columns"), shown, len(rows) > MAX_TABLES, "rows are DuckDB's own estimates"
    )


def _parquet(path: str | os.PathLike[str]) -> TablePreview:
    import duckdb

    # The name is a pattern to read_parquet: brackets keep its special characters plain.
    pattern = "".join(f"[{char}]" if char in "*?[" else char for char in str(Path(path).absolute()))
    try:
        with duckdb.connect(":memory:", config=_duckdb_limits(files=True)) as connection:
            result = connection.execute(f"select * from read_parquet(?) limit {MAX_ROWS + 1}", [pattern])
            columns = [column[0] for column in result.description or ()]
            rows: Iterator[tuple[Any, ...]] | list[tuple[Any, ...]] = result.fetchmany(MAX_ROWS + 1)
            (count,) = connection.execute("select num_rows from parquet_file_metadata(?)", [pattern]).fetchone() or (
                None,
            )
    except duckdb.Error as error:
        return TablePreview(note=f"not readable as Parquet: {_first_line(error)}")
    rows = list(rows)
    note = f"{format_count(count)} rows in all" if count is not None and len(rows) > MAX_ROWS else ""
    return _table(columns, rows[:MAX_ROWS], len(rows) > MAX_ROWS, note)


def _duckdb_limits(*, files: bool = False) -> dict[str, str | bool | int | float | list[str]]:
    limits: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": "512MB",
        "enable_external_access": files,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if files:  # without access to files it may not be set, and nothing can be spilled
        limits["temp_directory"] = ""
    return limits


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
