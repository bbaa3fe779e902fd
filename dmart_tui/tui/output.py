"""Sending little: remember what the terminal shows, and write only what differs.

Textual rewrites every dirty region whole. `ThinOutput` compares each update with a shadow of the screen and sends only
the cells that changed, with the shortest cursor moves and style changes. No other module reaches into Textual's private
parts; where they are not shaped as known here, or with DMART_TUI_PLAIN_OUTPUT=1, Textual writes as it always does.
"""

from __future__ import annotations

import os
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from rich.cells import split_graphemes
from rich.color import ColorSystem
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import MouseMove
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import RenderableType
    from rich.style import Style
    from textual import events
    from textual.dom import DOMNode
    from textual.driver import Driver
    from textual.message import Message
    from textual.screen import Screen
    from textual.widget import Widget

_UNKNOWN: Final = "\0"
_GAP: Final = 3  # cells cheaper to write again than to jump over
_SYNC_FROM: Final = 256  # bytes; a shorter update reaches the terminal in one piece anyway

# Characters every terminal draws one cell wide and in the order they are written.
_CALM_NARROW: Final = (
    "\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u058f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u20a0-\u20c0"
    "\u2190-\u2319\u231c-\u2328\u232b-\u23e8\u2400-\u2426\u2500-\u25fc\u2701-\u2704\u270c-\u2727\u2800-\u28ff"
)
_CALM_WIDE: Final = (
    "\u2e80-\u3029\u3030-\u3098\u309b-\u3163\u3165-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60\uffe0-\uffe6"
)
_NARROW: Final = re.compile(f"[{_CALM_NARROW}]*")
_NOT_TEXT: Final = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0))) | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")

_OFF: Final = {"1": "22", "2": "22", "3": "23", "4": "24", "21": "24", "5": "25", "6": "25", "7": "27", "8": "28"} | {
    "9": "29",
    "51": "54",
    "52": "54",
    "53": "55",
}


@cache
def _odd_pattern() -> re.Pattern[str]:
    return re.compile(f"[^\0{_CALM_NARROW}{_CALM_WIDE}]")


def _is_odd(text: str) -> bool:
    """Whether terminals may reorder, join or measure this as they please.

    The pattern that knows wide characters takes 4 ms to build: most screens never need it.
    """
    return not _NARROW.fullmatch(text.replace(_UNKNOWN, " ")) and _odd_pattern().search(text) is not None


@lru_cache(4096)
def _parts(look: str) -> tuple[frozenset[str], str, str]:
    """Split SGR parameters into attributes, foreground and background."""
    attributes: set[str] = set()
    foreground = background = ""
    codes = iter(look.split(";") if look else ())
    for code in codes:
        if code in ("38", "48"):
            mode = next(codes)
            colour = ";".join([code, mode, *(next(codes) for _ in range(1 if mode == "5" else 3))])
        else:
            colour = code
        number = int(code)
        if number == 38 or 30 <= number <= 37 or 90 <= number <= 97:
            foreground = colour
        elif number == 48 or 40 <= number <= 47 or 100 <= number <= 107:
            background = colour
        elif number not in (39, 49):
            attributes.add(code)
    return frozenset(attributes), foreground, background


@lru_cache(4096)
def _on_blank(look: str) -> str:
    """What of a look is seen on a space: the background, unless it is underlined, reversed or the like."""
    attributes, _, background = _parts(look)
    return background if attributes <= {"1", "2", "3"} else look


@lru_cache(4096)
def _change(old: str, new: str) -> str:
    """The shortest SGR sequence from one look to another."""
    if not new:
        return "\x1b[m"
    attributes, foreground, background = _parts(new)
    had, had_foreground, had_background = _parts(old)
    off = {_OFF[code] for code in had - attributes if code in _OFF}
    on = {code for code in attributes if code not in had or _OFF.get(code) in off}
    codes = [*sorted(off), *sorted(on)]
    if foreground != had_foreground:
        codes.append(foreground or "39")
    if background != had_background:
        codes.append(background or "49")
    return min(f"\x1b[{';'.join(codes)}m", f"\x1b[0;{new}m", key=len)


@lru_cache(8192)
def _cells(text: str) -> tuple[str, tuple[str, ...]]:
    """Text as marks that belong to the cell before it, and terminal cells: an empty one follows each wide character.

    Control characters are dropped, so nothing shown can carry an escape sequence.
    """
    text = text.translate(_NOT_TEXT)
    marks = ""
    cells: list[str] = []
    for start, end, width in split_graphemes(text)[0]:
        if width:
            cells.append(text[start:end])
            cells.extend([""] * (width - 1))
        else:
            marks += text[start:end]
    return marks, tuple(cells)


def _join(cells: list[str], marks: str) -> None:
    """Put marks on the last cell: a strip may be cut between a letter and its marks."""
    last = len(cells) - (2 if cells[-1] == "" and len(cells) > 1 else 1)
    if not cells[last].endswith(marks):
        cells[last] += marks


class ShadowScreen:
    """What the terminal shows, cell by cell, and the shortest bytes that turn it into something else.

    Args:
        erase_keeps_colour: whether the terminal erases with the current background (all but GNU screen do).

    Two references a cell: 200x50 cells take 160 KB.
    """

    def __init__(self, *, erase_keeps_colour: bool = True) -> None:
        self._erase_keeps_colour = erase_keeps_colour
        self._width = self._height = 0
        self._shown: list[tuple[list[str], list[str]]] = []
        self._staged: dict[int, tuple[list[str], list[str]]] = {}
        self._out: list[str] = []
        self._look = ""
        self._x: int | None = None
        self._y: int | None = None

    def fit(self, width: int, height: int) -> None:
        """Take the terminal's size; a new size forgets everything."""
        if (width, height) != (self._width, self._height):
            self._width, self._height = width, height
            self.forget()

    def forget(self) -> None:
        """Assume nothing about what the terminal shows or where its cursor is."""
        self._shown = [([_UNKNOWN] * self._width, [""] * self._width) for _ in range(self._height)]
        self._staged.clear()
        self._x = self._y = None

    def paint(self, x: int, y: int, segments: Iterable[tuple[str, str]]) -> None:
        """Stage text from column `x` of row `y`; `segments` are text and its SGR parameters."""
        if not (0 <= y < self._height and 0 <= x < self._width):
            return
        chars: list[str] = []
        looks: list[str] = []
        before = ""
        for text, look in segments:
            start = len(chars)
            if _NARROW.fullmatch(text):
                chars.extend(text)
            else:
                marks, cells = _cells(text)
                if chars and marks:
                    _join(chars, marks)
                before = before or ("" if chars else marks)
                chars.extend(cells)
            blank = _on_blank(look)
            if blank == look or " " not in text:
                looks.extend([look] * (len(chars) - start))
            else:
                looks.extend([blank if char == " " else look for char in chars[start:]])
        end = min(x + len(chars), self._width)
        if x + len(chars) > end and chars[end - x] == "":
            chars[end - x - 1] = " "
        row_chars, row_looks = self._staged.get(y) or self._shown[y]
        if not before and row_chars[x:end] == chars[: end - x] and row_looks[x:end] == looks[: end - x]:
            return
        if y not in self._staged:
            row_chars, row_looks = self._staged[y] = (row_chars.copy(), row_looks.copy())
        if before and x and row_chars[x - 1] != _UNKNOWN:
            head = row_chars[:x]
            _join(head, before)
            row_chars[:x] = head
        # Half of a wide character that is painted over leaves a blank.
        if row_chars[x] == "" and x:
            row_chars[x - 1] = " "
        if end < self._width and row_chars[end] == "":
            row_chars[end] = " "
        row_chars[x:end] = chars[: end - x]
        row_looks[x:end] = looks[: end - x]

    def flush(self, cursor: tuple[int, int]) -> str:
        """What to write so that the terminal shows what was painted and has its cursor at (column, row)."""
        self._look = ""
        for y in sorted(self._staged):
            self._write_row(y, *self._staged[y])
            self._shown[y] = self._staged[y]
        self._staged.clear()
        if self._look:
            self._out.append("\x1b[m")
        self._move(*cursor)
        written = "".join(self._out)
        self._out.clear()
        return written

    def _write_row(self, y: int, chars: list[str], looks: list[str]) -> None:
        old_chars, old_looks = self._shown[y]
        changed = [
            x
            for x, (char, old_char, look, old_look) in enumerate(zip(chars, old_chars, looks, old_looks, strict=True))
            if char != old_char or look != old_look
        ]
        if not changed:
            return
        if _is_odd("".join(chars)) or _is_odd("".join(old_chars)):  # only a whole row is sure
            self._write_cells(y, 0, self._width, chars, looks, odd=True)
            return
        start = stop = -1
        for x in changed:
            first, after = x, x + 1
            while first and (chars[first] == "" or old_chars[first] == ""):
                first -= 1
            while after < self._width and (chars[after] == "" or old_chars[after] == ""):
                after += 1
            if start >= 0 and (first <= stop or (first - stop <= _GAP and _alike(looks, stop - 1, first))):
                stop = max(stop, after)
                continue
            if start >= 0:
                self._write_cells(y, start, stop, chars, looks)
            start, stop = first, after
        self._write_cells(y, start, stop, chars, looks)

    def _write_cells(
        self, y: int, start: int, stop: int, chars: list[str], looks: list[str], *, odd: bool = False
    ) -> None:
        x = start
        while x < stop:
            char, look = chars[x], looks[x]
            if char == _UNKNOWN:
                x += 1
                continue
            self._move(x, y)
            end = x + 1
            if char == " ":
                while end < stop and chars[end] == " " and looks[end] == look:
                    end += 1
                self._write_blanks(x, end, stop, look)
            else:
                is_odd = odd and _is_odd(char)
                while (
                    end < stop
                    and looks[end] == look
                    and chars[end] not in (" ", _UNKNOWN)
                    and (not odd or _is_odd(chars[end]) == is_odd or chars[end] == "")
                ):
                    end += 1
                self._wear(look)
                self._out.append("".join(chars[x:end]))
                # After the last column, or a character of doubtful width, only an absolute move is sure.
                self._x = None if is_odd or end >= self._width else end
            x = end

    def _write_blanks(self, x: int, end: int, stop: int, look: str) -> None:
        """Blank the cells from `x` to `end`; `stop` is where the writing of this row ends."""
        if _on_blank(self._look) != look:
            self._wear(look)
        count = end - x
        erasable = _on_blank(look) == look and not _parts(look)[0] and (self._erase_keeps_colour or not look)
        if erasable and end == self._width and count > 3:
            self._out.append("\x1b[K")
        elif erasable and count > (5 if end == stop else 10):
            self._out.append(f"\x1b[{count}X")
        else:
            self._out.append(" " * count)
            self._x = None if end >= self._width else end

    def _wear(self, look: str) -> None:
        if look != self._look:
            self._out.append(_change(self._look, look))
            self._look = look

    def _move(self, x: int, y: int) -> None:
        if (self._x, self._y) == (x, y):
            return
        moves = [f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"]
        if self._y == y:
            moves.append("\r" if x == 0 else f"\x1b[{x + 1}G")
            if self._x is not None:
                moves.append(_step(x - self._x, "C", "D"))
        elif self._x == x and self._y is not None:
            moves.append(_step(y - self._y, "B", "A"))
        self._out.append(min(moves, key=len))
        self._x, self._y = x, y


def _alike(looks: list[str], first: int, last: int) -> bool:
    return all(look == looks[first] for look in looks[first : last + 1])


def _step(distance: int, onward: str, back: str) -> str:
    count = abs(distance)
    return f"\x1b[{count if count > 1 else ''}{onward if distance > 0 else back}"


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
    return Strip.render_ansi(style, colours) if style._ansi is None else style._ansi


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
