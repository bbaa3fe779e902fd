"""Tools come back with the session: open, with nothing run before a person asks."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.address import Address
from dmart_tui.tui.panes.problems import ProblemsPane
from dmart_tui.tui.panes.timeline import TimelinePane
from tests.support.app import make, settle
from tests.support.panes import screen

if TYPE_CHECKING:
    from pathlib import Path


async def leave_with(root: Path, tool: str, address: Address | None) -> None:
    app = make(root)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.open_tool(tool, address)
        await settle(pilot)
        await app.action_quit()


@pytest.mark.parametrize("address", [None, Address("docs")])
async def test_a_check_comes_back_and_waits_for_its_key(address: Address | None, demo_root: Path) -> None:
    await leave_with(demo_root, "problems", address)
    app = make(demo_root)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        pane = app.query_one(ProblemsPane)
        assert pane.address == address
        assert pane.job is None
        assert "press R to check" in screen(pilot)
        pane.rows.focus()
        await pilot.press("R")
        await settle(pilot)
        assert pane.job is not None
        assert pane.job.state == "done"
        assert "press R to check" not in screen(pilot)


async def test_a_timeline_comes_back_and_waits_for_its_key(demo_root: Path) -> None:
    await leave_with(demo_root, "timeline", None)
    app = make(demo_root)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        pane = app.query_one(TimelinePane)
        assert "press R to read" in screen(pilot)
        pane.browser.list.focus()
        await pilot.press("R")
        await settle(pilot)
        assert pane.browser.rows.items


async def test_a_tool_whose_branch_is_gone_stays_away(demo_root: Path, tmp_path: Path) -> None:
    root = tmp_path / "spaces"
    shutil.copytree(demo_root / "docs", root / "docs", symlinks=True)
    await leave_with(root, "problems", Address("docs"))
    (root / "docs").rename(root / "moved")
    app = make(root)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert not app.query(ProblemsPane)
        assert not any(told.severity == "error" for told in app.notices)
