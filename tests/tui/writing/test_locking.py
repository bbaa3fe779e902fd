"""Locks by the keyboard: taken, given back, another's broken deliberately, and held while one edits."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.core.journal import STATE_FOLDER
from dmart_tui.core.locking import file_locks
from dmart_tui.tui.app import DmartApp
from tests.support.app import notices
from tests.support.panes import make_entry, make_space, screen, settle, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

NOTE = Address.parse("shop/note")
ANN = Settings(theme="night", watch=False, user="ann")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_space(tmp_path)
    make_entry(tmp_path, "note", {"content_type": "json", "body": "note.json"}, b'{"title": "a"}')
    make_entry(tmp_path, "other")
    return tmp_path


@asynccontextmanager
async def at_note(root: Path, settings: Settings = ANN) -> AsyncIterator[tuple[DmartApp, Pilot[None]]]:
    app = DmartApp(settings, root, fresh=True)
    async with app.run_test(size=(110, 26)) as pilot:
        await settle(pilot)
        await app.tree_pane.locate(NOTE)
        await settle(pilot)
        yield app, pilot


def owner(root: Path) -> str | None:
    held = file_locks(root / STATE_FOLDER).held(NOTE)
    return held.owner if held else None


async def test_a_lock_is_taken_and_given_back(root: Path) -> None:
    async with at_note(root) as (app, pilot):
        await app.perform("change.lock")
        await settle(pilot)
        assert owner(root) == "ann"
        assert "shop/note is locked for ann" in notices(app)[-1]
        await app.open(NOTE, "overview")
        await settle(pilot)
        assert "ann locked it" in screen(pilot)
        await app.perform("change.unlock")
        await settle(pilot)
        assert owner(root) is None
        assert "ann locked it" not in screen(pilot)
        await app.perform("change.unlock")
        await settle(pilot)
        assert notices(app)[-1] == "It is not locked."


@pytest.mark.parametrize(("action", "after"), [("change.lock", "ann"), ("change.unlock", None)])
async def test_the_lock_of_another_is_broken_only_deliberately(root: Path, action: str, after: str | None) -> None:
    file_locks(root / STATE_FOLDER).take(NOTE, "bob")
    async with at_note(root) as (app, pilot):
        for key, held in (("n", "bob"), ("y", after)):
            await app.perform(action)
            await wait_for(pilot, "bob locked it")
            await pilot.press(key)
            await settle(pilot)
            assert owner(root) == held


async def test_the_editor_says_who_holds_the_lock(root: Path) -> None:
    file_locks(root / STATE_FOLDER).take(NOTE, "bob")
    async with at_note(root) as (app, pilot):
        await app.open(NOTE, "edit")
        await settle(pilot)
        assert "bob locked it" in screen(pilot)


async def test_where_it_is_wanted_an_entry_is_locked_while_it_is_edited(root: Path) -> None:
    settings = Settings(theme="night", watch=False, user="ann", lock_while_editing=True)
    async with at_note(root, settings) as (app, pilot):
        await app.open(NOTE, "edit")
        await settle(pilot)
        assert owner(root) == "ann"
        await app.perform("entry.close")
        await settle(pilot)
        assert owner(root) is None
        await app.open(NOTE, "edit")
        await settle(pilot)
        assert owner(root) == "ann"
    assert owner(root) is None


async def test_who_only_reads_locks_nothing(root: Path) -> None:
    settings = Settings(theme="night", watch=False, user="ann", lock_while_editing=True, read_only=True)
    async with at_note(root, settings) as (app, pilot):
        assert app.why_not_now("change.lock") == "Nothing is changed: the program runs read-only."
        await app.open(NOTE, "edit")
        await settle(pilot)
    assert not (root / STATE_FOLDER).exists()
