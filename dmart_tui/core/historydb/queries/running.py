"""Running queries: cut into tasks by days, small ones here, great ones by worker processes or whoever else will.

A task is a span of days over all files that have documents of them, so equal keys of a day always meet in one place.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from dmart_tui.core.background import CancelToken
from dmart_tui.core.historydb.queries.answers import Answer, Table, table_of
from dmart_tui.core.historydb.queries.plans import Groups, Plan, Scan
from dmart_tui.core.historydb.queries.tasks import Step, Task, counted, cut, worked

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from types import TracebackType

    from dmart_tui.core.historydb.queries.query import Query
    from dmart_tui.core.historydb.store import Store

DOCUMENTS: Final = 65_536
"""Documents a task, about."""
SMALL: Final = 200_000
"""Documents below which no worker is asked."""
NICENESS: Final = 5


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a query is.

    Args:
        days, all_days: those done, and those with documents.
        documents: looked at.
        read: bytes of the blocks read, as they lie on the disk.
    """

    days: int
    all_days: int
    documents: int
    read: int


class Crew(Protocol):
    """Who works tasks off."""

    def work(self, plan: Plan, tasks: Sequence[Task]) -> Generator[Step]:
        """Steps as they come, at least one every 50 ms or a block; closing the generator stops all work."""
        ...


class Engine:
    """Runs queries; its workers start with the first great one, and stay until `close`.

    Args:
        workers: processes at most; by default as many as processors. With one, queries run in this process.
        documents: about so many a task.
        niceness: of the workers.
        small: documents up to which no worker is asked.
        crew: who works instead, whatever the size: see `executors`.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        documents: int = DOCUMENTS,
        niceness: int = NICENESS,
        small: int = SMALL,
        crew: Crew | None = None,
    ) -> None:
        self.workers = workers or os.cpu_count() or 1
        self.documents = documents
        self.small = small
        self._niceness = niceness
        self._crew = crew
        self._pool: Any = None

    def run(self, store: Store, query: Query, *, cancel: CancelToken | None = None) -> Run:
        """A query, under way once its progress is asked for.

        Raises:
            UsageFault: its parts do not fit together.
            Damaged, Failed: the index of the store cannot be read.
        """
        plan = Plan(query, store.date_field)
        refs = store.blocks(query.first, query.last)
        if plan.counts_days and not any(ref.erased for ref in refs):
            return Run(plan, [], None, counted(plan, refs), cancel)
        tasks = cut(plan, refs, self.documents)
        return Run(plan, tasks, self._crew_for(tasks), None, cancel)

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _crew_for(self, tasks: Sequence[Task]) -> Crew:
        if self._crew is not None:
            return self._crew
        if self.workers < 2 or len(tasks) < 2 or sum(task.documents for task in tasks) <= self.small:
            return _Here()
        if self._pool is None:
            from dmart_tui.core.historydb.queries.pool import Pool

            self._pool = Pool(self.workers, self._niceness)
        pool: Crew = self._pool
        return pool


class Run:
    """A query under way: iterating works it off and tells how far it is; leaving early stops it."""

    def __init__(
        self, plan: Plan, tasks: list[Task], crew: Crew | None, known: Groups | None, cancel: CancelToken | None
    ) -> None:
        self._plan = plan
        self._tasks = tasks
        self._crew = crew
        self._cancel = cancel or CancelToken()
        self._answer = Answer(plan, self._cancel)
        if known is not None:
            self._answer.add(0, known, [])
        self._ready: list[dict[str, Any]] = []
        self._told = 0
        self._begun = False

    def __iter__(self) -> Iterator[Progress]:
        """How far it is, at least every 50 ms or a block; once.

        Raises:
            Cancelled: the token was.
            Damaged, Failed: a file cannot be read, an aggregate failed or a worker died; file and frame are named.
        """
        # Nothing here refers to the generator, so that it is closed as soon as who iterates lets go of it.
        begun, self._begun = self._begun, True
        return iter(()) if begun else self._work()

    def documents(self) -> Iterator[dict[str, Any]]:
        """The documents of a query that does not reduce, each once, as they come in order; works it off."""
        for _ in self:
            ready, self._ready = self._ready, []
            yield from ready
        yield from self._answer.ordered()

    def table(self) -> Table:
        """The answer as it stands, of documents those not handed over; it is final when the iteration has ended."""
        if self._plan.query.reduces:
            return self._answer.table()
        return table_of(self._ready + self._answer.ordered())

    def result(self) -> Table:
        """Work it off; the answer."""
        for _ in self:
            pass
        return self.table()

    def _work(self) -> Generator[Progress]:
        all_days = sum(task.days for task in self._tasks)
        days = documents = read = 0
        yield Progress(0, all_days, 0, 0)
        if self._crew is None:
            return
        with closing(self._crew.work(self._plan, self._tasks)) as steps:
            for step in steps:
                self._cancel.check()
                documents += step.documents
                read += step.read
                if step.done is not None:
                    self._answer.add(step.task, *step.done)
                    days += self._tasks[step.task].days
                    self._take_documents()
                yield Progress(days, all_days, documents, read)
                if self._told == self._plan.query.most and not self._plan.query.reduces:
                    return

    def _take_documents(self) -> None:
        ready, most = self._answer.documents(), self._plan.query.most
        ready = ready if most is None else ready[: most - self._told]
        self._told += len(ready)
        self._ready += ready


class _Here:
    """Works in this process."""

    def work(self, plan: Plan, tasks: Sequence[Task]) -> Generator[Step]:
        scan = Scan(plan)  # one for all: its groups grow, and nothing is merged
        for task in tasks:
            scan.found = []
            for ref in worked(scan, task):
                yield Step(-1) if ref is None else Step(task.number, ref.count, ref.length)
            yield Step(task.number, done=(scan.groups, scan.found))
