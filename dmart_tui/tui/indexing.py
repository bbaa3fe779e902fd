"""The index of the root that is open: made in the background when a pane first asks for it, then kept fresh."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from dmart_tui.core import background
from dmart_tui.core.units import format_count, format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.core.address import Address
    from dmart_tui.core.catalog import Catalog, Freshness, Progress
    from dmart_tui.core.graphs import IndexedLinks
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.tasks import Task

_TOLD: Final = 0.5
"""Seconds between two tellings of the progress."""


class Indexing:
    """The index of one root and the one task that brings it up to date.

    Panes ask with `want` and subscribe to `DmartApp.index_changed`, published when it begins, goes on and ends.
    """

    def __init__(self, app: DmartApp, spaces: Spaces) -> None:
        from dmart_tui.core.catalog import open_catalog

        self._app = app
        self.catalog: Catalog = open_catalog(spaces, app.paths.cache / "catalogs")
        self.fresh: Freshness | None = None
        """As it was last looked at; None before that."""
        self.task: Task | None = None
        self._unread: set[str] = set()
        """Paths that changed since."""
        self._compare = False
        """Whether something changed of which no path is known."""
        app.files_changed.subscribe(app, self._follow)
        if app.desk is not None:
            app.desk.changes.subscribe(app, lambda _: self._follow(None))

    @property
    def busy(self) -> bool:
        return self.task is not None and self.task.state == "running"

    @property
    def complete(self) -> bool:
        """Whether all was read at least once."""
        return self.fresh is not None and self.fresh.complete

    def want(self) -> None:
        """Build it, or look once in a session at what changed since the last one."""
        if self.task is None:
            self.update()

    def update(self) -> None:
        """Build it, or bring it up to date, as a listed task; nothing when that goes on already."""
        if not self.busy:
            self.task = self._app.tasks.start("Index the root", self._update, group="index")
            self._tell()

    def _follow(self, paths: frozenset[str] | None) -> None:
        """Take note of files that changed, or that some did, once the index is in use."""
        if self.task is not None:
            self._unread |= paths or frozenset()
            self._compare |= paths is None
            self._app.tasks.spawn(self._catch_up(), group="index-follow")

    def words(self) -> str:
        """How fresh it is, or how far it came."""
        if self.busy:
            task = cast("Task", self.task)
            return f"◐ indexing {format_count(task.done)}" + (f" of {format_count(task.total)}" if task.total else "")
        if self.fresh is None or self.fresh.built is None:
            return "no index"
        return f"{format_count(self.fresh.entries)} entries as of {format_time(self.fresh.built)[11:16]}"

    async def _update(self, task: Task) -> None:
        def progress(told: Progress) -> None:
            task.done, task.total = told.seen + told.read, told.total or 0

        task.unit = "entries"
        self.fresh = await background.run(lambda: self.catalog.state)
        running = asyncio.ensure_future(background.run(self.catalog.update, progress, task.cancel))
        try:
            while not (await asyncio.wait({running}, timeout=_TOLD))[0]:
                self._app.tasks.tell(task)
                self._tell()
            running.result()
        finally:
            task.cancel.cancel() if not running.done() else None
            self.fresh = await background.run(lambda: self.catalog.state)
            # The task's own state changes only after this coroutine.
            asyncio.get_running_loop().call_soon(self._tell)

    async def _catch_up(self) -> None:
        if self.busy or not (self._unread or self._compare):
            return
        paths, compare = self._unread, self._compare
        self._unread, self._compare = set(), False
        await background.run(
            partial(self.catalog.update, wait=False) if compare else partial(self.catalog.changed, paths)
        )
        self._tell()

    def _tell(self) -> None:
        if self._app.is_running:
            self._app.index_changed.publish(None)


def indexing(app: DmartApp) -> Indexing:
    """The index of the root that is open."""
    spaces = cast("Spaces", app.spaces)
    if app.index is None or app.index.catalog.spaces is not spaces:
        app.index = Indexing(app, spaces)
    return app.index


@contextmanager
def links_of(app: DmartApp) -> Iterator[IndexedLinks]:
    """The links of the root that is open, for one thread."""
    from dmart_tui.core.graphs import open_links

    with open_links(indexing(app).catalog) as links:
        yield links


def seen_by(app: DmartApp) -> Callable[[Address], bool]:
    """Tells whether the user as whom is looked sees an entry; that blocks, for a thread."""
    from dmart_tui.core.errors import DmartTuiError

    rights = app.desk.viewing if app.desk is not None else None
    spaces = cast("Spaces", app.spaces)

    def sees(address: Address) -> bool:
        if rights is None:
            return True
        try:
            return rights.shows(spaces.load(address))
        except DmartTuiError:
            return True  # nothing is there, and the one who names it is seen

    return sees
