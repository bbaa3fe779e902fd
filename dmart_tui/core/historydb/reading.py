"""The bytes of the files of a store: on this disk, or on S3, read by ranges."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from dmart_tui.core.errors import Failed, NotFound

if TYPE_CHECKING:
    from dmart_tui.core.archives.source import Source

Read = Callable[[str, Sequence[tuple[int, int]]], list[bytes]]
"""Reads ranges (offset, length) of a file; fewer bytes come where the file ends."""

REMOTE: Final = "s3://"
_OPEN: Final = 256
_sources: Final[dict[str, Source]] = {}
"""Objects that were read; they hold nothing open."""


def read_local(path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """Ranges of a file on this disk; raises NotFound, Failed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            return [os.pread(descriptor, length, offset) for offset, length in ranges]
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise NotFound("no such file", address=path) from None
    except OSError as error:
        raise Failed(f"cannot be read: {error.strerror}", address=path) from None


def read_ranges(path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """Ranges of a file on this disk, or of an object of S3, where near ones cost one request.

    Raises:
        NotFound: it is not there.
        Failed: the disk or the server failed.
        Damaged: the object was replaced while it was read.
    """
    if not path.startswith(REMOTE):
        return read_local(path, ranges)
    source = _source(path)
    size = source.stamp.size
    inside = [(min(offset, size), max(0, min(length, size - offset))) for offset, length in ranges]
    found = dict(source.read_many(inside))
    return [found[place] for place in range(len(ranges))]


def size_of(path: str) -> int:
    """The bytes of a file or an object as it is now; raises as `read_ranges`."""
    if path.startswith(REMOTE):
        _sources.pop(path, None)
        return _source(path).stamp.size
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        raise NotFound("no such file", address=path) from None
    except OSError as error:
        raise Failed(f"cannot be read: {error.strerror}", address=path) from None
    if not stat.S_ISREG(status.st_mode):
        raise Failed("cannot be read: it is no file", address=path)
    return status.st_size


def written_from(path: str, at: int, size: int) -> int:
    """The first byte from an offset on that is in no hole of a file; its size where the rest is one."""
    if path.startswith(REMOTE):
        return at
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            return os.lseek(descriptor, at, os.SEEK_DATA)
        finally:
            os.close(descriptor)
    except OSError as error:
        return size if error.errno == errno.ENXIO else at


def _source(uri: str) -> Source:
    """An object whose size and version are known, or will be when they are asked for."""
    from dmart_tui.core.archives.source import open_source

    if uri not in _sources:
        if len(_sources) == _OPEN:
            _sources.clear()
        _sources[uri] = open_source(uri)
    return _sources[uri]
