"""How many bytes cross the line, and how soon after the key; beside stock Textual and other programs."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from tests.benchmarks.lab import FIRST_SPACE, WIDE_SPACE, Lab, Row, key_time, ms
from tests.benchmarks.minimal_app import READY
from tests.benchmarks.starting import MINIMAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.terminal import Terminal

KEYS = 10
BRISK = 0.05
"""Seconds of quiet: less than a cursor rests before the preview follows it."""


def _bytes(terminal: Terminal) -> dict[str, float]:
    """Bytes of the same deeds in any program, where its focus is after the start."""
    cost = {"a cursor move": statistics.median(terminal.press("down", quiet=BRISK) for _ in range(KEYS))}
    cost["a cursor move and rest"] = statistics.median(terminal.press("down", quiet=0.3) for _ in range(KEYS))
    cost["a page"] = statistics.median(terminal.press("pagedown", quiet=0.3) for _ in range(3))
    before = len(terminal.output)
    for move in range(100):
        terminal.move_mouse(move, 5 + move % 20)
        terminal.listen(0.01)
    terminal.settle(0.3)
    cost["100 mouse moves"] = len(terminal.output) - before
    cost["10 s idle"] = terminal.listen(10)
    return cost


def bytes_sent(lab: Lab) -> Iterator[Row]:
    """A key, a page, mouse moves and idling: ours, a stock app, and what `--peer` names."""
    with lab.open(lab.long, WIDE_SPACE) as terminal:
        terminal.press("right", "down", "right", "down", quiet=0.4)
        ours = _bytes(terminal)
    beside = {}
    with lab.running(MINIMAL, READY) as terminal:
        beside["stock Textual"] = _bytes(terminal)
    for name, command in lab.peers.items():
        with lab.running(command) as terminal:
            beside[name] = _bytes(terminal)
    budgets = {"a cursor move": "1 KB", "a page": "15 KB", "100 mouse moves": "0", "10 s idle": "0"}
    for deed, cost in ours.items():
        others = ", ".join(f"{name} {costs[deed]:,.0f}" for name, costs in beside.items())
        stock = beside["stock Textual"][deed]
        yield Row(f"bytes: {deed}", f"{cost:,.0f}", others, cost / stock if stock else None, budgets.get(deed, ""))


def key_to_frame(lab: Lab) -> Iterator[Row]:
    """From a key to its drawn frame in the tree, beside the stock tree."""
    with lab.open(lab.large, FIRST_SPACE) as terminal:
        ours = statistics.median(key_time(terminal, key) for key in ("down", "up") * KEYS)
    with lab.running(MINIMAL, READY) as terminal:
        beside = statistics.median(key_time(terminal, key) for key in ("down", "up") * KEYS)
    yield Row("key to frame / stock tree", ms(ours), ms(beside), ours / beside)
