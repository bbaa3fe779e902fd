"""What a word may become, in a small list beside the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from rich.segment import Segment
from textual.geometry import Offset
from textual.strip import Strip
from textual.widget import Widget

from dmart_tui.core.text import cell_width, fit, safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

MOST_SHOWN: Final = 6
"""Rows: each character typed brings others, and more rows are more bytes."""
_WIDEST: Final = 34
_DETAIL: Final = 16


class Offered(NamedTuple):
    """One row; texts are made safe when drawn."""

    text: str
    detail: str = ""
    sign: str = " "
    """One cell before it that tells the kind."""


class Offers(Widget, can_focus=False):
    """A list over everything else, without the focus: whoever has it steps and takes."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"offers--current", "offers--detail"}
    DEFAULT_CSS = """
    Offers {
        position: absolute;
        overlay: screen;
        constrain: none inside;
        display: none;
        width: auto;
        height: auto;
        background: $panel;
        color: $foreground;
        & > .offers--current { background: $block-cursor-background; color: $block-cursor-foreground; }
        & > .offers--detail { color: $text-muted; }
        &:ansi > .offers--current { text-style: reverse; }
        &:ansi > .offers--detail { text-style: dim; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.offered: Sequence[Offered] = ()
        self.at = 0
        self.moved = False
        """Whether a person stepped in it since it came."""
        self._top = 0
        self._text = self._detail = 0
        self._place = Offset(-1, -1)

    @property
    def shows(self) -> bool:
        return bool(self.display and self.offered)

    @property
    def current(self) -> int:
        """The row under the cursor."""
        return self.at

    def offer(self, offered: Sequence[Offered], place: Offset) -> None:
        """Show rows below a place of the screen, or above it where there is no room; nothing when there are none."""
        if not offered:
            self.leave()
            return
        before = (self.size.width, len(self.offered[:MOST_SHOWN]), self.display, self._place)
        self.offered, self.at, self._top, self.moved = offered, 0, 0, False
        self._text = min(_WIDEST, max(cell_width(safe(one.text)) for one in offered[:MOST_SHOWN]))
        self._detail = min(_DETAIL, max(cell_width(safe(one.detail)) for one in offered[:MOST_SHOWN]))
        rows = min(MOST_SHOWN, len(offered))
        width = self._text + self._detail + 5
        screen = self.screen.size
        top = place.y + 1 if place.y + 1 + rows <= screen.height else place.y - rows
        at = Offset(max(0, min(place.x - 2, screen.width - width)), max(0, top))
        self._place = at
        if (width, rows, True, at) != before:
            self.styles.offset = (at.x - self._base.x, at.y - self._base.y)
            self.styles.width, self.styles.height = width, rows
            self.display = True
        self.refresh()

    @property
    def _base(self) -> Offset:
        parent = self.parent
        return parent.content_region.offset if isinstance(parent, Widget) else Offset()

    def step(self, by: int) -> None:
        """Go up or down, round the end."""
        self.at = (self.at + by) % len(self.offered)
        self.moved = True
        self._top = min(self.at, max(self._top, self.at - MOST_SHOWN + 1))
        self.refresh()

    def leave(self) -> None:
        """Go away."""
        self.offered = ()
        if self.display:
            self.display = False

    def on_click(self, event: events.Click) -> None:
        event.stop()

    def render_line(self, y: int) -> Strip:
        row = self._top + y
        width = self.size.width
        if row >= len(self.offered):
            return Strip.blank(width, self.rich_style)
        one = self.offered[row]
        look = self.get_component_rich_style("offers--current") if row == self.at else self.rich_style
        muted = look if row == self.at else self.get_component_rich_style("offers--detail")
        text = fit(safe(one.text), self._text)
        detail = fit(safe(one.detail), self._detail)
        segments = [Segment(f"{one.sign} ", muted), Segment(text, look), Segment(f"  {detail} ", muted)]
        return Strip(segments).adjust_cell_length(width, look)
