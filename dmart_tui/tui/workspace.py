"""The centre: open documents, of which one may be a preview that follows the tree."""

from __future__ import annotations

import asyncio
from itertools import takewhile
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Offset
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings, keys_of
from dmart_tui.tui.documents import Document, EntryDocument, ToolDocument
from dmart_tui.tui.views import VIEWS, make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.views import EntryView

LONGEST_TAB = 24
D = TypeVar("D", bound=Document)


class Workspace(Acting, Vertical):
    """Open documents; the border's title is their tab bar."""

    CONTEXT: ClassVar[str] = "entry"
    BINDINGS = bindings("entry")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.documents: list[Document] = []
        self.current: Document | None = None
        self._last_view = VIEWS[0].name
        self._turn = asyncio.Lock()
        self._wanted: Address | None = None

    def compose(self) -> ComposeResult:
        yield Static(
            Content.assemble(
                ("Nothing is open.\n\n", "$text-muted"),
                ("enter", "bold"),
                ("  open what the tree's cursor is on\n", "$text-muted"),
                ("f", "bold"),
                ("      find an entry by name\n", "$text-muted"),
                ("p", "bold"),
                ("      check the root for problems\n", "$text-muted"),
                ("?", "bold"),
                ("      every key of where you are", "$text-muted"),
            ),
            id="nothing",
        )

    def on_mount(self) -> None:
        cast("DmartApp", self.app).looks_changed.subscribe(self, lambda _: self._looks_changed())

    def _looks_changed(self) -> None:
        for document in self.documents:
            if isinstance(document, EntryDocument):
                document.entitle()
        self._paint_title()

    # -- opening -----------------------------------------------------------------------------------------

    async def preview(self, address: Address) -> None:
        """Show an address in the preview, without the focus; nothing happens when it is open already and current."""
        self._wanted = address
        async with self._turn:
            if address == self._wanted:
                await self._preview(address)

    async def _preview(self, address: Address, *, keep: bool = False) -> None:
        known = self._find(str(address))
        if known is not None:
            self.switch_to(known)
            if keep:
                self.keep_current()
            return
        document = next((d for d in self.documents if isinstance(d, EntryDocument) and not d.kept), None)
        if document is None:
            document = await self._add(EntryDocument(address, self._last_view, kept=keep))
            self.switch_to(document)
            await document.come_up()
        else:
            document.kept = keep
            self.switch_to(document)
            await document.point_to(address)
        self._paint_title()

    async def open(
        self,
        address: Address,
        view: str | None = None,
        *,
        focus: bool = True,
        state: dict[str, object] | None = None,
    ) -> None:
        """Open an address and keep it open; `state` is for the view, as `restore` takes it."""
        self._wanted = address
        async with self._turn:
            await self._preview(address, keep=True)
            document = cast("Document", self.current)
        if view is not None and isinstance(document, EntryDocument):
            await document.show_view(view, state)
        if focus:
            document.take_focus()
        self._paint_title()

    async def open_tool(self, key: str, title: str, where: str, **arguments: Any) -> Widget:
        """Open (or go to) a pane that is no entry and return it.

        Args:
            key: tells it apart, cannot be an address: starts with `/`.
            where: `module:class` of the pane; `arguments` go to its constructor.
        """
        document = self._find(key)
        if document is None:
            document = await self._add(ToolDocument(key, title, make(where)(**arguments)))
        self.switch_to(document)
        document.take_focus()
        return cast("ToolDocument", document).pane

    def switch_to(self, document: Document) -> None:
        """Show a document."""
        if self.current is not document:
            self.current = document
            for other in self.documents:
                other.display = other is document
            app = cast("DmartApp", self.app)
            app.tasks.spawn(document.come_up(), group="come-up")
            app.checkpoint()
            app.refresh_bindings()
        self._paint_title()

    async def close_document(self, document: Document) -> None:
        """Close one document; its left neighbour comes up."""
        async with self._turn, document.turn:
            index = self.documents.index(document)
            had_focus = document.has_focus_within
            self.documents.remove(document)
            await document.remove()
        if self.current is document:
            self.current = None
            if self.documents:
                self.switch_to(self.documents[max(0, index - 1)])
        self.query_one("#nothing").display = not self.documents
        self._paint_title()
        if had_focus:
            if self.current is not None:
                self.current.take_focus()
            else:
                await cast("DmartApp", self.app).perform("app.focus-tree")

    @property
    def view(self) -> EntryView | None:
        """The view that shows; None when nothing or a tool is open."""
        return self.current.current_view if isinstance(self.current, EntryDocument) else None

    @property
    def unsaved(self) -> int:
        """How many documents have edits that are not saved."""
        return sum(bool(document.unsaved) for document in self.documents if isinstance(document, EntryDocument))

    async def may_leave(self) -> bool:
        """Whether all documents may be closed; asks where something would be lost that does not come back."""
        for document in self.documents:
            if not await document.may_close():
                return False
        return True

    def keep_current(self) -> None:
        """Let the document that shows stay open when the tree's cursor moves on."""
        if self.current is not None and not self.current.kept:
            self.current.kept = True
            self._paint_title()
            if isinstance(self.current, EntryDocument):
                cast("DmartApp", self.app).tasks.spawn(self.current.show_all(), group="show-all")

    async def forget(self, address: Address) -> None:
        """Close the documents of an address and of what is below it: they are gone."""
        for document in list(self.documents):
            found = document.address
            below = address.attachment is None and found is not None and found.keys[: len(address.keys)] == address.keys
            if found == address or below:
                await self.close_document(document)

    async def bring_back(self, address: Address, state: dict[str, Any]) -> None:
        """Open a document of the last session in the background; raises when it is gone from the disk."""
        spaces = cast("Spaces", cast("DmartApp", self.app).spaces)
        await background.run(spaces.load, address)
        view, views = state.get("view"), state.get("views")
        document = EntryDocument(
            address,
            view if isinstance(view, str) else VIEWS[0].name,
            kept=state.get("kept") is not False,
            states=views if isinstance(views, dict) else {},
        )
        document.display = False
        await self._add(document)

    async def bring_back_tool(self, key: str, title: str, where: str, **arguments: Any) -> None:
        """Open a tool of the last session in the background; arguments as those of `open_tool`."""
        document = ToolDocument(key, title, make(where)(**arguments))
        document.display = False
        await self._add(document)

    async def bring_up(self, key: object) -> None:
        """Show the document with a key, or the last one, and wait until it is read."""
        if self.documents:
            self.switch_to(next((document for document in self.documents if document.key == key), self.documents[-1]))
            document = cast("Document", self.current)
            await document.come_up()
            if isinstance(document, EntryDocument):
                self._last_view = document.view
        self._paint_title()

    def jump_targets(self) -> Iterator[tuple[Offset, Callable[[], object]]]:
        """Where a jump can go: the shown document and its views, each with its place on the screen."""
        document = self.current
        if document is None or not self.display:
            return
        yield self.region.offset + Offset(2, 0), document.take_focus
        if isinstance(document, EntryDocument):
            yield from document.tab_targets()

    def type_of(self, address: Address) -> str:
        """The resource type of an entry whose document is open; empty where that is not known."""
        document = self._find(str(address))
        return document.type if isinstance(document, EntryDocument) else ""

    def selection(self) -> list[Address]:
        address = self.current.address if self.current is not None else None
        return [address] if address is not None else []

    async def files_changed(self, paths: frozenset[str]) -> None:
        """Read again the entries that have one of these files."""
        for document in self.documents:
            if isinstance(document, EntryDocument) and document.concerned(paths):
                await self._read_again(document)

    async def reload(self) -> None:
        """Read what shows again, and the others when they come up."""
        for document in self.documents:
            if isinstance(document, EntryDocument):
                await self._read_again(document)
        self._paint_title()

    async def _read_again(self, document: EntryDocument) -> None:
        document.fresh = False
        if document is self.current:
            await document.come_up()

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if self.current is None:
            return "Nothing is open."
        if "view" in action and not isinstance(self.current, EntryDocument):
            return "This document has one view only."
        if action in (f"entry.view-{number}" for number, view in enumerate(VIEWS, 1) if view.name == self._shown_view):
            return "This view is shown already."
        if action in ("entry.next-document", "entry.previous-document", "entry.close-others") and (
            len(self.documents) < 2
        ):
            return "No other document is open."
        if action == "entry.keep" and self.current.kept:
            return "It is kept open already."
        if action == "entry.locate" and self.current.address is None:
            return "This document is not in the tree."
        return None

    @property
    def _shown_view(self) -> str:
        return self._entry_document.view if isinstance(self.current, EntryDocument) else ""

    async def do_next_view(self) -> None:
        await self._entry_document.step_view(1)
        self._last_view = self._entry_document.view

    async def do_previous_view(self) -> None:
        await self._entry_document.step_view(-1)
        self._last_view = self._entry_document.view

    async def show_view_number(self, number: int) -> None:
        """Show the view with a number, from 1."""
        if number <= len(VIEWS):
            await self._entry_document.show_view(VIEWS[number - 1].name)
            self._last_view = self._entry_document.view

    async def do_view_1(self) -> None:
        await self.show_view_number(1)

    async def do_view_2(self) -> None:
        await self.show_view_number(2)

    async def do_view_3(self) -> None:
        await self.show_view_number(3)

    async def do_view_4(self) -> None:
        await self.show_view_number(4)

    async def do_view_5(self) -> None:
        await self.show_view_number(5)

    async def do_view_6(self) -> None:
        await self.show_view_number(6)

    async def do_view_7(self) -> None:
        await self.show_view_number(7)

    def do_next_document(self) -> None:
        self._step_document(1)

    def do_previous_document(self) -> None:
        self._step_document(-1)

    async def do_close(self) -> None:
        await self._close(cast("Document", self.current))

    async def do_close_others(self) -> None:
        for document in [d for d in self.documents if d is not self.current]:
            if not await self._close(document):
                return

    async def _close(self, document: Document) -> bool:
        """Close a document unless a person wants to keep its edits; whether it is closed."""
        if not await document.may_close():
            return False
        unsaved = document.unsaved if isinstance(document, EntryDocument) else []
        if unsaved:
            from dmart_tui.tui.screens.dialog import Choice

            options = [("s", "Save them", "save"), ("d", "Throw them away", "discard"), ("k", "Keep editing", "")]
            words = f"{document.key} has edits that are not saved."
            answer = await cast("DmartApp", self.app).ask(Choice("Close", options, words=words, at=2))
            if not answer or (answer == "save" and not await unsaved[0].save()):
                return False
        await self.close_document(document)
        return True

    def do_keep(self) -> None:
        self.keep_current()

    async def do_locate(self) -> None:
        address = cast("Document", self.current).address
        await cast("DmartApp", self.app).locate(cast("Address", address))

    async def on_key(self, event: events.Key) -> None:
        """Escape leads back to the tree where it means nothing else."""
        app = cast("DmartApp", self.app)
        inside = takewhile(lambda pair: pair[0] is not self, app.actions_here())
        if event.key == "escape" and not any(
            "escape" in keys_of(action, app.settings.keys) and actor.refusal(action.name) is None
            for actor, action in inside
        ):
            event.stop()
            await app.perform("app.focus-tree")

    # -- inside ------------------------------------------------------------------------------------------

    @property
    def _entry_document(self) -> EntryDocument:
        return cast("EntryDocument", self.current)

    def _find(self, key: str) -> Document | None:
        return next((document for document in self.documents if document.key == key), None)

    async def _add(self, document: D) -> D:
        self.documents.append(document)
        self.query_one("#nothing").display = False
        await self.mount(document)
        return document

    def _step_document(self, step: int) -> None:
        index = self.documents.index(cast("Document", self.current))
        had_focus = self.has_focus_within
        self.switch_to(self.documents[(index + step) % len(self.documents)])
        if had_focus and self.current is not None:
            self.current.take_focus()

    def _paint_title(self) -> None:
        """One document: its whole address. Several: short titles, the current one standing out."""
        current = self.current
        passing = current is not None and not current.kept
        self.border_subtitle = "preview · enter opens all of it" if passing else None
        if current is None:
            self.border_title = None
            return
        if len(self.documents) == 1:
            text = safe(current.key) if current.address is not None else current.title
            self.border_title = Content.assemble((text, "" if current.kept else "italic"))
            return
        room = max(8, min(LONGEST_TAB, (self.size.width - 4) // len(self.documents) - 3))
        titles = [one.title if cell_width(one.title) <= room else fit(one.title, room) for one in self.documents]
        at, first = self.documents.index(current), 0
        while first < at and sum(cell_width(title) + 3 for title in titles[first : at + 1]) > self.size.width - 4:
            first += 1
        parts: list[Any] = [("‹ ", "$text-muted not bold")] if first else []
        for document, title in list(zip(self.documents, titles, strict=True))[first:]:
            style = "" if document is current else "$text-muted not bold"
            parts += [(" · ", "$text-muted not bold")] if document is not self.documents[first] else []
            parts.append((title, f"{style} {'' if document.kept else 'italic'}".strip()))
        self.border_title = Content.assemble(*parts)
