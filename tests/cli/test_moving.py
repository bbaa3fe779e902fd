"""`mv`, `rm` and `trash` from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import meta, put
from tests.support.crashing import tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def run(cli: Callable[..., Result], root: Path) -> Callable[..., Result]:
    related = {"space_name": "blog", "subpath": "posts", "shortname": "hello", "type": "content"}
    put(root / "blog/.dm/pointer/meta.content.json", meta("pointer", relationships=[{"related_to": related}]))

    def on_root(*arguments: Any, **options: Any) -> Result:
        return cli("--root", root, *arguments, env={"LOGNAME": "ann"}, **options)

    return on_root


@pytest.mark.parametrize(
    ("source", "target", "there"),
    [
        ("blog/posts/hello", "blog/posts/greeting", "blog/posts/greeting"),
        ("blog/posts/hello", "blog", "blog/hello"),
        ("blog/posts/hello#comment/first", "blog/posts/draft", "blog/posts/draft#comment/first"),
        ("blog/posts/hello#comment/first", "blog/posts/hello#comment/second", "blog/posts/hello#comment/second"),
        ("blog/posts", "blog/articles", "blog/articles"),
        ("blog", "journal", "journal"),
    ],
)
def test_mv(run: Callable[..., Result], source: str, target: str, there: str) -> None:
    done = run("mv", source, target, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["result"] == there
    assert run("cat", there, "--meta").exit_code == 0
    assert run("cat", source, "--meta").exit_code == 3


def test_mv_lists_what_points_to_it_and_lets_it_follow(run: Callable[..., Result], root: Path) -> None:
    left = run("mv", "blog/posts/hello", "blog/posts/greeting", "--dry-run")
    assert "blog/pointer still points to the old place" in left.stderr
    done = run("mv", "blog/posts/hello", "blog/posts/greeting", "--rewrite")
    assert done.exit_code == 0
    found = json.loads((root / "blog/.dm/pointer/meta.content.json").read_bytes())
    assert found["relationships"][0]["related_to"]["shortname"] == "greeting"


def test_mv_makes_folders_when_asked(run: Callable[..., Result]) -> None:
    refused = run("mv", "blog/posts/hello", "blog/a/b/hello")
    assert refused.exit_code == 4
    assert "--parents makes it" in refused.stderr
    assert run("mv", "blog/posts/hello", "blog/a/b/hello", "--parents").exit_code == 0
    assert run("cat", "blog/a/b", "--meta").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("mv", "blog/posts/none", "blog/x"), 3),
        (("mv", "blog/posts/hello", "blog/posts/draft"), 4),
        (("mv", "blog/posts", "blog/posts/inner"), 4),
        (("mv", "blog/posts/hello", "..."), 2),
        (("mv", "blog/posts/hello", "blog/posts/not-a-name"), 4),
        (("rm", "blog/none"), 3),
        (("rm", "blog/two"), 4),
        (("trash", "restore", "none"), 3),
        (("trash", "empty", "none"), 3),
    ],
)
def test_refused(run: Callable[..., Result], root: Path, arguments: tuple[str, ...], code: int) -> None:
    before = tree(root)
    assert run(*arguments).exit_code == code
    assert tree(root) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("mv", "blog/posts/hello", "blog/x"),
        ("rm", "blog/posts/hello"),
        ("rm", "blog/posts/hello", "--forever"),
        ("trash", "empty"),
    ],
)
def test_dry_runs_and_read_only_change_nothing(
    run: Callable[..., Result], root: Path, arguments: tuple[str, ...]
) -> None:
    run("rm", "blog/posts/draft")
    before = tree(root)
    assert run(*arguments, "--dry-run").exit_code == 0
    assert tree(root) == before
    assert run("--read-only", *arguments).exit_code == 4
    assert tree(root) == before


def test_rm_and_back(run: Callable[..., Result], root: Path) -> None:
    before = {name: value for name, value in tree(root).items() if not name.startswith(".dmart-tui")}
    done = run("rm", "blog/posts/hello")
    assert done.exit_code == 0
    assert "blog/pointer points to it" in done.stderr
    [item] = json.loads(run("trash", "--json").stdout)
    assert (item["address"], item["who"], item["entries"]) == ("blog/posts/hello", "ann", 2)
    assert run("trash", "ls").stdout.split("\t")[0] == item["id"]
    assert run("trash", "restore", item["id"]).exit_code == 0
    assert {name: value for name, value in tree(root).items() if not name.startswith(".dmart-tui")} == before
    assert "the trash is empty" in run("trash").stderr


def test_restored_elsewhere(run: Callable[..., Result]) -> None:
    run("rm", "blog/posts/hello")
    [item] = json.loads(run("trash", "ls", "--json").stdout)
    assert run("trash", "restore", item["id"], "--to", "blog/new/hi").exit_code == 0
    assert json.loads(run("cat", "blog/new/hi", "--meta").stdout)["shortname"] == "hi"


@pytest.mark.parametrize(("answer", "code", "left"), [("n\n", 1, True), ("y\n", 0, False)])
def test_for_ever_asks(run: Callable[..., Result], root: Path, answer: str, code: int, left: bool) -> None:
    assert run("rm", "blog/posts/hello", "--forever", input=answer).exit_code == code
    assert (root / "blog/posts/hello.json").exists() is left
    assert not (root / ".dmart-tui/trash").exists()


def test_for_ever_without_asking(run: Callable[..., Result], root: Path) -> None:
    assert run("rm", "blog/posts/hello", "--forever", "--yes").exit_code == 0
    assert not (root / "blog/posts/hello.json").exists()


def test_the_trash_is_emptied(run: Callable[..., Result], root: Path) -> None:
    run("rm", "blog/posts/hello")
    run("rm", "blog/posts/draft")
    assert run("trash", "empty", "--older-than", "1", "--yes").exit_code == 0
    assert run("trash", "empty", input="n\n").exit_code == 1
    items = json.loads(run("trash", "--json").stdout)
    assert [item["address"] for item in items] == ["blog/posts/draft", "blog/posts/hello"]
    assert run("trash", "empty", items[0]["id"], "--yes").exit_code == 0
    assert "freed 1 item" in run("trash", "empty", "--yes").stderr
    assert list((root / ".dmart-tui/trash").iterdir()) == []
