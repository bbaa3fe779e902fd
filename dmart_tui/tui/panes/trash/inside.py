"""What something in the trash holds: its files, and below them the one under the cursor."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.core.writing import trash_files
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.panes.trash.rows import FileRows
from dmart_tui.tui.showing import ShowingActions, Viewer, open_stored
from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from dmart_tui.core.writing import Store, TrashFile, TrashItem
    from dmart_tui.tui.showing import Opened

MOST_FILES: Final = 2000
_MOST_ROWS: Final = 8
REST: Final = 0.12
"""Seconds the cursor must rest before a file is read."""


class Inside(ShowingActions, Vertical):
    """The files of one thing; the keys are those of a payload."""

    CONTEXT: ClassVar[str] = "payload"
    BINDINGS = bindings("payload")
    DEFAULT_CSS = """
    Inside { height: 1fr; }
    Inside > .head { height: 1; padding: 0 1; color: $text-muted; }
    Inside > VirtualList { height: auto; }
    Inside > Viewer { height: 1fr; border-top: solid $border-blurred; }
    """

    def __init__(self, store: Store, item: TrashItem) -> None:
        super().__init__()
        self.item = item
        self._store = store
        self.files = VirtualList(FileRows((), more=False), empty="reading…")
        self.viewer = Viewer()

    def compose(self) -> ComposeResult:
        yield Static("", classes="head")
        yield self.files
        yield self.viewer

    async def read(self) -> None:
        """List the files and show the first one."""
        found = await background.run(lambda: list(islice(trash_files(self._store, self.item.identity), MOST_FILES + 1)))
        if not self.is_attached:
            return
        files, more = found[:MOST_FILES], len(found) > MOST_FILES
        self.files.empty = "It holds no file."
        self.files.styles.height = min(_MOST_ROWS, max(1, len(files)))
        self.files.set_rows(FileRows(files, more=more))
        count = f"{format_count(len(files))}{' of more' * more} file{'s' * (len(files) != 1)}"
        self.query_one(".head", Static).update(Content(safe(f"{self.item.address or self.item.identity} · {count}")))
        await self.show()

    async def show(self, rest: float = 0, *, again: bool = False) -> None:
        """Show the file under the cursor, once the cursor rests."""
        await asyncio.sleep(rest)
        files = cast("FileRows", self.files.rows).files
        if self.is_attached and self.files.cursor < len(files):
            await self.viewer.read(partial(self._open, files[self.files.cursor]), again=again)

    def _open(self, file: TrashFile) -> Opened:
        return open_stored(
            self._store.spaces, file.stored, file.path.rpartition("/")[2], secrets=self._app.show_secrets
        )

    def look_again(self) -> None:
        """Show the same file again: secrets show now, or no more."""
        self._app.tasks.spawn(self.show(again=True), group="trash-file", exclusive=True)

    @on(VirtualList.Highlighted)
    def _highlighted(self, message: VirtualList.Highlighted) -> None:
        message.stop()
        self._app.tasks.spawn(self.show(REST), group="trash-file", exclusive=True)

    @on(VirtualList.Activated)
    def _activated(self, message: VirtualList.Activated) -> None:
        message.stop()
        self.viewer.take_focus()

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self.viewer.has_focus_within:
            event.stop()
            self.files.focus()
