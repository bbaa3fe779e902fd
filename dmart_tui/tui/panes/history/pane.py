"""The history pane: the list of changes, and the ways from it into the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on

from dmart_tui.core.spaces import Kind, history
from dmart_tui.core.text import safe
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.changes import LogBrowser
from dmart_tui.tui.messages import Counted, OpenTool
from dmart_tui.tui.views import EntryView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Entry, Spaces
    from dmart_tui.tui.app import DmartApp

_BELOW = "The changes of this {} itself; `u` shows those of everything below it."
_EMPTY = "No change is recorded: D-MART records updates here, not the creation."


class HistoryPane(EntryView):
    """Changes newest first, each opening into its diff."""

    CONTEXT = "history"
    BINDINGS = bindings("history")
    VIEW = "history"
    TITLE = "History"

    def __init__(self) -> None:
        super().__init__()
        self.entry: Entry | None = None
        self.browser = LogBrowser("change")

    def compose(self) -> ComposeResult:
        yield self.browser

    def on_mount(self) -> None:
        self._app.looks_changed.subscribe(self, lambda _: self._looks_changed())

    @property
    def _app(self) -> DmartApp:
        return cast("DmartApp", self.app)

    @property
    def _spaces(self) -> Spaces:
        return cast("Spaces", self._app.spaces)

    # -- a view of an entry ------------------------------------------------------------------------------

    async def show(self, entry: Entry) -> None:
        spaces, address = self._spaces, entry.address
        same = self.entry is not None and self.entry.address == address
        self.entry = entry
        branch = entry.kind is not Kind.ENTRY
        self.browser.note = _BELOW.format(entry.type or "folder") if branch else ""
        self.browser.empty = f"{_EMPTY} `u` shows what changed below it." if branch else _EMPTY
        if not same:
            self.browser.leave_filter()
        self.browser.begin(lambda _: history(spaces, address), f"History of {safe(address.name)}", keep=same)

    def _looks_changed(self) -> None:
        self.browser.again()

    def selection(self) -> list[Address]:
        return [self.entry.address] if self.entry is not None else []

    def state(self) -> dict[str, object]:
        item = self.browser.current
        return {"at": item.timestamp if item is not None else "", "side": self.browser.rows.side}

    def restore(self, state: dict[str, object]) -> None:
        if isinstance(at := state.get("at"), str) and at:
            self.browser.go_to(at)
        if isinstance(side := state.get("side"), bool):
            self.browser.rows.side = side

    @on(LogBrowser.Progressed)
    def _progressed(self, message: LogBrowser.Progressed) -> None:
        message.stop()
        if not self.browser.filter:
            self.post_message(Counted("history", self.browser.rows.count if self.browser.complete else None))

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if action in ("history.toggle", "history.by-owner", "history.by-key", "history.copy-value"):
            item = self.browser.current
            if item is None:
                return "The cursor is on no change."
            if action == "history.by-owner" and not item.owner:
                return "This line does not say who made the change."
            if action == "history.by-key" and not item.changes:
                return "This line names no key."
        if action == "history.below" and (self.entry is None or self.entry.kind is Kind.ENTRY):
            return "Nothing lies below an entry; its own changes are all here."
        return None

    @on(LogBrowser.Opened)
    def _opened(self, message: LogBrowser.Opened) -> None:
        message.stop()
        self.browser.toggle()

    def do_toggle(self) -> None:
        self.browser.toggle()

    def do_expand_all(self) -> None:
        self.browser.open_all()

    def do_collapse_all(self) -> None:
        self.browser.list.close_all()

    def do_mode(self) -> None:
        self.browser.switch_sides()

    def do_filter(self) -> None:
        self.browser.ask_filter()

    def do_by_owner(self) -> None:
        if (item := self.browser.current) is not None:
            self.browser.toggle_term("owner", item.owner)

    async def do_by_key(self) -> None:
        if (item := self.browser.current) is None:
            return
        keys = list(dict.fromkeys(change.key for change in item.changes))
        asked = next((key for key in keys if self.browser.filter.has("key", key)), None)
        key = asked or (keys[0] if len(keys) == 1 else await self._ask_key(keys))
        if key is not None:
            self.browser.toggle_term("key", key)

    async def _ask_key(self, keys: list[str]) -> str | None:
        from dmart_tui.tui.screens.dialog import Choice

        letters = "123456789abcdefghijklmnopqrstuvwxyz"
        return await self._app.ask(
            Choice("Changes of which key?", list(zip(letters, map(safe, keys), keys, strict=False)))
        )

    def do_copy_value(self) -> None:
        self.browser.copy()

    def do_below(self) -> None:
        self.post_message(OpenTool("timeline", cast("Entry", self.entry).address))

    def do_back(self) -> None:
        self.browser.leave_filter()
