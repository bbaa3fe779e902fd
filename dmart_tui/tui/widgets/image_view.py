"""A picture in half blocks."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from dmart_tui.core.text import fit, safe, wrap
from dmart_tui.core.viewing import Picture, load_picture, read_header

if TYPE_CHECKING:
    from textual import events

    from dmart_tui.core.viewing import ByteSource, Pixels


_HEAD = 256 * 1024
"""Bytes that tell the size of any picture."""


@lru_cache(maxsize=4096)
def _color(rgb: tuple[int, int, int]) -> Color:
    return Color.from_rgb(*rgb)


class ImageView(Widget, can_focus=True):
    """A picture drawn with two pixels a cell (`▀`), as large as it fits, its proportions kept.

    Decodes in a thread, again when the size changes. What cannot be decoded, and every picture on a terminal of 16
    colours, is described by its format, its size and the reason. The source is the owner's to close.
    """

    DEFAULT_CSS = """
    ImageView { height: 1fr; color: $text-muted; }
    """

    class Decoded(Message):
        """A picture is on the screen, or the reason why it cannot be."""

        def __init__(self, view: ImageView, picture: Picture) -> None:
            super().__init__()
            self.view = view
            self.picture = picture

        @property
        def control(self) -> ImageView:
            return self.view

    def __init__(
        self,
        source: ByteSource,
        *,
        id: str | None = None,  # noqa: A002 - as in Textual
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._source = source
        self._picture: Picture | None = None

    @property
    def picture(self) -> Picture | None:
        """What is shown; None while it is decoded."""
        return self._picture

    def on_resize(self, event: events.Resize) -> None:
        self.run_worker(self._decode(), group="decode", exclusive=True)

    async def _decode(self) -> None:
        width, height = self.content_size
        ground = self.background_colors[1].rgb
        # Without a terminal nothing tells how many colours there are.
        if self.app.console.color_system == "standard" and not self.app.is_headless:
            head = await asyncio.to_thread(self._source.read, 0, _HEAD)
            self._show(Picture(*read_header(head), None, "not drawn: this terminal has too few colours for a picture"))
            return
        self._show(await asyncio.to_thread(load_picture, self._source, width, height - 1, background=ground))

    def _show(self, picture: Picture) -> None:
        self._picture = picture
        self.refresh()
        self.post_message(self.Decoded(self, picture))

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        picture = self._picture
        if picture is None:
            return Strip.blank(width, self.rich_style)
        pixels = picture.pixels
        if pixels is None:
            lines = [picture.title, *wrap(safe(picture.note), max(8, width))]
            text = lines[y] if y < len(lines) else ""
            return Strip([Segment(fit(safe(text), width), self.rich_style)], width)
        rows = (pixels.height + 1) // 2
        if y < rows:
            return self._row(pixels, y, width)
        if y == rows:
            text = f"{picture.title}; {picture.note}" if picture.note else picture.title
            return Strip([Segment(fit(safe(text), width), self.rich_style)], width)
        return Strip.blank(width, self.rich_style)

    def _row(self, pixels: Pixels, y: int, width: int) -> Strip:
        ground = self.background_colors[1].rgb
        segments: list[Segment] = []
        run, last = 0, None
        for x in range(min(pixels.width, width) + 1):
            pair = None
            if x < min(pixels.width, width):
                below = 2 * y + 1
                pair = pixels.at(x, 2 * y), pixels.at(x, below) if below < pixels.height else ground
            if pair != last and last is not None:
                top, bottom = last
                same = top == bottom
                style = Style(color=None if same else _color(top), bgcolor=_color(bottom))
                segments.append(Segment((" " if same else "▀") * run, style))
                run = 0
            last = pair
            run += 1
        return Strip(segments).adjust_cell_length(width, self.rich_style)
