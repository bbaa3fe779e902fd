"""Long work in the list of tasks that somebody waits for: watched, stopped, or left to run while they go on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from textual.content import Content
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.text import safe
from dmart_tui.tui.screens.dialog import Dialog
from dmart_tui.tui.tasks import progress_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult

    from dmart_tui.core.background import CancelToken
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.tasks import Task

    Progress = Callable[[int, int | None], None]

T = TypeVar("T")

LOOK_AGAIN: Final = 0.5
"""Seconds between two looks at how far it is."""
PATIENCE: Final = 0.3
"""Seconds that work may take before a dialog tells of it."""


class Working(Dialog[bool]):
    """How far a task is; escape stops it. It is closed by who opened it when the task ends.

    Args:
        leave: whether enter may leave it to run on.
    """

    SMALL = True

    def __init__(self, task: Task, *, leave: bool) -> None:
        super().__init__(task.title)
        self._watched = task
        self._leave = leave
        self._answered = False
        self.left = False
        """Whether somebody chose to go on meanwhile."""
        self._line = Static("", classes="words")

    def inside(self) -> ComposeResult:
        yield self._line

    def on_mount(self) -> None:
        if self._watched.state == "running":
            self.look()
        else:
            self.end()

    def end(self) -> None:
        """Close it, for the task has ended; whoever comes later than an answer does nothing."""
        self._answer()

    def look(self) -> None:
        """Show how far it is now."""
        stopping = self._watched.cancel.cancelled
        progress = progress_of(self._watched)
        self._line.update(Content(safe("Stopping…" if stopping else f"◐ {progress or 'It has begun.'}")))
        self.say("esc stops" + (" · enter lets it run while you go on" if self._leave else ""))

    def why_not(self, action: str) -> str | None:
        if action == "dialog.accept" and not self._leave:
            return "What comes next needs its end."
        return None

    def do_accept(self) -> None:
        self.left = not self._answered
        self._answer()

    def do_close(self) -> None:
        self._watched.cancel.cancel()
        self.look()

    def _answer(self) -> None:
        if not self._answered:
            self._answered = True
            self.dismiss(self.left)


async def watched(
    app: DmartApp,
    title: str,
    function: Callable[[CancelToken, Progress], T],
    *,
    unit: str = "entries",
    total: int = 0,
    cancel: CancelToken | None = None,
    leave: Callable[[T], object] | None = None,
    ended: Callable[[T], Awaitable[None]] | None = None,
) -> T | None:
    """Do blocking work as a listed task and wait for it; None when it failed (that is told), or was left or stopped.

    Args:
        function: gets a token to look at and what takes progress; raises `Cancelled` or returns early when stopped.
        cancel: the token, where being cancelled does more than to be seen.
        leave: makes it possible to go on meanwhile; called with the result when somebody did.
        ended: awaited with the result, whoever waits.
    """
    loop = asyncio.get_running_loop()
    end: asyncio.Future[T | None] = loop.create_future()
    dialog: Working | None = None

    async def work(task: Task) -> None:
        def progress(done: int, of: int | None) -> None:
            task.done, task.total = done, of or task.total

        task.unit, task.total = unit, total
        running = asyncio.ensure_future(background.run(function, task.cancel, progress))
        result: T | None = None
        try:
            while not (await asyncio.wait({running}, timeout=LOOK_AGAIN))[0]:
                app.tasks.tell(task)
                if dialog is not None and dialog.is_attached:
                    dialog.look()
            result = running.result()
            if ended is not None:
                await ended(result)
            if dialog is not None and dialog.left and leave is not None:
                leave(result)
        finally:
            if not end.done():
                end.set_result(result)
            if dialog is not None and dialog.is_attached:
                dialog.end()

    task = app.tasks.start(title, work, cancel=cancel)
    await asyncio.wait({end}, timeout=PATIENCE)
    if not end.done():
        dialog = Working(task, leave=leave is not None)
        if await app.ask(dialog):
            return None
    return await end
