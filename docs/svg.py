"""A screen of the interface as a small SVG that needs no network: text in a local monospace font, lines as paths."""

from __future__ import annotations

from collections import defaultdict
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.color import Color
from textual._context import visible_screen_stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.segment import Segment
    from rich.style import Style
    from textual.app import App

CELL: Final = 9
LINE: Final = 19
FONT: Final = 15
MARGIN: Final = 10
FONTS: Final = "'DejaVu Sans Mono','Cascadia Mono',Menlo,Consolas,'Liberation Mono',monospace"

_LEFT, _RIGHT, _UP, _DOWN = 1, 2, 4, 8
_LINES: Final = {
    "─": _LEFT | _RIGHT, "━": _LEFT | _RIGHT, "│": _UP | _DOWN, "┃": _UP | _DOWN,
    "├": _UP | _DOWN | _RIGHT, "┤": _UP | _DOWN | _LEFT, "┬": _LEFT | _RIGHT | _DOWN, "┴": _LEFT | _RIGHT | _UP,
    "┼": _LEFT | _RIGHT | _UP | _DOWN,
}  # fmt: skip
"""Characters drawn as lines from the middle of a cell to some of its sides."""
_CORNERS: Final = {
    "╭": "M{mx} {b}V{ny}Q{mx} {my} {nx} {my}H{r}",
    "╮": "M{l} {my}H{px}Q{mx} {my} {mx} {ny}V{b}",
    "╰": "M{mx} {t}V{py}Q{mx} {my} {nx} {my}H{r}",
    "╯": "M{l} {my}H{px}Q{mx} {my} {mx} {py}V{t}",
}
_BLOCKS: Final = {"█": (0, 1), "▀": (0, 0.5), **{char: (1 - n / 8, n / 8) for n, char in enumerate("▁▂▃▄▅▆▇", 1)}}
"""Characters drawn as a rectangle as wide as the cell: its top and height."""


def screen_svg(app: App[None]) -> str:
    """The screen of a running app as it shows now."""
    visible_screen_stack.set(app._background_screens)
    rows = [list(strip) for strip in app.screen._compositor.render_strips()]
    ground = app.current_theme.background or "#000000"
    ink = app.current_theme.foreground or "#ffffff"
    return _Drawing(ground, ink, app.size.width, app.size.height).of(rows)


class _Drawing:
    def __init__(self, ground: str, ink: str, width: int, height: int) -> None:
        self.ground, self.ink = ground, ink
        self.width, self.height = width, height
        self.rects: dict[str, list[str]] = defaultdict(list)
        self.lines: dict[str, list[str]] = defaultdict(list)
        self.uprights: dict[str, dict[int, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
        self.texts: list[str] = []
        self.classes: dict[str, str] = {}

    def of(self, rows: list[list[Segment]]) -> str:
        for y, row in enumerate(rows):
            self._row(y, row)
        self._join_uprights()
        width, height = self.width * CELL + 2 * MARGIN, self.height * LINE + 2 * MARGIN
        styles = "".join(f".{name}{{{css}}}" for css, name in self.classes.items())
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-MARGIN} {-MARGIN} {width} {height}">',
            f"<style>text{{font:{FONT}px {FONTS};white-space:pre;fill:{self.ink}}}path{{fill:none}}{styles}</style>",
            f'<rect x="{-MARGIN}" y="{-MARGIN}" width="{width}" height="{height}" rx="8" fill="{self.ground}"/>',
            *(f'<path style="fill:{color}" d="{"".join(shapes)}"/>' for color, shapes in self.rects.items()),
            *(f'<path stroke="{color}" d="{"".join(shapes)}"/>' for color, shapes in self.lines.items()),
            *self.texts,
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def _row(self, y: int, row: Iterable[Segment]) -> None:
        x = 0
        for (ink, ground, css), pieces in groupby(self._pieces(row), key=lambda piece: piece[1]):
            text = "".join(piece for piece, _ in pieces)
            width = cell_len(text)
            if ground != self.ground:
                self.rects[ground].append(_rect(x * CELL, y * LINE, width * CELL, LINE))
            self._write(x, y, text, ink, css)
            x += width

    def _pieces(self, row: Iterable[Segment]) -> Iterator[tuple[str, tuple[str, str, str]]]:
        for segment in row:
            if not segment.control and segment.text:
                yield segment.text, self._look(segment.style)

    def _look(self, style: Style | None) -> tuple[str, str, str]:
        if style is None:
            return self.ink, self.ground, ""
        ink, ground = _hex(style.color, self.ink), _hex(style.bgcolor, self.ground)
        if style.reverse:
            ink, ground = ground, ink
        css = (
            ("font-weight:bold;" if style.bold else "")
            + ("font-style:italic;" if style.italic else "")
            + ("text-decoration:underline;" if style.underline else "")
            + ("opacity:.6;" if style.dim else "")
        )
        return ink, ground, css

    def _write(self, x: int, y: int, text: str, ink: str, css: str) -> None:
        run = ""
        start = x
        for char in text:
            width = cell_len(char)
            drawn = char in _LINES or char in _CORNERS or char in _BLOCKS
            if drawn or (char == " " and (not run or run.endswith(" "))):
                self._text(start, y, run, ink, css)
                run, start = "", x + width
                if drawn:
                    self._shape(x, y, char, ink)
            else:
                run += char
            x += width
        self._text(start, y, run, ink, css)

    def _text(self, x: int, y: int, run: str, ink: str, css: str) -> None:
        run = run.rstrip()
        if not run:
            return
        look = ("" if ink == self.ink else f"fill:{ink};") + css
        name = f' class="{self.classes.setdefault(look, f"c{len(self.classes)}")}"' if look else ""
        length = f' textLength="{cell_len(run) * CELL}"' if len(run) > 1 else ""
        self.texts.append(f'<text x="{x * CELL}" y="{y * LINE + 14}"{length}{name}>{escape(run, quote=False)}</text>')

    def _shape(self, x: int, y: int, char: str, ink: str) -> None:
        left, top, right, bottom = x * CELL, y * LINE, (x + 1) * CELL, (y + 1) * LINE
        middle_x, middle_y = left + CELL / 2, top + 9.5
        if char in _BLOCKS:
            start, height = _BLOCKS[char]
            self.rects[ink].append(_rect(left, top + start * LINE, CELL, height * LINE))
        elif char in _CORNERS:
            places = {"l": left, "r": right, "t": top, "b": bottom, "mx": middle_x, "my": middle_y}
            places |= {"nx": middle_x + 4, "px": middle_x - 4, "ny": middle_y + 5, "py": middle_y - 5}
            self.lines[ink].append(_CORNERS[char].format(**{name: _short(value) for name, value in places.items()}))
        else:
            sides = _LINES[char]
            if sides & (_LEFT | _RIGHT):
                begin, end = left if sides & _LEFT else middle_x, right if sides & _RIGHT else middle_x
                previous = self.lines[ink][-1:] if self.lines[ink] else []
                joint = f"H{_short(begin)}"
                if previous and previous[0].endswith(joint) and f" {_short(middle_y)}H" in previous[0]:
                    self.lines[ink][-1] = previous[0].removesuffix(joint) + f"H{_short(end)}"
                else:
                    self.lines[ink].append(f"M{_short(begin)} {_short(middle_y)}H{_short(end)}")
            if sides & (_UP | _DOWN):
                begin, end = top if sides & _UP else middle_y, bottom if sides & _DOWN else middle_y
                self.uprights[ink][x].append((begin, end))

    def _join_uprights(self) -> None:
        for ink, columns in self.uprights.items():
            for x, spans in columns.items():
                joined: list[list[float]] = []
                for begin, end in sorted(spans):
                    if joined and joined[-1][1] == begin:
                        joined[-1][1] = end
                    else:
                        joined.append([begin, end])
                middle = _short(x * CELL + CELL / 2)
                self.lines[ink] += [f"M{middle} {_short(begin)}V{_short(end)}" for begin, end in joined]


def _rect(x: float, y: float, width: float, height: float) -> str:
    return f"M{_short(x)} {_short(y)}h{_short(width)}v{_short(height)}h{_short(-width)}z"


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _hex(color: Color | None, default: str) -> str:
    return default if color is None or color.is_default else color.get_truecolor().hex
