"""Carrying plans out: locks, conflicts, two programs at once, and nothing lost."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import Conflict, Refused
from dmart_tui.core.locking import file_locks
from dmart_tui.core.spaces import Spaces, history
from dmart_tui.core.writing import Store, open_document, plan_save, plan_set, save, theirs
from tests.core.writing.conftest import HELLO, lines, loaded

if TYPE_CHECKING:
    from dmart_tui.core.writing import Plan


def test_what_somebody_else_locked_is_not_changed(store: Store) -> None:
    store.locks = file_locks(Path(store.journal.folder))
    store.locks.take(HELLO, "bob")
    comment = Address("blog", ("posts", "hello"), ("comment", "first"))
    for address in (HELLO, comment):
        with pytest.raises(Refused, match="bob locked it"):
            store.apply(plan_set(store, address, [("is_active", False)]), anyway=True)
    store.locks.release(HELLO, "bob")
    store.locks.take(HELLO, "ann")
    store.apply(plan_set(store, HELLO, [("is_active", False)]))


def test_a_plan_of_what_was_is_refused(store: Store) -> None:
    plan = plan_set(store, HELLO, [("slug", "x")])
    store.apply(plan_set(store, HELLO, [("tags", ["a"])]))
    with pytest.raises(Conflict):
        store.apply(plan)
    assert "slug" not in open_document(store, HELLO).meta


def test_edits_of_other_keys_are_brought_together(store: Store) -> None:
    document = open_document(store, HELLO)
    mine = {**document.meta, "slug": "mine", "tags": ["a"]}
    body = {**document.body, "views": 4}
    store.apply(plan_set(store, HELLO, [("tags", ["b"]), ("payload.body.title", "theirs"), ("owner_shortname", "ann")]))
    found = theirs(store, document, mine, body)
    assert found is not None
    assert found.clashes == ()
    assert {".".join(one.path) for one in found.theirs} == {"tags", "owner_shortname", "payload.body.title"}
    save(store, document, mine, body)
    now = open_document(store, HELLO)
    assert (now.meta["slug"], now.meta["tags"], now.meta["owner_shortname"]) == ("mine", ["b", "a"], "ann")
    assert (now.body["title"], now.body["views"]) == ("theirs", 4)


def test_edits_of_one_key_clash(store: Store) -> None:
    document = open_document(store, HELLO)
    store.apply(plan_set(store, HELLO, [("payload.body.title", "theirs")]))
    body = {**document.body, "title": "mine"}
    found = theirs(store, document, document.meta, body)
    assert found is not None
    assert [(clash.path, clash.mine, clash.theirs) for clash in found.clashes] == [
        (("payload", "body", "title"), "mine", "theirs")
    ]
    with pytest.raises(Conflict, match="title"):
        save(store, document, document.meta, body)


def test_nobody_else_is_no_conflict(store: Store) -> None:
    document = open_document(store, HELLO)
    assert theirs(store, document, {**document.meta, "slug": "x"}) is None


# -- programs at once -------------------------------------------------------------------------------------------------


def _work(root: str, number: int, times: int, barrier: Any) -> None:
    """Change one entry again and again: a key of one's own, a tag, and a counter that all share."""
    store = Store(Spaces(root), user=f"user{number}")
    barrier.wait()
    for turn in range(times):
        document = open_document(store, HELLO)
        mine = {**document.meta, "tags": [*document.meta["tags"], f"{number}-{turn}"]}
        save(store, document, mine, {**document.body, f"key{number}": turn})
        store.change(lambda: _plan_one_more(store))


def _plan_one_more(store: Store) -> Plan:
    document = open_document(store, HELLO)
    return plan_save(store, document, document.meta, {**document.body, "views": document.body["views"] + 1})


def _compete(root: Path, programs: int, times: int) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(programs)
    workers = [context.Process(target=_work, args=(str(root), number, times, barrier)) for number in range(programs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * programs
    body = loaded(root / "blog/posts/hello.json")
    tags = loaded(root / "blog/posts/.dm/hello/meta.content.json")["tags"]
    assert body["views"] == 3 + programs * times
    assert [body[f"key{number}"] for number in range(programs)] == [times - 1] * programs
    assert len(tags) == programs * times
    assert set(tags) == {f"{number}-{turn}" for number in range(programs) for turn in range(times)}
    written = lines(root / "blog/posts/.dm/hello/history.jsonl")
    assert len(written) == 2 * programs * times
    assert len({line["uuid"] for line in written}) == len(written)
    steps = [line["diff"]["payload.body.views"] for line in written if "payload.body.views" in line["diff"]]
    assert [(step["old"], step["new"]) for step in steps] == [(at, at + 1) for at in range(3, 3 + programs * times)]
    assert len(lines(root / "blog/.dm/events.jsonl")) == len(written)
    assert not any(record.problems for record in history(Spaces(root), HELLO))


@pytest.mark.slow
@pytest.mark.parametrize(("programs", "times"), [(2, 50), (4, 25)])
def test_programs_at_once_lose_nothing(root: Path, programs: int, times: int) -> None:
    _compete(root, programs, times)


@pytest.mark.long
@pytest.mark.parametrize("programs", [2, 4])
def test_programs_at_once_lose_nothing_in_a_thousand_changes_each(root: Path, programs: int) -> None:
    _compete(root, programs, 1000)
