"""The rows of a result for a grid: fetched by the page in threads, the last seen pages kept."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from dmart_tui.core import background
from dmart_tui.core.background import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dmart_tui.core.sql import Column, Result

PAGE: Final = 256
"""Rows that are fetched at once: more of them hold the event loop up."""
MOST_BYTES: Final = 32 << 20
"""Of texts and bytes in the pages kept, about; the page seen last is kept whatever it weighs."""
MOST_PAGES: Final = 64
_BEHIND: Final = 4
"""Pages that are still fetched when others came into view after them."""


_FEW: Final = 4096
"""Known rows behind which the next ones are fetched at once: they may be all."""


class Stopping(CancelToken):
    """A token that also calls what stops the work, the moment it is cancelled."""

    __slots__ = ("_stop",)

    def __init__(self, stop: Callable[[], None]) -> None:
        super().__init__()
        self._stop = stop

    def cancel(self) -> None:
        super().cancel()
        self._stop()


class ResultSource:
    """A result as a grid's source.

    Args:
        result: who closes it is its owner.
        fetch: called with this when rows are wanted that are not here; it sees to `fetch_wanted` being awaited.

    Memory: at most `MOST_PAGES` pages, and fewer when their values are long.
    """

    def __init__(self, result: Result, fetch: Callable[[ResultSource], None]) -> None:
        self.result = result
        self.kinds: Sequence[Column] = result.columns
        self.columns: Sequence[str] = [column.name for column in result.columns]
        self.known = result.known
        self.done = result.done
        self.closed = False
        self._fetch = fetch
        self._pages: OrderedDict[int, tuple[int, list[tuple[object, ...]]]] = OrderedDict()
        self._weight = 0
        self._wanted: list[int] = []
        self._fetching = False

    def row(self, index: int, /) -> Sequence[object] | None:
        page = index // PAGE
        kept = self._pages.get(page)
        if kept is not None and index - page * PAGE < len(kept[1]):
            self._pages.move_to_end(page)
            return kept[1][index - page * PAGE]
        if (index < self.known or not self.done) and not self.closed:
            self._want(page)
        return None

    def look(self) -> bool:
        """Take note of how many rows the result knows now; whether that is news."""
        known, done = self.result.known, self.result.done
        news = (known, done) != (self.known, self.done)
        self.known, self.done = known, done
        return news

    def _want(self, page: int) -> None:
        if page in self._wanted:
            self._wanted.remove(page)
        self._wanted = [*self._wanted[-_BEHIND:], page]
        if not self._fetching:
            self._fetching = True
            self._fetch(self)

    async def fetch_wanted(self, came: Callable[[], None]) -> None:
        """Fetch what is wanted, the newest first, until nothing is; `came` is called after each page.

        Raises:
            SqlError: the statement failed while it was waited for; what is known stays.
        """
        try:
            while self._wanted and not self.closed:
                page = self._wanted.pop()
                rows = await background.run(self.result.rows, page * PAGE, PAGE)
                self._keep(page, rows)
                self.look()
                came()
        finally:
            self._wanted.clear()
            self._fetching = False

    async def begin(self) -> None:
        """Fetch the first page, and let few rows come to their end meanwhile; raises as `fetch_wanted`."""
        self._keep(0, await background.run(self.result.rows, 0, PAGE))
        self.look()
        if not self.done and self.known <= _FEW:
            self._want(self.known // PAGE)

    def _keep(self, page: int, rows: list[tuple[object, ...]]) -> None:
        if page in self._pages:
            self._weight -= self._pages.pop(page)[0]
        weight = sum(len(value) for row in rows for value in row if isinstance(value, str | bytes))
        self._pages[page] = weight, rows
        self._weight += weight
        while len(self._pages) > 1 and (self._weight > MOST_BYTES or len(self._pages) > MOST_PAGES):
            self._weight -= self._pages.popitem(last=False)[1][0]
