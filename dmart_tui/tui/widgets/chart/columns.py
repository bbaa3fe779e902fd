"""Bars that stand: one beside the other over an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dmart_tui.core.charting import Axis, Classes, axis, classes, eighths, keep_in_view, number_text
from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.tui.widgets.chart.plot import Line, Looks, Mark, Plot, leads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Unpack

_WIDEST = 12
_WIDEST_LABEL = 20
_EIGHTHS = " ▁▂▃▄▅▆▇"
_PLAIN = "   .::::"


class ColumnChart(Plot):
    """A column for each number, in the order given: for what follows in time or size.

    What does not fit follows the cursor into view.
    """

    GAP: ClassVar[int] = 1
    """Cells between columns that are at least two wide."""

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
            text: writes a number in the caption.
        """
        super().__init__(**looks)
        self.items = items
        self._text = text
        self._first = 0
        self._wide = self._gap = self._room = 1
        self._axis_line = 0

    def show(self, items: Sequence[tuple[str, float]]) -> None:
        """Show other columns; the cursor stays where it is. Sends what looks different."""
        if items != self.items:
            self.items = items
            self.changed()

    def count(self) -> int:
        return len(self.items)

    def caption(self, index: int) -> str:
        label, value = self.items[index]
        return f"{label}: {self._text(value)}"

    def draw(self, width: int, height: int) -> list[Line]:
        values = [value for _, value in self.items]
        rows = max(1, height - 2)
        whole = all(value == int(value) for value in values)
        scale = axis(min([0.0, *values]), max([0.0, *values]), max(2, rows // 2), whole=whole, tight=True)
        stems = leads(_labels(scale, rows), "|" if self.plain else "│")
        self._measure(width - cell_width(stems[0]))
        shown = self.items[self._first : self._first + self._room]
        columns = [self._column(value, scale, rows) for _, value in shown]
        gap = " " * self._gap
        lines = [Line(stems[row], gap.join(column[row] * self._wide for column in columns)) for row in range(rows)]
        self._axis_line = rows
        corner, dash = ("+", "-") if self.plain else ("└", "─")
        lead = " " * (cell_width(stems[0]) - 1)
        pitch = self._wide + self._gap
        names = _spaced([(index * pitch, label) for index, (label, _) in enumerate(shown)], len(shown) * pitch)
        return [*lines, Line(lead + corner, dash * (len(shown) * pitch), True), Line(lead + " ", names, True)][:height]

    def _measure(self, width: int) -> None:
        """How wide columns are, and which are in view."""
        pitch = min(_WIDEST, max(1, width // max(1, self.count())))
        self._gap = self.GAP if pitch > 2 else 0
        self._wide = pitch - self._gap
        self._room = max(1, width // pitch)
        self._first = keep_in_view(self.cursor, self._first, self._room, self.count())

    def follow(self) -> bool:
        first = keep_in_view(self.cursor, self._first, self._room, self.count())
        return first != self._first

    def _column(self, value: float, scale: Axis, rows: int) -> list[str]:
        """The cell of each row, from the top."""
        below = round(scale.part(0.0) * rows)
        cells = [" "] * rows
        room = rows - below if value >= 0 else below
        span = scale.high if value >= 0 else -scale.low
        full, rest = divmod(min(room * 8, eighths(abs(value) / span, room) if value else 0), 8)
        block, parts = ("#", _PLAIN) if self.plain else ("█", _EIGHTHS)
        zero = rows - below
        if value >= 0:
            cells[zero - full : zero] = [block] * full
            if rest:
                cells[zero - full - 1] = parts[rest]
        else:
            cells[zero : zero + full] = [block] * full
            if rest:
                cells[zero + full] = "'" if self.plain else "▀"
        return cells

    def marks(self) -> list[Mark]:
        start = (self.cursor - self._first) * (self._wide + self._gap)
        end = start + self._wide
        rows = [Mark(row, start, end) for row in range(self._axis_line)]
        sign = ("^" if self.plain else "▲") * self._wide
        return [*rows, Mark(self._axis_line, start, end, sign)] if self._axis_line < len(self._lines) else rows

    def index_at(self, x: int, line: int) -> int | None:
        return self._first + x // (self._wide + self._gap) if x >= 0 else None


class Histogram(ColumnChart):
    """How often numbers of which size are there; columns touch, since their classes do."""

    GAP = 0

    def __init__(self, values: Iterable[float] | Classes = (), **looks: Unpack[Looks]) -> None:
        """Make a histogram of finite numbers, or of classes counted elsewhere."""
        super().__init__(_items(values), **looks)

    def show_values(self, values: Iterable[float] | Classes) -> None:
        """Show other numbers; the cursor stays where it is."""
        self.show(_items(values))


def _items(values: Iterable[float] | Classes) -> list[tuple[str, float]]:
    found = values if isinstance(values, Classes) else classes(values)
    return [(found.label(index), float(count)) for index, count in enumerate(found.counts)] if any(found.counts) else []


def _labels(scale: Axis, rows: int) -> list[str]:
    """The label of each row of a vertical axis."""
    texts = [""] * rows
    for tick in scale.ticks:
        texts[min(rows - 1, round((1 - scale.part(tick)) * rows))] = scale.text(tick)
    return texts


def _spaced(labels: Sequence[tuple[int, str]], width: int) -> str:
    """Labels in one line, each beginning at its cell; those without room are left out."""
    line, at = "", 0
    for start, label in labels:
        text = fit(safe(label), min(_WIDEST_LABEL, cell_width(safe(label))))
        if start >= at and start + cell_width(text) <= width:
            line += " " * (start - cell_width(line)) + text
            at = start + cell_width(text) + 1
    return line
