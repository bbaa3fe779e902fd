"""Which lines are folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dmart_tui.tui.widgets.code_editor.buffer import Change


class Folds:
    """Folded blocks by the line that stays; one may be inside another. Nothing of the text is kept here."""

    def __init__(self) -> None:
        self._ends: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._ends)

    def __contains__(self, row: int) -> bool:
        return row in self._ends

    def __getitem__(self, row: int) -> int:
        """The last line hidden under a folded one."""
        return self._ends[row]

    def fold(self, found: Mapping[int, int]) -> None:
        """Fold blocks: the line that stays, and the last line hidden."""
        self._ends |= found

    def unfold(self, row: int) -> None:
        self._ends.pop(row, None)

    def clear(self) -> None:
        self._ends.clear()

    def hidden(self) -> list[tuple[int, int]]:
        """First and last lines hidden, apart and in order."""
        merged: list[tuple[int, int]] = []
        for row, end in sorted(self._ends.items()):
            if not merged or row > merged[-1][1]:
                merged.append((row + 1, end))
        return merged

    def reveal(self, row: int) -> bool:
        """Unfold what hides a line; whether anything did."""
        hiding = [start for start, end in self._ends.items() if start < row <= end]
        for start in hiding:
            del self._ends[start]
        return bool(hiding)

    def follow(self, change: Change) -> bool:
        """Move with the text; blocks that a change reaches into are unfolded. Whether any was moved or unfolded."""
        top, bottom, rows = change.start[0], change.end[0], change.rows
        kept: dict[int, int] = {}
        for start, end in self._ends.items():
            in_its_line = not rows and top == bottom == start
            if top > end or in_its_line:
                kept[start] = end
            elif bottom < start:
                kept[start + rows] = end + rows
        moved = kept != self._ends
        self._ends = kept
        return moved
