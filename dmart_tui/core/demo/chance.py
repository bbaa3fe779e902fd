"""Everything random in the demo comes from here, so that a seed gives the same bytes each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

START: Final = datetime(2025, 3, 2)
END: Final = datetime(2026, 3, 24)
_FRIDAY: Final = 4


class Chance:
    """A seeded source of choices, identifiers and working-hour moments."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`."""
        return options[self.random.randrange(len(options))]

    def some(self, options: Sequence[T], most: int, least: int = 0) -> list[T]:
        """Between `least` and `most` different members, in their own order."""
        count = min(len(options), self.random.randint(least, most))
        return [options[index] for index in sorted(self.random.sample(range(len(options)), count))]

    def often(self, probability: float) -> bool:
        """True with the given probability."""
        return self.random.random() < probability

    def uuid(self) -> str:
        """A well-formed version 4 identifier."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def token(self, length: int) -> str:
        """Letters and digits, as keys and hashes have them."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "".join(self.random.choices(alphabet, k=length))

    def moment(self, after: datetime, before: datetime = END) -> datetime:
        """A naive time between the two, in working hours and not on a Friday where the span allows."""
        span = max((before - after).total_seconds(), 60.0)
        when = after + timedelta(seconds=self.random.uniform(0.01, 0.99) * span)
        at_work = when.replace(hour=self.random.randint(7, 16), minute=self.random.randint(0, 59))
        if at_work.weekday() == _FRIDAY:
            at_work += timedelta(days=1)
        if after + timedelta(seconds=1) < at_work < before:
            when = at_work
        return when.replace(microsecond=self.random.randint(1000, 999999))

    def moments(self, count: int, after: datetime, before: datetime = END) -> list[datetime]:
        """`count` moments in order."""
        return sorted(self.moment(after, before) for _ in range(count))


def stamp(when: datetime) -> str:
    """A time as D-MART wrote it: naive ISO."""
    return when.isoformat()


def epoch_ns(when: datetime) -> int:
    """Nanoseconds since 1970 of a naive time taken as UTC, for file times."""
    delta = when.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400_000_000 + delta.seconds * 1_000_000 + delta.microseconds) * 1000
