"""The pane of a Redis: what the server can do, D-MART's indexes on it, and work with them."""

from __future__ import annotations

import threading
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.redisearch import (
    Build,
    Drift,
    Server,
    aggregate,
    find_drift,
    keep,
    list_indexes,
    repair,
)
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.panes.redis.builder import Asked, Builder, for_index
from dmart_tui.tui.panes.redis.rows import Line, Lines, drift_line, fields_told, index_line, worked_out_lines
from dmart_tui.tui.tasks import progress_of
from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual.app import ComposeResult

    from dmart_tui.core.address import Address
    from dmart_tui.core.redisearch import Index, Probe
    from dmart_tui.core.spaces import Rights, Spaces
    from dmart_tui.tui.tasks import Task

_WRITING: Final = frozenset(("redis.build", "redis.repair", "redis.watch"))
_TIMEOUT: Final = 30.0
_AT_ONCE: Final = 100
"""Differences that are repaired between two looks at whether to stop."""
Shown = Literal["indexes", "drift", "worked out"]


class RedisPane(Acting, Widget):
    """D-MART's indexes; in their place where the server and the files differ, or what was worked out.

    Args:
        address: tools have one; the server is always that of the whole root.
        idle: tools of the last session wait to be run: the server is asked when the pane is asked for something.
    """

    CONTEXT = "redis"
    BINDINGS = bindings("redis")
    DEFAULT_CSS = """
    RedisPane { layout: vertical; height: 1fr; }
    RedisPane #redis-told { height: 2; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    RedisPane VirtualList { height: 1fr; }
    RedisPane #redis-about { height: auto; max-height: 8; padding: 0 1; border-top: solid $foreground 22%; }
    """

    def __init__(self, address: Address | None = None, *, idle: bool = False) -> None:
        super().__init__()
        self.idle = idle
        self.shown: Shown = "indexes"
        self.probe: Probe | None = None
        self.indexes: list[Index] = []
        self.drift: list[Drift] = []
        self.compared = False
        """Whether the last comparison came to its end."""
        self.error = ""
        self.waiting = ""
        """Why what keeps the server up to date cannot, for now."""
        self.work: Task | None = None
        self._beside: Shown = "indexes"
        """What showed when the work began: esc stops it there, and elsewhere goes back."""
        self._asked = Asked()
        self._worked_out: list[Line] | None = None
        """None: the server has not answered yet."""
        self._index_at = 0
        """Where the cursor was among the indexes when something else took their place."""
        self._told_of = ""
        """What was worked out of what."""

    def compose(self) -> ComposeResult:
        self.rows = VirtualList(Lines((), index_line))
        yield Static(id="redis-told")
        yield self.rows
        yield Static(id="redis-about")

    def on_mount(self) -> None:
        if self.idle or not self._app.settings.redis:
            self._show()
        else:
            self.do_read()

    @property
    def _spaces(self) -> Spaces:
        return cast("Spaces", self._app.spaces)

    @cached_property
    def server(self) -> Server:
        """The one of the settings."""
        return Server(self._app.settings.redis, timeout=_TIMEOUT)

    @property
    def _viewing(self) -> Rights | None:
        return self._app.desk.viewing if self._app.desk is not None else None

    @property
    def _busy(self) -> bool:
        return self.work is not None and self.work.state == "running"

    @property
    def current(self) -> Index | None:
        """The index under the cursor."""
        if self.shown != "indexes" or self.rows.cursor >= len(self.indexes):
            return None
        return self.indexes[self.rows.cursor]

    # -- what is shown -----------------------------------------------------------------------------------

    async def _read(self) -> None:
        self.error = ""
        try:
            self.probe = await background.run(lambda: self.server.probe())
            self.indexes = [] if self.probe.missing else await background.run(list_indexes, self.server)
        except DmartTuiError as error:
            self.probe, self.indexes, self.error = None, [], str(error)
        if self.is_attached:
            self._show()

    def _show(self) -> None:
        rows: dict[Shown, Lines[Any]] = {
            "indexes": Lines(self.indexes, index_line),
            "drift": Lines(self.drift, drift_line),
            "worked out": Lines(self._worked_out or (), lambda line: line),
        }
        self.rows.empty = self._empty
        self.rows.set_rows(rows[self.shown])
        self._tell()
        self._tell_about()
        self.refresh_bindings()

    @property
    def _empty(self) -> str:
        if not self._app.settings.redis:
            return "No Redis is set. The setting is `redis`."
        if self.error:
            return f"✗ {self.error}"
        if self.shown == "drift":
            if self.compared:
                return "The server and the files are the same."
            return "comparing…" if self._busy else "It was not compared to the end."
        if self.shown == "worked out":
            return "working it out…" if self._worked_out is None else "Nothing came of it."
        if self.probe is None:
            return "R asks the server." if self.idle else "asking…"
        if self.probe.missing:
            return f"✗ {self.probe.missing}"
        return "There is no index of D-MART. w builds them from the files."

    def _tell(self) -> None:
        parts = []
        if self.probe is not None:
            modules = (f"{name} {version}" for name, version in sorted(self.probe.modules.items()))
            parts = [self.server.where, f"Redis {self.probe.version}", *modules]
            if self.probe.branch is not None:
                parts.append("keys with branches" if self.probe.branch else "keys without branches")
        if self.shown == "worked out":
            below = self._told_of
        elif self.work is not None and self._busy:
            waiting = "waiting for the server" if self.waiting else ""
            below = "◐ " + " · ".join(filter(None, (self.work.title, progress_of(self.work), waiting)))
        elif self.shown == "drift":
            below = f"{format_count(len(self.drift))} differences" + (
                "" if self.compared else ", not compared to the end"
            )
        else:
            below = f"{format_count(len(self.indexes))} indexes" if self.probe is not None else ""
        self.query_one("#redis-told", Static).update(Content(safe(f"{' · '.join(parts)}\n{below}", lines=True)))

    def _tell_about(self) -> None:
        index = self.current
        about = self.query_one("#redis-about", Static)
        about.display = index is not None
        if index is not None:
            about.update(Content.assemble((safe(index.name), "bold"), "\n", (safe(fields_told(index)), "$text-muted")))

    @on(VirtualList.Highlighted)
    def _moved(self, message: VirtualList.Highlighted) -> None:
        message.stop()
        self._tell_about()
        self.refresh_bindings()

    @on(VirtualList.Activated)
    async def _activated(self, message: VirtualList.Activated) -> None:
        message.stop()
        await self._app.perform("redis.aggregate")

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if action == "redis.back":
            return None if self._busy or self.shown != "indexes" else "There is nothing to leave or to stop."
        if not self._app.settings.redis:
            return "No Redis is set."
        if action in _WRITING and self._app.settings.read_only:
            return "Nothing is changed: the program runs read-only."
        if action in (*_WRITING, "redis.compare") and self._busy:
            return "Something is being done; esc stops it."
        if action in (*_WRITING, "redis.compare") and self.probe is not None and self.probe.missing:
            return f"{self.probe.missing[0].upper()}{self.probe.missing[1:]}."
        if action == "redis.aggregate" and self.current is None:
            return "The cursor is on no index."
        if action == "redis.repair" and not self.drift:
            return "No difference is known: compare first."
        return None

    def do_read(self) -> None:
        self.idle = False
        self.shown = "indexes"
        self._ask_again()

    def _ask_again(self) -> None:
        self._app.tasks.spawn(self._read(), group="redis-read", exclusive=True)

    async def do_aggregate(self) -> None:
        index = cast("Index", self.current)
        rights = self._viewing

        def check(asked: Asked) -> object:
            return asked.read(index, self._spaces, rights)

        asked = await self._app.ask(Builder(index, for_index(self._asked, index), self._spaces, check))
        if asked is None:
            return
        self._asked = asked
        told = f"{index.name}: {asked}" + (f" · as {rights.user}" if rights is not None else "")
        self.shown, self._told_of, self._worked_out = "worked out", told, None
        self._index_at = self.rows.cursor
        self._show()
        try:
            wanted, query = await background.run(asked.read, index, self._spaces, rights)
            rows = await background.run(aggregate, self.server, index, wanted, query)
        except DmartTuiError as error:
            self._app.notify(str(error), severity="error")
            self.do_back()
            return
        if self.shown == "worked out" and self._told_of == told:
            self._worked_out = worked_out_lines(rows, wanted.group_by)
            self.rows.cursor = 0
            self._show()

    def _begin(self, title: str, work: Callable[[Task], Coroutine[Any, Any, None]]) -> None:
        """Start long work; the pane shows how far it is, and when it ended, however it did."""

        async def run(task: Task) -> None:
            try:
                await work(task)
            finally:
                self._app.call_later(self._ended)

        self.work = self._app.tasks.start(title, run, group="redis")
        self.work.unit = "documents"
        self._beside = self.shown
        self._show()

    def _ended(self) -> None:
        if self.is_attached:
            self._show()
            self._ask_again()

    def _progress(self, task: Task, documents: int) -> None:
        task.done = documents
        self._app.tasks.tell(task)
        if self.is_attached:
            self._tell()

    def do_build(self) -> None:
        self._begin("Build D-MART's indexes", self._build)

    async def _build(self, task: Task) -> None:
        made = Build(self.server, self._spaces, cancel=task.cancel)
        async for told in background.stream(made.run, batch=1, cancel=task.cancel):
            self._progress(task, told[-1].documents)
        report = made.report
        for name, why in report.kept.items():
            self._app.notify(f"The index {name} stays as it is: {why}.", severity="warning")
        done = f"Documents written: {format_count(report.documents)}, indexes made: {len(report.indexes)}"
        self._app.notify(f"{done}, documents refused: {len(report.refused)}." if report.refused else f"{done}.")
        self.shown = "indexes"

    def do_compare(self) -> None:
        if self.shown == "indexes":
            self._index_at = self.rows.cursor
        self.shown, self.drift = "drift", []
        self._begin("Compare the Redis", self._compare)

    async def _compare(self, task: Task) -> None:
        self.compared = False
        look = partial(find_drift, self.server, self._spaces, cancel=task.cancel)
        async for batch in background.stream(look, cancel=task.cancel):
            found = [told for told in batch if isinstance(told, Drift)]
            self.drift += found
            if found and self.is_attached and self.shown == "drift":
                if len(self.drift) == len(found):
                    self._show()
                else:
                    self.rows.rows_grew()
            self._progress(
                task, max((told.documents for told in batch if not isinstance(told, Drift)), default=task.done)
            )
        self.compared = True

    def do_watch(self) -> None:
        self._begin("Keep the Redis up to date", self._watch)

    async def _watch(self, task: Task) -> None:
        stop = threading.Event()
        try:
            async for told in background.stream(keep, self.server, self._spaces, stop, batch=1, cancel=task.cancel):
                if told[-1].waiting != self.waiting:
                    self.waiting = told[-1].waiting
                    if self.waiting:
                        self._app.notify(f"{self.waiting}: waiting for it.", severity="warning")
                    elif self.is_attached:
                        self._ask_again()
                    self._progress(task, task.done)
                if done := sum(one.written + one.removed for one in told):
                    self._progress(task, task.done + done)
        finally:
            self.waiting = ""
            stop.set()

    async def do_repair(self) -> None:
        from dmart_tui.tui.screens.dialog import Choice

        options = [
            ("y", "Write what is missing or stale, and remove what stands for nothing", True),
            ("n", "No", False),
        ]
        words = f"{format_count(len(self.drift))} differences; each is looked at again."
        if await self._app.ask(Choice("Repair the Redis", options, words=words, at=1)):
            self._begin("Repair the Redis", self._repair)

    async def _repair(self, task: Task) -> None:
        done, repaired, task.total = 0, 0, len(self.drift)
        try:
            while done < task.total:
                task.cancel.check()
                some = self.drift[done : done + _AT_ONCE]
                repaired += (await background.run(repair, self.server, self._spaces, some)).total()
                done += len(some)
                self._progress(task, done)
        finally:
            self._app.notify(f"{format_count(repaired)} of {format_count(task.total)} repaired.")
            self.drift, self.compared, task.total = self.drift[done:], False, 0
        if self.is_attached:
            await self._compare(task)

    def do_back(self) -> None:
        if self._busy and self.shown in (self._beside, "indexes"):
            self._app.tasks.stop(cast("Task", self.work))
        elif self.shown != "indexes":
            self.shown = "indexes"
            self._show()
            self.rows.cursor = self._index_at
