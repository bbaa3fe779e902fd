"""A history store: documents by day in a folder, one writer, any number of readers, whatever happens to either."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import uuid4

from dmart_tui.core.disk import lexists
from dmart_tui.core.durable import sync_folder, write_new
from dmart_tui.core.errors import Damaged, Failed, NotFound, Refused, UsageFault
from dmart_tui.core.historydb import manifest as manifests
from dmart_tui.core.historydb.blocks import BlockRef, read_local
from dmart_tui.core.historydb.footers import Index, read_index, refs
from dmart_tui.core.historydb.locks import READERS, lock_readers, lock_writer
from dmart_tui.core.historydb.log import Logged, LogWriter, scan_log
from dmart_tui.core.historydb.manifest import CODECS, SEGMENTS, Manifest, SegmentEntry, read_manifest, write_manifest
from dmart_tui.core.historydb.rows import batch

if TYPE_CHECKING:
    from types import TracebackType

    from dmart_tui.core.historydb.blocks import Read

LOG_ORDER: Final = 1 << 60
"""The order of blocks in the log: what is there was appended after all that is sealed."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did.

    Args:
        count: of documents.
        late: those of days before the newest there was.
        frames: that were written.
    """

    count: int
    late: int
    frames: int


class Store:
    """A history store, open for reading or for writing by one thread; `create` and `open` make one."""

    def __init__(self, path: str, *, write: bool, read: Read = read_local) -> None:
        self.path = path
        self._read = read
        self._writer_lock = lock_writer(path) if write else None
        self._readers_lock = lock_readers(path)
        self._indexes: dict[str, Index] = {}
        self._log: LogWriter | None = None
        self._logged: list[Logged] = []
        self._end = 0
        self.gaps: list[tuple[int, int]] = []
        self.cut = 0
        """Bytes of a batch that a crash had left unfinished, cut off when the store was opened for writing."""
        try:
            self.manifest = read_manifest(path)
            self._follow_log()
            if write:
                self._open_log()
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(
        cls, path: str, *, date_field: str = "ts", key_field: str = "id", days_per_segment: int = 0, codec: str = "zstd"
    ) -> Self:
        """Make a store where nothing is, and open it for writing.

        Args:
            path: of the folder; those above it must be there.
            date_field: every document must have it.
            key_field: what documents are erased by; a document may lack it.
            days_per_segment: how many days a sealed file spans at most; 0 lets the number of documents decide.

        Raises:
            UsageFault: there is no such codec, or days below 0.
            Refused: something is there.
            Failed: the disk would not take it.
        """
        if codec not in CODECS or days_per_segment < 0 or not date_field:
            raise UsageFault("a codec is zstd or none, days a segment are 0 or more, and dates have a field")
        if lexists(path):
            raise Refused("something is there", address=path, hint="name a folder that is not there")
        made = Manifest(
            manifests.FORMAT, manifests.VERSION, uuid4().hex, date_field, key_field, codec, days_per_segment,
            sequence=1, log=manifests.log_name(1),
        )  # fmt: skip
        try:
            os.makedirs(f"{path}/{SEGMENTS}")
            write_new(f"{path}/{READERS}", ())
            write_new(f"{path}/{made.log}", ())
            sync_folder(os.path.dirname(os.path.abspath(path)))
        except OSError as error:
            raise Failed(f"cannot be made: {error.strerror}", address=path) from None
        write_manifest(path, made)
        return cls(path, write=True)

    @classmethod
    def open(cls, path: str, *, write: bool = False, read: Read = read_local) -> Self:
        """Open a store. For writing, a batch that a crash left unfinished is cut off; `cut` says how much of it.

        Raises:
            NotFound: it is no store.
            Damaged: it cannot be understood.
            WriterHeld: somebody else writes it.
            Failed: the disk would not.
        """
        if not os.path.isdir(path):
            raise NotFound("is no history store", address=path, hint="make one with `historydb create`")
        return cls(path, write=write, read=read)

    @property
    def date_field(self) -> str:
        """The field whose value says the day of a document."""
        return self.manifest.date_field

    @property
    def key_field(self) -> str:
        """The field by which documents are erased."""
        return self.manifest.key_field

    @property
    def codec(self) -> int:
        """How frames are compressed."""
        return CODECS[self.manifest.codec]

    @property
    def log_path(self) -> str:
        """The file that is appended to."""
        return f"{self.path}/{self.manifest.log}"

    def append(self, documents: Iterable[dict[str, Any]]) -> Appended:
        """Append a batch: all of it is there when this returns, and none when it raises, whatever happens.

        Raises:
            UsageFault: a document has no date, or something in it cannot be stored.
            Refused: the store is open for reading.
            Failed: the disk would not take it.
        """
        log = self._writable()
        made = batch(documents, self.date_field, self._newest(), self.codec)
        if made.frames:
            log.append(b"".join(made.frames))
            self._follow_log()
        return Appended(made.count, made.late, len(made.frames))

    def blocks(self, first_day: int | None = None, last_day: int | None = None) -> list[BlockRef]:
        """The blocks that have documents from a day to a day, as they were appended; reads footers only.

        Raises:
            Damaged: a footer cannot be understood, or a piece of the log cannot be read.
        """
        self.refresh()
        if self.gaps:
            start, end = self.gaps[0]
            raise Damaged(
                f"the {end - start:,} bytes from byte {start:,} are no frames",
                address=self.log_path,
                hint="seal the store: what can be read is kept",
            )
        return [ref for ref in self._all_blocks() if _meets(ref, first_day, last_day)]

    def day_counts(self, first_day: int | None = None, last_day: int | None = None) -> dict[int, int]:
        """How many documents each day has, from the footers alone."""
        counts: dict[int, int] = {}
        for ref in self.blocks(first_day, last_day):
            for day, count in ref.runs:
                if (first_day is None or day >= first_day) and (last_day is None or day <= last_day):
                    counts[day] = counts.get(day, 0) + count
        return dict(sorted(counts.items()))

    def refresh(self) -> None:
        """See what other processes have written since."""
        if self._writer_lock is not None:
            return
        found = read_manifest(self.path)
        if found != self.manifest:
            self.manifest = found
            self._logged, self._end, self.gaps = [], 0, []
        self._follow_log()

    def close(self) -> None:
        """Let go of the store."""
        if self._log is not None:
            self._log.close()
            self._log = None
        for descriptor in (self._writer_lock, self._readers_lock):
            if descriptor is not None:
                os.close(descriptor)
        self._writer_lock = self._readers_lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- inside -------------------------------------------------------------------------------------------------------

    def _writable(self) -> LogWriter:
        if self._log is None:
            raise Refused("is open for reading", address=self.path)
        return self._log

    def _newest(self) -> int | None:
        days = [entry.day_max for entry in self.manifest.segments] + [frame.head.day_max for frame in self._logged]
        return max(days, default=None)

    def _all_blocks(self) -> Iterator[BlockRef]:
        for entry in self.manifest.segments:
            yield from refs(self._segment_path(entry), entry, self._index(entry), self.key_field)
        for offset, head, runs in self._logged:
            yield BlockRef(
                self.log_path, offset, head.size, head.kind, head.count, head.day_min, head.day_max, LOG_ORDER,
                head.raw, head.codec, runs, {}, (), self.key_field, (0, 0, 0), {},
            )  # fmt: skip

    def _segment_path(self, entry: SegmentEntry) -> str:
        return f"{self.path}/{SEGMENTS}/{entry.name}"

    def _index(self, entry: SegmentEntry) -> Index:
        if entry.name not in self._indexes:
            self._indexes[entry.name] = read_index(self._segment_path(entry), entry, self._read)
        return self._indexes[entry.name]

    def _follow_log(self) -> None:
        try:
            size = os.stat(self.log_path).st_size
        except OSError as error:
            raise Damaged(f"cannot be read: {error.strerror}", address=self.log_path) from None
        if size > self._end:
            found = scan_log(self.log_path, size, self._read, self._end)
            self._logged += found.frames
            self.gaps += found.gaps
            self._end = found.end

    def _open_log(self) -> None:
        self.cut = os.stat(self.log_path).st_size - self._end
        self._log = LogWriter(self.log_path, self._end)


def _meets(ref: BlockRef, first_day: int | None, last_day: int | None) -> bool:
    return (first_day is None or ref.day_max >= first_day) and (last_day is None or ref.day_min <= last_day)
