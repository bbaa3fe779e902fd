from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from dmart_tui.core.errors import Failed
from dmart_tui.tui.sql.result_source import MOST_PAGES, PAGE, ResultSource, Stopping


class Rows:
    """A result whose rows come as they are asked for."""

    def __init__(self, total: int, *, value: str = "") -> None:
        self.columns = (SimpleNamespace(name="n", type="BIGINT"), SimpleNamespace(name="v", type="VARCHAR"))
        self.total = total
        self.known = min(total, 1000)
        self.value = value
        self.asked: list[tuple[int, int]] = []
        self.error: Exception | None = None

    @property
    def done(self) -> bool:
        return self.known == self.total

    def rows(self, start: int, count: int) -> list[tuple[Any, ...]]:
        self.asked.append((start, count))
        if self.error is not None:
            raise self.error
        self.known = min(self.total, max(self.known, start + count))
        return [(row, self.value) for row in range(start, min(start + count, self.total))]


def source_of(result: Any) -> tuple[ResultSource, list[int]]:
    calls: list[int] = []
    return ResultSource(result, lambda _: calls.append(1)), calls


async def test_a_page_is_fetched_once_for_all_its_rows() -> None:
    result = Rows(10_000)
    source, calls = source_of(result)
    assert source.row(5) is None
    assert source.row(6) is None
    assert len(calls) == 1
    came: list[int] = []
    await source.fetch_wanted(lambda: came.append(1))
    assert source.row(5) == (5, "")
    assert source.row(PAGE - 1) == (PAGE - 1, "")
    assert (result.asked, len(came)) == ([(0, PAGE)], 1)
    assert source.row(PAGE) is None
    assert len(calls) == 2


async def test_the_newest_is_fetched_first_and_what_was_scrolled_past_never() -> None:
    result = Rows(100_000)
    source, _ = source_of(result)
    for page in range(40):
        source.row(page * PAGE)
    await source.fetch_wanted(lambda: None)
    assert [start // PAGE for start, _ in result.asked] == [39, 38, 37, 36, 35]


async def test_pages_kept_are_bounded_by_number_and_by_weight() -> None:
    many, _ = source_of(Rows(1_000_000))
    heavy, _ = source_of(Rows(1_000_000, value="x" * 100_000))
    for source in (many, heavy):
        for page in range(MOST_PAGES + 20):
            source.row(page * PAGE)
            await source.fetch_wanted(lambda: None)
    assert many.row(0) is None
    assert len(many._pages) == MOST_PAGES
    assert len(heavy._pages) == 1
    assert heavy.row((MOST_PAGES + 19) * PAGE) is not None


async def test_it_tells_how_much_is_known_by_now() -> None:
    result = Rows(3000)
    source, calls = source_of(result)
    assert (source.known, source.done) == (1000, False)
    assert source.row(1000) is None
    assert calls
    await source.fetch_wanted(lambda: None)
    assert (source.known, source.done) == (1024, False)
    result.known = 3000
    assert source.look()
    assert not source.look()
    assert (source.known, source.done) == (3000, True)
    assert source.row(5000) is None
    await source.fetch_wanted(lambda: None)
    assert len(result.asked) == 1


async def test_few_rows_come_to_their_end_by_themselves() -> None:
    result = Rows(1001)
    source, calls = source_of(result)
    await source.begin()
    assert (len(calls), source.done) == (1, False)
    await source.fetch_wanted(lambda: None)
    assert (source.known, source.done) == (1001, True)


async def test_a_failure_is_told_and_does_not_stop_the_rest() -> None:
    result = Rows(3000)
    source, calls = source_of(result)
    result.error = Failed("gone")
    source.row(0)
    with pytest.raises(Failed):
        await source.fetch_wanted(lambda: None)
    result.error = None
    source.row(0)
    assert len(calls) == 2
    await source.fetch_wanted(lambda: None)
    assert source.row(0) == (0, "")


async def test_nothing_is_fetched_for_a_closed_one() -> None:
    result = Rows(3000)
    source, calls = source_of(result)
    source.closed = True
    assert source.row(0) is None
    assert not calls


async def test_a_token_that_stops_at_once() -> None:
    stopped = asyncio.Event()
    token = Stopping(stopped.set)
    token.cancel()
    assert token.cancelled
    assert stopped.is_set()
