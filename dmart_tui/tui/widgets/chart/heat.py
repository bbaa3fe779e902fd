"""A field of cells, each filled as strongly as its number is high."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.core.charting import keep_in_view, level, number_text
from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.tui.widgets.chart.plot import Line, Looks, Mark, Plot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Unpack

_WIDE: Final = 2
_WIDEST_LABEL: Final = 24
_SHADES: Final = (" ·░▒▓█", " .:+*#")
"""From nothing to the most; the second for ASCII."""


class HeatMap(Plot):
    """Numbers of two headings, such as days and hours, as shades; zero and less and none are empty.

    Up and down, left and right move the cursor; what does not fit follows it into view. Of two cells, `index` counts
    row by row.
    """

    def __init__(
        self,
        rows: Sequence[str] = (),
        columns: Sequence[str] = (),
        values: Sequence[Sequence[float | None]] = (),
        *,
        text: Callable[[float], str] = number_text,
        **looks: Unpack[Looks],
    ) -> None:
        """Make a map.

        Args:
            rows: labels on the left, any text.
            columns: labels below.
            values: for each row a number for each column.
            text: writes a number in the caption.
        """
        super().__init__(**looks)
        self.rows, self.columns, self.values = rows, columns, values
        self._text = text
        self._top = self._first = 0
        self._high = self._room = 1

    def show(self, rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float | None]]) -> None:
        """Show other numbers; the cursor stays in its row and column. Sends what looks different."""
        row, column = self.place
        self.rows, self.columns, self.values = rows, columns, values
        at = min(row, len(rows) - 1) * len(columns) + min(column, len(columns) - 1)
        self.set_reactive(Plot.cursor, self.validate_cursor(at))
        self.changed()

    @property
    def place(self) -> tuple[int, int]:
        """Row and column of the cursor."""
        return divmod(self.cursor, len(self.columns)) if self.columns else (0, 0)

    def count(self) -> int:
        return len(self.rows) * len(self.columns)

    def caption(self, index: int) -> str:
        row, column = divmod(index, len(self.columns))
        value = self.values[row][column]
        return f"{self.rows[row]} {self.columns[column]}: {'∅' if value is None else self._text(value)}"

    def draw(self, width: int, height: int) -> list[Line]:
        wide = min(_WIDEST_LABEL, max(4, width // 3), max(cell_width(safe(name)) for name in self.rows))
        self._room, self._high = max(1, (width - wide - 1) // _WIDE), max(1, height - 1)
        self._keep()
        most = max((value for row in self.values for value in row if value is not None), default=0.0)
        shades = _SHADES[self.plain]
        last = self._first + self._room
        lines = []
        for row in range(self._top, min(len(self.rows), self._top + self._high)):
            cells = [
                shades[level(value, most, len(shades) - 1)] * _WIDE for value in self.values[row][self._first : last]
            ]
            lines.append(Line(fit(safe(self.rows[row]), wide, right=True) + " ", "".join(cells)))
        return [*lines, Line(" " * (wide + 1), self._names(self.columns[self._first : last]), True)]

    @staticmethod
    def _names(columns: Sequence[str]) -> str:
        """Labels below, as many as there is room for; the others are in the caption."""
        line = ""
        for index, name in enumerate(columns):
            text = safe(name)
            if (not line or index * _WIDE > cell_width(line)) and index * _WIDE + cell_width(text) <= len(
                columns
            ) * _WIDE:
                line = fit(line, index * _WIDE) + text
        return line

    def _keep(self) -> tuple[int, int]:
        row, column = self.place
        self._top = keep_in_view(row, self._top, self._high, len(self.rows))
        self._first = keep_in_view(column, self._first, self._room, len(self.columns))
        return self._top, self._first

    def follow(self) -> bool:
        return (self._top, self._first) != self._keep()

    def marks(self) -> list[Mark]:
        row, column = self.place
        start = (column - self._first) * _WIDE
        return [Mark(row - self._top, start, start + _WIDE, "[]")]

    def index_at(self, x: int, line: int) -> int | None:
        row, column = self._top + line, self._first + x // _WIDE
        inside = x >= 0 and row < len(self.rows) and column < len(self.columns)
        return row * len(self.columns) + column if inside else None

    def action_move(self, steps: int) -> None:
        row, column = self.place
        self._go(row + steps, column)

    def action_page(self, pages: float) -> None:
        row, column = self.place
        self._go(row + round(pages * max(1, self._high - 1)), column)

    def action_right(self) -> None:
        row, column = self.place
        self._go(row, column + 1)

    def action_left(self) -> None:
        row, column = self.place
        self._go(row, column - 1)

    def _go(self, row: int, column: int) -> None:
        """Put the cursor on a cell, or as near as there is one: never round an edge."""
        row = max(0, min(row, len(self.rows) - 1))
        column = max(0, min(column, len(self.columns) - 1))
        self.cursor = row * len(self.columns) + column
