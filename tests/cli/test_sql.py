"""`sql`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.support.interrupts import listen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a table in it."""
    folder = tmp_path / "current folder"
    folder.mkdir()
    (folder / "sales.csv").write_text("what,price\ntea,1.5\njam,2\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("table", "tea\t1.5\njam\tNULL\n"),
        ("csv", "what,price\ntea,1.5\njam,\n"),
        ("jsonl", '{"what":"tea","price":1.5}\n{"what":"jam","price":null}\n'),
        ("markdown", "| what | price |\n| --- | ---: |\n| tea | 1.5 |\n| jam | NULL |\n"),
    ],
)
def test_rows_in_each_form(cli: Run, here: Path, form: str, said: str) -> None:
    query = "SELECT what, CASE WHEN price < 2 THEN price END AS price FROM 'sales.csv'"
    result = cli("sql", query, "--format", form)
    assert (result.exit_code, result.stdout) == (0, said)


def test_json_is_one_document(cli: Run, here: Path) -> None:
    result = cli("sql", "SELECT 1 AS a, [1, 2] AS b", "--json")
    assert json.loads(result.stdout) == [{"a": 1, "b": [1, 2]}]


def test_statements_run_in_their_order(cli: Run, here: Path) -> None:
    (here / "work.sql").write_text(
        "CREATE TABLE t AS FROM 'sales.csv'; -- all\nDELETE FROM t WHERE price > $most; FROM t"
    )
    result = cli("sql", "-f", "work.sql", "-p", "most=1.7")
    assert (result.exit_code, result.stdout) == (0, "tea\t1.5\n")
    assert result.stderr.splitlines() == ["2 rows written", "1 row deleted"]


def test_a_query_and_data_from_a_pipe(cli: Run, here: Path) -> None:
    assert cli("sql", "-", input="SELECT 1;SELECT 2").stdout == "1\n2\n"
    assert cli("sql", "SELECT sum(b) FROM stdin", input="a,b\nx,1\ny,2\n").stdout == "3\n"
    assert cli("sql", "SELECT a FROM stdin ORDER BY a", input='{"a": 2}\n{"a": 1}\n').stdout == "1\n2\n"
    assert cli("sql", "SELECT count(*) FROM stdin", input="").exit_code == 2


def test_secrets_are_masked_in_a_table(cli: Run, here: Path) -> None:
    query = "SELECT 'sesame' AS password, 'tea' AS what, '{\"token\": \"sesame\"}'::JSON AS j"
    assert cli("sql", query).stdout == '••••••\ttea\t{"token": "••••••"}\n'
    assert "sesame" in cli("sql", query, "--format", "csv").stdout


def test_a_query_that_is_no_utf8(cli: Run, here: Path) -> None:
    assert cli("sql", os.fsdecode(b"SELECT '\xff' AS a, 'b'")).stdout == "\ufffd\tb\n"


def test_rows_go_into_a_file(cli: Run, here: Path) -> None:
    result = cli("sql", "SELECT i FROM range(5) t(i)", "-o", "made.parquet")
    assert (result.exit_code, result.stderr) == (0, "5 rows written to made.parquet\n")
    assert cli("sql", "SELECT max(i) FROM 'made.parquet'").stdout == "4\n"
    before = (here / "sales.csv").read_bytes()
    assert cli("sql", "SELECT error('x') FROM range(9)", "-o", "sales.csv").exit_code == 2
    assert (here / "sales.csv").read_bytes() == before
    assert sorted(path.name for path in here.iterdir()) == ["made.parquet", "sales.csv"]


def test_rows_go_into_a_pipe_and_behind_a_link(cli: Run, here: Path) -> None:
    (here / "link.csv").symlink_to("sales.csv")
    os.mkfifo(here / "pipe")
    reader = os.open(here / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        for target in ("link.csv", "pipe"):
            assert cli("sql", "SELECT 1 AS a", "--format", "csv", "-o", target).exit_code == 0
        assert os.read(reader, 100) == b"a\n1\n"
    finally:
        os.close(reader)
    assert (here / "pipe").is_fifo()
    assert (here / "link.csv").is_symlink()
    assert (here / "sales.csv").read_text() == "a\n1\n"


def test_databases(cli: Run, here: Path) -> None:
    made = cli("sql", "CREATE TABLE z.t AS SELECT 1 AS a", "--db", "z=z.db", "--write", "z")
    assert made.exit_code == 0
    assert cli("sql", "FROM z.t", "--db", "z=z.db").stdout == "1\n"
    assert cli("sql", "INSERT INTO z.t VALUES (2)", "--db", "z=z.db").exit_code == 4
    refused = cli("--read-only", "sql", "INSERT INTO z.t VALUES (2)", "--db", "z=z.db", "--write", "z")
    assert (refused.exit_code, "writes nothing" in refused.stderr) == (4, True)
    with duckdb.connect(str(here / "z.db")) as database:
        assert database.execute("FROM t").fetchall() == [(1,)]


def test_wrapped_statements_are_all_done_or_none(cli: Run, here: Path) -> None:
    arguments = ("--db", "z=z.db", "--write", "z")
    cli("sql", "CREATE TABLE z.t (a INTEGER)", *arguments)
    failed = cli("sql", "INSERT INTO z.t VALUES (1);\nINSERT INTO z.t VALUES ('x')", "--wrap", *arguments)
    assert failed.exit_code == 2
    assert "line 2, character 25" in failed.stderr
    assert cli("sql", "SELECT count(*) FROM z.t", *arguments).stdout == "0\n"


def test_spaces_are_tables(cli: Run, root: Path) -> None:
    query = "SELECT shortname FROM spaces.entries WHERE title = 'Hello'"
    assert cli("--root", root, "sql", query).stdout == "hello\n"


def test_nothing_is_written_among_the_spaces(cli: Run, root: Path, here: Path) -> None:
    before = sorted(path for path in root.rglob("*"))
    for arguments in (
        ("-o", root / "blog" / "x.csv"),
        ("--exports", root / "blog"),
        ("--exports", root.parent),
        ("--exports", "/"),
        ("--db", f"x={root}/blog/x.db", "--write", "x"),
    ):
        result = cli("--root", root, "sql", "SELECT 1", *arguments)
        assert (result.exit_code, "the spaces folder" in result.stderr) == (4, True)
    assert cli("--root", root, "sql", f"COPY (SELECT 1) TO '{root}/blog/x.csv'").exit_code == 4
    assert sorted(path for path in root.rglob("*")) == before


def test_copy_writes_where_it_may(cli: Run, here: Path) -> None:
    (here / "out").mkdir()
    assert cli("sql", f"COPY (SELECT 1 AS a) TO '{here}/out/a.csv'").exit_code == 4
    assert cli("sql", f"COPY (SELECT 1 AS a) TO '{here}/out/a.csv'", "--exports", "out").exit_code == 0
    assert (here / "out" / "a.csv").read_text() == "a\n1\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("SELECT nam FROM (SELECT 1 AS name)",), 2, 'character 8: Referenced column "nam" not found'),
        (("SELEC 1",), 2, "syntax error"),
        (("",), 2, "no statement"),
        ((), 2, "name a query or a file"),
        (("SELECT 1", "-f", "x.sql"), 2, "name a query or a file"),
        (("-f", "no.sql"), 3, "no.sql: no such file"),
        (("FROM 'sale.csv'",), 3, "character 6: there is no file sale.csv"),
        (("COPY (SELECT 1) TO 'out.csv'",), 4, "disabled by configuration"),
        (("FROM read_text('/etc/passwd')",), 4, "disabled by configuration"),
        (("SELECT 1", "--db", "z"), 2, "no NAME=VALUE"),
        (("SELECT 1", "--db", "z=no.db"), 3, "no such database"),
        (("SELECT 1", "--write", "z"), 2, "no database z"),
        (("SELECT 1", "--open", "nowhere"), 2, "is no folder"),
        (("SELECT 1", "--format", "table", "-o", "x.txt"), 2, "for people"),
        (
            ("SELECT count(*) FROM range(100000000000) t(i) WHERE hash(i) = 1", "--timeout", "0.05"),
            6,
            "longer than it may",
        ),
        (('SELECT 1 AS "a\x1b[2J"; SELECT nosuch_\x1b[2J',), 2, "syntax error"),
    ],
)
def test_what_cannot_be(cli: Run, here: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    result = cli("sql", *arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert "\x1b" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_database_that_another_program_holds(cli: Run, here: Path) -> None:
    code = "import duckdb, sys; held = duckdb.connect('held.db'); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        result = cli("sql", "FROM held.t", "--db", "held=held.db")
        holder.communicate()
    assert result.exit_code == 4
    assert f"(PID {holder.pid})" in result.stderr


def test_an_interrupted_statement_ends_cleanly(here: Path, own_folders: Path) -> None:
    query = "SELECT 1; SELECT count(*) FROM range(100000000000) t(i) WHERE hash(i) = 1"
    command = [sys.executable, "-m", "dmart_tui", "sql", query, "--format", "csv"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        preexec_fn=listen,
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"1\n"
        assert run.stdout.readline() == b"1\n"
        run.send_signal(signal.SIGINT)
        _out, said = run.communicate(timeout=60)
    assert (run.returncode, said.strip()) == (130, b"")


@pytest.mark.parametrize(
    ("form", "rows", "begins"),
    [("jsonl", 100_000_000_000, b'{"i":0}\n'), ("arrow", 10_000_000, b"\xff\xff\xff\xff")],
)
def test_a_reader_that_leaves_ends_it(here: Path, own_folders: Path, form: str, rows: int, begins: bytes) -> None:
    command = [sys.executable, "-m", "dmart_tui", "sql", f"SELECT i FROM range({rows}) t(i)", "--format", form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.read(len(begins)) == begins
        run.stdout.close()
        assert run.wait(timeout=60) == 0
        assert run.stderr is not None
        assert run.stderr.read() == b""
