"""Taking back what was done: the last change, a change of a history, and all since a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import NotFound, Refused
from dmart_tui.core.spaces import history
from dmart_tui.core.writing import (
    Members,
    Store,
    open_document,
    plan_create,
    plan_restore_to,
    plan_revert,
    plan_save,
    plan_set,
)
from tests.core.writing.conftest import HELLO, lines, loaded, meta, put

if TYPE_CHECKING:
    from pathlib import Path

PAGE = Address("blog", ("posts", "page"))


def state(store: Store, address: Address = HELLO) -> tuple[dict[str, Any], Any]:
    document = open_document(store, address)
    return {key: value for key, value in document.meta.items() if key != "updated_at"}, document.body


@pytest.mark.parametrize(
    ("address", "changes"),
    [
        (HELLO, [("slug", "x"), ("payload.body.views", 4), ("tags", ["a"])]),
        (HELLO, [("payload.body.new.deep", True)]),
        (Address("blog", ("posts", "note")), [("payload.body", "other")]),
        (Address("blog", ("posts", "hello"), ("comment", "first")), [("payload.body.body", "not so well")]),
        (Address("blog"), [("icon", "x")]),
    ],
)
def test_an_edit_is_taken_back_and_again(store: Store, address: Address, changes: list[tuple[str, Any]]) -> None:
    before = state(store, address)
    done = store.apply(plan_set(store, address, changes))
    after = state(store, address)
    assert after != before
    back = store.apply(store.undo(done))
    assert state(store, address) == before
    store.apply(store.undo(back))
    assert state(store, address) == after


def test_a_text_in_a_file_is_taken_back(store: Store, root: Path) -> None:
    document = open_document(store, PAGE)
    done = store.apply(plan_save(store, document, document.meta, "other"))
    store.apply(store.undo(done))
    assert (root / "blog/posts/page.html").read_bytes() == b"<p>\r\nHello</p>\r\n"


def test_what_others_did_since_stays(store: Store) -> None:
    done = store.apply(plan_set(store, HELLO, [("slug", "x"), ("tags", ["a", "b"])]))
    store.apply(plan_set(store, HELLO, [("displayname.en", "theirs"), ("tags", Members(added=("c",)))]))
    store.apply(store.undo(done))
    meta, _ = state(store)
    assert "slug" not in meta
    assert (meta["displayname"], meta["tags"]) == ({"en": "theirs"}, ["c"])


def test_what_others_changed_again_is_not_taken_back(store: Store) -> None:
    done = store.apply(plan_set(store, HELLO, [("slug", "x"), ("payload.body.views", 4)]))
    store.apply(plan_set(store, HELLO, [("payload.body.views", 5)]))
    with pytest.raises(Refused, match=r"payload\.body\.views"):
        store.undo(done)


def test_a_change_of_the_history_is_reverted_member_by_member(store: Store, root: Path) -> None:
    store.apply(plan_set(store, HELLO, [("tags", ["a", "b"])]))
    store.apply(plan_set(store, HELLO, [("tags", Members(("c",), ("a",))), ("payload.body.views", 4), ("slug", "x")]))
    store.apply(plan_set(store, HELLO, [("tags", Members(("d",)))]))
    record = list(history(store.spaces, HELLO))[1]
    plan = plan_revert(store, record)
    assert plan.warnings == ()
    store.apply(plan)
    meta, body = state(store)
    assert (meta["tags"], body["views"], meta.get("slug")) == (["b", "d", "a"], 3, None)
    assert lines(root / "blog/posts/.dm/hello/history.jsonl")[-1]["diff"]["tags"] == {"old": ["c"], "new": ["a"]}


def test_a_later_change_of_the_same_key_is_lost_deliberately_only(store: Store) -> None:
    for slug in ("x", "y"):
        store.apply(plan_set(store, HELLO, [("slug", slug)]))
    plan = plan_revert(store, list(history(store.spaces, HELLO))[1])
    with pytest.raises(Refused, match="changed again since"):
        store.apply(plan)
    store.apply(plan, anyway=True)
    assert "slug" not in state(store)[0]


def test_a_secret_cannot_be_reverted(store: Store) -> None:
    store.apply(plan_set(store, HELLO, [("payload.body.token", "other"), ("slug", "x")]))
    store.apply(plan_revert(store, next(history(store.spaces, HELLO))))
    meta, body = state(store)
    assert (body["token"], meta.get("slug")) == ("other", None)
    store.apply(plan_set(store, HELLO, [("payload.body.token", "third")]))
    with pytest.raises(Refused, match="is a secret"):
        plan_revert(store, next(history(store.spaces, HELLO)))


def test_a_line_of_attachments_does_not_say_of_which(store: Store) -> None:
    comment = Address("blog", ("posts", "hello"), ("comment", "first"))
    store.apply(plan_set(store, comment, [("payload.body.state", "off")]))
    with pytest.raises(Refused, match="which attachment"):
        plan_revert(store, next(history(store.spaces, comment)))


def test_an_entry_or_a_key_is_restored_to_a_time(store: Store) -> None:
    before = state(store)
    store.apply(plan_set(store, HELLO, [("slug", "x"), ("payload.body.views", 4)]))
    middle = store.now().replace(tzinfo=UTC)
    store.apply(plan_set(store, HELLO, [("slug", "y"), ("payload.body.views", 5)]))
    store.apply(plan_restore_to(store, HELLO, middle, ["slug"]))
    assert (state(store)[0]["slug"], state(store)[1]["views"]) == ("x", 5)
    store.apply(plan_restore_to(store, HELLO, datetime(2025, 1, 1, tzinfo=UTC)))
    assert state(store) == before
    with pytest.raises(NotFound, match="no key nothing"):
        plan_restore_to(store, HELLO, middle, ["nothing"])
    with pytest.raises(Refused, match="did not exist"):
        plan_restore_to(store, HELLO, datetime(2020, 1, 1, tzinfo=UTC))


def test_a_guess_is_restored_deliberately_only(store: Store, root: Path) -> None:
    store.apply(plan_set(store, HELLO, [("tags", ["a", "b", "c"])]))
    middle = store.now().replace(tzinfo=UTC)
    store.apply(plan_set(store, HELLO, [("tags", ["b"])]))
    plan = plan_restore_to(store, HELLO, middle)
    with pytest.raises(Refused, match="order is not"):
        store.apply(plan)
    store.apply(plan, anyway=True)
    assert sorted(loaded(root / "blog/posts/.dm/hello/meta.content.json")["tags"]) == ["a", "b", "c"]


def test_what_was_made_goes_to_the_trash_and_comes_back(store: Store) -> None:
    post = Address("blog", ("new", "two"))
    before = store.spaces.space_names(), list(store.spaces.scan(Address("blog")))
    done = store.apply(plan_create(store, post, "content", body={"a": 1}, parents=True))
    back = store.apply(store.undo(done))
    assert (store.spaces.space_names(), list(store.spaces.scan(Address("blog")))) == before
    store.apply(store.undo(back))
    assert state(store, post)[1] == {"a": 1}


@pytest.mark.parametrize("attached", [False, True])
def test_at_the_root_of_a_space_it_asks_when_there_are_attachments(store: Store, root: Path, attached: bool) -> None:
    put(root / "blog/.dm/index/meta.content.json", meta("index"))
    if attached:
        put(root / "blog/.dm/index/attachments.comment/meta.first.json", meta("first"))
    index = Address("blog", ("index",))
    store.apply(plan_set(store, index, [("slug", "x")]))
    [record] = history(store.spaces, index)
    plan = plan_revert(store, record)
    assert any(warned.deliberate for warned in plan.warnings) is attached
    store.apply(plan, anyway=attached)
    assert "slug" not in loaded(root / "blog/.dm/index/meta.content.json")
