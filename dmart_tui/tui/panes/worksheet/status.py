"""The line that tells where a worksheet stands: database, transaction, what runs or ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from dmart_tui.core.text import safe
from dmart_tui.tui.widgets.lines import spread

if TYPE_CHECKING:
    from rich.style import Style

    from dmart_tui.core.sql.transactions import Transaction

_LIGHTS = {"idle": ("IDLE", "muted"), "active": ("TX", "warning"), "aborted": ("✗ ABORTED", "error")}


class SheetStatus(Widget):
    """One line; redrawn only when what it says is another thing."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"status--{name}" for name in ("muted", "warning", "error", "success")}
    DEFAULT_CSS = """
    SheetStatus {
        height: 1; background: $panel;
        & > .status--muted { color: $text-muted; }
        & > .status--warning { color: $text-warning; }
        & > .status--error { color: $text-error; }
        & > .status--success { color: $text-success; }
        &:ansi > .status--muted { text-style: dim; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: tuple[object, ...] = ()
        self._left: list[tuple[str, str]] = []
        self._right = ""

    def say(self, database: str, transaction: Transaction, words: str, tone: str, right: str) -> None:
        """Tell where it stands.

        Args:
            words: of any text.
            tone: `error`, `warning`, `success`, `muted` or none.
            right: facts at the right edge.
        """
        said = (database, transaction, words, tone, right)
        if said == self._said:
            return
        self._said = said
        light, colour = _LIGHTS[transaction.state]
        if transaction.state == "active":
            light += (
                " read-only" if transaction.read_only else f" writes {transaction.writes}" if transaction.writes else ""
            )
        self._left = [(f" {safe(database)} ", ""), (safe(light), colour), (f"  {safe(words)}", tone)]
        self._right = safe(right)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        left = [Segment(text, self._style(tone)) for text, tone in self._left]
        right = [Segment(f"{self._right} ", self._style("muted"))] if self._right else []
        return Strip(spread(left, right, width)).adjust_cell_length(width, self.rich_style)

    def _style(self, tone: str) -> Style:
        return self.get_component_rich_style(f"status--{tone}") if tone else self.rich_style
