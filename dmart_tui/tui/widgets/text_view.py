"""A reader of text of any size."""

from __future__ import annotations

import asyncio
import re
from threading import Event
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size

from dmart_tui.core.text import cell_width
from dmart_tui.core.units import format_count, format_size
from dmart_tui.core.viewing import CONTEXT_LINES, PagedText, highlight
from dmart_tui.tui.widgets.content import ContentView, split_at
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from dmart_tui.core.viewing import TokenKind, Tokens

_AT_ONCE = 1024 * 1024
_STEP = 16 * 1024 * 1024
_AHEAD = 2_000
_WINDOW = 40
_WINDOWS_KEPT = 8


class TextView(ContentView):
    """Lines with numbers, paged from a `PagedText` that its owner closes.

    What lies ahead of the cursor is indexed in a thread, on demand; colours are worked out for 40 lines at a time.
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
        empty: str = "no text",
        id: str | None = None,  # noqa: A002 - as in Textual
        classes: str | None = None,
    ) -> None:
        """Make a view.

        Args:
            text: what to show.
            lexer: a pygments name for colours.
            numbers: show line numbers.
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
            self._strips.clear()
            self.refresh()
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
        if spans:
            start, end = (cell_width(shown[:at]) for at in spans[0])
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
        lines = self.text.line_count
        if lines == self.virtual_size.height:
            return
        shown_last = self.scroll_offset.y + self.view_height >= self.virtual_size.height
        wider = self._digits(lines) != self._digits(self.virtual_size.height)
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
