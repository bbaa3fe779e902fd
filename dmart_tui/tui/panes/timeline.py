"""The timeline: what happened in a branch or the whole root, from all histories and event logs, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on
from textual.containers import Vertical

from dmart_tui.core.spaces import Logged, timeline
from dmart_tui.core.text import safe
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.changes import LogBrowser
from dmart_tui.tui.indexing import indexing
from dmart_tui.tui.messages import OpenAddress, OpenTool
from dmart_tui.tui.writing import time_travel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from textual.app import ComposeResult

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.core.writing import Done
    from dmart_tui.tui.changes import Reading

_EMPTY = "Nothing is recorded here: no history and no event log. `R` looks again."
_AT_CURSOR = frozenset(
    f"timeline.{verb}" for verb in ("open", "toggle", "expand-all", "by-owner", "by-key", "copy-value", "locate")
)


class TimelinePane(Acting, Vertical):
    """Lines of all histories and event logs below an address, a heading a day.

    Args:
        address: the branch; None: the whole root.
        idle: wait to be run.
    """

    CONTEXT = "timeline"
    BINDINGS = bindings("timeline")
    DEFAULT_CSS = """
    TimelinePane { height: 1fr; }
    """

    def __init__(self, address: Address | None = None, *, idle: bool = False) -> None:
        super().__init__()
        self.address = address
        self.idle = idle
        self.browser = LogBrowser("line", below=str(address or ""), at_once=False)
        self.browser.empty = _EMPTY

    def compose(self) -> ComposeResult:
        yield self.browser

    def on_mount(self) -> None:
        self._app.looks_changed.subscribe(self, lambda _: self.browser.again())
        if self.idle:
            self.browser.rows.more = False
            self.browser.list.empty = "Not read since the last session: press R to read."
        else:
            self.do_run()

    def do_run(self) -> None:
        """Read the logs from the beginning; what is shown stays until the first lines are there."""
        spaces, address = cast("Spaces", self._app.spaces), self.address
        catalog = indexing(self._app).catalog

        def source(reading: Reading) -> Iterator[Logged]:
            def progress(files: int) -> None:
                reading.token.check()
                reading.report(files)

            from dmart_tui.core.catalog import known_lines

            return timeline(
                spaces, address, progress=progress, known=known_lines(catalog, address, cancel=reading.token)
            )

        title = f"Timeline of {safe(str(address)) if address else 'the whole root'}"
        self.browser.begin(source, title, keep=True)

    def selection(self) -> list[Address]:
        item = self.browser.current
        return [item.address] if item is not None else []

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        item = self.browser.current
        if action in _AT_CURSOR and item is None:
            return "The cursor is on no change."
        if action == "timeline.by-owner" and item is not None and not item.owner:
            return "This line does not say who did it."
        if action == "timeline.by-key" and item is not None and not item.changes:
            return "This line names no key."
        if action == "timeline.revert" and item is not None:
            return time_travel.why_not_reverted(self._desk, item)
        if action == "timeline.restore" and item is not None:
            return time_travel.why_not_restored(self._desk, item.address, item.when)
        if action == "timeline.back" and not (self.browser.filter or self.browser.busy or self.browser.whole):
            return "There is no filter to take away, and nothing to stop."
        return None

    @on(LogBrowser.Opened)
    def _opened(self, message: LogBrowser.Opened) -> None:
        """Show the history of what a line is about, at that line."""
        message.stop()
        about = message.item.address
        entry = about if about.attachment is None else cast("Address", about.parent)
        self.post_message(OpenAddress(entry, "history", state={"at": message.item.timestamp}))

    def do_open(self) -> None:
        self.browser.list.action_activate()

    def do_toggle(self) -> None:
        self.browser.toggle()

    def do_expand_all(self) -> None:
        self.browser.show_all()

    def do_mode(self) -> None:
        self.browser.switch_sides()

    def do_filter(self) -> None:
        self.browser.ask_filter()

    def do_by_owner(self) -> None:
        self.browser.toggle_term("owner", cast("Logged", self.browser.current).owner)

    async def do_by_key(self) -> None:
        await self.browser.ask_key()

    async def do_revert(self) -> None:
        self._show_done(await time_travel.revert(self._desk, cast("Logged", self.browser.current)))

    async def do_restore(self) -> None:
        item = cast("Logged", self.browser.current)
        keys = [change.key for change in item.changes]
        self._show_done(await time_travel.restore(self._desk, item.address, cast("datetime", item.when), keys))

    def _show_done(self, done: Done | None) -> None:
        """Show the line that a change just made added."""
        if done is not None:
            self.do_run()
            self.browser.go_to_newest()

    def do_activity(self) -> None:
        self.post_message(OpenTool("activity", self.address))

    async def do_locate(self) -> None:
        await self._app.locate(self.selection()[0])

    def do_copy_value(self) -> None:
        self.browser.copy()

    def do_back(self) -> None:
        if not self.browser.leave_whole() and not self.browser.leave_filter():
            self.browser.stop()
