"""One value in full: nested ones as a tree, text as text, bytes as bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Literal, cast

from dmart_tui.core.sql import show
from dmart_tui.core.units import format_count, format_size
from dmart_tui.core.viewing import HexDump, MemoryBytes
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Dialog
from dmart_tui.tui.widgets.hex_view import HexView
from dmart_tui.tui.widgets.json_tree import JsonTree
from dmart_tui.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.widgets.content import ContentView

    Mode = Literal["tree", "text", "hex"]

MOST_PARSED: Final = 8 << 20
"""Characters of a value that is shown as a tree."""


class CellViewer(Dialog[None]):
    """Shows one value of a row.

    Args:
        value: as a result gives it.
        kind: the type of its column.
        tree: what it holds where it is nested; None: it is not.
        where: words for the row.
    """

    CONTEXT = "cell"
    BINDINGS = [*bindings("cell"), *bindings("dialog")]

    def __init__(self, name: str, kind: str, value: object, tree: object = None, where: str = "") -> None:
        super().__init__(f"{name}  {kind}")
        self._value = value
        self._text = "NULL" if value is None else show(value, kind)
        self._tree = tree
        self._where = where
        self._modes: list[Mode] = ["tree"] if tree is not None else []
        self._modes += ["hex", "text"] if isinstance(value, bytes) else ["text", "hex"]
        self._view = self._make()

    def inside(self) -> ComposeResult:
        yield self._view

    def on_mount(self) -> None:
        self._view.focus()
        size = len(self._bytes)
        told = [
            self._where,
            format_size(size) if size >= 1000 else f"{format_count(size)} bytes",
            "v shows it otherwise",
        ]
        self.say(" · ".join(filter(None, told)) if self._value is not None else f"{self._where} · no value")

    @property
    def _bytes(self) -> bytes:
        return self._value if isinstance(self._value, bytes) else self._text.encode("utf-8", "surrogateescape")

    def _make(self) -> ContentView:
        match self._modes[0]:
            case "tree":
                return JsonTree(self._tree, levels=2)
            case "text":
                return TextView(self._text, wrap=True, empty="The text is empty.")
            case "hex":
                return HexView(HexDump(MemoryBytes(self._bytes)))

    async def do_mode(self) -> None:
        self._modes = [*self._modes[1:], self._modes[0]]
        await self._view.remove()
        self._view = self._make()
        await self.box.mount(self._view)
        self._view.focus()

    def do_copy(self) -> None:
        cast("DmartApp", self.app).copy_text(self._text)


def parsed(text: str) -> object:
    """JSON as a value; None for what is none, or no object or array."""
    if len(text) > MOST_PARSED:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def is_nested(kind: str) -> bool:
    """Whether values of a type have parts."""
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "VARIANT"))
