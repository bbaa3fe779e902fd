"""The queries that were kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dmart_tui.tui.actions import bindings
from dmart_tui.tui.panes.store.form import text_form
from dmart_tui.tui.screens.dialog import Picker, Row
from dmart_tui.tui.screens.matching import best

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.binding import BindingType


class SavedQueries(Picker[dict[str, str]]):
    """Answers with the parts of a query.

    Args:
        saved: queries by name.
        remove: called to take one away.
    """

    CONTEXT = "bookmarks"
    BINDINGS: ClassVar[list[BindingType]] = bindings("bookmarks")
    TITLE_TEXT = "Kept queries"
    EMPTY = "No query is kept."

    def __init__(self, saved: Mapping[str, dict[str, str]], remove: Callable[[str], None]) -> None:
        super().__init__()
        self._saved = dict(saved)
        self._remove = remove

    def narrow(self, text: str) -> None:
        rows = [Row(parts, name, about=text_form(parts).replace("\n", "  ")) for name, parts in self._saved.items()]
        self.list.set_rows(best(rows, text))
        self.say("enter asks · f8 removes · esc closes")

    def why_not(self, action: str) -> str | None:
        return "No query is kept." if action == "bookmarks.remove" and self.list.current is None else None

    def do_remove(self) -> None:
        if (row := self.list.current) is not None:
            del self._saved[row.label]
            self._remove(row.label)
            self.narrow(self.input.value)
