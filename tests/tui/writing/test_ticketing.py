"""Tickets by the keyboard: the diagram, the ways on, resolution and comment, and what is written."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.spaces import Rights
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.writing.desk import Desk
from dmart_tui.tui.writing.ticketing import TicketDialog
from tests.support.app import QUIET, notices
from tests.support.panes import make_entry, make_space, press, screen, settle, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

WORKFLOW = {
    "name": "Repairs",
    "initial_state": [{"name": "new", "roles": ["default"]}],
    "states": [
        {
            "name": "New",
            "state": "new",
            "next": [
                {"action": "start", "state": "busy", "roles": ["fitter"]},
                {"action": "drop", "state": "ended", "roles": ["lead"], "resolution_required": True},
            ],
        },
        {"name": "Busy", "state": "busy", "next": [{"action": "stop", "state": "new", "roles": ["fitter"]}]},
        {"name": "Ended", "state": "ended", "resolutions": [{"key": "broken", "en": "Broken", "ar": "مكسور"}, "lost"]},
    ],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_space(tmp_path)
    folder = tmp_path / "shop/workflows"
    for place, meta in (
        (folder / ".dm/meta.folder.json", {"shortname": "workflows", "is_active": True}),
        (folder / ".dm/repairs/meta.content.json", _workflow_meta()),
        (tmp_path / "shop/.dm/pump/meta.ticket.json", _ticket("new", is_open=True)),
        (tmp_path / "shop/.dm/hose/meta.ticket.json", _ticket("ended", is_open=False)),
    ):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(meta))
    (folder / "repairs.json").write_text(json.dumps(WORKFLOW))
    make_entry(tmp_path, "note")
    return tmp_path


def _workflow_meta() -> dict[str, Any]:
    payload = {"content_type": "json", "schema_shortname": "workflow", "body": "repairs.json"}
    return {"shortname": "repairs", "is_active": True, "payload": payload}


def _ticket(state: str, *, is_open: bool) -> dict[str, Any]:
    return {"shortname": "t", "is_active": True, "workflow_shortname": "repairs", "state": state, "is_open": is_open}


def meta(root: Path, name: str = "pump") -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads((root / f"shop/.dm/{name}/meta.ticket.json").read_text()))


@asynccontextmanager
async def at(root: Path, address: str, *, width: int = 80) -> AsyncIterator[tuple[DmartApp, Pilot[None]]]:
    app = DmartApp(QUIET, root, fresh=True)
    async with app.run_test(size=(width, 24)) as pilot:
        await settle(pilot)
        await app.tree_pane.locate(Address.parse(address))
        await settle(pilot)
        yield app, pilot


@pytest.mark.parametrize("width", [80, 200])
async def test_one_dialog_shows_the_workflow_and_asks_for_way_resolution_and_comment(root: Path, width: int) -> None:
    async with at(root, "shop/pump", width=width) as (_app, pilot):
        await pilot.press("F")
        await wait_for(pilot, "Ways on")
        shown = screen(pilot)
        assert "[● new]" in shown and "[busy ]" in shown and "[ended]" in shown and "▼" in shown
        await pilot.press("d")
        await wait_for(pilot, "broken")
        assert "Broken" in screen(pilot)
        await pilot.press("down", "tab", *"worn", "enter", *"out", "f2")
        await wait_for(pilot, "enter does it")
        await pilot.press("enter")
        await settle(pilot)
    found = meta(root)
    assert (found["state"], found["resolution_reason"], found["is_open"]) == ("ended", "lost", False)
    comment = next((root / "shop/.dm/pump").glob("attachments.comment/meta.*.json"))
    assert json.loads(comment.read_text())["body"] == "worn\nout"


async def test_enter_on_a_way_without_resolutions_goes_on_to_the_preview(root: Path) -> None:
    async with at(root, "shop/pump") as (_app, pilot):
        await pilot.press("F")
        await wait_for(pilot, "Ways on")
        await pilot.press("enter")
        await wait_for(pilot, "enter does it")
        await pilot.press("enter")
        await settle(pilot)
        assert meta(root)["state"] == "busy"
        await pilot.press("U")
        await wait_for(pilot, "Y does it all the same")  # the state goes back without its workflow
        await pilot.press("Y")
        await settle(pilot)
    assert meta(root)["state"] == "new"


async def test_who_the_tree_is_viewed_as_takes_only_the_ways_of_their_roles(root: Path) -> None:
    async with at(root, "shop/pump") as (app, pilot):
        cast("Desk", app.desk).viewing = Rights("sara", roles=("fitter",))
        await pilot.press("F")
        await wait_for(pilot, "Ways on")
        await pilot.press("d")
        await pilot.pause()
        assert "Not this way: drop is for lead." in notices(app)
        assert "drop is for lead" in screen(pilot)
        await pilot.press("f2")
        assert isinstance(app.screen, TicketDialog)
    assert meta(root)["state"] == "new"


async def test_a_closed_ticket_shows_where_it_ended(root: Path) -> None:
    async with at(root, "shop/hose") as (app, pilot):
        await pilot.press("F")
        await wait_for(pilot, "The ticket is closed.")
        assert "[● ended]" in screen(pilot)
        await pilot.press("f2")
        assert "The ticket is closed." in notices(app)


async def test_what_is_no_ticket_says_so_once_that_is_known(root: Path) -> None:
    async with at(root, "shop/note") as (app, pilot):
        await app.open(Address.parse("shop/note"))
        await settle(pilot)
        assert app.why_not_now("change.progress") == "This is no ticket."


async def test_a_workflow_shows_as_a_diagram_with_who_may_take_each_way(root: Path) -> None:
    async with at(root, "shop/workflows/repairs", width=120) as (app, pilot):
        await app.open(Address.parse("shop/workflows/repairs"), "payload")
        await settle(pilot)
        await press(pilot, "v")
        shown = screen(pilot)
        assert "[ new ]" in shown and "start → busy  fitter" in shown
        assert "drop → ended  lead, with a resolution" in shown
        assert "resolutions: broken, lost" in shown
