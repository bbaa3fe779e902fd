"""`worksheet`: the tree, its revisions and trash, files, and the history of what was run."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.sql.sheets.keep import keep_file
from dmart_tui.core.sql.sheets.past import Past

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]


@pytest.fixture
def worksheet(cli: Callable[..., Result], root: Path) -> Run:
    def run(*arguments: str | Path, **options: object) -> Result:
        return cli("--root", root, "worksheet", *arguments, **options)

    return run


def test_saved_listed_moved_and_printed(worksheet: Run) -> None:
    assert worksheet("save", "reports/monthly", input="SELECT 1\n").exit_code == 0
    worksheet("new", "scratch")
    worksheet("new", "attic/old", "--folder")
    assert worksheet("cat", "reports/monthly").stdout == "SELECT 1\n"
    worksheet("mv", "reports/monthly", "attic/old")
    worksheet("mv", "scratch", "attic/pad", "--copy")
    rows = json.loads(worksheet("ls", "--json").stdout)
    assert [row["path"] for row in rows] == [
        "attic", "attic/old", "attic/old/monthly", "attic/pad", "reports", "scratch",
    ]  # fmt: skip
    assert worksheet("ls", "attic").stdout.splitlines()[1].startswith("attic/old/monthly\t")


def test_revisions_are_compared_and_restored(worksheet: Run) -> None:
    for text in ("SELECT 1\n", "SELECT 2\n"):
        worksheet("save", "s", input=text)
    assert [row["revision"] for row in json.loads(worksheet("revisions", "s", "--json").stdout)] == [2, 1]
    shown = worksheet("diff", "s", "1")
    assert (shown.exit_code, shown.stdout.splitlines()[1:3]) == (1, ["-SELECT 1", "+SELECT 2"])
    assert worksheet("diff", "s", "2").exit_code == 0
    worksheet("restore", "s", "--revision", "1")
    assert worksheet("cat", "s").stdout == "SELECT 1\n"
    assert worksheet("cat", "s", "-r", "2").stdout == "SELECT 2\n"


def test_the_trash(worksheet: Run) -> None:
    worksheet("save", "f/s", input="x")
    worksheet("rm", "f")
    assert worksheet("ls").stdout == ""
    ((number, *_),) = (line.split("\t") for line in worksheet("ls", "--trash").stdout.splitlines())
    assert worksheet("restore", number).exit_code == 0
    assert worksheet("cat", "f/s").stdout == "x"
    worksheet("rm", "f/s", "f")
    assert "2 items deleted" in worksheet("purge", "--all").stderr


def test_files_out_and_in(worksheet: Run, tmp_path: Path) -> None:
    worksheet("save", "a/b", input="SELECT 1")
    assert worksheet("export", tmp_path / "out").exit_code == 0
    (tmp_path / "out/a/b.sql").write_text("SELECT 2")
    again = worksheet("export", tmp_path / "out")
    assert (again.exit_code, "is there" in again.stderr) == (1, True)
    assert "1 replaced" in worksheet("import", tmp_path / "out").stderr
    assert worksheet("cat", "a/b").stdout == "SELECT 2"
    worksheet("import", tmp_path / "out/a", "--into", "a")
    assert len(worksheet("ls").stdout.splitlines()) == 2


def test_the_history_is_searched(worksheet: Run, root: Path) -> None:
    past = Past(keep_file(os.path.realpath(root)))
    past.add("SELECT *\nFROM sales", started=datetime(2026, 1, 2, tzinfo=UTC), seconds=0.5, rows=3)
    past.add("SELECT 1", started=datetime(2026, 1, 2, tzinfo=UTC), seconds=0.5, status="failed")
    past.close()
    (line,) = worksheet("history", "sales").stdout.splitlines()
    assert line.split("\t")[2:4] + line.split("\t")[5:] == ["done", "3", "SELECT * FROM sales"]
    assert [row["text"] for row in json.loads(worksheet("history", "--status", "failed", "--json").stdout)] == [
        "SELECT 1"
    ]


def test_a_worksheet_runs_with_parameters_and_is_kept_in_the_history(worksheet: Run) -> None:
    worksheet("save", "s", input="SELECT $who AS who, count(*) AS n FROM spaces.entries WHERE type = 'folder';")
    assert worksheet("run", "s", "-p", "who=me", "--format", "csv").stdout.split() == ["who,n", "me,1"]
    worksheet("save", "broken", input="SELECT nothing")
    assert worksheet("run", "broken").exit_code == 2
    runs = json.loads(worksheet("history", "--json").stdout)
    assert [(run["status"], run["parameters"]) for run in runs] == [("failed", []), ("done", ["who"])]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("cat", "nothing"), 3, "no such worksheet"),
        (("new", "there"), 4, "the name is taken"),
        (("new", "a\x1b[2Jb"), 2, "cannot be the name"),
        (("mv", "folder", "folder/inside"), 4, "cannot be in itself"),
        (("cat", "folder"), 2, "is a folder"),
        (("cat", "there", "-r", "9"), 3, "no such revision"),
        (("restore", "x"), 2, "is no number"),
        (("purge",), 2, "--all"),
        (("import", "/nowhere/at all"), 3, "is no folder"),
    ],
)
def test_what_cannot_be(worksheet: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    worksheet("save", "there", input="x")
    worksheet("new", "folder", "--folder")
    result = worksheet(*arguments)
    assert (result.exit_code, said in result.stderr) == (code, True)


def test_read_only_writes_nothing(cli: Callable[..., Result], root: Path) -> None:
    result = cli("--root", root, "--read-only", "worksheet", "save", "s", input="x")
    assert (result.exit_code, "read-only" in result.stderr) == (4, True)
