"""The ground of the viewers: rows with a lead that stays, and a body that shifts sideways under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.strip import Strip

from dmart_tui.core.text import cell_width
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.binding import BindingType

_STEP = 8


def clip(segments: Iterable[Segment], start: int, width: int) -> list[Segment]:
    """The `width` cells of a line from cell `start`, with an ellipsis where the right end was cut."""
    strip = Strip(segments)
    if strip.cell_length <= start + width:
        return list(strip.crop(start, start + width)) if start else list(strip)
    if width <= 0:
        return []
    kept = list(strip.crop(start, start + width - 1))
    gap = width - 1 - sum(cell_width(segment.text) for segment in kept)
    return [*kept, Segment(" " * gap + "…", kept[-1].style if kept else None)]


def split_at(text: str, spans: Sequence[tuple[int, int]], style: Style | None, marked: Style) -> list[Segment]:
    """A text as segments, the character ranges in `spans` (sorted, apart) in the style `marked`."""
    out: list[Segment] = []
    at = 0
    for start, end in spans:
        if start > at:
            out.append(Segment(text[at:start], style))
        out.append(Segment(text[start:end], marked))
        at = end
    if at < len(text):
        out.append(Segment(text[at:], style))
    return out


class ContentView(LineView):
    """A view to read in: the cursor row is a quiet band with a sign, so that the colours of its text stay.

    Left and right shift the text sideways where they mean nothing else; shifted they do everywhere, `^` goes back.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"content--match"}
    DEFAULT_CSS = """
    ContentView {
        & > .line--cursor { background: $foreground 6%; color: $foreground; text-style: none; }
        &:focus > .line--cursor { background: $foreground 12%; color: $foreground; text-style: none; }
        & > .content--match { text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+right", "shift(1)", "Shift right", show=False, id="list.shift-right"),
        Binding("shift+left", "shift(-1)", "Shift left", show=False, id="list.shift-left"),
        Binding("circumflex_accent", "unshift", "Line start", show=False, id="list.unshift"),
    ]

    shift = 0
    """Cells of the body hidden on the left."""
    widest = 0
    """Cells of the widest body seen: how far shifting goes."""

    def lead(self, row: int, line: int) -> list[Segment]:
        """What stands left of the body; the same width for every row."""
        return [self.sign(row)]

    def body(self, row: int, line: int, width: int) -> list[Segment]:
        """The whole line, any width."""
        raise NotImplementedError

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        lead = self.lead(row, line)
        room = max(0, width - sum(cell_width(segment.text) for segment in lead))
        body = self.body(row, line, room)
        self.widest = max(self.widest, sum(cell_width(segment.text) for segment in body))
        return [*lead, *clip(body, self.shift, room)]

    def shift_to(self, cells: int) -> None:
        """Hide this many cells on the left, as far as there is text to show."""
        cells = max(0, min(cells, self.widest - _STEP))
        if cells != self.shift:
            self.shift = cells
            self._strips.clear()
            self.refresh()

    def action_shift(self, steps: int) -> None:
        self.shift_to(self.shift + steps * _STEP)

    def action_unshift(self) -> None:
        self.shift_to(0)

    def action_left(self) -> None:
        self.action_shift(-1)

    def action_right(self) -> None:
        self.action_shift(1)

    def action_activate(self) -> None:
        """Nothing opens from a line of text."""

    def _cursor_style(self, focused: bool) -> Style:
        style = self.get_component_rich_style("line--cursor")
        return Style(bgcolor=style.bgcolor, bold=True if style.bold else None, reverse=True if style.reverse else None)
