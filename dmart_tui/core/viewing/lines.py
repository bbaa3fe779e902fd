"""Lines of a text of any size, by number, in bounded memory."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import OrderedDict
from threading import RLock
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from dmart_tui.core.text import safe
from dmart_tui.core.viewing.bytesource import ByteSource, FileBytes, MemoryBytes

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

MAX_LINE_CHARS: Final = 10_000
_MAX_LINE_BYTES: Final = MAX_LINE_CHARS * 4
_BLOCK: Final = 64 * 1024
_READ: Final = 64 * 1024
_MAX_MARKS: Final = 64 * 1024
PAGE_LINES: Final = 64
_PAGES_KEPT: Final = 16
_TAB: Final = 4


class Line(NamedTuple):
    """One line as read: decoded, without its end, not yet safe to show."""

    text: str
    cut: bool
    """There is more of it than `MAX_LINE_CHARS`."""

    @property
    def shown(self) -> str:
        """The line safe to show: tabs as spaces, a mark where it was cut."""
        shown = safe(self.text.expandtabs(_TAB))
        return shown + " ⋯" if self.cut else shown


class Cover(Protocol):
    """Changes the lines of a text, not how many there are, knowing what went by before them."""

    def feed(self, piece: bytes) -> None:
        """Take note of the next bytes of the text, each once and in order."""
        ...

    def cover(self, first: int, lines: list[str]) -> list[str]:
        """Consecutive lines from number `first`, changed; they come with those of the page before."""
        ...


class PagedText:
    """A text read by line number.

    The index is the count of line ends in each block of 64 KB: 8 bytes a block; blocks double when there are more than
    65,536. It is built as far as somebody asked: `index()` costs its budget in bytes read, a line one or two reads of
    64 KB. The last 16 pages of 64 lines are kept. Safe to call from several threads. Only `\n` and `\r\n` end lines.
    """

    def __init__(self, source: ByteSource, cover: Cover | None = None) -> None:
        """Page through a source.

        Args:
            cover: changes lines before they are given out.
        """
        self._source = source
        self._cover = cover
        self._block = _BLOCK
        self._ends = array("Q")
        self._lock = RLock()
        self._pages: OrderedDict[int, list[Line]] = OrderedDict()
        self.size = source.size
        self._ends_with_newline = self.size > 0 and source.read(self.size - 1, 1) == b"\n"

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> PagedText:
        """Open a file; raises what `FileBytes` raises."""
        return cls(FileBytes(path))

    @classmethod
    def from_fd(cls, fd: int) -> PagedText:
        """Take over an open descriptor."""
        return cls(FileBytes(fd=fd))

    @classmethod
    def from_text(cls, text: str) -> PagedText:
        """Page through a text in memory."""
        return cls(MemoryBytes(text.encode("utf-8", "surrogatepass")))

    def close(self) -> None:
        """Close the source; lines asked for later are empty."""
        self._source.close()

    @property
    def indexed_bytes(self) -> int:
        """Bytes whose lines are known."""
        return min(len(self._ends) * self._block, self.size)

    @property
    def complete(self) -> bool:
        """Every line is known."""
        return self.indexed_bytes >= self.size

    @property
    def line_count(self) -> int:
        """Lines known so far: all of them once `complete`."""
        if not self.size:
            return 0
        ends = self._ends[-1] if self._ends else 0
        return ends + (0 if self.complete and self._ends_with_newline else 1)

    def index(self, budget: int = 1024 * 1024, *, until_line: int | None = None) -> bool:
        """Learn more lines: read about `budget` bytes, fewer once `until_line` is known. True when complete."""
        while budget > 0:
            # Let go of between blocks: a line that is to be drawn waits for one of them at most.
            with self._lock:
                if self.complete or (until_line is not None and self.line_count > until_line):
                    break
                # The line that was the last known one may have been read before its end was: forget its page.
                self._pages.pop((self.line_count - 1) // PAGE_LINES, None)
                block = self._source.read(len(self._ends) * self._block, self._block)
                self._ends.append((self._ends[-1] if self._ends else 0) + block.count(b"\n"))
                if self._cover is not None:
                    self._cover.feed(block)
                budget -= self._block
                if len(self._ends) > _MAX_MARKS:
                    self._ends = self._ends[1::2]
                    self._block *= 2
        return self.complete

    def line(self, number: int) -> Line:
        """Line `number` from 0; an empty one when it is not known."""
        page = self._page(number // PAGE_LINES)
        at = number % PAGE_LINES
        return page[at] if at < len(page) else Line("", False)

    def lines(self, start: int, count: int) -> list[Line]:
        """The known ones of `count` lines from `start`."""
        return [self.line(number) for number in range(max(0, start), min(start + count, self.line_count))]

    def find(
        self,
        needle: str,
        start: int,
        *,
        backwards: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> int | None:
        """Number of the next line from `start` (inclusive) that holds `needle`, or None; does not wrap around.

        A needle without capitals matches any case (of ASCII). Reads 1 MB at a time and indexes on its way.
        """
        if not needle:
            return None
        flags = re.IGNORECASE if needle == needle.lower() else 0
        pattern = re.compile(re.escape(needle.encode("utf-8", "surrogatepass")), flags)
        found = self._find_back(pattern, start, cancelled) if backwards else self._find_on(pattern, start, cancelled)
        return None if found is None else self._line_at(found)

    def _find_on(self, pattern: re.Pattern[bytes], start: int, cancelled: Callable[[], bool]) -> int | None:
        self.index(self.size, until_line=start)
        if start >= self.line_count:
            return None
        overlap = len(pattern.pattern)
        offset = self._offset(max(0, start))
        step = 1024 * 1024
        while offset < self.size and not cancelled():
            if match := pattern.search(self._source.read(offset, step + overlap)):
                return offset + match.start()
            offset += step
        return None

    def _find_back(self, pattern: re.Pattern[bytes], start: int, cancelled: Callable[[], bool]) -> int | None:
        if start < 0:
            return None
        self.index(self.size, until_line=start + 1)
        end = self._offset(start + 1) if start + 1 < self.line_count else self.size
        overlap = len(pattern.pattern)
        step = 1024 * 1024
        limit = end
        while limit > 0 and not cancelled():
            base = max(0, limit - step)
            last = None
            for match in pattern.finditer(self._source.read(base, min(end, limit + overlap) - base)):
                if base + match.start() < limit:
                    last = match
            if last:
                return base + last.start()
            limit = base
        return None

    def _line_at(self, offset: int) -> int:
        with self._lock:
            while self.indexed_bytes <= offset and not self.complete:
                self.index(self._block)
            block = offset // self._block
            before = self._ends[block - 1] if block else 0
            start = block * self._block
            return before + self._source.read(start, offset - start).count(b"\n")

    def _offset(self, number: int) -> int:
        """Where a known line starts."""
        if number <= 0:
            return 0
        with self._lock:
            block = bisect_left(self._ends, number)
            nth = number - (self._ends[block - 1] if block else 0)
            base = block * self._block
            data = self._source.read(base, self._block)
        at = -1
        for _ in range(nth):
            at = data.find(b"\n", at + 1)
        return base + at + 1

    def _page(self, page: int) -> list[Line]:
        with self._lock:
            if page in self._pages:
                self._pages.move_to_end(page)
                return self._pages[page]
            count = min(PAGE_LINES, self.line_count - page * PAGE_LINES)
            if count <= 0:
                return []
            lines = self._pages[page] = self._covered(page * PAGE_LINES, count)
            while len(self._pages) > _PAGES_KEPT:
                self._pages.popitem(last=False)
            return lines

    def _covered(self, start: int, count: int) -> list[Line]:
        if self._cover is None:
            return self._read(start, count)
        # What began up to a page earlier must be seen by what covers it.
        before = min(start, PAGE_LINES)
        lines = self._read(start - before, before + count)
        texts = self._cover.cover(start - before, [line.text for line in lines])
        return [Line(text, line.cut) for text, line in zip(texts, lines, strict=True)][before:]

    def _read(self, start: int, count: int) -> list[Line]:
        lines: list[Line] = []
        offset: int | None = None
        while len(lines) < count:
            if offset is None:
                offset = self._offset(start + len(lines))
            data = self._source.read(offset, _READ)
            whole, newline, rest = data.rpartition(b"\n")
            taken = whole.split(b"\n", count - len(lines)) if newline else []
            if newline and len(taken) > count - len(lines):
                taken.pop()
            lines.extend(_decode(raw) for raw in taken)
            if len(lines) >= count:
                break
            if offset + len(data) >= self.size:
                lines.append(_decode(rest))
                break
            if taken:
                offset += len(data) - len(rest)
            else:
                lines.append(_decode(data))
                offset = None
        return lines


def _decode(raw: bytes) -> Line:
    if raw.endswith(b"\r"):
        raw = raw[:-1]
    text = raw[:_MAX_LINE_BYTES].decode("utf-8", "replace")
    cut = len(raw) > _MAX_LINE_BYTES or len(text) > MAX_LINE_CHARS
    return Line(text[:MAX_LINE_CHARS], cut)
