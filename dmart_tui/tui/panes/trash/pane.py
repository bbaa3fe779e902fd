"""The trash of the root: what was thrown away, newest first, and what to do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count, format_size, format_time
from dmart_tui.core.writing import trash_items
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import BY_NAME, bindings, keys_of, show_key
from dmart_tui.tui.panes.trash.inside import Inside
from dmart_tui.tui.panes.trash.rows import ORDERS, TrashRows, name_of
from dmart_tui.tui.widgets.typed_line import TypedLine
from dmart_tui.tui.widgets.virtual_list import VirtualList
from dmart_tui.tui.writing import trashing

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dmart_tui.core.address import Address
    from dmart_tui.core.writing import TrashItem

_WRITING: Final = frozenset(f"trash.{verb}" for verb in ("restore", "restore-as", "purge", "purge-old", "purge-all"))
_AT_CURSOR: Final = frozenset(
    f"trash.{verb}" for verb in ("open", "mark", "restore", "restore-as", "purge", "copy-value")
)
_LIST_ONLY: Final = frozenset(f"trash.{verb}" for verb in ("open", "mark", "purge-old", "purge-all", "filter", "sort"))


class TrashPane(Acting, Widget):
    """A list of what is in the trash; in its place what one thing of it holds.

    Args:
        address: tools have one; the trash is always that of the whole root.
        idle: tools of the last session wait to be run; reading the trash is quick and is not waited with.
    """

    CONTEXT = "trash"
    BINDINGS = bindings("trash")
    DEFAULT_CSS = """
    TrashPane { layout: vertical; height: 1fr; }
    TrashPane > #trash-list { height: 1fr; }
    TrashPane #trash-summary { height: 1; padding: 0 1; margin-bottom: 1; color: $text-muted; }
    TrashPane #trash-list > VirtualList { height: 1fr; }
    TrashPane #trash-about { height: 5; padding: 0 1; border-top: solid $foreground 22%; }
    """

    def __init__(self, address: Address | None = None, *, idle: bool = False) -> None:
        super().__init__()
        self.items: list[TrashItem] | None = None
        """Newest first; None until they are read."""
        self.order = "newest"
        self.inside: Inside | None = None
        """Stands in place of the list."""

    def compose(self) -> ComposeResult:
        self.rows = VirtualList(TrashRows((), self._app.icon), empty="reading…")
        self.line = TypedLine(self.rows.focus, placeholder="address, name, type or who")
        with Vertical(id="trash-list"):
            yield Static(id="trash-summary")
            yield self.rows
            yield self.line
            yield Static(id="trash-about")

    def on_mount(self) -> None:
        self._app.looks_changed.subscribe(self, lambda _: self._looks_changed())
        self._desk.changes.subscribe(self, lambda _: self._read_again())
        self._read_again()

    # -- what is shown -----------------------------------------------------------------------------------

    def _read_again(self) -> None:
        self._app.tasks.spawn(self._read(), group="trash", exclusive=True)

    async def _read(self) -> None:
        store = self._desk.store
        try:
            self.items = await background.run(lambda: list(trash_items(store)))
        except DmartTuiError as error:
            self.items = []
            self._app.notify(str(error), severity="error")
        if not self.is_attached:
            return
        there = {item.identity for item in self.items}
        self.rows.marks &= there
        self._show()
        if self.inside is not None and self.inside.item.identity not in there:
            await self._leave_inside()

    def _show(self) -> None:
        """Show the items in their order, as far as they match."""
        rows = TrashRows(
            self.items or (), self._app.icon, order=self.order, needle=self.line.told, names=self._app.display_names
        )
        self.rows.empty = "Nothing matches. esc takes the filter away." if self.items else self._empty
        self.rows.set_rows(rows)
        self._sum_up()
        self._tell_about()
        self.refresh_bindings()

    @property
    def _empty(self) -> str:
        keys = keys_of(BY_NAME["change.trash"], self._app.settings.keys)
        if not keys or self._desk.refusal_to_write:
            return "The trash is empty."
        return f"The trash is empty. {show_key(keys[0])} moves what the cursor is on here."

    def _sum_up(self) -> None:
        items, shown = self.items or [], cast("TrashRows", self.rows.rows).items
        parts = []
        if items:
            of = "" if len(shown) == len(items) else f" of {format_count(len(items))}"
            parts = [f"{format_count(len(shown))}{of} in the trash", format_size(sum(item.size for item in shown))]
            parts.append(ORDERS[self.order][1].lower())
        if self.rows.marks:
            parts.append(f"{format_count(len(self.rows.marks))} marked")
        self.query_one("#trash-summary", Static).update(Content(" · ".join(parts)))

    def _tell_about(self) -> None:
        """Say below the list all about what the cursor is on."""
        item = self.at_cursor
        about = self.query_one("#trash-about", Static)
        about.display = item is not None
        if item is None:
            return
        gone = [f"thrown away {format_time(item.when)}{f' by {item.who}' if item.who else ''}", format_size(item.size)]
        if item.entries > 1:
            gone.append(f"{format_count(item.entries)} entries, folders and attachments")
        what = f"✗ {item.problem}" if item.problem else f"{item.type}  {name_of(item)}"
        about.update(
            Content.assemble(
                (safe(str(item.address or item.identity)), "bold"),
                "\n",
                (safe(what), "$text-error" if item.problem else ""),
                "\n",
                (safe(" · ".join(gone)), "$text-muted"),
            )
        )

    def _looks_changed(self) -> None:
        self._show()
        if self.inside is not None:
            self.inside.look_again()

    # -- what is chosen ----------------------------------------------------------------------------------

    @property
    def at_cursor(self) -> TrashItem | None:
        """What the cursor of the list is on."""
        items = cast("TrashRows", self.rows.rows).items
        return items[self.rows.cursor] if self.rows.cursor < len(items) else None

    @property
    def meant(self) -> list[TrashItem]:
        """What is looked into, else what is marked, else what the cursor is on."""
        if self.inside is not None:
            return [self.inside.item]
        if self.rows.marks:
            return [item for item in self.items or () if item.identity in self.rows.marks]
        return [self.at_cursor] if self.at_cursor is not None else []

    @on(VirtualList.Highlighted)
    def _highlighted(self, message: VirtualList.Highlighted) -> None:
        message.stop()
        self._tell_about()

    @on(VirtualList.MarksChanged)
    def _marks_changed(self, message: VirtualList.MarksChanged) -> None:
        message.stop()
        self._sum_up()
        self.refresh_bindings()

    @on(VirtualList.Activated)
    def _activated(self, message: VirtualList.Activated) -> None:
        message.stop()
        self.action_act("trash.open")

    @on(TypedLine.Typed)
    def _typed(self, message: TypedLine.Typed) -> None:
        message.stop()
        self._show()

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if action in _WRITING and (refusal := self._desk.refusal_to_write):
            return refusal
        if action in _LIST_ONLY and self.inside is not None:
            return "This is done from the list; esc returns there."
        if action in _AT_CURSOR and not self.meant:
            return "Nothing is in the trash." if not self.items else "The cursor is on nothing."
        if action in ("trash.purge-old", "trash.purge-all") and not self.items:
            return "Nothing is in the trash."
        if action == "trash.restore-as" and len(self.meant) > 1:
            return f"{len(self.meant)} are marked; one can be put back under another name."
        if action in ("trash.restore", "trash.restore-as") and len(self.meant) == 1 and self.meant[0].problem:
            return f"It cannot be restored: {self.meant[0].problem}."
        if action == "trash.back" and not (self.inside or self.line.told or self.rows.marks):
            return "There is no filter to take away."
        return None

    async def do_open(self) -> None:
        self.inside = Inside(self._desk.store, cast("TrashItem", self.at_cursor))
        self.query_one("#trash-list").display = False
        await self.mount(self.inside)
        self.inside.files.focus()
        await self.inside.read()

    async def _leave_inside(self) -> None:
        inside, self.inside = self.inside, None
        focused = self.has_focus_within
        self.query_one("#trash-list").display = True
        if focused:
            self.rows.focus()
        if inside is not None:
            await inside.remove()

    def do_mark(self) -> None:
        self.rows.action_mark()

    async def do_restore(self) -> None:
        chosen = self.meant
        await (
            trashing.restore(self._desk, chosen[0]) if len(chosen) == 1 else trashing.restore_all(self._desk, chosen)
        )

    async def do_restore_as(self) -> None:
        await trashing.restore_as(self._desk, self.meant[0])

    async def do_purge(self) -> None:
        await trashing.purge(self._desk, self.meant)

    async def do_purge_old(self) -> None:
        await trashing.purge_old(self._desk, self.items or [])

    async def do_purge_all(self) -> None:
        await trashing.purge(self._desk, self.items or [])

    def do_filter(self) -> None:
        self.line.ask()

    async def do_sort(self) -> None:
        from dmart_tui.tui.screens.dialog import Choice

        options = [(letter, about, name) for name, (letter, about) in ORDERS.items()]
        order = await self._app.ask(Choice("Sort the trash", options, at=list(ORDERS).index(self.order)))
        if order is not None:
            self.order = order
            self._show()

    def do_copy_value(self) -> None:
        self._app.copy_text("\n".join(str(item.address or item.identity) for item in self.meant))

    async def do_back(self) -> None:
        if self.inside is not None:
            await self._leave_inside()
        elif not self.line.leave():
            self.rows.mark(list(self.rows.marks), marked=False)


__all__ = ["TrashPane"]
