"""What the archive pane of the real program sends: for a step, a page, a typed character, and nothing at all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.archives import Made, des1
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
STEP = 1024
PAGE = 15 * 1024
HELD = 0.03
"""Seconds of quiet between two repeats of a key."""
RESTED = 0.5
SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x50": (200, 50)}
KINDS = (b"report", b"picture", b"invoice", b"letter", b"contract")


@pytest.fixture(params=SIZES.values(), ids=SIZES)
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """The program on an archive of some thousand members, without a spaces folder."""
    columns, rows = request.param
    members = (
        Made(b"%s-%04d-of-the-archive.txt" % (KINDS[number % 5], number * 7919 % 5000), b"line %d\n" % number * 9)
        for number in range(3000)
    )
    where = tmp_path / "members.des"
    where.write_bytes(des1(*members))
    argv = [sys.executable, "-m", "dmart_tui", str(where)]
    with Terminal(argv, columns=columns, rows=rows, home=tmp_path, cwd=PROJECT) as running:
        running.wait_for("3,000 members")
        running.wait_for("line 0")
        running.settle(RESTED)
        yield running


def test_steps_pages_and_typed_characters(terminal: Terminal) -> None:
    keys = ("down", "down", "down", "up", "down", "up", "up", *["down"] * 12)
    step = terminal.press(*keys, quiet=HELD) / len(keys)
    terminal.settle(RESTED)
    assert 0 < step <= STEP
    assert 0 < terminal.press("pagedown", quiet=RESTED) <= PAGE
    terminal.press("/", quiet=RESTED)
    typed = {char: terminal.press(char, quiet=RESTED) for char in "rep12"}
    assert max(typed.values()) <= STEP, typed
    assert min(typed.values()) > 0
    assert 0 < terminal.press("enter", quiet=RESTED) <= PAGE


def test_nothing_while_nothing_happens(terminal: Terminal) -> None:
    assert terminal.listen(10) == 0
