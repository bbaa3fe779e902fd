"""The log: where batches are appended, and what a crash or a broken disk has left of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from dmart_tui.core.durable import write_all
from dmart_tui.core.errors import Damaged, Failed
from dmart_tui.core.historydb.frames import HEAD_SIZE, LARGEST, MARK, ROWS, Head, checksum, read_head
from dmart_tui.core.historydb.reading import written_from
from dmart_tui.core.historydb.rows import read_runs

if TYPE_CHECKING:
    from dmart_tui.core.historydb.reading import Read
    from dmart_tui.core.historydb.rows import Runs

_CHUNK: Final = 1 << 20
_TIMES: Final = 4
"""How often a file is read for what looks like a frame and is none, before a search for the next one is given up."""


class Logged(NamedTuple):
    """A frame of a log."""

    offset: int
    head: Head
    runs: Runs


class Scan(NamedTuple):
    """What a log holds from some offset on.

    Args:
        frames: those of whole batches.
        end: the byte after the last of them.
        gaps: (start, end) of what is no frame though frames follow it.
        torn: bytes after `end`: a batch that was not written to its end.
    """

    frames: list[Logged]
    end: int
    gaps: list[tuple[int, int]]
    torn: int


def scan_log(path: str, size: int, read: Read, start: int = 0) -> Scan:
    """Read a log from a frame on; each is checked, at some 2 GB a second.

    A batch whose last frame is not there counts as not written. Broken bytes with sound frames behind them are a gap:
    those frames were written after the bytes before them were safe, so it was no crash that broke them.
    """
    frames: list[Logged] = []
    pending: list[Logged] = []
    gaps: list[tuple[int, int]] = []
    at = end = start
    while at < size:
        found = _logged(path, at, size, read)
        if found is None:
            following = next_frame(path, at + 1, size, read)
            if following is None:
                break
            gaps.append((at, following))
            frames += pending
            pending = []
            at = end = following
            continue
        pending.append(found)
        at += found.head.size
        if not found.head.more:
            frames += pending
            pending = []
            end = at
    return Scan(frames, end, gaps, size - end)


def read_frame(path: str, at: int, size: int, read: Read) -> tuple[Head, bytes] | None:
    """The head and the payload of the frame at an offset; None when there is no sound one."""
    head = read_head(read(path, [(at, HEAD_SIZE)])[0])
    if head is None or at + head.size > size:
        return None
    (data,) = read(path, [(at, head.size)])
    payload = data[HEAD_SIZE:]
    if len(payload) != head.length or checksum(data[:HEAD_SIZE], payload) != head.crc:
        return None
    return head, payload


def next_frame(path: str, at: int, size: int, read: Read) -> int | None:
    """Where the next sound frame begins; what pretends to be one too often is searched no further.

    Costs a read of what was written from there on: the holes of a sparse file are passed over.
    """
    spent = 0
    while (at := written_from(path, at, size)) < size:
        (data,) = read(path, [(at, _CHUNK + HEAD_SIZE)])
        place = data.find(MARK, 0, _CHUNK)
        while place >= 0:
            head = read_head(data[place : place + HEAD_SIZE])
            if head is not None:
                if read_frame(path, at + place, size, read) is not None:
                    return at + place
                spent += head.size
                if spent > _TIMES * size + LARGEST:
                    return None
            place = data.find(MARK, place + 1, _CHUNK)
        at += _CHUNK - 1
    return None


def _logged(path: str, at: int, size: int, read: Read) -> Logged | None:
    """The frame of rows at an offset of a log."""
    found = read_frame(path, at, size, read)
    if found is None or found[0].kind != ROWS:
        return None
    try:
        return Logged(at, found[0], read_runs(*found, path, at))
    except Damaged:
        return None


class LogWriter:
    """The end of a log.

    Args:
        end: where the next batch goes; what is behind it is cut off.
    """

    def __init__(self, path: str, end: int) -> None:
        self.path = path
        self.end = end
        self._is_broken = False
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            raise Failed(f"cannot be written: {error.strerror}", address=path) from None
        try:
            if os.fstat(self._descriptor).st_size > end:
                os.ftruncate(self._descriptor, end)
                os.fsync(self._descriptor)
            os.lseek(self._descriptor, end, os.SEEK_SET)
        except OSError as error:
            os.close(self._descriptor)
            raise Failed(f"cannot be written: {error.strerror}", address=path) from None

    def append(self, data: bytes) -> None:
        """Write a batch, durably: one write and one sync.

        Raises:
            Failed: the disk would not take it; nothing of it is there, or the next opening cuts it off.
        """
        if self._is_broken:
            raise Failed("could not be written before", address=self.path, hint="open the store again")
        try:
            write_all(self._descriptor, data)
            os.fdatasync(self._descriptor)
        except OSError as error:
            self._take_back()
            raise Failed(f"cannot be written: {error.strerror}", address=self.path) from None
        self.end += len(data)

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self.end)
            os.lseek(self._descriptor, self.end, os.SEEK_SET)
        except OSError:
            self._is_broken = True

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)
