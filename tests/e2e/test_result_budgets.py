"""What the grid and the charts of a query's result send for a key, in a real terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.panes import make_space
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
STEP = 1024
PAGE = 15 * 1024
HELD = 0.05
RESTED = 0.4
SQL = """SELECT range AS id, md5(range::VARCHAR) AS hash, range % 97 AS grp, (range * 1.5)::DECIMAL(18,2) AS price,
    CASE WHEN range % 3 = 0 THEN NULL ELSE 'text ' || range END AS note, sha1(range::VARCHAR) AS other,
    DATE '2024-01-01' + (range % 700)::INT AS day FROM range(200000)"""


@pytest.fixture(params=[(80, 24), (200, 50)], ids=["80x24", "200x50"])
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    columns, rows = request.param
    root = make_space(tmp_path / "a root")
    argv = [sys.executable, "-m", "tests.support.result_app", str(root), SQL]
    with Terminal(argv, columns=columns, rows=rows, home=tmp_path, cwd=PROJECT) as running:
        running.wait_for("row 1 of")
        running.settle(RESTED)
        yield running


def each(terminal: Terminal, *keys: str) -> float:
    """Bytes a key while keys are held down."""
    bill = terminal.press(*keys, quiet=HELD) / len(keys)
    terminal.settle(RESTED)
    return bill


def test_steps_pages_and_jumps(terminal: Terminal) -> None:
    down, right = each(terminal, *["down"] * 5, *["up"] * 4), each(terminal, *["right"] * 3, *["left"] * 2)
    assert 0 < down <= STEP
    assert 0 < right <= STEP
    assert 0 < terminal.press("space", quiet=RESTED) <= STEP
    assert 0 < terminal.press("pagedown", quiet=RESTED) <= PAGE
    assert 0 < terminal.press("home", quiet=RESTED) <= PAGE


def test_bars_and_their_cursor(terminal: Terminal) -> None:
    terminal.press("right", "right", "v", quiet=RESTED)
    terminal.wait_for("sum of grp along day")
    for keys, words in (("cb", "sum of grp by day"), ("fn", "rows by day"), ("lgrp\r", "rows by grp")):
        terminal.press("V", *keys, quiet=RESTED)
        terminal.wait_for(words)
    terminal.settle(RESTED)
    assert 0 < each(terminal, *["down"] * 5, *["up"] * 4) <= STEP
