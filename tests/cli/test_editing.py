"""`create` and `set`: entries made and changed from the command line."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.journal import Journal
from dmart_tui.core.steps import Write
from tests.cli.conftest import put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

HELLO = "blog/posts/hello"


@pytest.fixture
def run(cli: Callable[..., Result], root: Path) -> Callable[..., Result]:
    def on_root(*arguments: Any, **options: Any) -> Result:
        return cli("--root", root, *arguments, **options)

    return on_root


def body(root: Path, name: str = "hello.json") -> Any:
    return json.loads((root / "blog/posts" / name).read_bytes())


def meta_of(root: Path, name: str, type_: str = "content") -> Any:
    return json.loads((root / f"blog/posts/.dm/{name}/meta.{type_}.json").read_bytes())


def hashes(root: Path) -> dict[str, str]:
    """Every file below a root and what it holds."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(root.rglob("*")) if path.is_file()
    }


@pytest.mark.parametrize(
    ("assignment", "key", "value"),
    [
        ("payload.body.title=4", "title", "4"),
        ("payload.body.title:=4", "title", 4),
        ("payload.body.title==a:=b", "title", "=a:=b"),
        ('payload.body.title:={"a": [1]}', "title", {"a": [1]}),
        ("payload.body.title=@{file}", "title", "from a file\n"),
        ("payload.body.title-", "title", None),
        ("payload.body.words+=x", "words", ["x"]),
    ],
)
def test_a_value_is_written_as_it_is_meant(
    run: Callable[..., Result], root: Path, tmp_path: Path, assignment: str, key: str, value: Any
) -> None:
    file = tmp_path / "a file"
    file.write_text("from a file\n")
    result = run("set", "--anyway", HELLO, assignment.replace("{file}", str(file)))
    assert result.exit_code == 0, result.stderr
    assert body(root).get(key) == value


def test_what_changed_is_printed(run: Callable[..., Result]) -> None:
    result = run("set", "--anyway", HELLO, "payload.body.views:=4", "tags+=new", "payload.body.token=x")
    rows = sorted(line.split("\t") for line in result.stdout.splitlines())
    assert rows == [
        [HELLO, "payload.body.token", "changed", '"••••••"', '"••••••"'],
        [HELLO, "payload.body.views", "changed", "3", "4"],
        [HELLO, "tags", "list", "[]", '["new"]'],
    ]
    again = run("set", "--anyway", HELLO, "payload.body.views:=4")
    assert (again.exit_code, again.stdout, again.stderr) == (0, "", "nothing changes\n")


def test_a_dry_run_tells_all_and_changes_nothing(run: Callable[..., Result], root: Path) -> None:
    before = hashes(root)
    result = run("set", HELLO, "slug=new", "--dry-run", "--json")
    plan = json.loads(result.stdout)
    assert [change["key"] for change in plan["changes"]] == ["slug"]
    assert [(file["action"], file["path"]) for file in plan["files"]] == [
        ("write", "blog/posts/.dm/hello/meta.content.json"),
        ("append", "blog/posts/.dm/hello/history.jsonl"),
    ]
    assert '"diff":{"slug":{"old":"null","new":"new"}}' in plan["lines"][0]
    assert not plan["done"]
    assert hashes(root) == before


def test_a_whole_payload_comes_from_a_file(run: Callable[..., Result], root: Path, tmp_path: Path) -> None:
    put(tmp_path / "new.json", {"title": "New"})
    assert run("set", "--anyway", HELLO, "--from", tmp_path / "new.json", "payload.body.views:=1").exit_code == 0
    assert body(root) == {"title": "New", "views": 1}
    assert run("set", "--anyway", HELLO, "--from", "-", input=b'{"title":\r\n"x"}').exit_code == 0
    assert (root / "blog/posts/hello.json").read_bytes() == b'{"title":\r\n"x"}'


def test_entries_are_made(run: Callable[..., Result], root: Path, tmp_path: Path) -> None:
    made = run("create", "blog/posts/new", "displayname.en=New", "payload.body.title=A", "tags+=x")
    assert (made.exit_code, made.stdout) == (0, "blog/posts/new\n")
    assert body(root, "new.json") == {"title": "A"}
    assert (meta_of(root, "new")["displayname"], meta_of(root, "new")["tags"]) == ({"en": "New"}, ["x"])
    automatic = run("create", "blog/posts/auto", "payload.body=# Hi", "payload.content_type=markdown").stdout.strip()
    assert meta_of(root, automatic.rpartition("/")[2])["payload"]["body"] == "# Hi"
    (tmp_path / "page.md").write_bytes(b"# Hi\r\n")
    assert run("create", "blog/a/b/page", "--parents", "--from", tmp_path / "page.md").exit_code == 0
    assert (root / "blog/a/b/page.md").read_bytes() == b"# Hi\r\n"
    assert (root / "blog/a/.dm/meta.folder.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("set", HELLO), 2, "nothing is to be changed"),
        (("set", HELLO, "title"), 2, "changes no key"),
        (("set", HELLO, "title:=x"), 2, "is not JSON"),
        (("set", HELLO, "shortname.en=x"), 2, "is not an object"),
        (("set", HELLO, "slug=@/no/such"), 3, "no such file"),
        (("set", "blog/posts/nothing", "a=b"), 3, "nothing stands"),
        (("create", "blog/none/x"), 3, "no such folder"),
        (("create", HELLO), 4, "taken"),
        (("create", "blog/posts/not-good"), 4, "no name for D-MART"),
        (("set", HELLO, "slug=a b"), 4, "slug"),
        (("--read-only", "set", HELLO, "slug=x"), 4, "read-only"),
        (("--read-only", "create", "blog/posts/x"), 4, "read-only"),
        (("create", "blog/posts/x", "--type", "comment"), 2, "cannot be made here"),
    ],
)
def test_what_is_refused(
    run: Callable[..., Result], root: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    before = hashes(root)
    result = run(*arguments)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr
    assert hashes(root) == before


def test_a_dry_run_of_what_would_be_refused_says_so(run: Callable[..., Result]) -> None:
    assert run("create", "blog/posts/not-good", "--dry-run").exit_code == 1
    assert run("create", "blog/posts/not-good", "--dry-run", "--anyway").exit_code == 0


def test_an_interrupted_change_is_taken_care_of_and_told(run: Callable[..., Result], root: Path) -> None:
    pid = os.fork()
    if not pid:  # a program that dies when it keeps what the file was
        os.link = lambda *_, **__: os._exit(0)  # type: ignore[assignment]
        Journal(str(root)).apply([Write(f"{root}/blog/posts/hello.json", b"{}")], title="Change something")
        os._exit(1)
    os.waitpid(pid, 0)
    assert Journal(str(root)).pending()
    result = run("set", HELLO, "slug=x", "--anyway")
    assert result.exit_code == 0
    assert "an interrupted change was undone: Change something" in result.stderr
