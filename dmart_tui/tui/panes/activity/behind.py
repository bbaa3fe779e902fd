"""The documents behind a bar, newest first, and each in full."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.changelog import newest
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.histories import engine_of
from dmart_tui.tui.messages import OpenAddress
from dmart_tui.tui.panes.activity.rows import DocumentRows, fields_of, is_change
from dmart_tui.tui.widgets.field_list import FieldList
from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from textual.app import ComposeResult

    from dmart_tui.core.historydb import Query

PAGE: Final = 200
"""Documents that are asked for at once."""


class Behind(Acting, Widget):
    """A list of documents and the details of one.

    Args:
        query: which documents.
        label: of the bar, raw.
        leave: returns to the charts.
    """

    CONTEXT = "behind"
    BINDINGS = bindings("behind")
    DEFAULT_CSS = """
    Behind { layout: vertical; height: 1fr; }
    Behind #behind-told { height: 1; padding: 0 1; margin-bottom: 1; }
    Behind VirtualList { height: 1fr; }
    Behind FieldList { height: 40%; display: none; border-top: solid $foreground 22%; padding: 0 1; }
    Behind.-details FieldList { display: block; }
    """

    def __init__(self, store: Path, query: Query, label: str, leave: Callable[[], object]) -> None:
        super().__init__()
        self.store, self.query_, self.label = store, query, label
        self._leave = leave
        self.documents: list[dict[str, Any]] = []
        self.times: list[datetime | None] = []
        self.complete = False

    def compose(self) -> ComposeResult:
        self._told = Static(id="behind-told")
        self.list = VirtualList(DocumentRows((), (), more=True), empty="Nothing is behind it.")
        self.details = FieldList()
        yield self._told
        yield self.list
        yield self.details

    def on_mount(self) -> None:
        self.list.focus()
        self._tell()

    @on(VirtualList.MoreWanted)
    def _more_wanted(self, message: VirtualList.MoreWanted) -> None:
        message.stop()
        self._app.tasks.spawn(self._more(), group=f"behind {id(self)}", exclusive=True)

    async def _more(self) -> None:
        """Ask for a page more; a page costs what all before it cost, too."""
        wanted = len(self.documents) + PAGE
        try:
            found = await background.run(newest, engine_of(self._app), self.store, self.query_, wanted + 1)
        except DmartTuiError as error:
            self.list.empty = safe(str(error))
            found = []
        if not self.is_attached:
            return
        self.complete = len(found) <= wanted
        self.documents = [document for _, document in found[:wanted]]
        self.times = [when for when, _ in found[:wanted]]
        self.list.set_rows(DocumentRows(self.documents, self.times, more=not self.complete))
        self._tell()
        self.refresh_bindings()

    def _tell(self) -> None:
        count = format_count(len(self.documents)) + ("" if self.complete else " of more")
        told = f" · {count}, newest first" if self.documents or self.complete else ""
        self._told.update(Content.assemble((safe(self.label), "bold"), (told, "$text-muted")))

    @property
    def current(self) -> dict[str, Any] | None:
        """The document under the cursor."""
        return self.documents[self.list.cursor] if self.list.cursor < len(self.documents) else None

    @property
    def address(self) -> Address | None:
        """The entry that the document is about, where a root is open that may have it."""
        document = self.current
        if document is None or self._app.spaces is None or not is_change(document):
            return None
        try:
            return Address.parse(document["entry"])
        except DmartTuiError:
            return None

    @on(VirtualList.Highlighted)
    def _highlighted(self, message: VirtualList.Highlighted) -> None:
        message.stop()
        if self.has_class("-details"):
            self._show_details()

    @on(VirtualList.Activated)
    def _activated(self, message: VirtualList.Activated) -> None:
        message.stop()
        self.action_act("behind.open")

    def _show_details(self) -> None:
        at = self.list.cursor
        self.details.set_fields(fields_of(self.documents[at], self.times[at]) if at < len(self.documents) else [])

    # -- actions -----------------------------------------------------------------------------------------

    def selection(self) -> list[Address]:
        return [self.address] if self.address is not None else []

    def why_not(self, action: str) -> str | None:
        if action == "behind.back":
            return None
        if self.current is None:
            return "The cursor is on no document."
        if action in ("behind.open", "behind.locate") and self.address is None:
            return "It is about no entry of the root that is open."
        return None

    def do_open(self) -> None:
        document, address = cast("dict[str, Any]", self.current), cast("Address", self.address)
        self.post_message(OpenAddress(address, "history", state={"at": document.get("at", "")}))

    def do_details(self) -> None:
        self.toggle_class("-details")
        self._show_details()

    async def do_locate(self) -> None:
        await self._app.locate(cast("Address", self.address))

    def do_copy_value(self) -> None:
        self._app.copy_text(json.dumps(self.current, ensure_ascii=False, default=str))

    def do_back(self) -> None:
        if self.has_class("-details"):
            self.do_details()
            self.list.focus()
        else:
            self._leave()
