"""Where the bytes of an archive are: a file here, an object of S3 in a module of its own, behind one small face."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from dmart_tui.core.archives.ranges import Line, coalesce
from dmart_tui.core.errors import Damaged, Failed, NotFound, Refused
from dmart_tui.core.files import inside, open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.config import Settings

PIECE: Final = 1 << 20
"""Bytes of a long read that are handed over at once."""
_DISK: Final = Line(latency=0, bandwidth=2e9, overhead=5e-6, in_flight=1, cap=PIECE, spare=PIECE)
"""What a system call costs, so that neighbours are read together."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which bytes these are: two reads with equal stamps saw the same object.

    Args:
        size: in bytes.
        version: the ETag without quotes, or `mtime_ns-inode` of a file.
    """

    size: int
    version: str


@dataclass(slots=True)
class Cost:
    """What reading has cost so far.

    Args:
        requests: to the server, or system calls that read a file.
        moved: bytes that came.
        wanted: bytes that were asked for; fewer than moved when gaps were read along.
    """

    requests: int = 0
    moved: int = 0
    wanted: int = 0


class Replaced(Damaged):
    """The bytes changed while they were read: what was known of the archive is void, open it again."""


class Source(ABC):
    """Bytes that can be read anywhere, from several threads at once.

    Args:
        label: the path or URI, untrusted text.
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self.cost = Cost()
        self._counting = Lock()

    def count(self, requests: int, moved: int, wanted: int) -> None:
        """Add to the cost."""
        with self._counting:
            self.cost.requests += requests
            self.cost.moved += moved
            self.cost.wanted += wanted

    def charge(self, other: Source) -> None:
        """Add what reading this costs from now on to the cost of another, of which it is a part."""
        self.cost, self._counting = other.cost, other._counting

    @property
    @abstractmethod
    def stamp(self) -> Stamp:
        """What the first request found; asks for it when there was none."""

    def was_replaced(self) -> bool:
        """Whether other bytes stand there by now, as far as can be told without asking a server."""
        return False

    @property
    @abstractmethod
    def cache_key(self) -> str:
        """What an index of these bytes is kept under: where they are, and which they are."""

    @abstractmethod
    def tail(self, wanted: int) -> tuple[bytes, Stamp]:
        """The last `wanted` bytes (all, when there are fewer) and the stamp, in one request."""

    @abstractmethod
    def read(self, start: int, length: int) -> bytes:
        """Exactly `length` bytes from `start`; nothing is asked for when it is 0.

        Raises:
            Replaced: the object is no longer the one of the stamp.
            Damaged: fewer bytes came.
            Failed: the disk or the server failed.
        """

    @abstractmethod
    def stream(self, start: int, length: int) -> Iterator[bytes]:
        """The same bytes as `read`, in pieces as they come, in one request; raises as `read`, maybe after some."""

    @abstractmethod
    def read_many(
        self, ranges: Sequence[tuple[int, int]], cancel: CancelToken | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Read ranges (start, length), near ones together, many at once.

        Returns:
            The position in `ranges` and its bytes, in whatever order they come; ranges may overlap.

        Raises:
            Cancelled: `cancel` was cancelled.
            Replaced, Damaged, Failed: as `read`.
        """

    @abstractmethod
    def beside(self, name: str) -> Source | None:
        """The object at a relative path below this one's folder, its stamp known; None when there is none.

        A path that would leave the folder names nothing.
        """

    @abstractmethod
    def by_key(self, key: str) -> Source | None:
        """The object that has this key in the same bucket, its stamp known; None when there is none.

        A file knows no bucket: there the key names what lies below the file's folder when that folder's path ends as
        the key begins, so `2025-01-15/_bigFiles/x` is `_bigFiles/x` beside `/data/2025-01-15/shard.des`.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the file or the connection; reads fail from then on."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LocalSource(Source):
    """A regular file, read with `pread`.

    Args:
        path: may be a symlink.
        root: the real path of a folder that a symlink may not leave; none for a path that a person named.

    Raises:
        NotFound, Refused, Failed: as `core.files.open_regular`.
    """

    def __init__(self, path: str, root: str = "/") -> None:
        super().__init__(path)
        self._path = Path(path)
        self._fd = open_regular(path, root)
        # A reader in a thread must not meet the number of a closed descriptor that names another file by now.
        self._open = Lock()
        self._stamp = _stamp(self._fd)

    @property
    def stamp(self) -> Stamp:
        return self._stamp

    @property
    def cache_key(self) -> str:
        return f"{os.path.realpath(self._path)}/{self._stamp.size}/{self._stamp.version}"

    def was_replaced(self) -> bool:
        try:
            return _stamp_of(self._path.stat()) != self._stamp
        except OSError:
            return True

    def tail(self, wanted: int) -> tuple[bytes, Stamp]:
        length = min(wanted, self._stamp.size)
        return self.read(self._stamp.size - length, length), self._stamp

    def read(self, start: int, length: int) -> bytes:
        data = self._read(start, length)
        self.count(0, 0, length)
        return data

    def _read(self, start: int, length: int) -> bytes:
        if not length:
            return b""
        if start + length > self._stamp.size:  # what it would allocate must exist
            raise Damaged("a read goes beyond its end", address=self.label)
        try:
            with self._open:
                data = os.pread(self._fd, length, start)
                while len(data) < length and (more := os.pread(self._fd, length - len(data), start + len(data))):
                    data += more
                changed = _stamp(self._fd) != self._stamp
        except OSError as error:
            raise Failed(f"cannot be read: {error.strerror}", address=self.label) from None
        self.count(1, len(data), 0)
        if changed:
            raise Replaced("was changed while it was read", address=self.label, hint="open it again")
        if len(data) < length:
            raise Damaged("ends too early", address=self.label)
        return data

    def stream(self, start: int, length: int) -> Iterator[bytes]:
        for at in range(start, start + length, PIECE):
            yield self.read(at, min(PIECE, start + length - at))

    def read_many(
        self, ranges: Sequence[tuple[int, int]], cancel: CancelToken | None = None
    ) -> Iterator[tuple[int, bytes]]:
        yield from ((position, b"") for position, (_start, length) in enumerate(ranges) if not length)
        for span in coalesce(ranges, _DISK):
            if cancel is not None:
                cancel.check()
            data = self._read(span.start, span.end - span.start)
            self.count(0, 0, sum(ranges[position][1] for position in span.positions))
            for position in span.positions:
                start, length = ranges[position]
                yield position, data[start - span.start : start - span.start + length]

    def beside(self, name: str) -> Source | None:
        parts = name.split("/")
        if "\0" in name or any(part in ("", ".", "..") for part in parts):
            return None
        folder = os.path.realpath(self._path.parent)
        path = str(self._path.parent.joinpath(*parts))
        if not inside(folder, os.path.realpath(path)):
            return None
        try:
            return LocalSource(path, folder)
        except (NotFound, Refused):
            return None

    def by_key(self, key: str) -> Source | None:
        parts = key.lstrip("/").split("/")
        folder = Path(os.path.realpath(self._path.parent)).parts
        for shared in range(len(parts) - 1, -1, -1):
            fits = shared <= len(folder) and parts[:shared] == list(folder[len(folder) - shared :])
            if fits and (found := self.beside("/".join(parts[shared:]))):
                return found
        return None

    def close(self) -> None:
        with self._open:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1


def _stamp(descriptor: int) -> Stamp:
    return _stamp_of(os.fstat(descriptor))


def _stamp_of(status: os.stat_result) -> Stamp:
    return Stamp(status.st_size, f"{status.st_mtime_ns}-{status.st_ino}")


def open_source(where: str, settings: Settings | None = None) -> Source:
    """Open a path, `s3://bucket/key` or `s3://profile@bucket/key` for reading; the caller closes it.

    Raises:
        UsageFault: a URI that names no object, or a profile that is not in the settings.
        NotFound, Refused, Failed: it is not there, no regular file, or cannot be opened.
    """
    if where.startswith("s3://"):
        from dmart_tui.core.archives.s3 import open_s3

        return open_s3(where, settings)
    return LocalSource(where)
