from __future__ import annotations

import asyncio

import pytest

from dmart_tui.core.background import Cancelled
from dmart_tui.core.errors import Failed
from dmart_tui.tui.tasks import KEPT, Task, Tasks, progress_of


class Watcher:
    def __init__(self) -> None:
        self.changes = 0
        self.errors: list[BaseException] = []
        self.tasks = Tasks(self._changed, self.errors.append)

    def _changed(self) -> None:
        self.changes += 1


async def test_a_task_tells_how_far_it_is_and_that_it_is_done() -> None:
    seen = Watcher()

    async def work(task: Task) -> None:
        task.total = 2
        task.done = 2

    task = seen.tasks.start("Count", work)
    assert (task.state, seen.tasks.running) == ("running", 1)
    await seen.tasks.idle()
    assert (task.state, task.done, seen.tasks.running, seen.changes) == ("done", 2, 0, 2)


async def test_stopping_ends_in_stopped() -> None:
    seen = Watcher()

    async def work(task: Task) -> None:
        while True:
            task.cancel.check()
            await asyncio.sleep(0)

    task = seen.tasks.start("Forever", work)
    seen.tasks.stop(task)
    await seen.tasks.idle()
    assert task.state == "stopped"
    assert seen.errors == []


async def test_a_task_that_has_ended_is_not_stopped_at_the_end() -> None:
    seen = Watcher()

    async def work(task: Task) -> None:
        task.done = 1

    task = seen.tasks.start("Count", work)
    await seen.tasks.idle()
    await seen.tasks.close()
    assert not task.cancel.cancelled


async def test_a_failure_is_told_and_kept() -> None:
    seen = Watcher()

    async def work(task: Task) -> None:
        raise Failed("the disk is full")

    task = seen.tasks.start("Write", work)
    await seen.tasks.idle()
    assert (task.state, task.error) == ("failed", "the disk is full")
    assert [str(error) for error in seen.errors] == ["the disk is full"]


async def test_the_newest_of_a_group_stops_the_others() -> None:
    seen = Watcher()

    async def work(task: Task) -> None:
        await going.wait()

    going = asyncio.Event()
    first = seen.tasks.start("One", work, group="g")
    second = seen.tasks.start("Two", work, group="g")
    assert first.cancel.cancelled
    assert not second.cancel.cancelled
    await seen.tasks.close()
    assert (first.state, second.state) == ("stopped", "stopped")


async def test_idle_waits_for_work_that_work_started() -> None:
    seen = Watcher()
    done: list[str] = []

    async def inner() -> None:
        await asyncio.sleep(0)
        done.append("inner")

    async def outer() -> None:
        seen.tasks.spawn(inner())
        done.append("outer")

    seen.tasks.spawn(outer())
    await seen.tasks.idle()
    assert done == ["outer", "inner"]


async def test_exclusive_cancels_what_has_not_begun_without_a_warning(recwarn: object) -> None:
    seen = Watcher()
    done: list[int] = []

    async def work(number: int) -> None:
        done.append(number)

    for number in range(3):
        seen.tasks.spawn(work(number), group="g", exclusive=True)
    await seen.tasks.idle()
    assert done == [2]
    assert not list(recwarn)  # type: ignore[call-overload]


async def test_cancelled_work_is_no_error() -> None:
    seen = Watcher()

    async def work() -> None:
        raise Cancelled

    seen.tasks.spawn(work())
    await seen.tasks.idle()
    assert seen.errors == []


async def test_old_tasks_are_forgotten_but_never_a_running_one() -> None:
    seen = Watcher()
    going = asyncio.Event()

    async def wait(task: Task) -> None:
        await going.wait()

    async def nothing(task: Task) -> None:
        pass

    first = seen.tasks.start("first", wait)
    for number in range(KEPT + 10):
        seen.tasks.start(str(number), nothing)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert first in seen.tasks.listed
    assert len(seen.tasks.listed) <= KEPT
    going.set()
    await seen.tasks.idle()


@pytest.mark.parametrize(
    ("done", "total", "unit", "told"),
    [
        (0, 0, "entries", ""),
        (1200, 0, "entries", "1,200 entries"),
        (1200, 4800, "entries", "1,200 of 4,800 entries  25%"),
        (1200, 4800, "bytes", "1.2 KB of 4.8 KB  25%"),
    ],
)
def test_how_far_it_is_in_words(done: int, total: int, unit: str, told: str) -> None:
    task = Task("Read", "read", None)
    task.done, task.total, task.unit = done, total, unit
    assert progress_of(task) == told
