"""The line of a query: what it may become is shown behind the cursor, what is wrong with it below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual import on
from textual.message import Message
from textual.widgets import Input

from dmart_tui.tui.widgets.line_input import Completion

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.timer import Timer

REST: Final = 0.15
"""Seconds without a typed character before it is searched."""


class QueryLine(Input):
    """Tells of the text when typing rests, and when it is left for what it found. Right at its end completes.

    Args:
        leave: gives the focus to what was found.
        complete: the whole text that a text may become, beginning with it; None when nothing is known. Blocks.
    """

    DEFAULT_CSS = """
    QueryLine, QueryLine.-textual-compact, QueryLine:focus {
        height: 1; border: none; padding: 0 1; background: $panel;
    }
    """

    class Typed(Message):
        """What is asked for now."""

        def __init__(self, text: str, *, done: bool) -> None:
            super().__init__()
            self.text = text
            self.done = done
            """Whether the line was left: nothing more is typed for now."""

    def __init__(self, leave: Callable[[], object], complete: Callable[[str], str | None]) -> None:
        super().__init__(
            placeholder='words  "a phrase"  begin*  @type:ticket  -not',
            compact=True,
            suggester=Completion(complete),
            select_on_focus=False,
        )
        self.cursor_blink = False
        self._leave = leave
        self._resting: Timer | None = None

    def put(self, text: str) -> None:
        """Show a text that is asked for already."""
        self._stop_resting()
        with self.prevent(Input.Changed):
            self.value = text
        self.cursor_position = len(text)

    @property
    def hidden(self) -> int:
        """Characters that are scrolled out at the left."""
        return int(self.scroll_offset.x)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._stop_resting()
        self._resting = self.set_timer(REST, lambda: self._tell(done=False))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._done()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("down", "escape"):
            event.stop()
            self._done()

    def _done(self) -> None:
        self._tell(done=True)
        self._leave()

    def _stop_resting(self) -> None:
        if self._resting is not None:
            self._resting.stop()
            self._resting = None

    def _tell(self, *, done: bool) -> None:
        self._stop_resting()
        self.post_message(self.Typed(self.value, done=done))
