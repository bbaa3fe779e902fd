"""Reading a log a slice at a time, in threads, so that rows come soon and a scan can be stopped."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

from dmart_tui.core.background import CancelToken
from dmart_tui.core.spaces import Event, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.core.spaces import Logged

    Source = Callable[["Reading"], Iterator[Logged]]
    """Opens a log, newest first; blocks. It may report to the reading, and look at its token."""

KEPT: Final = 20_000
"""Lines kept whether they match or not, so that another filter need not read them again (about 2 KB a line)."""


class Reading:
    """One pass over a log. Slices are asked for one after the other.

    Args:
        source: opens it at the first slice.
        secrets: show what is secret; else lines are masked as they are read.
        report: called in the thread with the number of files found before the first line.
    """

    def __init__(
        self, source: Source, *, secrets: bool = False, report: Callable[[int], None] = lambda _: None
    ) -> None:
        self.token = CancelToken()
        self.ended = False
        self.scanned = 0
        """Lines read."""
        self.partial = False
        """Lines that did not match were left out."""
        self.report = report
        self._source = source
        self._secrets = secrets
        self._lines: Iterator[Logged] | None = None
        self._ahead: Logged | None = None  # tells whether there is more

    def slice(self, keeps: Callable[[Logged], bool], wanted: int, seconds: float) -> list[Logged]:
        """Read on until `wanted` lines match or the time is over; all that was read, or beyond `KEPT` what matches.

        Blocks. Raises what opening the log raises, and Cancelled.
        """
        if self._lines is None:
            self._lines = iter(self._source(self))
        due = monotonic() + seconds
        found: list[Logged] = []
        matched = 0
        while (line := self._ahead or next(self._lines, None)) is not None:
            self._ahead = None
            self.token.check()
            self.scanned += 1
            shown = line.masked() if not self._secrets and isinstance(line, Record | Event) else line
            matches = keeps(shown)
            matched += matches
            if matches or self.scanned <= KEPT:
                found.append(shown)
            else:
                self.partial = True
            if matched >= wanted or monotonic() >= due:
                break
        self._ahead = next(self._lines, None)
        self.ended = self._ahead is None
        return found
