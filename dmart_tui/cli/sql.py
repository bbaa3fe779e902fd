"""`sql`: statements over files, databases, spaces and archives, from the shell and in pipes."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final, cast

import click

from dmart_tui.cli.output import Column, Output, counted, output_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import Failed, NotFound, Refused, UsageFault
from dmart_tui.core.files import inside
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.core.sql import Column as Named
    from dmart_tui.core.sql import Result, SqlError
    from dmart_tui.core.sql import Session as Sql
    from dmart_tui.core.sql.exporting import Format
    from dmart_tui.core.sql.tables import Tables

FORMATS: Final = ("table", "csv", "json", "jsonl", "parquet", "arrow", "markdown")
STDIN: Final = "stdin"
"""The table that standard input is."""
NULL: Final = "NULL"

_PAGE: Final = 500
_ASKED_AGAIN: Final = 0.05
"""Seconds until a statement is asked again to stop; one that has not begun does not hear it."""


@click.command()
@click.argument("query", required=False)
@click.option("--file", "-f", metavar="FILE", help="Take the statements from a file; - is standard input.")
@click.option("--db", "attached", metavar="NAME=PATH", multiple=True, help="Attach a database, for reading.")
@click.option("--write", "written", metavar="NAME", multiple=True, help="Open one of them for writing; made if new.")
@click.option("--archive", "archives", metavar="A", multiple=True, help="Open an archive: its table is archives.NAME.")
@click.option("--open", "folders", metavar="DIR", multiple=True, help="One more folder whose files may be read.")
@click.option("--exports", metavar="DIR", help="The one folder that COPY … TO may write to.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="How rows are written; table, or as -o is named.")
@click.option("--output", "-o", metavar="FILE", help="Write the rows of the last statement to a file.")
@click.option("--param", "-p", "given", metavar="NAME=VALUE", multiple=True, help="The value of $NAME, a text.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Seconds for a statement.")
@click.option("--wrap", is_flag=True, help="All statements in one transaction: all of them are done, or none.")
@output_options
@global_options
@pass_session
def sql_command(
    session: Session,
    query: str | None,
    file: str | None,
    attached: tuple[str, ...],
    written: tuple[str, ...],
    archives: tuple[str, ...],
    folders: tuple[str, ...],
    exports: str | None,
    form: str | None,
    output: str | None,
    given: tuple[str, ...],
    timeout: float | None,
    wrap: bool,
    mode: str | None,
) -> None:
    """Run QUERY: one or more statements in DuckDB's SQL; - reads them from standard input.

    \b
    dmart-tui sql "FROM 'sales.csv' LIMIT 10"
    dmart-tui sql "SELECT type, count(*) FROM spaces.entries GROUP BY ALL" --format csv
    cat sales.csv | dmart-tui sql "SELECT sum(price) FROM stdin"

    Files below the current folder, the spaces folder and those of --open are read, nothing else, and nothing is written
    but databases of --write, the folder of --exports and the file of -o. Standard input that holds CSV, JSON or Parquet
    is the table stdin. Without a terminal, rows are separated by tabs. Passwords, hashes and tokens are masked in a
    table; the other formats are the data.
    """
    shape = _form(form, mode, output)
    text = _text(query, file)
    if output is not None:
        keep_out(session, output)
    with ExitStack() as stack:
        tables = _tables(session, archives)
        sql = stack.enter_context(_opened(session, tables, folders, exports, timeout))
        if tables is not None:
            stack.callback(tables.close)
            tables.declare(sql)
        _attach(sql, attached, written)
        if _names_stdin(sql, text) and "-" not in (query, file):
            _take_stdin(sql)
        values = dict(_pair(item, "--param") for item in given)
        _in_thread(sql, lambda: _run(session, sql, text, values, shape, output, wrap))


def _run(
    session: Session, sql: Sql, text: str, values: dict[str, str], shape: str, output: str | None, wrap: bool
) -> None:
    from dmart_tui.core.sql import SqlError, statements
    from dmart_tui.core.sql.exporting import export

    last = len(statements(text)) - 1
    if last < 0:
        raise UsageFault("there is no statement to run")
    streams = shape in ("csv", "json", "jsonl", "parquet")
    try:
        for at, result in enumerate(sql.run_all(text, values, wrap=wrap, keep=not streams)):
            with result:
                if not result.columns:
                    session.say(result.message) if result.changed is not None else session.tell(result.message)
                elif shape == "table":
                    _print(session, result)
                elif output is None and (at == last or shape not in ("parquet", "arrow")):
                    export(result, cast("Any", _Out()), cast("Format", shape))
                elif output is not None and at == last:
                    rows = export(result, Path(output), cast("Format", shape))
                    session.say(f"{counted(rows, 'row')} written to {output}")
                session.tell(f"{format_span(result.elapsed)}: {' '.join(result.statement.text.split())}")
    except SqlError as error:
        _locate(error, text)
        raise


class _Out:
    """Standard output, which stays open."""

    def write(self, data: bytes) -> int:
        return sys.stdout.buffer.write(data)


def _print(session: Session, result: Result) -> None:
    from dmart_tui.core.sql import is_number, show
    from dmart_tui.core.sql.masking import masked

    def cell(at: int, column: Named) -> Callable[[Any], str]:
        return lambda row: NULL if row[at] is None else show(masked(row[at], column), column.type)

    columns = [
        Column(safe(column.name), cell(at, column), right=is_number(column.type))
        for at, column in enumerate(result.columns)
    ]
    out = Output(session, None)
    count = out.rows(_rows(result), columns)
    if out.terminal:
        session.say(f"{counted(count, 'row')}, {format_span(result.elapsed)}")


def _rows(result: Result) -> Iterator[tuple[Any, ...]]:
    at = 0
    while rows := result.rows(at, _PAGE):
        yield from rows
        at += len(rows)


def _in_thread(sql: Sql, work: Callable[[], None]) -> None:
    """Do the work where Ctrl-C does not have to wait for it."""
    raised: list[BaseException] = []
    done = Event()

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)
        finally:
            done.set()

    Thread(target=guarded, name="sql", daemon=True).start()
    try:
        done.wait()
    except KeyboardInterrupt:
        sql.interrupt()
        while not done.wait(_ASKED_AGAIN):
            sql.interrupt()
        raise
    if raised:
        raise raised[0]


def _form(form: str | None, mode: str | None, output: str | None) -> str:
    from dmart_tui.core.sql.exporting import ENDINGS

    named = ENDINGS.get(Path(output).suffix.casefold()) if output else None
    shape = form or mode or named or ("csv" if output else "table")
    if shape == "table" and output:
        raise UsageFault("a table is for people", hint="name another --format")
    if shape in ("parquet", "arrow") and not output and sys.stdout.isatty():
        raise UsageFault(f"{shape} is not for a terminal", hint="name a file with -o")
    return shape


def _text(query: str | None, file: str | None) -> str:
    if (query is None) == (file is None):
        raise UsageFault("name a query or a file of statements, one of them")
    if "-" in (query, file):
        return sys.stdin.buffer.read().decode("utf-8-sig", "replace")
    if file is None:
        return os.fsencode(query or "").decode("utf-8", "replace")
    try:
        return Path(file).read_text("utf-8-sig", "replace")
    except FileNotFoundError:
        raise NotFound("no such file", address=file) from None
    except OSError as error:
        raise Failed(f"cannot be read: {error.strerror}", address=file) from None


def keep_out(session: Session, target: str) -> None:
    """Nothing is written among D-MART's own files."""
    if session.root_name and inside(str(session.spaces.root), os.path.realpath(target)):
        raise Refused("is in the spaces folder", address=target, hint="write to a folder outside of it")


def _tables(session: Session, archives: tuple[str, ...]) -> Tables | None:
    """The spaces and archives as tables; nothing is read until a statement names them."""
    if not session.root_name and not archives:
        return None
    from dmart_tui.core.sql.tables import Tables

    return Tables(session.spaces if session.root_name else None, archives, told=session.tell)


def _opened(
    session: Session, tables: Tables | None, folders: tuple[str, ...], exports: str | None, timeout: float | None
) -> Sql:
    from dmart_tui.core.config import paths
    from dmart_tui.core.sql import Options
    from dmart_tui.core.sql import Session as Sql

    roots = [Path.cwd(), *map(Path, folders)]
    if session.root_name:
        roots.append(Path(session.spaces.root))
    for folder in (*folders, *([exports] if exports else [])):
        if not Path(folder).is_dir():
            raise UsageFault("is no folder", address=folder)
    options = Options(
        state=paths(session.config).state,
        roots=tuple(roots),
        spaces=Path(session.spaces.root) if session.root_name else None,
        exports=Path(exports) if exports else None,
        read_only=session.writes_refused,
        timeout_ms=int(timeout * 1000) or 1 if timeout else 0,
    )
    return Sql(options, (tables.filesystem,) if tables else (), before_run=tables)


def _attach(sql: Sql, attached: tuple[str, ...], written: tuple[str, ...]) -> None:
    places = dict(_pair(item, "--db") for item in attached)
    if unknown := [name for name in written if name not in places]:
        raise UsageFault(f"no database {unknown[0]} is attached", hint=f"name its file with --db {unknown[0]}=PATH")
    for name in sorted(places, key=lambda name: name not in written):
        path = Path(places[name])
        if name in written and not path.exists():
            sql.create(path, name)
        else:
            sql.attach(path, name, write=name in written)


def _pair(item: str, option: str) -> tuple[str, str]:
    name, equals, value = item.partition("=")
    if not name or not equals:
        raise UsageFault(f"{item} is no NAME=VALUE", hint=f"as in {option} name=value")
    return name, value


def _names_stdin(sql: Sql, text: str) -> bool:
    from dmart_tui.core.sql import statements

    return any((STDIN,) in sql.names_used(statement.text) for statement in statements(text))


def _take_stdin(sql: Sql) -> None:
    """Let what comes on standard input be a table; it lies in the session's folder, which goes with it."""
    from dmart_tui.core.sql.importing import sniff

    path = sql.engine.folder / STDIN
    with path.open("wb") as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
    if not path.stat().st_size:
        raise UsageFault("standard input is empty", hint="pipe CSV, JSON or Parquet into it")
    found = sniff(sql, path)
    sql.run(f"CREATE VIEW {STDIN} AS SELECT * FROM {found.reader}").close()


def _locate(error: SqlError, text: str) -> None:
    """Let an error say where in the text it is."""
    if error.position is not None:
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
        error.address = f"line {line}, character {column}" if "\n" in text.strip() else f"character {column}"
