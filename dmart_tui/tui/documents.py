"""What can be open in the centre: an entry with its views, or one pane that is no entry."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Offset
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.text import safe
from dmart_tui.tui.messages import Counted
from dmart_tui.tui.views import VIEWS, EntryView, ToolView, make
from dmart_tui.tui.widgets.tab_strip import Tab, TabStrip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from textual.app import ComposeResult
    from textual.widget import Widget

    from dmart_tui.core.spaces import Entry
    from dmart_tui.tui.app import DmartApp


class Document(Vertical):
    """One open thing.

    Args:
        key: tells documents apart: an address, or a name that cannot be one.
        title: what its tab says.
    """

    def __init__(self, key: str, title: str, *, kept: bool) -> None:
        super().__init__()
        self.key = key
        self.title = title
        self.kept = kept
        self.turn = asyncio.Lock()
        """Held while it changes what it shows: one thing after the other."""

    @property
    def address(self) -> Address | None:
        """The address of the entry shown; None for tools."""
        return None

    async def come_up(self) -> None:
        """Read what has not been read yet, or not since it changed: the document is the one that shows now."""

    def take_focus(self) -> None:
        """Put the focus on the content."""

    async def may_close(self) -> bool:
        """Whether it may be closed; asks a person where something would be lost."""
        return True

    @property
    def archive(self) -> str:
        """The path or address of the archive that it shows; empty when it shows none."""
        return ""

    def state(self) -> dict[str, Any] | None:
        """What the session remembers; None when it should not come back."""
        return None


class ToolDocument(Document):
    """A document with one pane that is no entry: problems, a timeline, an archive."""

    def __init__(self, key: str, title: str, pane: Widget) -> None:
        super().__init__(key, title, kept=True)
        self.pane = pane

    def compose(self) -> ComposeResult:
        yield self.pane

    def take_focus(self) -> None:
        pane = self.pane
        if isinstance(pane, ToolView):
            pane.take_focus()
            return
        target = pane if pane.focusable else next((widget for widget in pane.query("*") if widget.focusable), None)
        if target is not None:
            target.focus()

    @property
    def archive(self) -> str:
        return self.key.removeprefix("/archive/") if self.key.startswith("/archive/") else ""

    async def may_close(self) -> bool:
        return await self.pane.may_close() if isinstance(self.pane, ToolView) else True

    def state(self) -> dict[str, Any]:
        return {"tool": self.key} | ({"state": self.pane.state()} if isinstance(self.pane, ToolView) else {})


class EntryDocument(Document):
    """An entry and its views; both the entry and a view are read when first shown.

    Args:
        view: the name of the view to begin with.
        states: what the views remembered in the last session, by their names.
    """

    def __init__(self, address: Address, view: str, *, kept: bool, states: Mapping[str, Any] | None = None) -> None:
        super().__init__(str(address), safe(address.name), kept=kept)
        self._address = address
        self.view = view
        self.fresh = False
        """Whether it shows what is on the disk, as far as that is known."""
        self._states = dict(states or {})
        self.tabs = TabStrip([Tab(spec.name, spec.title) for spec in VIEWS])
        self._views: dict[str, EntryView] = {}
        self._stale: set[str] = set()
        self._entry: Entry | None = None

    @property
    def address(self) -> Address:
        return self._address

    @property
    def type(self) -> str:
        """The resource type of its entry; empty while that is not read."""
        same = self._entry is not None and self._entry.address == self._address
        return self._entry.type if same and self._entry is not None else ""

    def compose(self) -> ComposeResult:
        yield self.tabs
        yield Static("", classes="empty")

    async def point_to(self, address: Address) -> None:
        """Show another entry in the same document; the views stay."""
        self._address = address
        self.key, self.title = str(address), safe(address.name)
        self._states.clear()
        await self.load()

    async def come_up(self) -> None:
        async with self.turn:
            if not self.fresh:
                await self._load()

    async def load(self) -> None:
        """Read the entry and show it in the current view; what cannot be read is said in its place."""
        async with self.turn:
            await self._load()

    async def _load(self) -> None:
        app = cast("DmartApp", self.app)
        spaces = app.spaces
        if spaces is None:
            return
        address = self._address
        self.fresh = True
        try:
            entry = await background.run(spaces.load, address)
        except DmartTuiError as error:
            self._entry = None
            self._say(Content.assemble((error.message, "bold"), f"\n{error.hint}" if error.hint else ""))
            return
        if address != self._address or not self.is_attached:
            return
        self._entry = entry
        self.entitle()
        for spec in VIEWS:
            self.tabs.update_tab(spec.name)
        self._stale = set(self._views)
        self._say(None)
        await self._show_view("attachments" if address.attachment and not self._views else self.view)
        if address.attachment is not None and (view := self._views.get(self.view)):
            await view.reveal(address)

    @property
    def current_view(self) -> EntryView | None:
        """The view that shows, once it was made."""
        return self._views.get(self.view)

    @property
    def unsaved(self) -> list[EntryView]:
        """The views that hold edits which are not saved."""
        return [view for view in self._views.values() if view.unsaved]

    def entitle(self) -> None:
        """Take the name that is shown now as the title."""
        app = cast("DmartApp", self.app)
        if self._entry is not None:
            language = app.settings.language
            self.title = safe(self._entry.displayname(language) if app.display_names else self._address.name)

    def concerned(self, paths: frozenset[str]) -> bool:
        """Whether one of these files belongs to the entry shown."""
        entry = self._entry
        if entry is None:
            return False
        own = {entry.path, entry.payload.path if entry.payload is not None else None}
        return any(path in own or path.startswith(entry.folder + "/") for path in paths)

    async def show_view(self, name: str, state: dict[str, object] | None = None) -> None:
        """Switch to a view, which takes back a state."""
        async with self.turn:
            await self._show_view(name)
            if state is not None:
                self._views[self.view].restore(state)

    async def _show_view(self, name: str) -> None:
        spec = next((spec for spec in VIEWS if spec.name == name), VIEWS[0])
        self.view = spec.name
        self.tabs.select_key(spec.name)
        focused = self.has_focus_within
        view = self._views.get(spec.name)
        if view is None:
            view = cast("EntryView", make(spec.where)())
            self._views[spec.name] = view
            self._stale.add(spec.name)
            view.display = False
            await self.mount(view)
            if isinstance(state := self._states.pop(spec.name, None), dict):
                view.restore(state)
        for other in self._views.values():
            other.display = other is view and self._entry is not None
        if focused:
            view.take_focus()
        brief = not self.kept and not self.has_focus_within
        if self._entry is not None and (spec.name in self._stale or view.brief > brief):
            self._stale.discard(spec.name)
            view.brief = brief
            await view.show(self._entry)
            if self._address.attachment is not None:
                await view.reveal(self._address)
        self.app.refresh_bindings()

    async def show_all(self) -> None:
        """Show what was left out while the entry was only passed by."""
        async with self.turn:
            view = self._views.get(self.view)
            if view is not None and view.brief and self._entry is not None:
                view.brief = False
                await view.show(self._entry)

    def on_descendant_focus(self) -> None:
        view = self.current_view
        if view is not None and view.brief:
            cast("DmartApp", self.app).tasks.spawn(self.show_all(), group="show-all")

    async def step_view(self, step: int) -> None:
        """Switch to the view `step` tabs on, round the end."""
        names = [spec.name for spec in VIEWS]
        await self.show_view(names[(names.index(self.view) + step) % len(names)])

    def take_focus(self) -> None:
        if view := self._views.get(self.view):
            view.take_focus()

    def on_counted(self, message: Counted) -> None:
        message.stop()
        self.tabs.update_tab(message.view, count=message.count, sign=message.sign, tone="warning")

    def on_tab_strip_selected(self, message: TabStrip.Selected) -> None:
        message.stop()
        if message.key != self.view:
            cast("DmartApp", self.app).tasks.spawn(self.show_view(message.key), group="view")

    def tab_targets(self) -> Iterator[tuple[Offset, Callable[[], object]]]:
        """The place of each tab on the screen, and what goes there."""
        for key, column in self.tabs.columns.items():
            yield self.tabs.region.offset + Offset(column - 1, 0), partial(self.tabs.select_key, key)

    def state(self) -> dict[str, Any]:
        views = self._states | {name: view.state() for name, view in self._views.items()}
        return {"address": self.key, "view": self.view, "kept": self.kept, "views": views}

    def _say(self, what: Content | None) -> None:
        place = self.query_one(".empty", Static)
        place.display = what is not None
        if what is not None:
            place.update(what)
            for view in self._views.values():
                view.display = False
