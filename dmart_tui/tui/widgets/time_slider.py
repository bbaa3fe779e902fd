"""A track of moments to move along."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.binding import Binding
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.core.units import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from rich.style import Style
    from textual import events
    from textual.binding import BindingType


class TimeSlider(Widget, can_focus=True):
    """Two lines: moments as ticks on a track, to scale, and the time of the one chosen.

    A key redraws the two lines, under 1 KB. Several moments in one cell are one heavier tick.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"slider--track", "slider--cursor", "slider--label"}
    DEFAULT_CSS = """
    TimeSlider {
        height: 2;
        & > .slider--track { color: $text-muted; }
        & > .slider--cursor { color: $foreground; text-style: bold; }
        & > .slider--label { color: $text-muted; }
        &:focus > .slider--cursor { color: $text-accent; text-style: bold; }
        &:focus > .slider--label { color: $foreground; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "step(1)", "Later", show=False, id="slider.later"),
        Binding("left,h", "step(-1)", "Earlier", show=False, id="slider.earlier"),
        Binding("home,g", "first", "First", show=False, id="slider.first"),
        Binding("end,G", "last", "Last", show=False, id="slider.last"),
    ]

    index: reactive[int] = reactive(0, init=False)

    class Moved(Message):
        """Another moment was chosen."""

        def __init__(self, slider: TimeSlider, index: int, when: datetime) -> None:
            super().__init__()
            self.slider = slider
            self.index = index
            self.when = when

        @property
        def control(self) -> TimeSlider:
            return self.slider

    def __init__(
        self,
        moments: Sequence[datetime] = (),
        *,
        index: int | None = None,
        label: Callable[[int], str] | None = None,
        empty: str = "no moments",
        id: str | None = None,  # noqa: A002 - as in Textual
        classes: str | None = None,
    ) -> None:
        """Make a slider.

        Args:
            moments: times, ascending, all with a zone or all without.
            index: the one chosen first; the last by default.
            label: words for a moment, shown after its time.
            empty: a sentence for no moments.
        """
        super().__init__(id=id, classes=classes)
        self._label = label or (lambda _: "")
        self._empty = empty
        self._ticks: list[int] = []
        self._ticks_width = -1
        self.moments = moments
        self.set_reactive(TimeSlider.index, self.validate_index(len(moments) - 1 if index is None else index))

    def show_moments(
        self, moments: Sequence[datetime], *, index: int | None = None, label: Callable[[int], str] | None = None
    ) -> None:
        """Show other moments; posts no message."""
        self.moments = moments
        self._label = label or (lambda _: "")
        self._ticks_width = -1
        self.set_reactive(TimeSlider.index, self.validate_index(len(moments) - 1 if index is None else index))
        self.refresh()

    @property
    def time(self) -> datetime | None:
        """The moment chosen."""
        return self.moments[self.index] if self.moments else None

    def validate_index(self, index: int) -> int:
        return max(0, min(index, len(self.moments) - 1))

    def watch_index(self) -> None:
        if self.moments:
            self.post_message(self.Moved(self, self.index, self.moments[self.index]))

    def action_step(self, by: int) -> None:
        self.index += by

    def action_first(self) -> None:
        self.index = 0

    def action_last(self) -> None:
        self.index = len(self.moments) - 1

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or not self.moments:
            return
        cells = self._cells(self.content_size.width)
        after = bisect_left(cells, offset.x)
        near = [index for index in (after - 1, after) if 0 <= index < len(cells)]
        self.index = min(near, key=lambda index: abs(cells[index] - offset.x))

    def _cells(self, width: int) -> list[int]:
        """The cell of each moment, ascending."""
        if width != self._ticks_width:
            first, last = self.moments[0], self.moments[-1]
            length = (last - first).total_seconds() or 1.0
            self._ticks = [round((moment - first).total_seconds() / length * (width - 1)) for moment in self.moments]
            self._ticks_width = width
        return self._ticks

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        if not self.moments:
            text = fit(self._empty, width) if y == 0 else " " * width
            return Strip([Segment(text, self._style("label"))], width)
        if y == 0:
            return self._track(width)
        return self._caption(width) if y == 1 else Strip.blank(width, self.rich_style)

    def _track(self, width: int) -> Strip:
        cells = self._cells(width)
        text = ["─"] * width
        for before, cell in zip([-1, *cells], cells, strict=False):
            text[cell] = "┃" if before == cell else "│"
        here = cells[self.index]
        line = "".join(text)
        track = self._style("track")
        around = Segment(line[:here], track), Segment(line[here + 1 :], track)
        return Strip([around[0], Segment("●", self._style("cursor")), around[1]], width)

    def _caption(self, width: int) -> Strip:
        here = self._cells(width)[self.index]
        place = f"{self.index + 1:,}/{len(self.moments):,}"
        words = safe(self._label(self.index))
        text = "  ".join(filter(None, [format_time(self.moments[self.index], seconds=True), place, words]))
        text = fit(text, min(width, cell_width(text)))
        start = max(0, min(here - cell_width(text) // 2, width - cell_width(text)))
        return Strip([Segment(fit(" " * start + text, width), self._style("label"))], width)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"slider--{name}")
