"""The history store that is kept of the root that is open: read in when a pane first asks, and when one says so."""

from __future__ import annotations

import asyncio
import shutil
from datetime import datetime
from typing import TYPE_CHECKING, Final, cast

from textual.signal import Signal

from dmart_tui.core import background
from dmart_tui.core.changelog import Progress, import_spaces, store_of
from dmart_tui.core.errors import Damaged, Refused
from dmart_tui.core.historydb import Engine
from dmart_tui.core.units import format_count, format_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.tasks import Task

_TOLD: Final = 1.0
"""Seconds between two tellings of the progress."""


class Histories:
    """The store of one root and the one task that reads its histories and event logs in.

    Panes ask with `want` and subscribe to `changed`, published when it begins, goes on and ends.
    """

    def __init__(self, app: DmartApp, spaces: Spaces) -> None:
        self._app = app
        self.spaces = spaces
        self.path: Path = store_of(spaces.root, app.paths.cache / "histories")
        self.changed: Signal[None] = Signal(app, "histories-changed")
        self.task: Task | None = None
        self.error = ""
        """Why the last reading ended early; empty: it did not."""
        self._read: datetime | None = None
        self._told = ""

    @property
    def busy(self) -> bool:
        return self.task is not None and self.task.state == "running"

    def want(self) -> None:
        """Read in what is new, once in a session."""
        if self.task is None:
            self.update()

    def update(self) -> None:
        """Read in what is new, as a listed task; nothing when that goes on already."""
        if not self.busy:
            self.task = self._app.tasks.start("Read histories and event logs", self._update, group="histories")

    def words(self) -> str:
        """How far it came, or as of when it is."""
        if self.busy:
            return f"◐ reading {self._told}"
        if self.error:
            return f"! {self.error}"
        return f"as of {self._read:%H:%M}" if self._read is not None else ""

    async def _update(self, task: Task) -> None:
        last = Progress()

        def progress(told: Progress) -> None:
            nonlocal last
            last = told
            task.done = told.read

        task.unit = "bytes"
        self.error, self._told = "", ""
        self._publish()
        running = asyncio.ensure_future(background.run(_import, self.spaces, self.path, progress, task.cancel))
        try:
            while not (await asyncio.wait({running}, timeout=_TOLD))[0]:
                self._told = f"{format_count(last.documents)} changes · {format_size(last.read)}"
                self._app.tasks.tell(task)
                self._publish()
            running.result()
            self._read = datetime.now()
        except Refused as error:
            self.error = error.message
        except background.Cancelled:
            self.error = "stopped before its end"
            raise
        finally:
            task.cancel.cancel() if not running.done() else None
            # The task's own state changes only after this coroutine.
            asyncio.get_running_loop().call_soon(self._publish)

    def _publish(self) -> None:
        if self._app.is_running:
            self.changed.publish(None)


def _import(spaces: Spaces, path: Path, progress: Callable[[Progress], object], cancel: CancelToken) -> None:
    """Take in what is new; a store that is damaged or of another version is made anew, for it is only a copy."""
    try:
        import_spaces(spaces, path, progress=progress, cancel=cancel)
    except Damaged:
        shutil.rmtree(path)
        import_spaces(spaces, path, progress=progress, cancel=cancel)


def engine_of(app: DmartApp) -> Engine:
    """What runs queries; its workers stay until the program ends."""
    if app.engine is None:
        app.engine = Engine()
    return app.engine


def histories(app: DmartApp) -> Histories:
    """The history store of the root that is open."""
    spaces = cast("Spaces", app.spaces)
    if app.histories is None or app.histories.spaces is not spaces:
        app.histories = Histories(app, spaces)
    return app.histories
