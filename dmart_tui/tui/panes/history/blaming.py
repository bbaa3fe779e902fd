"""Who gave each key its value, as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment

from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.core.units import format_time
from dmart_tui.tui.changes import short_key
from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style

    from dmart_tui.tui.panes.history.past import Last


class BlameRows:
    """One row a key: key, when, who, value; all are there from the beginning."""

    more = False

    def __init__(self, rows: Sequence[Last]) -> None:
        self.rows = rows
        self._index = {row.key: at for at, row in enumerate(rows)}
        self._key = max((cell_width(short_key(row.key)) for row in rows), default=0)
        self._owner = min(14, max((cell_width(safe(row.owner)) for row in rows), default=0))

    def __len__(self) -> int:
        return len(self.rows)

    def key(self, index: int, /) -> str:
        return self.rows[index].key

    def index(self, key: str, /) -> int:
        return self._index.get(key, -1)

    def render(self, index: int, width: int, style: Callable[[str], Style], /) -> list[Segment]:
        row = self.rows[index]
        muted = style("muted")
        when = format_time(row.when)[: 16 if width >= 72 else 10]
        # A key that no record touched has the owner and time of the creation: the same columns, but dim.
        return [
            Segment(fit(short_key(row.key), min(self._key, max(12, width * 2 // 5))) + "  ", style("")),
            Segment(f"{when}  ", muted),
            Segment(fit(safe(row.owner) or "∅", self._owner) + "  ", style("") if row.timestamp else muted),
            Segment(row.value, style("") if row.timestamp else muted),
        ]


class BlameList(VirtualList):
    """The keys of an entry, those changed last first."""

    def __init__(self, rows: Sequence[Last]) -> None:
        super().__init__(BlameRows(rows), empty="The meta cannot be read, so there are no keys to tell of.")

    @property
    def current(self) -> Last | None:
        """The key under the cursor."""
        rows = self.rows.rows if isinstance(self.rows, BlameRows) else ()
        return rows[self.cursor] if self.cursor < len(rows) else None
