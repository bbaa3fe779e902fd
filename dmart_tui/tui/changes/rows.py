"""The lines of a log as rows of a list, with headings for days where they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from rich.segment import Segment

from dmart_tui.core.address import Address
from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.core.units import format_time
from dmart_tui.tui.changes.details import Block, blocks_of, detail_lines, head_text, is_heavy
from dmart_tui.tui.changes.filtering import Filter
from dmart_tui.tui.changes.words import SIGNS, Words, describe, kind_of, told
from dmart_tui.tui.widgets.lines import LineView, fit_segments
from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.style import Style

    from dmart_tui.core.spaces import Logged

_OWNER: Final = (6, 14)
"""Cells of the owner's column, at least and at most."""
_RULE: Final = 15
"""Cells of the rule after a day: one over the whole width is 3 bytes a cell, each time it scrolls."""
_ROOMY: Final = 72
"""Cells from which a row has room for the time of day beside the date."""


class LogRows:
    """Lines read so far, those a filter lets through.

    Memory a line: the line itself (about 2 KB), its key (a text and a number).

    Args:
        below: show addresses, relative to this one (an empty text: whole), under a heading a day.
    """

    def __init__(self, wanted: Filter, *, below: str | None = None) -> None:
        self.more = True
        self.wanted = wanted
        self.side: bool | None = None
        """Both sides of a diff beside each other; None: as the room allows."""
        self.items: list[Logged] = []
        self._below = below
        self._lines: list[int] = []  # what each row shows: an item, or ~item for the heading above it
        self._keys: list[str] = []
        self._seen: dict[str, int] = {}
        self._where: dict[str, int] = {}
        self._day = ""
        self._owner = 0
        self._blocks: dict[int, list[Block]] = {}

    def add(self, items: Iterable[Logged]) -> None:
        """Take in lines that come after those known."""
        for item in items:
            self.items.append(item)
            self._keys.append(self._key_of(item))
            self._show(len(self.items) - 1)
        if not self._owner and self.items:
            widest = max(cell_width(safe(item.owner)) for item in self.items)
            self._owner = min(max(widest, _OWNER[0]), _OWNER[1])

    def filtered(self, wanted: Filter) -> LogRows:
        """The same lines through another filter."""
        other = LogRows(wanted, below=self._below)
        other.more, other.side = self.more, self.side
        other.items, other._keys, other._owner = self.items, self._keys, self._owner
        other._seen = self._seen
        for number in range(len(self.items)):
            other._show(number)
        return other

    @property
    def count(self) -> int:
        """Lines that show, headings not counted."""
        return len(self._where)

    def item(self, index: int) -> Logged | None:
        """The line of a row; None for a heading and for no row."""
        number = self._lines[index] if 0 <= index < len(self._lines) else -1
        return self.items[number] if number >= 0 else None

    def is_heading(self, index: int) -> bool:
        return 0 <= index < len(self._lines) and self._lines[index] < 0

    def row_at_time(self, timestamp: str) -> int:
        """The newest row that is as old as a time as written, or older; the last row when all are newer."""
        from dmart_tui.core.units import parse_time

        when = parse_time(timestamp)
        for row, number in enumerate(self._lines):
            if number < 0:
                continue
            item = self.items[number]
            if item.timestamp == timestamp or (when is not None and item.when is not None and item.when <= when):
                return row
        return max(0, len(self._lines) - 1)

    def _key_of(self, item: Logged) -> str:
        """Lines have no names: the file, the time, and which one of those alike."""
        name = f"{item.path}\n{item.timestamp}"
        self._seen[name] = number = self._seen.get(name, -1) + 1
        return f"{name}\n{number}"

    def _show(self, number: int) -> None:
        item = self.items[number]
        if not self.wanted.keeps(item):
            return
        if self._below is not None:
            day = item.when.strftime("%a %Y-%m-%d") if item.when else self._day or "no time"
            if day != self._day:
                self._day = day
                self._lines.append(~number)
        self._where[self._keys[number]] = len(self._lines)
        self._lines.append(number)

    # -- what a list asks --------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._lines)

    def key(self, index: int, /) -> str:
        number = self._lines[index]
        return self._keys[number] if number >= 0 else f"above {self._keys[~number]}"

    def index(self, key: str, /) -> int:
        return self._where.get(key, -1)

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        number = self._lines[index]
        if number < 0:
            return self._heading(self.items[~number], style)
        item = self.items[number]
        sign, tone = SIGNS[kind_of(item)]
        muted = style("muted")
        if not item.is_record and self._below is None:
            return [Segment(f"{sign} ", style(tone)), *self._words(item, width - 2, style)]
        lead = [Segment(f"{sign} ", style(tone)), Segment(f"{self._time(index, width)}  ", muted)]
        who = self._owner if width >= 40 else min(self._owner, 8)
        lead.append(Segment(fit(safe(item.owner) or ("∅" if item.is_record else ""), who) + "  ", style("")))
        if self._below is not None:
            room = max(12, min(44, width * 3 // 10))
            lead.append(Segment(_tail(self._place(item.address), room) + "  ", style("")))
        used = sum(cell_width(segment.text) for segment in lead)
        return [*lead, *self._words(item, width - used, style)]

    def head(self, index: int) -> str:
        """What the details of a row stand under."""
        number = self._lines[index]
        return head_text(self.items[number], address=self._below is not None)

    def detail(self, index: int, width: int, style: Callable[[str], Style], /) -> list[list[Segment]]:
        """A row's changes in full."""
        self.prepare(index)
        number = self._lines[index]
        return detail_lines(self.items[number], self._blocks[number], width, style, side=self.side)

    def all_details(self, most: int, width: int, style: Callable[[str], Style], /) -> Iterator[list[Segment]]:
        """The first rows in full, one below the other; those that are heavy are named only."""
        for index in range(min(most, len(self._lines))):
            if not self.is_heading(index):
                yield [Segment(self.head(index), style("accent"))]
                if self.heavy(index):
                    yield [Segment("⋯ too large to show here: enter on its row shows it", style("muted"))]
                else:
                    yield from self.detail(index, width, style)
                yield []

    def prepare(self, index: int) -> None:
        """Work out the diffs of a row; blocks for those that `is_heavy`."""
        number = self._lines[index]
        if number not in self._blocks:
            self._blocks[number] = blocks_of(self.items[number])

    def heavy(self, index: int) -> bool:
        """Whether `prepare` should be called in a thread first."""
        number = self._lines[index]
        return number >= 0 and number not in self._blocks and is_heavy(self.items[number])

    # -- drawing -----------------------------------------------------------------------------------------

    def _heading(self, item: Logged, style: Callable[[str], Style]) -> list[Segment]:
        day = item.when.strftime("%a %Y-%m-%d") if item.when else "no time"
        return [Segment(f"{day} ", style("strong")), Segment("─" * _RULE, style("guide"))]

    def _time(self, index: int, width: int) -> str:
        """Where there is little room the day stands once, and below it the times of that day."""
        item = self.items[self._lines[index]]
        if self._below is not None:
            return f"{item.when:%H:%M}" if item.when else "     "
        if item.when is None:
            return fit(safe(item.timestamp) or "no time", 16 if width >= _ROOMY else 10)
        if width >= _ROOMY:
            return format_time(item.when)
        above = self.item(index - 1)
        same_day = above is not None and above.when is not None and above.when.date() == item.when.date()
        return f"{item.when:%H:%M}".rjust(10) if same_day else f"{item.when:%Y-%m-%d}"

    def _place(self, address: Address) -> str:
        text = str(address)
        return safe(text.removeprefix(self._below + "/") if self._below else text)

    def _words(self, item: Logged, room: int, style: Callable[[str], Style]) -> list[Segment]:
        """As many of the changes as there is room for, and how many more there are; what was asked for first."""
        parts: list[Words] = list(told(item))
        if len(item.changes) > 1 and len(parts) == len(item.changes):
            ordered = sorted(item.changes, key=lambda change: not self.wanted.wants_key(change.key))
            parts = [describe(change) for change in ordered]
        about = {"attachments": "attachment  ", "events": "log  " if item.changes else ""}.get(item.source, "")
        segments = [Segment(about, style("muted"))] if about else []
        doubt = "" if not item.problems or not item.is_record else " !"
        room -= cell_width(about) + len(doubt)
        for number, part in enumerate(parts):
            rest = len(parts) - number
            tail = f" · +{rest} key{'s' * (rest > 1)}" if number else ""
            used = sum(cell_width(text) for text, _ in part) + 3 * bool(number)
            kept = 0 if rest == 1 else len(f" · +{rest - 1} keys")
            if number and used + kept > room:
                segments.append(Segment(tail, style("muted")))
                break
            if number:
                segments.append(Segment(" · ", style("muted")))
            drawn = [Segment(text, style(tone)) for text, tone in part]
            segments += fit_segments(drawn, max(8, room - kept)) if not number else drawn
            room -= used if number else min(used, max(8, room - kept))
        if doubt:
            segments.append(Segment(doubt, style("warning")))
        return segments


def _tail(text: str, width: int) -> str:
    """The end of a text, which tells most of an address, in exactly `width` cells."""
    while cell_width(text) > width:
        text = "…" + text[max(2, cell_width(text) - width + 1) :]
    return fit(text, width)


class LogList(VirtualList):
    """A list of `LogRows`: the cursor steps over headings, right and left show and hide the row's details."""

    class DetailsWanted(LineView.RowMessage):
        """The details of the row are to be shown, or hidden."""

        def __init__(self, view: LogList, shown: bool) -> None:
            super().__init__(view)
            self.shown = shown

    @property
    def log_rows(self) -> LogRows:
        return cast("LogRows", self.rows)

    @property
    def current(self) -> Logged | None:
        """The line under the cursor."""
        return self.log_rows.item(self.cursor)

    def rows_grew(self) -> None:
        super().rows_grew()
        self.cursor = self.cursor  # the first line may be a heading

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        if self.log_rows.is_heading(row):
            return [Segment(" "), *self.log_rows.render(row, width - 1, self.style_of)]
        return super().draw(row, line, width)

    def validate_cursor(self, row: int) -> int:
        row = super().validate_cursor(row)
        return row + 1 if self.log_rows.is_heading(row) else row

    def action_move(self, rows: int) -> None:
        if rows < 0 and self.log_rows.is_heading(self.cursor + rows):
            if self.cursor + rows == 0:
                self.jump_to(0)
                return
            rows -= 1
        super().action_move(rows)

    def show_row(self, row: int) -> None:
        if self.log_rows.is_heading(row - 1):
            super().show_row(row - 1)
        super().show_row(row)

    def action_right(self) -> None:
        self.post_message(self.DetailsWanted(self, True))

    def action_left(self) -> None:
        self.post_message(self.DetailsWanted(self, False))
