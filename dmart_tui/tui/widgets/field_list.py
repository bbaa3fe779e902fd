"""Labelled values in aligned columns, long ones wrapped: what a form looks like when nothing can be typed into it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from rich.segment import Segment

from dmart_tui.core.text import fit, safe, wrap
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from collections.abc import Sequence


_LABEL = 17
"""Cells of a label: the same for all entries, so that a value stays in its column from one to the next."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value, or a heading; texts may be raw, they are made safe when drawn."""

    label: str = ""
    value: str = ""
    tone: str = ""
    """Style of the value: a name of `LineView.style_of`."""
    heading: bool = False
    target: Any = None
    """What opening the row means; None: it cannot be opened."""
    exact: str = ""
    """What copying the row gives where that is not the value."""


class FieldList(LineView):
    """Fields one below the other. Holds some hundred: all are measured when they or the width change."""

    class Activated(LineView.RowMessage):
        """Enter or a double click on a field that can be opened."""

        def __init__(self, view: FieldList, field: Field) -> None:
            super().__init__(view)
            self.field = field

    def __init__(self, **options: str) -> None:
        super().__init__(**options)
        self.fields: Sequence[Field] = ()
        self._lines: list[list[str]] = []
        self._starts: list[int] = [0]
        self._label_width = _LABEL
        self._measured = 0
        self._one_line = 0

    def set_fields(self, fields: Sequence[Field], *, one_line: int = 0) -> None:
        """Show these; the cursor stays on the field of its label where there is one.

        Args:
            one_line: each value gets one line of at most so many cells, cut where it is longer; 0 shows all of it.
        """
        label = self.current.label if self.current is not None else ""
        self.fields = fields
        self._one_line = one_line
        self._measure()
        rows = (row for row, field in enumerate(fields) if field.label == label and not field.heading)
        at = next(rows, 0) if label else 0
        self.set_reactive(LineView.cursor, self._choosable(at, 1))
        self.rows_changed()
        self.show_row(self.cursor)

    @property
    def current(self) -> Field | None:
        """The field under the cursor."""
        return self.fields[self.cursor] if self.cursor < len(self.fields) else None

    @property
    def _room(self) -> int:
        """Cells of a value's line."""
        return max(8, self.scrollable_content_region.width - self._label_width - 6)

    def row_count(self) -> int:
        return len(self.fields)

    def line_count(self) -> int:
        return self._starts[-1]

    def span(self, row: int) -> tuple[int, int]:
        if not self.fields:
            return 0, 0
        return self._starts[row], self._starts[row + 1] - self._starts[row]

    def row_at(self, line: int) -> tuple[int, int]:
        row = bisect_right(self._starts, line) - 1
        return row, line - self._starts[row]

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        field = self.fields[row]
        if field.heading:
            return [Segment(f" {safe(field.label)}", self.style_of("strong"))] if field.label else []
        label = fit(safe(field.label), self._label_width) if line == 0 else " " * self._label_width
        lead = self.sign(row) if line == 0 else Segment(" ")
        texts = self._lines[row]
        tail = [Segment(" ›", self.style_of("accent"))] if field.target is not None and line == len(texts) - 1 else []
        return [
            lead,
            Segment(" " + label + "  ", self.style_of("muted")),
            Segment(texts[line], self.style_of(field.tone)),
            *tail,
        ]

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._measured:
            self._measure()
            self.rows_changed()

    def action_move(self, rows: int) -> None:
        self.cursor = self._choosable(self.cursor + rows, 1 if rows > 0 else -1)

    def action_first(self) -> None:
        self.cursor = self._choosable(0, 1)
        self.jump_to(0)

    def action_activate(self) -> None:
        if self.current is not None and self.current.target is not None:
            self.post_message(self.Activated(self, self.current))

    def _choosable(self, row: int, step: int) -> int:
        """The next field from `row` on that is no heading, else where the cursor is."""
        while 0 <= row < len(self.fields):
            if not self.fields[row].heading:
                return row
            row += step
        return self.cursor

    def _value_lines(self, value: str) -> list[str]:
        if self._one_line:
            return [fit(safe(value), min(self._room, self._one_line)).rstrip()]
        return list(wrap(safe(value, lines=True), self._room))

    def _measure(self) -> None:
        self._measured = width = self.scrollable_content_region.width
        self._label_width = max(1, min(_LABEL, width // 3))
        self._lines = [[""] if field.heading else self._value_lines(field.value) for field in self.fields]
        self._starts = [0, *accumulate(len(lines) for lines in self._lines)]
