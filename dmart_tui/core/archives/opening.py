"""Opening an archive: the index read in pieces, or taken from a cache, walked as it comes and judged at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dmart_tui.core.archives import format as des
from dmart_tui.core.archives.format import Finding, Layout, check_header
from dmart_tui.core.archives.index import Index
from dmart_tui.core.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.archives.source import Source
    from dmart_tui.core.background import CancelToken

_REPAIR = "`des repair` copies what is sound of it"


class IndexCache(Protocol):
    """Raw indexes by what they belong to; an entry is believed only after it was checked."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, raw: bytes) -> None: ...

    def forget(self, key: str) -> None: ...


class Opening:
    """One archive being opened.

    Args:
        size: of the file.
        tail: its last bytes.
        grown: told the index whenever more of its entries are known.
        tolerant: report what would be raised, and take what can be understood.
    """

    def __init__(
        self,
        source: Source,
        size: int,
        layout: Layout,
        tail: bytes,
        grown: Callable[[Index], None],
        *,
        tolerant: bool,
    ) -> None:
        self._source = source
        self._layout = layout
        self._tail = tail
        self._tail_start = size - len(tail)
        self._grown = grown
        self._tolerant = tolerant
        self.findings: list[Finding] = []

    def index(self, cache: IndexCache | None, cancel: CancelToken | None) -> Index:
        """Read the index.

        Raises:
            Damaged: it cannot be trusted.
            Cancelled, Replaced, Failed: as `Source.stream`.
        """
        kind = self._kind()
        index = self._read(kind or "des2", cache, cancel)
        if kind is None and _trouble(index, self._count(index)):
            # Version 2 was taken for granted to save a request.
            kind = self._kind(self._source.read(0, des.HEADER.size)) or "des2"
            index = self._walked(kind, index.raw)
        if kind == "des2-v1":
            index = self._older(index)
        trouble = _trouble(index, self._count(index))
        if trouble and not self._tolerant:
            raise Damaged(trouble, address=self._source.label, hint=_REPAIR)
        if trouble:
            self.findings.append(Finding("index", "error", None, "", trouble))
        if len(index) > self._count(index):
            sentence = f"promises {self._count(index):,} members, its index holds {len(index):,}"
            self.findings.append(Finding("count", "warning", None, "", sentence))
        return index

    def _kind(self, start: bytes = b"") -> str | None:
        """Which entries there are; None for DES2 whose header is not here. Without need nothing is read for it."""
        if not start and not self._tail_start:
            start = self._tail
        if not start and self._layout.slack:
            start = self._source.read(0, des.HEADER.size)
        found = check_header(start, self._layout.format) if start else []
        if self._layout.slack:
            if found:
                raise Damaged("something stands before its header", address=self._source.label, hint=_REPAIR)
            sentence = f"{self._layout.slack:,} bytes stand between index and footer"
            self.findings.append(Finding("slack", "warning", None, "", sentence))
        for finding in found:
            if finding.severity == "error" and not self._tolerant:
                raise Damaged(finding.sentence, address=self._source.label, hint=_REPAIR)
        self.findings += found
        if self._layout.format == "des1":
            return "des1"
        if not start:
            return None
        return "des2" if start[4] != 1 else "des2-v1"

    def _count(self, index: Index) -> int:
        if self._layout.count is not None:
            return self._layout.count
        (count,) = des.COUNT2.unpack_from(index.raw)
        return int(count)

    def _walked(self, kind: str, raw: bytes | bytearray) -> Index:
        index = Index(self._layout, raw, kind)
        index.walk()
        return index

    def _older(self, index: Index) -> Index:
        """Version 1 has two kinds of entries and does not say which; only the right one ends where the index ends."""
        other = self._walked("des2-bare", index.raw)
        if _trouble(other, self._count(other)):
            return index
        fits = not _trouble(index, self._count(index)) and not any(member.problem for member in index)
        return index if fits else other

    def _read(self, kind: str, cache: IndexCache | None, cancel: CancelToken | None) -> Index:
        start, length = self._layout.index_start, self._layout.index_length
        if start >= self._tail_start:
            at = start - self._tail_start
            return self._walked(kind, self._tail[at : at + length])
        here = self._tail[: max(0, start + length - self._tail_start)]
        if cache is not None and (kept := cache.get(self._source.cache_key)) is not None:
            if len(kept) == length and kept.endswith(here):
                index = self._walked(kind, kept)
                if not _trouble(index, self._count(index)):
                    return index
            cache.forget(self._source.cache_key)
        raw = bytearray()
        index = Index(self._layout, raw, kind)
        for piece in self._source.stream(start, length - len(here)):
            if cancel is not None:
                cancel.check()
            raw += piece
            index.walk()
            self._grown(index)
        raw += here
        index.walk()
        if cache is not None and not _trouble(index, self._count(index)):
            cache.put(self._source.cache_key, bytes(raw))
        return index


def _trouble(index: Index, count: int) -> str:
    """Why an index that was walked to its end cannot be trusted, a sentence; empty when it can."""
    if not index.whole:
        return f"its index breaks off after {len(index):,} of {count:,} members"
    if len(index) < count:
        return f"promises {count:,} members, its index holds {len(index):,}"
    return ""
