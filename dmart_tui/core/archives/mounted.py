"""A packed tree as folders and files to look into, without unpacking it."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Final

from dmart_tui.core.archives.source import Replaced
from dmart_tui.core.archives.trees import LISTING, is_plain, true_path
from dmart_tui.core.durable import write_all
from dmart_tui.core.errors import DmartTuiError

if TYPE_CHECKING:
    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.archives.index import Member
    from dmart_tui.core.disk import Kind

_HELD: Final = 64
"""Contents that stay in memory after they were closed: what is read in blocks is opened once a block."""
_IN_MEMORY: Final = 16 << 20
"""Bytes of a content that is held in memory; a larger one is a file without a name."""
_LINE: Final = 1 << 20


class KeptFiles(ABC):
    """Files that are members of archives, by their relative paths; may be used from several threads.

    A member is known by a number, as `_table` has it.
    """

    def __init__(self) -> None:
        self._open: OrderedDict[int, int] = OrderedDict()
        self._lock = Lock()
        self._replaced = False

    @property
    @abstractmethod
    def time(self) -> int: ...

    @abstractmethod
    def is_stale(self) -> bool: ...

    def kind(self, path: str) -> Kind | None:
        if path in self._table.links:
            return "link"
        key = key_of(path)
        if self._table.position(key) is not None:
            return "file"
        below = key + b"\0"
        row = self._table.at(below)
        return "folder" if row < len(self._table) and self._table.key(row).startswith(below) else None

    def names(self, folder: str) -> Iterator[tuple[str, Kind]]:
        table, prefix = self._table, key_of(folder) + b"\0"
        row = table.at(prefix)
        while row < len(table) and (key := table.key(row)).startswith(prefix):
            name, deeper, _ = key[len(prefix) :].partition(b"\0")
            if name:
                text = os.fsdecode(name)
                yield text, "folder" if deeper else "link" if f"{folder}/{text}" in table.links else "file"
            row = table.at(prefix + name + b"\1") if deeper else row + 1

    def size(self, path: str) -> int:
        return self._member(self._position(path)).size

    @property
    def has_links(self) -> bool:
        return bool(self._table.links)

    def target(self, path: str) -> str:
        return self._table.links[path]

    def open(self, path: str) -> int:
        """Raises OSError; costs a read of the whole content unless it was open a while ago."""
        position = self._position(path)
        with self._lock:
            held = self._open.get(position)
            if held is None:
                held = self._open[position] = self._content(position)
                if len(self._open) > _HELD:
                    os.close(self._open.popitem(last=False)[1])
            self._open.move_to_end(position)
            return os.open(f"/dev/fd/{held}", os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of what is held."""
        with self._lock:
            for descriptor in self._open.values():
                os.close(descriptor)
            self._open.clear()

    def _content(self, position: int) -> int:
        descriptor = _nameless(self._member(position).size)
        try:
            for piece in self._pieces(position):
                write_all(descriptor, piece)
            os.utime(descriptor, ns=(self.time, self.time))
        except DmartTuiError as error:
            os.close(descriptor)
            raise self._failed(error) from None
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _position(self, path: str) -> int:
        position = self._table.position(key_of(path))
        if position is None:
            raise FileNotFoundError(2, os.strerror(2), path)
        return position

    @cached_property
    def _table(self) -> Table:
        try:
            return self._read_table()
        except DmartTuiError as error:
            raise self._failed(error) from None

    @abstractmethod
    def _read_table(self) -> Table: ...

    @abstractmethod
    def _member(self, position: int) -> Member: ...

    @abstractmethod
    def _pieces(self, position: int) -> Iterator[bytes]: ...

    def _failed(self, error: DmartTuiError) -> OSError:
        self._replaced = self._replaced or isinstance(error, Replaced)
        return OSError(errno.ESTALE if self._replaced else errno.EIO, str(error))


class PackedTree(KeptFiles):
    """The files of a packed tree.

    Costs a pass over all names when first asked for one; then 10 bytes a member beside the bytes of its path, and some
    microseconds a question.
    """

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self._archive = archive

    @property
    def time(self) -> int:
        version = self._archive.stamp.version.partition("-")[0]
        return int(version) if version.isdecimal() else 0

    def is_stale(self) -> bool:
        """Whether the archive was replaced; of S3 a read that failed for it tells."""
        return self._replaced or self._archive.source.was_replaced()

    def close(self) -> None:
        """Let go of the archive and of what is held of it."""
        super().close()
        self._archive.close()

    def _read_table(self) -> Table:
        rows: list[tuple[bytes, int]] = []
        links: dict[str, str] = {}
        for position, raw in enumerate(self._archive.index.names()):
            path = true_path(raw.decode("utf-8", "surrogateescape"))
            if path is not None:
                rows.append((key_of(path), position))
        for line in listing(self._archive):
            folder, link, to = line.get("folder"), line.get("link"), line.get("to")
            if isinstance(folder, str) and line.get("empty") and is_plain(folder):
                rows.append((key_of(folder) + b"\0", -1))
            elif isinstance(link, str) and isinstance(to, str) and is_plain(link):
                links[link] = to
                rows.append((key_of(link), -1))
        return Table(rows, links)

    def _member(self, position: int) -> Member:
        return self._archive.member(position)

    def _pieces(self, position: int) -> Iterator[bytes]:
        return self._archive.pieces(position)


class Table:
    """All paths in an order in which what is in a folder stands together; empty folders end with a NUL.

    Args:
        rows: the `key_of` each path, and the number of its member.
        links: where each link leads to.
    """

    def __init__(self, rows: Iterable[tuple[bytes, int]], links: dict[str, str]) -> None:
        self.links = links
        rows = sorted(rows)
        self._positions = array("q", (position for _, position in rows))
        self._blob = b"".join(key for key, _ in rows)
        self._ends = array("Q")
        end = 0
        for key, _ in rows:
            end += len(key)
            self._ends.append(end)

    def __len__(self) -> int:
        return len(self._ends)

    def key(self, row: int) -> bytes:
        return self._blob[self._ends[row - 1] if row else 0 : self._ends[row]]

    def position(self, key: bytes) -> int | None:
        """The number of the member with a path; None when there is no such path."""
        row = self.at(key)
        return self._positions[row] if row < len(self) and self.key(row) == key else None

    def at(self, key: bytes) -> int:
        """The first row that is not before a key."""
        return bisect_left(range(len(self)), key, key=self.key)


def listing(archive: Archive) -> Iterator[dict[str, object]]:
    """What a packed tree tells beside its files: its roots, then a line for each folder and link; none when it has no
    such member. Lines that are no JSON object are passed over.
    """
    for position in archive.find(LISTING)[-1:]:
        with archive.open(position) as file:
            while raw := file.readline(_LINE):
                with suppress(ValueError, RecursionError):
                    line = json.loads(raw)
                    if isinstance(line, dict):
                        yield line


def key_of(path: str) -> bytes:
    """What stands for a path in a `Table`."""
    return os.fsencode(path).replace(b"/", b"\0")


def _nameless(size: int) -> int:
    """A new file that nobody else can open."""
    if size <= _IN_MEMORY and hasattr(os, "memfd_create"):
        return os.memfd_create("dmart-tui", os.MFD_CLOEXEC)
    descriptor, path = tempfile.mkstemp()
    os.unlink(path)
    return descriptor
