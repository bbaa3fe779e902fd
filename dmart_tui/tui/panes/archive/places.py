"""Browsing for archives: folders, buckets and prefixes, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.messages import OpenArchive
from dmart_tui.tui.panes.archive.listing import S3, Place, PlaceRows, above, pages
from dmart_tui.tui.widgets.typed_line import TypedLine
from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult


_PLACES_ONLY = "Go into a folder first: this is the list of places."


class PlacesPane(Acting, Widget):
    """What is at a place, archives and ways on.

    Args:
        place: a folder, or an `s3://` address of buckets, a bucket or a prefix; empty: where one can begin.
        idle: tools of the last session wait to be run; nothing is asked of a server then.
    """

    CONTEXT: ClassVar[str] = "archives"
    BINDINGS = bindings("archives")
    DEFAULT_CSS = """
    PlacesPane { layout: vertical; height: 1fr; }
    PlacesPane > #where { height: auto; max-height: 3; padding: 0 1; color: $text-muted; }
    PlacesPane > VirtualList { height: 1fr; }
    """

    def __init__(self, place: str = "", *, idle: bool = False) -> None:
        super().__init__()
        self.place = place if not idle or not place.startswith(S3) else ""
        self.found: list[Place] = []
        self._pages: Iterator[list[Place]] = iter(())
        self._more = False
        self._came_from = ""

    def compose(self) -> ComposeResult:
        self.rows = VirtualList(PlaceRows(()), empty="reading…")
        self.line = TypedLine(self.rows.focus, placeholder="filter")
        yield Static(id="where")
        yield self.rows
        yield self.line

    def on_mount(self) -> None:
        self.do_again()

    def take_focus(self) -> None:
        """Focus the list."""
        self.rows.focus()

    # -- what is shown -----------------------------------------------------------------------------------

    def go(self, place: str) -> None:
        """List another place; the cursor goes to where one came from."""
        self._came_from, self.place = self.place, place
        self.line.put("")
        self.do_again()

    def do_again(self) -> None:
        """List the place from its beginning."""
        root = self._app.spaces.root if self._app.spaces is not None else ""
        self.found = []
        self._more = True
        self.rows.empty = "reading…"
        self._pages = pages(self.place, self._app.settings, root)
        self.rows.set_rows(PlaceRows((), more=False))
        self._say()
        self._read_page()

    def _read_page(self) -> None:
        self._app.tasks.spawn(self._page(self._pages), group=f"places-{id(self)}")

    async def _page(self, following: Iterator[list[Place]]) -> None:
        try:
            found = await background.run(next, following, None)
        except DmartTuiError as error:
            if following is self._pages:
                self._more = False
                hint = f" {error.hint}." if error.hint else ""
                self.rows.empty = safe(f"✗ {error.message}.{hint}")
                self._show()
                self._say(error)
            return
        if following is not self._pages or not self.is_attached:
            return
        self._more = found is not None
        self.found += found or ()
        self.rows.empty = "No archive is here, and no folder."
        self._show()
        if self._came_from:
            row = self.rows.rows.index(self._came_from)
            if row >= 0:
                self.rows.cursor, self._came_from = row, ""

    def _show(self) -> None:
        more = self._more and (self.place.startswith(S3) or not self.found)
        self.rows.set_rows(PlaceRows(self.found, needle=self.line.told, more=more))
        self._say()
        self.refresh_bindings()

    def _say(self, error: DmartTuiError | None = None) -> None:
        where = safe(self.place) or "Where to look for archives"
        archives = sum(place.kind == "archive" for place in self.found)
        parts: list[tuple[str, str]] = [(where, "bold")]
        if self.place and self.found:
            more = "+" if cast("PlaceRows", self.rows.rows).more else ""
            parts.append((f"  {format_count(archives)}{more} archive{'s' * (archives != 1 or bool(more))}", ""))
        if error is not None:
            parts.append((f"\n✗ {safe(str(error))}", "$text-error"))
        self.query_one("#where", Static).update(Content.assemble(*parts))

    @on(VirtualList.MoreWanted)
    def _more_wanted(self, message: VirtualList.MoreWanted) -> None:
        message.stop()
        self._read_page()

    @on(VirtualList.Activated)
    def _activated(self, message: VirtualList.Activated) -> None:
        message.stop()
        self.action_act("archives.open")

    @on(TypedLine.Typed)
    def _typed(self, message: TypedLine.Typed) -> None:
        message.stop()
        self._show()

    # -- actions -----------------------------------------------------------------------------------------

    @property
    def at_cursor(self) -> Place | None:
        """What the cursor is on."""
        places = cast("PlaceRows", self.rows.rows).places
        return places[self.rows.cursor] if self.rows.cursor < len(places) else None

    def why_not(self, action: str) -> str | None:
        at = self.at_cursor
        if action in ("archives.open", "archives.copy-value") and at is None:
            return "The cursor is on nothing."
        if action == "archives.out" and not self.place and not self.line.has_class("-asked"):
            return "This is the list of places."
        if action == "archives.append" and self.place.startswith(S3):
            return "Stores of a bucket are read only: append to one on this computer."
        return None

    def do_open(self) -> None:
        at = cast("Place", self.at_cursor)
        if at.kind == "folder":
            self.go(at.where)
        else:
            self.post_message(OpenArchive(at.where))

    def do_out(self) -> None:
        if not self.line.leave():
            self.go(above(self.place))

    async def do_go(self) -> None:
        from dmart_tui.tui.archives import ask_where

        where = await ask_where(self._app, title="Go to", text=self.place)
        if where is None:
            return
        if await background.run(_is_place, where):
            self.go(where if where.startswith(S3) else f"{where.rstrip('/')}/")
        else:
            self.post_message(OpenArchive(where))

    def do_filter(self) -> None:
        self.line.ask()

    def do_copy_value(self) -> None:
        self._app.copy_text(cast("Place", self.at_cursor).where)

    async def do_pack(self) -> None:
        """Pack the folder under the cursor, or files that are chosen."""
        from dmart_tui.tui.screens.dialog import Choice
        from dmart_tui.tui.writing.packing import pack_files_chosen

        at = self.at_cursor
        paths: list[str] | None = None
        if at is not None and at.kind == "folder" and at.where.startswith("/"):
            options = [("t", f"The folder {at.where}", True), ("c", "Choose files…", False)]
            this = await self._app.ask(Choice("Pack", options))
            if this is None:
                return
            paths = [at.where.rstrip("/")] if this else None
        if paths := paths or await self._chosen("Pack into an archive"):
            await pack_files_chosen(self._app, paths, self.place or self._here)

    async def do_append(self) -> None:
        from dmart_tui.tui.writing.packing import append

        if paths := await self._chosen("Append to a store"):
            await append(self._app, paths, self.place or self._here)

    @property
    def _here(self) -> str:
        from dmart_tui.tui.writing.file_picker import here

        return here()

    async def _chosen(self, title: str) -> list[str] | None:
        from dmart_tui.tui.writing.file_picker import FilePicker

        folder = self.place if self.place.startswith("/") else self._here
        return await self._app.ask(FilePicker(title, folder.rstrip("/") or "/", several=True))


def _is_place(where: str) -> bool:
    from pathlib import Path

    if where.startswith(S3):
        return where.endswith(("/", "@")) or "/" not in where[len(S3) :]
    return Path(where).is_dir()
