"""A file about to be loaded into a table: what its columns seem to be, which can be changed, and its first rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from textual import on
from textual.content import Content
from textual.widgets import Input, Static

from dmart_tui.core.text import safe
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Dialog, Row, RowList
from dmart_tui.tui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from dmart_tui.core.sql.importing import Sniffed

TYPES: Final = ("VARCHAR", "BIGINT", "DOUBLE", "DECIMAL(18,3)", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "JSON")


class Agreed(NamedTuple):
    """What was agreed: `database.table`, or a table alone, and types other than those sniffed."""

    table: str
    types: dict[str, str]
    append: bool


class Taking(Dialog[Agreed]):
    """Answers with the name of the table and the types.

    Args:
        tables: names of tables that are there: rows are added to one of them.
    """

    CONTEXT = "taking"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("taking"), *bindings("dialog")]
    DEFAULT_CSS = """
    Taking RowList { height: 1fr; }
    """

    def __init__(self, sniffed: Sniffed, table: str, tables: Sequence[str]) -> None:
        super().__init__(f"Import {sniffed.path.name}")
        self._sniffed = sniffed
        self._tables = frozenset(tables)
        self._types: dict[str, str] = {}
        self.input = LineInput(table, placeholder="name of the table", select_on_focus=False)
        self._rows = RowList(empty="The file has no column.")
        self._told = Static("", classes="words")

    def inside(self) -> ComposeResult:
        yield self.input
        yield self._told
        yield self._rows

    def on_mount(self) -> None:
        options = ", ".join(f"{name} {value!r}" for name, value in self._sniffed.options.items() if value != "(empty)")
        self._told.update(Content(safe(" · ".join(filter(None, (self._sniffed.form, options))))))
        self._show()
        self.input.focus()

    def _show(self) -> None:
        rows = []
        for at, column in enumerate(self._sniffed.columns):
            kind = self._types.get(column.name)
            seen = ["∅" if row[at] is None else str(row[at])[:20] for row in self._sniffed.sample[:3]]
            rows.append(
                Row(
                    column.name,
                    column.name,
                    about=f"{kind or column.type}{' *' if kind else ''}",
                    right=", ".join(seen),
                )
            )
        self._rows.set_rows(rows, keep_cursor=True)
        adds = "adds to it" if self.input.value.strip() in self._tables else "makes the table"
        self.say(f"enter {adds} · tab to the columns, f2 another type · esc closes")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.do_accept()

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        message.stop()
        self.do_type()

    def do_type(self) -> None:
        """Another type for the column of the cursor; after the last one what was sniffed."""
        row = self._rows.current
        if row is None:
            return
        name = str(row.value)
        sniffed = next(column.type for column in self._sniffed.columns if column.name == name)
        others = [kind for kind in TYPES if kind != sniffed]
        before = self._types.pop(name, None)
        at = others.index(before) + 1 if before in others else 0
        if at < len(others):
            self._types[name] = others[at]
        self._show()

    def do_accept(self) -> None:
        table = self.input.value.strip()
        if table:
            self.dismiss(Agreed(table, dict(self._types), table in self._tables))
