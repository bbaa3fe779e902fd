"""Numbers and dates as they are written in ranges. A time without a zone is UTC, as everywhere in the program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Final

from dmart_tui.core.search.tree import Bound, Range
from dmart_tui.core.units import parse_time

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)
_PARTIAL: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d))?)?)?\Z", re.ASCII)
_CLOCK: Final = re.compile(r"[T ]\d\d:\d\d(:\d\d)?([.,]\d+)?", re.ASCII)
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Limits:
    """A range in numbers; dates in seconds since 1970."""

    low: float = -inf
    low_open: bool = False
    high: float = inf
    high_open: bool = False

    def hold(self, value: float) -> bool:
        """Whether a number lies between them."""
        above = value > self.low if self.low_open else value >= self.low
        return above and (value < self.high if self.high_open else value <= self.high)


def number(text: str) -> float | None:
    """A number as written; None when it is none."""
    return float(text) if len(text) <= _LONGEST and _NUMBER.match(text) else None


def period(text: str) -> tuple[float, float] | None:
    """The seconds from which and before which a written date holds; both the same for an exact time; None: no date."""
    if len(text) > _LONGEST:
        return None
    if match := _PARTIAL.match(text):
        year, month, day, hour = (int(part) if part else None for part in match.groups())
        try:
            start = datetime(year or 0, month or 1, day or 1, hour or 0, tzinfo=UTC)
            return start.timestamp(), _after(start, month, day, hour).timestamp()
        except (ValueError, OverflowError):
            return None
    when = parse_time(text)
    if when is None:
        return None
    start_at = when.timestamp()
    written = _CLOCK.search(text)
    if written is None:
        return start_at, start_at + 86_400
    seconds, fraction = written.groups()
    return start_at, start_at + (0 if fraction else 1 if seconds else 60)


def is_bound(text: str) -> bool:
    """Whether it can be an end of a range."""
    return number(text) is not None or period(text) is not None


def limits(wanted: Range, *, dates: bool) -> Limits | None:
    """A range in numbers; None when an end cannot be one.

    Args:
        dates: four digits are a year; otherwise they are a number. More digits are seconds since 1970.
    """
    low, low_open, high, high_open = -inf, False, inf, False
    if wanted.low is not None:
        span = _span(wanted.low.text, dates)
        if span is None:
            return None
        low, low_open = (span[0], False) if wanted.low.inclusive else (span[1], span[0] == span[1])
    if wanted.high is not None:
        span = _span(wanted.high.text, dates)
        if span is None:
            return None
        high, high_open = (span[1], span[0] != span[1]) if wanted.high.inclusive else (span[0], True)
    return Limits(low, low_open, high, high_open)


def exactly(text: str, *, dates: bool) -> Limits | None:
    """A number or date as the range that it is; None when it is none."""
    one = Bound(text.strip())
    return limits(Range(one, one), dates=dates)


def _span(text: str, dates: bool) -> tuple[float, float] | None:
    value = number(text)
    if value is None or (dates and len(text) == 4 and text.isdigit()):
        return period(text)
    return value, value


def _after(start: datetime, month: int | None, day: int | None, hour: int | None) -> datetime:
    if hour is not None:
        return start + timedelta(hours=1)
    if day is not None:
        return start + timedelta(days=1)
    if month is not None and month < 12:
        return start.replace(month=month + 1)
    return start.replace(year=start.year + 1, month=1)
