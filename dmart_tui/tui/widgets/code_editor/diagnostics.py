"""What is wrong with a text, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dmart_tui.tui.widgets.code_editor.buffer import Change

SIGNS: Final = {"error": "✗", "warning": "!", "information": "·"}
"""In the gutter, the most severe first."""


class Diagnostic(NamedTuple):
    """A remark about a place in the text.

    Args:
        line: from 0.
        column: from 0, in characters.
        length: characters concerned; 0 is the whole line.
        message: a sentence; made safe by the editor.
        severity: `error`, `warning` or `information`.
    """

    line: int
    column: int
    length: int
    message: str
    severity: str = "error"


class Diagnostics:
    """Remarks by line, moving with the text until they are told anew."""

    def __init__(self, items: Iterable[Diagnostic] = ()) -> None:
        self._sort(items)

    def at(self, row: int) -> Sequence[Diagnostic]:
        """Those of a line, the most severe first."""
        return self._by_row.get(row, ())

    def inside(self, first: int, last: int) -> str:
        """The gravest severity between two lines, "" when there is nothing."""
        found = {items[0].severity for row, items in self._by_row.items() if first <= row <= last}
        return next((severity for severity in SIGNS if severity in found), "")

    def beside(self, row: int, by: int) -> Diagnostic | None:
        """The first one of the nearest line after (or, `by` below 0, before) a line, going around."""
        rows = sorted(self._by_row)
        if not rows:
            return None
        ahead = [one for one in rows if (one > row if by > 0 else one < row)]
        nearest = (ahead or rows)[0 if by > 0 else -1]
        return min(self._by_row[nearest], key=lambda one: one.column)

    def follow(self, change: Change) -> None:
        """Move those below a change; those of what was removed go with it."""
        if not self._by_row:
            return
        moved: list[Diagnostic] = []
        for item in (item for items in self._by_row.values() for item in items):
            place = item.line, item.column
            if not change.start < place < change.end:
                line, column = change.after if place == change.start else change.moved(place)
                moved.append(item._replace(line=line, column=column))
        self._sort(moved)

    def _sort(self, items: Iterable[Diagnostic]) -> None:
        order = list(SIGNS)
        self._by_row: dict[int, list[Diagnostic]] = {}
        for item in sorted(items, key=lambda one: (order.index(one.severity), one.column)):
            self._by_row.setdefault(item.line, []).append(item)
