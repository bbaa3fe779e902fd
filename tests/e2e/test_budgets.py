"""Bytes are a budget: what the real program sends for a key, a page, the mouse and nothing at all.

A step in a document is measured as while its key is held down: the cursor, the title's count, a scroll. A step in the
tree is measured with the preview of another entry that follows when the cursor rests, a typed character with all that
it finds, and a fold with all that moves to make room. Where a fold moves a screen full of rows beside others that stay,
no terminal can move them for us: there the budget is for what is sent beside the characters that changed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).parents[2]
ENTRY = "973e4c2a"
"""A ticket of the demo with a JSON payload, attachments and a history."""
STEP = 1024
PAGE = 15 * 1024
HELD = 0.03
"""Seconds of quiet between two repeats of a key."""
RESTED = 0.4
SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x50": (200, 50)}


@pytest.fixture(params=SIZES.values(), ids=SIZES)
def terminal(request: pytest.FixtureRequest, demo_root: Path, tmp_path: Path) -> Iterator[Terminal]:
    columns, rows = request.param
    argv = [sys.executable, "-m", "dmart_tui", "--root", str(demo_root), "--fresh"]
    with Terminal(argv, columns=columns, rows=rows, home=tmp_path, cwd=PROJECT) as running:
        running.wait_for("Attic")
        running.settle(0.5)
        yield running


@pytest.fixture
def entry(terminal: Terminal) -> Terminal:
    terminal.press("f", quiet=RESTED)
    terminal.send(ENTRY.encode())
    terminal.wait_for("support/cases/basra")
    terminal.press("enter", quiet=RESTED)
    terminal.wait_for(f"basra/{ENTRY}")
    terminal.settle(RESTED)
    return terminal


def cost(terminal: Terminal, *keys: str, quiet: float = RESTED) -> int:
    """Bytes of keys and all that follows from them."""
    return terminal.press(*keys, quiet=quiet)


def steps(terminal: Terminal, *keys: str) -> float:
    """Bytes a step while keys are held down; what follows a rest of the cursor is not among them."""
    bill = terminal.press(*keys, quiet=HELD) / len(keys)
    terminal.settle(RESTED)
    return bill


WALK = ("down", "down", "down", "up", "down", "up", "up", "up")
LONG_WALK = (*["down"] * 14, *["up"] * 6, "down", "right", *["down"] * 12)
"""Over spaces and folders and past the lower edge, where the tree scrolls."""


def dear(bills: dict[str, float], limit: float) -> dict[str, float]:
    """The bills above a limit."""
    return {deed: bill for deed, bill in bills.items() if bill > limit}


def test_the_tree(terminal: Terminal) -> None:
    folds = {f"first level: {key}": cost(terminal, key) for key in ("down", "right", "left", "o", "o", "right")}
    del folds["first level: down"]
    terminal.press("down", quiet=RESTED)
    folds |= {f"second level: {key}": cost(terminal, key) for key in ("right", "left", "right")}
    assert not dear(folds, STEP)
    assert steps(terminal, *WALK) <= STEP
    rests = {f"{number} {key}": cost(terminal, key) for number, key in enumerate(LONG_WALK)}
    assert not dear(rests, STEP)
    assert "preview" in terminal.screen()
    pages = {key: cost(terminal, key) for key in ("pagedown", "pageup", "end", "home")}
    assert not dear(pages, PAGE)
    assert min(folds.values()) > 0
    assert min(pages["end"], pages["home"]) > 0


def beside_changes(terminal: Terminal, key: str) -> int:
    """Bytes of a key without the characters that are others on the screen now; of a small one with all of them."""
    before = terminal.screen()
    sent = cost(terminal, key)
    if terminal.rows == 24:
        return sent
    after = terminal.screen()
    return sent - sum(len(new.encode()) for old, new in zip(before, after, strict=True) if old != new)


def test_folds_beside_full_panes(terminal: Terminal) -> None:
    terminal.press(*["right", "down"] * 20, quiet=0.05)
    terminal.settle(RESTED)
    tree = {f"{number} {key}": beside_changes(terminal, key) for number, key in enumerate(("up", "left", "right") * 4)}
    cost(terminal, "p")
    terminal.wait_for("errors")
    terminal.settle(1)
    problems = {
        f"{number} {key}": beside_changes(terminal, key)
        for number, key in enumerate(("space", "space", "down", "space", "down", "down", "space"))
    }
    assert not dear(tree | problems, STEP)
    assert max(problems.values()) > 0


def test_the_views_of_an_entry(entry: Terminal) -> None:
    """Half blocks of an image cost 40 bytes a cell: a page among attachments is what it previews, and not held to.

    Nor is a step onto the photo, which stands first: the steps are among the comments below it.
    """
    walks, pages = {}, {}
    for key, marker in {"1": "shortname", "2": "priority", "3": "oldest first", "4": "state", "5": "file"}.items():
        cost(entry, key)
        entry.wait_for(marker)
        entry.settle(RESTED)
        if key == "3":
            cost(entry, "end")
            walks[key] = steps(entry, "up", "down", "up", "down")
        else:
            walks[key] = steps(entry, *WALK)
            pages |= {f"{key} {page}": cost(entry, page) for page in ("pagedown", "pageup")}
    cost(entry, "2")
    cost(entry, "v")
    walks["2 as text"] = steps(entry, *WALK)
    assert not dear(walks, STEP)
    assert not dear(pages, PAGE)


def test_folds_in_an_entry(entry: Terminal) -> None:
    cost(entry, "2")
    entry.wait_for("visits")
    cost(entry, "end")
    values = {f"{number} {key}": cost(entry, key) for number, key in enumerate(("left", "left", "right"))}
    assert not dear(values, STEP)
    assert max(values.values()) > 0
    cost(entry, "4")
    changes = details(entry)
    assert not dear(changes, STEP)
    assert min(changes.values()) > 0


def details(terminal: Terminal) -> dict[str, float]:
    """The bills of showing and hiding a change in full, and of steps that it follows."""
    keys = ("space", "down", "space", "space", "down", "up", "space")
    return {f"{number} {key}": cost(terminal, key) for number, key in enumerate(keys)}


def test_the_editor(entry: Terminal) -> None:
    """Both sides are held to it: where both show, each follows the other."""
    cost(entry, "i")
    entry.wait_for("channel")
    bills = {"step": steps(entry, *WALK)}
    cost(entry, "home", "down")
    bills |= {f"field {key}": cost(entry, key) for key in ("enter", "n", "o", "escape")}
    cost(entry, "v")
    bills |= {f"text {key}": cost(entry, key) for key in ("down", "end", "left", "a", "b", "backspace", "home", "f6")}
    bills |= {"no JSON": cost(entry, "x")}
    assert not dear(bills, STEP)
    assert min(bills.values()) > 0


def test_relations(entry: Terminal) -> None:
    cost(entry, "7")
    entry.wait_for("depth 1")
    entry.settle(1)
    graph = {f"{number} {key}": cost(entry, key) for number, key in enumerate(("right", "down", "down", "up", "left"))}
    cost(entry, "v")
    assert not dear(graph, STEP)
    assert min(graph.values()) > 0
    assert 0 < steps(entry, "down", "down", "up", "down") <= STEP


def test_search(terminal: Terminal) -> None:
    cost(terminal, "f3")
    terminal.wait_for("entries as of")
    terminal.settle(1)
    typed = {letter: cost(terminal, letter) for letter in "solar"}
    assert not dear(typed, STEP)
    assert max(typed.values()) > 0
    terminal.wait_for("found")
    cost(terminal, "enter")
    walk = {f"{number} {key}": cost(terminal, key) for number, key in enumerate(("down", "down", "up", "space"))}
    assert not dear(walk, STEP)
    assert min(walk.values()) > 0


@pytest.mark.parametrize(("key", "marker"), [("p", "errors"), ("t", "lines read")], ids=["problems", "timeline"])
def test_documents_of_the_whole_root(terminal: Terminal, key: str, marker: str) -> None:
    cost(terminal, key)
    terminal.wait_for(marker)
    terminal.settle(1)
    assert 0 < steps(terminal, *WALK) <= STEP
    folds = details(terminal) if key == "t" else {number: cost(terminal, "space") for number in ("first", "second")}
    assert min(folds.values()) > 0
    assert not dear(folds, STEP)
    assert not dear({page: cost(terminal, page) for page in ("pagedown", "pageup")}, PAGE)


OPENERS = {"filter": "/", "palette": ":", "find": "f"}


@pytest.mark.parametrize("opener", OPENERS.values(), ids=OPENERS)
def test_typed_characters(terminal: Terminal, opener: str) -> None:
    cost(terminal, opener)
    terminal.settle(1)
    found = {typed: cost(terminal, typed) for typed in "sola"}
    assert not dear(found, STEP)
    assert max(found.values()) > 0
    cost(terminal, "z", "q")
    # Nothing matches now: a character and the caret are all there is to send.
    assert 0 < cost(terminal, "x") <= STEP
    assert 0 < cost(terminal, "x") <= STEP
    assert 0 < cost(terminal, "backspace") <= STEP


def over(terminal: Terminal, act: Callable[[], object]) -> int:
    before = len(terminal.output)
    act()
    terminal.settle(RESTED)
    return len(terminal.output) - before


def test_the_mouse_moves_for_nothing(terminal: Terminal) -> None:
    assert not terminal.modes & {1003, 1015}

    def move() -> None:
        for column in range(100):
            terminal.send(f"\x1b[<35;{column % 80 + 1};{column % 20 + 3}M".encode())

    assert over(terminal, move) == 0


def test_ten_idle_seconds_with_a_focused_line_of_text(terminal: Terminal) -> None:
    cost(terminal, "/", "a")
    terminal.settle(1)
    assert terminal.listen(10) == 0


def test_ten_idle_seconds_with_an_open_entry(entry: Terminal) -> None:
    entry.settle(1)
    assert entry.listen(10) == 0
