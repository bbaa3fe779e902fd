"""Snowflake names of DES v1, made and decoded, and the shard that a name belongs to.

A name is `PREFIX_YYYYMMDD_(TTTTTTTTNNSS_CC)`: the low 32 bits of the milliseconds since 1970, a node, a number in that
millisecond, and the sum of those six bytes. The day tells which of the 49.7-day rounds of the 32 bits is meant.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from dmart_tui.core.errors import UsageFault

SHARD_BITS: Final = 8
"""Of a shard when nobody says otherwise: 256 shards a day."""
MOST_SHARD_BITS: Final = 32
NODES: Final = 256

_NAME: Final = re.compile(r"([A-Za-z0-9]+)_([0-9]{8})_\(([0-9A-F]{12})_([0-9A-F]{2})\)(\.[^/]*)?", re.DOTALL)
_DAY: Final = re.compile(r"_([0-9]{8})_")
_PREFIX: Final = re.compile(r"[A-Za-z0-9]+")
_ROUND: Final = 1 << 32
_EASTMOST: Final = timedelta(hours=14)
"""A day begins this long before it does in Greenwich, and names tell the day where they were made."""
_WAITED_FOR: Final = 1000
"""Milliseconds that the names may be ahead of the clock before the clock is taken to have gone back."""


@dataclass(frozen=True, slots=True)
class Snowflake:
    """What a name tells."""

    name: str
    prefix: str
    day: date
    """As written: local to where the name was made."""
    created: datetime
    """UTC, to the millisecond; wrong for makers that kept fewer than 32 bits."""
    node: int
    sequence: int
    """Its number among the names of its node in this millisecond."""
    sound: bool
    """Whether the checksum in it is right."""
    suffix: str
    """What follows it, with the dot; empty when nothing does."""


def decode(name: str) -> Snowflake | None:
    """What a Snowflake name tells; None for any other name, older spellings among them."""
    match = _NAME.fullmatch(name)
    day = _date(match[2]) if match else None
    if match is None or day is None:
        return None
    raw = bytes.fromhex(match[3])
    begin = _milliseconds(day)
    created = _since(begin, raw)
    try:
        when = datetime.fromtimestamp(created // 1000, UTC) + timedelta(milliseconds=created % 1000)
    except (ValueError, OverflowError, OSError):
        return None
    sound = sum(raw) % 256 == int(match[4], 16)
    return Snowflake(name, match[1], day, when, raw[4], raw[5], sound, match[5] or "")


def created_at(name: str) -> int | None:
    """Milliseconds since 1970 that a Snowflake name tells, 2 us; None for others, and where its checksum is wrong."""
    match = _NAME.fullmatch(name)
    begin = _begin(match[2]) if match else None
    if match is None or begin is None:
        return None
    raw = bytes.fromhex(match[3])
    return _since(begin, raw) if sum(raw) % 256 == int(match[4], 16) else None


def day_of(name: str) -> date | None:
    """The day that a name tells, Snowflake or not; None when it tells none."""
    match = _DAY.search(name)
    return _date(match[1]) if match else None


def shard_of(name: str, bits: int = SHARD_BITS) -> int:
    """The shard that a name belongs to, its extension included: the first bits of its SHA-256.

    Raises:
        UsageFault: no such number of bits.
    """
    if not 1 <= bits <= MOST_SHARD_BITS:
        raise UsageFault(f"a shard has 1 to {MOST_SHARD_BITS} bits, not {bits}")
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:4]) >> (32 - bits)


def new_names(prefix: str = "DES", node: int = 0) -> Iterator[str]:
    """Names without end, each used once: all iterators of a process that share a node share its count.

    May be used from several threads. Distinct processes need distinct nodes. At most 256 names a millisecond; a burst
    waits for the clock, a clock that is set back is not waited for.

    Args:
        prefix: ASCII letters and digits.
        node: 0 to 255.

    Raises:
        UsageFault: no such prefix or node.
    """
    if not _PREFIX.fullmatch(prefix):
        raise UsageFault(f"{prefix!r} cannot begin a name", hint="ASCII letters and digits can")
    if not 0 <= node < NODES:
        raise UsageFault(f"a node is 0 to {NODES - 1}, not {node}")
    with _SHARED:
        ticks = _TICKS.setdefault(node, Ticks())
    return Names(prefix, node, ticks)


class Ticks:
    """Pairs of a millisecond and a number in it, each later than the one before, whatever the clock does.

    Args:
        clock: nanoseconds since 1970.
        wait: sleeps so many seconds.
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns, wait: Callable[[float], object] = time.sleep) -> None:
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()
        self._last = (0, -1)

    def next(self) -> tuple[int, int]:
        """The next pair; waits under the lock, so that a burst of several threads keeps its order."""
        with self._lock:
            now = self._clock() // 1_000_000
            then, number = self._last
            if now > then:
                self._last = now, 0
            elif number < 255:
                self._last = then, number + 1
            else:
                self._last = then + 1, 0
                if then + 1 - now <= _WAITED_FOR:
                    self._wait((then + 1 - now) / 1000)
            return self._last


class Names:
    """An iterator of names; see `new_names`."""

    def __init__(self, prefix: str, node: int, ticks: Ticks) -> None:
        self._prefix = prefix
        self._node = node
        self._ticks = ticks

    def __iter__(self) -> Names:
        return self

    def __next__(self) -> str:
        when, number = self._ticks.next()
        raw = (when % _ROUND).to_bytes(4) + bytes((self._node, number))
        day = time.strftime("%Y%m%d", time.localtime(when // 1000))
        return f"{self._prefix}_{day}_({raw.hex().upper()}_{sum(raw) % 256:02X})"


_TICKS: Final[dict[int, Ticks]] = {}
_SHARED: Final = threading.Lock()


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


@lru_cache(4096)
def _begin(digits: str) -> int | None:
    day = _date(digits)
    return None if day is None else _milliseconds(day)


def _since(begin: int, raw: bytes) -> int:
    """Which of the moments that have these low 32 bits is in the 49.7 days from `begin`."""
    return begin + (int.from_bytes(raw[:4]) - begin) % _ROUND


def _milliseconds(day: date) -> int:
    """When a day begins, at the earliest place on earth."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC) - _EASTMOST
    return begin // timedelta(milliseconds=1)
