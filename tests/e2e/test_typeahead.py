"""Keys that arrive in one packet do in the real program what they do one by one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

BURSTS = {
    "filter": (b"/cat", "1 of 8"),
    "find": (b"fpanel", "Find"),
    "palette": (b":theme", "theme"),
    "help": (b"?hist", "hist"),
}


def screen_after(demo_root: Path, home: Path, keys: bytes, shows: str, *, at_once: bool) -> str:
    home.mkdir()
    argv = [sys.executable, "-m", "dmart_tui", "--root", str(demo_root), "--fresh"]
    with Terminal(argv, home=home, cwd=home) as terminal:
        terminal.wait_for("Attic")
        terminal.wait_for("Quit")
        terminal.settle(0.5)
        if at_once:
            terminal.send(keys)
            terminal.settle(0.5)
        else:
            terminal.press(*keys.decode(), quiet=0.3)
        terminal.wait_for(shows)
        terminal.settle(0.5)
        return terminal.screen()


@pytest.mark.parametrize("name", BURSTS)
def test_one_packet_does_what_the_keys_do_one_by_one(name: str, demo_root: Path, tmp_path: Path) -> None:
    keys, shows = BURSTS[name]
    one_by_one, burst = (
        screen_after(demo_root, tmp_path / str(at_once), keys, shows, at_once=at_once) for at_once in (False, True)
    )
    assert burst == one_by_one


def test_a_find_typed_in_one_packet_opens_what_was_found(demo_root: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "dmart_tui", "--root", str(demo_root), "--fresh"]
    with Terminal(argv, home=tmp_path, cwd=tmp_path) as terminal:
        terminal.wait_for("Attic")
        terminal.wait_for("Quit")
        terminal.send(b"fsizing\r")
        terminal.wait_for("docs/guides/sizing")


def test_a_statement_typed_in_one_packet_with_its_worksheet_is_there_whole(demo_root: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "dmart_tui", "--root", str(demo_root), "--fresh"]
    with Terminal(argv, home=tmp_path, cwd=tmp_path) as terminal:
        terminal.wait_for("Attic")
        terminal.wait_for("Quit")
        terminal.send(b"|from docs.page_card where 1 = 2")
        terminal.wait_for("1  from docs.page_card where 1 = 2")
