"""Work that runs while the interface stays free: a list to watch and stop it, and an exact count of what is busy."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.units import format_count, format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

State = Literal["running", "done", "stopped", "failed"]
KEPT = 50


class Task:
    """One piece of long work in the list of tasks.

    The work sets `done`, `total` (0: unknown) and `unit` (of `bytes`, sizes are shown) as it goes; the list reads
    them.
    """

    def __init__(self, title: str, group: str, cancel: CancelToken | None) -> None:
        self.title = title
        self.group = group
        self.cancel = cancel or CancelToken()
        self.done = 0
        self.total = 0
        self.unit = ""
        self.part: float | None = None
        """How much was done when it was last told."""
        self.state: State = "running"
        self.error = ""
        self.started = monotonic()
        self.ended: float | None = None

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        return (self.ended or monotonic()) - self.started


def progress_of(task: Task) -> str:
    """How far a task is, in words; empty before it told."""
    told, unit = (format_size, "") if task.unit == "bytes" else (format_count, f" {task.unit}")
    if task.total:
        part = min(1.0, task.done / task.total)
        return f"{told(task.done)} of {told(task.total)}{unit} {part:4.0%}"
    return f"{told(task.done)}{unit}" if task.done else ""


class Tasks:
    """All work of one app.

    Args:
        changed: called on the event loop when a task starts or ends, and by `tell`.
        failed: called with what an unlisted coroutine raised.
    """

    def __init__(self, changed: Callable[[], None], failed: Callable[[BaseException], None]) -> None:
        self.listed: list[Task] = []
        self._changed = changed
        self._failed = failed
        self._running: dict[asyncio.Task[Any], str] = {}
        self._watching: set[asyncio.Task[Any]] = set()

    @property
    def running(self) -> int:
        """How many listed tasks run."""
        return sum(task.state == "running" for task in self.listed)

    @property
    def part(self) -> float | None:
        """How much of it the only running task told to have done, 0 to 1; None when several run or it does not tell."""
        running = [task for task in self.listed if task.state == "running"]
        return running[0].part if len(running) == 1 else None

    def tell(self, task: Task) -> None:
        """Let who shows the tasks know how far one is; not more than twice a second."""
        task.part = min(1.0, task.done / task.total) if task.total else None
        self._changed()

    def start(
        self,
        title: str,
        work: Callable[[Task], Coroutine[Any, Any, None]],
        *,
        cancel: CancelToken | None = None,
        group: str = "",
    ) -> Task:
        """Start `work(task)` as a listed task; a running task of the same (non-empty) `group` is stopped first."""
        if group:
            self.stop_group(group)
        task = Task(title, group, cancel)
        self.listed.append(task)
        self._forget_old()
        self._spawn(self._run(task, work), group).add_done_callback(lambda _: self._end(task))
        self._changed()
        return task

    def spawn(
        self, coroutine: Coroutine[Any, Any, Any], *, group: str = "", exclusive: bool = False
    ) -> asyncio.Task[None]:
        """Run a short coroutine unlisted but counted as busy.

        Args:
            exclusive: cancel what runs in the same group.
        """
        if exclusive:
            self.stop_spawned(group)
        running = self._spawn(self._guard(coroutine), group)
        running.add_done_callback(lambda _: coroutine.close())  # one that was cancelled before it began
        return running

    def stop_spawned(self, group: str) -> None:
        """Cancel what was spawned in a group."""
        for running, its_group in list(self._running.items()):
            if its_group == group:
                running.cancel()

    def watch(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run something that lasts as long as the app and is not counted as busy."""
        running = asyncio.create_task(self._guard(coroutine))
        self._watching.add(running)
        running.add_done_callback(self._watching.discard)

    def stop(self, task: Task) -> None:
        """Ask a task to stop; it ends as soon as its work looks at its token."""
        task.cancel.cancel()

    def stop_group(self, group: str) -> None:
        """Stop every running task of a group."""
        for task in self.listed:
            if task.group == group and task.state == "running":
                self.stop(task)

    async def idle(self) -> None:
        """Wait until nothing runs, listed or not; also what that work started in turn. Meant for tests."""
        current = asyncio.current_task()
        while busy := [task for task in self._running if task is not current]:
            await asyncio.wait(busy)

    async def close(self) -> None:
        """Stop everything and wait for it."""
        for task in self.listed:
            if task.state == "running":
                self.stop(task)
        current = asyncio.current_task()
        rest = [task for task in (*self._running, *self._watching) if task is not current]
        for running in rest:
            running.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _spawn(self, coroutine: Coroutine[Any, Any, None], group: str) -> asyncio.Task[None]:
        running = asyncio.create_task(coroutine)
        self._running[running] = group
        running.add_done_callback(lambda done: self._running.pop(done, None))
        return running

    async def _guard(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        try:
            await coroutine
        except Cancelled:
            pass
        except Exception as error:
            self._failed(error)

    async def _run(self, task: Task, work: Callable[[Task], Coroutine[Any, Any, None]]) -> None:
        try:
            await work(task)
            task.state = "stopped" if task.cancel.cancelled else "done"
        except (Cancelled, asyncio.CancelledError):
            task.state = "stopped"
        except DmartTuiError as error:
            task.state, task.error = "failed", str(error)
            self._failed(error)
        except Exception as error:
            task.state, task.error = "failed", f"{type(error).__name__}: {error}"
            self._failed(error)

    def _end(self, task: Task) -> None:
        if task.state == "running":  # cancelled before it began
            task.state = "stopped"
        task.ended = monotonic()
        self._changed()

    def _forget_old(self) -> None:
        over = len(self.listed) - KEPT
        if over > 0:
            old = [task for task in self.listed if task.state != "running"][:over]
            self.listed = [task for task in self.listed if task not in old]
