"""A list of rows drawn when they are seen; a row may open into several lines, and rows may still be coming."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar, Protocol

from rich.segment import Segment
from textual.geometry import Size

from dmart_tui.core.text import fit
from dmart_tui.tui.widgets.lines import LineView, fit_segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.style import Style
    from textual.geometry import Offset


class Rows(Protocol):
    """What a list shows. The rows make their own text safe; keys are unique and stay the same over a reload."""

    more: bool
    """Whether rows may still come."""

    def __len__(self) -> int: ...
    def key(self, index: int, /) -> str: ...
    def index(self, key: str, /) -> int:
        """Where a key is, or -1."""
        ...

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> Iterable[Segment]:
        """A row's line in `width` cells; `style` gives theme styles by the names of `LineView.style_of`."""
        ...

    def detail(self, index: int, width: int, style: Callable[[str], Style], /) -> Sequence[Sequence[Segment]]:
        """The lines a row opens into; none for a row that does not. Asked once an opening, width and theme."""
        ...


class VirtualList(LineView):
    """A list over `Rows`.

    Memory: the lines of opened rows, one key a mark. Positions are found by bisection over the opened rows.
    """

    INDENT: ClassVar[int] = 2
    """Cells before the lines of an opened row."""

    class Highlighted(LineView.RowMessage):
        """The cursor came to another row, or another row came under the cursor."""

        def __init__(self, view: VirtualList, index: int) -> None:
            super().__init__(view)
            self.index = index

    class Activated(LineView.RowMessage):
        """Enter or a double click on a row."""

        def __init__(self, view: VirtualList, index: int) -> None:
            super().__init__(view)
            self.index = index

    class MoreWanted(LineView.RowMessage):
        """The end of what is known is near or in view; said once for each length of the list."""

    class MarksChanged(LineView.RowMessage):
        """Rows were marked or unmarked."""

    def __init__(
        self,
        rows: Rows,
        *,
        foldable: bool = False,
        arrows: tuple[str, str] = ("▸", "▾"),
        **options: str,
    ) -> None:
        """Make a list.

        Args:
            rows: what it shows.
            foldable: right and left open and close a row; an arrow stands before each.
            arrows: signs of a closed and of an open row, one cell each.
            options: those of `LineView`.
        """
        super().__init__(**options)
        self.rows = rows
        self.marks: set[str] = set()
        self._foldable = foldable
        self._arrows = arrows
        self._details: dict[str, Sequence[Sequence[Segment]]] = {}
        self._opened: list[int] = []  # rows, ascending; the lists beside go with it
        self._starts: list[int] = []  # the line each begins at
        self._extra: list[int] = []  # lines added by it and all before it
        self._drawn_width = 0
        self._asked_at = -1

    def row_count(self) -> int:
        return len(self.rows)

    def line_count(self) -> int:
        return len(self.rows) + (self._extra[-1] if self._extra else 0) + self.rows.more

    def span(self, row: int) -> tuple[int, int]:
        slot = bisect_left(self._opened, row)
        before = self._extra[slot - 1] if slot else 0
        opened = slot < len(self._opened) and self._opened[slot] == row
        return row + before, 1 + (self._extra[slot] - before if opened else 0)

    def row_at(self, line: int) -> tuple[int, int]:
        slot = bisect_right(self._starts, line) - 1
        if slot < 0:
            return line, 0
        lines = self._extra[slot] - (self._extra[slot - 1] if slot else 0)
        below = line - self._starts[slot]
        return (self._opened[slot], below) if below <= lines else (self._opened[slot] + below - lines, 0)

    # Changing rows

    def set_rows(self, rows: Rows) -> None:
        """Show other rows; cursor, marks and opened rows stay by key where the key is still there."""
        key = self.rows.key(self.cursor) if len(self.rows) else ""
        line = self.span(self.cursor)[0] - self.scroll_offset.y
        self.rows = rows
        self._asked_at = -1
        self._measure()
        row = rows.index(key) if len(rows) else -1
        self.set_reactive(VirtualList.cursor, self.validate_cursor(self.cursor if row < 0 else row))
        self.rows_changed()
        if 0 <= line < self.view_height:
            self.jump_to(self.span(self.cursor)[0] - line)
        if row < 0:
            self.cursor_moved()
        self._ask_for_more()

    def rows_grew(self) -> None:
        """Take note that rows came at the end, or that no more will: redraws only when the end was in view."""
        shown_before = self.virtual_size.height
        self._strips.clear()
        self.virtual_size = Size(0, self.line_count())
        if shown_before <= self.scroll_offset.y + self.view_height:
            self.refresh()
        self._ask_for_more()

    def is_open(self, index: int) -> bool:
        slot = bisect_left(self._opened, index)
        return slot < len(self._opened) and self._opened[slot] == index

    def open_row(self, index: int) -> bool:
        """Open a row into its lines; false when it has none."""
        lines = self.rows.detail(index, self._detail_width, self.style_of)
        if not lines:
            return False
        self._details[self.rows.key(index)] = lines
        self._place()
        self.rows_changed()
        self.show_row(index)
        return True

    def close_row(self, index: int) -> bool:
        """Close an opened row and forget its lines."""
        if self._details.pop(self.rows.key(index), None) is None:
            return False
        self._place()
        self.rows_changed()
        self.show_row(index)
        return True

    @property
    def _detail_width(self) -> int:
        return max(1, self.row_width - 1 - self.INDENT)

    def _measure(self) -> None:
        """Ask the opened rows for their lines again."""
        self._details = {
            key: lines
            for key in self._details
            if (index := self.rows.index(key)) >= 0
            and (lines := self.rows.detail(index, self._detail_width, self.style_of))
        }
        self._place()

    def _place(self) -> None:
        found = sorted((self.rows.index(key), len(lines)) for key, lines in self._details.items())
        self._opened = [row for row, _ in found]
        self._extra = list(accumulate(lines for _, lines in found))
        self._starts = [row + extra for row, extra in zip(self._opened, [0, *self._extra], strict=False)]

    def on_resize(self) -> None:
        if self._details and self._drawn_width != self.row_width:
            self._measure()
            self.rows_changed()
        self._drawn_width = self.row_width
        self._ask_for_more()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self._details and self.is_attached:
            self._measure()
            self.rows_changed()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._ask_for_more()

    def _ask_for_more(self) -> None:
        bottom = self.scroll_offset.y + 2 * self.view_height
        if self.rows.more and self._asked_at != len(self.rows) and bottom >= self.line_count():
            self._asked_at = len(self.rows)
            self.post_message(self.MoreWanted(self))

    # Marks

    def mark(self, keys: Iterable[str], marked: bool = True) -> None:
        """Mark or unmark rows by key; memory is one string a marked row."""
        if marked:
            self.marks.update(keys)
        else:
            self.marks.difference_update(keys)
        self.looks_changed()
        self.post_message(self.MarksChanged(self))

    def action_mark(self) -> None:
        """Mark or unmark the cursor's row and go to the next."""
        if len(self.rows):
            key = self.rows.key(self.cursor)
            self.mark([key], key not in self.marks)
            self.cursor += 1

    # Movement

    def cursor_moved(self) -> None:
        self.post_message(self.Highlighted(self, self.cursor))

    def action_move(self, rows: int) -> None:
        """Go up or down; through an opened row that is taller than the view, line by line."""
        line, height = self.span(self.cursor)
        top = self.scroll_offset.y
        if height > 1 and rows == 1 and top + self.view_height < line + height:
            self.jump_to(top + 1)
        elif height > 1 and rows == -1 and line < top:
            self.jump_to(top - 1)
        else:
            super().action_move(rows)

    def action_right(self) -> None:
        if self._foldable and len(self.rows) and not self.is_open(self.cursor):
            self.open_row(self.cursor)

    def action_left(self) -> None:
        if len(self.rows):
            self.close_row(self.cursor)

    def action_fold(self) -> None:
        if len(self.rows) and not self.close_row(self.cursor):
            self.action_right()

    def action_activate(self) -> None:
        if len(self.rows):
            self.post_message(self.Activated(self, self.cursor))

    def clicked(self, row: int, offset: Offset) -> bool:
        on_arrow = self._foldable and offset == (1, 0)
        if on_arrow:
            self.action_fold()
        return on_arrow

    # Drawing

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        if row >= len(self.rows):
            known = f"{len(self.rows):,} of more" if len(self.rows) else "loading…"
            return [Segment(" " + fit(known, width - 1), self.style_of("muted"))]
        if line:
            indent = Segment(" " * (1 + self.INDENT), self.rich_style)
            return [indent, *fit_segments(self._details[self.rows.key(row)][line - 1], self._detail_width)]
        lead = [self.sign(row, bool(self.marks) and self.rows.key(row) in self.marks)]
        if self._foldable:
            lead.append(Segment(f"{self._arrows[self.is_open(row)]} ", self.style_of("muted")))
        width -= sum(len(segment.text) for segment in lead)
        return [*lead, *fit_segments(self.rows.render(row, width, self.style_of), width)]
