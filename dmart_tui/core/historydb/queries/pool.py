"""Worker processes: started when a query is large enough, kept warm, and killed when they do not leave off."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import Failed
from dmart_tui.core.historydb.queries.answers import unpacked_scan
from dmart_tui.core.historydb.queries.kinds import unpack
from dmart_tui.core.historydb.queries.tasks import Step, Task, fault_from_data, plan_data, task_data
from dmart_tui.core.historydb.queries.worker import CANCEL, LENGTH, send, write

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from dmart_tui.core.historydb.queries.plans import Plan

POLL: Final = 0.05
GRACE: Final = 0.06
"""Seconds a worker has to leave off; a block takes a tenth of that."""
_CHUNK: Final = 1 << 20


class Pool:
    """Up to so many worker processes; each has one task at a time, so that its memory is that of a task.

    Several queries may run at once, each with workers of its own; what is too many afterwards is ended.
    """

    def __init__(self, workers: int, niceness: int) -> None:
        self.workers = workers
        self._niceness = niceness
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._closed = False

    def work(self, plan: Plan, tasks: Sequence[Task]) -> Generator[Step]:
        """Steps as they come; see `running.Crew`."""
        waiting = deque(tasks)
        workers = self._hired(min(self.workers, len(tasks)))
        message = plan_data(plan)
        try:
            for worker in workers:
                worker.begin(waiting.popleft(), plan, message)
            while busy := {worker.output: worker for worker in workers if worker.task is not None}:
                ready = select.select(list(busy), [], [], POLL)[0]
                if not ready:
                    yield Step(-1)
                for descriptor in ready:
                    worker = busy[descriptor]
                    yield from worker.steps(plan)
                    if worker.task is None and waiting:
                        worker.begin(waiting.popleft(), plan, message)
        finally:
            self._dismiss(workers)

    def close(self) -> None:
        """End all that are idle; those at work end when their query does."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def _hired(self, count: int) -> list[_Worker]:
        with self._lock:
            idle, self._idle = self._idle, []
            alive = [worker for worker in idle if worker.alive]
            workers, self._idle = alive[:count], alive[count:]
        for worker in idle:
            if worker not in alive:
                worker.end()
        try:
            while len(workers) < count:
                workers.append(_Worker(self._niceness))
        except OSError as error:
            self._dismiss(workers)
            raise Failed(f"no worker could be started: {error.strerror}") from None
        return workers

    def _dismiss(self, workers: list[_Worker]) -> None:
        """Stop what is at work, within `GRACE`, and keep those that can be used again."""
        for worker in workers:
            worker.cancel()
        until = monotonic() + GRACE
        sound = [worker for worker in workers if worker.leaves_off(until)]
        with self._lock:
            room = 0 if self._closed else self.workers - len(self._idle)
            kept, rest = sound[:room], [worker for worker in workers if worker not in sound[:room]]
            self._idle += kept
        for worker in rest:
            worker.end()


class _Worker:
    """One process, its task and what it last said it was about to read."""

    def __init__(self, niceness: int) -> None:
        # -P: the current directory is not looked into for modules, for it may be a stranger's.
        code = "from dmart_tui.core.historydb.queries.worker import serve; serve()"
        argv = [sys.executable, "-P", "-c", code, str(niceness)]
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input = self._process.stdin.fileno()
        self.output = self._process.stdout.fileno()
        self.task: Task | None = None
        self._at = ""
        self._received = bytearray()

    def begin(self, task: Task, plan: Plan, message: bytes) -> None:
        """Give it a task; it must be idle, so that it reads while this writes."""
        first = task.spans[0].blocks[0]
        self.task, self._at = task, f"{first.path}, frame at byte {first.offset:,}"
        try:
            send(self._input, [message, task_data(task, plan)])
        except OSError:
            raise self._death() from None

    def steps(self, plan: Plan) -> Iterator[Step]:
        """What it has said since."""
        for said, *told in self._messages():
            assert self.task is not None
            number = self.task.number
            if said == "at":
                path, offset, documents, read = told
                self._at = f"{path}, frame at byte {offset:,}"
                yield Step(number, documents, read)
            elif said == "done":
                self.task = None
                yield Step(number, done=unpacked_scan(plan, told[0]))
            else:
                self.task = None
                raise fault_from_data(*told)

    def cancel(self) -> None:
        """Tell it to leave off."""
        if self.task is not None:
            with suppress(OSError):
                write(self._input, CANCEL)

    def leaves_off(self, until: float) -> bool:
        """Whether it is idle, or is by then."""
        while self.task is not None:
            if not select.select([self.output], [], [], max(0.0, until - monotonic()))[0]:
                return False
            try:
                if any(said != "at" for said, *_ in self._messages()):
                    self.task = None
            except Failed:
                return False
        return self.alive

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _messages(self) -> Iterator[list[Any]]:
        data = os.read(self.output, _CHUNK)
        if not data:
            raise self._death()
        self._received += data
        while len(self._received) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._received)[0]
            if len(self._received) < end:
                return
            message = bytes(self._received[LENGTH.size : end])
            del self._received[:end]
            yield unpack(message)

    def _death(self) -> Failed:
        code = self._process.wait()
        why = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Failed(f"a worker died reading it ({why})", address=self._at, hint="see `historydb verify`")
