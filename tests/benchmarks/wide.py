"""A folder of a million entries: how soon it can be used, what a row costs, and whether keys stay quick."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from tests.benchmarks.lab import WIDE_SPACE, Lab, Row, key_time, ms

if TYPE_CHECKING:
    from collections.abc import Iterator


def wide_folder(lab: Lab) -> Iterator[Row]:
    """Open the folder, walk in it, and weigh the program before and after."""
    count = lab.wide_entries
    with lab.open(lab.wide, WIDE_SPACE) as terminal:
        terminal.press("right", "down", quiet=0.4)
        before = terminal.memory()
        start = time.perf_counter()
        terminal.send(b"\x1b[C")
        terminal.wait_for("Entry ")
        terminal.send(b"\x1b[B")
        terminal.settle(0.02)
        usable = terminal.chunks[-1][0] - start
        terminal.wait_for(f"{count:,}", limit=120)
        whole = terminal.chunks[-1][0] - start
        terminal.listen(1)
        key = statistics.median(key_time(terminal, key) for key in ("down", "up", "pagedown") * 10)
        end = key_time(terminal, "end")
        row = (terminal.memory() - before) / count
    yield Row(f"folder of {count:,}: usable after", ms(usable), budget="1 s")
    yield Row(f"folder of {count:,}: all of it counted after", ms(whole))
    yield Row(f"folder of {count:,}: memory a row", f"{row:.0f} bytes", budget="100")
    yield Row(f"folder of {count:,}: key to frame", ms(key), budget="15 ms")
    yield Row(f"folder of {count:,}: jump to the end", ms(end))
