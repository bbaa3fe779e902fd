"""Choosing one of a few things by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from dmart_tui.tui.screens.dialog import Picker, Row
from dmart_tui.tui.screens.matching import best

if TYPE_CHECKING:
    from collections.abc import Sequence

R = TypeVar("R")


class Pick(Picker[R]):
    """A list narrowed by typing.

    Args:
        rows: those to choose from, the likeliest first.
        words: what can be said below the list.
    """

    def __init__(self, title: str, rows: Sequence[Row], *, words: str = "enter chooses · esc closes") -> None:
        super().__init__(title)
        self._rows = rows
        self._words = words

    def narrow(self, text: str) -> None:
        self.list.set_rows(best(self._rows, text))
        self.say(self._words)
