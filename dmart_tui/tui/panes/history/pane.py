"""The history pane: the list of changes, and the ways from it into the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on

from dmart_tui.core import background
from dmart_tui.core.spaces import Kind, history
from dmart_tui.core.text import safe
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.changes import LogBrowser
from dmart_tui.tui.messages import Counted, OpenTool
from dmart_tui.tui.panes.history.asitwas import AsItWas
from dmart_tui.tui.panes.history.blaming import BlameList
from dmart_tui.tui.panes.history.comparing import Comparison, compare
from dmart_tui.tui.panes.history.past import Past, read_blame, read_past
from dmart_tui.tui.views import EntryView
from dmart_tui.tui.writing import time_travel

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from textual.app import ComposeResult
    from textual.widget import Widget

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Entry, Logged, Spaces
    from dmart_tui.core.writing import Done
    from dmart_tui.tui.tasks import Task

_BELOW = "The changes of this {} itself; `u` shows those of everything below it."
_EMPTY = "No change is recorded here: D-MART records updates, not creations."


_LIST_ONLY = frozenset(
    f"history.{verb}"
    for verb in (
        "expand-all",
        "whole",
        "filter",
        "by-owner",
        "by-key",
        "mark",
        "compare",
        "mode",
        "time",
        "blame",
        "revert",
        "restore",
    )
)
"""What is about the rows of the list."""
_AT_CURSOR = frozenset(
    f"history.{verb}"
    for verb in (
        "toggle",
        "whole",
        "expand-all",
        "by-owner",
        "by-key",
        "mark",
        "copy-value",
        "compare",
        "revert",
        "restore",
    )
)


class HistoryPane(EntryView):
    """Changes newest first; the diff of the one under the cursor below them, or in their place.

    From the list one goes to the entry as it was, to who changed each key last, or to a comparison; escape returns.
    """

    CONTEXT = "history"
    BINDINGS = bindings("history")
    VIEW = "history"
    TITLE = "History"

    def __init__(self) -> None:
        super().__init__()
        self.entry: Entry | None = None
        self.browser = LogBrowser("change")
        self.aside: AsItWas | BlameList | Comparison | None = None
        """What stands in place of the list."""

    def compose(self) -> ComposeResult:
        yield self.browser

    def on_mount(self) -> None:
        self._app.looks_changed.subscribe(self, lambda _: self._looks_changed())

    @property
    def _address(self) -> Address:
        return cast("Entry", self.entry).address

    @property
    def _spaces(self) -> Spaces:
        return cast("Spaces", self._app.spaces)

    # -- a view of an entry ------------------------------------------------------------------------------

    async def show(self, entry: Entry) -> None:
        spaces, address = self._spaces, entry.address
        same = self.entry is not None and self.entry.address == address
        self.entry = entry
        self.browser.note = "" if entry.kind is Kind.ENTRY else _BELOW.format(entry.type or "folder")
        self.browser.empty = _EMPTY
        if not same:
            await self._return()
            self.browser.set_filter("")
            self.browser.list.marks.clear()
        elif self.aside is not None:
            self._read_aside_again()
        self.browser.begin(lambda _: history(spaces, address), f"History of {safe(address.name)}", keep=same)

    def _looks_changed(self) -> None:
        self.browser.again()
        if isinstance(self.aside, AsItWas):
            self.aside.look_again()
        elif self.aside is not None:
            self._read_aside_again()

    def take_focus(self) -> None:
        if isinstance(self.aside, AsItWas):
            self.aside.slider.focus()
        elif self.aside is not None:
            target = self.aside.diff if isinstance(self.aside, Comparison) else self.aside
            target.focus()
        else:
            (self.browser.details if self.browser.whole else self.browser.list).focus()

    def selection(self) -> list[Address]:
        return [self.entry.address] if self.entry is not None else []

    def state(self) -> dict[str, object]:
        item = self.browser.current
        return {
            "at": item.timestamp if item is not None else "",
            "side": self.browser.rows.side,
            "details": self.browser.has_class("-details"),
        }

    def restore(self, state: dict[str, object]) -> None:
        if isinstance(at := state.get("at"), str) and at:
            self.browser.go_to(at)
        if isinstance(side := state.get("side"), bool):
            self.browser.rows.side = side
        self.browser.show_details(state.get("details") is True)

    @on(LogBrowser.Progressed)
    def _progressed(self, message: LogBrowser.Progressed) -> None:
        message.stop()
        if not self.browser.filter:
            self.post_message(Counted("history", self.browser.rows.count if self.browser.complete else None))

    # -- aside -------------------------------------------------------------------------------------------

    async def _put_aside(self, widget: AsItWas | BlameList | Comparison) -> None:
        """Show something in place of the list."""
        focused = self.has_focus_within
        if self.aside is not None:
            await self.aside.remove()
        self.aside = widget
        self.browser.display = False
        await self.mount(widget)
        if focused:
            self.take_focus()

    async def _return(self) -> None:
        """Show the list again; what is just being read to stand in its place does not."""
        self._app.tasks.stop_group("history-aside")
        if self.aside is None:
            return
        focused = self.has_focus_within
        aside, self.aside = self.aside, None
        self.browser.display = True
        if focused:
            self.browser.list.focus()
        await aside.remove()

    def _read_aside_again(self) -> None:
        aside = self.aside
        if isinstance(aside, AsItWas) and (when := aside.slider.time) is not None:
            self._show_time(when)
        elif isinstance(aside, BlameList):
            self.do_blame()
        elif isinstance(aside, Comparison):
            self._show_comparison(aside.old, aside.new)

    def _read(self, title: str, read: Callable[[Callable[[int], None]], Widget]) -> None:
        """Make what stands aside in a thread, as a task; another entry or wish meanwhile wins."""
        entry = cast("Entry", self.entry)

        async def work(task: Task) -> None:
            task.unit = "changes"

            def progress(done: int) -> None:
                task.cancel.check()
                task.done = done

            made = await background.run(read, progress)
            if self.entry is not None and self.entry.address == entry.address and not task.cancel.cancelled:
                await self._put_aside(cast("AsItWas | BlameList | Comparison", made))

        self._app.tasks.start(f"{title} of {safe(entry.address.name)}", work, group="history-aside")

    def _past(self, progress: Callable[[int], None]) -> Past:
        return read_past(self._spaces, cast("Entry", self.entry), progress)

    def _show_time(self, when: datetime) -> None:
        self._read("The past", lambda progress: AsItWas(self._past(progress), when))

    def _show_comparison(self, old: datetime, new: datetime | None) -> None:
        secrets = self._app.show_secrets

        def read(progress: Callable[[int], None]) -> Widget:
            return Comparison(compare(self._past(progress), old, new, secrets=secrets), old, new)

        self._read("Comparison", read)

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        item = self.browser.current
        if action in ("history.earlier", "history.later"):
            return (
                None if isinstance(self.aside, AsItWas) else "`a` shows the entry as it was; then this moves in time."
            )
        if action in ("history.revert", "history.restore") and isinstance(self.aside, AsItWas):
            return self._why_not_then(action, self.aside)
        if self.aside is not None:
            return "esc returns to the list of changes, where this is done." if action in _LIST_ONLY else None
        if action in _AT_CURSOR and item is None:
            return "The cursor is on no change."
        if action == "history.back" and not self.browser.filter and not self.browser.whole:
            return "This is the list of changes already."
        return self._why_not_here(action, item)

    def _why_not_here(self, action: str, item: Logged | None) -> str | None:
        if action == "history.by-owner" and item is not None and not item.owner:
            return "This line does not say who made the change."
        if action == "history.by-key" and item is not None and not item.changes:
            return "This line names no key."
        if action == "history.below" and (self.entry is None or self.entry.kind is Kind.ENTRY):
            return "Nothing lies below an entry; its own changes are all here."
        if action == "history.time" and self.browser.complete and not self.browser.rows.items:
            return "No change is recorded, so there is no other time to look at."
        if action in ("history.time", "history.blame") and (self.entry is None or not self.entry.meta):
            return "Its meta cannot be read, so what it was cannot be told."
        if action == "history.compare":
            marked = len(self.browser.list.marks)
            if marked > 2:
                return f"{marked} changes are marked; two can be compared, or one with the entry as it is."
            if any(moment is None for moment in self._moments()):
                return "This line has no time that can be read."
        if action == "history.revert" and item is not None:
            return time_travel.why_not_reverted(self._desk, item)
        if action == "history.restore" and item is not None:
            return time_travel.why_not_restored(self._desk, self._address, item.when)
        return None

    def _why_not_then(self, action: str, aside: AsItWas) -> str | None:
        """The reason why something cannot be done with the moment of the slider."""
        if action == "history.revert":
            records = aside.records
            return (
                time_travel.why_not_reverted(self._desk, records[0]) if records else "No change is recorded just then."
            )
        if aside.view is not None and aside.view.existed is False:
            return "It did not exist then."
        return time_travel.why_not_restored(self._desk, self._address, aside.slider.time)

    @on(LogBrowser.Opened)
    def _opened(self, message: LogBrowser.Opened) -> None:
        message.stop()
        self.browser.show_whole()

    @on(BlameList.Activated)
    def _key_chosen(self, message: BlameList.Activated) -> None:
        """The changes of the key that was chosen."""
        if isinstance(self.aside, BlameList):
            message.stop()
            self._app.tasks.spawn(self._show_key(self.aside), group="history-key")

    async def _show_key(self, blamed: BlameList) -> None:
        chosen = blamed.current
        if chosen is None or not chosen.timestamp:
            self._app.notify("No change of this key is recorded.", severity="warning")
            return
        await self._return()
        self.browser.set_filter("")
        self.browser.toggle_term("key", chosen.key)

    def do_toggle(self) -> None:
        if isinstance(self.aside, AsItWas):
            self.aside.whole.action_activate()
        elif isinstance(self.aside, Comparison):
            self.aside.diff.action_activate()
        elif self.aside is not None:
            self.aside.action_activate()
        else:
            self.browser.toggle()

    def do_whole(self) -> None:
        if not self.browser.leave_whole():
            self.browser.show_whole()

    def do_expand_all(self) -> None:
        self.browser.show_all()

    def do_mark(self) -> None:
        self.browser.list.action_mark()

    def do_mode(self) -> None:
        self.browser.switch_sides()

    def do_filter(self) -> None:
        self.browser.ask_filter()

    def do_by_owner(self) -> None:
        if (item := self.browser.current) is not None:
            self.browser.toggle_term("owner", item.owner)

    async def do_by_key(self) -> None:
        await self.browser.ask_key()

    def do_time(self) -> None:
        item = self.browser.current
        when = item.when if item is not None else None
        entry = cast("Entry", self.entry)
        when = when or entry.updated_at or entry.created_at
        if when is None:
            self._app.notify(
                "There is no time to look at: neither its changes nor its meta tell one.", severity="warning"
            )
        else:
            self._show_time(when)

    async def do_revert(self) -> None:
        aside = self.aside
        item = aside.records[0] if isinstance(aside, AsItWas) else cast("Logged", self.browser.current)
        await self._show_done(await time_travel.revert(self._desk, item))

    async def do_restore(self) -> None:
        aside, item = self.aside, self.browser.current
        if isinstance(aside, AsItWas):
            when, keys = aside.slider.time, aside.keys
        else:
            when, keys = cast("Logged", item).when, [change.key for change in cast("Logged", item).changes]
        await self._show_done(await time_travel.restore(self._desk, self._address, cast("datetime", when), keys))

    async def _show_done(self, done: Done | None) -> None:
        """Show the line that a change just made added."""
        if done is not None:
            await self._return()
            self.browser.leave_whole()
            self.browser.go_to_newest()

    def do_earlier(self) -> None:
        cast("AsItWas", self.aside).step(-1)

    def do_later(self) -> None:
        cast("AsItWas", self.aside).step(1)

    def do_blame(self) -> None:
        spaces, entry, secrets = self._spaces, cast("Entry", self.entry), self._app.show_secrets
        self._read(
            "Who changed what",
            lambda progress: BlameList(read_blame(spaces, entry, secrets=secrets, progress=progress)),
        )

    def _moments(self) -> list[datetime | None]:
        """The times of the marked changes, else of the one under the cursor."""
        rows = self.browser.rows
        marked = [rows.item(at) for key in self.browser.list.marks if (at := rows.index(key)) >= 0]
        return [item.when for item in marked or [self.browser.current] if item is not None]

    def do_compare(self) -> None:
        moments = sorted(moment for moment in self._moments() if moment is not None)
        self._show_comparison(moments[0], moments[1] if len(moments) > 1 else None)

    def do_copy_value(self) -> None:
        if isinstance(self.aside, AsItWas):
            self._app.copy_text(self.aside.whole.copy_text())
        elif isinstance(self.aside, BlameList):
            if (row := self.aside.current) is not None:
                self._app.copy_text(f"{row.key}: {row.value}")
        elif isinstance(self.aside, Comparison):
            self._app.copy_text(self.aside.line)
        else:
            self.browser.copy()

    def do_below(self) -> None:
        self.post_message(OpenTool("timeline", cast("Entry", self.entry).address))

    async def do_back(self) -> None:
        if self.aside is not None:
            await self._return()
        elif not self.browser.leave_whole():
            self.browser.leave_filter()
