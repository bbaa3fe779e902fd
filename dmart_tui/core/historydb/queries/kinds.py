"""Values of documents as keys, in one order, as times and on their way between processes."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.historydb.dates import FIRST, LAST, day_of, day_text
from dmart_tui.core.historydb.values import Packing, decoder

_DAY: Final = 86_400
_UNITS: Final = ((10**11, 1), (10**14, 1000), (10**17, 1_000_000), (10**20, 1_000_000_000))
_local: Final = threading.local()


def pack(value: Any) -> bytes:
    """A value as msgpack; raises UsageFault for what has no form there."""
    packing: Packing | None = getattr(_local, "packing", None)
    if packing is None:
        packing = _local.packing = Packing()
    return packing.pack(value)


unpack: Final = decoder.decode


def frozen(value: Any) -> Any:
    """A value as a key of its own: lists, maps, True and False as a tuple of their bytes, all else as it is."""
    return (pack(value),) if isinstance(value, list | dict | bool) else value


def hashable(value: Any) -> Any:
    """A value as a key, True being 1: lists and maps as a tuple of their bytes, all else as it is."""
    return (pack(value),) if isinstance(value, list | dict) else value


def thawed(key: Any) -> Any:
    """The value of a `frozen` or `hashable` key."""
    return unpack(key[0]) if isinstance(key, tuple) else key


def rank(value: Any) -> tuple[int, Any]:
    """A key that puts any values in one order: nothing, numbers, texts, bytes, times, all else by its bytes."""
    if value is None:
        return 0, 0
    if isinstance(value, int | float):
        return (1, value) if value == value else (2, 0)
    if isinstance(value, str):
        return 3, value
    if isinstance(value, bytes):
        return 4, value
    if isinstance(value, date):
        return 5, (moment(value), pack(value))
    return 6, value[0] if isinstance(value, tuple) else pack(value)


def moment(value: Any) -> float | None:
    """Seconds since 1970 of whatever tells a date, by the rules of `dates.day_of`; None where it tells none."""
    if type(value) is int or type(value) is float:
        seconds = next((value / unit for limit, unit in _UNITS if -limit < value < limit), None)
        return seconds if seconds is not None and FIRST <= seconds // _DAY <= LAST else None
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        pass
    try:
        return float(day_of(value) * _DAY)
    except UsageFault:
        return None


def hour(seconds: float) -> int:
    """The hour of the day, in UTC."""
    return int(seconds // 3600 % 24)


def day_number(seconds: float) -> int:
    """The day since 1970."""
    return int(seconds // _DAY)


@lru_cache(4096)
def day(number: int) -> str:
    """A day as `2024-03-26`."""
    return day_text(number)


@lru_cache(4096)
def month(number: int) -> str:
    """The month of a day as `2024-03`."""
    return day_text(number)[:7]


@lru_cache(4096)
def year(number: int) -> int:
    """The year of a day."""
    return int(day_text(number)[:4])


def weekday(number: int) -> int:
    """The weekday of a day, Monday being 1."""
    return (number + 3) % 7 + 1
