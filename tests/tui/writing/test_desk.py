"""The desk: what is proposed is shown, made, told, and taken back."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from inspect import getclosurevars
from typing import TYPE_CHECKING, Any, cast

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.writing import plan_set
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.writing.desk import Desk
from tests.support.app import QUIET, notices
from tests.support.panes import make_entry, make_space, screen, settle

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

NOTE = Address.parse("shop/note")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_space(tmp_path)
    make_entry(tmp_path, "note", tags=["a"])
    make_entry(tmp_path, "other", relationships=[_to("note")])
    return tmp_path


def _to(name: str) -> dict[str, Any]:
    locator = {"type": "content", "space_name": "shop", "subpath": "/", "shortname": name}
    return {"related_to": locator, "attributes": {}}


def meta(root: Path, name: str = "note") -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((root / f"shop/.dm/{name}/meta.content.json").read_text()))


async def wait_for(pilot: Pilot[None], words: str) -> None:
    for _ in range(300):
        if words in screen(pilot):
            return
        await pilot.pause(0.02)
    raise AssertionError(f"{words!r} is not on the screen:\n{screen(pilot)}\n{notices(cast(DmartApp, pilot.app))}")


async def go(app: DmartApp, pilot: Pilot[None], address: str = "shop/note") -> None:
    await settle(pilot)
    await app.tree_pane.locate(Address.parse(address))
    app.tree_pane.take_focus()
    await settle(pilot)


async def test_a_change_is_made_after_the_preview_and_taken_back_by_a_key(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await go(app, pilot)
        desk = app.desk
        assert desk is not None
        app.tasks.spawn(desk.propose(lambda: plan_set(desk.store, NOTE, [("slug", "hello")])))
        await wait_for(pilot, "enter does it")
        await pilot.press("enter")
        await settle(pilot)
        assert meta(root)["slug"] == "hello"
        await pilot.press("U")
        await wait_for(pilot, "Take back")
        await pilot.press("enter")
        await settle(pilot)
        assert "slug" not in meta(root)
        assert app.why_not_now("change.undo") == "Nothing was changed in this session."


async def test_a_plan_that_is_stale_is_shown_again(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await go(app, pilot)
        desk = app.desk
        assert desk is not None
        app.tasks.spawn(desk.propose(lambda: plan_set(desk.store, NOTE, [("slug", "hello")])))
        await wait_for(pilot, "enter does it")
        desk.store.apply(plan_set(desk.store, NOTE, [("tags", ["theirs"])]))
        await pilot.press("enter")
        for _ in range(300):
            if any("Look again" in text for text in notices(app)):
                break
            await pilot.pause(0.02)
        await wait_for(pilot, "enter does it")
        await pilot.press("enter")
        await settle(pilot)
        assert (meta(root)["slug"], meta(root)["tags"]) == ("hello", ["theirs"])


async def test_the_trash_key_takes_the_entry_and_undo_brings_it_back(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await go(app, pilot)
        await app.open(NOTE)
        app.tree_pane.take_focus()
        await settle(pilot)
        await pilot.press("f8")
        await wait_for(pilot, "shop/other")
        await pilot.press("enter")
        await settle(pilot)
        assert not (root / "shop/.dm/note").exists()
        assert not [document for document in app.workspace.documents if document.address == NOTE]
        await pilot.press("U")
        await wait_for(pilot, "enter does it")
        await pilot.press("enter")
        await settle(pilot)
        assert meta(root)["shortname"] == "note"


async def test_renaming_lets_what_points_to_it_follow(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await go(app, pilot)
        await pilot.press("f6")
        await wait_for(pilot, "Move or rename")
        await pilot.press(*["backspace"] * 4, *"memo", "enter")
        await wait_for(pilot, "Let it point to the new name")
        await pilot.press("r")
        await wait_for(pilot, "enter does it")
        await pilot.press("enter")
        await settle(pilot)
        assert meta(root, "memo")["shortname"] == "memo"
        assert meta(root, "other")["relationships"] == [_to("memo")]


async def test_a_new_entry_is_made_and_opened_in_the_editor(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await go(app, pilot, "shop")
        await pilot.press("f7")
        await wait_for(pilot, "an entry with a payload")
        await pilot.press("enter")
        await wait_for(pilot, "New content")
        await pilot.press(*["backspace"] * 4, *"fresh", "enter")
        await wait_for(pilot, "enter does it")
        await pilot.press("enter")
        await settle(pilot)
        assert meta(root, "fresh")["shortname"] == "fresh"
        view = app.workspace.view
        assert view is not None
        assert view.VIEW == "edit"


async def test_read_only_shows_the_plan_and_changes_nothing(root: Path) -> None:
    app = DmartApp(replace(QUIET, read_only=True), root)
    async with app.run_test(size=(110, 30)) as pilot:
        await go(app, pilot)
        await pilot.press("f8")
        await wait_for(pilot, "read-only")
        await pilot.press("enter", "Y", "escape")
        await settle(pilot)
        assert meta(root)["shortname"] == "note"
        assert not (root / ".dmart-tui").exists()


async def test_the_menu_has_only_what_can_be_done(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 40)) as pilot:
        await go(app, pilot)
        await pilot.press("A")
        await wait_for(pilot, "To the trash")
        assert "Take back" not in screen(pilot)
        await pilot.press("e")
        await settle(pilot)
        view = app.workspace.view
        assert view is not None
        assert view.VIEW == "edit"


async def test_a_change_has_the_same_letter_wherever_one_is(root: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 40)) as pilot:
        await go(app, pilot)
        for place in ("the entry", "the trash"):
            await pilot.press("A")
            await wait_for(pilot, "o  Open the trash")
            assert ("Lock" in screen(pilot)) is (place == "the entry")
            await pilot.press("escape", "D")
            await settle(pilot)


@pytest.mark.parametrize("name", [name for name in vars(Desk) if name.startswith("do_")])
def test_what_an_action_names_is_there(name: str) -> None:
    named = getclosurevars(getattr(Desk, name)).nonlocals
    if named:
        assert callable(getattr(import_module(f"dmart_tui.tui.writing.{named['module']}"), named["function"]))
