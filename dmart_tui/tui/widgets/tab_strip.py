"""One row of tabs with counts; the owner binds the keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from dmart_tui.core.text import cell_width

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.style import Style
    from textual import events

_GAP: Final = 2
_MARK: Final = 2


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab; `label` and `sign` are safe text."""

    key: str
    label: str
    count: int | None = None
    sign: str = ""
    """A state shown after the label, such as `!`."""
    tone: str = ""
    """The colour of the sign: `warning`, `error`, `success`."""

    @property
    def width(self) -> int:
        return sum(cell_width(text) for text, _ in self.parts)

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Texts with what each is: label, count or sign."""
        parts = [(self.label, "label")]
        if self.count is not None:
            parts.append((f" {self.count:,}", "count"))
        if self.sign:
            parts.append((f" {self.sign}", "sign"))
        return parts


class TabStrip(Widget, can_focus=False):
    """Labels in one row, the current one accented, bold and underlined; where they do not fit, `‹ ›` say so."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "tabs--idle",
        "tabs--count",
        "tabs--current",
        "tabs--warning",
        "tabs--error",
        "tabs--success",
    }
    DEFAULT_CSS = """
    TabStrip {
        height: 1;
        width: 1fr;
        background: transparent;
        & > .tabs--idle { color: $text-muted; }
        & > .tabs--count { color: $text-muted; }
        & > .tabs--current { color: $text-accent; text-style: bold underline; }
        & > .tabs--warning { color: $text-warning; }
        & > .tabs--error { color: $text-error; }
        & > .tabs--success { color: $text-success; }
        &:ansi {
            & > .tabs--idle { text-style: dim; }
            & > .tabs--count { text-style: dim; }
        }
    }
    """

    class Selected(Message):
        """Another tab became the current one."""

        def __init__(self, strip: TabStrip, index: int, key: str) -> None:
            super().__init__()
            self.strip = strip
            self.index = index
            self.key = key

        @property
        def control(self) -> TabStrip:
            return self.strip

    def __init__(
        self,
        tabs: Iterable[Tab] = (),
        *,
        marks: str = "‹›",
        id: str | None = None,  # noqa: A002 - as in Textual
        classes: str | None = None,
    ) -> None:
        """Make a strip; `marks` are the signs that there are tabs to the left and to the right, one cell each."""
        super().__init__(id=id, classes=classes)
        self._tabs = list(tabs)
        self._marks = marks
        self._current = 0
        self._first = 0

    @property
    def tabs(self) -> tuple[Tab, ...]:
        return tuple(self._tabs)

    @property
    def index(self) -> int:
        return self._current

    @property
    def current(self) -> str:
        """The key of the current tab, "" when there are none."""
        return self._tabs[self._current].key if self._tabs else ""

    def set_tabs(self, tabs: Iterable[Tab], current: str = "") -> None:
        """Show other tabs; the current one stays by key unless another is named. Posts nothing."""
        wanted = current or self.current
        self._tabs = list(tabs)
        self._current = next((i for i, tab in enumerate(self._tabs) if tab.key == wanted), 0)
        self._first = 0
        self._scroll()
        self.refresh()

    def update_tab(self, key: str, *, count: int | None = None, sign: str = "", tone: str = "") -> None:
        """Change what is said beside a label; redraws only from that tab on."""
        for index, tab in enumerate(self._tabs):
            if tab.key == key and (new := replace(tab, count=count, sign=sign, tone=tone)) != tab:
                before = self._spans()
                self._tabs[index] = new
                self._scroll()
                self._refresh_changed(before, {index})

    def select(self, index: int) -> bool:
        """Make a tab the current one and say so; false when it already is or does not exist."""
        if not 0 <= index < len(self._tabs) or index == self._current:
            return False
        before, old = self._spans(), self._current
        self._current = index
        self._scroll()
        self._refresh_changed(before, {old, index})
        self.post_message(self.Selected(self, index, self.current))
        return True

    def select_key(self, key: str) -> bool:
        return self.select(next((i for i, tab in enumerate(self._tabs) if tab.key == key), -1))

    def step(self, tabs: int) -> bool:
        """Go some tabs to the right, or to the left when negative; from the last to the first and back."""
        return bool(self._tabs) and self.select((self._current + tabs) % len(self._tabs))

    @property
    def columns(self) -> dict[str, int]:
        """The first column of each tab in view, by key."""
        return {self._tabs[index].key: start for index, (start, _) in self._spans().items()}

    def _spans(self) -> dict[int, tuple[int, int]]:
        """Where each tab in view stands: index to column and width."""
        width = self.size.width
        crowded = sum(tab.width + _GAP for tab in self._tabs) > width
        x, end = (_MARK, width - _MARK) if crowded else (1, width)
        spans: dict[int, tuple[int, int]] = {}
        for index in range(self._first, len(self._tabs)):
            tab = self._tabs[index].width
            if x + tab > end and spans:
                break
            spans[index] = (x, tab)
            x += tab + _GAP
        return spans

    def _scroll(self) -> None:
        """Choose the first tab in view so that the current one is, and no room is left unused."""
        self._first = min(self._first, self._current)
        while self._current not in self._spans() and self._first < self._current:
            self._first += 1
        last = len(self._tabs) - 1
        while self._first > 0 and last in self._spans():
            self._first -= 1
            if last not in self._spans():
                self._first += 1
                break

    def _refresh_changed(self, before: dict[int, tuple[int, int]], changed: set[int]) -> None:
        after = self._spans()
        if before == after:
            self.refresh(*(Region(*after[index][:1], 0, after[index][1], 1) for index in changed if index in after))
        else:
            self.refresh()

    def on_resize(self) -> None:
        self._scroll()
        self.refresh()  # it was drawn in its new size already, scrolled for the old one

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        spans = self._spans()
        idle = self._style("idle")
        if not spans:
            return Strip.blank(width, base)
        segments = [Segment(self._marks[0] if self._first else " ", idle)]
        x = 1
        for index, (start, tab_width) in spans.items():
            segments.append(Segment(" " * (start - x), base))
            for text, part in self._tabs[index].parts:
                segments += self._part(index, text, part)
            x = start + tab_width
        if max(spans) < len(self._tabs) - 1:
            segments = list(Strip(segments).adjust_cell_length(width - 1, base))
            segments.append(Segment(self._marks[1], idle))
        return Strip(segment for segment in segments if segment.text).adjust_cell_length(width, base)

    def _part(self, index: int, text: str, part: str) -> list[Segment]:
        if part == "label":
            return [Segment(text, self._style("current" if index == self._current else "idle"))]
        tone = self._tabs[index].tone if part == "sign" else ""
        return [Segment(text, self._style(tone or "count"))]

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"tabs--{name}")

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        spans = self._spans()
        for index, (start, width) in spans.items():
            if start - 1 <= offset.x < start + width + 1:
                self.select(index)
                return
        if offset.x == 0 and self._first:
            self.select(self._first - 1)
        elif offset.x == self.size.width - 1 and max(spans, default=0) < len(self._tabs) - 1:
            self.select(max(spans) + 1)
