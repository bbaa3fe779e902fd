"""A line as it is seen: cells, places where a cursor can stand, and marks for what has no look of its own."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from dmart_tui.core.text import cell_width, safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TAB: Final = 4
"""Cells between two tab stops."""
_JOINERS: Final = "\u200c\u200d"


class ShownLine:
    """The text shown for a line, and where its characters stand in it.

    A letter with its combining marks is one stop; a cursor is at stops only.
    """

    __slots__ = ("cells", "marks", "offsets", "stops", "text")

    def __init__(self, line: str) -> None:
        self.marks: list[tuple[int, int]] = []
        """Columns, from and to, of which a mark is shown instead."""
        if line.isascii() and line.isprintable():
            self.text = line
            plain = range(len(line) + 1)
            self.stops: Sequence[int] = plain
            """Columns where a cursor can be, the one after the last character too."""
            self.cells: Sequence[int] = plain
            """Where each stop is, in cells."""
            self.offsets: Sequence[int] = plain
            """Where each stop is in `text`."""
            return
        pieces: list[str] = []
        stops, cells, offsets = [0], [0], [0]
        for column, cluster, shown in _clusters(line):
            piece = "→" + " " * (TAB - 1 - cells[-1] % TAB) if cluster == "\t" else shown
            if piece != cluster:
                self.marks.append((column, column + len(cluster)))
            pieces.append(piece)
            stops.append(column + len(cluster))
            cells.append(cells[-1] + cell_width(piece))
            offsets.append(offsets[-1] + len(piece))
        self.text = "".join(pieces)
        self.stops, self.cells, self.offsets = stops, cells, offsets

    def stop(self, column: int) -> int:
        """The number of the stop at or before a column."""
        return bisect_right(self.stops, column) - 1

    def cell(self, column: int) -> int:
        """The cell where what stands at a column begins."""
        return self.cells[self.stop(column)]

    def offset(self, column: int) -> int:
        """Where in `text` a column begins."""
        return self.offsets[self.stop(column)]

    def column(self, cell: int) -> int:
        """The column shown in a cell; the line's end for cells after it."""
        return self.stops[bisect_right(self.cells, max(0, cell)) - 1]

    def step(self, column: int, by: int) -> int:
        """The column `by` stops on, not past the ends."""
        return self.stops[max(0, min(self.stop(column) + by, len(self.stops) - 1))]


def _clusters(line: str) -> Iterator[tuple[int, str, str]]:
    """Letters with what combines with them: column, text, and what is shown for it."""
    start = 0
    while start < len(line):
        end = start + 1
        if safe(line[start]) == line[start]:
            while end < len(line) and _combines(line, end):
                end += 1
        cluster = line[start:end]
        yield start, cluster, _shown(line, start, end)
        start = end


def _combines(line: str, at: int) -> bool:
    char = line[at]
    if char in _JOINERS:
        return safe(line[at - 1 : at + 2])[1:2] == char
    return not char.isascii() and cell_width(char) == 0 and (safe("a" + char) == "a" + char or char in "\ufe0e\ufe0f")


def _shown(line: str, start: int, end: int) -> str:
    """A cluster made safe; a joiner at its end is judged by what follows."""
    if line[end - 1] in _JOINERS and end - start > 1:
        return safe(line[start : end - 1]) + line[end - 1]
    return safe(line[start:end])


@lru_cache(maxsize=512)
def shown(line: str) -> ShownLine:
    """A line as it is seen; the last 512 are kept."""
    return ShownLine(line)
