"""Searching in the editor: what was found, where one is among it, and replacing."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from dmart_tui.tui.widgets.code_editor.buffer import Replacement
from dmart_tui.tui.widgets.code_editor.searching import MOST, BadPattern, Match, find

if TYPE_CHECKING:
    from dmart_tui.tui.widgets.code_editor.area import CodeArea
    from dmart_tui.tui.widgets.code_editor.bar import FindBar
    from dmart_tui.tui.widgets.code_editor.buffer import Position


class Finder:
    """Brings a bar and a text together."""

    def __init__(self, area: CodeArea, bar: FindBar) -> None:
        self._area = area
        self._bar = bar
        self._matches: list[Match] = []
        self._stale = True
        self._replaced = 0
        self.origin: Position = (0, 0)
        """From where the text that is being typed is looked for."""

    def look(self) -> bool:
        """Find everything anew; false when what is typed is no pattern, which is told."""
        try:
            self._matches = list(islice(find(self._lines(), self._bar.wanted), MOST + 1))
        except BadPattern as error:
            self._matches = []
            self._bar.tell(str(error), wrong=True)
        else:
            self.count()
        self._stale = False
        by_row: dict[int, list[tuple[int, int]]] = {}
        for (top, left), (bottom, right), _ in self._matches[:MOST]:
            for row in range(top, bottom + 1):
                end = right if row == bottom else self._area.buffer.width(row)
                by_row.setdefault(row, []).append((left if row == top else 0, end))
        self._area.show_matches(by_row if self._bar.searching else {})
        return bool(self._matches)

    def edited(self) -> None:
        """Take note that the text changed; of a large one things are found again only when that is asked for."""
        self._stale = True
        if self._bar.searching and self._area.buffer.size <= 64 * 1024:
            self.look()
        else:
            self._area.show_matches({})

    def typed(self) -> None:
        """Go to the first match from where the search began."""
        self._replaced = 0
        if self.look():
            self._go(next((one for one in self._matches if one.start >= self.origin), self._matches[0]))

    def step(self, by: int) -> None:
        """Go to the next match or the previous one, around the ends."""
        self._replaced = 0
        if self._stale:
            self.look()
        if not self._matches:
            return
        here = self._area.selection or (self._area.cursor, self._area.cursor)
        if by > 0:
            ahead = (one for one in self._matches if one.start >= here[1])
            self._go(next(ahead, self._matches[0]))
        else:
            behind = (one for one in reversed(self._matches) if one.end <= here[0])
            self._go(next(behind, self._matches[-1]))

    def replace(self) -> None:
        """Replace the match that is selected and go to the next one; without one, go to the next."""
        if self._stale:
            self.look()
        current = next((one for one in self._matches if (one.start, one.end) == self._area.selection), None)
        try:
            if current is not None:
                self._area.edit(self._replacement(current))
        except BadPattern as error:
            self._bar.tell(str(error), wrong=True)
        else:
            self.step(1)

    def replace_all(self) -> None:
        """Replace every match, as one step; say how many."""
        try:
            wanted = [self._replacement(one) for one in find(self._lines(), self._bar.wanted)]
        except BadPattern as error:
            self._bar.tell(str(error), wrong=True)
            return
        if wanted:
            self._replaced = len(wanted)
            self._area.edit(*reversed(wanted), cursor=self._area.cursor)

    def _replacement(self, match: Match) -> Replacement:
        text = match.filled(self._bar.template, self._bar.wanted)
        return Replacement(match.start, match.end, text.replace("\n", self._area.buffer.newline))

    def count(self) -> None:
        """Say which match one is at, of how many."""
        places = [(one.start, one.end) for one in self._matches[:MOST]]
        here = self._area.selection
        many = f"{'over ' if len(self._matches) > MOST else ''}{len(places):,}"
        if not self._bar.wanted.words:
            self._bar.tell("")
        elif self._replaced:
            self._bar.tell(f"{self._replaced:,} replaced, {many} left")
        elif here in places:
            self._bar.tell(f"{places.index(here) + 1:,} of {many}")
        else:
            self._bar.tell(many if places else "nothing found")

    def _lines(self) -> list[str]:
        buffer = self._area.buffer
        return [buffer.shown(row) for row in range(len(buffer.lines))]

    def _go(self, match: Match) -> None:
        self._area.move(match.start, reveal=True)
        self._area.move(match.end, select=True, reveal=True)
        self.count()
