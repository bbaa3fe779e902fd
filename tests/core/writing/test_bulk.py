"""Batches: shown first, carried out one by one, told, and taken back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.background import CancelToken
from dmart_tui.core.errors import Failed, NotFound, Refused, UsageFault
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.steps import NOTHING, Expect, Write
from dmart_tui.core.writing import Plan, Store
from dmart_tui.core.writing.bulk import (
    BATCHES_KEPT,
    Job,
    MoveTo,
    Operation,
    SetKeys,
    Tag,
    Trash,
    batches,
    jobs,
    preview,
    run,
    undo,
)

if TYPE_CHECKING:
    from pathlib import Path

POSTS = Address("blog", ("posts",))
NAMES = ("hello", "note", "page")
ALL = [POSTS.child(name) for name in NAMES]


def metas(root: Path) -> dict[str, Any]:
    found = {
        path.parent.name: json.loads(path.read_bytes()) for path in root.glob("blog/posts/.dm/*/meta.content.json")
    }
    return dict(sorted(found.items()))


def batch(store: Store, operation: Operation, addresses: list[Address] = ALL, **options: Any) -> Any:
    return run(store, operation.title, jobs(store, addresses, operation), **options)


def test_a_preview_counts_samples_and_changes_nothing(store: Store, root: Path) -> None:
    before = metas(root)
    (root / "blog/posts/.dm/note/meta.content.json").write_bytes(b"{")
    found = preview(jobs(store, [*ALL, POSTS.child("gone")], Tag(add=["new"])), sample=1)
    assert (found.changing, found.failing, len(found.sample)) == (2, 2, 1)
    assert {str(failure.address) for failure in found.failures} == {"blog/posts/note", "blog/posts/gone"}
    assert metas_of(root, "hello") == before["hello"]


def metas_of(root: Path, name: str) -> Any:
    return json.loads((root / f"blog/posts/.dm/{name}/meta.content.json").read_bytes())


def test_tags_and_keys_are_set_and_taken_back(store: Store, root: Path) -> None:
    told = batch(store, Tag(add=["red", "blue"]))
    assert (told.done, told.failed) == (3, 0)
    again = batch(store, Tag(add=["blue"], remove=["red", "none"]))
    assert [meta["tags"] for meta in metas(root).values()] == [["blue"]] * 3
    assert batch(store, Tag(add=["blue"])).unchanged == 3
    batch(store, SetKeys([("displayname.en", "Same")], removed=["slug"]))
    assert {meta["displayname"]["en"] for meta in metas(root).values()} == {"Same"}
    assert undo(store, again.batch).failed == 0
    assert [sorted(meta["tags"]) for meta in metas(root).values()] == [["blue", "red"]] * 3
    assert undo(store, told.batch).failed == 0
    assert [meta["tags"] for meta in metas(root).values()] == [[]] * 3


def test_what_fails_is_told_and_stops_nothing(store: Store, root: Path) -> None:
    (root / "blog/posts/.dm/note/meta.content.json").write_bytes(b"{")
    told = batch(store, Tag(add=["new"]))
    assert (told.done, told.failed, told.stopped) == (2, 1, False)
    assert str(told.failures[0].address) == "blog/posts/note"
    assert metas_of(root, "page")["tags"] == ["new"]


def test_a_stopped_batch_is_taken_back_as_far_as_it_came(store: Store, root: Path) -> None:
    token = CancelToken()
    told = batch(store, Tag(add=["new"]), cancel=token, progress=lambda done, total: token.cancel())
    assert (told.done, told.stopped) == (1, True)
    undo(store, told.batch)
    assert [meta["tags"] for meta in metas(root).values()] == [[]] * 3


def test_what_was_changed_since_stays_and_is_told(store: Store, root: Path) -> None:
    told = batch(store, SetKeys([("displayname.en", "mine")]))
    batch(store, SetKeys([("displayname.en", "theirs")]), [ALL[1]])
    report = undo(store, told.batch)
    assert (report.done, report.failed) == (2, 1)
    assert metas_of(root, "note")["displayname"]["en"] == "theirs"
    assert told.batch in {found.identity for found in batches(store)}


def test_a_change_that_did_not_happen_is_not_taken_back(store: Store, root: Path) -> None:
    def plan() -> Plan:
        path = str(root / "blog/posts/hello.json")
        return Plan(
            "Make", ALL[0], (Write(path, b"{}"),), (Expect(path, NOTHING),), undo=Tag(["x"]).plan(store, ALL[0]).undo
        )

    told = run(store, "Make", [Job(ALL[0], plan), *jobs(store, [ALL[1]], Tag(add=["new"]))])
    assert (told.done, told.failed) == (1, 1)
    assert undo(store, told.batch).done == 1


def test_somebody_in_between_is_waited_out(store: Store, root: Path) -> None:
    tries = []

    def plan() -> Plan:
        made = Tag(add=["mine"]).plan(store, ALL[0])
        if not tries:
            batch(store, Tag(add=["theirs"]), [ALL[0]])
        tries.append(made)
        return made

    assert run(store, "Tag", [Job(ALL[0], plan)]).done == 1
    assert metas_of(root, "hello")["tags"] == ["theirs", "mine"]


def test_a_disk_that_fails_stops_the_batch(store: Store) -> None:
    def plan() -> Plan:
        raise Failed("the disk is full")

    told = run(store, "Fill", (Job(POSTS.child(str(number)), plan) for number in range(100)))
    assert (told.failed, told.stopped, told.batch) == (3, True, "")


def test_move_and_trash_go_and_come_back(store: Store, root: Path) -> None:
    before = metas(root)
    for operation in (Trash(), MoveTo(Address("blog", ("archive",)))):
        if isinstance(operation, MoveTo):
            (root / "blog/archive/.dm").mkdir(parents=True)
            (root / "blog/archive/.dm/meta.folder.json").write_text('{"shortname": "archive"}')
        told = batch(store, operation)
        assert (told.done, told.failed) == (3, 0), told.failures
        assert metas(root) == {}
        report = undo(store, told.batch)
        assert (report.done, report.failed) == (3, 0), report.failures
        assert metas(root).keys() == before.keys()


def test_what_goes_with_its_folder_goes_once(store: Store, root: Path) -> None:
    told = batch(store, Trash(), [POSTS, *ALL])
    assert (told.done, told.failed) == (1, 0)


def test_only_the_last_batches_are_kept(store: Store) -> None:
    for number in range(BATCHES_KEPT + 2):
        batch(store, Tag(add=[f"t{number}"]), [ALL[0]])
    assert len(batches(store)) == BATCHES_KEPT
    assert batches(store)[0].title == f"+t{BATCHES_KEPT + 1}"


def test_nothing_is_written_read_only(root: Path) -> None:
    store = Store(Spaces(root), user="ann", read_only=True)
    before = sorted(root.rglob("*"))
    with pytest.raises(Refused):
        batch(store, Tag(add=["new"]))
    assert preview(jobs(store, ALL, Tag(add=["new"]))).changing == 3
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize(("name", "error"), [("gone", NotFound), ("../x", UsageFault), ("", UsageFault)])
def test_a_batch_that_is_not_there(store: Store, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        undo(store, name)


def test_a_torn_record_is_taken_back_as_far_as_it_can_be_read(store: Store, root: Path) -> None:
    told = batch(store, Tag(add=["new"]))
    path = root / f".dmart-tui/batches/{told.batch}.jsonl"
    path.write_bytes(path.read_bytes() + b'{"title": "Cha')
    assert undo(store, told.batch).done == 3
    assert [meta["tags"] for meta in metas(root).values()] == [[]] * 3
