"""Changes of many: what is meant, shown first, made as a task, reported, and taken back, also in a later session."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.writing import Tag
from dmart_tui.tui.app import DmartApp
from tests.support.app import QUIET, notices
from tests.support.panes import make_entry, make_space, screen, settle, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from dmart_tui.core.writing import Plan, Store

NAMES = ("note", "memo", "page")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three entries of a space, one that points to two of them, and an empty folder."""
    root = make_space(tmp_path / "my spaces")
    for name in NAMES:
        make_entry(root, name, tags=["old"])
    make_entry(root, "index", relationships=[to("note"), to("memo")], tags=[])
    (root / "shop/shelf/.dm").mkdir(parents=True)
    (root / "shop/shelf/.dm/meta.folder.json").write_text(json.dumps({"shortname": "shelf", "is_active": True}))
    return root


def to(name: str, subpath: str = "/") -> dict[str, Any]:
    locator = {"type": "content", "space_name": "shop", "subpath": subpath, "shortname": name}
    return {"related_to": locator, "attributes": {}}


def metas(root: Path) -> dict[str, Any]:
    found = {path.parent.name: json.loads(path.read_bytes()) for path in root.glob("shop/.dm/*/meta.content.json")}
    return dict(sorted(found.items()))


def tags(root: Path) -> dict[str, Any]:
    return {name: meta["tags"] for name, meta in metas(root).items()}


def pointed(root: Path) -> list[str]:
    found = json.loads((root / "shop/.dm/index/meta.content.json").read_bytes())["relationships"]
    return [one["related_to"]["subpath"] for one in found]


async def begin(pilot: Pilot[None], *marked: str) -> DmartApp:
    """Open the space in the tree, and mark some of its entries."""
    app = cast("DmartApp", pilot.app)
    await settle(pilot)
    await app.tree_pane.locate(Address.parse("shop/note"))
    app.tree_pane.take_focus()
    app.tree_pane.mark([Address("shop", (name,)) for name in marked])
    await settle(pilot)
    return app


async def told(pilot: Pilot[None], words: str) -> None:
    """Wait for a notice."""
    for _ in range(500):
        if any(words in notice for notice in notices(cast("DmartApp", pilot.app))):
            await settle(pilot)
            return
        await pilot.pause(0.01)
    raise AssertionError(f"{words!r} was not told: {notices(cast('DmartApp', pilot.app))}\n{screen(pilot)}")


async def test_what_is_marked_is_tagged_and_taken_back_as_one(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot, "note", "memo")
        await pilot.press("number_sign")
        await wait_for(pilot, "Tags: 2 marked")
        await pilot.press(*"new,-old", "enter")
        await wait_for(pilot, "2 would change")
        await pilot.press("enter")
        await told(pilot, "2 changed")
        assert tags(root) == {"index": [], "memo": ["new"], "note": ["new"], "page": ["old"]}
        await pilot.press("U")
        await wait_for(pilot, "Take the whole batch back")
        await pilot.press("y")
        await told(pilot, "Take back: Tags +new -old: 2 marked: 2 changed")
        assert tags(root) == {"index": [], "memo": ["old"], "note": ["old"], "page": ["old"]}
        assert app.why_not_now("change.undo") == "Nothing was changed in this session."


async def test_a_batch_is_taken_back_in_a_later_session(root: Path) -> None:
    async with DmartApp(QUIET, root).run_test(size=(110, 30)) as pilot:
        await begin(pilot, "note", "memo")
        await pilot.press("number_sign", *"new", "enter")
        await wait_for(pilot, "2 would change")
        await pilot.press("enter")
        await told(pilot, "2 changed")
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot)
        await app.perform("change.batches")
        await wait_for(pilot, "Tags +new: 2 marked")
        await pilot.press("enter")
        await wait_for(pilot, "Take the whole batch back")
        await pilot.press("y")
        await told(pilot, "2 changed")
    assert set(map(tuple, tags(root).values())) == {("old",), ()}


async def test_a_filter_and_a_folder_are_offered(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot)
        await pilot.press("slash", *"e", "enter")
        await settle(pilot)
        await app.tree_pane.locate(Address("shop"))
        await pilot.press("ampersand")
        await wait_for(pilot, "that match the filter")
        await pilot.press("e")
        await wait_for(pilot, "Set keys: the entries of shop")
        await pilot.press(*"slug=same", "enter")
        await wait_for(pilot, "✓ slug=same")
        await pilot.press("enter")
        await wait_for(pilot, "4 would change")
        await pilot.press("enter")
        await told(pilot, "4 changed")
    assert [meta["slug"] for meta in metas(root).values()] == ["same"] * 4


async def test_all_that_find_finds_is_marked(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot)
        await pilot.press("f", *"e")
        await wait_for(pilot, "f2 marks all")
        await pilot.press("f2")
        await told(pilot, "5 marked")
        marked = app.tree_pane.marked()
        assert marked is not None
        assert [address.name for address in marked()] == ["index", "memo", "note", "page", "shelf"]


async def test_a_line_that_is_no_assignment_is_refused_where_it_is_typed(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot, "note", "memo")
        await pilot.press("ampersand")
        await wait_for(pilot, "Set keys: 2 marked")
        await pilot.press(*"slug:={", "enter")
        await wait_for(pilot, "a text is written KEY=TEXT")
        await pilot.press("escape")
        await settle(pilot)
    assert "slug" not in (root / "shop/.dm/note/meta.content.json").read_text()


async def test_a_move_of_many_lets_what_points_to_them_follow(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 40)) as pilot:
        await begin(pilot, "note", "memo")
        await pilot.press("f6")
        await wait_for(pilot, "To which folder?")
        await pilot.press(*"shop/none", "enter")
        await wait_for(pilot, "✗")
        await pilot.press(*["backspace"] * 4, *"shelf", "enter")
        await wait_for(pilot, "Let it point to the new name")
        await pilot.press("r")
        await wait_for(pilot, "2 would change")
        assert "shop/index will point to the new place" in screen(pilot)
        await pilot.press("enter")
        await told(pilot, "2 changed")
        assert pointed(root) == ["/shelf", "/shelf"]
        assert app.tree_pane.marked() is None
        await pilot.press("U")
        await wait_for(pilot, "Take the whole batch back")
        await pilot.press("y")
        await told(pilot, "Take back: Move to shop/shelf: 2 marked: 2 changed")
        assert pointed(root) == ["/", "/"]


async def test_the_trash_tells_what_points_to_many_and_closes_their_documents(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 40)) as pilot:
        await begin(pilot)
        await app.open(Address("shop", ("note",)))
        await begin(pilot, "note", "memo")
        await pilot.press("f8")
        await wait_for(pilot, "2 × reference")
        await pilot.press("enter")
        await told(pilot, "2 changed")
        assert sorted(tags(root)) == ["index", "page"]
        assert Address("shop", ("note",)) not in [document.address for document in app.workspace.documents]


async def test_what_fails_is_reported_with_the_way_to_it(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot, *NAMES)
        await pilot.press("number_sign", *"new", "enter")
        await wait_for(pilot, "3 would change")
        (root / "shop/.dm/memo/meta.content.json").write_bytes(b"{")
        await pilot.press("enter")
        await wait_for(pilot, "2 changed, 1 failed")
        assert "shop/memo" in screen(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert app.workspace.current is not None
        assert app.workspace.current.address == Address("shop", ("memo",))
        await app.perform("change.report")
        await wait_for(pilot, "2 changed, 1 failed")
        await pilot.press("escape")
        await settle(pilot)
    assert tags_of(root, "note") == ["old", "new"]


def tags_of(root: Path, name: str) -> Any:
    return json.loads((root / f"shop/.dm/{name}/meta.content.json").read_bytes())["tags"]


async def test_read_only_looks_ahead_and_changes_nothing(root: Path) -> None:
    app = DmartApp(replace(QUIET, read_only=True), root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot, "note", "memo")
        await pilot.press("number_sign", *"new", "enter")
        await wait_for(pilot, "2 would change")
        await pilot.press("enter", "Y", "escape")
        await settle(pilot)
    assert set(map(tuple, tags(root).values())) == {("old",), ()}
    assert not (root / ".dmart-tui").exists()


async def test_keys_stay_quick_with_very_many_marks(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot, *(f"n{number}" for number in range(20_000)))
        made = Counter[str]()
        of_keys = Address.of_keys

        def counted(keys: tuple[str, ...]) -> Address:
            made["addresses"] += 1
            return of_keys(keys)

        monkeypatch.setattr(Address, "of_keys", counted)
        await pilot.press("j", "k")
        await settle(pilot)
        assert 0 < made["addresses"] < 1000


async def test_a_look_that_is_stopped_says_how_far_it_came(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Event()
    plan = Tag.plan

    def slow(self: Tag, store: Store, address: Address) -> Plan:
        if address.name == "note":
            looked.wait(30)
        return plan(self, store, address)

    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot, *NAMES)
        monkeypatch.setattr(Tag, "plan", slow)
        await pilot.press("number_sign", *"new", "enter")
        await wait_for(pilot, "esc stops")
        await pilot.press("escape")
        await wait_for(pilot, "Stopping")
        looked.set()
        await wait_for(pilot, "of 3 only 2 were looked at")
        await pilot.press("enter")
        await told(pilot, "3 changed")
    assert tags_of(root, "page") == ["old", "new"]
