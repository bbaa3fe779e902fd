"""Queries on other machines: any executor of concurrent.futures works tasks off, one of dask.distributed too.

Whoever works must see the store's files under the same path, and have this program installed.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import Failed, UsageFault
from dmart_tui.core.historydb.queries.answers import unpacked_scan
from dmart_tui.core.historydb.queries.kinds import unpack
from dmart_tui.core.historydb.queries.tasks import Step, Task, execute, fault_from_data, plan_data, task_data

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from concurrent.futures import Executor, Future

    from dmart_tui.core.historydb.queries.plans import Plan

POLL: Final = 0.05
CONNECTING: Final = "10s"


class Executing:
    """Hands tasks to an executor, of which it closes nothing.

    Args:
        ahead: how many tasks it has at most.
    """

    def __init__(self, executor: Executor, ahead: int = 8) -> None:
        self._executor = executor
        self._ahead = ahead

    def work(self, plan: Plan, tasks: Sequence[Task]) -> Generator[Step]:
        """Steps as they come; see `running.Crew`. What is under way when it is closed runs on to the task's end."""
        waiting = deque(tasks)
        message = plan_data(plan)
        running: dict[Future[bytes], Task] = {}
        try:
            while waiting or running:
                while waiting and len(running) < self._ahead:
                    task = waiting.popleft()
                    running[self._executor.submit(execute, message, task_data(task, plan))] = task
                done = wait(running, POLL, FIRST_COMPLETED).done
                if not done:
                    yield Step(-1)
                for future in done:
                    yield self._step(plan, running.pop(future), future)
        finally:
            for future in running:
                future.cancel()

    def _step(self, plan: Plan, task: Task, future: Future[bytes]) -> Step:
        try:
            said, *told = unpack(future.result())
        except Exception as error:
            paths = sorted({ref.path for span in task.spans for ref in span.blocks})
            raise Failed(f"a worker failed: {type(error).__name__}: {error}", address=", ".join(paths)) from error
        if said == "fault":
            raise fault_from_data(*told)
        read = sum(ref.length for span in task.spans for ref in span.blocks)
        return Step(task.number, task.documents, read, unpacked_scan(plan, told[0]))


@contextmanager
def cluster(address: str) -> Iterator[Executing]:
    """The workers of a dask.distributed scheduler, such as `tcp://10.0.0.1:8786`.

    Raises:
        UsageFault: dask.distributed is not installed, or the address has no port.
        Failed: the scheduler does not answer.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise UsageFault("dask.distributed is not installed", hint="pip install 'dmart-tui[cluster]'") from None
    if not address.startswith("inproc://") and not address.rpartition(":")[2].isdecimal():  # a client hangs at it
        raise UsageFault("the address of a scheduler ends with a port", address=address, hint="tcp://10.0.0.1:8786")
    try:
        client = distributed.Client(address, timeout=CONNECTING, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Failed(f"the scheduler does not answer: {error}", address=address) from None
    try:
        yield Executing(client.get_executor(pure=False))
    finally:
        client.close()
