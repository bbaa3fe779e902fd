"""A part of a source as a source of its own: an archive with something before or after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.archives.source import Source, Stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dmart_tui.core.background import CancelToken


class Window(Source):
    """Bytes `start` to `stop` of a source; closing it closes nothing."""

    def __init__(self, source: Source, start: int, stop: int) -> None:
        super().__init__(source.label)
        self.charge(source)
        self._source = source
        self._start = start
        self._stamp = Stamp(stop - start, source.stamp.version)

    @property
    def stamp(self) -> Stamp:
        return self._stamp

    @property
    def cache_key(self) -> str:
        return f"{self._source.cache_key}/{self._start}-{self._start + self._stamp.size}"

    def tail(self, wanted: int) -> tuple[bytes, Stamp]:
        length = min(wanted, self._stamp.size)
        return self.read(self._stamp.size - length, length), self._stamp

    def read(self, start: int, length: int) -> bytes:
        return self._source.read(self._start + start, length)

    def stream(self, start: int, length: int) -> Iterator[bytes]:
        return self._source.stream(self._start + start, length)

    def read_many(
        self, ranges: Sequence[tuple[int, int]], cancel: CancelToken | None = None
    ) -> Iterator[tuple[int, bytes]]:
        return self._source.read_many([(self._start + start, length) for start, length in ranges], cancel)

    def beside(self, name: str) -> Source | None:
        return self._source.beside(name)

    def by_key(self, key: str) -> Source | None:
        return self._source.by_key(key)

    def close(self) -> None:
        return
