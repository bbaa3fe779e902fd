"""What the activity of the real program sends: for a step in a chart, a narrowing, and nothing at all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.changelog import import_spaces
from dmart_tui.core.spaces import Spaces
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
STEP = 1024
PAGE = 15 * 1024
HELD = 0.03
"""Seconds of quiet between two repeats of a key."""
RESTED = 0.5
SIZES = {"80x24": (80, 24), "200x50": (200, 50)}


@pytest.fixture(params=SIZES.values(), ids=SIZES)
def terminal(request: pytest.FixtureRequest, demo_root: Path, tmp_path: Path) -> Iterator[Terminal]:
    """The program on the demo's history store, without a spaces folder."""
    columns, rows = request.param
    where = tmp_path / "demo.hdb"
    import_spaces(Spaces(demo_root), where)
    argv = [sys.executable, "-m", "dmart_tui", str(where)]
    with Terminal(argv, columns=columns, rows=rows, home=tmp_path, cwd=PROJECT) as running:
        # Charts are counted one after another; what the last one of those in view counts is the end of it.
        running.wait_for("removed" if rows > 24 else "█")
        running.settle(2)
        yield running


def test_steps_in_charts_and_what_narrows_them(terminal: Terminal) -> None:
    days = ("left", "left", "up", "down", "right", *["left"] * 10)
    assert 0 < terminal.press(*days, quiet=HELD) / len(days) <= STEP
    terminal.press("ctrl+i", "ctrl+i", "ctrl+i", quiet=RESTED)  # tab
    bars = ("down", "down", "up", "down")
    assert 0 < terminal.press(*bars, quiet=HELD) / len(bars) <= STEP
    assert 0 < terminal.press("space", quiet=RESTED) <= PAGE
    assert 0 < terminal.press("enter", quiet=RESTED) <= PAGE
    terminal.wait_for("newest first")
    terminal.settle(1)
    rows = ("down", "down", "up", "down")
    assert 0 < terminal.press(*rows, quiet=HELD) / len(rows) <= STEP


def test_nothing_while_nothing_happens(terminal: Terminal) -> None:
    assert terminal.listen(5) == 0
