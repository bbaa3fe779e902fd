"""`ls`, `tree`, `find` through the real entry point."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Cli = Callable[..., Result]


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_ls_row_has_the_shape_of_the_contract(cli: Cli, root: Path) -> None:
    found = {row["shortname"]: row for row in rows(cli("ls", "blog/posts", "--jsonl", "--root", root))}
    assert found["hello"] == {
        "address": "blog/posts/hello",
        "space": "blog",
        "subpath": "posts",
        "shortname": "hello",
        "type": "content",
        "displayname": "Hello",
        "is_active": True,
        "owner": "dmart",
        "created_at": "2024-01-02T03:04:05.000006",
        "updated_at": "2024-02-03T04:05:06",
        "tags": [],
        "schema": "post",
        "content_type": "json",
        "has_children": False,
        "problems": [],
    }


def test_ls_without_an_address_lists_spaces(cli: Cli, root: Path) -> None:
    (space,) = rows(cli("--root", root, "ls", "--jsonl"))
    assert (space["address"], space["type"], space["displayname"], space["has_children"]) == (
        "blog",
        "space",
        "The Blog",
        True,
    )


def test_ls_puts_folders_first_and_names_in_order(cli: Cli, root: Path) -> None:
    names = [row["address"] for row in rows(cli("--root", root, "ls", "blog", "--jsonl"))]
    assert names == ["blog/posts", "blog/two", "blog/two"]
    assert [row["shortname"] for row in rows(cli("--root", root, "ls", "blog/posts", "--jsonl"))] == [
        "broken",
        "draft",
        "hello",
    ]


def test_ls_shows_both_types_that_share_a_name(cli: Cli, root: Path) -> None:
    types = [row["type"] for row in rows(cli("--root", root, "ls", "blog", "--jsonl")) if row["shortname"] == "two"]
    assert sorted(types) == ["content", "ticket"]


def test_ls_gives_a_broken_meta_as_a_row_with_its_problem(cli: Cli, root: Path) -> None:
    found = {row["shortname"]: row for row in rows(cli("--root", root, "ls", "blog/posts", "--jsonl"))}
    assert found["broken"]["problems"] == ["meta-unreadable"]
    assert found["broken"]["is_active"] is None
    assert found["draft"]["is_active"] is False


def test_ls_of_an_entry_lists_its_attachments(cli: Cli, root: Path) -> None:
    (comment,) = rows(cli("--root", root, "ls", "blog/posts/hello", "--jsonl"))
    assert comment["address"] == "blog/posts/hello#comment/first"
    assert comment["type"] == "comment"


def test_ls_recursive_meets_everything_below(cli: Cli, root: Path) -> None:
    everything = [row["address"] for row in rows(cli("--root", root, "ls", "-r", "--jsonl"))]
    assert set(everything) == {
        "blog", "blog/posts", "blog/posts/hello", "blog/posts/draft", "blog/posts/broken", "blog/two",
    }  # fmt: skip
    below = [row["address"] for row in rows(cli("--root", root, "ls", "blog/posts", "-r", "--jsonl"))]
    assert sorted(below) == ["blog/posts/broken", "blog/posts/draft", "blog/posts/hello"]


@pytest.mark.parametrize("arguments", [("ls",), ("ls", "-r"), ("ls", "blog/posts"), ("find", "he"), ("find", "zzzz")])
def test_json_is_one_array_of_the_same_rows(cli: Cli, root: Path, arguments: tuple[str, ...]) -> None:
    lines = cli("--root", root, *arguments, "--jsonl")
    document = cli("--root", root, *arguments, "--json")
    assert json.loads(document.stdout) == [json.loads(line) for line in lines.stdout.splitlines()]


def test_pipes_get_tabs(cli: Cli, root: Path) -> None:
    lines = cli("--root", root, "ls", "blog/posts").stdout.splitlines()
    assert lines[-1].split("\t") == [
        "blog/posts/hello", "content", "Hello", "true", "dmart", "2024-01-02T03:04:05.000006", "2024-02-03T04:05:06",
        "", "post", "json", "false",
    ]  # fmt: skip


def test_the_whole_demo_lists_with_one_row_a_meta(cli: Cli, demo_root: Path) -> None:
    listed = rows(cli("--root", demo_root, "ls", "--recursive", "--jsonl"))
    report = json.loads((demo_root.parent / "demo.json").read_text())
    assert len(listed) >= report["entries"]
    assert {row["type"] for row in listed} >= set(report["counts"])


def test_tree_draws_names(cli: Cli, root: Path) -> None:
    result = cli("--root", root, "tree")
    assert result.stdout.splitlines()[1:] == [
        "└── blog/",
        "    ├── posts/",
        "    │   ├── broken",
        "    │   ├── draft",
        "    │   └── hello",
        "    └── two",
    ]


def test_tree_stops_at_the_depth_asked_for(cli: Cli, root: Path) -> None:
    assert cli("--root", root, "tree", "blog", "--depth", "1").stdout.splitlines() == ["blog", "├── posts/", "└── two"]


def test_tree_json_nests(cli: Cli, root: Path) -> None:
    document = json.loads(cli("--root", root, "tree", "--json").stdout)
    (blog,) = document["children"]
    assert blog["kind"] == "space"
    posts, two = blog["children"]
    assert [child["name"] for child in posts["children"]] == ["broken", "draft", "hello"]
    assert two == {"address": "blog/two", "name": "two", "kind": "entry", "link": False, "children": []}


def test_tree_jsonl_has_the_same_nodes(cli: Cli, root: Path) -> None:
    found = [(row["depth"], row["name"]) for row in rows(cli("--root", root, "tree", "--jsonl"))]
    assert found == [(1, "blog"), (2, "posts"), (3, "broken"), (3, "draft"), (3, "hello"), (2, "two")]


def test_tree_shows_links_and_does_not_enter_them(cli: Cli, root: Path) -> None:
    (root / "blog/loop").symlink_to(root / "blog", target_is_directory=True)
    drawn = cli("--root", root, "tree", "blog").stdout.splitlines()
    assert drawn.count("├── loop/ (link, not entered)") == 1
    assert sum("two" in line for line in drawn) == 1


def test_tree_of_an_entry_is_wrong_usage(cli: Cli, root: Path) -> None:
    assert cli("--root", root, "tree", "blog/two").exit_code == 2


def test_find_gives_rows_with_a_score_best_first(cli: Cli, root: Path) -> None:
    found = rows(cli("--root", root, "find", "o", "--jsonl"))
    assert [row["score"] for row in found] == sorted((row["score"] for row in found), reverse=True)
    assert {row["shortname"] for row in found} == {"blog", "posts", "two", "broken", "hello"}


def test_find_says_how_many_more_there_are(cli: Cli, root: Path) -> None:
    result = cli("--root", root, "find", "o", "--limit", "2")
    assert len(result.stdout.splitlines()) == 2
    assert "2 of 5" in result.stderr


def test_find_below_an_address_only(cli: Cli, root: Path) -> None:
    assert [row["address"] for row in rows(cli("--root", root, "find", "o", "blog/posts", "--jsonl"))] == [
        "blog/posts/hello",
        "blog/posts/broken",
    ]


def test_find_without_a_match_answers_no(cli: Cli, root: Path) -> None:
    result = cli("--root", root, "find", "zzzz")
    assert (result.exit_code, result.stdout) == (1, "")
