"""Going back in time: what a history gives is exact, what it cannot give is named."""

from __future__ import annotations

import copy
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.address import Address
from dmart_tui.core.spaces import Entry, Kind, Spaces, decode
from dmart_tui.core.spaces.histories import Place, Record, Role, history, read_history
from dmart_tui.core.spaces.versions import as_of, as_of_line, blame, flatten

START = datetime(2024, 5, 1, 10, tzinfo=UTC)
META: dict[str, Any] = {
    "shortname": "deal", "is_active": True, "tags": ["a", "b"], "slug": "now", "owner_shortname": "mia",
    "created_at": "2024-05-01T10:00:00", "updated_at": "2024-05-01T10:09:00",
    "payload": {"content_type": "json", "body": "deal.json"},
}  # fmt: skip


def minute(n: float) -> datetime:
    return START + timedelta(minutes=n)


def entry(**meta: object) -> Entry:
    whole = {**META, **meta}
    return Entry(Address("shop", ("sales", "deal")), Kind.ENTRY, "content", "/nowhere", whole, b"")


def records(root: Path, *diffs: object, role: Role = "own") -> list[Record]:
    """The records, newest first, of a history with one diff a minute."""
    path = root / "history.jsonl"
    lines = [
        json.dumps({"timestamp": minute(n).isoformat()[:-6], "owner_shortname": f"user{n}", "diff": diff}) + "\n"
        for n, diff in enumerate(diffs, 1)
    ]
    path.write_text("".join(lines))
    return list(read_history(Spaces(root), Place(str(path), role, Address("shop", ("sales", "deal")))))


def pair(old: object, new: object) -> dict[str, object]:
    return {"old": old, "new": new}


def test_scalars_go_back_step_by_step_and_nothing_given_is_changed(tmp_path: Path) -> None:
    log = records(tmp_path, {"slug": pair("first", "then")}, {"slug": pair("then", "now")})
    item, body = entry(), {"price": 4}
    before = copy.deepcopy(item.meta)
    slugs = [as_of(item, body, log, minute(n + 0.5)).meta["slug"] for n in range(3)]
    assert slugs == ["first", "then", "now"]
    assert item.meta == before
    assert as_of(item, body, log, minute(5)).exact
    assert as_of(item, body, log, minute(0.5)).undone == 2


def test_the_payload_goes_back_with_the_meta(tmp_path: Path) -> None:
    log = records(tmp_path, {"payload.body.price": pair(3, 4), "payload.body.note.text": pair("null", "hi")})
    version = as_of(entry(), {"price": 4, "note": {"text": "hi"}, "kept": 1}, log, minute(0.5))
    assert version.body == {"price": 3, "kept": 1}
    assert version.meta["payload"] == META["payload"]


def test_a_payload_whose_every_key_came_later_was_empty(tmp_path: Path) -> None:
    version = as_of(entry(), {"a": 1}, records(tmp_path, {"payload.body.a": pair("null", 1)}), minute(0.5))
    assert version.body == {}
    assert version.meta["payload"] == META["payload"]


def test_an_inline_text_goes_back(tmp_path: Path) -> None:
    item = entry(payload={"content_type": "html", "body": "<b>new</b>"})
    version = as_of(item, None, records(tmp_path, {"payload.body": pair("<b>old</b>", "<b>new</b>")}), minute(0.5))
    assert version.meta["payload"]["body"] == "<b>old</b>"
    assert version.body is None


def test_a_key_that_was_an_object_once(tmp_path: Path) -> None:
    log = records(tmp_path, {"payload.body.a": pair("null", 5), "payload.body.a.b": pair(1, "null")})
    assert as_of(entry(), {"a": 5}, log, minute(0.5)).body == {"a": {"b": 1}}


def test_updated_at_is_named_as_not_recorded_unless_it_is(tmp_path: Path) -> None:
    log = records(tmp_path, {"slug": pair("a", "b")}, {"slug": pair("b", "now")})
    version = as_of(entry(), None, log, minute(1.5))
    assert version.meta["updated_at"] == "2024-05-01T10:01:00"
    assert set(version.unknown) == {"updated_at"}
    assert not version.exact
    log = records(tmp_path, {"slug": pair("a", "now"), "updated_at": pair("2024-05-01T10:00:30", "x")})
    assert as_of(entry(), None, log, minute(0.9)).meta["updated_at"] == "2024-05-01T10:00:30"
    assert as_of(entry(), None, log, minute(0.9)).exact


def test_before_its_creation_it_did_not_exist(tmp_path: Path) -> None:
    version = as_of(entry(), None, records(tmp_path, {"slug": pair("a", "now")}), minute(-1))
    assert (version.existed, version.meta, version.exact) == (False, {}, False)
    assert as_of(entry(), None, [], minute(0)).existed is True
    assert as_of(entry(created_at=None), None, [], minute(0)).existed is None


def test_a_creation_later_than_its_history_is_not_believed(tmp_path: Path) -> None:
    item = entry(created_at="2025-01-01T00:00:00")
    version = as_of(item, None, records(tmp_path, {"slug": pair("a", "now")}), minute(2))
    assert version.existed is None
    assert "created_at" in version.unknown


# -- lists ------------------------------------------------------------------------------------------------------------


def test_list_members_come_back_and_their_order_is_named_as_unknown(tmp_path: Path) -> None:
    version = as_of(entry(tags=["a", "b", "c"]), None, records(tmp_path, {"tags": pair(["x"], ["c"])}), minute(0.5))
    assert sorted(version.meta["tags"]) == ["a", "b", "x"]
    assert "order" in version.unknown["tags"]


@pytest.mark.parametrize(
    ("now", "old", "new"),
    [
        (["b", "c"], ["a", "b"], ["b", "c"]),  # both sides written whole, as before 2023-04
        (["c", "d"], ["b", "a"], ["c", "d"]),  # nothing in common
        (["d", "c"], ["b", "a"], ["c", "d"]),
        (["c"], [], ["c"]),
        ([], ["b", "a"], []),
    ],
)
def test_a_list_is_exact_where_the_history_holds_it_whole(
    tmp_path: Path, now: list[str], old: list[str], new: list[str]
) -> None:
    version = as_of(entry(tags=now), None, records(tmp_path, {"tags": pair(old, new)}), minute(0.5))
    assert version.meta["tags"] == old
    assert "tags" not in version.unknown


def test_a_list_that_does_not_fit_its_history_says_so(tmp_path: Path) -> None:
    version = as_of(entry(tags=["z"]), None, records(tmp_path, {"tags": pair(["x"], ["c"])}), minute(0.5))
    assert "not the one recorded" in version.unknown["tags"]


# -- what cannot be known ---------------------------------------------------------------------------------------------


def test_a_change_without_a_record_is_seen_between_two_that_have_one(tmp_path: Path) -> None:
    log = records(tmp_path, {"slug": pair("a", "b")}, {"slug": pair("c", "now")})
    assert "without a record" in as_of(entry(), None, log, minute(1.5)).unknown["slug"]
    assert as_of(entry(), None, log, minute(0.5)).meta["slug"] == "a"
    assert "slug" not in as_of(entry(), None, log, minute(0.5)).unknown
    assert "slug" in as_of(entry(slug="edited by hand"), None, log, minute(3)).unknown


def test_whether_a_ticket_was_open_is_not_recorded(tmp_path: Path) -> None:
    item = entry(state="done", is_open=False)
    version = as_of(
        item, None, records(tmp_path, {"state": pair("new", "done"), "comment": pair("null", "x")}), minute(0)
    )
    assert version.meta["state"] == "new"
    assert "is_open" in version.unknown
    assert "comment" not in version.meta


def test_half_a_pair_makes_the_key_unknown(tmp_path: Path) -> None:
    assert "slug" in as_of(entry(), None, records(tmp_path, {"slug": {"new": "now"}}), minute(0.5)).unknown


def test_dotted_names_are_found_in_the_document_and_ambiguous_ones_named(tmp_path: Path) -> None:
    log = records(tmp_path, {"payload.body.a.b": pair(1, 2)})
    assert as_of(entry(), {"a.b": 2}, log, minute(0.5)).body == {"a.b": 1}
    both = as_of(entry(), {"a.b": 2, "a": {"b": 2}}, log, minute(0.5))
    assert "payload.body.a.b" in both.unknown


def test_indexed_list_keys_of_later_engines(tmp_path: Path) -> None:
    log = records(tmp_path, {"tags.1": pair("old", "b"), "tags.2": pair(None, "c")})
    version = as_of(entry(tags=["a", "b", "c"]), None, log, minute(0.5))
    assert version.meta["tags"] == ["a", "old"]


def test_a_shared_history_is_undone_only_where_it_fits(tmp_path: Path) -> None:
    log = records(tmp_path, {"slug": pair("a", "now"), "is_active": pair(True, False)}, role="shared")
    version = as_of(entry(), None, log, minute(0.5))
    assert version.meta["slug"] == "a"
    assert version.meta["is_active"] is True
    assert "attachment" in version.unknown["is_active"]


def test_the_history_of_attachments_is_not_the_entrys(tmp_path: Path) -> None:
    log = records(tmp_path, {"slug": pair("a", "now")}, role="attachments")
    assert as_of(entry(), None, log, minute(0.5)).meta["slug"] == "now"
    assert blame(entry(), None, log)["slug"].record is None


def test_hostile_keys_are_survived(tmp_path: Path) -> None:
    log = records(
        tmp_path, {".".join("a" * 5000): pair(1, 2), "": pair(1, 2), "...": pair(1, 2), "slug.x.y": pair(1, 2)}
    )
    assert as_of(entry(), None, log, minute(0.5)).undone == 1


# -- lines and blame --------------------------------------------------------------------------------------------------


def test_versions_by_line(tmp_path: Path) -> None:
    log = records(tmp_path, {"slug": pair("first", "then")}, {"slug": pair("then", "now")})
    assert [as_of_line(entry(), None, log, line).meta["slug"] for line in range(4)] == ["first", "then", "now", "now"]
    assert as_of_line(entry(), None, log, 1).when == minute(1)


def test_blame_names_the_last_change_of_each_key_and_the_creator_for_the_rest(tmp_path: Path) -> None:
    log = records(
        tmp_path,
        {"slug": pair("a", "b"), "payload.body.gone": pair(1, "null")},
        {"slug": pair("b", "now")},
        {"lock_type": pair("null", "lock")},
    )
    found = blame(entry(), {"price": 4}, log)
    assert (found["slug"].owner, found["slug"].when) == ("user2", minute(2))
    assert (found["payload.body.price"].owner, found["payload.body.price"].when) == ("mia", START)
    assert found["payload.body.price"].record is None
    assert found["payload.body.gone"].owner == "user1"
    assert "lock_type" not in found


# -- the whole of it --------------------------------------------------------------------------------------------------

SCALARS = ("slug", "displayname.en", "displayname.ar", "payload.body.a", "payload.body.b.c", "payload.body.b.d.e")
LISTS = ("tags", "payload.body.l", "payload.body.b.l")
scalar = st.text(max_size=3).filter(lambda text: text != "null") | st.integers(2, 9) | st.booleans() | st.none()
members = st.lists(st.sampled_from(["a", "b", "c", {"k": 1}, {"k": 2}]), max_size=5)
edits = st.lists(
    st.fixed_dictionaries({}, optional={**dict.fromkeys(SCALARS, scalar), **dict.fromkeys(LISTS, members)}), max_size=8
)


def without_common(old: list[Any], new: list[Any]) -> tuple[list[Any], list[Any]]:
    """As D-MART does it: one of each for each member in common."""
    old, new = list(old), list(new)
    for member in list(old):
        if member in new:
            old.remove(member)
            new.remove(member)
    return old, new


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, value in flat.items():
        *folders, name = key.split(".")
        node = document
        for folder in folders:
            node = node.setdefault(folder, {})
        node[name] = value
    return document


@given(edits, st.booleans())
def test_any_sequence_of_recorded_edits_goes_back(
    tmp_path_factory: pytest.TempPathFactory, edits: list[dict[str, Any]], whole_lists: bool
) -> None:
    flat: dict[str, Any] = {"owner_shortname": "mia", "created_at": START.isoformat(), "payload.content_type": "json"}
    versions, diffs = [dict(flat)], []
    for edit in edits:
        diff = {}
        for key, value in edit.items():
            old, new = flat.get(key, "null"), "null" if value is None else value
            if old == new:
                continue
            if value is None:
                flat.pop(key)
            else:
                flat[key] = value
            if isinstance(old, list) and isinstance(new, list) and not whole_lists:
                old, new = without_common(old, new)
            diff[key] = pair(old, new)
        diffs.append(diff)
        versions.append(dict(flat))
    log = records(tmp_path_factory.mktemp("root"), *diffs)
    meta = nested(flat)
    body = meta["payload"].pop("body", {})
    meta["payload"]["body"] = "deal.json"
    item = entry()
    item.meta = meta
    for n, true in enumerate(versions):
        version = as_of(item, body, log, minute(n + 0.5))
        found = dict(flatten({**version.meta, "payload": {**version.meta["payload"], "body": version.body}}))
        assert found.keys() == true.keys()
        for key, value in true.items():
            if key in version.unknown:
                assert key in LISTS
                assert Counter(map(repr, found[key])) == Counter(map(repr, value))
            else:
                assert found[key] == value
        by_line = as_of_line(item, body, log, n)
        assert (by_line.meta, by_line.body) == (version.meta, version.body)


def test_real_data_goes_back_to_its_first_line(real_root: Path) -> None:
    spaces = Spaces(real_root)
    for found in spaces.walk():
        log = [] if found.link else list(history(spaces, found.address, attachments=False))
        if not log:
            continue
        text = found.payload is not None and found.payload.content_type == "json" and found.payload.path is not None
        body = decode(spaces.payload_bytes(found, 1_000_000)) if text else None
        assert as_of_line(found, body, log, 0).undone == len(log)
        assert set(blame(found, body, log)) >= {key for key, _ in flatten(found.meta) if not key.startswith("payload")}
