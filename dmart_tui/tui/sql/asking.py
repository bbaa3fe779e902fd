"""A statement that was run, to be asked again in other shapes, and what waits for the answers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from dmart_tui.core import background
from dmart_tui.core.background import Cancelled
from dmart_tui.core.sql import Interrupted
from dmart_tui.core.sql.reshaping import Asked, Shape, counted, reshape
from dmart_tui.tui.sql.result_source import Stopping
from dmart_tui.tui.writing.working import watched

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.sql import Result, Session
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.working import Progress

T = TypeVar("T")

_NESTED: Final = frozenset(["SELECT", "FROM", "VALUES", "TABLE", "PIVOT", "UNPIVOT", "SHOW", "DESCRIBE", "SUMMARIZE"])
"""First words of statements that may stand inside of others."""


@dataclass(slots=True)
class Question:
    """A statement with the columns of its answer.

    Args:
        session: where it was run.
        parameters: those it was run with.
        shape: how its rows are shown now.
    """

    session: Session
    first: Result
    parameters: Mapping[str, object]
    shape: Shape = field(default_factory=Shape)

    def asked(self, shape: Shape | None = None) -> Asked:
        """The statement in a shape, by default in that of now."""
        shape = self.shape if shape is None else shape
        text = self.first.statement.text
        if shape == Shape():
            return Asked(text, dict(self.parameters))
        return reshape(text, self.first.columns, shape, self.parameters)

    @property
    def can_nest(self) -> bool:
        """Whether the statement may stand inside of another one."""
        return self.first.statement.verb in _NESTED

    @property
    def in_transaction(self) -> bool:
        """Whether there may be rows that no other session sees."""
        return self.session.transaction.state != "idle"

    def nested(self) -> Asked:
        """The statement as it is shown, always inside another one: so running it once more changes nothing."""
        if self.shape != Shape():
            return self.asked()
        return reshape(self.first.statement.text, self.first.columns, self.shape, self.parameters)

    async def again(self, app: DmartApp, shape: Shape) -> Result | None:
        """The answer in another shape; None when it was stopped or failed, which is told."""
        text, parameters = self.asked(shape)
        title = "Sorting" if shape.order else "Filtering"
        session = self.session
        return await waited(app, title, session.interrupt, lambda _: session.run(text, parameters or None))

    async def count(self, app: DmartApp) -> int | None:
        """How many rows there are, counted by the engine; None as `again`."""
        asked = counted(*self.asked())

        def ask(beside: Session) -> int:
            with beside.run(asked.text, asked.parameters or None) as answer:
                return int(answer.rows(0, 1)[0][0])

        return await self.beside(app, "Counting rows", ask)

    async def beside(self, app: DmartApp, title: str, function: Callable[[Session], T]) -> T | None:
        """Ask something in a session beside the one whose rows are still read, which would end; None as `again`."""
        async with self.fork() as beside:
            return await waited(app, title, beside.interrupt, lambda _: function(beside))

    @asynccontextmanager
    async def fork(self) -> AsyncIterator[Session]:
        """A session beside that of the statement; in a transaction that one itself, for only it sees its changes."""
        if self.in_transaction:
            yield self.session
            return
        beside = await background.run(self.session.fork)
        try:
            yield beside
        finally:
            await background.run(beside.close)


async def waited(
    app: DmartApp,
    title: str,
    stop: Callable[[], None],
    function: Callable[[Progress], T],
    *,
    leave: Callable[[T], object] | None = None,
) -> T | None:
    """Do what blocks as a listed task that `stop` ends at once; None when it was stopped or left, or failed."""

    def run(cancel: CancelToken, progress: Progress) -> T:
        try:
            return function(progress)
        except Interrupted:
            raise Cancelled from None

    return await watched(app, title, run, unit="rows", cancel=Stopping(stop), leave=leave)
