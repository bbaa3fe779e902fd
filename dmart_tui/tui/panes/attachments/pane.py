"""The attachments of an entry as a list, and beside it what the one under the cursor holds."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import on
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.actions import BY_NAME, bindings, keys_of, show_key
from dmart_tui.tui.messages import Counted
from dmart_tui.tui.panes.attachments.rows import SPOKEN, AttachmentList
from dmart_tui.tui.panes.attachments.store import ORDERS, AttachmentStore
from dmart_tui.tui.showing import ShowingActions, Viewer, open_meta, open_payload
from dmart_tui.tui.views import EntryView
from dmart_tui.tui.widgets.typed_line import TypedLine
from dmart_tui.tui.writing.attaching import attach, comment, react, replace, reply, why_not_attached

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Attachment, Entry, Spaces
    from dmart_tui.tui.showing import Opened
    from dmart_tui.tui.tasks import Task

WIDE: Final = 110
"""Cells from which the content stands beside the list."""
REST: Final = 0.12
"""Seconds the cursor must rest before the content is read."""
_REACTIONS: Final = 6
"""Kinds of reactions that are counted in the line above the list."""
_WORDLESS: Final = SPOKEN | {"share", "lock", "relationship", "alteration"}
"""Types that hold no content of their own: with nothing else the list has the whole pane."""

_CHANGING: Final = frozenset(("add", "comment", "react", "reply", "replace"))


class ContentBox(ShowingActions, Container):
    """What an attachment holds; in here the keys are those of a payload."""

    CONTEXT: ClassVar[str] = "payload"
    BINDINGS = bindings("payload")

    def __init__(self) -> None:
        super().__init__()
        self.viewer = Viewer()

    def compose(self) -> ComposeResult:
        yield self.viewer


class AttachmentsPane(EntryView):
    """Attachments: things with their size and time, comments as a conversation."""

    CONTEXT = "attachments"
    BINDINGS = bindings("attachments")
    VIEW = "attachments"
    TITLE = "Attachments"
    DEFAULT_CSS = """
    AttachmentsPane { layout: vertical; }
    AttachmentsPane > .status { height: 1; padding: 0 1; color: $text-muted; }
    AttachmentsPane > #both { layout: vertical; height: 1fr; }
    AttachmentsPane AttachmentList { height: 1fr; width: 1fr; }
    AttachmentsPane ContentBox { height: 1fr; width: 1fr; display: none; border-top: solid $border-blurred; }
    AttachmentsPane.-content ContentBox { display: block; }
    AttachmentsPane.-wide > #both { layout: horizontal; }
    AttachmentsPane.-wide ContentBox { border-top: none; border-left: solid $border-blurred; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.entry: Entry | None = None
        self.store: AttachmentStore | None = None
        self.order = ""
        """The order a person chose; empty: what suits how many there are."""
        self._content_asked = False
        self._shown: Address | None = None

    def compose(self) -> ComposeResult:
        yield Static("reading…", classes="status")
        self.rows = AttachmentList(
            lambda row: self.store.get(row) if self.store else None,
            lambda row: self.store.type_and_name(row) if self.store else ("", ""),
            self._app.icon,
            lambda row: self.store.depth(row) if self.store else 0,
        )
        self.line = TypedLine(self.rows.focus, placeholder="filter")
        self.box = ContentBox()
        with Container(id="both"):
            yield self.rows
            yield self.box
        yield self.line

    def on_mount(self) -> None:
        self._app.looks_changed.subscribe(self, lambda _: self._looks_changed())
        self.watch(self.rows, "virtual_size", self._share_room, init=False)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")
        self._share_room()

    def _share_room(self) -> None:
        """Of two parts one below the other a short list leaves its room to the content."""
        lines = self.rows.line_count()
        short = not self.has_class("-wide") and self.has_class("-content") and 0 < lines < self.size.height // 2 - 1
        self.rows.styles.height = lines if short else "1fr"

    def take_focus(self) -> None:
        self.rows.focus()

    # -- what is shown -----------------------------------------------------------------------------------

    async def show(self, entry: Entry) -> None:
        same = self.entry is not None and self.entry.address == entry.address
        at = self.rows.cursor
        name = self.store.shown[at] if same and self.store and at < len(self.store.shown) else None
        self.entry = entry
        self._shown = None
        if not same:
            self._content_asked = False
            self._stop_filter()
        store: AttachmentStore = AttachmentStore(
            cast("Spaces", self._app.spaces), entry, lambda rows: self._arrived(store, rows), self._app.tasks.spawn
        )
        store.needle = self.store.needle if same and self.store else ""
        await store.gather(self.order)
        if entry is not self.entry or not self.is_attached:
            return
        self.store = store
        self._show_names(store.shown.index(name) if name in store.shown else at if same else 0)
        self.post_message(Counted(self.VIEW, len(store.names) or None))

    async def reveal(self, address: Address) -> None:
        if self.store is None or address.attachment is None:
            return
        if self.store.row_of(*address.attachment) < 0 and self.store.needle:
            self._stop_filter()
        row = self.store.row_of(*address.attachment)
        if row >= 0:
            self.rows.cursor = row

    def selection(self) -> list[Address]:
        if self.entry is None or self.store is None or not self.store.shown:
            return []
        return [self.entry.address.attached(*self.store.type_and_name(self.rows.cursor))]

    def state(self) -> dict[str, object]:
        return {"order": self.order, "modes": dict(self.box.viewer.preferred)}

    def restore(self, state: dict[str, object]) -> None:
        order = state.get("order")
        self.order = order if isinstance(order, str) and order in ORDERS else ""
        if isinstance(modes := state.get("modes"), dict):
            self.box.viewer.preferred = {str(kind): str(mode) for kind, mode in modes.items()}

    def _arrived(self, store: AttachmentStore, rows: list[int]) -> None:
        # What an earlier entry, or the same before it was read again, still reads has other rows.
        if self.is_attached and store is self.store:
            self.rows.arrived(rows)

    def _looks_changed(self) -> None:
        self._set_looks()
        self.rows.looks_changed()
        self._shown = None
        self._show_content()

    def _set_looks(self) -> None:
        self.rows.display_names = self._app.display_names
        self.rows.language = self._app.settings.language

    def _show_names(self, cursor: int) -> None:
        """The rows changed: paint them, and say how many there are."""
        store = cast("AttachmentStore", self.store)
        self._set_looks()
        self.rows.empty = (
            "No attachment has that in its name; esc shows all."
            if store.needle
            else f"Nothing is attached to this entry.{self._ways_in}"
        )
        self.rows.set_count(len(store.shown), cursor)
        self.rows.arrived(row for row in range(len(store.shown)) if store.has(row))
        types = {store.type_and_name(row)[0] for row in range(len(store.shown))}
        self.set_class(self._content_asked or not types <= _WORDLESS, "-content")
        self._share_room()
        self._paint_status()
        self._show_content()

    @property
    def _ways_in(self) -> str:
        """What to press where nothing is attached."""
        if why_not_attached(self._desk, self._owner):
            return ""
        words = {"attachments.add": "adds files", "attachments.comment": "comments"}
        keys = {name: keys_of(BY_NAME[name], self._app.settings.keys) for name in words}
        told = [f"{show_key(keys[name][0])} {does}" for name, does in words.items() if keys[name]]
        return f" {', '.join(told)}." if told else ""

    def _paint_status(self) -> None:
        store = cast("AttachmentStore", self.store)
        total, shown = len(store.names), len(store.shown)
        count = format_count(total) if shown == total else f"{format_count(shown)} of {format_count(total)}"
        words = f"{count} attachment{'s' * (total != 1)} · {ORDERS[store.order][1]}" if total else ""
        if store.reactions:
            words += " · " + ", ".join(f"{many} {safe(word)}" for word, many in store.reactions[:_REACTIONS])
        status = self.query_one(".status", Static)
        status.display = bool(words)
        status.update(Content(words))

    # -- the content under the cursor --------------------------------------------------------------------

    @on(AttachmentList.Moved)
    def _moved(self, message: AttachmentList.Moved) -> None:
        message.stop()
        self._show_content(REST)

    def _show_content(self, rest: float = 0) -> None:
        if self.has_class("-content"):
            self._app.tasks.spawn(self._content(rest), group=f"content-{id(self)}", exclusive=True)

    async def _content(self, rest: float = 0) -> None:
        """Show what the attachment under the cursor holds, once the cursor rests."""
        await asyncio.sleep(rest)
        store, row = self.store, self.rows.cursor
        if store is None or row >= len(store.shown):
            await self.box.viewer.say("")
            return
        attachment = await store.load(row)
        if attachment.address != self._shown:
            again, self._shown = self._shown is None, attachment.address
            try:
                await self.box.viewer.read(partial(self._open, attachment), again=again)
            except asyncio.CancelledError:
                self._shown = None  # it is not: whoever took this one's turn must read it
                raise

    def _open(self, attachment: Attachment) -> Opened:
        spaces = cast("Spaces", self._app.spaces)
        secrets = self._app.show_secrets
        named = any(problem.kind.startswith("payload-") for problem in attachment.problems)
        if attachment.raw and attachment.payload is None and not named:
            return open_meta(attachment, secrets=secrets)
        return open_payload(spaces, attachment, secrets=secrets)

    # -- actions -----------------------------------------------------------------------------------------

    @property
    def _owner(self) -> Address:
        return cast("Entry", self.entry).address

    def why_not(self, action: str) -> str | None:
        verb = action.partition(".")[2]
        if self.store is None:
            return "The attachments are not read yet."
        if verb in _CHANGING and (refusal := why_not_attached(self._desk, self._owner)):
            return refusal
        if verb in ("add", "comment", "react"):
            return None
        if not self.store.names:
            return "Nothing is attached to this entry."
        if not self.store.shown and verb not in ("filter", "sort"):
            return "The cursor is on nothing."
        if verb == "replace" and self.store.type_and_name(self.rows.cursor)[0] in _WORDLESS:
            return "It holds no file that another could replace."
        if verb in ("mode", "save", "outside"):
            return self.box.why_not_shown(verb)
        return None

    async def do_add(self) -> None:
        await attach(self._desk, self._owner)

    async def do_comment(self) -> None:
        await comment(self._desk, self._owner)

    async def do_react(self) -> None:
        await react(self._desk, self._owner)

    async def do_reply(self) -> None:
        await reply(self._desk, self.selection()[0])

    async def do_replace(self) -> None:
        await replace(self._desk, self.selection()[0])

    async def do_outside(self) -> None:
        await self.box.do_outside()

    async def do_open(self) -> None:
        """Show the content and put the focus there."""
        self._content_asked = True
        self.add_class("-content")
        self._share_room()
        await self._content()
        self.box.viewer.take_focus()

    async def do_mode(self) -> None:
        await self.box.do_mode()

    async def do_save(self) -> None:
        await self.box.do_save()

    async def do_copy_value(self) -> None:
        """Copy what a comment says, of anything else its name."""
        store = cast("AttachmentStore", self.store)
        attachment = await store.load(self.rows.cursor)
        self._app.copy_text(attachment.text or attachment.address.name)

    async def do_sort(self) -> None:
        from dmart_tui.tui.screens.dialog import Choice

        store = cast("AttachmentStore", self.store)
        options = [(letter, about, name) for name, (letter, about) in ORDERS.items()]
        order = await self._app.ask(Choice("Sort the attachments", options, at=list(ORDERS).index(store.order)))
        if order is not None:
            self.order = order
            self._app.tasks.start("Sort attachments", partial(self._sort, store, order), group="sort-attachments")

    async def _sort(self, store: AttachmentStore, order: str, task: Task) -> None:
        task.total, task.unit = len(store.names), "attachments"

        def progress(done: int) -> None:
            task.cancel.check()
            task.done = done

        await store.sort(order, progress)
        if store is self.store:
            self._show_names(0)

    @on(AttachmentList.Activated)
    def _activated(self, message: AttachmentList.Activated) -> None:
        message.stop()
        self.action_act("attachments.open")

    # -- filter ------------------------------------------------------------------------------------------

    def do_filter(self) -> None:
        self.line.ask()

    @on(TypedLine.Typed)
    def _typed(self, message: TypedLine.Typed) -> None:
        message.stop()
        self._filter(message.text)

    def _filter(self, needle: str) -> None:
        if self.store is not None and needle != self.store.needle:
            self.store.filter(needle)
            self._show_names(0)

    def _stop_filter(self) -> None:
        self.line.put("")
        self._filter("")

    def on_key(self, event: events.Key) -> None:
        if event.key != "escape":
            return
        if self.box.has_focus_within:
            event.stop()
            self.rows.focus()
        elif self.line.leave():
            event.stop()


__all__ = ["AttachmentsPane"]
