"""`search`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


def test_the_answer_as_json(cli: Callable[..., Result], root: Path) -> None:
    result = cli("--root", root, "search", "hello", "@views:3", "--json", "--facets", "type,schema")
    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (answer["total"], answer["engine"], answer["notes"]) == (1, "local", [])
    assert answer["facets"] == {"type": [{"value": "content", "count": 1}], "schema": [{"value": "post", "count": 1}]}
    (hit,) = answer["hits"]
    assert (hit["address"], hit["type"], hit["title"]) == ("blog/posts/hello", "content", "Hello")
    assert hit["score"] > 0
    assert {"field": "displayname", "text": "Hello", "spans": [[0, 5]]} in hit["highlights"]


def test_what_changed_is_found_the_next_time(cli: Callable[..., Result], root: Path) -> None:
    assert cli("--root", root, "search", "newcomer").exit_code == 1
    (root / "blog/posts/hello.json").write_text('{"title": "A newcomer"}')
    result = cli("--root", root, "search", "newcomer")
    assert result.exit_code == 0
    assert result.stdout.startswith("blog/posts/hello\tcontent\tHello\t")


def test_pages_orders_and_places(cli: Callable[..., Result], root: Path) -> None:
    result = cli("--root", root, "search", "--space", "blog/posts", "--sort", "-name", "-n", "2", "--", "-nothing")
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ["blog/posts/hello", "blog/posts/draft"]
    assert "2 of 3" in result.stderr


def test_searches_are_saved_asked_listed_and_forgotten(cli: Callable[..., Result], root: Path) -> None:
    def search(*arguments: str) -> Result:
        return cli("--root", root, "search", *arguments)

    whole = search("hello | draft", "--save", "both")
    assert len(whole.stdout.splitlines()) == 2
    assert search("--saved", "both").stdout == whole.stdout
    assert search("--saved", "both", "@name:draft").stdout.startswith("blog/posts/draft\t")
    assert search("--list").stdout == "both\thello | draft\n"
    assert json.loads(search("--list", "--json").stdout) == [{"name": "both", "query": "hello | draft"}]
    assert search("--forget", "both").exit_code == 0
    assert search("--list").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("a", "(b"), 2, "character 3: this ( is not closed"),
        (("x", "--facets", "colour"), 2, "cannot be counted by colour"),
        (("x", "--engine", "redis"), 2, "no Redis is set"),
        (("x", "--space", "nowhere"), 3, "nowhere"),
        (("x", "--as", "nobody"), 3, "no user nobody"),
        (("nothing_like_it",), 1, "nothing matches"),
        ((), 2, "say what to search for"),
        (("--saved", "no such"), 3, "no search was saved as no such"),
        (("--forget", "no such"), 3, "no search was saved as no such"),
        (("(", "--save", "broken"), 2, "is not closed"),
    ],
)
def test_what_cannot_be(
    cli: Callable[..., Result], root: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = cli("--root", root, "search", *arguments)
    assert result.exit_code == code
    assert said in result.stderr


def test_hostile_text_is_safe(cli: Callable[..., Result], hostile_root: Path) -> None:
    result = cli("--root", hostile_root, "search", "owned")
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout and "\u202e" not in result.stdout
