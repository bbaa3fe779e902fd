"""A reader of text of any size."""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_right
from threading import Event
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from dmart_tui.core.text import cell_width
from dmart_tui.core.units import format_count, format_size
from dmart_tui.core.viewing import CONTEXT_LINES, PagedText, Wrapped, breaks, highlight, why_not_wrapped
from dmart_tui.tui.widgets.content import ContentView, split_at
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from textual import events

    from dmart_tui.core.viewing import TokenKind, Tokens

_AT_ONCE = 1024 * 1024
_STEP = 4 * 1024 * 1024
_AHEAD = 2_000
_WINDOW = 40
_WINDOWS_KEPT = 8
_WRAPPED_NOW = 64 * 1024
"""Bytes that are wrapped within a frame; more of them in a thread."""


class TextView(ContentView):
    """Lines with numbers, paged from a `PagedText` that its owner closes.

    What lies ahead of the cursor is indexed in a thread, on demand; colours are worked out for 40 lines at a time.
    Long lines run on to the right, or of texts that are not large wrap; a line taller than the view is read row by row.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "text--comment",
        "text--keyword",
        "text--string",
        "text--number",
        "text--name",
        "text--punctuation",
        "text--error",
    }
    DEFAULT_CSS = """
    TextView {
        & > .text--comment { color: $text-muted; text-style: italic; }
        & > .text--keyword { color: $foreground; text-style: bold; }
        & > .text--string { color: $text-secondary; }
        & > .text--number { color: $text-secondary; }
        & > .text--name { color: $foreground; text-style: bold; }
        & > .text--punctuation { color: $text-muted; }
        & > .text--error { color: $foreground; }
    }
    """

    class Grown(LineView.RowMessage):
        """More lines are known than before; `summary` has changed."""

    class Found(LineView.RowMessage):
        """A search ended: on the line the cursor is on now, or nowhere."""

        def __init__(self, view: TextView, needle: str, row: int | None) -> None:
            super().__init__(view)
            self.needle = needle
            self.row = row

    def __init__(
        self,
        text: PagedText | str,
        *,
        lexer: str = "",
        numbers: bool = True,
        wrap: bool = False,
        empty: str = "no text",
        id: str | None = None,  # noqa: A002 - as in Textual
        classes: str | None = None,
    ) -> None:
        """Make a view.

        Args:
            text: what to show.
            lexer: a pygments name for colours.
            numbers: show line numbers.
            wrap: break long lines at the edge, if the text can be wrapped.
            empty: a sentence shown instead of an empty text.
        """
        super().__init__(empty=empty, id=id, classes=classes)
        self.text = PagedText.from_text(text) if isinstance(text, str) else text
        self.lexer = lexer
        self.numbers = numbers
        self.needle = ""
        self._windows: dict[int, list[Tokens]] = {}
        self._indexing = False
        self._to_the_end = False
        self.text.index(_AT_ONCE)
        self.wrap = wrap and self.why_not_wrapped() is None
        self._wrapped: Wrapped | None = None
        self._whole: dict[int, tuple[Strip, list[int]]] = {}
        self._told = self.text.line_count

    @property
    def summary(self) -> str:
        """`12 lines`, or how much is known of a text that is long."""
        count = format_count(self.text.line_count)
        if self.text.complete:
            return f"{count} line{'s' * (self.text.line_count != 1)}"
        read = f"{format_size(self.text.indexed_bytes)} of {format_size(self.text.size)}"
        return f"over {count} lines, {read} read"

    def copy_text(self) -> str:
        """The cursor's line as it is in the text, up to 10,000 characters."""
        return self.text.line(self.cursor).text

    def row_count(self) -> int:
        return self.text.line_count

    # -- wrapping ----------------------------------------------------------------------------------------

    def why_not_wrapped(self) -> str | None:
        """The reason why this text cannot be wrapped, as a sentence."""
        return why_not_wrapped(self.text)

    def set_wrap(self, wrap: bool) -> None:
        """Break long lines at the edge of the view, or let them run on; the first line shown stays."""
        self.wrap = wrap and self.why_not_wrapped() is None
        self.shift = 0
        if self.wrap:
            self._wrap()
        else:
            self._put(None)

    def on_resize(self, event: events.Resize | None = None) -> None:
        if self.wrap and (self._wrapped is None or self._wrapped.width != self._room):
            self._wrap()
        super().on_resize()

    @property
    def _room(self) -> int:
        return self.row_width - self._gutter_width()

    def _wrap(self) -> None:
        if self._room <= 0:
            return
        if self.text.size <= _WRAPPED_NOW:
            self._put(Wrapped(self.text, self._room))
        else:
            self.run_worker(self._wrap_soon(self._room), group="wrap", exclusive=True)

    async def _wrap_soon(self, width: int) -> None:
        wrapped = await asyncio.to_thread(Wrapped, self.text, width)
        if self.wrap:
            self._put(wrapped)

    def _put(self, wrapped: Wrapped | None) -> None:
        first = self.row_at(self.scroll_offset.y)[0] if self.row_count() else 0
        self._wrapped = wrapped
        self.rows_changed()
        self.jump_to(self.span(first)[0])
        self.show_row(self.cursor)

    def line_count(self) -> int:
        return self._wrapped.starts[-1] if self._wrapped else self.row_count()

    def span(self, row: int) -> tuple[int, int]:
        starts = self._wrapped.starts if self._wrapped else ()
        return (starts[row], starts[row + 1] - starts[row]) if row + 1 < len(starts) else (row, 1)

    def row_at(self, line: int) -> tuple[int, int]:
        return self._wrapped.line_at(line) if self._wrapped else (line, 0)

    def shift_to(self, cells: int) -> None:
        super().shift_to(0 if self._wrapped else cells)

    def looks_changed(self) -> None:
        self._whole.clear()
        super().looks_changed()

    def notify_style_update(self) -> None:
        self._whole.clear()
        super().notify_style_update()

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        if self._wrapped is None:
            return super().draw(row, line, width)
        whole, cuts = self._cut(row, self._wrapped.width)
        # A file that became shorter has no text any more for rows that were counted.
        start, end = [*cuts[line : line + 2], whole.cell_length][:2] if line < len(cuts) else (0, 0)
        return [*self.lead(row, line), *whole.crop(start, min(end, start + self._wrapped.width))]

    def _cut(self, row: int, width: int) -> tuple[Strip, list[int]]:
        """A line drawn whole, and where it breaks: a line of many rows is worked out once."""
        if row not in self._whole:
            if len(self._whole) >= _WINDOW:
                del self._whole[next(iter(self._whole))]
            self._whole[row] = Strip(self.body(row, 0, width)), breaks(self.text.line(row).shown, width)
        return self._whole[row]

    def action_move(self, rows: int) -> None:
        if not self._read_on(rows):
            super().action_move(rows)

    def _read_on(self, step: int) -> bool:
        """Scroll in a line that is taller than the view; false when its end in that direction shows."""
        line, height = self.span(self.cursor)
        top, view = self.scroll_offset.y, self.view_height
        if height <= view or not (top + view < line + height if step > 0 else top > line):
            return False
        self.jump_to(top + step)
        return True

    def action_page(self, pages: float) -> None:
        if self._wrapped is None:
            super().action_page(pages)
            return
        view, end = max(1, self.view_height), self.line_count() - 1
        lines = round(max(1, view - 1) * pages)
        before = self.scroll_offset.y
        top = max(0, min(before + lines, end + 1 - view))
        wanted = self.span(self.cursor)[0] + lines
        if top == before:
            wanted = end if pages > 0 else 0
        self.cursor = self.row_at(max(0, min(max(top, min(wanted, top + view - 1)), end)))[0]
        self.jump_to(top)

    # -- moving and searching ----------------------------------------------------------------------------

    def cursor_moved(self) -> None:
        self._to_the_end = False
        self._index_ahead()

    def action_last(self) -> None:
        """Go to the last line; in a long text, when it is known."""
        if self.text.complete:
            super().action_last()
            return
        self._to_the_end = True
        self._index_ahead()

    def find(self, needle: str, *, backwards: bool = False) -> None:
        """Look for the next line with `needle` in a thread and go there, wrapping around; `Found` tells the end."""
        if needle != self.needle:
            self.needle = needle
            self.looks_changed()
        if needle:
            self.run_worker(self._find(needle, backwards), group="find", exclusive=True)

    async def _find(self, needle: str, backwards: bool) -> None:
        stopped = Event()

        def look() -> int | None:
            start = self.cursor + (-1 if backwards else 1)
            row = self.text.find(needle, start, backwards=backwards, cancelled=stopped.is_set)
            if row is None and not stopped.is_set():
                if backwards:
                    self.text.index(self.text.size)
                again = self.text.line_count - 1 if backwards else 0
                row = self.text.find(needle, again, backwards=backwards, cancelled=stopped.is_set)
            return row

        try:
            row = await asyncio.to_thread(look)
        except asyncio.CancelledError:
            stopped.set()
            raise
        if row is not None:
            self._grown()
            self.cursor = row
            self._show_match(row)
        self.post_message(self.Found(self, needle, row))

    def _show_match(self, row: int) -> None:
        shown = self.text.line(row).shown
        spans = self._matches(shown)
        if not spans:
            return
        start, end = (cell_width(shown[:at]) for at in spans[0])
        if self._wrapped is not None:
            line = self.span(row)[0] + bisect_right(breaks(shown, self._wrapped.width), start) - 1
            if not 0 <= line - self.scroll_offset.y < self.view_height:
                self.jump_to(max(0, line - self.view_height // 2))
        else:
            room = self.size.width - self._gutter_width() - 1
            if start < self.shift or end > self.shift + room:
                self.widest = max(self.widest, cell_width(shown))
                self.shift_to(max(0, end - room // 2) if end > room else 0)

    def _matches(self, shown: str) -> list[tuple[int, int]]:
        if not self.needle:
            return []
        flags = re.IGNORECASE if self.needle == self.needle.lower() else 0
        return [match.span() for match in re.finditer(re.escape(self.needle), shown, flags)]

    def _index_ahead(self) -> None:
        if not self._indexing and self._wants_more():
            self._indexing = True
            self.run_worker(self._index(), group="index")

    def _wants_more(self) -> bool:
        return not self.text.complete and (self._to_the_end or self.cursor + _AHEAD > self.text.line_count)

    async def _index(self) -> None:
        try:
            while self._wants_more():
                await asyncio.to_thread(self.text.index, _STEP)
                self._grown()
                if self._to_the_end and self.text.complete:
                    super().action_last()
        finally:
            self._indexing = False

    def _grown(self) -> None:
        lines, told = self.text.line_count, self._told
        if lines == told:
            return
        self._told = lines
        shown_last = self.scroll_offset.y + self.view_height >= told
        wider = self._digits(lines) != self._digits(told)
        # What was the last known line may have been drawn before its end was read.
        self._windows.clear()
        self._strips.clear()
        if shown_last or wider:
            self.rows_changed()
        else:
            self.virtual_size = Size(0, lines)
        self.post_message(self.Grown(self))

    @staticmethod
    def _digits(lines: int) -> int:
        return max(3, len(str(lines)))

    def _gutter_width(self) -> int:
        return self._digits(self.text.line_count) + 3 if self.numbers else 1

    def lead(self, row: int, line: int) -> list[Segment]:
        if line:
            return [Segment(" " * self._gutter_width())]
        sign = self.sign(row)
        if not self.numbers:
            return [sign]
        return [sign, Segment(f"{row + 1:>{self._digits(self.text.line_count)}}  ", self.style_of("muted"))]

    def body(self, row: int, line: int, width: int) -> list[Segment]:
        shown = self.text.line(row).shown
        tokens = self._tokens(row) if self.lexer else None
        segments = [Segment(text, self._style(kind)) for text, kind in tokens or [(shown, "")]]
        spans = self._matches(shown)
        if not spans:
            return segments
        return self._mark(segments, spans)

    def _mark(self, segments: list[Segment], spans: list[tuple[int, int]]) -> list[Segment]:
        marked = self.get_component_rich_style("content--match", partial=True)
        out: list[Segment] = []
        at = 0
        for text, style, _ in segments:
            inside = [(max(start - at, 0), min(end - at, len(text))) for start, end in spans]
            kept = [(start, end) for start, end in inside if start < end]
            out.extend(split_at(text, kept, style, (style or Style()) + marked))
            at += len(text)
        return out

    def _tokens(self, row: int) -> Tokens:
        window = row // _WINDOW
        if window not in self._windows:
            if len(self._windows) >= _WINDOWS_KEPT:
                del self._windows[next(iter(self._windows))]
            first = window * _WINDOW
            before = min(first, CONTEXT_LINES)
            lines = [line.shown for line in self.text.lines(first - before, before + _WINDOW)]
            self._windows[window] = highlight(self.lexer, lines)[before:]
        tokens = self._windows[window]
        at = row - window * _WINDOW
        return tokens[at] if at < len(tokens) else []

    def _style(self, kind: TokenKind) -> Style:
        return self.get_component_rich_style(f"text--{kind}") if kind else self.style_of("")
