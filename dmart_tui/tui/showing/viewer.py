"""The part that shows opened content: one dim line about it, the view that suits it, and a line to search."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.text import safe
from dmart_tui.core.viewing import format_path
from dmart_tui.tui.showing.views import Table, copy_of, find_row, is_prose, make_view
from dmart_tui.tui.widgets.json_tree import JsonTree
from dmart_tui.tui.widgets.lines import LineView
from dmart_tui.tui.widgets.text_view import TextView
from dmart_tui.tui.widgets.typed_line import TypedLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult

    from dmart_tui.tui.showing.opening import Broken, Mode, Opened

SLOW: Final = 0.1
"""Seconds of reading after which it is said that something is read."""
_HEAD_PROBLEMS: Final = 2


class _Words(Static, can_focus=True):
    """Stands where there is no content, so that keys still go somewhere."""


class Viewer(Widget):
    """Shows what is opened for it, closes it when something else comes, and knows how to move in it.

    Of several `read` calls the newest wins. Nothing here is data of an entry: callers say how to open.
    """

    DEFAULT_CSS = """
    Viewer { height: 1fr; layout: vertical; }
    Viewer > .head { height: auto; max-height: 4; padding: 0 1; color: $text-muted; }
    Viewer > .fault { height: auto; padding: 1 1; display: none; }
    Viewer > LineView, Viewer > ImageView { height: 1fr; }
    """

    def __init__(self, *, numbers: bool = True, id: str | None = None) -> None:  # noqa: A002 - as in Textual
        super().__init__(id=id)
        self.opened: Opened | None = None
        self.view: Widget | None = None
        self.mode: Mode | None = None
        self.line = TypedLine(self.take_focus, placeholder="search")
        self.preferred: dict[str, str] = {}
        """The mode chosen for each kind of content."""
        self.wrapped: dict[str, bool] = {}
        """Whether long lines wrap, for each kind of content where a person chose."""
        self.lead: list[tuple[str, str]] = []
        """(text, style) said before the facts of what is shown."""
        self.first_row = 0
        """Where the cursor goes when the first content is there."""
        self._numbers = numbers
        self._newest = 0
        self._searched_from = 0
        self._at_problem = -1

    def compose(self) -> ComposeResult:
        yield Static("reading…", classes="head")
        yield _Words("", classes="fault")
        yield self.line

    def on_unmount(self) -> None:
        self._newest += 1
        if self.opened is not None:
            self.opened.close()

    def take_focus(self) -> None:
        """Focus the view, or the words that stand in its place."""
        (self.view or self.query_one(_Words)).focus()

    # -- what is shown -----------------------------------------------------------------------------------

    async def read(self, opening: Callable[[], Opened], *, hint: str = "", again: bool = False) -> None:
        """Open content in a thread and show it.

        Args:
            opening: opens it; a `DmartTuiError` it raises is shown in its place.
            hint: what to do when there is nothing, where the error does not say.
            again: the same as before: stay on the row and in the mode.
        """
        self._newest += 1
        turn = self._newest
        slow = self.set_timer(SLOW, self._say_reading)
        try:
            work = asyncio.ensure_future(background.run(opening))
            try:
                opened = await asyncio.shield(work)
            except asyncio.CancelledError:
                work.add_done_callback(_close)
                raise
            except DmartTuiError as error:
                if turn == self._newest:
                    await self.say(error.message, error.hint or hint)
                return
        finally:
            slow.stop()
        if turn != self._newest:
            opened.close()
            return
        await self._put(opened, again=again)

    async def say(self, message: str, hint: str = "") -> None:
        """Show words instead of content; whatever was being read is dropped."""
        self._newest += 1
        focused = self.view is not None and self.view.has_focus
        await self._replace(None)
        if self.opened is not None:
            self.opened.close()
            self.opened = None
        self.mode = None
        self._paint_head()
        fault = self.query_one(".fault", Static)
        fault.update(Content.assemble((safe(message), "bold"), ("\n" + safe(hint) if hint else "", "$text-muted")))
        fault.display = True
        if focused:
            fault.focus()

    async def set_mode(self, mode: Mode) -> None:
        """Show the same content another way."""
        if self.opened is None or mode not in self.opened.modes:
            return
        self.mode = mode
        self._at_problem = -1
        wrap = self.wrapped.get(self.opened.kind.kind, is_prose(self.opened))
        view = make_view(self.opened, mode, numbers=self._numbers, wrap=wrap)
        await self._replace(view)
        self._paint_head()

    async def next_mode(self) -> None:
        """Show it the next way that suits it, and such content from now on."""
        if self.opened is not None and self.mode is not None:
            modes = self.opened.modes
            mode = modes[(modes.index(self.mode) + 1) % len(modes)]
            self.preferred[self.opened.kind.kind] = mode
            await self.set_mode(mode)

    def toggle_wrap(self) -> None:
        """Wrap long lines or let them run on, in such content from now on."""
        if self.opened is not None and isinstance(self.view, TextView):
            self.view.set_wrap(not self.view.wrap)
            self.wrapped[self.opened.kind.kind] = self.view.wrap

    @property
    def row(self) -> int:
        """The row of the cursor."""
        return self.view.cursor if isinstance(self.view, LineView) else 0

    def go_to_row(self, row: int) -> None:
        """Put the cursor on a row, as far as there are so many."""
        if isinstance(self.view, LineView):
            self.view.cursor = row

    async def _put(self, opened: Opened, *, again: bool) -> None:
        row, path = self.row, self.view.path if isinstance(self.view, JsonTree) and self.view.row_count() else ""
        wanted = self.mode if again else None
        mode = next((m for m in (wanted, self.preferred.get(opened.kind.kind)) if m in opened.modes), opened.modes[0])
        old, self.opened = self.opened, opened
        await self.set_mode(mode)
        self.query_one(_Words).display = False
        if old is not None:
            old.close()
        if again and mode == wanted:
            if isinstance(self.view, JsonTree):
                self.view.reveal(path)
            else:
                self.go_to_row(row)
        elif self.first_row:
            self.go_to_row(self.first_row)
        self.first_row = 0

    async def _replace(self, view: Widget | None) -> None:
        """Put a view where the old one was; the focus goes with it."""
        old, self.view = self.view, view
        words = self.query_one(_Words)
        focused = words.has_focus if old is None else old.has_focus
        with self.app.batch_update():
            if view is not None:
                await self.mount(view, before=self.line)
            if old is not None:
                await old.remove()
            if focused and view is not None:
                view.focus()

    # -- the line about it -------------------------------------------------------------------------------

    def _say_reading(self) -> None:
        self.query_one(".head", Static).update("reading…")

    def _paint_head(self) -> None:
        opened = self.opened
        parts = [(safe(text), style) for text, style in self.lead]
        if opened is not None:
            parts += [(safe(fact), "") for fact in opened.facts]
            if isinstance(self.view, Table) and self.view.summary:
                parts.append((safe(self.view.summary), ""))
            if opened.verdict[1]:
                parts.append((safe(opened.verdict[1]), f"${style}" if (style := opened.verdict[0]) else ""))
            if opened.note:
                parts.append((safe(opened.note), "$text-warning"))
        pieces: list[tuple[str, str]] = []
        for part in parts:
            pieces += [(" · ", ""), part] if pieces else [part]
        pieces += [("\n" + safe(f"✗ {text}"), "$text-error") for text in self._head_problems()]
        head = self.query_one(".head", Static)
        head.display = bool(pieces)
        head.update(Content.assemble(*pieces))

    def _head_problems(self) -> list[str]:
        """The violations that stand beside no value: of the whole, or the one gone to in a table."""
        if self.opened is None:
            return []
        if isinstance(self.view, JsonTree):
            whole = [broken.message for broken in self.opened.broken if not broken.path]
            more = len(whole) - _HEAD_PROBLEMS
            return [*whole[:_HEAD_PROBLEMS], *([f"and {more} more of the whole"] if more > 0 else [])]
        if self._at_problem >= 0:
            broken = self.opened.broken[self._at_problem]
            return [f"{self._where(broken)}: {broken.message}"]
        return []

    def _where(self, broken: Broken) -> str:
        if isinstance(self.view, Table) and broken.path:
            return f"row {int(broken.path[0]) + 1}, {format_path(broken.path[1:])}".rstrip(", ")
        return format_path(broken.path) or "the whole"

    async def go_to_problem(self, step: int) -> None:
        """Go to the next (previous) place that breaks the schema, in the view where places show."""
        opened = self.opened
        if opened is None or not opened.broken:
            return
        place: Mode = "tree" if "tree" in opened.modes else "table"
        if self.mode != place:
            await self.set_mode(place)
        start = self._at_problem if self._at_problem >= 0 else (-1 if step > 0 else 0)
        self._at_problem = at = (start + step) % len(opened.broken)
        path = opened.broken[at].path
        if isinstance(self.view, JsonTree):
            if path:
                self.view.reveal(format_path(path))
            else:
                self.view.cursor = 0
        elif path:
            self.go_to_row(int(path[0]))
            self._paint_head()

    # -- searching ---------------------------------------------------------------------------------------

    def ask_search(self) -> None:
        """Let a person type what to look for."""
        self._searched_from = self.row
        self.line.ask()

    @property
    def needle(self) -> str:
        """What is looked for."""
        return self.line.told

    def find(self, *, backwards: bool = False) -> None:
        """Go to the next (previous) row that has what was looked for."""
        view, needle = self.view, self.needle
        if isinstance(view, TextView | JsonTree):
            view.find(needle, backwards=backwards)
        elif isinstance(view, LineView):
            row = find_row(view, needle, backwards=backwards)
            if row is None:
                self._not_found()
            else:
                view.cursor = row

    def _not_found(self) -> None:
        self.app.notify(f"Nothing has “{self.needle}”.", severity="warning")

    @on(TextView.Found)
    @on(JsonTree.Found)
    def _found(self, message: TextView.Found | JsonTree.Found) -> None:
        message.stop()
        if message.row is None:
            self._not_found()

    @on(TextView.Grown)
    def _grown(self, message: TextView.Grown) -> None:
        message.stop()

    @on(TypedLine.Typed)
    def _typed(self, message: TypedLine.Typed) -> None:
        """Look for it from where the search began, however often it changes."""
        message.stop()
        if message.text:
            self.go_to_row(self._searched_from)
            self.find()
        elif isinstance(self.view, TextView):
            self.view.find("")  # it marks every match

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self.line.leave():
            event.stop()

    # -- taking away -------------------------------------------------------------------------------------

    def copied(self) -> str | None:
        """What the cursor is on, as text; None when nothing of it is text."""
        return None if self.view is None else copy_of(self.view)


def _close(work: asyncio.Future[Opened]) -> None:
    if not work.cancelled() and work.exception() is None:
        work.result().close()


__all__ = ["Viewer"]
