"""What is offered at a place in a query."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.catalog import open_catalog
from dmart_tui.core.search import complete, parse
from dmart_tui.core.spaces import Spaces
from tests.support.rights import put_entry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    root = tmp_path_factory.mktemp("root")
    put_entry(root, "s", "space")
    body = {"content_type": "json", "body": {"price": 1, "odd key": 2}}
    put_entry(root, "s/one", owner_shortname="ali", tags=["new", "a tag|x"], payload=body)
    put_entry(root, "s/two", "ticket", owner_shortname="ali", tags=["new"], state="open")
    put_entry(root, "s/six", owner_shortname="amal b")
    catalog = open_catalog(Spaces(root), tmp_path_factory.mktemp("cache"))
    catalog.update()
    with closing(catalog.connect()) as connection:
        yield connection


@pytest.mark.parametrize(
    ("text", "start", "options"),
    [
        ("@owner:", 7, ["ali", r"amal\ b"]),
        ("x @owner:AM", 9, [r"amal\ b"]),
        ("@owner:(x|al", 10, ["ali"]),
        ("@owner:x|al", 9, ["ali"]),
        ("@tags:{n", 7, ["new"]),
        ("@tags:{new|", 11, ["new", r"a tag\|x"]),
        ("@tags:", 6, ["new", r"{a tag\|x}"]),
        ("-@state:", 8, ["open"]),
        ("@is_active:t", 11, ["true"]),
        ("@created", 1, ["created_at:"]),
        ("(@pri", 2, ["priority:", "price:"]),
        ("@payload.pr", 1, ["payload.price:"]),
        ("@created_at:2", 12, []),
        ("word", 4, []),
        ("who@own", 7, []),
        ("@owner:ali ", 11, []),
        ('"@own', 5, []),
        ("", 0, []),
    ],
)
def test_what_is_offered(index: sqlite3.Connection, text: str, start: int, options: list[str]) -> None:
    completion = complete(text, connection=index)
    assert (completion.start, [option.text for option in completion.options]) == (start, options)


@pytest.mark.parametrize("text", ["@owner:am", "@tags:a", "@tags:{a"])
def test_what_is_offered_can_stand_there(index: sqlite3.Connection, text: str) -> None:
    completion = complete(text, connection=index)
    for option in completion.options:
        query = parse(text[: completion.start] + option.text + ("}" if "{" in text else ""))
        assert query.faults == ()
        assert ("amal b" in str(query)) or ("a tag|x" in str(query))


def test_only_what_stands_before_the_cursor_counts(index: sqlite3.Connection) -> None:
    completion = complete("@owner:al @tags:{new}", 9, index)
    assert [(option.text, option.about) for option in completion.options] == [("ali", "2")]


def test_fields_are_offered_without_an_index() -> None:
    names = [option.text for option in complete("@").options]
    assert names[:3] == ["shortname:", "displayname:", "displayname_en:"]
    assert complete("@owner:").options == ()
