"""The payload of an entry: shown as what it is, with what its schema says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from dmart_tui.tui.actions import BY_NAME, bindings, keys_of, show_key
from dmart_tui.tui.showing import ShowingActions, Viewer, open_payload
from dmart_tui.tui.views import EntryView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dmart_tui.core.spaces import Entry, Spaces
    from dmart_tui.tui.app import DmartApp


class PayloadPane(ShowingActions, EntryView):
    """The body of an entry, from its file or out of its meta."""

    CONTEXT = "payload"
    BINDINGS = bindings("payload")
    VIEW = "payload"
    TITLE = "Payload"

    def __init__(self) -> None:
        super().__init__()
        self.viewer = Viewer()
        self.entry: Entry | None = None

    def compose(self) -> ComposeResult:
        yield self.viewer

    def on_mount(self) -> None:
        cast("DmartApp", self.app).looks_changed.subscribe(self, lambda _: self._again())

    async def show(self, entry: Entry) -> None:
        again = self.entry is not None and self.entry.address == entry.address
        self.entry = entry
        app = cast("DmartApp", self.app)
        opening = partial(open_payload, cast("Spaces", app.spaces), entry, secrets=app.show_secrets)
        raw = keys_of(BY_NAME["entry.view-5"], app.settings.keys)
        hint = f"{show_key(raw[0])} shows the files of this entry as they are." if raw else ""
        await self.viewer.read(opening, hint=hint, again=again)

    def _again(self) -> None:
        if self.entry is not None:
            cast("DmartApp", self.app).tasks.spawn(self.show(self.entry), group="payload")

    def take_focus(self) -> None:
        self.viewer.take_focus()

    def state(self) -> dict[str, object]:
        return {"modes": dict(self.viewer.preferred), "row": self.viewer.row}

    def restore(self, state: dict[str, object]) -> None:
        if isinstance(modes := state.get("modes"), dict):
            self.viewer.preferred = {str(kind): str(mode) for kind, mode in modes.items()}
        if isinstance(row := state.get("row"), int):
            self.viewer.first_row = row
