"""Bytes are a budget in the text editor too: a key sends what it changed, and nothing is sent when nothing is done."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
STEP = 1024
REST = 0.2
SHIFT_LEFT = "\x1b[1;2D"
F6 = "\x1b[17~"
SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x50": (200, 50)}


@pytest.fixture(params=SIZES.values(), ids=SIZES)
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """The editor with 50 KB of JSON, its cursor in a string some lines below the top."""
    columns, rows = request.param
    items = [{"name": f"pear {n}", "price": n, "tags": ["a", "b"], "ripe": n % 2 == 0} for n in range(450)]
    file = tmp_path / "pears.json"
    file.write_text(json.dumps({"first": items[0], "items": items}, indent=2))
    argv = [sys.executable, "-m", "tests.support.sample_editor", str(file), "json"]
    with Terminal(argv, columns=columns, rows=rows, cwd=PROJECT) as running:
        running.wait_for("pear 0")
        running.settle(0.5)
        running.press(*["down"] * 2, "end", "left", "left", quiet=REST)
        yield running


@pytest.mark.parametrize(
    "keys",
    [
        ("x", "y", " ", "z"),
        ("backspace", "backspace"),
        ("left", "up", "down", "right"),
        ("ctrl+z", "ctrl+y"),
        (SHIFT_LEFT, SHIFT_LEFT),
        ("home", "end"),
    ],
    ids=["typed", "erased", "moved", "undone", "selected", "ends"],
)
def test_a_key_costs_little(terminal: Terminal, keys: tuple[str, ...]) -> None:
    terminal.press("w", quiet=REST)
    bills = {f"{number} {key}": terminal.press(key, quiet=REST) for number, key in enumerate(keys)}
    assert all(0 < bill <= STEP for bill in bills.values()), bills


def test_a_fold_costs_what_comes_up_below_it(terminal: Terminal) -> None:
    terminal.press("down", "down", quiet=REST)
    bills = [terminal.press(F6, quiet=REST)]
    assert "⋯" in terminal.screen()
    bills.append(terminal.press(F6, quiet=REST))
    assert "⋯" not in terminal.screen()
    assert all(0 < bill <= STEP for bill in bills), bills


def test_ten_idle_seconds(terminal: Terminal) -> None:
    terminal.press("x", quiet=REST)
    terminal.settle(1)
    assert terminal.listen(10) == 0
