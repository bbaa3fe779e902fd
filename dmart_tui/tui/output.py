"""Sending little: remember what the terminal shows, and write only what differs.

Textual rewrites every dirty region whole. `ThinOutput` compares each update with a shadow of the screen and sends only
the cells that changed, with the shortest cursor moves and style changes. Only this module and `screens/fitted.py` reach
into Textual's private parts; where they are not shaped as known here, or with DMART_TUI_PLAIN_OUTPUT=1, Textual writes
as it always does.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from rich.color import ColorSystem
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import MouseMove
from textual.strip import Strip

from dmart_tui.core.text import safe
from dmart_tui.tui.shadow import ShadowScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType
    from rich.style import Style
    from textual import events
    from textual.dom import DOMNode
    from textual.driver import Driver
    from textual.message import Message
    from textual.screen import Screen
    from textual.widget import Widget

_SYNC_FROM: Final = 256  # bytes; a shorter update reaches the terminal in one piece anyway
_TRUE: Final = re.compile(r"\b([34]8);2;(\d+);(\d+);(\d+)")
_LEVELS: Final = (0, 95, 135, 175, 215, 255)
_GREYS: Final = range(8, 248, 10)


class QuietDriver(LinuxDriver):
    """Textual's terminal driver without hover: no any-motion tracking, and stray moves are dropped unread.

    Clicks, wheel and drags are reported (modes 1000, 1002 and 1006). Output goes to stdout, so stderr may be a file.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = open(1, "w", encoding="utf-8", errors="replace", newline="", closefd=False)  # noqa: SIM115

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1000;1002;1006h")
            self.flush()

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1000;1002;1006l")
            self.flush()

    def process_message(self, message: Message) -> None:
        if isinstance(message, MouseMove) and not message.button and not self._down_buttons:
            return
        super().process_message(message)

    def start_application_mode(self) -> None:
        if isinstance(self._app, ThinOutput):
            self._app.forget_terminal()
        super().start_application_mode()  # type: ignore[no-untyped-call]


def _known_textual() -> bool:
    """Whether Textual's private parts have the shapes this module was written for (8.2)."""
    try:
        return (
            ChopsUpdate.__init__.__code__.co_varnames[:4] == ("self", "chops", "spans", "chop_ends")
            and LayoutUpdate.__init__.__code__.co_varnames[:3] == ("self", "strips", "region")
            and App._display.__code__.co_varnames[:3] == ("self", "screen", "renderable")
            and callable(Strip.render_ansi)
            and all(hasattr(App, name) for name in ("_begin_update", "_end_update", "_register", "_set_pointer_shape"))
        )
    except AttributeError:
        return False


class ThinOutput(App[None]):
    """An app that writes only what differs from what the terminal shows, and nothing when idle.

    Also: no animation (unless TEXTUAL_ANIMATIONS is set), no cursor blink, no hover, no OSC 8 links.
    """

    on_first_frame: Callable[[], None] | None = None
    """Called once, after the first frame was handed to the terminal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shadow: ShadowScreen | None = None
        if "TEXTUAL_ANIMATIONS" not in os.environ:
            self.animation_level = "none"
        if os.environ.get("DMART_TUI_PLAIN_OUTPUT") != "1" and _known_textual():
            gnu_screen = os.environ.get("TERM", "").startswith("screen") and "TMUX" not in os.environ
            self._shadow = ShadowScreen(erase_keeps_colour=not gnu_screen)

    def leave(self, code: int = 0) -> None:
        """End with an exit code."""
        self.exit(return_code=code)

    def redraw_all(self) -> None:
        """Send the whole screen again, for a terminal that something else has written to."""
        self.forget_terminal()
        self.refresh()

    def forget_terminal(self) -> None:
        """Assume nothing about what the terminal shows; call before anything that repaints all of it."""
        if self._shadow is not None:
            self._shadow.forget()

    def on_resize(self, event: events.Resize) -> None:
        """Start from nothing: terminals cut, reflow or keep their cells as they like."""
        if event.size == self.size:
            self.redraw_all()
        else:
            self.forget_terminal()

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver of a real terminal is replaced by the quiet one; others stay."""
        driver = super().get_driver_class()
        return QuietDriver if driver is LinuxDriver else driver

    def _register(self, parent: DOMNode, *widgets: Widget, **kwargs: Any) -> list[Widget]:
        for widget in widgets:
            blink = getattr(type(widget), "cursor_blink", None)
            if blink is not None:
                widget.set_reactive(blink, False)
        return super()._register(parent, *widgets, **kwargs)

    def _set_pointer_shape(self, shape: str) -> None:
        """Nothing: the shape follows a hover that is never reported."""

    def _fatal_error(self) -> None:
        """Leave with a traceback as safe text; Textual's own shows local variables, which are the person's data."""
        from traceback import format_exc

        from rich.text import Text

        self._exit_renderables.append(Text(f"This is a defect of dmart-tui:\n{safe(format_exc(), lines=True)}"))
        self._close_messages_no_wait()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        self._show(screen, renderable)
        if self.on_first_frame is not None and renderable is not None and not self._batch_count:
            done, self.on_first_frame = self.on_first_frame, None
            done()

    def _show(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        driver, shadow = self._driver, self._shadow
        if (
            shadow is None
            or driver is None
            or driver.is_inline
            or driver.is_headless
            or renderable is None
            or self._batch_count
            or not self._running
            or self._closed
        ):
            super()._display(screen, renderable)
            return
        if not isinstance(renderable, LayoutUpdate | ChopsUpdate):
            shadow.forget()
            super()._display(screen, renderable)
            return
        try:
            shadow.fit(*self.size)
            self._paint(shadow, renderable)
            cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
            self._previous_cursor_position = cursor
            written = shadow.flush(cursor)
        except Exception as error:
            self._handle_exception(error)
        else:
            self._write(driver, written)
        self.post_display_hook()

    def _write(self, driver: Driver, written: str) -> None:
        if not written:
            return
        if len(written) < _SYNC_FROM:
            driver.write(written)
        else:
            self._begin_update()
            driver.write(written)
            self._end_update()
        driver.flush()

    def _paint(self, shadow: ShadowScreen, update: LayoutUpdate | ChopsUpdate) -> None:
        colours = self.console._color_system or ColorSystem.TRUECOLOR
        for x, y, strip in _strips(update):
            shadow.paint(x, y, [(text, _look(style, colours)) for text, style, _ in strip])


def _look(style: Style | None, colours: ColorSystem) -> str:
    if style is None:
        return ""
    return _short(Strip.render_ansi(style, colours) if style._ansi is None else style._ansi)


@lru_cache(4096)
def _short(look: str) -> str:
    """SGR parameters with the number of a true colour that the 256 of every terminal have: 8 bytes instead of 16."""
    return _TRUE.sub(lambda found: f"{found[1]};5;{number}" if (number := _number(found)) else found[0], look)


def _number(found: re.Match[str]) -> int | None:
    red, green, blue = rgb = tuple(map(int, found.group(2, 3, 4)))
    if all(level in _LEVELS for level in rgb):
        return 16 + 36 * _LEVELS.index(red) + 6 * _LEVELS.index(green) + _LEVELS.index(blue)
    if red == green == blue and red in _GREYS:
        return 232 + _GREYS.index(red)
    return None


def _strips(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """The strips of an update with the column and row each begins at, as Textual itself would write them."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield x, y, strip
                x += strip.cell_length
        return
    for y, first, last in update.spans:
        for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if chop is not None and x <= last and end > first:
                yield x, y, chop if end <= last else chop.crop(0, last - x)
