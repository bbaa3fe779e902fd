"""`export` and `import`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    Run = Callable[..., Result]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A root without anything in it."""
    top = tmp_path / "empty root"
    top.mkdir()
    return top


def exported(cli: Run, root: Path, target: Path, *options: str) -> Path:
    result = cli("--root", root, "export", "-o", target, *options)
    assert result.exit_code == 1, result.stderr  # an entry is broken, and it says so
    assert "broken" in result.stderr
    return target


def test_a_zip_goes_out_and_in_again(cli: Run, root: Path, empty: Path, tmp_path: Path) -> None:
    archive = exported(cli, root, tmp_path / "all.zip", "--with-secrets")
    look = cli("--root", empty, "import", archive, "--dry-run")
    assert "new\tblog/posts/hello" in look.stdout
    assert list(empty.iterdir()) == []
    result = cli("--root", empty, "import", archive)
    assert result.exit_code == 1
    assert "blog/posts/broken" in result.stderr
    before, after = (cli("--root", top, "cat", "blog/posts/hello", "--json").stdout for top in (root, empty))
    assert json.loads(before)["payload"] == json.loads(after)["payload"]
    again = json.loads(cli("--root", empty, "import", archive, "--json").stdout)
    assert set(again["outcomes"]) == {"unchanged"}
    assert again["batch"] == ""


def test_password_hashes_stay_unless_asked_for(cli: Run, root: Path, tmp_path: Path) -> None:
    name = "blog/posts/.dm/hello/meta.content.json"
    with zipfile.ZipFile(exported(cli, root, tmp_path / "a.zip")) as archive:
        assert b"argon2" not in archive.read(name)
    with zipfile.ZipFile(exported(cli, root, tmp_path / "b.zip", "--with-secrets")) as archive:
        assert b"argon2" in archive.read(name)


def test_tables_and_lines_go_to_stdout(cli: Run, root: Path) -> None:
    table = cli("--root", root, "export", "blog/posts", "-o", "-", "--format", "csv", "--columns", "shortname=N,views")
    assert table.stdout.splitlines() == ["N,views", "draft,", "hello,3"]
    lines = cli("--root", root, "export", "blog/posts/hello", "-o", "-", "--format", "ndjson").stdout
    found: dict[str, Any] = json.loads(lines)
    assert found["payload"]["title"] == "Hello"
    assert "sesame" not in lines


def test_rows_come_in(cli: Run, root: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("shortname,title\nhello,Changed\nfresh,New\n../x,Bad\n")
    look = cli("--root", root, "import", rows, "blog/posts", "--dry-run")
    assert (look.exit_code, "line 4" in look.stderr) == (1, True)
    assert "would be: 1 imported, 0 unchanged, 2 failed" in look.stderr  # hello names a schema that is nowhere
    result = cli("--root", root, "import", rows, "blog/posts", "--json", "--anyway")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["outcomes"]["imported"], told["failed"]) == (1, 2, 1)
    assert json.loads((root / "blog/posts/hello.json").read_bytes())["title"] == "Changed"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["export"], 2),
        (["export", "-o", "a.txt"], 2),
        (["export", "-o", "a.csv"], 2),
        (["export", "nowhere", "-o", "a.zip"], 3),
        (["import"], 2),
        (["import", "no.zip"], 3),
        (["import", "no.csv"], 2),
        (["import", "--undo", "20200101-000000-abcdef"], 3),
        (["import", "--undo", "../x"], 2),
    ],
)
def test_what_cannot_be_is_told(
    cli: Run, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("--root", root, *arguments).exit_code == code
    assert [path.name for path in tmp_path.iterdir()] == [root.name]


def test_read_only_forbids_what_would_change_the_root(cli: Run, root: Path, tmp_path: Path) -> None:
    archive = exported(cli, root, tmp_path / "all.zip")
    before = sorted(root.rglob("*"))
    assert cli("--root", root, "--read-only", "export", "-o", root / "blog/all.zip").exit_code == 4
    assert cli("--root", root, "--read-only", "import", archive).exit_code == 4
    assert cli("--root", root, "--read-only", "import", archive, "--dry-run").exit_code == 1
    assert sorted(root.rglob("*")) == before


def test_a_dry_export_writes_nothing(cli: Run, root: Path, tmp_path: Path) -> None:
    result = cli("--root", root, "export", "--dry-run", "-o", tmp_path / "a.zip")
    assert "would be exported" in result.stderr
    assert not (tmp_path / "a.zip").exists()


def test_an_interrupted_import_keeps_whole_entries(own_folders: Path, empty: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        archive.writestr("blog/.dm/meta.space.json", "{}")
        for number in range(3000):
            archive.writestr(f"blog/.dm/n{number}/meta.content.json", f'{{"payload": {{"body": "n{number}.json"}}}}')
            archive.writestr(f"blog/n{number}.json", "{}")
    command = [sys.executable, "-m", "dmart_tui", "--root", str(empty), "import", str(tmp_path / "many.zip")]
    with subprocess.Popen(command, cwd=own_folders, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not (empty / "blog/n0.json").exists():
            os.sched_yield()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert process.returncode == 130, told
    assert b"stopped" in told
    metas, payloads = list((empty / "blog/.dm").glob("*/meta.content.json")), list((empty / "blog").glob("n*.json"))
    assert 0 < len(metas) == len(payloads) < 3000
