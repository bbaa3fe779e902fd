"""A grid to work in: columns that stay, are hidden and resized, rows that are marked, signs of sorting and filters."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from dmart_tui.core.text import cell_width, safe
from dmart_tui.tui.widgets.grid import Grid, cell_text
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from textual import events
    from textual.geometry import Offset

    from dmart_tui.tui.widgets.grid import Cell, GridSource

    Writer = Callable[[object, int], str]
    """Writes a value of a column of the source; None is never asked for."""

_NARROWEST: Final = 3
_WIDEST: Final = 400
_LONGEST_VALUE: Final = 400
_WIDEST_GROWN: Final = 40
_EDGE: Final = "│"
_HERE: Final = Style(underline=True)


class ResultGrid(Grid):
    """A grid whose columns can be arranged and whose rows can be marked; the cell of the cursor is underlined.

    A key sends two rows at most; memory is some numbers a column and one a marked row.
    """

    DEFAULT_CSS = """
    ResultGrid { scrollbar-gutter: stable; }
    """

    class EndWanted(LineView.RowMessage):
        """The last row is asked for, and the source does not know it yet."""

    class HeaderClicked(LineView.RowMessage):
        """The header of a column was clicked, which is the current one now."""

    def __init__(self, source: GridSource | None = None, *, write: Writer | None = None, **options: str) -> None:
        """Make a grid; options are those of `Grid`."""
        super().__init__(source, **options)
        self.write = write
        self.frozen = 0
        """How many columns at the left do not scroll."""
        self.hidden: set[int] = set()
        """Columns of the source that are not shown."""
        self.signs_of: Mapping[int, str] = {}
        """What stands before the name of a column: how it is sorted, whether it is filtered."""
        self.marked: set[int] = set()
        self._own_widths: dict[int, int] = {}

    # What is shown

    def set_source(self, source: GridSource, *, keep: bool = False) -> None:
        """Show another table from its beginning.

        Args:
            keep: it has the same columns in another order or selection of rows: they stay arranged as they are.
        """
        at = self.column if keep else 0
        if not keep:
            self.frozen, self.hidden, self._own_widths, self.signs_of = 0, set(), {}, {}
        self.marked.clear()
        super().set_source(source)
        self.column = at

    def text_of(self, value: object, column: int) -> str:
        if value is None or self.write is None:
            return cell_text(value)
        return safe(self.write(value, column)[:_LONGEST_VALUE])

    def header_text(self, column: int) -> str:
        sign = self.signs_of.get(column)
        return f"{sign} {super().header_text(column)}" if sign else super().header_text(column)

    def columns_shown(self) -> list[int]:
        return [column for column in range(len(self.source.columns)) if column not in self.hidden]

    def lay_out(self) -> None:
        for column in self.signs_of:
            self._widths[column] = max(self._widths[column], min(_WIDEST_GROWN, cell_width(self.header_text(column))))
        for column, width in self._own_widths.items():
            self._widths[column] = width
        super().lay_out()

    def columns_changed(self) -> None:
        """Take note that columns were hidden, resized, frozen or signed."""
        current = self.source_column
        self.lay_out()
        self.frozen = min(self.frozen, len(self.shown))
        self.column = next((at for at, column in enumerate(self.shown) if column >= current), len(self.shown) - 1)
        self.rows_changed()
        if self.shown:
            self.show_column(self.column)

    def hide(self, columns: Collection[int]) -> None:
        """Hide these columns of the source and show all others; one is always left."""
        wanted = set(columns)
        if len(wanted) < len(self.source.columns):
            self.hidden = wanted
            self.columns_changed()

    def freeze(self, count: int) -> None:
        """Let the first columns stay where they are; as many as leave room for others."""
        self.frozen = max(0, min(count, len(self.shown) - 1))
        self.columns_changed()

    def resize(self, cells: int) -> None:
        """Make the current column wider, or narrower by less than nothing."""
        if self.shown:
            width = max(_NARROWEST, min(_WIDEST, self._widths[self.source_column] + cells))
            self._own_widths[self.source_column] = width
            self.columns_changed()

    def fit_column(self) -> None:
        """Make the current column as wide as what of it is in view."""
        if not self.shown:
            return
        column = self.source_column
        top = self.scroll_offset.y
        rows = map(self.source.row, range(top, min(self.source.known, top + self.view_height)))
        texts = [self.text_of(row[column], column) for row in rows if row is not None and column < len(row)]
        self._own_widths[column] = min(_WIDEST, max(map(cell_width, [self.header_text(column), *texts])))
        self.columns_changed()

    # Rows and cells

    @property
    def current_row(self) -> Sequence[object] | None:
        """The values of the cursor's row, if it is there."""
        return self.source.row(self.cursor) if self.cursor < self.source.known else None

    @property
    def current_value(self) -> object:
        """The value of the cursor's cell; None when its row is not there."""
        row = self.current_row
        return row[self.source_column] if row is not None and self.source_column < len(row) else None

    def mark(self, rows: Collection[int], marked: bool = True) -> None:
        """Mark or unmark rows."""
        if marked:
            self.marked.update(rows)
        else:
            self.marked.difference_update(rows)
        self.looks_changed()

    def action_mark(self) -> None:
        """Mark or unmark the cursor's row and go to the next."""
        if self.source.known:
            self.marked ^= {self.cursor}
            self._strips.clear()
            self.cursor += 1
            self.refresh_row(self.cursor)

    def action_last(self) -> None:
        if not self.source.done:
            self.post_message(self.EndWanted(self))
        super().action_last()

    def action_first_column(self) -> None:
        self.column = 0

    def action_last_column(self) -> None:
        self.column = len(self.shown) - 1

    # Growing: a number that is cut off is another number

    def looks_changed(self) -> None:
        super().looks_changed()
        self._grow(self.scroll_offset.y, self.view_height)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        old, new, height = round(old_value), round(new_value), self.view_height
        first = max(new, old + height) if old < new < old + height else new
        self._grow(first, new + height - first if new > old else min(height, max(0, old - new)))

    def _grow(self, first: int, count: int) -> None:
        """Widen columns in view for rows that came into view."""
        if not self._starts:
            return
        rows = [self.source.row(row) for row in range(first, min(self.source.known, first + count))]
        left = self.scroll_offset.x
        positions = range(
            max(0, bisect_right(self._starts, left) - 1),
            min(len(self.shown), bisect_right(self._starts, left + self.row_width)),
        )
        grown = False
        for column in (self.shown[position] for position in positions):
            width = self._widths[column]
            if column not in self._own_widths and width < _WIDEST_GROWN:
                texts = (self.text_of(row[column], column) for row in rows if row is not None and column < len(row))
                self._widths[column] = max(width, min(_WIDEST_GROWN, max(map(cell_width, texts), default=0)))
                grown = grown or self._widths[column] > width
        if grown:
            self.columns_changed()

    # Drawing

    def watch_column(self, old: int, new: int) -> None:
        self._strips.clear()
        super().watch_column(old, new)
        self.refresh_row(self.cursor)

    def show_column(self, position: int) -> None:
        if position < self.frozen:
            return
        room = self.scrollable_content_region.width - 1
        left, right = self._starts[position], self._starts[position + 1] - 2
        x, stays = self.scroll_offset.x, self._starts[self.frozen]
        if left < x + stays or right - left >= room - stays:
            self.scroll_to(x=left - stays, animate=False, force=True)
        elif right > x + room:
            first = self._starts[bisect_right(self._starts, right - room + stays - 1)]
            self.scroll_to(x=first - stays, animate=False, force=True)

    def draw_cells(self, cell: Cell, plain: Style, width: int) -> list[Segment]:
        if not self.frozen:
            return super().draw_cells(cell, plain, width)
        stays = min(self._starts[self.frozen] - 1, width - 1)
        still = Strip(self.draw_span(cell, plain, (0, self.frozen), 0, stays)).adjust_cell_length(stays, plain)
        left = self.scroll_offset.x + self._starts[self.frozen]
        rest = self.draw_span(cell, plain, (self.frozen, len(self.shown)), left, width - stays - 1)
        return [*still, Segment(_EDGE, plain + self.style_of("guide")), *rest]

    def cell_style(self, row: int, position: int, style: Style) -> Style:
        return style + _HERE if row == self.cursor and position == self.column else style

    def sign(self, row: int, marked: bool = False) -> Segment:
        return super().sign(row, marked or row in self.marked)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < self.HEADER and self.shown:
            self.column = self._position_at(offset.x)
            self.post_message(self.HeaderClicked(self))

    def clicked(self, row: int, offset: Offset) -> bool:
        if self.shown:
            self.column = self._position_at(offset.x)
        return False

    def _position_at(self, x: int) -> int:
        """The shown column at a cell of a line."""
        x -= 1
        at = x if x < self._starts[self.frozen] and self.frozen else x + self.scroll_offset.x
        return bisect_right(self._starts, at) - 1
