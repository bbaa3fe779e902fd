"""What a field is edited with: a line over its value, and below it what it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from dmart_tui.core.text import cell_width, fit, safe, wrap
from dmart_tui.tui.widgets.form.rows import SIGN
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from textual import events
    from textual.binding import BindingType

MOST_SHOWN = 8
"""Choices that are seen at once."""
_SAID_MOST = 3
_JOINERS = "\u200c\u200d"


class CellLine(Input):
    """A line of text over a value. Sends what one character changes: its cursor does not blink."""

    DEFAULT_CSS = """
    CellLine, CellLine:focus {
        position: absolute;
        layer: above;
        height: 1;
        border: none;
        padding: 0;
        background: $panel;
        display: none;
    }
    """

    class Asked(Message):
        """A key means something for the line as a whole: `accept`, `cancel`, `next`, `previous`, `take` or `mark`."""

        def __init__(self, verb: str) -> None:
            super().__init__()
            self.verb = verb

    _VERBS: ClassVar = {"enter": "accept", "escape": "cancel", "down": "next", "up": "previous", "tab": "take"}

    def __init__(self) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self.cursor_blink = False
        self.marking = False
        """Whether space marks a choice instead of being typed."""

    def on_key(self, event: events.Key) -> None:
        verb = "mark" if self.marking and event.key == "space" else self._VERBS.get(event.key)
        if verb is not None:
            event.stop()
            event.prevent_default()
            self.post_message(self.Asked(verb))

    def replace(self, text: str, start: int, end: int) -> None:
        super().replace("".join(char for char in text if char.isprintable() or char in _JOINERS), start, end)


class Choices(LineView, can_focus=False):
    """What a field can be, over the rows below it; the first line says what is wrong with what was typed."""

    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS = """
    Choices {
        position: absolute;
        layer: above;
        background: $panel;
        display: none;
        scrollbar-gutter: auto;

        & > .line--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    }
    """

    class Taken(Message):
        """A click on a choice."""

    def __init__(self) -> None:
        super().__init__(signs=" ›•»")
        self.HEADER = 0  # type: ignore[misc]
        self.labels: Sequence[str] = ()
        self.marks: Collection[str] = ()
        self.complaint = ""
        self._said: list[str] = []

    def show_labels(self, labels: Sequence[str], complaint: str, at: int = 0) -> None:
        """Show these labels (not yet safe) with the cursor on one of them, and a sentence above them."""
        changed = (labels, complaint) != (self.labels, self.complaint)
        self.labels, self.complaint = labels, complaint
        self.set_reactive(LineView.cursor, max(0, min(at, len(labels) - 1)))
        if changed:
            self.rows_changed()
            self.show_row(self.cursor)

    def fit_to(self, width: int) -> None:
        """Break the sentence into lines of so many cells."""
        said = f"{SIGN} {safe(self.complaint)}" if self.complaint else ""
        lines = list(wrap(said, width))[:_SAID_MOST] if said else []
        if lines != self._said:
            self._said, self.HEADER = lines, len(lines)  # type: ignore[misc]
            self.rows_changed()
            self.show_row(self.cursor)

    @property
    def height(self) -> int:
        """Lines that it takes."""
        return self.HEADER + min(MOST_SHOWN, len(self.labels))

    @property
    def widest(self) -> int:
        """Cells that it would take."""
        shown = [*self.labels[:200], self.complaint]
        return 4 + max(cell_width(safe(text)) for text in shown)

    def row_count(self) -> int:
        return len(self.labels)

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        return [self.sign(row, self.labels[row] in self.marks), Segment(fit(safe(self.labels[row]), width - 1))]

    def draw_header(self, line: int, width: int) -> Strip:
        return Strip([Segment(fit(self._said[line], width), self.style_of("error"))])

    def action_activate(self) -> None:
        """A click takes already."""

    def clicked(self, row: int, offset: object) -> bool:
        self.post_message(self.Taken())
        return True
