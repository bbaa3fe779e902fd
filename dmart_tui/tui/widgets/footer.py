"""The bottom line: what the keys do here, or what just happened, and on the right the state of things."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from dmart_tui.core.text import cell_width, fit, safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

SIGNS = {"information": "·", "warning": "!", "error": "✗"}


class StatusLine(Widget):
    """One line, repainted only when what it says changes."""

    DEFAULT_CSS = """
    StatusLine { height: 1; dock: bottom; background: $panel; color: $foreground; }
    StatusLine > .statusline--key { text-style: bold; }
    StatusLine > .statusline--label { color: $text-muted; }
    StatusLine > .statusline--state { color: $text-muted; }
    StatusLine > .statusline--warning { color: $text-warning; text-style: bold; }
    StatusLine > .statusline--error { color: $text-error; text-style: bold; }
    StatusLine:ansi > .statusline--label, StatusLine:ansi > .statusline--state { text-style: dim; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "statusline--key",
        "statusline--label",
        "statusline--state",
        "statusline--warning",
        "statusline--error",
    }

    class Clicked(Message):
        """A hint was clicked: its action's name."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._hints: Sequence[tuple[str, str, str]] = ()
        self._state: Sequence[tuple[str, str]] = ()
        self._notice: tuple[str, str] | None = None
        self._spans: list[tuple[int, int, str]] = []

    def show_hints(self, hints: Sequence[tuple[str, str, str]]) -> None:
        """Show (action, key, title) triples on the left, as many as there is room for."""
        if hints != self._hints:
            self._hints = hints
            self.refresh()

    def show_state(self, state: Sequence[tuple[str, str]]) -> None:
        """Show (text, severity or "") pairs on the right; the last is cut last."""
        if state != self._state:
            self._state = state
            self.refresh()

    def show_notice(self, text: str, severity: str = "information") -> None:
        """Show a sentence instead of the hints, until `clear_notice`."""
        self._notice = (safe(text), severity)
        self.refresh()

    def clear_notice(self) -> None:
        """Show the hints again."""
        if self._notice is not None:
            self._notice = None
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        right = self._right(max(0, width // 2))
        left = self._left(width - sum(segment.cell_length for segment in right))
        return Strip([*left, *right], width)

    def _left(self, width: int) -> list[Segment]:
        self._spans = []
        plain = self.rich_style
        if self._notice is not None:
            text, severity = self._notice
            name = f"statusline--{severity}" if severity != "information" else "statusline--key"
            return [Segment(fit(f" {SIGNS[severity]} {text}", width), self.get_component_rich_style(name))]
        key_style = self.get_component_rich_style("statusline--key")
        label_style = self.get_component_rich_style("statusline--label")
        segments: list[Segment] = []
        used = 0
        for action, key, title in self._hints:
            size = cell_width(key) + cell_width(title) + 3
            if used + size > width - 1:
                break
            segments += [Segment(f" {key}", key_style), Segment(f" {title} ", label_style)]
            self._spans.append((used, used + size, action))
            used += size
        segments.append(Segment(" " * max(0, width - used), plain))
        return segments

    def _right(self, width: int) -> list[Segment]:
        segments: list[Segment] = []
        for text, severity in reversed(self._state):
            room = width - 2
            if room < 6:
                break
            shown = safe(text)
            if cell_width(shown) > room:
                shown = fit(shown, room)
            style = self.get_component_rich_style(f"statusline--{severity or 'state'}")
            segments.insert(0, Segment(f" {shown} ", style))
            width -= cell_width(shown) + 2
        return segments

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._spans:
            if start <= event.x < end:
                self.post_message(self.Clicked(action))
