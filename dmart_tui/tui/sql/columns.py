"""The columns of a result as a list: to go to one, to hide some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.units import format_count
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Picker, Row

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dmart_tui.core.sql import Column
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.widgets.result_grid import ResultGrid


class PickColumn(Picker[int]):
    """Answers with the place of a column.

    Args:
        at: where the cursor stands first.
        only: places to choose among; None: all.
    """

    PLACEHOLDER = "Name of a column"
    EMPTY = "No column has such a name."

    def __init__(
        self, title: str, columns: Sequence[Column], *, at: int = 0, only: Collection[int] | None = None
    ) -> None:
        super().__init__(title)
        self._columns = columns
        self._at = at
        self._places = range(len(columns)) if only is None else sorted(only)

    def begin(self) -> None:
        super().begin()
        self.list.cursor = next((row for row, place in enumerate(self._places) if place >= self._at), 0)
        self.say(f"{format_count(len(self._places))} columns · enter takes it · esc closes")

    def row(self, place: int) -> Row:
        """What a column looks like in the list."""
        return Row(place, self._columns[place].name, lead=format_count(place + 1), right=self._columns[place].type)

    def narrow(self, text: str) -> None:
        words = text.casefold().split()
        names = ((place, self._columns[place].name.casefold()) for place in self._places)
        self.list.set_rows([self.row(place) for place, name in names if all(word in name for word in words)])


class ColumnList(PickColumn):
    """The same, and hides columns; `hidden` is what was chosen, also when it is closed."""

    CONTEXT = "columns"
    BINDINGS = [*bindings("columns"), *bindings("dialog")]

    def __init__(self, columns: Sequence[Column], hidden: Collection[int], at: int) -> None:
        super().__init__("Columns", columns, at=at)
        self.hidden = set(hidden)

    def begin(self) -> None:
        super().begin()
        self._tell()

    def row(self, place: int) -> Row:
        row = super().row(place)
        return (
            Row(place, row.label, lead=row.lead, about="hidden", right=row.right, tone="muted")
            if (place in self.hidden)
            else row
        )

    def why_not(self, action: str) -> str | None:
        if action == "columns.hide":
            current = self.list.current
            if current is None:
                return "No column is under the cursor."
            if current.value not in self.hidden and len(self.hidden) == len(self._columns) - 1:
                return "One column stays."
        return None

    def do_hide(self) -> None:
        if self.list.current is not None:
            self.hidden ^= {self.list.current.value}
            self._show()

    def do_show_all(self) -> None:
        self.hidden.clear()
        self._show()

    def _show(self) -> None:
        self.list.set_rows([self.row(row.value) for row in self.list.rows], keep_cursor=True)
        self._tell()

    def _tell(self) -> None:
        hidden = f"{format_count(len(self.hidden))} hidden · " if self.hidden else ""
        self.say(f"{hidden}enter goes there · f2 hides or shows · f3 shows all")


async def arrange(app: DmartApp, grid: ResultGrid, columns: Sequence[Column]) -> None:
    """Let columns be hidden and shown, and go to the one that was chosen."""
    dialog = ColumnList(columns, grid.hidden, grid.source_column)
    chosen = await app.ask(dialog)
    grid.hide(dialog.hidden - ({chosen} if chosen is not None else set()))
    if chosen is not None:
        grid.column = grid.shown.index(chosen)
