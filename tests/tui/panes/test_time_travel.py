"""Changes of the past taken back and what was restored: from a history, its time slider, and the timeline."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.history import HistoryPane
from dmart_tui.tui.panes.history.asitwas import AsItWas
from dmart_tui.tui.panes.timeline import TimelinePane
from tests.support.panes import make_space, press, settle, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

NOTE = Address.parse("shop/docs/note")
SETTINGS = Settings(watch=False, restore=False, user="ann")
CHANGES: list[dict[str, Any]] = [
    {"slug": {"old": "null", "new": "one"}},
    {"tags": {"old": ["old"], "new": ["urgent"]}},
    {"description": {"old": "It was missing.", "new": "It was broken."}},
    {"lock_type": {"old": "null", "new": "lock"}},
    {"slug": {"old": "one", "new": "two"}, "password": {"old": "hush-hush", "new": "hush-more"}},
]
"""Of the history, oldest first; as the list shows them, the newest is number 0."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    home = make_space(tmp_path) / "shop/docs/.dm/note"
    home.mkdir(parents=True)
    (home.parent / "meta.folder.json").write_text(json.dumps({"shortname": "docs", "is_active": True}))
    described = {
        "shortname": "note",
        "is_active": True,
        "owner_shortname": "dana",
        "created_at": "2026-02-01T10:00:00",
        "updated_at": "2026-03-05T10:00:00",
        "slug": "two",
        "tags": ["urgent"],
        "description": "It was broken.",
        "password": "hush-more",
    }
    (home / "meta.content.json").write_text(json.dumps(described))
    lines = [
        {"shortname": "history", "owner_shortname": "dana", "timestamp": f"2026-03-{day:02}T10:00:00", "diff": diff}
        for day, diff in enumerate(CHANGES, 1)
    ]
    (home / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    event = {
        "resource": {"type": "content", "space_name": "shop", "subpath": "docs", "shortname": "note"},
        "user_shortname": "dana",
        "request": "create",
        "timestamp": "2026-02-01T10:00:00",
    }
    (tmp_path / "shop/.dm/events.jsonl").write_text(json.dumps(event) + "\n")
    return tmp_path


@asynccontextmanager
async def opened(root: Path, settings: Settings = SETTINGS) -> AsyncIterator[Pilot[None]]:
    app = DmartApp(settings, root)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.open(NOTE, "history")
        await settle(pilot)
        yield pilot


def meta(root: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((root / "shop/docs/.dm/note/meta.content.json").read_text()))


def pane(pilot: Pilot[None]) -> HistoryPane:
    return pilot.app.screen_stack[0].query_one(HistoryPane)


def why_not(pilot: Pilot[None], action: str) -> str:
    return cast("DmartApp", pilot.app).why_not_now(action) or ""


def newest(view: HistoryPane | TimelinePane) -> list[str]:
    """The keys of the first line, on which the cursor stands."""
    assert view.browser.list.cursor <= 1  # a heading of the day may be first
    assert view.browser.current is not None
    return [change.key for change in view.browser.current.changes]


async def agree(pilot: Pilot[None], words: str, key: str = "enter") -> None:
    """Wait for the preview of a change and let it be made."""
    await wait_for(pilot, words)
    await wait_for(pilot, "What the log gets")
    await pilot.press(key)
    await settle(pilot)


async def test_a_change_is_reverted_as_a_new_one_that_shows_at_once(root: Path) -> None:
    async with opened(root) as pilot:
        await press(pilot, *"jj")
        await pilot.press("V")
        await agree(pilot, "Revert the change of 2026-03-03")
        assert meta(root)["description"] == "It was missing."
        assert pane(pilot).browser.rows.count == len(CHANGES) + 1
        assert newest(pane(pilot)) == ["description"]


async def test_a_secret_is_reverted_to_what_the_file_holds(root: Path) -> None:
    async with opened(root) as pilot:
        await pilot.press("V")
        await agree(pilot, "Revert the change of 2026-03-05")
        assert (meta(root)["slug"], meta(root)["password"]) == ("one", "hush-hush")


async def test_the_whole_entry_comes_back(root: Path) -> None:
    async with opened(root) as pilot:
        await press(pilot, *"jjj")
        await pilot.press("W")
        await wait_for(pilot, "Only tags")
        await pilot.press("w")
        await agree(pilot, "Restore shop/docs/note to 2026-03-02", "Y")
        assert (meta(root)["description"], meta(root)["slug"]) == ("It was missing.", "one")
        assert set(newest(pane(pilot))) >= {"description", "slug"}


async def test_one_key_comes_back_from_the_list(root: Path) -> None:
    async with opened(root) as pilot:
        await press(pilot, *"jjjj")
        await pilot.press("W")
        await wait_for(pilot, "Only slug")
        await pilot.press("1")
        await agree(pilot, "Restore shop/docs/note to 2026-03-01")
        assert (meta(root)["description"], meta(root)["slug"]) == ("It was broken.", "one")


async def test_the_slider_restores_the_key_under_the_cursor(root: Path) -> None:
    async with opened(root) as pilot:
        await press(pilot, *"jjj", "a")
        aside = pane(pilot).aside
        assert isinstance(aside, AsItWas)
        aside.whole.reveal("description")
        await pilot.press("W")
        await wait_for(pilot, "1  Only description")
        await pilot.press("1")
        await agree(pilot, "Restore shop/docs/note to 2026-03-02")
        assert (meta(root)["description"], meta(root)["slug"]) == ("It was missing.", "two")
        assert pane(pilot).aside is None
        assert newest(pane(pilot)) == ["description"]


async def test_the_slider_reverts_the_change_of_its_moment(root: Path) -> None:
    async with opened(root) as pilot:
        await press(pilot, *"jj", "a")
        await pilot.press("V")
        await agree(pilot, "Revert the change of 2026-03-03")
        assert meta(root)["description"] == "It was missing."


async def test_before_it_was_made_there_is_nothing_to_restore(root: Path) -> None:
    async with opened(root) as pilot:
        await press(pilot, "a", "g")
        assert why_not(pilot, "history.restore") == "It did not exist then."
        assert why_not(pilot, "history.revert") == "No change is recorded just then."


async def test_a_line_that_changed_no_key_says_so(root: Path) -> None:
    async with opened(root) as pilot:
        await press(pilot, "j")
        assert why_not(pilot, "history.revert") == "This line changed no key of the entry."


async def test_read_only_says_so(root: Path) -> None:
    async with opened(root, Settings(watch=False, restore=False, read_only=True)) as pilot:
        for action in ("history.revert", "history.restore"):
            assert "read-only" in why_not(pilot, action)


@pytest.mark.parametrize(("key", "words"), [("V", "Revert the change of 2026-03-03"), ("W", "Restore to 2026-03-03")])
async def test_the_timeline_leads_back_too(root: Path, key: str, words: str) -> None:
    async with opened(root) as pilot:
        await cast("DmartApp", pilot.app).open_tool("timeline")
        await settle(pilot)
        timeline = pilot.app.screen_stack[0].query_one(TimelinePane)
        while (item := timeline.browser.current) is not None and item.timestamp != "2026-03-03T10:00:00":
            await press(pilot, "j")
        await pilot.press(key)
        await wait_for(pilot, words)
        if key == "W":
            await pilot.press("w")
            await agree(pilot, "Restore shop/docs/note", "Y")
            assert meta(root)["slug"] == "one"
        else:
            await agree(pilot, words)
            assert meta(root)["description"] == "It was missing."
            assert newest(timeline) == ["description"]
        assert timeline.browser.current is not None
        assert timeline.browser.current.owner == "ann"


async def test_an_event_says_why_it_cannot_be_reverted(root: Path) -> None:
    async with opened(root) as pilot:
        await cast("DmartApp", pilot.app).open_tool("timeline")
        await settle(pilot)
        await press(pilot, "G")
        assert "event log" in why_not(pilot, "timeline.revert")
