"""The day of a date, in whatever form documents tell it: days since 1970, in UTC where an offset is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST: Final = date.min.toordinal() - date(1970, 1, 1).toordinal()
LAST: Final = date.max.toordinal() - date(1970, 1, 1).toordinal()
_ORDINAL: Final = date(1970, 1, 1).toordinal()
_UNITS: Final = ((10**11, 86_400), (10**14, 86_400_000), (10**17, 86_400_000_000), (10**20, 86_400_000_000_000))
"""Below which size a number counts seconds, milliseconds, microseconds and nanoseconds, and so many make a day."""


def day_of(value: Any) -> int:
    """The day of a datetime, a date, a text in ISO 8601, or seconds, milliseconds and so on since 1970.

    Raises:
        UsageFault: it is no date of the years 1 to 9999.
    """
    kind = type(value)
    day = None
    if kind is str:
        day = _day_of_text(value)
    elif kind is int or kind is float:
        day = _day_of_number(value)
    elif isinstance(value, datetime):
        day = _day_of_moment(value)
    elif isinstance(value, date):
        day = value.toordinal() - _ORDINAL
    if day is None:
        raise UsageFault(f"{str(value)[:40]!r} is no date")
    return day


def days_of(values: Sequence[Any]) -> list[int]:
    """`day_of` each; raises UsageFault as it does. Integers of one unit take a tenth of the time."""
    if set(map(type, values)) == {int}:
        smallest, largest = min(values), max(values)
        above = 0
        for limit, unit in _UNITS:
            if above <= smallest and largest < limit and largest // unit <= LAST:
                return [value // unit for value in values]
            above = limit
    return [day_of(value) for value in values]


def day_text(day: int) -> str:
    """A day as `2024-03-26`."""
    return date.fromordinal(day + _ORDINAL).isoformat()


def _day_of_text(text: str) -> int | None:
    if len(text) <= 10:
        return _day_of_date(text)
    try:
        return _day_of_moment(datetime.fromisoformat(text))
    except ValueError:
        return None


@lru_cache(4096)
def _day_of_date(text: str) -> int | None:
    try:
        return date.fromisoformat(text).toordinal() - _ORDINAL
    except ValueError:
        return None


def _day_of_moment(value: datetime) -> int | None:
    try:
        return (value.astimezone(UTC) if value.tzinfo else value).toordinal() - _ORDINAL
    except OverflowError:
        return None


def _day_of_number(value: float) -> int | None:
    for limit, unit in _UNITS:
        if -limit < value < limit:
            day = int(value // unit)
            return day if FIRST <= day <= LAST else None
    return None
