from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.tui.app import DmartApp
from tests.support.panes import make_entry, make_space, press, screen, settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

LONG = "words " * 40


@pytest.fixture
async def passed_by(tmp_path: Path) -> AsyncIterator[Pilot[None]]:
    """An entry in the preview, the focus in the tree."""
    make_entry(make_space(tmp_path), "pear", description=LONG, colour="green", uuid="0e35a23d")
    app = DmartApp(Settings(watch=False, restore=False), tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await app.workspace.preview(Address.parse("shop/pear"))
        await settle(pilot)
        yield pilot


def described(shown: str) -> list[str]:
    return [line for line in shown.splitlines() if "words words" in line]


async def test_an_entry_that_is_passed_by_shows_what_tells_most(passed_by: Pilot[None]) -> None:
    shown = screen(passed_by)
    assert "dana" in shown
    assert len(described(shown)) == 1
    assert "…" in shown
    assert "enter opens all of it" in shown
    assert not any(words in shown for words in ("green", "0e35a23d", "Where it is"))


@pytest.mark.parametrize("keys", [("tab",), ("K",)], ids=["focused", "kept"])
async def test_an_entry_that_is_looked_at_shows_everything(passed_by: Pilot[None], keys: tuple[str, ...]) -> None:
    await press(passed_by, *keys)
    shown = screen(passed_by)
    assert all(words in shown for words in ("green", "0e35a23d", "Where it is"))
    assert len(described(shown)) > 1


async def test_an_opened_entry_shows_everything(passed_by: Pilot[None]) -> None:
    await passed_by.app.open(Address.parse("shop/pear"), focus=False)  # type: ignore[attr-defined]
    await settle(passed_by)
    assert "green" in screen(passed_by)
    assert "enter opens all of it" not in screen(passed_by)


async def test_what_is_shown_before_the_layout_is_known_is_cut_no_shorter(tmp_path: Path) -> None:
    make_entry(make_space(tmp_path), "pear")
    app = DmartApp(Settings(watch=False, restore=False), tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        created = next(line for line in screen(pilot).splitlines() if "created" in line)
        assert "…" not in created
