"""Bookmarks and themes: lists that are narrowed, with something more than choosing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on
from textual.binding import Binding, BindingType

from dmart_tui.core.address import Address
from dmart_tui.tui import themes
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Picker, Row, RowList
from dmart_tui.tui.screens.matching import best

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import ClassVar

    from textual.theme import Theme

    from dmart_tui.tui.app import DmartApp


class Bookmarks(Picker["Address | str"]):
    """The bookmarks of a root; answers with an address, of an archive with its path or `s3://` address.

    Args:
        marked: addresses in the order they were marked.
        remove: called to take one away.
    """

    CONTEXT = "bookmarks"
    BINDINGS: ClassVar[list[BindingType]] = bindings("bookmarks")
    TITLE_TEXT = "Bookmarks"
    EMPTY = "No bookmark here. `B` marks what the cursor is on."

    def __init__(self, marked: Sequence[str], remove: Callable[[str], None]) -> None:
        super().__init__()
        self._marked = list(marked)
        self._remove = remove

    def narrow(self, text: str) -> None:
        self.list.set_rows(best(map(_bookmark_row, self._marked), text))
        self.say("enter opens · f8 removes · esc closes")

    def why_not(self, action: str) -> str | None:
        return "There is no bookmark here." if action == "bookmarks.remove" and self.list.current is None else None

    def do_remove(self) -> None:
        row = self.list.current
        if row is not None:
            self._marked.remove(str(row.value))
            self._remove(str(row.value))
            self.narrow(self.input.value)


def _bookmark_row(text: str) -> Row:
    if text.startswith(("/", "s3://")):  # no address begins so
        folder, _, name = text.rpartition("/")
        return Row(text, name, about=folder)
    address = Address.parse(text)
    return Row(address, address.name, about=str(address.parent or ""))


class Themes(Picker[str]):
    """All themes; the one under the cursor is shown at once, closing goes back to the one before."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("home", "list('first')", show=False)]
    TITLE_TEXT = "Themes"

    def begin(self) -> None:
        app = cast("DmartApp", self.app)
        self._before = app.theme
        self._rows: list[Row] = []
        for theme in themes.every(app.paths.themes):
            if isinstance(theme, Exception):
                self._rows.append(Row(None, f"✗ {theme.address.rpartition('/')[2]}: {theme.message}"))
            else:
                app.register_theme(theme)
                self._rows.append(Row(theme.name, theme.name, about=_kind(theme)))
        super().begin()
        names = [row.value for row in self.list.rows]
        if self._before in names:
            self.list.cursor = names.index(self._before)

    def narrow(self, text: str) -> None:
        self.list.set_rows(best(self._rows, text))
        self.say("moving shows it · enter keeps it · esc goes back")

    @on(RowList.Moved)
    def _moved(self, message: RowList.Moved) -> None:
        if message.row is not None and message.row is self.list.current and self.is_current:
            self.app.theme = message.row.value

    def do_close(self) -> None:
        self.app.theme = self._before
        super().do_close()


def _kind(theme: Theme) -> str:
    return "sixteen colours" if theme.ansi else "dark" if theme.dark else "light"
