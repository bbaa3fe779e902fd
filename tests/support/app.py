"""Driving the whole app in tests: start it, press keys, wait until nothing runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from dmart_tui.core.config import Settings
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.widgets.footer import StatusLine
from tests.support.panes import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

QUIET = Settings(theme="night", watch=False)


def make(root: Path | None, settings: Settings = QUIET, *, fresh: bool = False) -> DmartApp:
    return DmartApp(settings, root, fresh=fresh)


async def settle(pilot: Pilot[None]) -> None:
    """Everything that runs has ended and is on the screen."""
    app = pilot.app
    assert isinstance(app, DmartApp)
    await pilot.pause()
    await asyncio.wait_for(app.tasks.idle(), PATIENCE)
    await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys of actions that open a dialog, which stay busy until it is answered."""
    await pilot.press(*keys)
    await pilot.pause()


def bottom_line(app: DmartApp) -> str:
    """What the bottom line says."""
    return "".join(segment.text for segment in app.screen_stack[0].query_one(StatusLine).render_line(0))


def notices(app: DmartApp) -> list[str]:
    """Everything that was notified."""
    return [told.text for told in app.notices]
