"""A line of a log becomes one document a change, whatever stands in it, and without its secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.address import Address
from dmart_tui.core.changelog import documents_of
from dmart_tui.core.secrets import MARK
from dmart_tui.core.spaces import LineFile, Place, event_of, record_of
from dmart_tui.core.spaces.jsonlines import Line, parse

ROOT = Path("/root-of-tests")
ENTRY = Address("shop", ("sales", "deal"))
WHEN = 1_683_000_000_000


def history(value: dict[str, Any], address: Address = ENTRY) -> list[dict[str, Any]]:
    raw = json.dumps(value).encode()
    line = Line(raw, 0, 0, len(raw))
    path = "shop/sales/.dm/deal/history.jsonl"
    file = LineFile(f"{ROOT}/{path}", str(ROOT))
    record = record_of(Place(file.path, "own", address), path, file, line, parse(line)[0])
    return list(documents_of(record, raw, WHEN, "ticket"))


def event(value: dict[str, Any]) -> list[dict[str, Any]]:
    raw = json.dumps(value).encode()
    line = Line(raw, 0, 0, len(raw))
    path = "shop/.dm/events.jsonl"
    file = LineFile(f"{ROOT}/{path}", str(ROOT))
    return list(documents_of(event_of(Address("shop"), path, file, line, parse(line)[0]), raw, WHEN))


def changed(**diff: tuple[Any, Any]) -> dict[str, Any]:
    pairs = {key: {"old": old, "new": new} for key, (old, new) in diff.items()}
    return {"timestamp": "2023-05-02T04:00:00", "owner_shortname": "mia", "diff": pairs}


def test_each_key_of_a_line_is_a_document_of_its_own() -> None:
    written = changed(state=("new", "done"), note=("null", "x" * 500)) | {"request_headers": {"user-agent": "Tester"}}
    state, note = history(written)
    assert state == {
        "id": state["id"],
        "ts": WHEN,
        "at": "2023-05-02T04:00:00",
        "who": "mia",
        "space": "shop",
        "subpath": "sales",
        "shortname": "deal",
        "entry": "shop/sales/deal",
        "type": "ticket",
        "request": "update",
        "source": "own",
        "agent": "Tester",
        "key": "state",
        "kind": "changed",
        "old_size": 5,
        "old": "new",
        "new_size": 6,
        "new": "done",
    }
    assert (note["key"], note["kind"], note["old_size"], note["new_size"]) == ("note", "added", 0, 502)
    assert "new" not in note  # too long to be kept: its size tells
    assert state["id"] != note["id"]


@pytest.mark.parametrize(("request_", "kind"), [("create", "added"), ("delete", "removed"), ("lock", "event")])
def test_an_event_without_changes_is_one_document(request_: str, kind: str) -> None:
    resource = {"type": "ticket", "space_name": "shop", "subpath": "/sales", "shortname": "deal"}
    told = {"timestamp": "2023-05-02", "user_shortname": "mia", "request": request_, "resource": resource}
    (document,) = event(told)
    assert (document["kind"], document["request"], document["type"]) == (kind, request_, "ticket")
    assert (document["entry"], document["source"]) == ("shop/sales/deal", "events")
    assert "key" not in document


def test_what_happens_to_an_attachment_counts_for_its_entry() -> None:
    resource = {"type": "comment", "space_name": "shop", "subpath": "/sales/deal", "shortname": "hello"}
    (document,) = event({"timestamp": "2023-05-02", "request": "create", "resource": resource, "attributes": {"a": 1}})
    assert (document["entry"], document["attachment"]) == ("shop/sales/deal", "comment/hello")
    assert document["new_size"] == len('{"a":1}')


def test_secrets_are_masked_and_their_size_tells_nothing() -> None:
    short, long = (history(changed(password=("old", text))) for text in ("abc", "correct horse battery"))
    assert short[0]["new"] == MARK
    assert short[0]["new_size"] == long[0]["new_size"]


def test_the_same_line_has_the_same_ids_again() -> None:
    line = changed(a=(1, 2), b=(3, 4))
    assert [document["id"] for document in history(line)] == [document["id"] for document in history(line)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, json_values, st.text())
def test_whatever_stands_in_a_line_can_be_stored(old: Any, new: Any, name: str) -> None:
    line = changed(key=(old, new)) | {"owner_shortname": name, "request_headers": {"User-Agent": name + "\ud800"}}
    (document,) = history(line, Address("shop", ("a\udcff",)))
    assert msgspec.msgpack.decode(
        msgspec.msgpack.encode({k: v for k, v in document.items() if k not in ("old", "new")})
    )
    assert -(2**63) <= document["id"] < 2**63
