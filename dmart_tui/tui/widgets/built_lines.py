"""Lines that are built for a width and scrolled: previews, diagrams, whatever is laid out as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.segment import Segment
    from rich.style import Style
    from textual.geometry import Size

    Styles = Callable[[str], Style]
    Build = Callable[[int, Styles], Sequence[list[Segment]]]


class BuiltLines(LineView):
    """Shows what `build(width, style_of)` gives, which is asked again when the width or the theme changes.

    Args:
        build: makes the lines of safe text; some hundred, for all are kept.
    """

    HAS_CURSOR = False

    class Activated(LineView.RowMessage):
        """Enter was pressed: whoever shows the lines knows what that means."""

    def __init__(self, build: Build, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(empty=empty, signs="    ", id=id)
        self._build = build
        self._built: Sequence[list[Segment]] = ()

    def build(self, build: Build) -> None:
        """Show something else from its beginning."""
        self._build = build
        self.rebuild()
        self.jump_to(0)

    def rebuild(self) -> None:
        """Ask again for the lines."""
        width = self.row_width
        self._built = self._build(width, self.style_of) if width > 0 else ()
        self.rows_changed()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as there are lines, where the height is `auto`."""
        return max(1, len(self._build(width, self.style_of)))

    def on_resize(self) -> None:
        self.rebuild()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted:
            self.rebuild()

    def row_count(self) -> int:
        return len(self._built)

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        return self._built[row]

    def action_move(self, rows: int) -> None:
        """There is no cursor to see: scroll."""
        self.jump_to(max(0, self.scroll_offset.y + rows))

    def action_first(self) -> None:
        self.jump_to(0)

    def action_last(self) -> None:
        self.jump_to(self.line_count())

    def action_page(self, pages: float) -> None:
        self.jump_to(max(0, self.scroll_offset.y + round(max(1, self.view_height - 1) * pages)))

    def action_activate(self) -> None:
        self.post_message(self.Activated(self))
