"""How long the event loop is held up while a check of 100,000 entries runs beside it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from dmart_tui.core import background
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.spaces.checks import Check
from tests.benchmarks.lab import Lab, Row, ms

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP = 0.005


async def _lags(check: Check) -> list[float]:
    lags: list[float] = []

    async def watch() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(STEP)
            lags.append(time.perf_counter() - start - STEP)

    watching = asyncio.create_task(watch())
    async for _ in background.stream(check.run):
        pass
    watching.cancel()
    return sorted(lags)


def event_loop(lab: Lab) -> Iterator[Row]:
    """The 95th percentile and the worst of a sleep's delay."""
    lags = asyncio.run(_lags(Check(Spaces(lab.large))))
    yield Row("event loop lag during a check, p95", ms(lags[int(len(lags) * 0.95)]), budget="50 ms")
    yield Row("event loop lag during a check, worst", ms(lags[-1]))
