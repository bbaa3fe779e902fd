"""Which line shows where, when some are folded away and some take several rows."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class ScreenRows:
    """The rows that lines take on the screen; made anew, in time linear in the lines, when lines come, go or fold.

    Args:
        lines: how many there are.
        hidden: first and last lines folded away, apart and in order.
        heights: rows of each line; None when all take one.
    """

    def __init__(self, lines: int, hidden: Sequence[tuple[int, int]], heights: Sequence[int] | None = None) -> None:
        edges = [0, *chain.from_iterable((first, last + 1) for first, last in hidden), lines]
        parts = [range(edges[at], edges[at + 1]) for at in range(0, len(edges), 2)]
        self._seen: Sequence[int] = parts[0] if len(parts) == 1 else list(chain.from_iterable(parts))
        self._tops: Sequence[int] = (
            range(len(self._seen) + 1) if heights is None else [0, *accumulate(map(heights.__getitem__, self._seen))]
        )

    @property
    def count(self) -> int:
        """All rows."""
        return self._tops[-1]

    def place(self, line: int) -> int:
        """How many lines that are seen stand before a line."""
        return max(0, bisect_right(self._seen, line) - 1)

    def header(self, line: int) -> int:
        """The line itself, or the folded one that hides it."""
        return self._seen[self.place(line)]

    def neighbour(self, line: int, by: int) -> int:
        """The line seen `by` lines further, not past the ends."""
        return self._seen[max(0, min(self.place(line) + by, len(self._seen) - 1))]

    def span(self, line: int) -> tuple[int, int]:
        """First row of a line that is seen, and how many it takes."""
        place = self.place(line)
        return self._tops[place], self._tops[place + 1] - self._tops[place]

    def at(self, row: int) -> tuple[int, int]:
        """The line that shows in a row, and which of its rows that is."""
        place = bisect_right(self._tops, max(0, min(row, self.count - 1))) - 1
        return self._seen[place], max(0, min(row, self.count - 1)) - self._tops[place]
