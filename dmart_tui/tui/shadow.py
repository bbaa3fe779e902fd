"""A shadow of the terminal's screen: what it shows, and the fewest bytes that turn it into something else."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import split_graphemes

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNKNOWN: Final = "\0"
_HALF: Final = "\1"
_SHIFT_FROM: Final = 400  # bytes; less is not worth looking for rows that only moved
_GAP: Final = 4  # bytes of a short move: a gap of no more is written again

# Characters every terminal draws one cell wide and in the order they are written.
_CALM_NARROW: Final = (
    "\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u058f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u20a0-\u20c0"
    "\u2190-\u2319\u231c-\u2328\u232b-\u23e8\u2400-\u2426\u2500-\u25fc\u2701-\u2704\u270c-\u2727\u2800-\u28ff"
)
_CALM_WIDE: Final = (
    "\u2e80-\u3029\u3030-\u3098\u309b-\u3163\u3165-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60\uffe0-\uffe6"
)
# Letters of right-to-left scripts: one cell each, but how one looks may depend on its neighbours.
_JOINING: Final = "\u05d0-\u05ea\u0620-\u064a\u066e\u066f\u0671-\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f"
_JOINS: Final = re.compile(f"[{_JOINING}]")
_NARROW: Final = re.compile(f"[{_CALM_NARROW}]*")
_NOT_TEXT: Final = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0))) | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")

_OFF: Final = {"1": "22", "2": "22", "3": "23", "4": "24", "21": "24", "5": "25", "6": "25", "7": "27", "8": "28"} | {
    "9": "29",
    "51": "54",
    "52": "54",
    "53": "55",
}


@cache
def _odd_pattern() -> re.Pattern[str]:
    return re.compile(f"[^\0{_CALM_NARROW}{_JOINING}{_CALM_WIDE}]")


def _is_plain(text: str) -> bool:
    """Whether every cell stands for itself."""
    return _NARROW.fullmatch(text.replace(_UNKNOWN, " ")) is not None


def _is_odd(text: str) -> bool:
    """Whether terminals may join or measure this as they please.

    The pattern that knows wide characters takes 4 ms to build: most screens never need it.
    """
    return not _is_plain(text) and _odd_pattern().search(text) is not None


def _is_joining(char: str) -> bool:
    return char != "" and _JOINS.fullmatch(char) is not None


@lru_cache(4096)
def _parts(look: str) -> tuple[frozenset[str], str, str]:
    """Split SGR parameters into attributes, foreground and background."""
    attributes: set[str] = set()
    foreground = background = ""
    codes = iter(look.split(";") if look else ())
    for code in codes:
        if code in ("38", "48"):
            mode = next(codes)
            colour = ";".join([code, mode, *(next(codes) for _ in range(1 if mode == "5" else 3))])
        else:
            colour = code
        number = int(code)
        if number == 38 or 30 <= number <= 37 or 90 <= number <= 97:
            foreground = colour
        elif number == 48 or 40 <= number <= 47 or 100 <= number <= 107:
            background = colour
        elif number not in (39, 49):
            attributes.add(code)
    return frozenset(attributes), foreground, background


@lru_cache(4096)
def _on_blank(look: str) -> str:
    """What of a look is seen on a space: the background, unless it is underlined, reversed or the like."""
    attributes, _, background = _parts(look)
    return background if attributes <= {"1", "2", "3"} else look


@lru_cache(4096)
def _change(old: str, new: str) -> str:
    """The shortest SGR sequence from one look to another."""
    if not new:
        return "\x1b[m"
    attributes, foreground, background = _parts(new)
    had, had_foreground, had_background = _parts(old)
    off = {_OFF[code] for code in had - attributes if code in _OFF}
    on = {code for code in attributes if code not in had or _OFF.get(code) in off}
    codes = [*sorted(off), *sorted(on)]
    if foreground != had_foreground:
        codes.append(foreground or "39")
    if background != had_background:
        codes.append(background or "49")
    return min(f"\x1b[{';'.join(codes)}m", f"\x1b[0;{new}m", key=len)


@lru_cache(8192)
def _cells(text: str) -> tuple[str, tuple[str, ...]]:
    """Text as marks that belong to the cell before it, and terminal cells: an empty one follows each wide character.

    Control characters are dropped, so nothing shown can carry an escape sequence.
    """
    text = text.translate(_NOT_TEXT)
    marks = ""
    cells: list[str] = []
    for start, end, width in split_graphemes(text)[0]:
        if width:
            cells.append(text[start:end])
            cells.extend([""] * (width - 1))
        else:
            marks += text[start:end]
    return marks, tuple(cells)


def _join(cells: list[str], marks: str) -> None:
    """Put marks on the last cell: a strip may be cut between a letter and its marks."""
    last = len(cells) - (2 if cells[-1] == "" and len(cells) > 1 else 1)
    if not cells[last].endswith(marks):
        cells[last] += marks


_Row = tuple[list[str], list[str]]
"""The characters of a row, cell by cell, and their looks."""


class ShadowScreen:
    """What the terminal shows, cell by cell, and the shortest bytes that turn it into something else.

    Args:
        erase_keeps_colour: whether the terminal erases with the current background (all but GNU screen do).

    Two references a cell: 200x50 cells take 160 KB.
    """

    def __init__(self, *, erase_keeps_colour: bool = True) -> None:
        self._erase_keeps_colour = erase_keeps_colour
        self._width = self._height = 0
        self._shown: list[_Row] = []
        self._staged: dict[int, _Row] = {}
        self._out: list[str] = []
        self._look = ""
        self._x: int | None = None
        self._y: int | None = None

    def fit(self, width: int, height: int) -> None:
        """Take the terminal's size; a new size forgets everything."""
        if (width, height) != (self._width, self._height):
            self._width, self._height = width, height
            self.forget()

    def forget(self) -> None:
        """Assume nothing about what the terminal shows or where its cursor is."""
        self._shown = [([_UNKNOWN] * self._width, [""] * self._width) for _ in range(self._height)]
        self._staged.clear()
        self._x = self._y = None

    def paint(self, x: int, y: int, segments: Iterable[tuple[str, str]]) -> None:
        """Stage text from column `x` of row `y`; `segments` are text and its SGR parameters."""
        if not (0 <= y < self._height and 0 <= x < self._width):
            return
        chars: list[str] = []
        looks: list[str] = []
        before = ""
        for text, look in segments:
            start = len(chars)
            if _NARROW.fullmatch(text):
                chars.extend(text)
            else:
                marks, cells = _cells(text)
                if chars and marks:
                    _join(chars, marks)
                before = before or ("" if chars else marks)
                chars.extend(cells)
            blank = _on_blank(look)
            if blank == look or " " not in text:
                looks.extend([look] * (len(chars) - start))
            else:
                looks.extend([blank if char == " " else look for char in chars[start:]])
        end = min(x + len(chars), self._width)
        if x + len(chars) > end and chars[end - x] == "":
            chars[end - x - 1] = " "
        row_chars, row_looks = self._staged.get(y) or self._shown[y]
        if not before and row_chars[x:end] == chars[: end - x] and row_looks[x:end] == looks[: end - x]:
            return
        if y not in self._staged:
            row_chars, row_looks = self._staged[y] = (row_chars.copy(), row_looks.copy())
        if before and x and row_chars[x - 1] != _UNKNOWN:
            head = row_chars[:x]
            _join(head, before)
            row_chars[:x] = head
        # Half of a wide character that is painted over leaves a blank.
        if row_chars[x] == "" and x:
            row_chars[x - 1] = " "
        if end < self._width and row_chars[end] == "":
            row_chars[end] = " "
        row_chars[x:end] = chars[: end - x]
        row_looks[x:end] = looks[: end - x]

    def flush(self, cursor: tuple[int, int]) -> str:
        """What to write so that the terminal shows what was painted and has its cursor at (column, row)."""
        written = self._write(self._shown, self._staged, cursor)
        if len(written) > _SHIFT_FROM and (shift := _shift(self._shown, self._staged)) is not None:
            moved, staged = self._shifted(shift)
            self._x = self._y = None  # most terminals go home, but not all
            other = shift.written() + self._write(moved, staged, cursor)
            if len(other) < len(written):
                written = other
        for y, row in self._staged.items():
            self._shown[y] = row
        self._staged.clear()
        return written

    def _shifted(self, shift: _Shift) -> tuple[list[_Row], dict[int, _Row]]:
        """The rows as they are after a shift, and what they should be."""
        staged = {y: self._staged.get(y, self._shown[y]) for y in range(shift.top, shift.bottom)} | self._staged
        moved = self._shown.copy()
        for y in range(shift.top, shift.bottom):
            source = y - shift.by
            blank = ([" "] * self._width, [""] * self._width)
            moved[y] = self._shown[source] if shift.top <= source < shift.bottom else blank
        return moved, staged

    def _write(self, shown: list[_Row], staged: dict[int, _Row], cursor: tuple[int, int]) -> str:
        """The shorter of two orders: row by row, and look by look."""
        runs: list[_Run] = []
        doubtful: list[_Run] = []
        for y in sorted(staged):
            found, sure = _runs(y, staged[y], shown[y])
            (runs if sure else doubtful).extend(found)
        at = self._x, self._y
        written = []
        for order in (runs, _by_look(runs)):
            self._x, self._y = at
            written.append(self._encode([*order, *doubtful], cursor))
        return min(written, key=len)

    def _encode(self, runs: Iterable[_Run], cursor: tuple[int, int]) -> str:
        self._out, self._look = [], ""
        for run in runs:
            self._move(run.start, run.y)
            if not (run.blank and _on_blank(self._look) == run.look):
                self._wear(run.look)
            self._write_cells(run)
        if self._look:
            self._out.append("\x1b[m")
        self._move(*cursor)
        return "".join(self._out)

    def _write_cells(self, run: _Run) -> None:
        chars, x = run.chars, run.start
        text = "".join(chars[x : run.end])
        if _is_plain(text) and "    " not in text:
            self._out.append(text)
            self._x = None if run.end >= self._width else run.end
            return
        while x < run.end:
            self._move(x, run.y)
            end = x + 1
            if chars[x] == " ":
                while end < run.end and chars[end] == " ":
                    end += 1
                self._write_blanks(x, end, run)
            else:
                while end < run.end and chars[end] != " " and (chars[end] == "" or not _is_odd(chars[end - 1])):
                    end += 1
                text = "".join(chars[x:end])
                self._out.append(text)
                # After the last column, or a character of doubtful width, only an absolute move is sure.
                self._x = None if end >= self._width or _is_odd(text) else end
            x = end

    def _write_blanks(self, x: int, end: int, run: _Run) -> None:
        look = _on_blank(run.look)
        count = end - x
        erasable = not _parts(look)[0] and (self._erase_keeps_colour or not look)
        if erasable and end == self._width and count > 3:
            self._out.append("\x1b[K")
        elif erasable and count > (5 if end == run.end else 10):
            self._out.append(f"\x1b[{count}X")
        else:
            self._out.append(" " * count)
            self._x = None if end >= self._width else end

    def _wear(self, look: str) -> None:
        if look != self._look:
            self._out.append(_change(self._look, look))
            self._look = look

    def _move(self, x: int, y: int) -> None:
        if (self._x, self._y) == (x, y):
            return
        moves = [f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"]
        if self._y is not None:
            down = _rows(y - self._y)
            if x == 0:
                moves.append(f"\r{down}")
            else:
                moves.append(f"{down}\x1b[{x + 1}G")
            if self._x is not None:
                moves.append(down + _columns(x - self._x))
        self._out.append(min(moves, key=len))
        self._x, self._y = x, y


class _Run(NamedTuple):
    """Cells of one row that can be written in one look."""

    look: str
    y: int
    start: int
    end: int
    blank: bool
    """Whether there are only spaces in it, so that any look with the same background will do."""
    chars: list[str]


def _runs(y: int, row: _Row, old: _Row) -> tuple[list[_Run], bool]:
    """What to write again of a row, and whether it can be written in any order."""
    chars, looks = row
    old_chars, old_looks = old
    changed = [
        x
        for x, (char, old_char, look, old_look) in enumerate(zip(chars, old_chars, looks, old_looks, strict=True))
        if char != old_char or look != old_look
    ]
    if not changed:
        return [], True
    sure = True
    if not (_is_plain("".join(chars)) and _is_plain("".join(old_chars))):
        changed, sure = _widened(set(changed), chars, old_chars)
    runs: list[_Run] = []
    start = end = 0
    look, blank = "", True
    for x in changed:
        if chars[x] == _UNKNOWN:
            continue
        own, is_blank = looks[x], chars[x] == " "
        if end:
            wider = own if blank and _on_blank(own) == look else look
            if (own == wider or (is_blank and own == _on_blank(wider))) and (
                x == end or _bridged(chars, looks, end, x, wider)
            ):
                look, end, blank = wider, x + 1, blank and is_blank
                continue
            runs.append(_Run(look, y, start, end, blank, chars))
        start, end, look, blank = x, x + 1, own, is_blank
    if end:
        runs.append(_Run(look, y, start, end, blank, chars))
    return runs, sure


class _Shift(NamedTuple):
    """Rows of the whole width that a terminal can move itself: `by` rows down, or up when negative."""

    top: int
    bottom: int
    by: int

    def written(self) -> str:
        lines = f"{abs(self.by)}{'L' if self.by > 0 else 'M'}"
        return f"\x1b[{self.top + 1};{self.bottom}r\x1b[{self.top + 1}H\x1b[{lines}\x1b[r"


def _shift(shown: list[_Row], staged: dict[int, _Row]) -> _Shift | None:
    """The move of rows that brings most changed cells to their places; what it displaces is sent again."""
    if all(chars[0] == _UNKNOWN for chars, _ in shown):  # the first frame
        return None
    old = ["".join(char or _HALF for char in chars) for chars, _ in shown]
    changed: list[tuple[int, int, int, str]] = []
    for y, (chars, _) in staged.items():
        text = "".join(char or _HALF for char in chars)
        if text == old[y] or len(text) != len(old[y]):
            continue
        differing = [x for x, (char, old_char) in enumerate(zip(text, old[y], strict=True)) if char != old_char]
        start, end = differing[0], differing[-1] + 1
        changed.append((y, start, end, text[start:end]))
    best = None
    most = 0
    for by in range(1 - len(shown), len(shown)):
        rows = [
            (y, end - start)
            for y, start, end, text in changed
            if 0 <= y - by < len(old) and old[y - by][start:end] == text and not text.isspace()
        ]
        cells = sum(count for _, count in rows)
        if by and cells > most:
            first, last = min(rows)[0], max(rows)[0]
            most, best = cells, _Shift(first - max(by, 0), last - min(by, 0) + 1, by)
    return best


def _by_look(runs: list[_Run]) -> list[_Run]:
    """Runs in an order that sets each look once: moving costs 3 to 8 bytes, a look in true colour 19 and more."""
    groups: dict[str, list[_Run]] = {}
    for run in runs:
        if not run.blank:
            groups.setdefault(run.look, []).append(run)
    hosts = {_on_blank(look): look for look in groups}
    for run in runs:
        if run.blank:
            groups.setdefault(hosts.get(run.look, run.look), []).append(run)
    order = sorted(groups, key=lambda look: (_parts(look)[2], sorted(_parts(look)[0]), look))
    return [run for look in order for run in groups[look]]


def _bridged(chars: list[str], looks: list[str], start: int, stop: int, look: str) -> bool:
    """Whether the cells between two runs of a look can be sent again for less than a move costs."""
    gap = "".join(chars[start:stop])
    return (
        len(gap.encode(errors="replace")) <= _GAP
        and _UNKNOWN not in gap
        and not _is_odd(gap)
        and all(looks[x] == look or (chars[x] == " " and looks[x] == _on_blank(look)) for x in range(start, stop))
    )


def _widened(changed: set[int], chars: list[str], old_chars: list[str]) -> tuple[list[int], bool]:
    """The cells to write so that no wide character is halved, no joined letters are parted, and no doubt is left.

    What stands right of a changed character of doubtful width is written again; false when there is one.
    """
    width = len(chars)
    start = 0
    while start < width:
        end = start + 1
        while end < width and any(
            row[end] == "" or (_is_joining(row[end]) and _is_joining(row[end - 1])) for row in (chars, old_chars)
        ):
            end += 1
        if not changed.isdisjoint(range(start, end)):
            if _is_odd("".join(chars[start:end])) or _is_odd("".join(old_chars[start:end])):
                return sorted(changed | set(range(start, width))), False
            changed.update(range(start, end))
        start = end
    return sorted(changed), True


def _rows(distance: int) -> str:
    """A move up or down: by index and reverse index, which scroll nothing between two rows of the screen."""
    if abs(distance) <= 1:
        return ("\x1bM", "", "\x1bD")[distance + 1]
    return f"\x1b[{abs(distance)}{'B' if distance > 0 else 'A'}"


def _columns(distance: int) -> str:
    if -3 <= distance <= 0:
        return "\b" * -distance
    count = abs(distance)
    return f"\x1b[{count if count > 1 else ''}{'C' if distance > 0 else 'D'}"
