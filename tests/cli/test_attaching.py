"""`attach`, `link`, `unlink`, `progress`, `lock` and `unlock` from the command line."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.demo import make_demo
from tests.cli.conftest import meta, put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

HELLO = "blog/posts/hello"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
WORKFLOW = {
    "initial_state": [{"name": "new", "roles": ["default"]}],
    "states": [
        {"state": "new", "next": [{"action": "close", "state": "done", "roles": ["agent"]}]},
        {"state": "done", "resolutions": ["fixed"]},
    ],
}


@pytest.fixture
def run(cli: Callable[..., Result], root: Path) -> Callable[..., Result]:
    put(root / "blog/workflows/case.json", WORKFLOW)
    put(root / "blog/.dm/case/meta.ticket.json", meta("case", state="new", is_open=True, workflow_shortname="case"))

    def on_root(*arguments: Any) -> Result:
        return cli("--root", root, *arguments, env={"LOGNAME": "ann"})

    return on_root


def digest_of(root: Path) -> str:
    """Of all names and bytes below a folder."""
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        found.update(str(path).encode() + (path.read_bytes() if path.is_file() else b""))
    return found.hexdigest()


CHANGES = [
    ("attach", HELLO, "cover.png"),
    ("attach", HELLO, "--comment", "well"),
    ("attach", f"{HELLO}#comment/first", "--reply", "yes"),
    ("attach", HELLO, "--reaction", "love"),
    ("link", HELLO, "blog/posts/draft", "role=see"),
    ("progress", "blog/case", "close", "--resolution", "fixed", "--comment", "over"),
    ("lock", HELLO),
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a picture in it."""
    folder = tmp_path / "here"
    put(folder / "cover.png", PNG)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: " ".join(change[:2]))
def test_a_dry_run_shows_the_plan_and_changes_nothing(
    run: Callable[..., Result], root: Path, here: Path, change: tuple[str, ...]
) -> None:
    before = digest_of(root)
    result = run(*change, "--dry-run", "--json")
    assert result.exit_code == 0, result.stderr
    plan = json.loads(result.stdout)
    assert plan["done"] is False
    assert plan["files"]
    assert digest_of(root) == before


@pytest.mark.parametrize("change", [*CHANGES, ("unlock", HELLO), ("unlink", HELLO, "blog/posts/draft")])
def test_read_only_is_absolute(cli: Callable[..., Result], run: Callable[..., Result], root: Path, here: Path,
                               change: tuple[str, ...]) -> None:  # fmt: skip
    if change[0] == "unlink":
        assert run("link", HELLO, "blog/posts/draft").exit_code == 0
    before = digest_of(root)
    result = cli("--root", root, "--read-only", *change)
    assert result.exit_code == 4
    assert "read-only" in result.stderr
    assert digest_of(root) == before


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: " ".join(change[:2]))
def test_it_is_done_and_told_as_json(run: Callable[..., Result], here: Path, change: tuple[str, ...]) -> None:
    result = run(*change, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["done"] is True


def test_files_are_attached_and_replaced(run: Callable[..., Result], root: Path, here: Path) -> None:
    put(here / "numbers.csv", b"a,b\n1,2\n")
    result = run("attach", HELLO, "cover.png", "numbers.csv")
    assert result.exit_code == 0, result.stderr
    assert "cover.png becomes media/cover: image, 28 B" in result.stderr
    assert run("cat", f"{HELLO}#csv/numbers", "--payload").stdout == "a,b\n1,2\n"
    put(here / "better.png", PNG + b"better")
    assert run("attach", f"{HELLO}#media/cover", "better.png", "--replace").exit_code == 0
    folder = root / "blog/posts/.dm/hello/attachments.media"
    assert (folder / "cover.png").read_bytes() == PNG + b"better"
    payload = json.loads((folder / "meta.cover.json").read_bytes())["payload"]
    assert payload["checksum"] == hashlib.sha1(PNG + b"better").hexdigest()
    history = run("history", HELLO, "--json")
    assert "payload.checksum" in history.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("attach", HELLO), 2),
        (("attach", HELLO, "cover.png", "--comment", "x"), 2),
        (("attach", HELLO, "cover.png", "--type", "csv"), 2),
        (("attach", HELLO, "cover.png", "--replace"), 2),
        (("attach", HELLO, "missing.png"), 3),
        (("attach", "blog/none", "cover.png"), 3),
        (("attach", "blog", "cover.png"), 4),
        (("link", HELLO, "blog/none"), 4),
        (("link", HELLO, "blog/posts/draft", "role"), 2),
        (("link", HELLO, "blog/posts/draft", "role+=x"), 2),
        (("unlink", HELLO, "blog/posts/draft"), 3),
        (("progress", HELLO), 2),
        (("progress", "blog/case", "open"), 4),
        (("progress", "blog/case", "close", "--role", "lead"), 4),
        (("lock", "blog/none"), 3),
    ],
)
def test_what_is_refused(run: Callable[..., Result], here: Path, arguments: tuple[str, ...], code: int) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert len(result.stderr.splitlines()) == 1


def test_links_say_what_they_are_for(run: Callable[..., Result], root: Path) -> None:
    assert run("link", HELLO, "blog/posts/draft", "role=see", "page:=3").exit_code == 0
    path = root / "blog/posts/.dm/hello/meta.content.json"
    assert json.loads(path.read_bytes())["relationships"] == [
        {
            "related_to": {"type": "content", "space_name": "blog", "subpath": "posts", "shortname": "draft"},
            "attributes": {"role": "see", "page": 3},
        }
    ]
    assert run("unlink", HELLO, "blog/posts/draft", "page:=4").exit_code == 3
    assert run("unlink", HELLO, "blog/posts/draft", "page:=3").exit_code == 0
    assert json.loads(path.read_bytes())["relationships"] == []


def test_a_ticket_says_how_it_can_go_on(run: Callable[..., Result]) -> None:
    (way,) = json.loads(run("progress", "blog/case", "--json").stdout)
    assert way == {
        "action": "close",
        "state": "done",
        "roles": ["agent"],
        "resolutions": ["fixed"],
        "resolution_required": False,
        "is_open": False,
        "why_not": None,
    }
    assert run("progress", "blog/case", "close", "--resolution", "fixed").exit_code == 0
    result = run("progress", "blog/case")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "closed" in result.stderr


def test_a_lock_outlives_the_command_and_keeps_others_out(cli: Callable[..., Result], run: Callable[..., Result],
                                                          root: Path) -> None:  # fmt: skip
    def as_bob(*arguments: str) -> Result:
        return cli("--root", root, *arguments, env={"LOGNAME": "bob"})

    assert run("lock", HELLO).exit_code == 0
    for arguments in (("lock", HELLO), ("unlock", HELLO), ("attach", HELLO, "--comment", "x")):
        result = as_bob(*arguments)
        assert result.exit_code == 4
        assert "ann" in result.stderr
    assert run("attach", HELLO, "--comment", "mine").exit_code == 0
    assert as_bob("unlock", HELLO, "--force").exit_code == 0
    assert as_bob("attach", HELLO, "--comment", "x").exit_code == 0
    assert "it is not locked" in run("unlock", HELLO).stderr


def test_nothing_is_wrong_in_the_demo_that_was_not_before(cli: Callable[..., Result], tmp_path: Path) -> None:
    root = make_demo(tmp_path / "demo").root
    (tmp_path / "cover.png").write_bytes(PNG)

    def checked() -> set[tuple[str, str, str]]:
        found = json.loads(cli("--root", root, "check", "--json").stdout)["problems"]
        return {(one["kind"], one["address"], one["detail"]) for one in found}

    def run(*arguments: Any) -> Result:
        result = cli("--root", root, *arguments, "--anyway", env={"LOGNAME": "dmart"})
        assert result.exit_code == 0, result.stderr
        return result

    before = checked()
    products = json.loads(cli("--root", root, "ls", "catalog/products", "--json").stdout)
    product, other = (f"catalog/products/{row['shortname']}" for row in products[:2])
    run("attach", product, tmp_path / "cover.png")
    run("attach", "catalog/products", tmp_path / "cover.png")
    run("attach", product, "--comment", "so it is")
    run("attach", product, "--reaction", "care")
    run("link", product, other, "role=goes with")
    run("unlink", product, other)
    run("lock", product)
    run("unlock", product)
    listed = cli("--root", root, "ls", "support", "--recursive", "--jsonl").stdout.splitlines()
    rows = [json.loads(line) for line in listed]
    tickets = [f"{row['space']}/{row['subpath']}/{row['shortname']}" for row in rows if row["type"] == "ticket"]
    ways = {ticket: json.loads(run("progress", ticket, "--json").stdout) for ticket in tickets[:20]}
    taken = [(ticket, found[0]["action"]) for ticket, found in ways.items() if found]
    assert taken
    for ticket, action in taken[:3]:
        run("progress", ticket, action, "--comment", "on it")
    assert checked() <= before
