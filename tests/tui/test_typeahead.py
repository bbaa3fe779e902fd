"""Keys that arrive together: each goes where it would go if the one before it had been waited for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from textual import events
from textual.widgets import Input

from dmart_tui.tui.screens.find import Find
from dmart_tui.tui.screens.palette import Help, Palette
from tests.support.app import make, settle

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot
    from textual.screen import Screen

    from dmart_tui.tui.app import DmartApp

NAMES = {"/": "slash", ":": "colon", "?": "question_mark", "\r": "enter"}


async def burst(pilot: Pilot[None], text: str) -> None:
    """Send keys as one packet brings them: all before the first is handled."""
    for letter in text:
        pilot.app.post_message(events.Key(NAMES.get(letter, letter), letter))
    await pilot.pause()


async def test_what_follows_a_slash_is_the_filter(demo_root: Path) -> None:
    app = make(demo_root, fresh=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await burst(pilot, "/qxp")
        await settle(pilot)
        line = app.tree_pane.query_one(Input)
        assert line.value == "qxp"
        assert line.has_focus
        assert not any(document.kept for document in app.workspace.documents)


@pytest.mark.parametrize(
    ("keys", "kind", "text"), [("fpq", Find, "pq"), (":them", Palette, "them"), ("?hist", Help, "hist")]
)
async def test_what_follows_the_key_of_a_dialog_is_typed_there(
    keys: str, kind: type[Screen[object]], text: str, demo_root: Path
) -> None:
    app = make(demo_root, fresh=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await burst(pilot, keys)
        while app._feeding:
            await pilot.pause()
        assert isinstance(app.screen, kind)
        assert app.screen.query_one(Input).value == text
        await pilot.press("escape")
        await settle(pilot)


async def test_a_slow_action_holds_up_only_the_next_key_and_not_for_long(demo_root: Path) -> None:
    app = make(demo_root, fresh=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        never = asyncio.Event()
        app.set_off(app.tasks.spawn(never.wait()))
        await burst(pilot, "/a")
        while app._feeding:
            await pilot.pause()
        assert app.tree_pane.query_one(Input).value == "a"
        assert not app._under_way
        never.set()


async def test_a_key_by_itself_goes_on_in_the_turn_it_came(demo_root: Path) -> None:
    app = make(demo_root, fresh=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.on_event(events.Key("j", "j"))
        assert not app._feeding
        assert app.focused is not None
        assert app.focused.message_queue_size


async def test_pasted_text_follows_the_keys_before_it(demo_root: Path) -> None:
    app: DmartApp = make(demo_root, fresh=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.post_message(events.Key("slash", "/"))
        app.post_message(events.Paste("pasted"))
        await settle(pilot)
        assert app.tree_pane.query_one(Input).value == "pasted"
