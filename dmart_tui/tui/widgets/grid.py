"""A table over rows that are fetched as they are seen."""

from __future__ import annotations

import re
from bisect import bisect_right
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip

from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style
    from textual.geometry import Offset

    Cell = Callable[[int], tuple[str, Style] | None]
    """Text and style of a cell by its position among the shown columns; None where the row ends before it."""

_SAMPLE: Final = 100
_MEASURED: Final = 20_000
"""Values at most that widths come from."""
_WIDEST: Final = 40
_GAP: Final = 2
_LONGEST_VALUE: Final = 400
_NUMBER: Final = re.compile(r"\s*[-+]?[0-9][0-9,_]*(\.[0-9]*)?([eE][-+]?[0-9]+)?\s*%?")


class GridSource(Protocol):
    """Rows of values, any of them hostile: the grid makes text safe."""

    columns: Sequence[str]
    known: int
    """Rows known so far."""
    done: bool
    """Whether these are all."""

    def row(self, index: int, /) -> Sequence[object] | None:
        """A row's values, or None while they are fetched; the source then calls for `Grid.looks_changed`.

        A source that is not done is asked for the row after those known when their end comes into view.
        """
        ...


class NoRows:
    """The source of a grid that has none yet."""

    columns: Sequence[str] = ()
    known = 0
    done = True

    def row(self, index: int, /) -> Sequence[object] | None:
        return None


def cell_text(value: object) -> str:
    """A value in one line of safe text: `∅` for None, at most 400 characters of anything."""
    if value is None:
        return "∅"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value):,} bytes"
    return safe((value if isinstance(value, str) else str(value))[:_LONGEST_VALUE])


def is_number(value: object) -> bool:
    """Whether a value reads as a number, text of a CSV file included."""
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


class Grid(LineView):
    """A table with a fixed header, a cursor row and a current column.

    Widths come from the first 100 rows, fewer where there are very many columns. Memory: a few numbers a column; rows
    stay in the source.
    """

    HEADER: ClassVar[int] = 1
    COMPONENT_CLASSES: ClassVar[set[str]] = {"line--header", "line--column"}
    DEFAULT_CSS = """
    Grid {
        overflow-x: auto;
        scrollbar-gutter: auto;
        & > .line--header { background: $panel; color: $text-muted; text-style: bold; }
        & > .line--column { background: $panel; color: $text-accent; text-style: bold underline; }
    }
    """

    column: reactive[int] = reactive(0, repaint=False, init=False)

    class Highlighted(LineView.RowMessage):
        """The cursor came to another row or column."""

        def __init__(self, view: Grid, row: int, column: int) -> None:
            super().__init__(view)
            self.row = row
            self.column = column

    class Activated(LineView.RowMessage):
        """Enter or a double click on a row."""

        def __init__(self, view: Grid, row: int, column: int) -> None:
            super().__init__(view)
            self.row = row
            self.column = column

    def __init__(self, source: GridSource | None = None, **options: str) -> None:
        super().__init__(**options)
        self.source: GridSource = source or NoRows()
        self._measured = False
        self.shown: list[int] = []
        self._widths: list[int] = []
        self._starts: list[int] = []
        self._right: list[bool] = []

    def row_count(self) -> int:
        return self.source.known

    def line_count(self) -> int:
        return self.source.known + (not self.source.done)

    def virtual_width(self) -> int:
        return 1 + self._starts[-1] if self._starts else 0

    def set_source(self, source: GridSource) -> None:
        """Show another table from its beginning."""
        self.source = source
        self._measured = False
        self.set_reactive(Grid.cursor, 0)
        self.set_reactive(Grid.column, 0)
        self.scroll_to(x=0, y=0, animate=False, force=True)
        self.rows_changed()
        self.cursor_moved()

    def rows_changed(self) -> None:
        """Take note that the source knows more rows or columns; widths are measured when the first rows are there."""
        if not self._measured:
            self._measure()
        super().rows_changed()

    def text_of(self, value: object, column: int) -> str:
        """A value of a column of the source in one line of safe text."""
        return cell_text(value)

    def header_text(self, column: int) -> str:
        """The header of a column of the source as safe text."""
        return safe(self.source.columns[column])

    def _measure(self) -> None:
        """Look at the first rows for widths and for columns of numbers."""
        most = max(1, min(_SAMPLE, _MEASURED // max(1, len(self.source.columns))))
        rows = [row for index in range(min(most, self.source.known)) if (row := self.source.row(index)) is not None]
        self._widths, self._right = [], []
        for column in range(len(self.source.columns)):
            values = [row[column] for row in rows if column < len(row)]
            told = [value for value in values if value is not None and value != ""]
            texts = [self.header_text(column), *(self.text_of(value, column) for value in values)]
            self._widths.append(min(_WIDEST, max(1, *map(cell_width, texts))))
            self._right.append(bool(told) and all(map(is_number, told)))
        self._measured = bool(rows)
        self.lay_out()

    def lay_out(self) -> None:
        """Place the columns that are shown, one beside the other."""
        self.shown = self.columns_shown()
        widths = [self._widths[column] + _GAP for column in self.shown]
        self._starts = [0, *accumulate(widths)] if widths else []

    def columns_shown(self) -> list[int]:
        """The columns of the source that are shown, from the left."""
        return list(range(len(self.source.columns)))

    @property
    def source_column(self) -> int:
        """The current column as the source counts them."""
        return self.shown[self.column] if self.shown else 0

    def _width_of(self, position: int) -> int:
        return self._starts[position + 1] - self._starts[position] - _GAP

    def validate_column(self, column: int) -> int:
        return max(0, min(column, len(self.shown) - 1))

    def watch_column(self, old: int, new: int) -> None:
        self.show_column(new)
        self.refresh_line(self.scroll_offset.y)
        self.cursor_moved()

    def show_column(self, position: int) -> None:
        """Scroll sideways as little as needed to show a column."""
        view = self.scrollable_content_region.width - 1
        left, right = self._starts[position], self._starts[position + 1] - _GAP
        x = self.scroll_offset.x
        if left < x or right - left >= view:
            self.scroll_to(x=left, animate=False, force=True)
        elif right > x + view:
            self.scroll_to(x=self._starts[bisect_right(self._starts, right - view - 1)], animate=False, force=True)

    def watch_show_horizontal_scrollbar(self) -> None:
        # It takes the place of a row, and no event of a resize tells so.
        self.call_after_refresh(lambda: self.show_row(self.cursor))

    def cursor_moved(self) -> None:
        self.post_message(self.Highlighted(self, self.cursor, self.column))

    def action_left(self) -> None:
        self.column -= 1

    def action_right(self) -> None:
        self.column += 1

    def action_activate(self) -> None:
        if self.source.known:
            self.post_message(self.Activated(self, self.cursor, self.column))

    def clicked(self, row: int, offset: Offset) -> bool:
        if self._starts:
            self.column = bisect_right(self._starts, offset.x - 1 + self.scroll_offset.x) - 1
        return False

    def draw_header(self, line: int, width: int) -> Strip:
        plain, current = self.style_of("header"), self.style_of("column")

        def cell(position: int) -> tuple[str, Style]:
            return self.header_text(self.shown[position]), current if position == self.column else plain

        return Strip([Segment(" ", plain), *self.draw_cells(cell, plain, width - 1)]).adjust_cell_length(width, plain)

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        muted = self.style_of("muted")
        if row >= self.source.known:
            self.source.row(row)
            known = f"{self.source.known:,} of more" if self.source.known else "loading…"
            return [Segment(" " + fit(known, width - 1), muted)]
        values = self.source.row(row)
        if values is None:
            return [self.sign(row), Segment("·", muted)]
        plain = self.base_style

        def cell(position: int) -> tuple[str, Style] | None:
            column = self.shown[position]
            if column >= len(values):
                return None
            value = values[column]
            return self.text_of(value, column), self.cell_style(row, position, muted if value is None else plain)

        return [self.sign(row), *self.draw_cells(cell, plain, width - 1)]

    def cell_style(self, row: int, position: int, style: Style) -> Style:
        """The style of a cell that would have this one by its value."""
        return style

    def draw_cells(self, cell: Cell, plain: Style, width: int) -> list[Segment]:
        """The cells of a row that are in view; `plain` is the style between them."""
        return self.draw_span(cell, plain, (0, len(self.shown)), self.scroll_offset.x, width)

    def draw_span(self, cell: Cell, plain: Style, span: tuple[int, int], left: int, width: int) -> list[Segment]:
        """`width` cells from cell `left` on of the columns in a span of positions: only they are made into text."""
        first = max(span[0], bisect_right(self._starts, left) - 1)
        last = min(span[1], bisect_right(self._starts, left + width - 1))
        segments = []
        for position in range(first, last):
            if (found := cell(position)) is None:
                break
            text = fit(found[0], self._width_of(position), right=self._right[self.shown[position]])
            segments += [Segment(text, found[1]), Segment(" " * _GAP, plain)]
        if not segments:
            return []
        start = self._starts[first]
        return list(Strip(segments).crop(left - start, left - start + width))
