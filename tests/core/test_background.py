from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from dmart_tui.core.background import AHEAD, Cancelled, CancelToken, run, stream


async def test_run_returns_what_the_function_does_in_another_thread() -> None:
    assert await run(lambda: threading.current_thread() is threading.main_thread()) is False


async def test_run_raises_what_the_function_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        await run(lambda: 1 // 0)


async def test_all_items_come_in_order_and_in_batches() -> None:
    batches = [batch async for batch in stream(range, 1234, batch=100, seconds=60)]
    assert [item for batch in batches for item in batch] == list(range(1234))
    assert [len(batch) for batch in batches] == [100] * 12 + [34]


async def test_an_age_of_nothing_hands_every_item_over() -> None:
    assert [batch async for batch in stream(range, 3, seconds=0)] == [[0], [1], [2]]


async def test_an_error_comes_after_what_was_before_it() -> None:
    def broken() -> Iterator[int]:
        yield from range(2)
        raise ValueError("third")

    got: list[int] = []
    with pytest.raises(ValueError, match="third"):
        async for batch in stream(broken, seconds=0):
            got += batch
    assert got == [0, 1]


async def test_the_generator_waits_for_its_consumer() -> None:
    made: list[int] = []
    full = threading.Event()

    def source() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            if number == AHEAD:
                full.set()
            yield number

    batches = stream(source, seconds=0)
    await anext(batches)
    await run(full.wait, 10)
    assert len(made) <= AHEAD + 3
    await batches.aclose()


async def test_leaving_stops_and_closes_the_generator() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    batches = stream(endless, batch=10)
    await anext(batches)
    await batches.aclose()
    assert await run(closed.wait, 10)


async def test_a_cancelled_token_ends_the_iteration_with_cancelled() -> None:
    token = CancelToken()

    def endless() -> Iterator[int]:
        while True:
            yield 1

    with pytest.raises(Cancelled):
        async for _ in stream(endless, batch=10, cancel=token):
            token.cancel()
    assert token.cancelled
    with pytest.raises(Cancelled):
        token.check()


async def test_the_loop_stays_free_while_a_generator_blocks() -> None:
    go = threading.Event()

    def slow() -> Iterator[int]:
        go.wait(10)
        yield 1

    waiting = asyncio.create_task(anext(stream(slow)))
    await asyncio.sleep(0)
    assert not waiting.done()
    go.set()
    assert await waiting == [1]
