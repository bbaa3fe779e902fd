"""The text as it is seen: lines, gutter, cursor, selection and folds."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Offset, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dmart_tui.core.viewing import breaks
from dmart_tui.tui.widgets.code_editor.brackets import blocks, may_fold, partner
from dmart_tui.tui.widgets.code_editor.buffer import Position, TextBuffer
from dmart_tui.tui.widgets.code_editor.diagnostics import SIGNS, Diagnostics
from dmart_tui.tui.widgets.code_editor.folds import Folds
from dmart_tui.tui.widgets.code_editor.highlighting import Highlighter
from dmart_tui.tui.widgets.code_editor.painting import painted
from dmart_tui.tui.widgets.code_editor.rows import ScreenRows
from dmart_tui.tui.widgets.code_editor.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events

    from dmart_tui.tui.widgets.code_editor.buffer import Change
    from dmart_tui.tui.widgets.code_editor.highlighting import Span

_STRIPS_KEPT: Final = 512
_PARTNER_WITHIN: Final = 100_000
"""Characters in which the other bracket is looked for at every move."""
_NARROWEST: Final = 8
_NO_LINE: Final = Style(underline=False)

breaks_of = lru_cache(maxsize=512)(breaks)


class CodeView(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws a `TextBuffer` and keeps a cursor and a selection in it; the cursor is never inside hidden lines.

    A move redraws two lines. When the cursor leaves the view, a quarter of it is scrolled at once: fewer bytes than a
    line each time.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"code--{name}"
        for name in (
            *("comment", "string", "number", "keyword", "name", "punctuation"),
            *("gutter", "here", "mark", "note", "match", "bracket", "selection", "cursor"),
            *SIGNS,
        )
    }
    DEFAULT_CSS = """
    CodeView {
        background: transparent;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        & > .code--comment { color: $text-muted; text-style: italic; }
        & > .code--string { color: $text-secondary; }
        & > .code--number { color: $text-secondary; text-style: bold; }
        & > .code--keyword { text-style: italic; }
        & > .code--name { text-style: bold; }
        & > .code--punctuation { color: $text-muted; }
        & > .code--gutter { color: $text-muted; }
        & > .code--here { color: $text-accent; text-style: bold; }
        & > .code--mark { color: $text-warning; }
        & > .code--note { color: $text-muted; text-style: italic; }
        & > .code--match { text-style: underline bold; }
        & > .code--bracket { color: $text-accent; text-style: bold underline; }
        & > .code--selection { background: $screen-selection-background; }
        & > .code--cursor { color: $input-cursor-foreground; background: $input-cursor-background; }
        & > .code--error { color: $text-error; text-style: underline; }
        & > .code--warning { color: $text-warning; text-style: underline; }
        & > .code--information { text-style: underline; }
        &:ansi {
            & > .code--comment, & > .code--punctuation, & > .code--gutter, & > .code--note { text-style: dim; }
            & > .code--selection, & > .code--cursor { text-style: reverse; }
        }
    }
    """

    class Moved(Message):
        """The cursor is somewhere else, or what is said about its line has changed."""

    def __init__(self, text: str, language: str) -> None:
        super().__init__()
        self.buffer = TextBuffer(text)
        self.language = language
        self.cursor: Position = (0, 0)
        self.other_end: Position | None = None
        """The other end of the selection."""
        self.folds = Folds()
        self.diagnostics = Diagnostics()
        self.highlighter = Highlighter(self.buffer, language)
        self.wrap = False
        self.shift = 0
        """Cells of every line hidden on the left."""
        self._matches: dict[int, list[tuple[int, int]]] = {}
        self._brackets: tuple[Position, ...] = ()
        self._barred = range(0)
        """Lines with a bar in the gutter."""
        self._goal: int | None = None
        """The cell that moves up and down keep to."""
        self._heights: list[int] | None = None
        """Screen rows of each line; None when every line takes one."""
        self._rows = ScreenRows(len(self.buffer.lines), ())
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(_STRIPS_KEPT)
        self._styles: dict[str, Style] = {}

    # -- the text ----------------------------------------------------------------------------------------

    def load(self, text: str, language: str) -> None:
        """Show another text from its top."""
        self.buffer.load(text)
        self.language = language
        self.folds.clear()
        self.diagnostics = Diagnostics()
        self._matches = {}
        self._barred = range(0)
        self.highlighter = Highlighter(self.buffer, language)
        self.cursor, self.other_end, self._goal, self.shift = (0, 0), None, None, 0
        self._measure()
        self.lay_out()
        self.scroll_to(y=0, animate=False, force=True)
        self._look_at_brackets()

    def set_language(self, language: str) -> None:
        """Colour and fold the same text by the rules of another language."""
        self.language = language
        self.highlighter = Highlighter(self.buffer, language)
        self.folds.clear()
        self.lay_out()
        self._look_at_brackets()

    def follow(self, changes: list[Change], cursor: Position, *, stay: bool = False) -> None:
        """Show changes just made, and put the cursor where the person looks for it.

        Args:
            stay: the changes came from elsewhere: the cursor stays on a line that is folded.
        """
        seen = self._seen_rows()
        before = self.highlighter.known
        folded = [self.folds.follow(change) for change in changes]
        for change in changes:
            self.diagnostics.follow(change)
        self.highlighter.follow(changes)
        taller = self.wrap and self._measure_again(changes)
        if taller or any(folded) or any(change.rows for change in changes):
            self.lay_out()
        else:
            touched = {row for change in changes for row in range(change.start[0], change.after[0] + 1)}
            self.redraw(touched | {row for row in seen if before.get(row) != self._spans(row, seen)})
        self.move_to(cursor, reveal=not stay)

    def show_diagnostics(self, diagnostics: Diagnostics) -> None:
        self.diagnostics = diagnostics
        self.refresh()
        self.post_message(self.Moved())

    def show_matches(self, matches: dict[int, list[tuple[int, int]]]) -> None:
        """Mark places by line, columns from and to."""
        if matches != self._matches:
            self._matches = matches
            self.refresh()

    def show_bar(self, lines: range) -> None:
        """Put a bar beside lines: something is done with them."""
        touched = {*self._barred, *lines} & set(self._seen_rows())
        self._barred = lines
        self.redraw(touched)

    @property
    def selection(self) -> tuple[Position, Position] | None:
        """What is selected, from and to; None when that is nothing."""
        if self.other_end is None or self.other_end == self.cursor:
            return None
        return min(self.other_end, self.cursor), max(self.other_end, self.cursor)

    # -- rows --------------------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Work out anew which line shows where, and draw what is seen."""
        self._rows = ScreenRows(len(self.buffer.lines), self.folds.hidden(), self._heights)
        self.virtual_size = Size(0, self._rows.count)
        self.refresh()

    def _measure(self) -> None:
        """Work out how many rows each line takes, in time linear in the text."""
        room, lines = self._room, range(len(self.buffer.lines))
        self._heights = [len(self._breaks_in(row, room)) for row in lines] if self.wrap else None

    def _measure_again(self, changes: list[Change]) -> bool:
        """Work out the heights of changed lines; whether any other line has to move."""
        if len(changes) > 1 or self._heights is None:
            self._measure()
            return True
        first, last, after = changes[0].start[0], changes[0].end[0] + 1, changes[0].after[0] + 1
        before = self._heights[first:last]
        now = [len(self._breaks(row)) for row in range(first, after)]
        self._heights[first:last] = now
        return before != now

    def redraw(self, lines: Iterable[int]) -> None:
        """Draw lines again, those that are seen."""
        for line in lines:
            if line < len(self.buffer.lines) and self._rows.header(line) == line:
                self.refresh_lines(*self._rows.span(line))

    @property
    def view_height(self) -> int:
        return self.scrollable_content_region.height

    @property
    def _digits(self) -> int:
        return max(3, len(str(len(self.buffer.lines))))

    @property
    def _room(self) -> int:
        """Cells for the text: sign, number, fold and a blank go before it, a cell for the cursor after it."""
        return max(_NARROWEST, self.scrollable_content_region.width - self._digits - 4)

    def _breaks(self, row: int) -> list[int]:
        """The first cell of each screen row of a line."""
        return self._breaks_in(row, self._room) if self.wrap else [0]

    def _breaks_in(self, row: int, room: int) -> list[int]:
        line = self.buffer.shown(row)
        if len(line) <= room and line.isascii() and line.isprintable():
            return [0]
        return breaks_of(shown(line).text, room)

    def _seen_rows(self) -> range:
        if not self.view_height:
            return range(0)
        top = self.scroll_offset.y
        return range(self._rows.at(top)[0], self._rows.at(top + self.view_height)[0] + 1)

    def _part(self, at: Position) -> int:
        """Which screen row of its line a position is in."""
        cell = shown(self.buffer.shown(at[0])).cell(at[1])
        return sum(first <= cell for first in self._breaks(at[0])) - 1

    # -- the cursor --------------------------------------------------------------------------------------

    def move_to(self, to: Position, *, select: bool = False, reveal: bool = False, goal: int | None = None) -> None:
        """Put the cursor somewhere.

        Args:
            select: extend the selection to there instead of dropping it.
            reveal: unfold what hides the place; else the cursor stays on the line that is folded.
            goal: the cell that further moves up and down keep to.
        """
        row, column = self.buffer.clamp(to)
        if reveal and self.folds.reveal(row):
            self.lay_out()
        elif (header := self._rows.header(row)) != row:
            row, column = header, self.buffer.width(header)
        line = shown(self.buffer.shown(row))
        before, selected, brackets = self.cursor, self.selection, self._brackets
        if not select:
            self.other_end = None
        elif self.other_end is None:
            self.other_end = before
        self.cursor = (row, line.stops[line.stop(column)])
        self._goal = goal
        self._look_at_brackets()
        if selected or self.selection:
            lines = {before[0], row, *(end[0] for ends in (selected, self.selection) if ends for end in ends)}
            self.redraw(set(range(min(lines), max(lines) + 1)) & set(self._seen_rows()))
        self.redraw({before[0], row, *(at[0] for at in (*brackets, *self._brackets))})
        self.show_cursor()
        self.post_message(self.Moved())

    def _look_at_brackets(self) -> None:
        row, column = self.cursor
        self._brackets = ()
        for at in ((row, column), (row, column - 1)):
            if at[1] >= 0 and (other := partner(self.buffer.lines, at, self.language, _PARTNER_WITHIN)):
                self._brackets = at, other
                return

    def show_cursor(self) -> None:
        """Scroll the cursor into view."""
        width, height = self._room, self.view_height
        if height <= 0:
            return
        line = shown(self.buffer.shown(self.cursor[0]))
        cell = line.cell(self.cursor[1])
        shift = 0 if self.wrap else self.shift
        if not shift <= cell <= shift + width or cell < width:
            shift = 0 if cell < width or self.wrap else cell - width * 3 // 4
        if shift != self.shift:
            self.shift = shift
            self.refresh()
        row = self._rows.span(self.cursor[0])[0] + self._part(self.cursor)
        top = self.scroll_offset.y
        if row < top:
            self._scroll(row - height // 4)
        elif row >= top + height:
            self._scroll(row - height + 1 + height // 4)
        if self.has_focus:
            self.app.cursor_position = self.content_region.offset + self.place_of(self.cursor)

    def _scroll(self, row: int) -> None:
        # Forced, because the scrollbar of rows that have just come appears only with the next layout.
        top = max(0, min(row, self._rows.count - self.view_height))
        self.scroll_to(y=top, animate=False, force=True)

    def move_rows(self, by: int, *, select: bool = False) -> None:
        """Move the cursor up or down on the screen, keeping its cell."""
        row, column = self.cursor
        line, part = shown(self.buffer.shown(row)), self._part(self.cursor)
        goal = line.cell(column) - self._breaks(row)[part] if self._goal is None else self._goal
        at = self._rows.span(row)[0] + part + by
        if not 0 <= at < self._rows.count and abs(by) == 1:
            self.move_to((row, 0 if by < 0 else self.buffer.width(row)), select=select)
            return
        row, part = self._rows.at(at)
        starts = self._breaks(row)
        cell = starts[part] + goal
        if part + 1 < len(starts):
            cell = min(cell, starts[part + 1] - 1)
        self.move_to((row, shown(self.buffer.shown(row)).column(cell)), select=select, goal=goal)

    def place_of(self, at: Position) -> Offset:
        """The place in the widget of a place in the text."""
        part = self._part(at)
        x = shown(self.buffer.shown(at[0])).cell(at[1]) - self.shift - self._breaks(at[0])[part]
        return Offset(self._digits + 3 + x, self._rows.span(at[0])[0] + part - self.scroll_offset.y)

    def position_at(self, offset: Offset) -> Position:
        """The place in the text at a place in the widget."""
        row, part = self._rows.at(offset.y + self.scroll_offset.y)
        cell = offset.x - self._digits - 3 + self.shift + self._breaks(row)[part]
        return row, shown(self.buffer.shown(row)).column(cell)

    # -- folding -----------------------------------------------------------------------------------------

    def toggle_fold(self, row: int) -> None:
        """Unfold a line, or fold the block it begins, or else the innermost block it is in."""
        if row in self.folds:
            self.folds.unfold(row)
        else:
            found = blocks(self.buffer.lines, self.language)
            around = [start for start, end in found.items() if start <= row <= end + (self.language == "json")]
            if not around:
                return
            self.folds.fold({max(around): found[max(around)]})
        self._folded()

    def fold_all(self) -> None:
        """Fold every block but one that is the whole text."""
        found = blocks(self.buffer.lines, self.language)
        whole = next((row for row in found if found[row] >= len(self.buffer.lines) - 3 and row < 2), None)
        self.folds.fold({row: end for row, end in found.items() if row != whole})
        self._folded()

    def unfold_all(self) -> None:
        self.folds.clear()
        self._folded()

    def _folded(self) -> None:
        self.lay_out()
        self.move_to(self.cursor)

    def set_wrap(self, wrap: bool) -> None:
        """Break long lines at the edge, or let them run on."""
        self.wrap = wrap
        self.shift = 0
        self._measure()
        self.lay_out()
        self.show_cursor()

    # -- drawing -----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.lay_out()
        self._look_at_brackets()

    def on_resize(self) -> None:
        if self.wrap:
            self._measure()
            self.lay_out()
        self.show_cursor()

    def on_focus(self) -> None:
        self.redraw({self.cursor[0]})
        self.show_cursor()

    def on_blur(self) -> None:
        self.redraw({self.cursor[0]})

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()
        self._styles.clear()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        at = y + self.scroll_offset.y
        if at >= self._rows.count:
            return Strip.blank(width, self.rich_style)
        row, part = self._rows.at(at)
        line = self.buffer.shown(row)
        starts = self._breaks(row)
        left = starts[part] if self.wrap else self.shift
        right = starts[part + 1] if part + 1 < len(starts) else left + self._room + 1
        lead = self._lead(row, part)
        note = f" ⋯ {self.folds[row] - row:,} lines" if row in self.folds and part == len(starts) - 1 else ""
        layers = (*self._spans(row, self._seen_rows()), *self._overlays(row))
        key = (line, left, right, width, lead, layers, note)
        strip = self._strips.get(key)
        if strip is None:
            body = painted(line, left, right, layers, self._style)
            if note:
                body.append(Segment(note, self._style("note")))
            segments = [*(Segment(text, self._style(kind) + _NO_LINE) for text, kind in lead), *body]
            plain = self.rich_style
            strip = Strip(Segment.apply_style(segments, plain)).adjust_cell_length(width, plain)
            self._strips[key] = strip
        return strip

    def _lead(self, row: int, part: int) -> tuple[tuple[str, str], ...]:
        """Sign, number and fold."""
        digits = self._digits
        if part:
            return ((" " * (digits + 3), "gutter"),)
        folded = row in self.folds
        remarks = self.diagnostics.at(row)
        severity = remarks[0].severity if remarks else ""
        if folded and not severity:
            severity = self.diagnostics.inside(row, self.folds[row])
        fold = "▸" if folded else "▾" if may_fold(self.buffer.lines, row, self.language) else " "
        number = "here" if row == self.cursor[0] else "gutter"
        bar = ("┃", "here") if row in self._barred else (" ", "gutter")
        sign = (SIGNS[severity], severity) if severity else bar
        return (sign, (f"{row + 1:>{digits}}", number), (f"{fold} ", "gutter"))

    def _spans(self, row: int, seen: range) -> list[Span]:
        return self.highlighter.spans(row, max(row, min(seen.stop - 1, row + self.view_height)))

    def _overlays(self, row: int) -> Iterable[Span]:
        """What lies over the colours of a line, the lowest first; the column after the last is the line's end."""
        width = self.buffer.width(row)
        for left, right in shown(self.buffer.shown(row)).marks:
            yield left, right, "mark"
        for remark in reversed(self.diagnostics.at(row)):
            left = min(remark.column, max(0, width - 1)) if remark.length else 0
            yield left, (left + remark.length if remark.length else width), remark.severity
        for left, right in self._matches.get(row, ()):
            yield left, right, "match"
        if self.has_focus:
            yield from ((column, column + 1, "bracket") for line, column in self._brackets if line == row)
        if self.selection:
            (top, first), (bottom, last) = self.selection
            if top <= row <= bottom:
                yield first if row == top else 0, last if row == bottom else width + 1, "selection"
        if row == self.cursor[0] and self.has_focus:
            column = self.cursor[1]
            yield column, max(column + 1, shown(self.buffer.shown(row)).step(column, 1)), "cursor"

    def _style(self, kind: str) -> Style:
        if kind not in self._styles:
            self._styles[kind] = self.get_component_rich_style(f"code--{kind}", partial=True)
        return self._styles[kind]

    # -- the mouse ---------------------------------------------------------------------------------------

    def on_mouse_down(self, event: events.MouseDown) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        event.stop()
        row = self._rows.at(offset.y + self.scroll_offset.y)[0]
        if offset.x == self._digits + 1:
            self.toggle_fold(row)
            return
        self.move_to(self.position_at(offset), select=event.shift)
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self and event.button:
            self.move_to(self.position_at(event.get_content_offset_capture(self)), select=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()
