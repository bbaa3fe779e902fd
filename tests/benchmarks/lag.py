"""How long the event loop of the real app is held up while it checks 100,000 entries in the background."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from dmart_tui.core import config
from tests.benchmarks.lab import Lab, Row, ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.tui.app import DmartApp

STEP = 0.005


async def _lags(app: DmartApp) -> list[float]:
    lags: list[float] = []

    async def watch() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(STEP)
            lags.append(time.perf_counter() - start - STEP)

    async with app.run_test(size=(120, 40)) as pilot:
        await app.tasks.idle()
        watching = asyncio.create_task(watch())
        await app.open_tool("problems")
        await pilot.pause()
        await app.tasks.idle()
        watching.cancel()
    return sorted(lags)


def event_loop(lab: Lab) -> Iterator[Row]:
    """The 95th percentile and the worst of a sleep's delay, with the problems shown as they are found."""
    from dmart_tui.tui.app import DmartApp

    lags = asyncio.run(_lags(DmartApp(config.Settings(watch=False), lab.large, fresh=True)))
    yield Row("event loop lag during a check, p95", ms(lags[int(len(lags) * 0.95)]), budget="50 ms")
    yield Row("event loop lag during a check, worst", ms(lags[-1]))
