"""Saving: the smallest edits, the lines that are left, and what follows of itself."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Damaged, Refused, UsageFault
from dmart_tui.core.secrets import MARK
from dmart_tui.core.spaces import Spaces, history
from dmart_tui.core.writing import KEEP, Members, Store, open_document, plan_save, plan_set
from tests.core.writing.conftest import HELLO, lines, loaded, meta, put

if TYPE_CHECKING:
    from pathlib import Path

POSTS = "blog/posts"


def address(name: str) -> Address:
    return Address.parse(f"{POSTS}/{name}")


def test_one_key_of_a_meta_changes_and_its_time(store: Store, root: Path) -> None:
    path = root / POSTS / ".dm/hello/meta.content.json"
    before = path.read_bytes()
    plan = plan_set(store, HELLO, [("displayname.en", "Good day")])
    assert path.read_bytes() == before
    store.apply(plan)
    wanted = before.replace(b"2024-02-03T04:05:06.000007", b"2026-11-21T12:30:01.000005")
    assert path.read_bytes() == wanted[:-1] + b', "displayname": {"en": "Good day"}}'


def test_the_history_line_is_that_of_dmart(store: Store, root: Path) -> None:
    store.apply(plan_set(store, HELLO, [("tags", ["é"]), ("payload.body.views", 4)]))
    raw = (root / POSTS / ".dm/hello/history.jsonl").read_bytes()
    assert raw.endswith(b'{"tags":{"old":[],"new":["\xc3\xa9"]},"payload.body.views":{"old":3,"new":4}}}\n')
    line = json.loads(raw)
    assert list(line) == [
        "uuid", "shortname", "is_active", "tags", "created_at", "updated_at", "owner_shortname", "timestamp",
        "request_headers", "diff",
    ]  # fmt: skip
    assert line["shortname"] == "history"
    assert line["owner_shortname"] == "ann"
    assert line["timestamp"] == line["created_at"] == "2026-11-21T12:30:01.000005"
    record = next(history(store.spaces, HELLO))
    assert [change.key for change in record.changes] == ["tags", "payload.body.views"]
    assert not record.problems


def test_members_that_stay_are_left_out_of_the_line(store: Store, root: Path) -> None:
    store.apply(plan_set(store, HELLO, [("tags", ["a", "b"])]))
    store.apply(plan_set(store, HELLO, [("tags", Members(added=("c", "b"), removed=("a",)))]))
    assert loaded(root / POSTS / ".dm/hello/meta.content.json")["tags"] == ["b", "c"]
    assert lines(root / POSTS / ".dm/hello/history.jsonl")[-1]["diff"] == {"tags": {"old": ["a"], "new": ["c"]}}


def test_the_event_log_tells_of_it_where_the_plugin_keeps_one(store: Store, root: Path) -> None:
    store.apply(plan_set(store, HELLO, [("slug", "hi")]))
    (event,) = lines(root / "blog/.dm/events.jsonl")
    assert event["resource"]["shortname"] == "hello"
    assert (event["resource"]["subpath"], event["request"], event["user_shortname"]) == ("posts", "update", "ann")
    assert event["attributes"]["slug"] == {"old": "null", "new": "hi"}
    store.apply(
        plan_set(
            store,
            Address.parse("management/users/dmart"),
            [("slug", "hi")],
        )
    )
    assert not (root / "management/.dm/events.jsonl").exists()


@pytest.mark.parametrize("name", ["hello", "note", "page", "hello#comment/first"])
def test_saving_what_did_not_change_does_nothing(store: Store, name: str) -> None:
    document = open_document(store, address(name))
    plan = plan_save(store, document, {**document.meta, "updated_at": "2030-01-01T00:00:00"}, document.body)
    assert plan.steps == plan.changes == plan.undo == ()
    assert store.apply(plan).plan is plan


@pytest.mark.parametrize(
    ("name", "body", "file", "data"),
    [
        ("hello", {"title": "Bye", "views": 3}, "hello.json", b'{"title": "Bye", "views": 3}'),
        ("page", "<p>\r\nBye\r\n</p>", "page.html", b"<p>\r\nBye\r\n</p>"),
        ("page", b"\xff\r", "page.html", b"\xff\r"),
    ],
)  # fmt: skip
def test_a_body_in_a_file_is_written_before_its_meta(
    store: Store, root: Path, name: str, body: Any, file: str, data: bytes
) -> None:
    document = open_document(store, address(name))
    plan = plan_save(store, document, document.meta, body)
    assert [step.path.rpartition("/")[2] for step in plan.steps if hasattr(step, "path")] == [
        file, "meta.content.json", "history.jsonl", "events.jsonl",
    ]  # fmt: skip
    store.apply(plan)
    assert (root / POSTS / file).read_bytes() == data


def test_a_checksum_is_made_again_in_its_own_kind(store: Store, root: Path) -> None:
    document = open_document(store, address("page"))
    store.apply(plan_save(store, document, document.meta, "new"))
    payload = loaded(root / POSTS / ".dm/page/meta.content.json")["payload"]
    assert payload["checksum"] == hashlib.sha256(b"new").hexdigest()


def test_a_plan_tells_of_a_text_in_a_file_what_its_line_does_not(store: Store, root: Path) -> None:
    document = open_document(store, address("page"))
    plan = plan_save(store, document, document.meta, "new")
    told = plan.changes[-1]
    assert (told.key, told.old, told.new) == ("payload.body", document.body, "new")
    assert b"payload.body" not in plan.lines[0]


def test_an_inline_body_stays_inline(store: Store, root: Path) -> None:
    document = open_document(store, address("note"))
    store.apply(plan_save(store, document, document.meta, "# Other"))
    assert loaded(root / POSTS / ".dm/note/meta.content.json")["payload"]["body"] == "# Other"
    assert lines(root / POSTS / ".dm/note/history.jsonl")[0]["diff"] == {
        "payload.body": {"old": "# Inline", "new": "# Other"}
    }
    store.apply(plan_set(store, address("hello#comment/first"), [("payload.body.state", "off")]))
    assert lines(root / "blog/.dm/posts/hello/history.jsonl")[0]["diff"] == {
        "payload.body.state": {"old": "on", "new": "off"}
    }


def test_a_file_that_is_missing_is_made(store: Store, root: Path) -> None:
    (root / POSTS / "hello.json").unlink()
    store.apply(plan_set(store, HELLO, [("payload.body.title", "Again")]))
    assert loaded(root / POSTS / "hello.json") == {"title": "Again"}


def test_json_that_is_broken_is_mended_as_text(store: Store, root: Path) -> None:
    put(root / POSTS / "hello.json", b'{"title": "Hello"')
    document = open_document(store, HELLO)
    assert (document.body_kind, document.body) == ("text", '{"title": "Hello"')
    store.apply(plan_save(store, document, document.meta, document.body + "}"))
    assert loaded(root / POSTS / "hello.json") == {"title": "Hello"}


def test_a_folder_keeps_its_payload_beside_it(store: Store, root: Path) -> None:
    put(root / POSTS / ".dm/meta.folder.json", meta("posts", payload={"content_type": "json", "body": "posts.json"}))
    store.apply(plan_set(store, Address.parse(POSTS), [("payload.body.icon", "star")]), anyway=True)
    assert loaded(root / "blog/posts.json") == {"icon": "star"}
    assert lines(root / "blog/.dm/posts/history.jsonl")[0]["diff"] == {
        "payload.body.icon": {"old": "null", "new": "star"}
    }


def test_a_space_keeps_its_history_in_its_own_folder(store: Store, root: Path) -> None:
    store.apply(plan_set(store, Address("blog"), [("icon", "pen")]))
    assert lines(root / "blog/.dm/history.jsonl")[0]["diff"] == {"icon": {"old": "null", "new": "pen"}}


@pytest.mark.parametrize(
    ("former", "written"),
    [
        ("2024-02-03T04:05:06.000007", "2026-11-21T12:30:01.000005"),
        ("2024-02-03 04:05:06", "2026-11-21 12:30:01.000005"),
        ("2026-11-21T23:00:00", "2026-11-21T23:00:00.000001"),
        ("2999-01-01T00:00:00Z", "2999-01-01T00:00:00.000001Z"),
        ("2999-01-01T00:00:00.1234567+03:00", "2999-01-01T00:00:00.123457+03:00"),
        ("yesterday", "2026-11-21T12:30:01.000005"),
        (32503680000.5, 32503680000.500001),
    ],
)
def test_the_time_is_written_in_the_way_of_the_one_before_and_never_goes_back(
    store: Store, root: Path, former: Any, written: Any
) -> None:
    path = root / POSTS / ".dm/hello/meta.content.json"
    put(path, meta("hello", updated_at=former))
    store.apply(plan_set(store, HELLO, [("slug", "x")]))
    assert loaded(path)["updated_at"] == written


def test_secrets_are_hashed_and_told_nowhere(store: Store, root: Path) -> None:
    user = Address.parse("management/users/dmart")
    plan = plan_set(store, user, [("password", "Correct1Horse")])
    store.apply(plan)
    password = loaded(root / "management/users/.dm/dmart/meta.user.json")["password"]
    assert password.startswith("$argon2id$v=19$m=102400,t=3,p=8$")
    raw = (root / "management/users/.dm/dmart/history.jsonl").read_text()
    assert '"diff":{"password":{"old":"********","new":"********"}}' in raw
    assert "argon2" not in raw
    assert "$2b$" not in raw
    assert "argon2" not in repr(plan.changes)


def test_a_mask_that_is_saved_leaves_the_secret(store: Store, root: Path) -> None:
    document = open_document(store, HELLO)
    store.apply(plan_save(store, document, document.meta, {"title": "New", "views": 3, "token": MARK}))
    assert loaded(root / POSTS / "hello.json")["token"] == "sesame"
    with pytest.raises(Refused, match="stands for a secret"):
        plan_set(store, HELLO, [("payload.body.other", MARK)])


def test_a_key_that_leads_nowhere_is_refused(store: Store) -> None:
    with pytest.raises(UsageFault, match="is not an object"):
        plan_set(store, HELLO, [("slug.en.x", 1), ("shortname.en", 2)])


def test_a_store_that_may_only_read_plans_and_refuses(root: Path) -> None:
    store = Store(Spaces(root), user="ann", read_only=True)
    plan = plan_set(store, HELLO, [("slug", "x")])
    with pytest.raises(Refused, match="read-only"):
        store.apply(plan)
    assert not (root / ".dmart-tui").exists()


def test_a_body_that_stays_is_not_asked_for(store: Store, root: Path) -> None:
    document = open_document(store, HELLO)
    plan = plan_save(store, document, {**document.meta, "slug": "x"}, KEEP)
    assert not any(str(getattr(step, "path", "")).endswith("hello.json") for step in plan.steps)


def test_a_line_follows_the_way_of_its_event_log(store: Store, root: Path) -> None:
    log = root / "blog/.dm/events.jsonl"
    put(log, b"{}\n{}")
    store.apply(plan_set(store, HELLO, [("slug", "x")]))
    assert len(log.read_bytes().split(b"\n")) == 3
    put(log, b"{}\n")
    store.apply(plan_set(store, HELLO, [("slug", "y")]))
    assert log.read_bytes().endswith(b"}\n")


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_numbers_that_are_no_json_are_refused(store: Store, root: Path, number: float) -> None:
    for key in ("views", "payload.body.views"):
        with pytest.raises(UsageFault, match="no number in JSON"):
            plan_set(store, HELLO, [(key, {"deep": [number]})])
    (root / "blog/posts/hello.json").write_bytes(b'{"views": 1e400, "other": NaN}')
    store.apply(plan_set(store, HELLO, [("payload.body.title", "New")]), anyway=True)
    assert (root / "blog/posts/hello.json").read_bytes() == b'{"views": 1e400, "other": NaN, "title": "New"}'


@pytest.mark.parametrize(
    ("name", "held"),
    [
        (".dm/hello/meta.content.json", b'{"shortname": "\xff"}'),
        (".dm/hello/meta.content.json", b'{"shortname": "hello", "deep": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
        ("hello.json", b'{"deep": ' + b"[" * 900 + b"]" * 900 + b"}"),
    ],
    ids=["bytes", "deep meta", "deep body"],
)
def test_what_cannot_be_edited_says_where_it_is(store: Store, root: Path, name: str, held: bytes) -> None:
    (root / "blog/posts" / name).write_bytes(held)
    with pytest.raises(Damaged, match=r"the (meta|body) is n") as raised:
        plan_set(store, HELLO, [("payload.body.title", "New")])
    assert raised.value.address == str(HELLO)
