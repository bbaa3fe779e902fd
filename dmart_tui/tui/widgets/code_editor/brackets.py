"""Brackets, blocks and indents: what belongs together in a text, found without parsing it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dmart_tui.tui.widgets.code_editor.buffer import Position

PAIRS: Final = {"{": "}", "[": "]", "(": ")"}
OPENERS: Final = {closer: opener for opener, closer in PAIRS.items()}
_JSON: Final = re.compile(r'"(?:\\.|[^"\\])*"?|[\[\]{}]')
_ANY: Final = re.compile(r"[()\[\]{}]")
_INDENT: Final = re.compile(r"[ \t]*")
_LOOKED_AT: Final = 500
"""Lines from which the indent is told."""


def in_line(line: str, language: str) -> Iterator[tuple[int, str]]:
    """The brackets of a line with their columns; in JSON those in strings are none."""
    for found in (_JSON if language == "json" else _ANY).finditer(line):
        if found[0][0] != '"':
            yield found.start(), found[0]


def in_string(line: str, column: int) -> bool:
    """Whether a column of a line of JSON is inside a string."""
    for found in _JSON.finditer(line):
        if found[0][0] == '"' and found.start() < column:
            closed = len(found[0]) > 1 and found[0][-1] == '"' and not found[0].endswith('\\"')
            if column < found.end() or (column == found.end() and not closed):
                return True
    return False


def partner(lines: Sequence[str], at: Position, language: str, limit: int) -> Position | None:
    """The bracket that belongs to the one at a position; None when there is none within `limit` characters."""
    row, column = at
    char = lines[row][column : column + 1]
    if not (char in PAIRS or char in OPENERS) or len(lines[row]) > limit:
        return None
    forwards = char in PAIRS
    wanted = PAIRS.get(char) or OPENERS[char]
    depth = 0
    started = False
    while 0 <= row < len(lines) and limit > 0:
        limit -= len(lines[row]) + 1
        found = list(in_line(lines[row], language))
        for place, bracket in found if forwards else reversed(found):
            if not started:
                if place != column:
                    continue
                started = True
            depth += 1 if (bracket in PAIRS) == forwards else -1
            if not depth:
                return (row, place) if bracket == wanted else None
        if not started:
            return None
        row += 1 if forwards else -1
    return None


def blocks(lines: Sequence[str], language: str) -> dict[int, int]:
    """What can be folded: the line that stays, and the last line hidden with those between."""
    return _by_brackets(lines) if language == "json" else _by_indent(lines)


def may_fold(lines: Sequence[str], row: int, language: str) -> bool:
    """Whether a block seems to begin in a line, told from its neighbours alone."""
    line = lines[row].rstrip()
    if language == "json":
        return line[-1:] in ("{", "[") and len(lines) > row + 2
    after = next((lines[below] for below in range(row + 1, min(row + 4, len(lines))) if lines[below].strip()), "")
    return bool(line and after) and indent_width(after) > indent_width(line)


def _by_brackets(lines: Sequence[str]) -> dict[int, int]:
    found: dict[int, int] = {}
    open_rows: list[int] = []
    for row, line in enumerate(lines):
        for _, bracket in in_line(line, "json"):
            if bracket in PAIRS:
                open_rows.append(row)
            elif open_rows and (start := open_rows.pop()) < row - 1:
                found[start] = row - 1
    return found


def _by_indent(lines: Sequence[str]) -> dict[int, int]:
    found: dict[int, int] = {}
    above: list[tuple[int, int]] = []
    last = 0
    for row, line in enumerate([*lines, "."]):
        if not line.strip():
            continue
        width = indent_width(line)
        while above and above[-1][0] >= width:
            start = above.pop()[1]
            if last > start:
                found[start] = last
        above.append((width, row))
        last = row
    return found


def indent_of(line: str) -> str:
    """The blanks that a line begins with."""
    found = _INDENT.match(line)
    return found[0] if found else ""


def indent_width(line: str) -> int:
    return len(indent_of(line).expandtabs(4))


def indent_unit(lines: Sequence[str], language: str) -> str:
    """One step of indent: as the text does it, else four blanks in Python and two elsewhere."""
    steps: Counter[str] = Counter()
    before = 0
    for line in lines[:_LOOKED_AT]:
        if line.strip():
            indent = indent_of(line)
            if len(indent) > before:
                steps["\t" if "\t" in indent else " " * min(8, len(indent) - before)] += 1
            before = len(indent)
    return max(steps, key=lambda step: steps[step]) if steps else " " * (4 if language == "python" else 2)
