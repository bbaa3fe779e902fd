"""Choosing a user of the root by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from dmart_tui.core import background
from dmart_tui.core.units import format_count
from dmart_tui.tui.screens.dialog import Picker, Row

if TYPE_CHECKING:
    from dmart_tui.core.spaces import Permissions
    from dmart_tui.tui.app import DmartApp

MOST: Final = 200
"""Rows that are shown."""


class Users(Picker[str]):
    """The users of D-MART, narrowed by typing; no meta is opened.

    Args:
        others: whether a name that no user has will do as well.
    """

    PLACEHOLDER = "A part of a shortname"
    SHORT = True
    EMPTY = "No user has this in its name."

    def __init__(self, title: str, permissions: Permissions, *, others: bool = False, words: str) -> None:
        super().__init__(title)
        self._permissions = permissions
        self._others = others
        self._words = words
        self._names: list[str] = []

    def begin(self) -> None:
        super().begin()
        cast("DmartApp", self.app).tasks.spawn(self._read(), group="users")

    async def _read(self) -> None:
        self._names = await background.run(lambda: sorted(self._permissions.users()))
        if self.is_attached:
            self.narrow(self.input.value)

    def narrow(self, text: str) -> None:
        needle = text.strip()
        found = [name for name in self._names if needle.lower() in name.lower()]
        found.sort(key=lambda name: not name.lower().startswith(needle.lower()))
        rows = [Row(name, name) for name in found[:MOST]]
        if self._others and needle and needle not in self._names:
            rows.append(Row(needle, needle, about="no user of this root: nothing is asked of permissions"))
        self.list.set_rows(rows)
        self.say(f"{format_count(len(found))} of {format_count(len(self._names))} · {self._words} · esc closes")
