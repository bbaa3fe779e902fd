"""Opening one view of one entry in the real app, and reading what its screen shows."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.tui.app import DmartApp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

PATIENCE = 60
"""Seconds that what a key started may take, on the slowest machine."""


def make_space(root: Path) -> Path:
    """A root with one empty space, `shop`."""
    home = root / "shop" / ".dm"
    home.mkdir(parents=True)
    (home / "meta.space.json").write_text(json.dumps({"shortname": "shop", "is_active": True}))
    return root


def make_entry(root: Path, name: str, payload: object = None, data: bytes | None = None, **meta: object) -> Path:
    """An entry of `shop` whose payload names a file (written when there is `data`); gives the entry's directory."""
    home = root / "shop" / ".dm" / name
    home.mkdir(parents=True)
    described = {"shortname": name, "is_active": True, "owner_shortname": "dana", "payload": payload, **meta}
    (home / "meta.content.json").write_text(json.dumps(described))
    if data is not None and isinstance(payload, dict):
        (root / "shop" / str(payload["body"])).write_bytes(data)
    return home


@asynccontextmanager
async def opened(root: Path, address: str, view: str, size: tuple[int, int] = (120, 30)) -> AsyncIterator[Pilot[None]]:
    """The app with one entry open in one view that has the focus."""
    app = DmartApp(Settings(watch=False, restore=False), root)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await app.open(Address.parse(address), view)
        await settle(pilot)
        yield pilot


async def settle(pilot: Pilot[None]) -> None:
    """Wait until nothing runs that a key started; a dialog that nobody answers is a failure, not a wait for ever."""
    app: Any = pilot.app
    for _ in range(3):
        await pilot.pause()
        await asyncio.wait_for(app.tasks.idle(), PATIENCE)
        await app.workers.wait_for_complete()
    await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys and wait for what they started."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def screen(pilot: Pilot[None]) -> str:
    """All that the screen shows."""
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in pilot.app.screen._compositor.render_strips()
    )


async def wait_for(pilot: Pilot[None], words: str) -> None:
    """Wait until the screen shows something: for dialogs, whose actions stay busy until they are answered."""
    until = monotonic() + PATIENCE
    while monotonic() < until:
        if words in screen(pilot):
            return
        await pilot.pause(0.02)
    raise AssertionError(f"{words!r} is not on the screen:\n{screen(pilot)}")
