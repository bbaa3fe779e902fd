"""A graph to walk through: a cursor on a node, arrows that follow the edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from dmart_tui.tui.widgets.layered import Layered
from dmart_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from textual import events


class GraphView(LineView):
    """Shows a `Layered` graph; its rows are nodes. A step of the cursor draws the lines of two nodes."""

    DEFAULT_CSS = """
    GraphView { overflow-x: auto; }
    """

    class Highlighted(LineView.RowMessage):
        """The cursor came to another node."""

    class Activated(LineView.RowMessage):
        """Enter or a double click on a node."""

    def __init__(self, **options: str) -> None:
        super().__init__(**options)
        self.graph = Layered((), ())

    def set_graph(self, graph: Layered, key: str) -> None:
        """Show a graph with the cursor on the node of a key, in the middle of the view."""
        self.graph = graph
        self.set_reactive(LineView.cursor, graph.at.get(key, 0))
        self.rows_changed()
        self.call_after_refresh(self.show_middle)

    @property
    def current(self) -> str | None:
        """The key of the node under the cursor."""
        return self.graph.nodes[self.cursor].node.key if len(self.graph) else None

    def row_count(self) -> int:
        return len(self.graph)

    def line_count(self) -> int:
        return self.graph.height

    def virtual_width(self) -> int:
        return self.graph.width

    def span(self, row: int) -> tuple[int, int]:
        return self.graph.nodes[row].line, 1

    def _region(self, row: int) -> Region:
        """Where a node stands, with a little of what is around it."""
        placed, around = self.graph.nodes[row], int(self.graph.zoom == "boxes")
        left = max(0, placed.left - 3)
        return Region(left, max(0, placed.line - around), placed.left + placed.width + 3 - left, 1 + 2 * around)

    def show_row(self, row: int) -> None:
        if self.view_height > 0 and row < len(self.graph):
            self.scroll_to_region(self._region(row), animate=False, force=True, x_axis=True, y_axis=True)

    def show_middle(self) -> None:
        """Scroll the node under the cursor to the middle, as far as there is something to scroll."""
        if len(self.graph):
            middle = self._region(self.cursor).center
            x, y = round(middle[0] - self.row_width / 2), round(middle[1] - self.view_height / 2)
            self.scroll_to(x=max(0, x), y=max(0, y), animate=False, force=True)

    def cursor_moved(self) -> None:
        self.post_message(self.Highlighted(self))

    def action_activate(self) -> None:
        if len(self.graph):
            self.post_message(self.Activated(self))

    # -- walking -----------------------------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        if len(self.graph):
            self.cursor = self.graph.beside(self.cursor, rows)

    def action_page(self, pages: float) -> None:
        step = 3 if self.graph.zoom == "boxes" else 1
        self.action_move(round(pages * max(1, self.view_height // step - 1)))

    def action_first(self) -> None:
        self.action_move(-len(self.graph))

    def action_last(self) -> None:
        self.action_move(len(self.graph))

    def action_left(self) -> None:
        self._follow(-1)

    def action_right(self) -> None:
        self._follow(1)

    def _follow(self, side: Literal[-1, 1]) -> None:
        if len(self.graph):
            self.cursor = self.graph.along(self.cursor, side)

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()
        if (offset := event.get_content_offset(self)) is None:
            return
        row = self.graph.node_at(offset.y + self.scroll_offset.y, offset.x + self.scroll_offset.x)
        if row is not None:
            self.cursor = row
            if event.chain == 2:
                self.action_activate()

    # -- drawing -----------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.row_width
        scroll_x, scroll_y = self.scroll_offset
        line = y + scroll_y
        if line >= self.graph.height:
            return self._blank(y, width)
        placed = self.graph.nodes[self.cursor]
        look = (2 if self.has_focus else 1) if abs(placed.line - line) <= 1 else 0
        key = (line, self.cursor if look else -1, look, width, scroll_x)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._drawn(line, look, scroll_x, width)
        return strip

    def _drawn(self, line: int, look: int, scroll_x: int, width: int) -> Strip:
        base = self.rich_style
        segments: list[Segment] = []
        end = 0
        for left, text, tone in self.graph.pieces(line, self.cursor):
            if left > end:
                segments.append(Segment(" " * (left - end), base))
            style = base + (self._cursor_style(look == 2) if tone == "cursor" else self.style_of(tone))
            segments.append(Segment(text, style))
            end = left + Segment(text).cell_length
        return Strip(segments).adjust_cell_length(max(end, scroll_x + width), base).crop(scroll_x, scroll_x + width)
