"""Making things: names, places, what D-MART adds of itself, and what is refused."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import NotFound, Refused, UsageFault
from dmart_tui.core.spaces import Kind
from dmart_tui.core.writing import FileBody, Store, open_document, plan_create, plan_move
from tests.core.writing.conftest import HELLO, lines, loaded, meta, put
from tests.support.crashing import tree

if TYPE_CHECKING:
    from pathlib import Path


def at(text: str) -> Address:
    return Address.parse(text)


def test_an_entry_is_made_as_dmart_makes_it(store: Store, root: Path) -> None:
    body = {"title": "Né", "views": 1}
    store.apply(
        plan_create(
            store,
            at("blog/posts/new"),
            "content",
            {"tags": ["a"], "payload": {"schema_shortname": "post"}, "displayname": {"en": "New"}},
            body,
        )
    )
    raw = (root / "blog/posts/new.json").read_bytes()
    assert raw == b'{"title": "N\\u00e9", "views": 1}'
    made = loaded(root / "blog/posts/.dm/new/meta.content.json")
    assert list(made) == [
        "uuid", "shortname", "is_active", "displayname", "tags", "created_at", "updated_at", "owner_shortname",
        "payload",
    ]  # fmt: skip
    assert made["created_at"] == made["updated_at"] == "2026-11-21T12:30:01.000005"
    assert made["owner_shortname"] == "ann"
    assert made["payload"] == {
        "content_type": "json",
        "schema_shortname": "post",
        "checksum": hashlib.sha1(raw).hexdigest(),
        "body": "new.json",
    }
    assert not (root / "blog/posts/.dm/new/history.jsonl").exists()
    (event,) = lines(root / "blog/.dm/events.jsonl")
    assert event["request"] == "create"
    assert event["attributes"]["payload"]["body"] == body
    assert open_document(store, at("blog/posts/new")).body == body


def test_a_name_is_made_of_the_uuid(store: Store) -> None:
    plan = plan_create(store, at("blog/posts/auto"), "content")
    store.apply(plan)
    assert plan.result is not None
    uuid = open_document(store, plan.result).meta["uuid"]
    assert plan.result == at(f"blog/posts/{uuid[:8]}")


@pytest.mark.parametrize(
    ("body", "file", "data", "content_type"),
    [
        ("# Hi", None, b"", "markdown"),
        (FileBody("md", "markdown", b"# Hi\r\n"), "new.md", b"# Hi\r\n", "markdown"),
        ([1, 2], "new.json", b"[1, 2]", "json"),
    ],
)
def test_a_body_goes_where_dmart_puts_it(
    store: Store, root: Path, body: Any, file: str | None, data: bytes, content_type: str
) -> None:
    given = {"payload": {"content_type": content_type}}
    store.apply(plan_create(store, at("blog/posts/new"), "content", given, body))
    payload = loaded(root / "blog/posts/.dm/new/meta.content.json")["payload"]
    assert payload["content_type"] == content_type
    assert payload["body"] == (file or body)
    if file:
        assert (root / "blog/posts" / file).read_bytes() == data


def test_folders_and_spaces_hold_their_meta_inside(store: Store, root: Path) -> None:
    store.apply(plan_create(store, at("shop"), "space", {"hide_space": False}))
    store.apply(plan_create(store, at("shop/goods"), "folder", body={"index_attributes": []}))
    store.apply(plan_create(store, at("shop/goods/a/b/x"), "content", parents=True))
    assert (root / "shop/goods.json").read_bytes() == b'{"index_attributes": []}'
    assert [store.spaces.load(at(f"shop/goods/{name}")).kind for name in ("a", "a/b", "a/b/x")] == [
        Kind.FOLDER, Kind.FOLDER, Kind.ENTRY,
    ]  # fmt: skip
    assert loaded(root / "shop/goods/a/.dm/meta.folder.json")["shortname"] == "a"


def test_a_directory_without_a_meta_gets_one(store: Store, root: Path) -> None:
    (root / "blog/bare").mkdir()
    store.apply(plan_create(store, at("blog/bare"), "folder"))
    assert store.spaces.load(at("blog/bare")).metas


def test_a_user_gets_a_hash_and_a_schema_its_schema(store: Store, root: Path) -> None:
    user = {"password": "Correct1Horse", "roles": []}
    store.apply(plan_create(store, at("management/users/zoe"), "user", user))
    assert loaded(root / "management/users/.dm/zoe/meta.user.json")["password"].startswith("$argon2id$")
    plan = plan_create(store, at("blog/schema/thing"), "schema", body={"type": "object"})
    store.apply(plan, anyway=True)  # there is no meta_schema
    assert loaded(root / "blog/schema/.dm/thing/meta.schema.json")["payload"]["schema_shortname"] == "meta_schema"


def test_a_ticket_begins_where_its_workflow_says(store: Store, root: Path) -> None:
    workflow = {"initial_state": [{"name": "new", "roles": ["default"]}], "states": [{"state": "new", "next": []}]}
    put(root / "blog/workflows/flow.json", workflow)
    store.apply(plan_create(store, at("blog/posts/t"), "ticket", {"workflow_shortname": "flow"}))
    made = loaded(root / "blog/posts/.dm/t/meta.ticket.json")
    assert (made["state"], made["is_open"]) == ("new", True)
    with pytest.raises(UsageFault, match="needs a workflow"):
        plan_create(store, at("blog/posts/u"), "ticket")


def test_a_log_gets_a_line_more(store: Store, root: Path) -> None:
    for number in range(3):
        store.apply(plan_create(store, at("blog/posts/calls"), "log", body={"n": number}))
    assert (root / "blog/posts/calls.jsonl").read_bytes() == b'{"n": 0}\n{"n": 1}\n{"n": 2}'
    assert loaded(root / "blog/posts/.dm/calls/meta.log.json")["payload"]["body"] == "calls.jsonl"


@pytest.mark.parametrize(
    ("address", "type_", "error", "said"),
    [
        ("blog/posts/hello", "ticket", Refused, "taken"),
        ("blog/posts", "content", Refused, "taken"),
        ("blog/posts/page2", "folder", Refused, "page2.json is there"),
        ("blog/posts/note", "folder", Refused, "taken"),
        ("blog", "space", Refused, "taken"),
        ("nowhere/x", "content", NotFound, "no such space"),
        ("blog/nowhere/x", "content", NotFound, "no such folder"),
        ("blog/posts/x", "comment", UsageFault, "cannot be made here"),
        ("blog/posts/x", "space", UsageFault, "a space stands at the root"),
        ("blog", "content", UsageFault, "a space stands at the root"),
        ("blog/posts/hello#media/x", "content", UsageFault, "cannot be made here"),
    ],
)
def test_what_cannot_be_made(
    store: Store, root: Path, address: str, type_: str, error: type[Exception], said: str
) -> None:
    put(root / "blog/posts/page2.json", {})
    with pytest.raises(error, match=said):
        plan_create(store, at(address), type_)


def test_names_alike(store: Store, root: Path) -> None:
    name = "réunion"
    put(root / f"blog/posts/.dm/{unicodedata.normalize('NFD', name)}/meta.content.json", meta(name))
    with pytest.raises(Refused, match="taken"):
        plan_create(store, at(f"blog/posts/{name}"), "content")
    plan = plan_create(store, at("blog/posts/Hello"), "content")
    assert [(warned.kind, warned.deliberate) for warned in plan.warnings] == [("name", True)]
    with pytest.raises(Refused, match="capitals"):
        store.apply(plan)
    store.apply(plan, anyway=True)
    assert open_document(store, HELLO).body["title"] == "Hello"


def test_two_programs_cannot_make_one_thing(store: Store) -> None:
    first, second = (plan_create(store, at("blog/posts/new"), "content") for _ in "ab")
    store.apply(first)
    with pytest.raises(Refused):
        store.apply(second)


@pytest.mark.parametrize("length", [251, 255, 256, 5000])
def test_a_name_that_no_disk_takes(store: Store, root: Path, length: int) -> None:
    target, before = Address("blog", ("posts", "n" * length)), tree(root)
    with pytest.raises((Refused, UsageFault)):
        store.apply(plan_create(store, target, "content", {}, {}), anyway=True)
    with pytest.raises((Refused, UsageFault)):
        store.apply(plan_move(store, HELLO, target), anyway=True)
    assert tree(root) == before
    store.apply(plan_create(store, Address("blog", ("posts", "n")), "content", {}, {}), anyway=True)
