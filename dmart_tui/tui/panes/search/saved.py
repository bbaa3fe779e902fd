"""The searches that were kept for this root."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Picker, Row
from dmart_tui.tui.screens.matching import best

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.binding import BindingType


class SavedSearches(Picker[str]):
    """Answers with a query.

    Args:
        saved: queries by name.
        remove: called to take one away.
    """

    CONTEXT = "bookmarks"
    BINDINGS: ClassVar[list[BindingType]] = bindings("bookmarks")
    TITLE_TEXT = "Saved searches"
    EMPTY = "No search is kept here."

    def __init__(self, saved: Mapping[str, str], remove: Callable[[str], None]) -> None:
        super().__init__()
        self._saved = dict(saved)
        self._remove = remove

    def narrow(self, text: str) -> None:
        self.list.set_rows(best([Row(query, name, about=query) for name, query in self._saved.items()], text))
        self.say("enter searches · f8 removes · esc closes")

    def why_not(self, action: str) -> str | None:
        return "No search is kept." if action == "bookmarks.remove" and self.list.current is None else None

    def do_remove(self) -> None:
        if (row := self.list.current) is not None:
            del self._saved[row.label]
            self._remove(row.label)
            self.narrow(self.input.value)
