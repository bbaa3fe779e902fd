"""Folders of the person's own computer: what is listed, narrowed, completed and told of."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.browsing import Listing, facts_of, place_of, read_folder
from dmart_tui.core.errors import Failed, NotFound, UsageFault

if TYPE_CHECKING:
    from pathlib import Path


def names(listing: Listing, needle: str = "", *, hidden: bool = False) -> list[str]:
    return [listing.names.name(row) for row in listing.rows(needle, hidden=hidden)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "my files"
    for name in ("sub", "Suburb", ".hidden"):
        (home / name).mkdir(parents=True)
    for name in ("b10.txt", "b9.txt", "Notes.md", ".secret", "a\x1b[2J.txt", "cafe\u0301"):
        (home / name).write_bytes(b"12345")
    (home / "loop").symlink_to("loop")
    (home / "away").symlink_to("sub")
    return home


def test_folders_come_first_and_numbers_by_value(folder: Path) -> None:
    listing = read_folder(str(folder))
    assert names(listing) == [
        "away",
        "sub",
        "Suburb",
        "a\x1b[2J.txt",
        "b9.txt",
        "b10.txt",
        "cafe\u0301",
        "loop",
        "Notes.md",
    ]


@pytest.mark.parametrize(
    ("needle", "hidden", "found"),
    [
        ("NOTE", False, ["Notes.md"]),
        ("txt", False, ["a\x1b[2J.txt", "b9.txt", "b10.txt"]),
        ("secret", False, []),
        ("secret", True, [".secret"]),
        (".s", False, [".secret"]),
        ("nothing", True, []),
    ],
)
def test_a_text_narrows_and_hidden_ones_wait_until_they_are_meant(
    folder: Path, needle: str, hidden: bool, found: list[str]
) -> None:
    assert names(read_folder(str(folder)), needle, hidden=hidden) == found


@pytest.mark.parametrize(
    ("needle", "completed"),
    [("b", "b"), ("S", "sub"), ("subu", "Suburb/"), ("No", "Notes.md"), ("loo", "loop"), ("aw", "away/"), ("zz", "zz")],
)
def test_completion_goes_as_far_as_all_names_are_alike(folder: Path, needle: str, completed: str) -> None:
    listing = read_folder(str(folder))
    assert listing.completed(needle, listing.rows(needle, hidden=False)) == completed


@pytest.mark.parametrize(("needle", "name"), [("sub", "sub"), ("subu", "Suburb"), ("otes", "Notes.md"), ("", "away")])
def test_the_cursor_goes_to_what_is_most_likely_meant(folder: Path, needle: str, name: str) -> None:
    listing = read_folder(str(folder))
    rows = listing.rows(needle, hidden=False)
    assert listing.names.name(rows[listing.nearest(needle, rows)]) == name


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("abc", ("/home/me", "abc")),
        ("sub/abc", ("/home/me/sub", "abc")),
        ("../x", ("/home", "x")),
        ("/etc/", ("/etc", "")),
        ("~/x y", ("/root of me", "x y")),
    ],
)
def test_what_is_typed_is_a_name_or_a_path(text: str, place: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/root of me")
    assert place_of(text, "/home/me") == place


def test_facts_are_those_of_what_a_link_leads_to(folder: Path) -> None:
    os.utime(folder / "b9.txt", (0, 86_400))
    (folder / "link").symlink_to("b9.txt")
    facts = facts_of(str(folder / "link"))
    assert facts.size == 5
    assert facts.changed is not None
    assert facts.changed.timestamp() == 86_400
    assert facts_of(str(folder / "sub")).size is None
    assert facts_of(str(folder / "gone")).changed is None
    assert facts_of(str(folder / "loop")).changed is None


def test_what_cannot_be_read_says_why(folder: Path) -> None:
    with pytest.raises(NotFound, match="no such folder"):
        read_folder(str(folder / "gone"))
    with pytest.raises(NotFound, match="no such folder"):
        read_folder(str(folder / "b9.txt"))
    with pytest.raises(Failed, match="cannot be read"):
        read_folder(str(folder / "loop"))
    with pytest.raises(UsageFault, match="cannot be the name"):
        read_folder("a\0b")


def test_a_listing_can_be_stopped(folder: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        read_folder(str(folder), token)
