"""A screen whose widgets all hear how large they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from textual.screen import Screen

if TYPE_CHECKING:
    from textual.geometry import Size

R = TypeVar("R")


class Fitted(Screen[R]):
    """Tells every widget its size, also where it was asked for before the widget was first laid out.

    Textual (8.2) tells widgets that a layout has and the map of before has not. After a scroll that map is made anew by
    whoever asks for a region, with what was mounted meanwhile already in it: that never hears of a size, and stays
    arranged for none.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._last_layout = self._compositor._full_map

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        if not scroll or self._layout_widgets:
            self._compositor._full_map = self._last_layout
            super()._refresh_layout(size, scroll)
            self._last_layout = self._compositor._full_map
        else:
            super()._refresh_layout(size, scroll)


__all__ = ["Fitted"]
