"""A root with a past: entries with histories, an event log, and the real app with a tool over them."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from dmart_tui.core.config import Settings
from dmart_tui.tui.app import DmartApp
from tests.support.panes import settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from textual.pilot import Pilot


def record(time: str, owner: str, key: str, old: Any, new: Any) -> str:
    """A line of a history."""
    return json.dumps({"owner_shortname": owner, "timestamp": time, "diff": {key: {"old": old, "new": new}}}) + "\n"


def event(time: str, owner: str, request: str, name: str, **more: Any) -> str:
    """A line of an event log, about an entry of `shop/docs`."""
    resource = {"type": "content", "space_name": "shop", "subpath": "docs", "shortname": name}
    told = {"resource": resource, "user_shortname": owner, "request": request, "timestamp": time, **more}
    return json.dumps(told) + "\n"


def make_past(root: Path, histories: Mapping[str, str], events: str) -> Path:
    """The space `shop` with the folders `docs` and `other`; histories by the homes of their entries below it."""
    for folder, kind in (("shop", "space"), ("shop/docs", "folder"), ("shop/other", "folder")):
        (root / folder / ".dm").mkdir(parents=True)
        (root / folder / f".dm/meta.{kind}.json").write_text(json.dumps({"shortname": "x", "is_active": True}))
    for where, lines in histories.items():
        home = root / "shop" / where
        home.mkdir()
        (home / "meta.content.json").write_text(json.dumps({"shortname": home.name, "is_active": True}))
        (home / "history.jsonl").write_text(lines)
    (root / "shop/.dm/events.jsonl").write_text(events)
    return root


@asynccontextmanager
async def looking_at(root: Path, tool: str) -> AsyncIterator[Pilot[None]]:
    """The app with a tool over the whole root, on a large screen."""
    app = DmartApp(Settings(watch=False, restore=False), root)
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(pilot)
        await app.open_tool(tool)
        await settle(pilot)
        yield pilot
