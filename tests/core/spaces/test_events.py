"""Event logs: what was created, changed and deleted, from a file that damages easily."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.spaces.events import Event, read_events


def resource(**more: object) -> dict[str, object]:
    return {"type": "content", "space_name": "shop", "subpath": "/sales", "shortname": "deal", **more}


def line(second: int, request: str = "update", attributes: object = None, **more: object) -> str:
    what = resource(**more)
    when = f"2023-05-01T10:00:{second:02}"
    return json.dumps(
        {"resource": what, "user_shortname": "mia", "request": request, "timestamp": when, "attributes": attributes}
    )


def read(tmp_path: Path, text: str, *, forwards: bool = False) -> list[Event]:
    path = tmp_path / "shop/.dm/events.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return list(read_events(Spaces(tmp_path), "shop", forwards=forwards))


def test_newest_first_and_the_last_line_has_no_end(tmp_path: Path) -> None:
    text = "\n".join(line(n) for n in range(3))
    assert [event.line for event in read(tmp_path, text)] == [3, 2, 1]
    assert [event.timestamp[-2:] for event in read(tmp_path, text, forwards=True)] == ["00", "01", "02"]


def test_a_create_keeps_its_attributes_and_an_update_becomes_changes(tmp_path: Path) -> None:
    diff = {"slug": {"old": "null", "new": "s"}, "x_request_data": {"user_agent": "curl"}}
    text = "\n".join(
        [line(1, "create", {"payload": {"body": {"price": 1}}}), line(2, "update", diff), line(3, "delete")]
    )
    delete, update, create = read(tmp_path, text)
    assert create.attributes == {"payload": {"body": {"price": 1}}}
    assert create.changes == ()
    assert [(change.key, change.kind) for change in update.changes] == [("slug", "added")]
    assert update.request_headers == {"user_agent": "curl"}
    assert (delete.request, delete.attributes, delete.owner) == ("delete", {}, "mia")
    assert not any(event.problems for event in (create, update, delete))


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ({}, "shop/sales/deal"),
        ({"subpath": "/"}, "shop/deal"),
        ({"type": "space", "subpath": "/", "shortname": "shop"}, "shop"),
        ({"type": "media", "subpath": "sales/deal", "shortname": "a.png"}, "shop/sales/deal#media/a.png"),
        ({"branch_name": "master"}, "shop/sales/deal"),
        ({"branch_name": "next"}, "shop/branches/next/sales/deal"),
    ],
)
def test_the_resource_becomes_an_address(tmp_path: Path, more: dict[str, object], address: str) -> None:
    (event,) = read(tmp_path, line(1, **more))
    assert str(event.address) == address


@pytest.mark.parametrize("more", [{"shortname": ".."}, {"shortname": ""}, {"shortname": 5}, {"subpath": "a/../.."}])
def test_a_resource_that_names_nothing_is_of_the_space_and_says_so(tmp_path: Path, more: dict[str, object]) -> None:
    (event,) = read(tmp_path, line(1, **more))
    assert event.address == Address("shop")
    assert [problem.kind for problem in event.problems] == ["event-resource"]


def test_glued_objects_and_garbage_hide_no_neighbour(tmp_path: Path) -> None:
    text = "\n".join([line(1), line(2) + line(3), "oops", line(4)[:-30], line(5)])
    events = read(tmp_path, text)
    assert [event.timestamp[-1:] for event in events if event.is_record] == ["5", "3", "2", "1"]
    assert [event.line for event in events] == [5, 4, 3, 2, 2, 1]


def test_masked_hides_what_a_create_holds(tmp_path: Path) -> None:
    (event,) = read(tmp_path, line(1, "create", {"password": "$2b$12$x", "email": "a@b.c"}))
    assert event.masked().attributes == {"password": "••••••", "email": "a@b.c"}
    assert event.masked(reveal=["password"]).attributes["password"] == "$2b$12$x"


def test_a_space_without_a_log_has_no_events(tmp_path: Path) -> None:
    assert list(read_events(Spaces(tmp_path), "shop")) == []


def test_pages(tmp_path: Path) -> None:
    read(tmp_path, "\n".join(line(n) for n in range(10)))
    page = read_events(Spaces(tmp_path), "shop", skip=2, limit=2)
    assert [event.line for event in page] == [8, 7]
