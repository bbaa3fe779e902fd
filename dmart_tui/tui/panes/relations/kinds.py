"""Choosing which kinds of links show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from dmart_tui.core.graphs import ROLES
from dmart_tui.tui.screens.dialog import Dialog, Row, RowList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dmart_tui.core.spaces.relations import Role

_ALL = "all"


class Kinds(Dialog["frozenset[Role]"]):
    """Enter switches a kind on or off; closing it takes what is switched on, all when nothing is."""

    SMALL = True
    TITLE_TEXT = "Kinds of links"

    def __init__(self, roles: frozenset[Role]) -> None:
        super().__init__()
        self._roles = roles
        self.list = RowList(self._rows())
        self.list.styles.height = len(ROLES) + 1

    def inside(self) -> ComposeResult:
        yield self.list

    def on_mount(self) -> None:
        self.say("enter switches · esc takes them")
        self.list.focus()

    def _rows(self) -> list[Row]:
        rows = [Row(role, role, lead="✓" if role in self._roles else " ") for role in ROLES]
        return [Row(_ALL, "all or none", lead="✓" if len(self._roles) == len(ROLES) else " "), *rows]

    @on(RowList.Chosen)
    def _switched(self, message: RowList.Chosen) -> None:
        message.stop()
        if message.row.value == _ALL:
            self._roles = frozenset() if len(self._roles) == len(ROLES) else frozenset(ROLES)
        else:
            self._roles ^= {message.row.value}
        self.list.set_rows(self._rows(), keep_cursor=True)

    def do_close(self) -> None:
        self.dismiss(self._roles or frozenset(ROLES))
