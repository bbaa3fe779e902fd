"""Find: jump to any name under the root by a few of its letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.background import CancelToken
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces.names import Names, Pattern
from dmart_tui.core.units import format_count
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Picker, Row

if TYPE_CHECKING:
    from dmart_tui.core.spaces import Rights, Spaces
    from dmart_tui.core.spaces.names import Hit
    from dmart_tui.tui.app import DmartApp

LIMIT = 200
"""Rows shown at most; the count tells how many more there are."""


class Find(Picker[Address | list[Address]]):
    """Names are read once in the background while one types; what is there already is searched at once.

    Answers with the one to open, or with all that have the letters, to be marked.

    Args:
        names: kept by the app between two finds; None reads them anew.
        rights: of the user whose finds are shown; None shows all. Then the meta of each row is read.
        does: what enter does with the one that is chosen; where it is not to be opened, all cannot be marked.
    """

    CONTEXT = "find"
    BINDINGS = [*bindings("find"), *bindings("dialog")]
    TITLE_TEXT = "Find"
    PLACEHOLDER = "A few letters of a name; folder/name narrows"
    SHORT = True
    EMPTY = "No name has these letters in this order."

    def __init__(
        self,
        spaces: Spaces,
        names: Names | None = None,
        rights: Rights | None = None,
        *,
        title: str = "",
        does: str = "opens",
    ) -> None:
        super().__init__(title or (f"Find, as {rights.user} does" if rights is not None else ""))
        self._rights = rights
        self._does = does
        self._spaces = spaces
        self.names = names or Names()
        self._read = names is None
        self._reading = False
        self._searching: CancelToken | None = None
        self._shown: str | None = None
        """The text whose finds are shown."""
        self._accepted: str | None = None
        """The text that enter was pressed on before anything was found."""

    @property
    def complete(self) -> bool:
        """Whether all names have been read: they may be kept for the next find."""
        return not self._reading

    def begin(self) -> None:
        super().begin()
        if self._read:
            self._reading = True
            cast("DmartApp", self.app).tasks.spawn(self._grow(), group="find-names", exclusive=True)

    def narrow(self, text: str) -> None:
        if self._searching is not None:
            self._searching.cancel()
        self._searching = CancelToken()
        cast("DmartApp", self.app).tasks.spawn(self._search(text, self._searching), group="find", exclusive=True)

    def accept(self) -> None:
        """Choose the row under the cursor, once there is one for what was typed."""
        self._accepted = self.input.value
        self._choose_accepted()

    def why_not(self, action: str) -> str | None:
        if action == "find.mark" and self._does != "opens":
            return "One is to be chosen."
        if action == "find.mark" and self._reading:
            return "The names are still being read."
        if action == "find.mark" and not self.list.rows:
            return "Nothing is found that could be marked."
        return None

    async def do_mark(self) -> None:
        self.say("◐ marking")
        hits, _, _ = await background.run(self._find, Pattern(self.input.value), self.names.count, CancelToken())
        self.dismiss([hit.address for hit in hits])

    def _choose_accepted(self) -> None:
        if self._accepted == self._shown and (self.list.rows or not self._reading):
            self._accepted = None
            self.list.action_activate()

    async def _grow(self) -> None:
        searched = 0
        async for counts in background.stream(self.names.grow, self._spaces, seconds=0.1):
            if not self.is_attached:
                return
            if counts[-1] > 2 * searched:  # search again as the names double, not at every batch
                searched = counts[-1]
                self.narrow(self.input.value)
        self._reading = False
        self.narrow(self.input.value)

    def _find(self, pattern: Pattern, limit: int, token: CancelToken) -> tuple[list[Hit], int, int]:
        """The best hits that the user sees, how many of the best they do not see, and how many match; blocks."""
        found = self.names.find(pattern, limit, lambda: token.cancelled)
        hits = [hit for hit in found.hits if not token.cancelled and self._sees(hit)]
        return hits, len(found.hits) - len(hits), found.total

    def _sees(self, hit: Hit) -> bool:
        if self._rights is None:
            return True
        try:
            return self._rights.shows(self._spaces.load(hit.address))
        except DmartTuiError:
            return False

    async def _search(self, text: str, token: CancelToken) -> None:
        pattern = Pattern(text)
        hits, hidden, total = await background.run(self._find, pattern, LIMIT, token)
        if token.cancelled or not self.is_attached:
            return
        rows = [
            Row(
                hit.address,
                hit.name,
                about=str(parent) if (parent := hit.address.parent) is not None else "space",
                hits=pattern.positions(hit.name),
            )
            for hit in hits
        ]
        self.list.empty = self.EMPTY if pattern else "Type some letters of a name, or of a folder/name."
        self.list.set_rows(rows)
        self._shown = text
        shown = f"{format_count(self.names.count)} names"
        if pattern:
            shown = f"{format_count(len(rows))} of {format_count(total)}"
        shown += f", {hidden} hidden" if hidden else ""
        keys = f"enter {self._does} · {'f2 marks all · ' if self._does == 'opens' else ''}esc closes"
        self.say(f"{shown}{' · ◐ reading names' if self._reading else ''} · {keys}")
        self.refresh_bindings()
        self._choose_accepted()
