"""Changes in full: a part of the pane that scrolls, under a line that says whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip

from dmart_tui.core.text import fit
from dmart_tui.tui.widgets.lines import LineView, fit_segments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dmart_tui.tui.changes.details import Styles

    LayOut = Callable[[int, Styles], Sequence[Sequence[Segment]]]
    """Lines of at most so many cells, in the theme's styles."""


class DetailView(LineView):
    """Lines to read; the movement keys scroll them."""

    HEADER = 1
    COMPONENT_CLASSES: ClassVar[set[str]] = {"detail--head"}
    DEFAULT_CSS = """
    DetailView {
        & > .detail--head { background: $panel; color: $foreground; }
        &:focus > .detail--head {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        &:ansi > .detail--head { text-style: underline; }
        &:ansi:focus > .detail--head { text-style: bold reverse; }
    }
    """

    class Left(Message):
        """Enter or the way out: back to the list."""

    def __init__(self) -> None:
        super().__init__()
        self.set_reactive(LineView.cursor, -1)
        self._head = ""
        self._lay_out: LayOut = lambda _width, _style: ()
        self._lines: Sequence[Sequence[Segment]] = ()

    def show(self, head: str, lay_out: LayOut) -> None:
        """Show something else from its top; `lay_out` is asked again when the width or the theme changes."""
        self._head, self._lay_out = head, lay_out
        self._lay_out_again()
        self.jump_to(0)

    def _lay_out_again(self) -> None:
        self._lines = self._lay_out(max(1, self.row_width - 2), self.style_of)
        self.rows_changed()

    def on_resize(self) -> None:
        self._lay_out_again()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_attached:
            self._lay_out_again()

    def row_count(self) -> int:
        return len(self._lines)

    def validate_cursor(self, row: int) -> int:
        return -1

    def show_row(self, row: int) -> None:
        """There is no cursor to keep in view."""

    def draw_header(self, line: int, width: int) -> Strip:
        style = self.get_component_rich_style("detail--head")
        return Strip([Segment(" " + fit(self._head, width - 1), style)])

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        return [Segment(" "), *fit_segments(self._lines[row], width - 2)]

    def action_move(self, rows: int) -> None:
        self.jump_to(self.scroll_offset.y + rows)

    def action_page(self, pages: float) -> None:
        self.jump_to(self.scroll_offset.y + round(max(1, self.view_height - 1) * pages))

    def action_first(self) -> None:
        self.jump_to(0)

    def action_last(self) -> None:
        self.jump_to(self.line_count())

    def action_left(self) -> None:
        self.post_message(self.Left())

    def action_activate(self) -> None:
        self.post_message(self.Left())
