"""The line at the foot of a pane in which a filter or a search is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.widgets import Input

from dmart_tui.tui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.timer import Timer

REST = 0.06
"""Seconds without a typed character before what was typed is told."""


class TypedLine(LineInput):
    """Hidden until `ask`; tells what is typed once typing rests, at once on enter.

    Enter, up and down give the focus back and leave what was typed in force; escape takes it away. Sends what one
    character changes: the cursor does not blink.
    """

    DEFAULT_CSS = """
    TypedLine, TypedLine:focus {
        height: 1;
        border: none;
        padding: 0 1;
        background: $panel;
        display: none;
        &.-asked { display: block; }
    }
    """

    class Typed(Message):
        """What is wanted now; empty: everything again."""

        def __init__(self, line: TypedLine, text: str) -> None:
            super().__init__()
            self.line = line
            self.text = text

        @property
        def control(self) -> TypedLine:
            return self.line

    def __init__(self, back: Callable[[], object], *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002
        """Make a line.

        Args:
            back: gives the focus back when the line is left.
        """
        super().__init__(placeholder=placeholder, id=id)
        self.told = ""
        """What is in force."""
        self._back = back
        self._resting: Timer | None = None

    def ask(self) -> None:
        """Show the line with the last text and take the focus."""
        self.add_class("-asked")
        self.focus()

    def put(self, text: str) -> None:
        """Show what is in force already, having come about another way; nothing is told, the focus stays."""
        self._stop_resting()
        self.told = text
        with self.prevent(Input.Changed):
            self.value = text
        self.set_class(bool(text) or self.has_focus, "-asked")

    def leave(self) -> bool:
        """Take what was typed and the line away; false when there was nothing to take away."""
        if not self.told and not self.value and not self.has_class("-asked"):
            return False
        had_focus, told = self.has_focus, self.told
        self.put("")
        self.remove_class("-asked")
        if had_focus:
            self._back()
        if told:
            self.post_message(self.Typed(self, ""))
        return True

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._stop_resting()
        self._resting = self.set_timer(REST, self._tell)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._keep()

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            self.leave()
        elif event.key in ("down", "up"):
            event.stop()
            self._keep()

    def _keep(self) -> None:
        self._tell()
        self._back()
        if not self.value:
            self.remove_class("-asked")

    def _stop_resting(self) -> None:
        if self._resting is not None:
            self._resting.stop()
            self._resting = None

    def _tell(self) -> None:
        self._stop_resting()
        if self.value != self.told:
            self.told = self.value
            self.post_message(self.Typed(self, self.value))
