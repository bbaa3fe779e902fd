"""The members of an archive as rows: a name becomes text when its row is drawn, and nothing is kept for a row."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from rich.segment import Segment

from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.core.units import format_count, format_size, format_time
from dmart_tui.tui.panes.archive.arranging import ERROR, HIDDEN, LAST, WARNING, Arranged, Group, shown_name
from dmart_tui.tui.widgets.lines import spread

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from rich.style import Style

    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.archives.index import Member

TYPING: Final = 9
"""Rows while a filter is typed: each character brings other ones."""
_TIMES, _FLAGS = 46, 64
"""Cells from which times and flags show."""
_LONG: Final = 400
"""Letters of a name that are looked at: one may have 65,535."""


class MemberRows:
    """Members, maybe under headings.

    Args:
        archive: its index may still grow.
        tree: names are paths of a packed tree.
        known: what is known of each position, see `arranging`; may be shorter than the archive.
        time: when a member was made; None: not known, or not yet.
        few: show no more than `TYPING` rows.
    """

    def __init__(
        self,
        archive: Archive,
        arranged: Arranged,
        *,
        tree: bool = False,
        known: bytearray | None = None,
        time: Callable[[Member], datetime | None] | None = None,
        more: bool = False,
        few: bool = False,
    ) -> None:
        self.archive = archive
        self.arranged = arranged
        self.tree = tree
        self.more = more
        self._known = bytearray() if known is None else known
        self._time = time
        self._few = few
        self._headings = [group.row for group in arranged.groups]

    @property
    def members(self) -> int:
        """How many members show, or would if there were room."""
        positions = self.arranged.positions
        return len(self.archive) if positions is None else len(positions)

    def __len__(self) -> int:
        total = self.members + len(self._headings)
        return min(total, TYPING) if self._few else total

    def at(self, index: int) -> int | Group:
        """The position of the member of a row, or its heading."""
        before = bisect_right(self._headings, index)
        if before and self._headings[before - 1] == index:
            return self.arranged.groups[before - 1]
        positions = self.arranged.positions
        return index if positions is None else positions[index - before]

    def key(self, index: int, /) -> str:
        found = self.at(index)
        return str(found) if isinstance(found, int) else f"#{found.title}"

    def index(self, key: str, /) -> int:
        if key.startswith("#"):
            return next((group.row for group in self.arranged.groups if group.title == key[1:]), -1)
        if not key:
            return -1
        position, positions = int(key), self.arranged.positions
        if positions is None:
            row = position if position < len(self) else -1
        else:
            try:
                row = positions.index(position)
            except ValueError:
                return -1
            for start in self._headings:  # a heading stands before each group that begins at or before the member
                row += start <= row
        return row if row < len(self) else -1

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        found = self.at(index)
        if isinstance(found, Group):
            return spread(
                [Segment(safe(found.title), style("strong"))],
                [Segment(f"{format_count(found.count)} ", style("muted"))],
                width,
            )
        member = self.archive.member(found)
        known = self._known[found] if found < len(self._known) else 0
        muted = style("muted")
        lead = Segment("  ")
        if member.problem or member.meta_problem or known & ERROR:
            lead = Segment("✗ ", style("error"))
        elif member.oddity or known & (HIDDEN | WARNING):
            lead = Segment("! ", style("warning"))
        name = shown_name(member.name, self.tree)
        indent = [Segment("  ")] if self._headings else []
        tone = muted if member.deleted or known & HIDDEN else style("")
        right = []
        if width >= _FLAGS and (words := flags_of(member, known)):
            right.append(Segment(f"{words}  ", muted))
        if width >= _TIMES and not self._few and self._time is not None:
            when = self._time(member)
            right.append(Segment((format_time(when) if when else " " * 16) + " ", muted))
        right.append(Segment(fit(format_size(member.size), 8, right=True) + " ", muted))
        text = safe(name[:_LONG])
        if self.tree:
            taken = sum(cell_width(segment.text) for segment in (*indent, lead, *right))
            text = _end_of(text, width - taken - 1)
        return spread([*indent, lead, Segment(text, tone)], right, width)


def _end_of(path: str, width: int) -> str:
    """A safe path in so many cells: its end tells more than its beginning."""
    if cell_width(path) <= width:
        return path
    while path and cell_width(path) >= width:
        path = path[1 + max(0, (cell_width(path) - width) // 2) :]
    return f"…{path}"


def flags_of(member: Member, known: int) -> str:
    """What is special about a member, in words."""
    words = {
        "external": member.external,
        "deleted": member.deleted,
        safe(member.codec): member.codec != "none",
        "hidden by a later one": known & HIDDEN,
        "twice": known & LAST,
    }
    return ", ".join(word for word, true in words.items() if true)


class NoRows:
    """Nothing to show."""

    more = False

    def __len__(self) -> int:
        return 0

    def key(self, index: int, /) -> str:
        raise IndexError(index)

    def index(self, key: str, /) -> int:
        return -1

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        raise IndexError(index)
