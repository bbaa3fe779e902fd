"""Links of the whole root: what leads nowhere, what stands alone, what most links lead to."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.units import format_count
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import BY_NAME, bindings, keys_of, show_key
from dmart_tui.tui.indexing import indexing, links_of, seen_by
from dmart_tui.tui.messages import OpenAddress
from dmart_tui.tui.panes.relations.listing import PlaceRows
from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult

    from dmart_tui.core.address import Address
    from dmart_tui.core.background import CancelToken

MOST: Final = 1000
_LISTS: Final = {
    "dangling": "Links to what is not there",
    "orphans": "Entries that stand alone",
    "hubs": "What most links lead to",
}
_EMPTY: Final = {
    "dangling": "Every link leads to something that is there.",
    "orphans": "No entry stands alone.",
    "hubs": "No entry points to another one.",
}


class RootLinksPane(Acting, Vertical):
    """One of three lists; `v` goes on to the next.

    Args:
        address: tools have one; this is always about the whole root.
        idle: wait to be run.
    """

    CONTEXT = "root-links"
    BINDINGS = bindings("root-links")
    DEFAULT_CSS = """
    RootLinksPane { height: 1fr; }
    RootLinksPane > #root-links-summary { height: 1; padding: 0 1; margin-bottom: 1; color: $text-muted; }
    RootLinksPane > VirtualList { height: 1fr; }
    """

    def __init__(self, address: Address | None = None, *, idle: bool = False) -> None:
        super().__init__()
        self.idle = idle
        self.list = "dangling"
        self._token: CancelToken | None = None

    def compose(self) -> ComposeResult:
        self.rows = VirtualList(PlaceRows((), more=False), empty="reading…")
        yield Static(id="root-links-summary")
        yield self.rows

    def on_mount(self) -> None:
        self._app.index_changed.subscribe(self, lambda _: self._index_changed())
        if not self.idle:
            indexing(self._app).want()
        self._read_again()

    def on_unmount(self) -> None:
        if self._token is not None:
            self._token.cancel()

    def _index_changed(self) -> None:
        if indexing(self._app).busy:
            self._sum_up()
        else:
            self._read_again()

    def _read_again(self) -> None:
        self._app.tasks.spawn(self._read(), group="root-links", exclusive=True)

    async def _read(self) -> None:
        if self._token is not None:
            self._token.cancel()
        token = self._token = background.CancelToken()
        places: list[tuple[Address, str]] = []
        index = indexing(self._app)
        self._show(places, more=index.complete or index.busy)
        if not index.complete:
            return
        try:
            async for batch in background.stream(self._found, self.list, batch=200, seconds=0.2, cancel=token):
                places += batch
                self._show(places, more=True)
        except background.Cancelled:
            return
        self._show(places, more=False)

    def _found(self, which: str) -> Iterator[tuple[Address, str]]:
        sees = seen_by(self._app)
        with links_of(self._app) as links:
            found: Iterator[tuple[Address, str]]
            if which == "hubs":
                found = ((address, f"{format_count(count)} links") for address, count in links.most_pointed_to(MOST))
            elif which == "orphans":
                found = ((address, "") for address in links.orphans())
            else:
                found = ((link.source, f"{link.role} → {link.target}") for link in links.dangling())
            yield from islice((one for one in found if sees(one[0])), MOST)

    def _show(self, places: list[tuple[Address, str]], *, more: bool) -> None:
        if not self.is_attached:
            return
        complete = indexing(self._app).complete
        self.rows.empty = _EMPTY[self.list] if complete else f"{self._key('read')} indexes the root."
        self.rows.set_rows(PlaceRows(list(places), more=more))
        self._sum_up()
        self.refresh_bindings()

    def _sum_up(self) -> None:
        rows, index = cast("PlaceRows", self.rows.rows), indexing(self._app)
        count = format_count(len(rows))
        parts = [_LISTS[self.list], f"the first {count}" if len(rows) == MOST else count]
        parts.append(index.words() if index.busy else f"{self._key('mode')} another list")
        self.query_one("#root-links-summary", Static).update(Content(" · ".join(parts)))

    def _key(self, verb: str) -> str:
        action = BY_NAME[f"root-links.{verb}"]
        keys = keys_of(action, self._app.settings.keys)
        return show_key(keys[0]) if keys else action.title

    def selection(self) -> list[Address]:
        rows = cast("PlaceRows", self.rows.rows)
        return [rows.places[self.rows.cursor][0]] if len(rows) else []

    def why_not(self, action: str) -> str | None:
        if action in ("root-links.open", "root-links.copy-value") and not self.selection():
            return "The cursor is on nothing."
        if action == "root-links.read" and indexing(self._app).busy:
            return "It is being read."
        return None

    @on(VirtualList.Activated)
    def _activated(self, message: VirtualList.Activated) -> None:
        message.stop()
        self.do_open()

    def do_open(self) -> None:
        self.post_message(OpenAddress(self.selection()[0], "relations"))

    def do_mode(self) -> None:
        names = list(_LISTS)
        self.list = names[(names.index(self.list) + 1) % len(names)]
        self.rows.cursor = 0
        self._read_again()

    def do_read(self) -> None:
        indexing(self._app).update()

    def do_copy_value(self) -> None:
        self._app.copy_text(str(self.selection()[0]))
