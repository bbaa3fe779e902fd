"""What D-MART would refuse its user is warned of, whatever the plan; and locks below what goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Refused
from dmart_tui.core.journal import STATE_FOLDER
from dmart_tui.core.locking import file_locks
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing import (
    Store,
    lock_entry,
    plan_comment,
    plan_create,
    plan_lock,
    plan_move,
    plan_restore,
    plan_set,
    plan_trash,
    unlock_entry,
)
from tests.core.writing.conftest import HELLO, Clock
from tests.support.rights import permission, put_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.writing import Plan

POSTS = Address("blog", ("posts",))
NEW = POSTS.child("new")

CHANGES: dict[str, tuple[Callable[[Store], Plan], str]] = {
    "update": (lambda store: plan_set(store, HELLO, [("slug", "x")]), "content"),
    "create": (lambda store: plan_create(store, NEW, "content"), "content"),
    "create in new folders": (
        lambda store: plan_create(store, POSTS.child("a").child("b"), "content", parents=True),
        "content folder",
    ),
    "delete": (lambda store: plan_trash(store, HELLO, references=False), "content"),
    "delete for ever": (lambda store: plan_trash(store, HELLO, references=False, forever=True), "content"),
    "move": (lambda store: plan_move(store, HELLO, NEW, references=False), "content"),
    "attach": (lambda store: plan_comment(store, HELLO, "well", None), "comment"),
    "lock": (lambda store: plan_lock(store, HELLO), "content"),
}
NEEDED = {
    "update": "update",
    "create": "create",
    "create in new folders": "create",
    "delete": "delete",
    "delete for ever": "delete",
    "move": "delete create",
    "attach": "create",
    "lock": "lock",
}


def may(root: Path, actions: str, types: str = "content", **more: Any) -> Store:
    """The folder opened by Bob, who may do so much in the posts."""
    put_record(root, "permission", "some", permission({"blog": ["posts"]}, actions, types, **more))
    put_record(root, "role", "helper", {"is_active": True, "permissions": ["some"]})
    put_record(root, "role", "logged_in", {"is_active": True, "permissions": []})
    put_record(root, "user", "bob", {"is_active": True, "roles": ["helper"]})
    return Store(Spaces(root), user="bob", now=Clock(), locks=file_locks(root / STATE_FOLDER))


def refusals(store: Store, plan: Plan) -> list[str]:
    return [warned.text for warned in store.warned(plan).warnings if warned.kind == "permission" and warned.deliberate]


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_asks_for_its_own_action(root: Path, name: str) -> None:
    make, types = CHANGES[name]
    every = ("view", "update", "create", "delete", "lock", "unlock")
    needed = NEEDED[name].split()
    store = may(root, " ".join(needed), types)
    assert refusals(store, make(store)) == []
    store = may(root, " ".join(action for action in every if action not in needed), types)
    assert refusals(store, make(store))


def test_what_would_be_refused_is_done_only_deliberately(root: Path) -> None:
    store = may(root, "view")
    plan = plan_set(store, HELLO, [("slug", "x")])
    assert plan.warnings == ()
    with pytest.raises(Refused, match="no permission lets bob update"):
        store.apply(plan)
    assert store.apply(plan, anyway=True).plan.steps


def test_keys_that_may_not_be_set_are_named(root: Path) -> None:
    store = may(root, "update create", restricted_fields=["slug", "payload.body.views"])
    assert refusals(store, plan_set(store, HELLO, [("tags", ["a"])])) == []
    (told,) = refusals(store, plan_set(store, HELLO, [("slug", "x")]))
    assert "does not let slug be set" in told
    (told,) = refusals(store, plan_set(store, HELLO, [("payload.body.views", 9)]))
    assert "payload.body.views" in told
    assert refusals(store, plan_set(store, HELLO, [("payload.body.title", "Bye")])) == []
    assert refusals(store, plan_create(store, NEW, "content")) == []
    (told,) = refusals(store, plan_create(store, NEW, "content", {"slug": "x"}))
    assert "slug" in told


def test_a_condition_looks_at_whose_it_is(root: Path) -> None:
    store = may(root, "update", conditions=["own"])
    (told,) = refusals(store, plan_set(store, HELLO, [("slug", "x")]))
    assert "is only for what is one's own" in told


def test_who_is_no_user_of_the_root_hears_of_no_permission(root: Path) -> None:
    may(root, "view")
    store = Store(Spaces(root), user="operator", now=Clock())
    assert store.rights() is None
    assert refusals(store, plan_set(store, HELLO, [("slug", "x")])) == []


def test_rights_that_are_given_here_count_at_once(root: Path) -> None:
    store = may(root, "view")
    plan = plan_set(store, HELLO, [("slug", "x")])
    assert refusals(store, plan)
    granting = Address.parse("management/permissions/some")
    store.apply(plan_set(store, granting, [("actions", ["view", "update"])]), anyway=True)
    assert refusals(store, plan) == []


def test_taking_back_and_restoring_ask_too(root: Path) -> None:
    store = may(root, "delete")
    done = store.apply(plan_trash(store, HELLO, references=False))
    (identity,) = [item.identity for item in done.plan.undo]  # type: ignore[union-attr]
    assert store.warned(plan_restore(store, identity)).steps
    store.apply(store.undo(done), anyway=True)
    assert store.spaces.load(HELLO).type == "content"


def test_a_lock_is_neither_taken_nor_given_back_before_the_deliberate_yes(root: Path) -> None:
    store = may(root, "view")
    assert store.locks is not None
    with pytest.raises(Refused, match="refuse to lock"):
        lock_entry(store, HELLO)
    assert store.locks.held(HELLO) is None
    lock_entry(store, HELLO, anyway=True)
    with pytest.raises(Refused, match="refuse to unlock"):
        unlock_entry(store, HELLO)
    assert store.locks.held(HELLO) is not None
    unlock_entry(store, HELLO, anyway=True)
    assert store.locks.held(HELLO) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda store: plan_trash(store, POSTS, references=False),
        lambda store: plan_trash(store, POSTS, references=False, forever=True),
        lambda store: plan_move(store, POSTS, Address("blog", ("texts",)), references=False),
    ],
)
def test_what_another_locked_below_a_folder_that_goes_is_warned_of(root: Path, make: Callable[[Store], Plan]) -> None:
    locks = file_locks(root / STATE_FOLDER)
    store = Store(Spaces(root), user="operator", now=Clock(), locks=locks)
    locks.take(POSTS.child("note"), "operator")
    assert [warned for warned in store.warned(make(store)).warnings if warned.kind == "lock"] == []
    locks.take(HELLO, "bob")
    locks.take(Address("blog", ("other", "hello")), "bob")
    (warned,) = [warned for warned in store.warned(make(store)).warnings if warned.kind == "lock"]
    assert warned.deliberate
    assert "bob locked it" in warned.text and "blog/posts/hello" in warned.text
    with pytest.raises(Refused, match="bob locked it"):
        store.apply(make(store))
