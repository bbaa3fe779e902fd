"""Bars that lie: a line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment

from dmart_tui.core.charting import Axis, axis, eighths, number_text
from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.tui.widgets.chart.plot import NO_NUMBERS, Chart, Looks
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Unpack

_WIDEST_LABEL = 32
_EIGHTHS = " ▏▎▍▌▋▊▉"


class BarChart(Chart, LineView):
    """A labelled bar a line, with its number; scrolls, and only bars in view are drawn.

    Bars below zero grow to the left from where zero is.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"bars--bar"}
    DEFAULT_CSS = """
    BarChart > .bars--bar { color: $text-secondary; }
    """

    def __init__(
        self,
        items: Sequence[tuple[str, float]] = (),
        *,
        text: Callable[[float], str] = number_text,
        **looks: Unpack[Looks],
    ) -> None:
        """Make a chart.

        Args:
            items: labels, any text, and finite numbers.
            text: writes a number.
        """
        super().__init__(empty=looks.get("empty", NO_NUMBERS), id=looks.get("id"))
        self.plain = looks.get("plain", False)
        self._text = text
        self._take(items)

    def _take(self, items: Sequence[tuple[str, float]]) -> None:
        self.items = items
        self._label = min(_WIDEST_LABEL, max((cell_width(safe(label)) for label, _ in items), default=0))
        self._value = max((cell_width(self._text(value)) for _, value in items), default=0)
        values = [value for _, value in items]
        self._axis = axis(min([0.0, *values]), max([0.0, *values]), 1, tight=True)

    def show(self, items: Sequence[tuple[str, float]]) -> None:
        """Show other bars; the cursor stays on its line. Sends what looks different."""
        if items != self.items:
            self._take(items)
            self.rows_changed()

    def row_count(self) -> int:
        return len(self.items)

    def cursor_moved(self) -> None:
        self.post_message(self.Highlighted(self, self.cursor))

    def action_activate(self) -> None:
        if self.items:
            self.post_message(self.Activated(self, self.cursor))

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        label, value = self.items[row]
        wide = min(self._label, max(4, width // 3))
        room = width - wide - self._value - 4
        segments = [self.sign(row), Segment(fit(safe(label), wide) + " ")]
        if room > 0:
            style = self.get_component_rich_style("bars--bar")
            segments.append(Segment(bar(value, self._axis, room, plain=self.plain), style))
        return [*segments, Segment(" " + fit(self._text(value), self._value, right=True))]


def bar(value: float, scale: Axis, width: int, *, plain: bool = False) -> str:
    """A bar in exactly `width` cells."""
    zero = round(scale.part(0.0) * width)
    room = width - zero if value >= 0 else zero
    span = scale.high if value >= 0 else -scale.low
    full, rest = divmod(min(room * 8, eighths(abs(value) / span, room) if value else 0), 8)
    if value < 0:
        half = "▐" if rest and not plain else ""
        return ((half + ("#" if plain else "█") * full).rjust(zero)).ljust(width)
    if plain:
        return " " * zero + ("#" * (full + (rest >= 4 or (rest > 0 and not full)))).ljust(room)
    return " " * zero + ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(room)
