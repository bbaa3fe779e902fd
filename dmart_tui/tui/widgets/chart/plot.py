"""The ground of the charts: messages, a cursor, and lines with what the cursor marks in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, TypedDict

from rich.segment import Segment
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.tui.widgets.movement import MOVEMENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from rich.style import Style
    from textual import events
    from textual.binding import BindingType

    Base = Widget
else:
    Base = object


NO_NUMBERS: Final = "no numbers"


class Looks(TypedDict, total=False):
    """What every chart can be told."""

    plain: bool
    """Draw with ASCII only."""
    empty: str
    """A sentence for no numbers."""
    id: str | None


class Chart(Base):
    """What all charts say."""

    class ChartMessage(Message):
        """About one bar, column, point or cell; `index` is its place in what the chart was given."""

        def __init__(self, chart: Chart, index: int) -> None:
            super().__init__()
            self.chart = chart
            self.index = index

        @property
        def control(self) -> Chart:
            return self.chart

    class Highlighted(ChartMessage):
        """The cursor came to another one."""

    class Activated(ChartMessage):
        """Enter or a double click on one."""


class Line(NamedTuple):
    """One line of a plot, all of it safe text."""

    lead: str
    """The label of the vertical axis, and the axis."""
    body: str
    faint: bool = False
    """Whether it only tells about the others: an axis, its labels."""


class Mark(NamedTuple):
    """Cells that the cursor marks."""

    line: int
    start: int
    end: int
    text: str = ""
    """What stands there instead; empty: what stands there anyway."""


class Plot(Chart, Widget, can_focus=True, inherit_bindings=False):
    """A chart that fills its room: a caption about the one under the cursor, and lines that a subclass composes.

    Lines are composed when numbers or size change; a move of the cursor sends what it marks and the caption.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"plot--mark", "plot--axis", "plot--caption", "plot--cursor"}
    DEFAULT_CSS = """
    Plot {
        & > .plot--mark { color: $text-secondary; }
        & > .plot--axis { color: $text-muted; }
        & > .plot--caption { color: $foreground; }
        & > .plot--cursor { color: $foreground; text-style: bold; }
        &:focus > .plot--cursor { color: $text-accent; text-style: bold; }
        &:ansi > .plot--axis { text-style: dim; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = MOVEMENT

    cursor: reactive[int] = reactive(0, repaint=False, init=False)

    def __init__(self, **looks: Unpack[Looks]) -> None:
        super().__init__(id=looks.get("id"))
        self.plain = looks.get("plain", False)
        self.empty = looks.get("empty", NO_NUMBERS)
        self._lines: list[Line] = []
        self._marks: list[Mark] = []
        self._composed_for: tuple[int, int] | None = None

    # What a subclass says

    def count(self) -> int:
        """How many things the cursor can stand on."""
        raise NotImplementedError

    def caption(self, index: int) -> str:
        """Words for one of them; made safe when drawn."""
        raise NotImplementedError

    def draw(self, width: int, height: int) -> list[Line]:
        """The lines, `height` at most, each `width` cells at most."""
        raise NotImplementedError

    def marks(self) -> list[Mark]:
        """What the cursor marks in the lines drawn last."""
        raise NotImplementedError

    def index_at(self, x: int, line: int) -> int | None:
        """What is drawn in a cell of a line's body."""
        raise NotImplementedError

    def follow(self) -> bool:
        """Bring the cursor's thing into view; whether the lines must be drawn again for that."""
        return False

    # Changes

    def changed(self) -> None:
        """Draw again what looks different now that the numbers are others."""
        self.set_reactive(Plot.cursor, self.validate_cursor(self.cursor))
        before = [*self._lines]
        self._composed_for = None
        if not self.size:
            return
        self._compose_lines()
        if len(before) != len(self._lines):
            self.refresh()
            return
        self._refresh_line(0)
        marked = {mark.line for mark in self._marks}
        for number, (old, new) in enumerate(zip(before, self._lines, strict=True)):
            if old != new or number in marked:
                self._refresh_line(number + 1)

    def validate_cursor(self, index: int) -> int:
        return max(0, min(index, self.count() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        if self.follow():
            self._composed_for = None
            self.refresh()
        else:
            lines = {mark.line for mark in self._marks}
            self._marks = self.marks() if self._lines else []
            for line in lines | {mark.line for mark in self._marks}:
                self._refresh_line(line + 1)
            self._refresh_line(0)
        self.post_message(self.Highlighted(self, new))

    def _refresh_line(self, y: int) -> None:
        self.refresh(Region(0, y, self.size.width, 1))

    # Movement

    def action_move(self, steps: int) -> None:
        self.cursor += steps

    def action_right(self) -> None:
        self.cursor += 1

    def action_left(self) -> None:
        self.cursor -= 1

    def action_page(self, pages: float) -> None:
        self.cursor += round(pages * max(2, self.count() / 10))

    def action_first(self) -> None:
        self.cursor = 0

    def action_last(self) -> None:
        self.cursor = self.count() - 1

    def action_activate(self) -> None:
        if self.count():
            self.post_message(self.Activated(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or not 0 < offset.y <= len(self._lines):
            return
        line = self._lines[offset.y - 1]
        index = self.index_at(offset.x - cell_width(line.lead), offset.y - 1)
        if index is not None and index < self.count():
            self.cursor = index
            if event.chain == 2:
                self.action_activate()

    # Drawing

    def on_resize(self) -> None:
        self.follow()

    def _compose_lines(self) -> None:
        width, height = self.size
        if self._composed_for != (width, height):
            self._composed_for = (width, height)
            self._lines = self.draw(width, height - 1) if self.count() and height > 1 else []
            self._marks = self.marks() if self._lines else []

    def render_line(self, y: int) -> Strip:
        self._compose_lines()
        width = self.size.width
        if y == 0:
            text, style = (self.caption(self.cursor), "caption") if self.count() else (self.empty, "axis")
            return Strip([Segment(fit(safe(text), width), self.style_of(style))], width)
        if y > len(self._lines):
            return Strip.blank(width, self.rich_style)
        line = self._lines[y - 1]
        plain = self.style_of("axis" if line.faint else "mark")
        body = Strip([Segment(line.body, plain)])
        marks = [mark for mark in self._marks if mark.line == y - 1]
        if marks:
            body = _marked(body, marks, self.style_of("cursor"))
        return Strip([Segment(line.lead, self.style_of("axis")), *body]).adjust_cell_length(width, self.rich_style)

    def style_of(self, name: str) -> Style:
        """The style of a `mark`, an `axis`, the `caption` or the `cursor`."""
        return self.get_component_rich_style(f"plot--{name}")


def _marked(body: Strip, marks: Sequence[Mark], style: Style) -> Strip:
    """A line's body with the cells that the cursor marks; longer when one lies behind its end."""
    body = body.adjust_cell_length(max(body.cell_length, *(mark.end for mark in marks)))
    at, parts = 0, []
    for mark in sorted(marks):
        text = mark.text or body.crop(mark.start, mark.end).text
        parts += [body.crop(at, mark.start), Strip([Segment(text, style)])]
        at = mark.end
    return Strip.join([*parts, body.crop(at)])


def leads(texts: Sequence[str], stem: str) -> list[str]:
    """Labels of a vertical axis, each aligned to the right and followed by the axis."""
    widest = max(map(cell_width, texts), default=0)
    return [fit(text, widest, right=True) + stem for text in texts]
