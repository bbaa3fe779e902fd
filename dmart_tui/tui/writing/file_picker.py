"""Choosing files of one's own computer by the keyboard: narrow, go into folders, type or paste paths, mark several."""

from __future__ import annotations

import asyncio
import os
from bisect import bisect_left
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, cast

from rich.segment import Segment
from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from dmart_tui.core import background
from dmart_tui.core.background import CancelToken
from dmart_tui.core.browsing import FOLDER, Facts, Listing, facts_of, place_of, read_folder
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.text import fit, safe
from dmart_tui.core.units import format_count, format_size, format_time
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Dialog, Picker
from dmart_tui.tui.widgets.lines import spread
from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable

    from rich.style import Style
    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType


NARROW: Final = 44
"""Cells below which no times are shown."""
_NOTHING: Final = Listing("")


class PathLine(Input):
    """What is typed; a space marks instead, and where nothing is typed backspace leads out of the folder."""

    class Out(Message):
        """The folder above is wanted."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character != " " and super().check_consume_key(key, character)

    async def _on_key(self, event: events.Key) -> None:
        if event.character == " ":
            event.prevent_default()

    def action_delete_left(self) -> None:
        if self.value:
            super().action_delete_left()
        else:
            self.post_message(self.Out())


class FileRows:
    """Rows of a listing as a `VirtualList` shows them; their keys are whole paths.

    Args:
        facts: of rows that were read; `wanted` is called with one that was not.
    """

    more = False

    def __init__(
        self, listing: Listing, rows: array[int], facts: dict[int, Facts], wanted: Callable[[int], None]
    ) -> None:
        self.listing = listing
        self.rows = rows
        self._facts = facts
        self._wanted = wanted

    def __len__(self) -> int:
        return len(self.rows)

    def key(self, index: int, /) -> str:
        return self.listing.file(self.rows[index])

    def index(self, key: str, /) -> int:
        folder, name = os.path.split(key)
        row = self.listing.names.index(name) if folder == self.listing.path else -1
        at = bisect_left(self.rows, row)
        return at if 0 <= at < len(self.rows) and self.rows[at] == row else -1

    def is_folder(self, index: int) -> bool:
        return bool(self.listing.names.flags(self.rows[index]) & FOLDER)

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        row = self.rows[index]
        name, folder = safe(self.listing.names.name(row)), self.is_folder(index)
        facts = self._facts.get(row)
        if facts is None:
            self._wanted(row)
            facts = Facts(None, None)
        size = "" if folder or facts.size is None else format_size(facts.size)
        time = format_time(facts.changed) if facts.changed is not None and width >= NARROW else ""
        right = f"{size}  {fit(time, 16)} " if width >= NARROW else f"{size} "
        left = [Segment(f"{name}/" if folder else name, style("strong" if folder else ""))]
        return spread(left, [Segment(right, style("muted"))], width)


class FilePicker(Dialog["list[str]"]):
    """Answers with the paths of one file, or of all that were marked, in whatever folders.

    Args:
        folder: where it begins, an absolute path.
        several: whether files can be marked.
    """

    CONTEXT = "file-picker"
    BINDINGS: ClassVar[list[BindingType]] = [*Picker.BINDINGS, *bindings("file-picker"), *bindings("dialog")]
    DEFAULT_CSS = """
    FilePicker .where { height: 1; color: $text-muted; }
    FilePicker VirtualList { height: 1fr; }
    """

    def __init__(self, title: str, folder: str, *, several: bool = True) -> None:
        super().__init__(title)
        self.folder = folder
        """What a typed name is looked for in."""
        self._several = several
        self._hidden = False
        self._unreadable = False
        """Whether what is typed leads to no folder that can be read: the rows are others then."""
        self._listing = _NOTHING
        self._facts: dict[int, Facts] = {}
        self._wanted: set[int] = set()
        self._reading = CancelToken()
        self._narrowing: asyncio.Task[None] | None = None
        self.input = PathLine(placeholder="Type to narrow, or a path; backspace leads out", compact=True)
        self.input.cursor_blink = False
        self._where = Static("", classes="where")
        self._fault = Static("", classes="fault")
        self.list = VirtualList(self._rows_of(_NOTHING.rows("", hidden=True)), empty="reading…")
        self.list.can_focus = False

    def inside(self) -> ComposeResult:
        yield self.input
        yield self._where
        yield self._fault
        yield self.list

    def on_mount(self) -> None:
        self._fault.display = False
        self.input.focus()
        self._narrow("")

    @property
    def rows(self) -> FileRows:
        """What the list shows."""
        return cast("FileRows", self.list.rows)

    # -- what is shown -----------------------------------------------------------------------------------

    def _narrow(self, text: str, beside: str = "") -> None:
        """Show what a text means, in the background."""
        self._reading.cancel()
        self._reading = CancelToken()
        work = self._show(text, beside, self._reading)
        self._narrowing = self._app.tasks.spawn(work, group="file-picker", exclusive=True)

    async def _show(self, text: str, beside: str, token: CancelToken) -> None:
        folder, needle = place_of(text, self.folder)
        listing = self._listing
        try:
            if folder != listing.path:
                listing = await background.run(read_folder, folder, token)
            found = await background.run(listing.rows, needle, hidden=self._hidden)
            at = await background.run(listing.nearest, needle or beside, found)
        except DmartTuiError as error:
            self._unreadable = True
            self._tell(error)
            return
        self._unreadable = False
        if not self.is_attached or token.cancelled:
            return
        self._tell(None)
        if listing is not self._listing:
            self._listing, self._facts, self._wanted = listing, {}, set()
        self.list.empty = "No name here has that." if needle else "Nothing is in this folder."
        self.list.set_rows(self._rows_of(found))
        self.list.cursor = at
        self._where.update(Content(safe(listing.path)))
        self._count()

    async def _enter(self, folder: str, beside: str = "") -> None:
        """Go into a folder, or say why not and stay."""
        try:
            listing = await background.run(read_folder, folder)
        except DmartTuiError as error:
            self._tell(error)
            return
        self._listing, self._facts, self._wanted = listing, {}, set()
        self.folder = folder
        with self.prevent(Input.Changed):
            self.input.value = ""
        self._narrow("", beside)

    def _rows_of(self, rows: array[int]) -> FileRows:
        return FileRows(self._listing, rows, self._facts, self._want)

    def _want(self, row: int) -> None:
        """Read sizes and times of rows that are seen."""
        self._wanted.add(row)
        if len(self._wanted) == 1:
            self._app.tasks.spawn(self._read_facts(), group="file-facts")

    async def _read_facts(self) -> None:
        await asyncio.sleep(0)  # the other rows of this screen
        listing, wanted = self._listing, self._wanted
        rows = list(wanted)
        facts = await background.run(lambda: [facts_of(listing.file(row)) for row in rows])
        wanted.clear()
        if listing is self._listing and self.is_attached:
            self._facts.update(zip(rows, facts, strict=True))
            self.list.looks_changed()

    def _count(self) -> None:
        total, shown, marked = len(self._listing.names), len(self.rows), len(self.list.marks)
        words = [format_count(shown) if shown == total else f"{format_count(shown)} of {format_count(total)}"]
        if marked:
            words.append(f"{format_count(marked)} marked · f2 takes them")
        elif shown and self._several:
            words.append("enter takes it · space marks")
        elif shown:
            words.append("enter takes it")
        self.say(" · ".join((*words, "tab completes")))

    def _tell(self, error: DmartTuiError | None) -> None:
        self._fault.update(Content(safe(f"✗ {error}" if error is not None else "")))
        self._fault.display = error is not None
        if error is not None and self._listing is _NOTHING:
            self.list.empty = ""
            self.list.looks_changed()

    # -- typing ------------------------------------------------------------------------------------------

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._narrow(event.value)

    @on(PathLine.Out)
    def _out(self, event: PathLine.Out) -> None:
        event.stop()
        self.action_act("file-picker.out")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.do_accept()

    @on(VirtualList.Activated)
    def _activated(self, message: VirtualList.Activated) -> None:
        message.stop()
        self.do_accept()

    @on(VirtualList.MarksChanged)
    def _marked(self, message: VirtualList.MarksChanged) -> None:
        message.stop()
        self._count()

    def action_list(self, what: str, amount: int) -> None:
        """Move in the list while the focus stays in the line."""
        getattr(self.list, f"action_{what}")(amount)

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if action == "file-picker.mark":
            if not self._several:
                return "Only one file is asked for."
            if not len(self.rows):
                return "The cursor is on nothing."
            return "Folders are not marked: enter goes in." if self.rows.is_folder(self.list.cursor) else None
        if action == "file-picker.take" and not self.list.marks:
            return "No file is marked."
        if action == "file-picker.out" and self._listing.path == "/":
            return "Nothing is above this folder."
        return None

    def do_accept(self) -> None:
        self._app.set_off(self._app.tasks.spawn(self._accept(), group="file-picker-accept"))

    async def _accept(self) -> None:
        """Go into the folder under the cursor, or answer, once the list shows what was typed."""
        if self._narrowing is not None:
            await asyncio.wait([self._narrowing])
        if not len(self.rows) or self._unreadable:
            return
        path = self.rows.key(self.list.cursor)
        if self.rows.is_folder(self.list.cursor):
            await self._enter(path)
        elif self.list.marks:
            self.do_take()
        else:
            self._answer([path])

    def do_take(self) -> None:
        self._answer(sorted(self.list.marks))

    def _answer(self, paths: list[str]) -> None:
        self.folder = self._listing.path
        self.dismiss(paths)

    def do_mark(self) -> None:
        self.list.action_mark()

    def do_hidden(self) -> None:
        self._hidden = not self._hidden
        self._narrow(self.input.value, self._beside)

    @property
    def _beside(self) -> str:
        """The name under the cursor."""
        return os.path.basename(self.rows.key(self.list.cursor)) if len(self.rows) else ""  # noqa: PTH119

    async def do_out(self) -> None:
        above, name = os.path.split(self._listing.path or self.folder)
        await self._enter(above, name)

    async def do_complete(self) -> None:
        """Go on with what all names have alike; where that is nothing, with the name under the cursor."""
        if self._narrowing is not None:
            await asyncio.wait([self._narrowing])
        if not len(self.rows):
            return
        head, slash, needle = self.input.value.rpartition("/")
        longer = await background.run(self._listing.completed, needle, self.rows.rows)
        if longer == needle:
            longer = self._beside + "/" * self.rows.is_folder(self.list.cursor)
        if safe(longer) == longer:  # what is none of a line's characters stays a row to choose
            self.input.value = f"{head}{slash}{longer}"
            self.input.action_end()


def here() -> str:
    """The current directory, the home where that is gone."""
    try:
        return str(Path.cwd())
    except OSError:
        return str(Path.home())
