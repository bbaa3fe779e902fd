"""The rows of a form: aligned labels and values, sections that fold, languages side by side, what is wrong below."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar
from unicodedata import bidirectional

from rich.segment import Segment
from textual.binding import Binding

from dmart_tui.core.forms import Field, Path, label
from dmart_tui.core.merging import ABSENT
from dmart_tui.core.secrets import MARK
from dmart_tui.core.text import cell_width, fit, safe, wrap
from dmart_tui.core.viewing import container_text, preview_text
from dmart_tui.tui.widgets.lines import LineView, fit_segments

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.geometry import Offset

SIGN = "✗"
"""Stands before what is wrong."""
_LABEL_MOST = 30
_COLUMN_LEAST = 22
_COLUMN_GAP = 3
_RIGHT_EDGE = 60
"""Cells of a lone value at whose right end right-to-left text begins."""
_LINES_MOST = 3


def runs_right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction is of a right-to-left script."""
    for char in text[:80]:
        direction = bidirectional(char)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a form with what is wrong with it."""

    field: Field
    parts: tuple[Field, ...] = ()
    """Languages that stand side by side; empty when there is one value."""
    wrong: tuple[str, ...] = ()
    inside: int = 0
    """How much is wrong with what is folded away."""

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(part.path for part in self.parts) or (self.field.path,)


class FormRows(LineView):
    """The fields of a form. Measures all when they or the width change, draws what is seen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "ask('toggle')", "Toggle", show=False, id="form.toggle"),
        Binding("a,insert", "ask('add')", "Add", show=False, id="form.add"),
        Binding("delete", "ask('remove')", "Remove", show=False, id="form.remove"),
        Binding("shift+up", "ask('earlier')", "Move up", show=False, id="form.earlier"),
        Binding("shift+down", "ask('later')", "Move down", show=False, id="form.later"),
    ]

    class Asked(LineView.RowMessage):
        """A key asked for something to be done with the field under the cursor."""

        def __init__(self, view: FormRows, verb: str) -> None:
            super().__init__(view)
            self.verb = verb

    class Moved(LineView.RowMessage):
        """The cursor is on another field, or the field under it changed."""

    def __init__(self, **options: str) -> None:
        super().__init__(**options)
        self.rows: list[Row] = []
        self.column = 0
        self._fields: Sequence[Field] = ()
        self._wrong: Mapping[Path, Sequence[str]] = {}
        self._texts: list[list[str]] = []
        self._starts: list[int] = [0]
        self._label_width = 0
        self._measured = 0

    def show_fields(self, fields: Sequence[Field], wrong: Mapping[Path, Sequence[str]], path: Path | None) -> None:
        """Show these, with the cursor at a path or at what is nearest above it; None leaves it where it is."""
        before = self.cursor
        self._fields, self._wrong = fields, wrong
        self._measure()
        row, column = (before, self.column) if path is None else self._place(path, before)
        self.set_reactive(LineView.cursor, max(0, min(row, len(self.rows) - 1)))
        self.column = column
        self.rows_changed()
        self.show_row(self.cursor)
        self.cursor_moved()

    @property
    def current(self) -> Field | None:
        """The field under the cursor: of languages side by side the one in its column."""
        if self.cursor >= len(self.rows):
            return None
        row = self.rows[self.cursor]
        return row.parts[min(self.column, len(row.parts) - 1)] if row.parts else row.field

    def find(self, path: Path) -> tuple[int, int] | None:
        """Row and column of a path that is shown."""
        for at, row in enumerate(self.rows):
            if path in row.paths:
                return at, row.paths.index(path)
            if path == row.field.path:
                return at, 0
        return None

    def _place(self, path: Path, otherwise: int) -> tuple[int, int]:
        for length in range(len(path), 0, -1):
            found = self.find(path[:length])
            if found is not None:
                return found
        return otherwise, self.column

    def value_cell(self) -> tuple[int, int, int]:
        """Left cell, line below the top of the view, and width of the value under the cursor."""
        row = self.rows[self.cursor]
        left = 1 + self._label_width + 2
        room = max(8, self.row_width - left)
        if row.parts:
            width = self._column_width(len(row.parts), room)
            column = min(self.column, len(row.parts) - 1)
            code = cell_width(safe(row.parts[column].title)) + 2
            left += column * (width + _COLUMN_GAP) + code
            room = max(8, width - code)
        return left, self.span(self.cursor)[0] - self.scroll_offset.y, room

    def row_count(self) -> int:
        return len(self.rows)

    def line_count(self) -> int:
        return self._starts[-1]

    def span(self, row: int) -> tuple[int, int]:
        return (self._starts[row], self._starts[row + 1] - self._starts[row]) if self.rows else (0, 0)

    def row_at(self, line: int) -> tuple[int, int]:
        row = bisect_right(self._starts, line) - 1
        return row, line - self._starts[row]

    def cursor_moved(self) -> None:
        self.post_message(self.Moved(self))

    def on_resize(self) -> None:
        if self.row_width != self._measured:
            path = self.current.path if self.current is not None else None
            self.show_fields(self._fields, self._wrong, path)

    def action_ask(self, verb: str) -> None:
        self.post_message(self.Asked(self, verb))

    def action_activate(self) -> None:
        self.action_ask("edit")

    def action_left(self) -> None:
        """To the language on the left, else fold, else to the section."""
        row = self.rows[self.cursor] if self.rows else None
        if row is not None and row.parts and self.column:
            self._to_column(min(self.column, len(row.parts) - 1) - 1)
        elif row is not None and row.field.open:
            self.action_ask("fold")
        elif row is not None and (found := self.find(row.field.path[:-1])) is not None:
            self.cursor = found[0]

    def action_right(self) -> None:
        """To the language on the right, else unfold, else to the first member."""
        row = self.rows[self.cursor] if self.rows else None
        if row is None:
            return
        if row.parts:
            self._to_column(min(self.column + 1, len(row.parts) - 1))
        elif row.field.folds and not row.field.open:
            self.action_ask("unfold")
        elif row.field.open:
            self.cursor += 1

    def _to_column(self, column: int) -> None:
        self.column = column
        self._strips.clear()
        self.refresh_row(self.cursor)
        self.cursor_moved()

    def clicked(self, row: int, offset: Offset) -> bool:
        shown = self.rows[row]
        left = 1 + self._label_width + 2
        if shown.parts and offset.x >= left:
            width = self._column_width(len(shown.parts), self.row_width - left)
            self._to_column(min((offset.x - left) // (width + _COLUMN_GAP), len(shown.parts) - 1))
        arrow = 1 + 2 * shown.field.depth
        if shown.field.folds and arrow <= offset.x <= arrow + 1:
            self.action_ask("toggle")
            return True
        return False

    def _measure(self) -> None:
        self._measured = width = self.row_width
        widest = max((2 * field.depth + 2 + cell_width(self._label(field)) for field in self._fields), default=0)
        self._label_width = min(widest, _LABEL_MOST, max(12, width // 3))
        room = width - 1 - self._label_width - 2
        rows: list[Row] = []
        for field in self._fields:
            if field.parts and self._column_width(len(field.parts), room) >= _COLUMN_LEAST:
                rows.append(Row(field, field.parts))
            else:
                rows += [Row(field), *(Row(replace(part, depth=field.depth + 1)) for part in field.parts)]
        self.rows = rows
        self._blame()
        self._texts = [
            [line for text in row.wrong for line in list(wrap(f"{SIGN} {safe(text)}", max(8, room)))[:_LINES_MOST]]
            for row in self.rows
        ]
        self._starts = [0, *accumulate(1 + len(texts) for texts in self._texts)]

    def _blame(self) -> None:
        """Give each row what is wrong at its path, or below it where that is not shown."""
        place = {row.field.path: at for at, row in enumerate(self.rows)}
        place |= {path: at for at, row in enumerate(self.rows) for path in row.paths}
        for path, sentences in self._wrong.items():
            length = len(path)
            while length and path[:length] not in place:
                length -= 1
            at = place.get(path[:length], 0)
            if not self.rows or not sentences:
                continue
            row = self.rows[at]
            below = path[length:]
            if below and row.field.folds and not row.field.open:
                self.rows[at] = replace(row, inside=row.inside + len(sentences))
                continue
            where = "".join(
                f"{part}: " for part in ([path[-1]] if row.parts and len(path) > len(row.field.path) else below)
            )
            self.rows[at] = replace(row, wrong=(*row.wrong, *(where + sentence for sentence in sentences)))

    @staticmethod
    def _column_width(columns: int, room: int) -> int:
        return (room - (columns - 1) * _COLUMN_GAP) // columns

    @staticmethod
    def _label(field: Field) -> str:
        return (safe(field.title) or '""') + (" *" if field.required else "")

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        shown = self.rows[row]
        if line:
            return [Segment(" " * (self._label_width + 3)), Segment(self._texts[row][line - 1], self.style_of("error"))]
        field = shown.field
        arrow = ("▾ " if field.open else "▸ ") if field.folds else "  "
        indent = " " * min(2 * field.depth, self._label_width // 2)
        section = "strong" if field.folds or (field.kind == "translation" and not shown.parts) else ""
        name = fit(self._label(field), self._label_width - len(indent) - 2)
        tone = "muted" if field.read_only else section or ""
        lead = [
            self.sign(row),
            Segment(indent + arrow, self.style_of("muted")),
            Segment(name + "  ", self.style_of(tone)),
        ]
        room = width - self._label_width - 3
        if shown.parts:
            return [*lead, *self._columns(shown, row == self.cursor, room)]
        value = self._value(field, bool(shown.wrong), min(room, _RIGHT_EDGE), room, shown.inside)
        return [*lead, *fit_segments(value, room)]

    def _columns(self, row: Row, under_cursor: bool, room: int) -> list[Segment]:
        width = self._column_width(len(row.parts), room)
        out: list[Segment] = []
        for column, part in enumerate(row.parts):
            here = under_cursor and column == min(self.column, len(row.parts) - 1)
            code = f"{'›' if here else ' '}{safe(part.title)} "
            cell = fit_segments(self._value(part, False, width - len(code), width - len(code), 0), width - len(code))
            used = cell_width(code) + sum(cell_width(segment.text) for segment in cell)
            gap = " " * (width - used) + ("   " if column < len(row.parts) - 1 else "")
            out += [Segment(code, self.style_of("accent" if here else "muted")), *cell, Segment(gap)]
        return out

    def _value(self, field: Field, wrong: bool, right: int, room: int, inside: int) -> list[Segment]:
        """A value in `room` cells; right-to-left text ends at cell `right`."""
        text, tone, tail = shown_value(field)
        if wrong:
            tone = "error"
        elif field.read_only and not tone:
            tone = "muted"
        if inside:
            tail += f"  {SIGN} {inside:,} inside"
        style = self.style_of(tone)
        if runs_right_to_left(text) and not tail:
            return [Segment(fit(text, min(right, room), right=True), style)]
        return [Segment(text, style), Segment(tail, self.style_of("error" if inside else "muted"))]


def shown_value(field: Field) -> tuple[str, str, str]:
    """A value as safe text on one line, its tone, and what is added dimly."""
    value = field.value
    if value is ABSENT:
        default = field.default
        known = isinstance(default, str | int | float) and default != ""
        return ("∅", "muted", f"  default {safe(label(default)):.40}" if known else "")
    if value is None:
        return "null", "muted", ""
    if field.secret and not isinstance(value, bool) and value != "":
        return MARK, "muted", ""
    if field.kind == "choices" and value:
        return ", ".join(safe(label(member)) for member in value), "", ""
    if isinstance(value, dict | list):
        if field.kind == "translation":
            return "", "", ""
        return container_text(value), "muted", "" if field.open else "  " + preview_text(value)
    text = safe(label(value).partition("\n")[0][:1000])
    lines = value.count("\n") + 1 if isinstance(value, str) else 1
    return text or '""', "" if text else "muted", f"  … {lines:,} lines" if lines > 1 else ""
