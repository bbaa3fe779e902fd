"""The trash: listed, looked into, restored from, freed."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing import Store, plan_trash, trash_items
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.trash import TrashPane
from tests.support.panes import make_entry, make_space, press, screen, settle, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

SETTINGS = Settings(watch=False, restore=False, user="ann")
NAMES = ("apple", "pear", "quince")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_space(tmp_path)
    for name in NAMES:
        payload = {"content_type": "json", "body": f"{name}.json"}
        make_entry(tmp_path, name, payload, b'{"ripe": "very"}', displayname=f"The {name}", password="hush-hush")
    return tmp_path


def meta_of(root: Path, name: str) -> Path:
    return root / f"shop/.dm/{name}/meta.content.json"


def throw_away(root: Path, *names: str) -> Store:
    """Throw entries away, each an hour after the one before, ten days ago."""
    now = datetime.now() - timedelta(days=10)
    for hour, name in enumerate(names):
        store = Store(Spaces(root), user="ann", now=lambda: now + timedelta(hours=hour))  # noqa: B023
        store.apply(plan_trash(store, Address("shop", (name,))))
    return Store(Spaces(root), user="ann")


@asynccontextmanager
async def trash(root: Path, *names: str, settings: Settings = SETTINGS) -> AsyncIterator[Pilot[None]]:
    """The trash pane with the focus, after entries were thrown away."""
    throw_away(root, *names)
    app = DmartApp(settings, root)
    async with app.run_test(size=(150, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "D")
        yield pilot


def pane(pilot: Pilot[None]) -> TrashPane:
    return pilot.app.screen_stack[0].query_one(TrashPane)


def listed(pilot: Pilot[None]) -> list[str]:
    rows = pane(pilot).rows.rows
    return [rows.items[at].address.name for at in range(len(rows))]  # type: ignore[attr-defined]


async def answer(pilot: Pilot[None], words: str, *keys: str) -> None:
    """Wait for a dialog and press keys."""
    await wait_for(pilot, words)
    await pilot.press(*keys)
    await settle(pilot)


@pytest.mark.parametrize("read_only", [False, True])
async def test_an_empty_trash_says_how_something_comes_there(root: Path, read_only: bool) -> None:
    async with trash(root, settings=replace(SETTINGS, read_only=read_only)) as pilot:
        assert "The trash is empty." in screen(pilot)
        assert ("f8 moves what the cursor is on here" in screen(pilot)) != read_only
        assert pilot.app.why_not_now("trash.restore")  # type: ignore[attr-defined]


async def test_newest_first_with_what_tells_about_it(root: Path) -> None:
    async with trash(root, *NAMES) as pilot:
        assert listed(pilot) == ["quince", "pear", "apple"]
        shown = screen(pilot)
        assert "3 in the trash" in shown
        assert "content  The quince" in shown
        assert "by ann" in shown
        await press(pilot, "j")
        assert "content  The pear" in screen(pilot)


async def test_sorted_and_filtered(root: Path) -> None:
    async with trash(root, *NAMES) as pilot:
        await pilot.press("s")
        await answer(pilot, "Sort the trash", "p")
        assert listed(pilot) == ["apple", "pear", "quince"]
        await press(pilot, "slash", *"the ea", "enter")
        assert listed(pilot) == ["pear"]
        assert "1 of 3 in the trash" in screen(pilot)
        await press(pilot, "escape")
        assert listed(pilot) == ["apple", "pear", "quince"]


async def test_what_it_holds_is_shown_without_its_secrets(root: Path) -> None:
    async with trash(root, "pear") as pilot:
        await press(pilot, "enter")
        shown = screen(pilot)
        assert "shop/.dm/pear/meta.content.json" in shown
        assert '"The pear"' in shown
        assert "hush-hush" not in shown
        await press(pilot, "j")
        await wait_for(pilot, '"very"')
        await press(pilot, "enter", "escape", "escape")
        assert pane(pilot).inside is None
        assert pane(pilot).rows.has_focus


async def test_restored_after_the_preview(root: Path) -> None:
    async with trash(root, *NAMES) as pilot:
        await press(pilot, "j")
        await pilot.press("R")
        await answer(pilot, "Restore shop/pear", "enter")
        assert meta_of(root, "pear").exists()
        assert listed(pilot) == ["quince", "apple"]
        assert pane(pilot).rows.has_focus
        await pilot.press("U")
        await answer(pilot, "Take back", "enter")
        assert sorted(listed(pilot)) == sorted(NAMES)


async def test_restored_from_the_inside(root: Path) -> None:
    async with trash(root, "pear", "quince") as pilot:
        await press(pilot, "enter")
        await pilot.press("R")
        await answer(pilot, "Restore shop/quince", "enter")
        assert pane(pilot).inside is None
        assert listed(pilot) == ["pear"]


@pytest.mark.parametrize("key", ["R", "N"], ids=["place taken", "asked for"])
async def test_restored_under_another_name(root: Path, key: str) -> None:
    async with trash(root, "pear") as pilot:
        if key == "R":
            make_entry(root, "pear")
        await pilot.press(key)
        await wait_for(pilot, "Restore as")
        assert ("something stands there already" in screen(pilot)) == (key == "R")
        await pilot.press("2", "enter")
        await answer(pilot, "Restore shop/pear2", "enter")
        assert json.loads(meta_of(root, "pear2").read_text())["shortname"] == "pear2"


async def test_all_that_are_marked_come_back_as_one(root: Path) -> None:
    async with trash(root, *NAMES) as pilot:
        await press(pilot, "space", "j", "space")
        assert "2 marked" in screen(pilot)
        await pilot.press("R")
        await answer(pilot, "Restore 2 from the trash", "y")
        assert [meta_of(root, name).exists() for name in NAMES] == [True, False, True]
        assert listed(pilot) == ["pear"]


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        (("delete",), ["pear", "apple"]),
        (("space", "space", "delete"), ["apple"]),
        (("E",), []),
    ],
    ids=["one", "marked", "all"],
)
async def test_freed_only_after_a_question(root: Path, keys: tuple[str, ...], left: list[str]) -> None:
    async with trash(root, *NAMES) as pilot:
        *before, key = keys
        await press(pilot, *before)
        await pilot.press(key)
        await answer(pilot, "Nothing brings this back", "enter")
        assert len(listed(pilot)) == 3
        await pilot.press(key)
        await answer(pilot, "Nothing brings this back", "y")
        assert listed(pilot) == left
        assert len(list(trash_items(Store(Spaces(root), user="ann")))) == len(left)


@pytest.mark.parametrize(("days", "left"), [("3", []), ("30", ["pear"])])
async def test_freed_by_age(root: Path, days: str, left: list[str]) -> None:
    async with trash(root, "pear") as pilot:
        await pilot.press("o")
        await wait_for(pilot, "longer than so many days")
        await pilot.press("backspace", "backspace", *days, "enter")
        if left:
            await wait_for(pilot, "Nothing is in the trash for longer")
        else:
            await answer(pilot, "Nothing brings this back", "y")
        assert listed(pilot) == left


async def test_a_damaged_one_says_why_it_stays(root: Path) -> None:
    [item] = trash_items(throw_away(root, "pear"))
    (root / ".dmart-tui/trash" / item.identity / "manifest.json").write_text("{")
    async with trash(root) as pilot:
        assert "damaged" in pilot.app.why_not_now("trash.restore")  # type: ignore[attr-defined]
        assert "✗" in screen(pilot)
        await press(pilot, "enter")
        assert "meta.content.json" in screen(pilot)


async def test_read_only_looks_and_changes_nothing(root: Path) -> None:
    async with trash(root, "pear", settings=replace(SETTINGS, read_only=True)) as pilot:
        for verb in ("restore", "restore-as", "purge", "purge-old", "purge-all"):
            assert "read-only" in pilot.app.why_not_now(f"trash.{verb}")  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert '"The pear"' in screen(pilot)


async def test_what_is_thrown_away_meanwhile_shows(root: Path) -> None:
    async with trash(root, "pear") as pilot:
        desk = pilot.app.desk  # type: ignore[attr-defined]
        await desk.carry_out(plan_trash(desk.store, Address.parse("shop/quince")))
        await settle(pilot)
        assert sorted(listed(pilot)) == ["pear", "quince"]
