"""A log to look through: its list, the details of a line, a filter, and the reading behind them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.background import Cancelled
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.changes.detail_view import DetailView
from dmart_tui.tui.changes.details import WIDE, plain_text
from dmart_tui.tui.changes.filtering import Filter
from dmart_tui.tui.changes.reading import Reading
from dmart_tui.tui.changes.rows import LogList, LogRows
from dmart_tui.tui.widgets.typed_line import TypedLine
from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.timer import Timer

    from dmart_tui.core.spaces import Logged
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.changes.reading import Source
    from dmart_tui.tui.tasks import Task

FIRST: Final = 60
"""Lines read at first: about a screen, so that it comes at once."""
PAGE: Final = 200
SLICE: Final = 0.2
"""Seconds of reading after which what was found is shown; what takes longer is a task that can be stopped."""
MOST_WHOLE: Final = 200
"""Lines shown in full one below the other."""
_LATER_THAN_ALL: Final = "9999-12-31T00:00:00"
REST: Final = 0.12
"""Seconds the cursor must rest before the details follow it."""
_LETTERS: Final = "123456789abcdefghijklmnopqrstuvwxyz"
_REPORTED: Final = 0.2
"""Seconds between two words on how far finding the files is."""


class LogBrowser(Vertical):
    """Shows a log as it is read.

    Args:
        noun: what a line is called, for counts: `change`.
        below: see `LogRows`.
        at_once: whether opening the log is quick; else it is a task from the beginning.
    """

    DEFAULT_CSS = """
    LogBrowser { height: 1fr; }
    LogBrowser > LogList { height: 1fr; }
    LogBrowser > DetailView { height: 7; display: none; }
    LogBrowser.-details > DetailView { display: block; }
    LogBrowser.-whole > DetailView { display: block; height: 1fr; }
    LogBrowser.-whole > LogList { display: none; }
    LogBrowser > .head { height: 1; padding: 0 1; color: $text-muted; display: none; }
    """

    class Progressed(Message):
        """More was read, or all of it (`ended`), or the filter changed."""

        def __init__(self, browser: LogBrowser) -> None:
            super().__init__()
            self.browser = browser

    class Opened(Message):
        """Enter or a double click on a line."""

        def __init__(self, item: Logged) -> None:
            super().__init__()
            self.item = item

    def __init__(self, noun: str, *, below: str | None = None, at_once: bool = True) -> None:
        super().__init__()
        self.list = LogList(LogRows(Filter(), below=below))
        self.details = DetailView()
        fields = f"words  owner:  key:{'' if below is None else '  type:  request:'}"
        self.line = TypedLine(self.list.focus, placeholder=fields)
        self.filter = Filter()
        self.note = ""
        """Said in the head line while nothing else is."""
        self.empty = "No change is recorded."
        self._noun = noun
        self._below = below
        self._at_once = at_once
        self._reading: Reading | None = None
        self._source: Source | None = None
        self._title = ""
        self._busy = False
        self._wanted_time = ""
        self._files = 0
        self._resting: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static("", classes="head")
        yield self.list
        yield self.details
        yield self.line

    @property
    def _app(self) -> DmartApp:
        return cast("DmartApp", self.app)

    @property
    def rows(self) -> LogRows:
        return self.list.log_rows

    @property
    def current(self) -> Logged | None:
        """The line under the cursor."""
        return self.list.current

    @property
    def complete(self) -> bool:
        """Whether everything was read."""
        return self._reading is not None and self._reading.ended

    @property
    def stopped(self) -> bool:
        """Whether the reading was stopped before its end."""
        return self._reading is not None and self._reading.token.cancelled and not self._reading.ended

    @property
    def busy(self) -> bool:
        """Whether it is being read just now."""
        return self._busy

    # -- reading -----------------------------------------------------------------------------------------

    def begin(self, source: Source, title: str, *, keep: bool = False) -> None:
        """Show another log, or the same again.

        Args:
            title: of the task when it takes long.
            keep: what is shown stays until the new first lines are there, cursor and opened rows by key.
        """
        if self._reading is not None:
            self._reading.token.cancel()
        self._source, self._title = source, title
        self._files, self._busy = 0, False
        app = self._app
        reading = self._reading = Reading(source, secrets=app.show_secrets, report=self._reporter())
        fresh = LogRows(self.filter, below=self._below)
        fresh.side = self.rows.side
        self.list.empty = ""
        if not keep:
            self.list.set_rows(fresh)
        self._fill(reading, fresh, max(FIRST, self.list.cursor + FIRST) if keep else FIRST)

    def on_unmount(self) -> None:
        if self._reading is not None:
            self._reading.token.cancel()

    def stop(self) -> None:
        """Stop reading; what was read stays."""
        if self._reading is not None:
            self._reading.token.cancel()
            if not self._busy:
                self._over(self._reading, self.rows)

    def again(self) -> None:
        """Read the same log again."""
        if self._source is not None:
            self.begin(self._source, self._title, keep=True)

    def go_to(self, timestamp: str) -> None:
        """Put the cursor on the line of a time, or the next older one, reading as far as needed."""
        self._wanted_time = timestamp
        if self._reading is not None and not self._busy:
            self._fill(self._reading, self.rows, 1)

    def go_to_newest(self) -> None:
        """Put the cursor on the first line."""
        self.go_to(_LATER_THAN_ALL)

    def _fill(self, reading: Reading, rows: LogRows, wanted: int) -> None:
        self._busy = True
        goal = rows.count + wanted
        if self._at_once or reading.scanned:
            self._app.tasks.spawn(self._read(reading, rows, goal), group="log")
        else:
            self._go_on(reading, rows, goal)

    def _go_on(self, reading: Reading, rows: LogRows, goal: int) -> None:
        """Read as a task that shows its progress and can be stopped."""

        async def work(task: Task) -> None:
            task.unit = f"{self._noun}s"
            while not await self._slice(reading, rows, goal, task):
                pass

        self._app.tasks.start(self._title, work, cancel=reading.token)
        self._show_head()

    async def _read(self, reading: Reading, rows: LogRows, goal: int) -> None:
        if not await self._slice(reading, rows, goal):
            self._go_on(reading, rows, goal)

    async def _slice(self, reading: Reading, rows: LogRows, goal: int, task: Task | None = None) -> bool:
        """Read for a moment and show it; True when there is enough, or nothing more."""
        try:
            found = await background.run(reading.slice, rows.wanted.keeps, max(1, goal - rows.count), SLICE)
        except Cancelled:
            self._over(reading, rows)
            return True
        except DmartTuiError as error:
            self._over(reading, rows)
            self.list.empty = safe(str(error))
            self.list.looks_changed()
            return True
        if reading is not self._reading or rows.wanted is not self.filter or not self.is_attached:
            return True
        rows.add(found)
        rows.more = not reading.ended
        if task is not None:
            task.done = reading.scanned
        enough = reading.ended or (rows.count >= goal and not self._seeks(rows))
        self._show(rows)
        if enough:
            self._busy = False
            if self._wanted_time:
                self.list.cursor, self._wanted_time = rows.row_at_time(self._wanted_time), ""
        self._show_head()
        self.post_message(self.Progressed(self))
        if enough:
            self.refresh_bindings()
        return enough

    def _over(self, reading: Reading, rows: LogRows) -> None:
        """Take note that a reading was stopped or failed."""
        if reading is not self._reading or not self.is_attached:
            return
        reading.token.cancel()
        self._busy = False
        rows.more = False
        self._show(rows)
        self._show_head()
        self.post_message(self.Progressed(self))

    def _seeks(self, rows: LogRows) -> bool:
        if not self._wanted_time or not rows.items:
            return False
        return rows.items[-1].timestamp > self._wanted_time

    def _show(self, rows: LogRows) -> None:
        self.list.empty = (
            "" if rows.more else "Nothing matches. esc takes the filter away." if self.filter else self.empty
        )
        if self.list.rows is rows:
            self.list.rows_grew()
        else:
            self.list.set_rows(rows)
        self._tell()

    def _reporter(self) -> Callable[[int], None]:
        loop = asyncio.get_running_loop()
        last = 0.0

        def report(files: int) -> None:
            nonlocal last
            if loop.time() - last > _REPORTED:
                last = loop.time()
                loop.call_soon_threadsafe(self._found_files, files)

        return report

    def _found_files(self, files: int) -> None:
        self._files = files
        if self.is_attached:
            self._show_head()

    @on(VirtualList.MoreWanted)
    def _more_wanted(self, message: VirtualList.MoreWanted) -> None:
        message.stop()
        if self._reading is not None and not self._busy and not self.complete and not self.stopped:
            self._fill(self._reading, self.rows, PAGE)

    # -- details ---------------------------------------------------------------------------------------

    @property
    def whole(self) -> bool:
        """Whether the details have the place of the list."""
        return self.has_class("-whole")

    def show_details(self, shown: bool = True) -> None:
        """Show the line under the cursor in full below the list, or no more; it follows the cursor."""
        self.set_class(shown, "-details")
        self._tell()

    def show_whole(self) -> None:
        """Give the details of the line under the cursor the place of the list."""
        if self.current is not None:
            self._make_whole()
            self._tell()

    def show_all(self) -> None:
        """Show the first lines in full, one below the other."""
        rows = self.rows
        left = max(0, rows.count - MOST_WHOLE)
        head = f"{format_count(rows.count - left)} {self._noun}s in full"
        if left:
            head += f"; {format_count(left)} more stay in the list"
        self._make_whole()
        self.details.show(head, lambda width, style: list(rows.all_details(MOST_WHOLE, width, style)))

    def _make_whole(self) -> None:
        self.add_class("-whole")
        self.details.focus()

    def leave_whole(self) -> bool:
        """Show the list again; False when it shows already."""
        if not self.whole:
            return False
        self.remove_class("-whole")
        if self.details.has_focus:
            self.list.focus()
        self._tell()
        return True

    def toggle(self) -> None:
        """Show or hide the details of the row under the cursor."""
        if not self.leave_whole():
            self.show_details(not self.has_class("-details"))

    def _tell(self) -> None:
        """Show in full what the cursor is on."""
        rows, index = self.rows, self.list.cursor
        if not self.details.display:
            return
        if self.current is None:
            self.details.show("", lambda _width, _style: ())
        elif rows.heavy(index):
            self._app.tasks.spawn(self._tell_later(rows, index), group="diff")
        else:
            self.details.show(rows.head(index), partial(rows.detail, index))

    async def _tell_later(self, rows: LogRows, index: int) -> None:
        await background.run(rows.prepare, index)
        if rows is self.rows and index == self.list.cursor:
            self._tell()

    @on(VirtualList.Highlighted)
    def _highlighted(self, message: VirtualList.Highlighted) -> None:
        message.stop()
        if self._resting is not None:
            self._resting.stop()
        if self.details.display:
            self._resting = self.set_timer(REST, self._tell)

    @on(LogList.DetailsWanted)
    def _details_wanted(self, message: LogList.DetailsWanted) -> None:
        message.stop()
        self.show_details(message.shown)

    @on(DetailView.Left)
    def _details_left(self, message: DetailView.Left) -> None:
        message.stop()
        if not self.leave_whole():
            self.list.focus()

    # -- filter ------------------------------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """Show what matches and say so in the line; reads on, or again, where that is needed."""
        self.line.put(text)
        self._apply(text)

    def ask_filter(self) -> None:
        """Let a filter be typed."""
        self.leave_whole()
        self.line.ask()

    def leave_filter(self) -> bool:
        """Take the filter and its line away; False when there was none."""
        left = self.line.leave()
        self._apply("")
        return left

    @on(TypedLine.Typed)
    def _typed(self, message: TypedLine.Typed) -> None:
        message.stop()
        self._apply(message.text)

    def _apply(self, text: str) -> None:
        wanted = Filter(text)
        if wanted.terms == self.filter.terms:
            return
        self.filter = wanted
        reading = self._reading
        if reading is None:
            return
        if reading.partial or self.stopped:
            self.again()
            return
        rows = self.rows.filtered(wanted)
        self._busy = False
        self._show(rows)
        self._show_head()
        self.post_message(self.Progressed(self))
        if not reading.ended and rows.count < FIRST:
            self._fill(reading, rows, FIRST - rows.count)

    def toggle_term(self, field: str, word: str) -> None:
        """Show only what has this word in a field, or all again."""
        self.set_filter(self.filter.toggled(field, word))

    async def ask_key(self) -> None:
        """Show only changes of a key of the line under the cursor, asking which, or all again."""
        if (item := self.current) is None:
            return
        keys = list(dict.fromkeys(change.key for change in item.changes))[: len(_LETTERS)]
        key = next((key for key in keys if self.filter.has("key", key)), None)
        if key is None and len(keys) == 1:
            key = keys[0]
        elif key is None:
            from dmart_tui.tui.screens.dialog import Choice

            options = list(zip(_LETTERS, keys, keys, strict=False))
            key = await self._app.ask(Choice("Changes of which key?", options))
        if key is not None:
            self.toggle_term("key", key)

    # -- what a person does ------------------------------------------------------------------------------

    def switch_sides(self) -> None:
        """Both sides of a diff beside each other, or one below the other."""
        rows = self.rows
        beside = self.details.row_width >= WIDE + 2 if rows.side is None else rows.side
        rows.side = not beside
        self._tell()
        self._app.notify("One below the other." if beside else "Side by side.")

    def copy(self) -> None:
        """Copy the line under the cursor with all its values."""
        if (item := self.current) is not None:
            self._app.copy_text(plain_text(item, address=self._below is not None))

    @on(VirtualList.Activated)
    def _activated(self, message: VirtualList.Activated) -> None:
        message.stop()
        if (item := self.current) is not None:
            self.post_message(self.Opened(item))

    # -- saying where it stands --------------------------------------------------------------------------

    def _show_head(self) -> None:
        """One dim line: what the filter lets through, or what is going on."""
        reading = self._reading
        parts: list[str] = []
        if reading is None or (not reading.scanned and not reading.ended):
            if self._files:
                parts.append(f"looking for histories… {format_count(self._files)} found")
        elif self.filter:
            read = f"{format_count(reading.scanned)}{'' if reading.ended else ' read, there are more'}"
            parts.append(f"{format_count(self.rows.count)} of {read}")
        elif self._below is not None:
            more = "" if reading.ended else " read, there are more"
            parts.append(f"{format_count(reading.scanned)} {self._noun}{'s' * (reading.scanned != 1)}{more}")
        if self.stopped:
            parts.append("stopped before the end")
        if not parts and self.note:
            parts.append(self.note)
        head = self.query_one(".head", Static)
        head.display = bool(parts)
        head.update(Content(safe(" · ".join(parts))))
