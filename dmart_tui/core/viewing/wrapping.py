"""Where long lines break: the lines of a text as rows of one width."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from dmart_tui.core.text import cell_width

if TYPE_CHECKING:
    from dmart_tui.core.viewing.lines import PagedText

WRAP_BYTES: Final = 1_000_000
WRAP_LINES: Final = 20_000
_NARROWEST: Final = 8


def breaks(text: str, width: int) -> list[int]:
    """The first cell of each row that a safe line takes.

    Breaks after a blank where that fills half a row, else anywhere; a blank may hang over the edge. Nothing is dropped.
    """
    plain = text.isascii()
    cells: list[int] | range = range(len(text) + 1) if plain else [0, *accumulate(map(cell_width, text))]
    found = [0]
    at = 0
    while cells[-1] - cells[at] > width:
        end = at + width if plain else max(at + 1, bisect_right(cells, cells[at] + width) - 1)
        blank = text.rfind(" ", at, end + 1)
        at = blank + 1 if blank >= (at + end) // 2 else end
        if at >= len(text):
            break
        found.append(cells[at])
    return found


class Wrapped:
    """Every line of a text at one width: 8 bytes a line. Made in time linear in the text, off the event loop."""

    def __init__(self, text: PagedText, width: int) -> None:
        self.width = max(_NARROWEST, width)
        heights = (len(breaks(text.line(number).shown, self.width)) for number in range(text.line_count))
        self.starts = array("Q", [0, *accumulate(heights)])
        """The first row of each line, and after them the number of rows."""

    def line_at(self, row: int) -> tuple[int, int]:
        """The line that shows in a row, and which of its rows that is."""
        line = bisect_right(self.starts, row) - 1
        return line, row - self.starts[line]


def why_not_wrapped(text: PagedText) -> str | None:
    """The reason why a text cannot be wrapped, as a sentence."""
    if text.size > WRAP_BYTES or not text.complete or text.line_count > WRAP_LINES:
        return "Only texts up to 1 MB and 20,000 lines are wrapped; shift+→ shows what was cut on the right."
    return None
