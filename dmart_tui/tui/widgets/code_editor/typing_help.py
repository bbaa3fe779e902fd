"""What a typed character brings along: indents, and in JSON the bracket or quote that closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.tui.widgets.code_editor.brackets import OPENERS, PAIRS, in_string, indent_of, indent_unit, partner
from dmart_tui.tui.widgets.code_editor.buffer import Replacement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.tui.widgets.code_editor.buffer import Position, TextBuffer

CLOSES: Final = {"{": "}", "[": "]", '"': '"'}
COMMENTS: Final = {"sql": "--", "python": "#"}
"""What makes the rest of a line a comment."""
_BEFORE_CLOSING: Final = " \t,:]}"
_LOOKED_FOR: Final = 100_000


def new_line(buffer: TextBuffer, at: Position, language: str) -> tuple[str, int]:
    """What enter inserts, and how many of its characters stand after the cursor."""
    row, column = at
    line = buffer.shown(row)
    indent = indent_of(line[:column])
    before, after = line[:column].rstrip()[-1:], line[column:].lstrip()[:1]
    opened = before in PAIRS or (before == ":" and language == "python")
    if not opened:
        return buffer.newline + indent, 0
    deeper = buffer.newline + indent + indent_unit(buffer.lines, language)
    if before in PAIRS and after == PAIRS[before]:
        closing = buffer.newline + indent
        return deeper + closing, len(closing)
    return deeper, 0


def closing(buffer: TextBuffer, at: Position, typed: str) -> str | None:
    """What JSON wants after a typed opener or quote; "" to step over what stands there already, None for nothing."""
    row, column = at
    line = buffer.shown(row)
    after = line[column : column + 1]
    inside = in_string(line, column)
    if typed == after and ((typed in "]}" and not inside) or (typed == '"' and inside and not _escaped(line, column))):
        return ""
    if inside or typed not in CLOSES or (after and after not in _BEFORE_CLOSING):
        return None
    return CLOSES[typed]


def commented(lines: Sequence[str], first: int, last: int, language: str) -> list[Replacement]:
    """What makes lines comments, or text again when all of them are comments; the last line first."""
    sign = COMMENTS.get(language)
    rows = [row for row in range(last, first - 1, -1) if lines[row].strip()]
    if sign is None or not rows:
        return []
    if all(lines[row].lstrip().startswith(sign) for row in rows):
        wanted = []
        for row in rows:
            at = len(indent_of(lines[row]))
            end = at + len(sign)
            wanted.append(Replacement((row, at), (row, end + lines[row].startswith(" ", end)), ""))
        return wanted
    at = min(len(indent_of(lines[row])) for row in rows)
    return [Replacement((row, at), (row, at), f"{sign} ") for row in rows]


def is_empty_pair(buffer: TextBuffer, at: Position) -> bool:
    """Whether the cursor stands between an opener and its closer with nothing between them."""
    row, column = at
    around = buffer.shown(row)[max(0, column - 1) : column + 1]
    return len(around) == 2 and CLOSES.get(around[0]) == around[1]


def outdented(buffer: TextBuffer, at: Position, typed: str, language: str) -> str | None:
    """The indent for a closer typed as the first of its line: that of the line that opened."""
    row, column = at
    if typed not in OPENERS or buffer.lines[row][:column].strip():
        return None
    lines = [*buffer.lines[: row + 1]]
    lines[row] = lines[row][:column] + typed
    opened = partner(lines, (row, column), language, _LOOKED_FOR)
    return None if opened is None else indent_of(buffer.lines[opened[0]])


def _escaped(line: str, column: int) -> bool:
    slashes = len(line[:column]) - len(line[:column].rstrip("\\"))
    return slashes % 2 == 1
