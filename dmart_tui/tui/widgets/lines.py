"""The ground of the virtual widgets: rows drawn when they are seen, a cursor, and nothing kept for a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Offset, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dmart_tui.core.text import cell_width, fit, wrap
from dmart_tui.tui.widgets.movement import MOVEMENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.binding import BindingType

_CURSOR_SIGNS = " ›•»"
_STRIPS_KEPT = 512


def fit_segments(segments: Iterable[Segment], width: int) -> list[Segment]:
    """Cut a row of safe text to at most `width` cells, with an ellipsis where it was cut."""
    kept: list[Segment] = []
    for segment in segments:
        used = cell_width(segment.text)
        if used > width:
            if width > 0:
                kept.append(Segment(fit(segment.text, width).rstrip(), segment.style))
            elif kept:
                last = kept.pop()
                kept.append(Segment(fit(last.text + "…", cell_width(last.text)).rstrip(), last.style))
            break
        kept.append(segment)
        width -= used
    return kept


def spread(left: Iterable[Segment], right: Iterable[Segment], width: int, *, least: int = 16) -> list[Segment]:
    """One row of `width` cells with `right` at its right edge; `right` goes when `left` would keep under `least`."""
    left, right = list(left), list(right)
    taken = sum(cell_width(segment.text) for segment in right)
    if not taken or width - taken - 1 < min(least, sum(cell_width(segment.text) for segment in left)):
        return fit_segments(left, width)
    left = fit_segments(left, width - taken - 1)
    gap = width - taken - sum(cell_width(segment.text) for segment in left)
    return [*left, Segment(" " * gap, right[0].style), *right]


class LineView(ScrollView, can_focus=True, inherit_bindings=False):
    """A scrolling view of rows with a cursor row; a subclass says how many rows there are and draws one line of one.

    Moving the cursor redraws two rows. At most 512 drawn lines are kept, whatever the number of rows.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line--cursor",
        "line--muted",
        "line--guide",
        "line--strong",
        "line--accent",
        "line--success",
        "line--warning",
        "line--error",
    }
    DEFAULT_CSS = """
    LineView {
        background: transparent;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;

        & > .line--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        &:focus > .line--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        & > .line--muted { color: $text-muted; }
        & > .line--guide { color: $foreground 22%; }
        & > .line--strong { text-style: bold; }
        & > .line--accent { color: $text-accent; }
        & > .line--success { color: $text-success; }
        & > .line--warning { color: $text-warning; }
        & > .line--error { color: $text-error; }
        &:ansi {
            & > .line--muted { text-style: dim; }
            & > .line--guide { text-style: dim; }
            & > .line--cursor { text-style: bold; }
            &:focus > .line--cursor { text-style: bold reverse; background: ansi_default; color: ansi_default; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = MOVEMENT
    HEADER: ClassVar[int] = 0
    """Lines at the top that do not scroll."""
    HAS_CURSOR: ClassVar[bool] = True
    """Whether the row of the cursor looks different."""

    cursor: reactive[int] = reactive(0, repaint=False, init=False)

    class RowMessage(Message):
        """What a view says about one of its rows."""

        def __init__(self, view: LineView) -> None:
            self.view = view
            super().__init__()

        @property
        def control(self) -> LineView:
            return self.view

    def __init__(
        self,
        *,
        empty: str = "",
        signs: str = _CURSOR_SIGNS,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - as in Textual
        classes: str | None = None,
    ) -> None:
        """Make an empty view.

        Args:
            empty: one dim sentence shown while there are no rows, in as many lines as it takes.
            signs: the first cell of a row: plain, cursor, marked, cursor on a marked row.
        """
        super().__init__(name=name, id=id, classes=classes)
        self.empty = empty
        self.signs = signs
        self._strips: LRUCache[tuple[int, ...], Strip] = LRUCache(_STRIPS_KEPT)
        self._base: Style | None = None

    def row_count(self) -> int:
        raise NotImplementedError

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        """Segments of one line of a row, any width; `line` is above 0 only in rows of several lines."""
        raise NotImplementedError

    def draw_header(self, line: int, width: int) -> Strip:
        raise NotImplementedError

    def cursor_moved(self) -> None:
        """Called when the cursor came to another row; a subclass posts its message."""

    def line_count(self) -> int:
        return self.row_count()

    def span(self, row: int) -> tuple[int, int]:
        """First line and number of lines of a row."""
        return row, 1

    def row_at(self, line: int) -> tuple[int, int]:
        """The row that shows at a line and which of its lines that is."""
        return line, 0

    def virtual_width(self) -> int:
        return 0

    def style_of(self, name: str) -> Style:
        """The theme's `muted`, `guide`, `strong`, `accent`, `success`, `warning` or `error` style; "" is plain text."""
        return self.get_component_rich_style(f"line--{name}") if name else self.base_style

    @property
    def base_style(self) -> Style:
        """The style of plain text, kept as long as the drawn lines: Textual walks up the tree for it each time."""
        if self._base is None:
            self._base = self.rich_style
        return self._base

    @property
    def view_height(self) -> int:
        """Lines of rows that fit."""
        return self.scrollable_content_region.height - self.HEADER

    @property
    def row_width(self) -> int:
        """Cells of a row."""
        return self.scrollable_content_region.width

    def rows_changed(self) -> None:
        """Take note that rows came, went or look different: redraw what is seen."""
        self.virtual_size = Size(self.virtual_width(), self.line_count() + self.HEADER)
        self.cursor = self.cursor
        self.looks_changed()

    def looks_changed(self) -> None:
        """Redraw what is seen: the same rows look different."""
        self._strips.clear()
        self._base = None
        self.refresh()

    def refresh_row(self, row: int) -> None:
        """Redraw the first line of a row, the one the cursor shows on."""
        self.refresh_line(self.span(row)[0] + self.HEADER)

    def show_row(self, row: int) -> None:
        """Scroll as little as needed to show a row; of one taller than the view, its beginning."""
        view = self.view_height
        if view <= 0:
            return
        line, height = self.span(row)
        top = self.scroll_offset.y
        if line < top:
            self.jump_to(line)
        elif line + height > top + view:
            self.jump_to(min(line, line + height - view))

    def jump_to(self, line: int) -> None:
        """Make `line` the first one shown."""
        # Forced, because the scrollbar of rows that have just come appears only with the next layout.
        self.scroll_to(y=line, animate=False, force=True)

    def validate_cursor(self, row: int) -> int:
        return max(0, min(row, self.row_count() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        if old < self.row_count():
            self.refresh_row(old)
        self.show_row(new)
        self.refresh_row(new)
        self.cursor_moved()

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        """Let a scrollbar that appears tell where the rows are: they may have been scrolled before there was one."""
        if shown:
            self.vertical_scrollbar.position = self.scroll_y

    def on_mount(self) -> None:
        self.rows_changed()

    def on_resize(self) -> None:
        self._strips.clear()
        self.show_row(self.cursor)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()
        self._base = None

    def render_line(self, y: int) -> Strip:
        width = self.row_width
        if y < self.HEADER:
            return self.draw_header(y, width)
        scroll_x, scroll_y = self.scroll_offset
        line = y - self.HEADER + scroll_y
        if line >= self.line_count():
            return self._blank(y - self.HEADER, width)
        row, part = self.row_at(line)
        look = (2 if self.has_focus else 1) if self.HAS_CURSOR and row == self.cursor and not part else 0
        key = (row, part, look, width, scroll_x)
        strip = self._strips.get(key)
        if strip is None:
            base = self.base_style
            cursor = self._cursor_style(look == 2) if look else None
            segments = Segment.apply_style(self.draw(row, part, width), base, cursor)
            base += cursor
            strip = Strip(segment for segment in segments if segment.text).adjust_cell_length(width, base)
            self._strips[key] = strip
        return strip

    def _blank(self, y: int, width: int) -> Strip:
        words = [] if self.line_count() or not self.empty else [*wrap(self.empty, max(1, width - 2))]
        if y >= len(words):
            return Strip.blank(width, self.base_style)
        return Strip([Segment(" " + fit(words[y], width - 1), self.style_of("muted"))])

    def _cursor_style(self, focused: bool) -> Style:
        style = self.get_component_rich_style("line--cursor")
        if focused:
            return style + Style(dim=False)
        return Style(bgcolor=style.bgcolor, bold=style.bold)

    def sign(self, row: int, marked: bool = False) -> Segment:
        """The first cell of a row: colour is never the only sign of cursor and mark."""
        sign = self.signs[(row == self.cursor) + 2 * marked]
        return Segment(sign, self.style_of("accent" if sign != " " else ""))

    def action_move(self, rows: int) -> None:
        self.cursor += rows

    def action_page(self, pages: float) -> None:
        lines = round(max(1, self.view_height - 1) * pages)
        top = self.scroll_offset.y
        line = self.span(self.cursor)[0] + lines
        row = self.row_at(max(0, min(line, self.line_count() - 1)))[0]
        self.jump_to(top + lines)
        self.cursor = row

    def action_first(self) -> None:
        self.cursor = 0

    def action_last(self) -> None:
        self.cursor = self.row_count() - 1

    def action_left(self) -> None:
        """Nothing lies to the left of a plain list."""

    def action_right(self) -> None:
        """Nothing lies to the right of a plain list."""

    def action_activate(self) -> None:
        raise NotImplementedError

    def clicked(self, row: int, offset: Offset) -> bool:
        """Whether a click at this place of a row means more than moving the cursor there; a subclass acts on it."""
        return False

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self.HEADER:
            return
        line = offset.y - self.HEADER + self.scroll_offset.y
        if line >= self.line_count():
            return
        row, part = self.row_at(line)
        self.cursor = row
        if not self.clicked(row, Offset(offset.x, part)) and event.chain == 2:
            self.action_activate()
