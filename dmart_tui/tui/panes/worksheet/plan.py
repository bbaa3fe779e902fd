"""The plan of a statement as a tree: what each operator does, expects and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from rich.segment import Segment

from dmart_tui.core.text import cell_width, safe, shorten
from dmart_tui.core.units import format_count
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.widgets.lines import LineView, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.sql.editing.explaining import PlanNode
    from dmart_tui.tui.app import DmartApp

_LEAST: Final = 16
_PLAIN: Final = ("Table", "Function", "Projections")
"""What the name of the operator tells already."""


class PlanView(Acting, LineView):
    """Operators indented under who takes their rows; those that take much of the time have a `!`."""

    CONTEXT = "plan"
    BINDINGS = bindings("plan")
    HAS_CURSOR: ClassVar[bool] = True

    class Moved(LineView.RowMessage):
        """The cursor came to another operator."""

    def __init__(self) -> None:
        super().__init__(empty="No plan.")
        self._rows: list[tuple[str, PlanNode]] = []

    def show(self, root: PlanNode) -> None:
        """Show a plan from its top."""
        self._rows = list(_rows(root, "", ""))
        self.set_reactive(LineView.cursor, 0)
        self.jump_to(0)
        self.rows_changed()

    @property
    def current(self) -> PlanNode | None:
        return self._rows[self.cursor][1] if self._rows else None

    def cursor_moved(self) -> None:
        self.post_message(self.Moved(self))

    def row_count(self) -> int:
        return len(self._rows)

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        guides, node = self._rows[row]
        muted = self.style_of("muted")
        left = [
            self.sign(row),
            Segment(guides, self.style_of("guide")),
            Segment("! " if node.hot else "", self.style_of("warning")),
            Segment(safe(node.name) + "  ", self.style_of("warning" if node.hot else "strong")),
        ]
        right = f"{_numbers(node)} "
        room = width - sum(cell_width(part.text) for part in left) - cell_width(right) - 2
        left.append(Segment(shorten(safe(about_of(node)), max(room, _LEAST)), muted))
        return spread(left, [Segment(right, muted)], width, least=width // 3)

    def action_activate(self) -> None:
        self.action_act("plan.open")

    def why_not(self, action: str) -> str | None:
        return "There is no step." if self.current is None else None

    async def do_open(self) -> None:
        from dmart_tui.tui.screens.lists import Whole

        node = self._rows[self.cursor][1]
        told = [f"{name}: {value}" for name, value in node.extra]
        await cast("DmartApp", self.app).ask(Whole(safe("\n".join([*told, _numbers(node)]), lines=True), node.name))


def about_of(node: PlanNode) -> str:
    """What is said about an operator, in one line."""
    return " · ".join(value if name in _PLAIN else f"{name} {value}" for name, value in node.extra)


def _numbers(node: PlanNode) -> str:
    told = []
    if node.rows is not None:
        told.append(f"{format_count(node.rows)} rows")
    if node.estimated is not None:
        told.append(f"{'of' if node.rows is not None else ''} ~{format_count(node.estimated)}".strip())
    if node.seconds is not None:
        told.append(f"{node.seconds * 1000:,.1f} ms {node.part:4.0%}")
    return "  ".join(told)


def _rows(node: PlanNode, guides: str, below: str) -> Iterator[tuple[str, PlanNode]]:
    yield guides, node
    for at, child in enumerate(node.children):
        last = at == len(node.children) - 1
        yield from _rows(child, below + ("└ " if last else "├ "), below + ("  " if last else "│ "))
