"""Bytes are a budget: what the real program sends for a key, a page, the mouse and nothing at all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.demo import make_demo
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("budgets") / "demo").root


@pytest.fixture(params=[(80, 24), (200, 50)], ids=["80x24", "200x50"])
def terminal(request: pytest.FixtureRequest, root: Path, tmp_path: Path) -> Iterator[Terminal]:
    columns, rows = request.param
    argv = [sys.executable, "-m", "dmart_tui", "--root", str(root), "--fresh"]
    with Terminal(argv, columns=columns, rows=rows, home=tmp_path, cwd=PROJECT) as running:
        running.wait_for("Attic")
        running.settle(0.5)
        yield running


def steps(terminal: Terminal, key: str, count: int) -> float:
    """Bytes a step while a key is held down; what follows a rest of the cursor is shared among the steps."""
    before = len(terminal.output)
    for _ in range(count):
        terminal.press(key, quiet=0.03)
    terminal.settle(0.4)
    return (len(terminal.output) - before) / count


def test_a_step_in_the_tree(terminal: Terminal) -> None:
    terminal.press("right", "right", quiet=0.3)
    assert steps(terminal, "down", 12) <= 1024


def test_a_page(terminal: Terminal) -> None:
    terminal.press("down", "right", quiet=0.3)
    assert terminal.press("pagedown", quiet=0.4) <= 15 * 1024
    assert terminal.press("pageup", quiet=0.4) <= 15 * 1024


def test_a_fold_and_an_unfold(terminal: Terminal) -> None:
    assert terminal.press("right", quiet=0.4) <= 15 * 1024
    assert terminal.press("left", quiet=0.4) <= 15 * 1024


def test_a_step_in_an_open_entry(terminal: Terminal) -> None:
    terminal.press("enter", quiet=0.4)
    assert steps(terminal, "down", 6) <= 1024


def test_the_mouse_moves_for_nothing(terminal: Terminal) -> None:
    assert 1003 not in terminal.modes
    before = len(terminal.output)
    for column in range(60):
        terminal.send(f"\x1b[<35;{column + 1};9M".encode())
    terminal.settle(0.4)
    assert len(terminal.output) == before


def test_idling_sends_nothing(terminal: Terminal) -> None:
    terminal.press("enter", quiet=0.5)
    assert terminal.listen(4) == 0
