"""Spans of days, and counts laid out over them: a calendar, columns over time, the hours of a week."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from dmart_tui.core.errors import UsageFault

Unit = Literal["day", "week", "month", "quarter", "year"]
UNITS: Final[tuple[Unit, ...]] = ("day", "week", "month", "quarter", "year")
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EPOCH: Final = date(1970, 1, 1)

_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_DAY: Final = timedelta(days=1)
_DAILY: Final = 62
_WEEKLY: Final = 420
"""Days up to which columns over time are days, and weeks; beyond they are months."""
_PART: Final = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?\Z")
_LAST: Final = re.compile(r"(\d{1,5})\s*d\Z")


@dataclass(frozen=True, slots=True)
class Span:
    """Days, the first and the last of them included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} … {self.last}"

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1

    @property
    def unit(self) -> Unit | None:
        """The unit that it is one of; None for any other stretch."""
        return next((unit for unit in UNITS if span_of(unit, self.first) == self), None)

    def moved(self, steps: int) -> Span:
        """As long a span earlier or later."""
        unit = self.unit
        if unit in _MONTHS:
            return span_of(unit, _months_on(self.first, steps * _MONTHS[unit]))
        by = timedelta(days=self.days * steps)
        return Span(self.first + by, self.last + by)

    def wider(self) -> Span | None:
        """The next larger unit around its middle; None when it is more than a year already."""
        middle = self.first + (self.last - self.first) / 2
        return next((span for unit in UNITS if (span := span_of(unit, middle)).days > self.days), None)

    def closer(self, day: date) -> Span:
        """The next smaller unit around a day of it."""
        smaller = (span_of(unit, day) for unit in reversed(UNITS))
        return next((span for span in smaller if span.days < self.days), Span(day, day))


def span_of(unit: Unit, day: date) -> Span:
    """The day, week (from Monday), month, quarter or year that a day is in."""
    if unit == "day":
        return Span(day, day)
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return Span(monday, monday + timedelta(days=6))
    count = _MONTHS[unit]
    first = day.replace(month=(day.month - 1) // count * count + 1, day=1)
    return Span(first, _months_on(first, count) - _DAY)


def parse_span(text: str, whole: Span) -> Span:
    """Read `2024`, `2024-03`, `2024-03-26`, `FROM..TO` of those (either may be left out), `30d` or nothing.

    Args:
        whole: what nothing means, and the ends that are left out; `30d` are its last days.

    Raises:
        UsageFault: it is none of these.
    """
    text = text.strip()
    if not text:
        return whole
    if match := _LAST.match(text):
        return Span(whole.last - timedelta(days=max(0, int(match[1]) - 1)), whole.last)
    first, dots, last = (part.strip() for part in text.replace("…", "..").partition(".."))
    begin = _part(first).first if first else whole.first
    end = (_part(last).last if last else whole.last) if dots else _part(first).last
    if end < begin:
        raise UsageFault("the range ends before it begins", address=text)
    return Span(begin, end)


def _part(text: str) -> Span:
    match = _PART.match(text)
    try:
        if match is not None:
            year, month, day = (int(part) if part else 0 for part in match.groups())
            unit: Unit = "day" if day else "month" if month else "year"
            return span_of(unit, date(year, month or 1, day or 1))
    except ValueError:
        pass
    raise UsageFault("this is no date: write 2024, 2024-03 or 2024-03-26", address=text)


def _months_on(first: date, months: int) -> date:
    """The first day of a month so many months on."""
    index = max(12, min(first.year * 12 + first.month - 1 + months, 9999 * 12 + 11))
    return date(index // 12, index % 12 + 1, 1)


# -- layouts ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days as a field: a row a weekday, a column a week."""

    monday: date
    """The first day of the first column."""
    weeks: int
    columns: tuple[str, ...]
    """Labels: the month where it begins, with the year in January and in the first column."""
    values: tuple[tuple[int | None, ...], ...]
    """By row and column; None outside of the span."""

    def day(self, index: int) -> date:
        """The day of a cell, counted row by row."""
        row, column = divmod(index, self.weeks)
        return self.monday + timedelta(days=column * 7 + row)

    def index(self, day: date) -> int:
        """The reverse of `day`."""
        column, row = divmod((day - self.monday).days, 7)
        return row * self.weeks + column


def calendar(counts: Mapping[date, int], span: Span) -> Calendar:
    """Lay counts a day out as a calendar."""
    monday = span.first - timedelta(days=span.first.weekday())
    weeks = ((span.last - monday).days) // 7 + 1
    rows = []
    for weekday in range(7):
        days = (monday + timedelta(days=week * 7 + weekday) for week in range(weeks))
        rows.append(tuple(counts.get(day, 0) if day in span else None for day in days))
    return Calendar(monday, weeks, tuple(_months(monday, weeks)), tuple(rows))


def _months(monday: date, weeks: int) -> Iterable[str]:
    for week in range(weeks):
        sunday = monday + timedelta(days=week * 7 + 6)
        if week == 0 or (sunday.day <= 7 and sunday.month == 1):
            yield f"{sunday:%b %Y}"
        else:
            yield f"{sunday:%b}" if sunday.day <= 7 else ""


def over_time(counts: Mapping[date, int], span: Span) -> list[tuple[Span, str, int]]:
    """The counts of days, weeks or months, whichever suits the length of the span, each with its days and a label."""
    unit: Unit = "day" if span.days <= _DAILY else "week" if span.days <= _WEEKLY else "month"
    parts: list[tuple[Span, str, int]] = []
    totals: dict[date, int] = {}
    for day, count in counts.items():
        first = span_of(unit, day).first
        totals[first] = totals.get(first, 0) + count
    part = span_of(unit, span.first)
    while part.first <= span.last:
        inside = Span(max(part.first, span.first), min(part.last, span.last))
        label = f"{part.first:%Y-%m}" if unit == "month" else f"{part.first:%m-%d}"
        parts.append((inside, label, totals.get(part.first, 0)))
        if part.last == date.max:
            break
        part = span_of(unit, part.last + _DAY)
    return parts
