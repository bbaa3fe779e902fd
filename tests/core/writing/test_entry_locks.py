"""Locking entries: the lock and what is written of it go together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.errors import Failed, Refused, UsageFault
from dmart_tui.core.journal import STATE_FOLDER, Journal
from dmart_tui.core.locking import file_locks
from dmart_tui.core.spaces import Entry, Spaces, recorded_lock
from dmart_tui.core.writing import Store, lock_entry, plan_lock, plan_unlock, unlock_entry
from tests.core.writing.conftest import HELLO, Clock, lines, loaded, meta, put

if TYPE_CHECKING:
    from dmart_tui.core.address import Address

HISTORY = "blog/posts/.dm/hello/history.jsonl"


def opened(root: Path, user: str, *, read_only: bool = False) -> Store:
    locks = file_locks(root / STATE_FOLDER)
    return Store(Spaces(root), user=user, now=Clock(), locks=locks, read_only=read_only)


@pytest.fixture
def store(root: Path) -> Store:
    return opened(root, "ann")


def told(root: Path) -> list[object]:
    return [line["diff"].get("lock_type", {}).get("new") for line in lines(root / HISTORY)]


def holder(store: Store, address: Address = HELLO) -> str | None:
    assert store.locks is not None
    held = store.locks.held(address)
    return held.owner if held else None


def test_a_lock_is_taken_extended_and_given_back(store: Store, root: Path) -> None:
    lock_entry(store, HELLO)
    assert holder(store) == "ann"
    entry = store.spaces.load(HELLO)
    assert isinstance(entry, Entry)
    recorded = recorded_lock(store.spaces, entry)
    assert recorded is not None
    assert recorded.owner == "ann"
    lock_entry(store, HELLO)
    unlock_entry(store, HELLO)
    assert holder(store) is None
    assert told(root) == ["lock", "extend", "unlock"]
    assert not unlock_entry(store, HELLO).plan.steps
    assert len(told(root)) == 3


def test_a_plan_alone_takes_nothing(store: Store, root: Path) -> None:
    assert [change.key for change in plan_lock(store, HELLO).changes] == ["lock_type"]
    assert holder(store) is None
    assert not (root / HISTORY).exists()


def test_the_lock_of_another_is_taken_by_force_only(store: Store, root: Path) -> None:
    lock_entry(opened(root, "bob"), HELLO)
    for refused in (plan_lock, plan_unlock, lock_entry, unlock_entry):
        with pytest.raises(Refused, match="bob"):
            refused(store, HELLO)
    assert holder(store) == "bob"
    lock_entry(store, HELLO, force=True)
    assert holder(store) == "ann"
    unlock_entry(opened(root, "bob"), HELLO, force=True)
    assert holder(store) is None
    assert told(root) == ["lock", "lock", "cancel"]


def test_who_locks_a_ticket_processes_it(store: Store, root: Path) -> None:
    ticket = meta("hello", state="new", is_open=True, workflow_shortname="case", collaborators={"delivered_by": "x"})
    path = root / "blog/posts/.dm/hello/meta.ticket.json"
    (path.parent / "meta.content.json").unlink()
    put(path, ticket)
    lock_entry(store, HELLO)
    assert loaded(path)["collaborators"] == {"delivered_by": "x", "processed_by": "ann"}
    assert [list(line["diff"]) for line in lines(root / HISTORY)] == [["collaborators.processed_by"], ["lock_type"]]
    lock_entry(store, HELLO)
    assert told(root) == [None, "lock", "extend"]


@pytest.mark.parametrize("mine", [False, True])
def test_a_lock_that_cannot_be_written_down_is_not_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch, *, mine: bool
) -> None:
    if mine:
        lock_entry(store, HELLO)

    def full(*_: object, **__: object) -> None:
        raise Failed("no space left")

    monkeypatch.setattr(Journal, "apply", full)
    with pytest.raises(Failed):
        lock_entry(store, HELLO)
    assert (holder(store) == "ann") is mine


def test_nothing_is_locked_read_only_or_where_no_locks_are_kept(root: Path) -> None:
    reader = opened(root, "ann", read_only=True)
    before = sorted(root.rglob("*"))
    for change in (lock_entry, unlock_entry):
        with pytest.raises(Refused, match="read-only"):
            change(reader, HELLO)
    assert sorted(root.rglob("*")) == before
    with pytest.raises(UsageFault):
        lock_entry(Store(Spaces(root), user="ann"), HELLO)
    with pytest.raises(UsageFault):
        lock_entry(opened(root, "ann"), HELLO.attached("comment", "first"))
