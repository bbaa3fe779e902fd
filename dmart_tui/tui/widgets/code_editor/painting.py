"""A line of text as styled cells: what lies over it in layers, cut to what is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

from dmart_tui.tui.widgets.code_editor.shown import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.style import Style

    from dmart_tui.tui.widgets.code_editor.highlighting import Span


def painted(
    line: str, left: int, right: int, layers: Iterable[Span], style_of: Callable[[str], Style]
) -> list[Segment]:
    """The cells of a line from `left` to before `right`, a blank for its end among them.

    Args:
        layers: from the lowest to the highest.
        style_of: the style of a kind of span; the same object for the same kind.
    """
    seen = shown(line)
    text = seen.text + " "
    first = seen.column(left)
    last = max(first, seen.step(seen.column(right - 1), 1))
    end = last + (last == len(line) and seen.cells[-1] < right)
    styles: list[Style | None] = [None] * (end - first)
    for start, stop, kind in layers:
        style = style_of(kind)
        for column in range(max(start, first), min(stop, end)):
            below = styles[column - first]
            styles[column - first] = style if below is None else below + style
    segments: list[Segment] = []
    begun = first
    for column in range(first + 1, end + 1):
        if column == end or styles[column - first] is not styles[begun - first]:
            stop = len(text) if column > len(line) else seen.offset(column)
            segments.append(Segment(text[seen.offset(begun) : stop], styles[begun - first]))
            begun = column
    skipped = left - seen.cell(first)
    return list(Strip(segments).crop(skipped)) if skipped else segments
