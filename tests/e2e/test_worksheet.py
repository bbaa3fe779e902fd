"""The worksheet in a terminal: a key sends little, nothing done sends nothing, a dropped line loses nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.sql.sheets.keep import keep_file
from dmart_tui.core.sql.sheets.worksheets import Worksheets
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = [sys.executable, "-m", "dmart_tui"]
STEP = 1024
REST = 0.4


@pytest.fixture(params=[(80, 24), (200, 50)], ids=["80x24", "200x50"])
def terminal(request: pytest.FixtureRequest, demo_root: Path, tmp_path: Path) -> Iterator[Terminal]:
    """A worksheet whose names are known."""
    columns, rows = request.param
    argv = [*PROGRAM, "--root", str(demo_root)]
    with Terminal(argv, columns=columns, rows=rows, home=tmp_path, cwd=tmp_path) as running:
        running.wait_for("Attic")
        running.press("|")
        running.wait_for("Nothing was run yet")
        running.send(b"select * from spaces.")
        running.wait_for("relationships")
        running.settle(1)
        yield running


def test_a_key_costs_little_with_completion_and_without_and_rest_nothing(terminal: Terminal) -> None:
    bills = {key: terminal.press(key, quiet=REST) for key in ("e", "n", "t", "tab")}
    assert "spaces.entries" in terminal.screen()
    bills |= {f"then {key}": terminal.press(key, quiet=REST) for key in (" ", "w", "h", "e", "r", "e", " ", "1")}
    bills |= {f"moved {key}": terminal.press(key, quiet=REST) for key in ("left", "home", "end")}
    assert all(0 < bill <= STEP for bill in bills.values()), bills
    terminal.settle(2)  # the text is saved a second after the last key
    assert terminal.listen(3) == 0


def test_a_dropped_line_loses_nothing(demo_root: Path, tmp_path: Path) -> None:
    argv = [*PROGRAM, "--root", str(demo_root)]
    with Terminal(argv, columns=80, rows=24, home=tmp_path, cwd=tmp_path) as terminal:
        terminal.wait_for("Attic")
        terminal.press("|")
        terminal.wait_for("Nothing was run yet")
        terminal.send(b"select 'the line drops now'")
        terminal.wait_for("drops now'")
        terminal.hang_up()
        terminal.wait_gone()
    sheets = Worksheets(keep_file(str(demo_root.resolve()), tmp_path / "state" / "dmart-tui"))
    assert [sheet.text for sheet in sheets.children()] == ["select 'the line drops now'"]
    sheets.close()
