"""`index` and `links`: how fresh the index is, what points to what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import meta, put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Cli = Callable[..., Result]


def related(*targets: str) -> list[dict[str, Any]]:
    return [
        {
            "related_to": {"type": "content", "space_name": "blog", "subpath": "posts", "shortname": target},
            "attributes": {"why": "so"},
        }
        for target in targets
    ]


@pytest.fixture
def linked(root: Path) -> Path:
    """first -> second -> third, and third to what is not there."""
    for name, targets in {"first": ["second"], "second": ["third"], "third": ["gone"]}.items():
        put(root / f"blog/posts/.dm/{name}/meta.content.json", meta(name, relationships=related(*targets)))
    return root


def told(cli: Cli, root: Path, *arguments: str) -> Any:
    result = cli("--root", root, "links", *arguments, "--format", "json", "--role", "relationship")
    return [(row["direction"], row["source"][11:], row["target"][11:]) for row in json.loads(result.stdout)]


@pytest.mark.parametrize("indexed", [False, True], ids=["scanned", "indexed"])
@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        (["blog/posts/second"], [("in", "first", "second"), ("out", "second", "third")]),
        (["blog/posts/second", "--in"], [("in", "first", "second")]),
        (["blog/posts/second", "--out"], [("out", "second", "third")]),
        (["blog/posts/first", "--depth", "2"], [("out", "first", "second"), ("out", "second", "third")]),
        (["blog/posts/third", "--in", "--depth", "9"], [("in", "second", "third"), ("in", "first", "second")]),
        (["blog/posts/gone"], [("in", "third", "gone")]),
        (["blog/posts/third", "--to", "blog/posts/first"], [("in", "second", "third"), ("in", "first", "second")]),
        (["blog/posts/first", "--to", "blog/posts/hello"], []),
        (["--dangling"], [("out", "third", "gone")]),
    ],
    ids=lambda value: " ".join(value) if value and isinstance(value[0], str) else "",
)
def test_what_points_to_what(
    cli: Cli, linked: Path, arguments: list[str], rows: list[tuple[str, str, str]], indexed: bool
) -> None:
    if indexed:
        assert cli("--root", linked, "index", "build").exit_code == 0
    assert told(cli, linked, *arguments) == rows


def test_a_scan_is_told_of(cli: Cli, linked: Path) -> None:
    assert "index build" in cli("--root", linked, "links", "blog/posts/first").stderr
    cli("--root", linked, "index", "build")
    assert not cli("--root", linked, "links", "blog/posts/first").stderr


def test_links_of_what_changed_since_the_index_was_built(cli: Cli, linked: Path) -> None:
    cli("--root", linked, "index", "build")
    put(linked / "blog/posts/.dm/new/meta.content.json", meta("new", relationships=related("first")))
    assert told(cli, linked, "blog/posts/first", "--in") == [("in", "new", "first")]


def test_text_has_one_line_a_link(cli: Cli, linked: Path) -> None:
    result = cli("--root", linked, "links", "blog/posts/third", "--role", "relationship")
    assert result.stdout.splitlines() == [
        "in\t1\trelationship\tblog/posts/second\tblog/posts/third\tTrue",
        "out\t1\trelationship\tblog/posts/third\tblog/posts/gone\tFalse",
    ]


@pytest.mark.parametrize(("format_", "begins"), [("dot", "digraph"), ("mermaid", "flowchart"), ("svg", "<svg")])
def test_graphs_for_other_programs(cli: Cli, linked: Path, format_: str, begins: str) -> None:
    result = cli("--root", linked, "links", "blog/posts/second", "--format", format_)
    assert result.exit_code == 0 and result.stdout.startswith(begins)
    assert all(name in result.stdout for name in ("first", "second", "third"))


def test_what_most_point_to_and_orphans(cli: Cli, linked: Path) -> None:
    most = json.loads(cli("--root", linked, "links", "--most", "1", "--format", "json").stdout)
    assert most[0]["address"] == "management/users/dmart"
    orphans = cli("--root", linked, "links", "--orphans").stdout.splitlines()
    assert "blog/posts/hello" in orphans and "blog/posts/second" not in orphans


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["blog", "--dangling"], 2),
        (["blog/nothing"], 3),
        (["blog/posts/first", "--in", "--role", "relationship"], 1),
        (["blog/posts/first", "--to", "blog/posts/hello", "--role", "relationship"], 1),
    ],
)
def test_exit_codes(cli: Cli, linked: Path, arguments: list[str], code: int) -> None:
    assert cli("--root", linked, "links", *arguments).exit_code == code


def test_how_fresh_it_is(cli: Cli, linked: Path) -> None:
    none = cli("--root", linked, "index", "status", "--json")
    assert none.exit_code == 1 and json.loads(none.stdout)["complete"] is False
    built = cli("--root", linked, "index", "build")
    assert built.exit_code == 0 and "10 entries" in built.stderr
    status = json.loads(cli("--root", linked, "index", "status", "--json").stdout)
    assert status["complete"] and (status["entries"], status["attachments"]) == (10, 1)
    assert cli("--root", linked, "index", "drop").exit_code == 0
    assert "no index" in cli("--root", linked, "index", "drop").stderr


def test_an_index_is_nothing_that_read_only_forbids(cli: Cli, linked: Path) -> None:
    before = sorted(linked.rglob("*"))
    assert cli("--root", linked, "--read-only", "index", "build").exit_code == 0
    assert sorted(linked.rglob("*")) == before
