"""The history store that is kept of a root: read in when asked, made anew when damaged, and left to another writer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.config import Settings
from dmart_tui.core.historydb import Store
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.histories import Histories, histories
from tests.support.panes import make_entry, make_space, settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LINE = json.dumps({"owner_shortname": "mia", "timestamp": "2026-03-01", "diff": {"slug": {"old": "a", "new": "b"}}})


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[DmartApp]:
    root = make_space(tmp_path / "spaces")
    (make_entry(root, "apple") / "history.jsonl").write_text(LINE + "\n")
    app = DmartApp(Settings(watch=False, restore=False), root)
    async with app.run_test() as pilot:
        await settle(pilot)
        yield app


async def read(kept: Histories) -> int:
    """How many changes there are once it was read in."""
    kept.update()
    await kept._app.tasks.idle()
    with Store.open(str(kept.path)) as store:
        return len(list(store.documents()))


async def test_it_is_read_in_once_when_asked(app: DmartApp) -> None:
    kept = histories(app)
    assert not kept.path.exists()
    kept.want()
    await app.tasks.idle()
    assert kept.words().startswith("as of")
    first = kept.task
    kept.want()
    assert kept.task is first
    assert histories(app) is kept
    assert await read(kept) == 1


async def test_a_damaged_one_is_made_anew(app: DmartApp) -> None:
    kept = histories(app)
    assert await read(kept) == 1
    (kept.path / "STORE.msgpack").write_bytes(b"nonsense")
    assert await read(kept) == 1


async def test_somebody_else_who_writes_it_is_told_of(app: DmartApp) -> None:
    kept = histories(app)
    assert await read(kept) == 1
    with Store.open(str(kept.path), write=True):
        assert await read(kept) == 1
    assert kept.words().startswith("!")
    assert not kept.busy


async def test_it_can_be_stopped(app: DmartApp) -> None:
    kept = histories(app)
    kept.update()
    app.tasks.stop_group("histories")
    await app.tasks.idle()
    assert kept.words() == "! stopped before its end"
    assert await read(kept) == 1
