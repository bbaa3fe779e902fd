"""The part beside the members: what the one under the cursor holds, or all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.containers import Container

from dmart_tui.tui.actions import bindings
from dmart_tui.tui.showing import ShowingActions, Viewer
from dmart_tui.tui.widgets.field_list import FieldList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dmart_tui.tui.app import DmartApp


class Beside(ShowingActions, Container):
    """Content, with the keys of a payload; in its place the details when they are asked for."""

    CONTEXT: ClassVar[str] = "payload"
    BINDINGS = bindings("payload")
    DEFAULT_CSS = """
    Beside > FieldList { height: 1fr; display: none; }
    Beside.-details > FieldList { display: block; }
    Beside.-details > Viewer { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.viewer = Viewer()
        self.fields = FieldList(empty="The cursor is on no member.")

    def compose(self) -> ComposeResult:
        yield self.viewer
        yield self.fields

    @property
    def details(self) -> bool:
        """Whether the details show in place of the content."""
        return self.has_class("-details")

    def show_details(self, shown: bool) -> None:
        """Show the details, or the content; the focus goes with them."""
        focused = self.has_focus_within
        self.set_class(shown, "-details")
        if focused:
            self.take_focus()

    def take_focus(self) -> None:
        """Focus what shows."""
        if self.details:
            self.fields.focus()
        else:
            self.viewer.take_focus()

    def why_not_shown(self, verb: str) -> str | None:
        if self.details and verb not in ("copy-value", "save", "outside"):
            return "The details of the member show; e shows its content."
        if self.details and verb == "copy-value":
            return None if self.fields.current is not None else "The cursor is on nothing that could be copied."
        return super().why_not_shown(verb)

    def do_copy_value(self) -> None:
        if self.details and self.fields.current is not None:
            cast("DmartApp", self.app).copy_text(self.fields.current.value)
        else:
            super().do_copy_value()
