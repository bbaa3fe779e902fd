"""Numbers made ready to draw: axes, classes of a histogram, dots of a curve. Knows neither screen nor database."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LARGEST: Final = 1e300
"""Beyond it differences overflow; nothing that large is drawn."""
_PREFIXES: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_LONG: Final = 1e4
"""From here on numbers are written in thousands."""
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0
_SPANS: Final = (
    1.0, 5.0, 15.0, 30.0,
    _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE,
    _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR,
    _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 90 * _DAY, 180 * _DAY, 365 * _DAY,
)  # fmt: skip
"""Seconds between two ticks of a time axis."""


def number(value: object) -> float | None:
    """A value as a number to draw: a time as epoch seconds, a span as seconds; None for what is no finite number.

    Text that reads as a number is one, since many columns hold numbers as text.
    """
    match value:
        case None | bool():
            return None
        case datetime():
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
        case date():
            return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
        case timedelta():
            return value.total_seconds()
        case int() | float() | Decimal() | str():
            try:
                found = float(value)
            except (ValueError, OverflowError):
                return None
            if not abs(found) <= _LARGEST:
                return None
            return found if abs(found) >= 1 / _LARGEST else 0.0
        case _:
            return None


def number_text(value: float) -> str:
    """A number in full: `1,234,567`, `0.25`, `1.5e+21`."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if 1000 <= abs(value) < 1e15:
        return f"{value:,.2f}"
    return f"{value:.6g}"


def time_text(seconds: float, step: float = 1.0) -> str:
    """Epoch seconds as a time in UTC, as exact as a step of so many seconds needs; a number when it is no time."""
    try:
        when = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return number_text(seconds)
    if step >= _DAY:
        return f"{when:%Y-%m-%d}"
    return f"{when:%m-%d %H:%M}" if step >= _MINUTE else f"{when:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of numbers with ticks at the multiples of `step`."""

    low: float
    high: float
    step: float
    time: bool = False

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return max(1, round((self.high - self.low) / self.step))

    @property
    def ticks(self) -> tuple[float, ...]:
        """The numbers with a tick, ascending."""
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        return tuple(index * self.step for index in range(first, last + 1))

    def part(self, value: float) -> float:
        """Where a number is between `low` (0) and `high` (1), at most that."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def text(self, value: float) -> str:
        """The label of a tick: `250k`, `0.5`, `2026-11-21`."""
        if self.time:
            return time_text(value, self.step)
        if value == 0:
            return "0"
        largest = max(abs(self.low), abs(self.high))
        if largest >= 1e15:
            return f"{value:.3g}"
        unit, prefix = next(
            ((u, p) for u, p in _PREFIXES if largest >= _LONG and largest >= u <= 100 * self.step), (1.0, "")
        )
        decimals = max(0, -math.floor(math.log10(self.step / unit) + 1e-9))
        return f"{value / unit:,.{decimals}f}{prefix}" if decimals <= 6 else f"{value:.3g}"


def axis(low: float, high: float, most: int, *, time: bool = False, whole: bool = False, tight: bool = False) -> Axis:
    """An axis over two numbers, with steps of 1, 2 or 5 times a power of ten, and usual spans for time.

    Args:
        most: steps at most, of which rounding at both ends may make two more.
        time: the numbers are epoch seconds.
        whole: the numbers are whole, so a step is too.
        tight: begin and end at the numbers, not at ticks.
    """
    if high - low <= abs(low) * 1e-12:
        high = low + (abs(low) / 2 or 1.0 if not time or abs(low) > 1e12 else 1.0)
    least = (high - low) / max(1, most)
    step = next((span for span in _SPANS if span >= least), 0.0) if time else 0.0
    step = step or _nice(least)
    if whole:
        step = max(1.0, step)
    if tight:
        return Axis(low, high, step, time)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Axis(first * step, max(last, first + 1) * step, step, time)


def _nice(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not less."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if least <= factor * power * (1 + 1e-9))


@dataclass(frozen=True, slots=True)
class Classes:
    """How many numbers lie in each step of an axis; the last step has its upper end too."""

    axis: Axis
    counts: tuple[int, ...]

    def label(self, index: int) -> str:
        """From where to where a class goes."""
        low = self.axis.low + index * self.axis.step
        return f"{self.axis.text(low)} to {self.axis.text(low + self.axis.step)}"


def classes(values: Iterable[float], most: int = 20) -> Classes:
    """Sort numbers into classes of equal width; O(numbers)."""
    numbers = list(values)
    if not numbers:
        return Classes(axis(0, 0, 1), (0,))
    low, high = min(numbers), max(numbers)
    found = axis(low, high, most, whole=all(value == int(value) for value in numbers))
    counts = [0] * found.steps
    for value in numbers:
        counts[min(found.steps - 1, max(0, math.floor((value - found.low) / found.step)))] += 1
    return Classes(found, tuple(counts))


def eighths(part: float, cells: int) -> int:
    """Eighths of a cell in a bar that fills `part` of `cells`; what is more than nothing shows."""
    return max(math.floor(part * cells * 8 + 0.5), 1 if part > 0 else 0)


def level(value: float | None, most: float, levels: int) -> int:
    """How strongly a cell of a heat map is filled, 0 to `levels`.

    By the square root: one busy hour does not make all others look empty.
    """
    if value is None or value <= 0 or most <= 0:
        return 0
    return min(levels, 1 + math.floor(math.sqrt(value / most) * (levels - 1) + 0.5))


def keep_in_view(cursor: int, first: int, room: int, count: int) -> int:
    """The first of `count` things to show in `room` so that the one under the cursor is among them."""
    first = min(first, cursor, max(0, count - room))
    return max(first, cursor - room + 1, 0)


_BRAILLE: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_UPPER: Final = 0x01 | 0x08 | 0x02 | 0x10


class Dots:
    """A field of dots, two by four in a cell; memory is a byte a cell."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.width, self.height = 2 * columns, 4 * rows
        self._cells = bytearray(columns * rows)

    def dot(self, x: int, y: int) -> None:
        """Set the dot in column `x` from the left and row `y` from the top."""
        self._cells[y // 4 * self.columns + x // 2] |= _BRAILLE[y % 4][x % 2]

    def line(self, x0: int, y0: int, x1: int, y1: int) -> None:
        """Set all dots from one to another."""
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            self.dot(x0 + round((x1 - x0) * step / steps), y0 + round((y1 - y0) * step / steps))

    def texts(self, *, plain: bool = False) -> list[str]:
        """A text for each row of cells: braille, or `'`, `.` and `:` for ASCII."""
        return ["".join(map(_plain if plain else _braille, row)) for row in self._by_row()]

    def _by_row(self) -> Sequence[bytes]:
        return [bytes(self._cells[row * self.columns :][: self.columns]) for row in range(self.rows)]


def _braille(cell: int) -> str:
    return chr(0x2800 + cell) if cell else " "


def _plain(cell: int) -> str:
    return " '.:"[bool(cell & _UPPER) + 2 * bool(cell & ~_UPPER)]
