"""Batches: shown first, carried out one by one, told, and taken back."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.background import CancelToken
from dmart_tui.core.errors import Failed, NotFound, Refused, UsageFault
from dmart_tui.core.journal import Journal
from dmart_tui.core.spaces import Kind, Spaces
from dmart_tui.core.steps import NOTHING, Expect, Write
from dmart_tui.core.writing import MoveTo, Operation, Plan, Pointers, SetKeys, Store, Tag, Trash, grouping
from dmart_tui.core.writing.batch_records import BATCHES_KEPT, batches
from dmart_tui.core.writing.bulk import Job, preview, run, undo
from dmart_tui.core.writing.operations import jobs
from tests.core.writing.conftest import NOW, lines, meta, put

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


def test_a_stopped_batch_is_taken_back_as_far_as_it_came(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "MOST", 2)
    token = CancelToken()
    told = batch(store, Tag(add=["new"]), cancel=token, progress=lambda done, total: token.cancel())
    assert (told.done, told.stopped) == (2, True)
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


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles of the changes that the journal makes."""
    titles: list[str] = []
    apply = Journal.apply

    def told(self: Journal, *given: Any, title: str, **options: Any) -> None:
        titles.append(title)
        apply(self, *given, title=title, **options)

    monkeypatch.setattr(Journal, "apply", told)
    return titles


def test_changes_that_do_not_meddle_are_made_together(store: Store, root: Path, applied: list[str]) -> None:
    told = batch(store, Tag(add=["new"]))
    assert len(applied) == 1
    assert len(lines(root / "blog/.dm/events.jsonl")) == 3
    assert undo(store, told.batch).done == 3
    assert len(applied) == 2


def test_one_that_cannot_be_made_takes_no_other_back(store: Store, root: Path, applied: list[str]) -> None:
    def stale() -> Plan:
        made = Tag(["new"]).plan(store, ALL[1])
        return replace(made, expects=(*made.expects, Expect(made.expects[0].path, "0" * 64)))

    stuck = Job(ALL[1], stale, together=True)
    told = run(store, "Tag", [*jobs(store, ALL[:1], Tag(["new"])), stuck, *jobs(store, ALL[2:], Tag(["new"]))])
    assert (told.done, [failure.address for failure in told.failures]) == (2, [ALL[1]])
    assert [meta["tags"] for meta in metas(root).values()] == [["new"], [], ["new"]]
    assert undo(store, told.batch).done == 2
    assert [meta["tags"] for meta in metas(root).values()] == [[], [], []]


def test_what_one_change_makes_is_seen_by_the_next(store: Store, root: Path, applied: list[str]) -> None:
    put(root / "blog/posts/.dm/meta.folder.json", meta("posts", payload={"content_type": "json", "body": "posts.json"}))
    put(root / "blog/posts.json", {"unique_fields": [["slug"]]})
    told = batch(store, SetKeys([("slug", "one")]))
    assert (told.done, told.failed) == (1, 2)
    again = run(store, "Twice", [*jobs(store, ALL[:1], Tag(["a"])), *jobs(store, ALL[:1], Tag(["b"]))])
    assert again.done == 2
    assert metas_of(root, "hello")["tags"] == ["a", "b"]


def test_a_batch_that_was_killed_is_taken_back_as_far_as_it_came(store: Store, root: Path) -> None:
    told = batch(store, Tag(add=["new"]))
    path = root / f".dmart-tui/batches/{told.batch}.jsonl"
    path.write_bytes(path.read_bytes().removesuffix(b"+3\n"))
    batch(store, Tag(remove=["new"]), [ALL[0]])  # as if it had not come to it
    assert undo(store, told.batch).done == 2
    assert [meta["tags"] for meta in metas(root).values()] == [[]] * 3


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
    assert batches(store)[0].title == f"Tags +t{BATCHES_KEPT + 1}"


def locator(name: str) -> dict[str, Any]:
    place = {"type": "content", "space_name": "blog", "subpath": "/posts", "shortname": name}
    return {"related_to": place, "attributes": {}}


@pytest.fixture
def pointed(root: Path) -> Path:
    """`hello` points to `note`, `note` to `page`, and an entry elsewhere to both `note` and `page`."""
    for name, others in (("hello", ["note"]), ("note", ["page"])):
        path = root / f"blog/posts/.dm/{name}/meta.content.json"
        path.write_text(json.dumps(json.loads(path.read_bytes()) | {"relationships": [locator(one) for one in others]}))
    put(root / "blog/archive/.dm/meta.folder.json", meta("archive"))
    put(
        root / "blog/.dm/index/meta.content.json",
        meta("index", relationships=[locator("note"), locator("page")]),
    )
    return root


def places(path: Path) -> list[str]:
    found = json.loads(path.read_bytes())["relationships"]
    return [f"{one['related_to']['subpath']}/{one['related_to']['shortname']}" for one in found]


def test_a_move_of_many_lets_what_points_to_them_follow_and_come_back(store: Store, pointed: Path) -> None:
    to = Pointers.to(store.spaces, ALL)
    operation = MoveTo(Address("blog", ("archive",)), to, rewrite=True)
    told = batch(store, operation)
    assert (told.done, told.failed) == (3, 0), told.failures
    there = pointed / "blog/archive/.dm"
    assert places(there / "hello/meta.content.json") == ["/archive/note"]
    assert places(there / "note/meta.content.json") == ["/archive/page"]
    assert places(pointed / "blog/.dm/index/meta.content.json") == ["/archive/note", "/archive/page"]
    report = undo(store, told.batch)
    assert (report.done, report.failed) == (3, 0), report.failures
    assert places(pointed / "blog/posts/.dm/hello/meta.content.json") == ["/posts/note"]
    assert places(pointed / "blog/posts/.dm/note/meta.content.json") == ["/posts/page"]
    assert places(pointed / "blog/.dm/index/meta.content.json") == ["/posts/note", "/posts/page"]


def test_a_folder_takes_along_what_points_into_it(store: Store, pointed: Path) -> None:
    folder = [POSTS]
    told = batch(store, MoveTo(Address("blog", ("archive",)), Pointers.to(store.spaces, folder), rewrite=True), folder)
    assert places(pointed / "blog/archive/posts/.dm/hello/meta.content.json") == ["/archive/posts/note"]
    assert undo(store, told.batch).failed == 0
    assert places(pointed / "blog/posts/.dm/hello/meta.content.json") == ["/posts/note"]
    assert places(pointed / "blog/.dm/index/meta.content.json") == ["/posts/note", "/posts/page"]


@pytest.mark.parametrize("rewrite", [False, True])
def test_a_preview_tells_what_points_to_them(store: Store, pointed: Path, rewrite: bool) -> None:
    to = Pointers.to(store.spaces, ALL)
    found = preview(jobs(store, ALL, MoveTo(Address("blog", ("archive",)), to, rewrite)))
    assert found.warnings["reference"] == (0 if rewrite else 4)
    thrown = preview(jobs(store, ALL, Trash(to)))
    assert [str(warned.text).partition(" ")[0] for _, warned in thrown.warned] == ["blog/index", "blog/index"]


def test_a_preview_sees_two_that_would_have_one_name(store: Store, pointed: Path) -> None:
    put(pointed / "blog/drafts/.dm/meta.folder.json", meta("drafts"))
    put(pointed / "blog/drafts/.dm/note/meta.content.json", meta("note"))
    both = [ALL[1], Address("blog", ("drafts", "note"))]
    operation = MoveTo(Address("blog", ("archive",)))
    found = preview(jobs(store, both, operation))
    assert (found.changing, [failure.address for failure in found.failures]) == (1, both[1:])
    assert "blog/posts/note" in found.failures[0].reason
    told = batch(store, operation, both)
    assert (told.done, [failure.address for failure in told.failures]) == (1, both[1:])


def test_the_root_is_read_once_for_all_of_a_batch(store: Store, pointed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walks = []
    walk = Spaces.walk
    monkeypatch.setattr(Spaces, "walk", lambda self, *given: walks.append(given) or walk(self, *given))
    operation = MoveTo(Address("blog", ("archive",)), Pointers.to(store.spaces, ALL), rewrite=True)
    preview(jobs(store, ALL, operation))
    undo(store, batch(store, operation).batch)
    assert walks.count(()) == 1


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


@pytest.mark.parametrize("name", ["set", "trash", "move"])
def test_together_they_do_what_they_do_one_by_one(
    demo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def carried_out(most: int) -> tuple[dict[str, bytes], int, set[Address]]:
        monkeypatch.setattr(grouping, "MOST", most)
        root = tmp_path / str(most)
        shutil.copytree(demo_root, root, symlinks=True)
        store = Store(Spaces(root), user="dmart", now=lambda: NOW)
        found = [item.address for item in store.spaces.walk() if item.address.parts][::9]
        folder = next(address for address in found if store.spaces.load(address).kind is Kind.FOLDER)
        pointers = Pointers.to(store.spaces, found)
        operation = {
            "set": SetKeys([("displayname.en", "Same")]),
            "trash": Trash(pointers),
            "move": MoveTo(folder, pointers, rewrite=True),
        }[name]
        told = batch(store, operation, found, anyway=True)
        files = {
            str(path.relative_to(root)): b"" if path.name.endswith(".jsonl") else path.read_bytes()
            for path in root.rglob("*")
            if path.is_file() and ".dmart-tui" not in path.parts
        }
        return files, told.done, {failure.address for failure in told.failures}

    together, alone = carried_out(64), carried_out(1)
    assert together == alone
    assert together[1] > 5
