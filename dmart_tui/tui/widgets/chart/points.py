"""Points over two axes, joined to a curve or not."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from dmart_tui.core.charting import Axis, Dots, axis, number_text, time_text
from dmart_tui.core.text import cell_width, fit
from dmart_tui.tui.widgets.chart.plot import Line, Looks, Mark, Plot, leads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

_TICK_CELLS = 12
"""Cells of the horizontal axis that a tick's label needs."""


class ScatterChart(Plot):
    """Points where their two numbers put them, eight in a cell at most; composing costs O(points)."""

    JOINED: ClassVar[bool] = False

    def __init__(
        self,
        points: Sequence[tuple[float, float]] = (),
        *,
        times: bool = False,
        **looks: Unpack[Looks],
    ) -> None:
        """Make a chart.

        Args:
            points: pairs of finite numbers; of a curve, ascending by the first.
            times: the first of each pair is epoch seconds.
        """
        super().__init__(**looks)
        self.points = points
        self.times = times
        self._cells: list[tuple[int, int]] = []

    def show(self, points: Sequence[tuple[float, float]]) -> None:
        """Show other points; the cursor stays where it is. Sends what looks different."""
        if points != self.points:
            self.points = points
            self.changed()

    def count(self) -> int:
        return len(self.points)

    def caption(self, index: int) -> str:
        x, y = self.points[index]
        return f"{time_text(x) if self.times else number_text(x)}: {number_text(y)}"

    def draw(self, width: int, height: int) -> list[Line]:
        rows = max(1, height - 2)
        xs, ys = [x for x, _ in self.points], [y for _, y in self.points]
        upright = axis(min(ys), max(ys), max(2, rows // 2), tight=True)
        stems = leads(_labels(upright, rows), "|" if self.plain else "│")
        room = max(1, width - cell_width(stems[0]))
        level = axis(min(xs), max(xs), max(2, room // _TICK_CELLS), time=self.times, tight=True)
        dots = Dots(room, rows)
        places = [
            (round(level.part(x) * (dots.width - 1)), round((1 - upright.part(y)) * (dots.height - 1)))
            for x, y in self.points
        ]
        self._cells = [(x // 2, y // 4) for x, y in places]
        for x, y in places:
            dots.dot(x, y)
        if self.JOINED:
            for (x0, y0), (x1, y1) in pairwise(places):
                dots.line(x0, y0, x1, y1)
        lines = [Line(stem, text) for stem, text in zip(stems, dots.texts(plain=self.plain), strict=True)]
        corner, dash, tick = "+-+" if self.plain else "└─┴"
        lead = " " * (cell_width(stems[0]) - 1)
        rule, names = [dash] * room, ""
        for value in level.ticks:
            cell = round(level.part(value) * (room - 1))
            rule[cell] = tick
            names = _put(names, cell, level.text(value), room)
        return [*lines, Line(lead + corner, "".join(rule), True), Line(lead + " ", names, True)][:height]

    def marks(self) -> list[Mark]:
        x, line = self._cells[self.cursor]
        return [Mark(line, x, x + 1, "@" if self.plain else "●")]

    def index_at(self, x: int, line: int) -> int | None:
        def distance(index: int) -> int:
            its_x, its_line = self._cells[index]
            return abs(its_x - x) + 2 * abs(its_line - line)

        return min(range(len(self._cells)), key=distance, default=None)


class LineChart(ScatterChart):
    """Points joined in their order."""

    JOINED = True


def _labels(scale: Axis, rows: int) -> list[str]:
    """The label of each row of a vertical axis."""
    texts = [""] * rows
    for tick in scale.ticks:
        texts[round((1 - scale.part(tick)) * (rows - 1))] = scale.text(tick)
    return texts


def _put(line: str, cell: int, text: str, room: int) -> str:
    """A line of labels with one more, its middle over a cell if that can be; unchanged where it would touch another."""
    start = max(0, min(cell - len(text) // 2, room - len(text)))
    if line and start <= len(line):
        return line
    return fit(line, start) + text
