"""Where one has been: back and forward, as in a browser."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

T = TypeVar("T")

LONGEST: Final = 200


class Trail(Generic[T]):
    """A line of visited places and where on it one stands; going somewhere new forgets what was forward."""

    def __init__(self) -> None:
        self._places: list[T] = []
        self._at = -1

    def visit(self, place: T) -> None:
        """Go somewhere new; the place one stands on is not repeated."""
        if self._at >= 0 and self._places[self._at] == place:
            return
        del self._places[self._at + 1 :]
        self._places.append(place)
        del self._places[:-LONGEST]
        self._at = len(self._places) - 1

    def step(self, by: int) -> T | None:
        """Move back (-1) or forward (1) and return the place, None at the end."""
        if not self.can_step(by):
            return None
        self._at += by
        return self._places[self._at]

    def can_step(self, by: int) -> bool:
        """Whether there is a place that way."""
        return 0 <= self._at + by < len(self._places)
