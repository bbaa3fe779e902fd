"""A list of rows drawn when they are seen; rows may still be coming."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rich.segment import Segment
from textual.geometry import Size

from dmart_tui.core.text import fit
from dmart_tui.tui.widgets.lines import LineView, fit_segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.style import Style


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


class VirtualList(LineView):
    """A list over `Rows`.

    Memory: one key a mark.
    """

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

    def __init__(self, rows: Rows, **options: str) -> None:
        """Make a list of rows; options are those of `LineView`."""
        super().__init__(**options)
        self.rows = rows
        self.marks: set[str] = set()
        self._asked_at = -1

    def row_count(self) -> int:
        return len(self.rows)

    def line_count(self) -> int:
        return len(self.rows) + self.rows.more

    # Changing rows

    def set_rows(self, rows: Rows) -> None:
        """Show other rows; cursor and marks stay by key where the key is still there."""
        key = self.rows.key(self.cursor) if len(self.rows) else ""
        line = self.cursor - self.scroll_offset.y
        self.rows = rows
        self._asked_at = -1
        row = rows.index(key) if len(rows) else -1
        self.set_reactive(VirtualList.cursor, self.validate_cursor(self.cursor if row < 0 else row))
        self.rows_changed()
        if 0 <= line < self.view_height:
            self.jump_to(self.cursor - line)
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

    def on_resize(self) -> None:
        self._ask_for_more()

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

    def action_activate(self) -> None:
        if len(self.rows):
            self.post_message(self.Activated(self, self.cursor))

    # Drawing

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        if row >= len(self.rows):
            known = f"{len(self.rows):,} of more" if len(self.rows) else "loading…"
            return [Segment(" " + fit(known, width - 1), self.style_of("muted"))]
        lead = [self.sign(row, bool(self.marks) and self.rows.key(row) in self.marks)]
        width -= sum(len(segment.text) for segment in lead)
        return [*lead, *fit_segments(self.rows.render(row, width, self.style_of), width)]
