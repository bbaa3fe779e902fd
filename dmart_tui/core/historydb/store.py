"""A history store: documents by day in a folder, one writer, any number of readers, whatever happens to either."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import uuid4

import msgspec

from dmart_tui.core.disk import lexists
from dmart_tui.core.durable import sync_folder, write_new
from dmart_tui.core.errors import Damaged, Failed, NotFound, Refused, UsageFault
from dmart_tui.core.historydb import manifest as manifests
from dmart_tui.core.historydb.blocks import BlockRef
from dmart_tui.core.historydb.footers import Index, read_index, refs
from dmart_tui.core.historydb.frames import read_head
from dmart_tui.core.historydb.locks import READERS, is_read, lock_readers, lock_writer
from dmart_tui.core.historydb.log import Logged, LogWriter, scan_log
from dmart_tui.core.historydb.manifest import (
    CODECS,
    PUT_ASIDE,
    SEGMENTS,
    Manifest,
    SegmentEntry,
    read_manifest,
    write_manifest,
)
from dmart_tui.core.historydb.reading import REMOTE, read_ranges, size_of
from dmart_tui.core.historydb.rows import batch
from dmart_tui.core.historydb.tombstones import Tombstones, erased, read_tombstones

if TYPE_CHECKING:
    from types import TracebackType

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.historydb.erasing import Key
    from dmart_tui.core.historydb.information import Info
    from dmart_tui.core.historydb.reading import Read
    from dmart_tui.core.historydb.sealing import Rewritten
    from dmart_tui.core.historydb.verifying import Finding

Progress = Callable[[int, int], None]
"""Told how many documents are done, and of how many."""

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


def _silent(done: int, total: int) -> None:
    """Nobody wants to know."""


class Store:
    """A history store, open for reading or for writing by one thread; `create` and `open` make one."""

    def __init__(self, path: str, *, write: bool, read: Read = read_ranges) -> None:
        self.path = path.rstrip("/") if path.startswith(REMOTE) else os.path.abspath(path)
        self.read = read
        self.log_end = 0
        """The byte of the log after its last whole batch."""
        self.gaps: list[tuple[int, int]] = []
        """(start, end) of what cannot be read in the middle of the log."""
        self.torn = 0
        """Bytes at the end of the log of a batch that is not written to its end, or not yet."""
        self.cut = 0
        """Those that opening for writing has cut off."""
        self.tombstones: list[Tombstones] = []
        self._indexes: dict[str, Index] = {}
        self._blocks: dict[str, list[BlockRef]] = {}
        self._logged: list[Logged] = []
        self._log: LogWriter | None = None
        self._is_in_doubt = False
        self._lock = None
        for name in (SEGMENTS, PUT_ASIDE) if not path.startswith(REMOTE) else ():
            # What is no part of the store is removed there, which must not be a part of another one.
            if os.path.islink(f"{self.path}/{name}"):
                raise Refused("is a link", address=f"{self.path}/{name}", hint="a store keeps its files in its folder")
        if write:
            self._lock = lock_writer(path)
        elif not path.startswith(REMOTE):
            self._lock = lock_readers(path)
        try:
            self._take(read_manifest(self.path, read))
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
    def open(cls, path: str, *, write: bool = False, read: Read = read_ranges) -> Self:
        """Open a store, a folder or, for reading, `s3://bucket/folder`.

        For writing, a batch that a crash left unfinished is cut off; `cut` says how much of it.

        Raises:
            NotFound: it is no store.
            Damaged: it cannot be understood.
            WriterHeld: somebody else writes it.
            Failed: the disk would not.
        """
        if path.startswith(REMOTE):
            if write:
                raise Refused("a store on S3 is read only", address=path, hint="write it on a disk and copy it there")
        elif not os.path.exists(f"{path}/{manifests.NAME}"):
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
            for frame, runs in zip(made.frames, made.runs, strict=True):
                head = read_head(frame)
                assert head is not None
                self._logged.append(Logged(self.log_end, head, runs))
                self.log_end += len(frame)
        return Appended(made.count, made.late, len(made.frames))

    def seal(self, progress: Progress = _silent, cancel: CancelToken | None = None) -> Rewritten:
        """Turn what was appended into segments of columns, in bounded memory; what cannot be read is put aside.

        Raises:
            Cancelled, Failed, Damaged: nothing has happened.
        """
        from dmart_tui.core.historydb.sealing import seal

        self._writable()
        return seal(self, progress, cancel)

    def compact(
        self, progress: Progress = _silent, cancel: CancelToken | None = None, *, salvage: bool = False
    ) -> Rewritten:
        """Merge segments that share days or are small, and remove from segments what was erased.

        Args:
            salvage: what cannot be read is copied to files and left out, and its sound neighbours are kept; for that
                everything is read.

        Raises:
            Cancelled, Failed: nothing has happened.
            Damaged: the same; something cannot be read.
        """
        from dmart_tui.core.historydb.sealing import compact

        self._writable()
        return compact(self, progress, cancel, salvage=salvage)

    def erase(self, keys: Iterable[Key], progress: Progress = _silent, cancel: CancelToken | None = None) -> int:
        """Let the documents with these keys be there no more; how many these were.

        They are hidden at once, and gone from the disk when the store was sealed and compacted. Documents that are
        appended later are not meant. Reads the keys of all documents.
        """
        from dmart_tui.core.historydb.erasing import erase

        self._writable()
        return erase(self, keys, progress, cancel)

    def drop_before(self, day: int, progress: Progress = _silent, cancel: CancelToken | None = None) -> Rewritten:
        """Remove the documents of all days before one; raises as `seal`. Whole segments cost nothing to remove."""
        from dmart_tui.core.historydb.sealing import drop_before

        self._writable()
        return drop_before(self, day, progress, cancel)

    def verify(self, progress: Progress = _silent, cancel: CancelToken | None = None) -> Iterator[Finding]:
        """Read everything and tell what is wrong with it."""
        from dmart_tui.core.historydb.verifying import verify

        self.refresh()
        return verify(self, progress, cancel)

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
        segments = (
            ref
            for entry in self.manifest.segments
            if _meets(entry, first_day, last_day)
            for ref in self.segment_blocks(entry)
        )
        return [ref for ref in (*segments, *self.log_blocks()) if _meets(ref, first_day, last_day)]

    def day_counts(self, first_day: int | None = None, last_day: int | None = None) -> dict[int, int]:
        """How many documents each day has, the days ascending; from the footers alone. Raises as `blocks`."""
        counts: dict[int, int] = {}
        for ref in self.blocks(first_day, last_day):
            for day, count in ref.runs:
                counts[day] = counts.get(day, 0) + count
        for stones in self.tombstones:
            for day, _key, sealed, logged in stones.pairs:
                if day in counts:
                    counts[day] -= sealed + logged
        return {
            day: counts[day]
            for day in sorted(counts)
            if (first_day is None or day >= first_day) and (last_day is None or day <= last_day) and counts[day]
        }

    def documents(self, first_day: int | None = None, last_day: int | None = None) -> Iterator[dict[str, Any]]:
        """The documents from a day to a day, by day and as they were appended; raises as `blocks`, and on its way."""
        from dmart_tui.core.historydb.queries.ordering import by_day, whole_documents

        refs = self.blocks(first_day, last_day)
        for _day, documents in by_day(refs, self.read, whole_documents, first_day, last_day):
            yield from documents

    def info(self) -> Info:
        """What the store is and holds; reads footers only. Raises Damaged when one cannot be understood."""
        from dmart_tui.core.historydb.information import info

        self.refresh()
        return info(self)

    def unused(self) -> list[str]:
        """Files that are no part of the store: left by a crash, or kept while somebody reads them."""
        from dmart_tui.core.historydb.verifying import unused

        return [] if self.path.startswith(REMOTE) else unused(self)

    def refresh(self) -> None:
        """See what other processes have written since."""
        if self._log is None:
            found = read_manifest(self.path, self.read)
            if found != self.manifest:
                self._take(found)
            self._follow_log()

    def close(self) -> None:
        """Let go of the store."""
        if self._log is not None:
            self._log.close()
            self._log = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- for those that write files anew ------------------------------------------------------------------------------

    def segment_path(self, entry: SegmentEntry) -> str:
        """Where a segment is."""
        return f"{self.path}/{SEGMENTS}/{entry.name}"

    def index(self, entry: SegmentEntry) -> Index:
        """What is known of a segment without reading its blocks."""
        if entry.name not in self._indexes:
            self._indexes[entry.name] = read_index(self.segment_path(entry), entry, self.read)
        return self._indexes[entry.name]

    def segment_blocks(self, entry: SegmentEntry) -> list[BlockRef]:
        """The blocks of a segment."""
        if entry.name not in self._blocks:
            found = refs(self.segment_path(entry), entry, self.index(entry), self.key_field)
            if self.tombstones:
                found = [self.with_erasures(ref, entry.sequence) for ref in found]
            self._blocks[entry.name] = found
        return self._blocks[entry.name]

    def with_erasures(self, ref: BlockRef, sequence: int) -> BlockRef:
        """A block of the segment of this sequence, with what was erased of it."""
        found = erased(self.tombstones, (ref.day_min, ref.day_max), sequence=sequence)
        return msgspec.structs.replace(ref, erased=found)

    def log_blocks(self) -> list[BlockRef]:
        """The blocks of the log."""
        log = self.manifest.log
        return [
            BlockRef(
                self.log_path, offset, head.size, head.kind, head.count, head.day_min, head.day_max, LOG_ORDER,
                head.raw, head.codec, runs, {},
                erased(self.tombstones, (head.day_min, head.day_max), log=log, offset=offset),
                self.key_field, (0, 0, 0), {},
            )
            for offset, head, runs in self._logged
        ]  # fmt: skip

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Around the making of files beside the manifest's, and `swap`: what fails there may have happened or not.

        Then nothing more is written until the store is opened again, which finds out. Raises Failed for OSError.
        """
        try:
            yield
        except BaseException as error:
            self._is_in_doubt = True
            if isinstance(error, OSError):
                raise Failed(f"cannot be written: {error.strerror}", address=self.path) from None
            raise

    def swap(self, manifest: Manifest) -> None:
        """Let the store be what a manifest says, and remove what it no longer names."""
        write_manifest(self.path, manifest)
        log = self.manifest.log
        self._take(manifest)
        if manifest.log != log and self._log is not None:
            self._log.close()
            self._log = LogWriter(self.log_path, 0)
        else:
            self._follow_log()
        self._sweep()

    # -- inside -------------------------------------------------------------------------------------------------------

    def _writable(self) -> LogWriter:
        if self._log is None:
            raise Refused("is open for reading", address=self.path)
        if self._is_in_doubt:
            raise Failed("could not be written before", address=self.path, hint="open it again")
        return self._log

    def _take(self, manifest: Manifest) -> None:
        self.manifest = manifest
        names = {entry.name for entry in manifest.segments}
        self._indexes = {name: index for name, index in self._indexes.items() if name in names}
        self._blocks = {}
        self._logged, self.log_end, self.torn, self.gaps = [], 0, 0, []
        self.tombstones = [
            stones
            for name in manifest.tombstones
            for stones in read_tombstones(f"{self.path}/{SEGMENTS}/{name}", self.read)
        ]

    def _newest(self) -> int | None:
        days = [entry.day_max for entry in self.manifest.segments] + [frame.head.day_max for frame in self._logged]
        return max(days, default=None)

    def _follow_log(self) -> None:
        try:
            size = size_of(self.log_path)
        except NotFound:
            raise Damaged("is not there", address=self.log_path, hint="the manifest names it") from None
        if size > self.log_end:
            found = scan_log(self.log_path, size, self.read, self.log_end)
            self._logged += found.frames
            self.gaps += found.gaps
            self.log_end = found.end
        self.torn = size - self.log_end

    def _open_log(self) -> None:
        self._log = LogWriter(self.log_path, self.log_end)
        self.cut, self.torn = self.torn, 0
        self._sweep()
        # What a crash has left and a reader keeps from being removed must not meet a new file of its name.
        taken = [int(number[0]) for name in self.unused() if (number := re.match(r"\d+", os.path.basename(name)))]
        highest = max([self.manifest.sequence, *taken])
        self.manifest = msgspec.structs.replace(self.manifest, sequence=highest)

    def _sweep(self) -> None:
        """Remove files that are no part of the store, unless somebody reads."""
        for path in self.unused() if not is_read(self.path) else ():
            try:
                os.unlink(path)
            except OSError as error:
                raise Failed(f"cannot be removed: {error.strerror}", address=path) from None


def _meets(ref: BlockRef | SegmentEntry, first_day: int | None, last_day: int | None) -> bool:
    return (first_day is None or ref.day_max >= first_day) and (last_day is None or ref.day_min <= last_day)
