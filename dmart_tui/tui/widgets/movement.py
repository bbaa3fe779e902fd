"""One set of movement keys, so that a key means the same in every list."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding, BindingType

MOVEMENT: Final[list[BindingType]] = [
    Binding("down,j", "move(1)", "Down", show=False, id="list.down"),
    Binding("up,k", "move(-1)", "Up", show=False, id="list.up"),
    Binding("right,l", "right", "In", show=False, id="list.right"),
    Binding("left,h", "left", "Out", show=False, id="list.left"),
    Binding("home,g", "first", "First", show=False, id="list.first"),
    Binding("end,G", "last", "Last", show=False, id="list.last"),
    Binding("ctrl+d", "page(0.5)", "Half a page down", show=False, id="list.half-down"),
    Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False, id="list.half-up"),
    Binding("pagedown", "page(1)", "Page down", show=False, id="list.page-down"),
    Binding("pageup", "page(-1)", "Page up", show=False, id="list.page-up"),
    Binding("enter", "activate", "Open", show=False, id="list.activate"),
]
"""Actions a movable widget answers: `move(rows)`, `page(pages)`, `first`, `last`, `left`, `right`, `activate`."""
