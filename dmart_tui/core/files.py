"""The one place that opens data files: bounded, guarded reads and durable writes."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from dmart_tui.core import disk
from dmart_tui.core.errors import Failed, NotFound, Refused
from dmart_tui.core.units import format_size

_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW


def inside(root: str, path: str) -> bool:
    """Whether `path` (real, absolute) is `root` (real, absolute) or below it."""
    return path == root or path.startswith(root if root.endswith(os.sep) else root + os.sep)


def open_regular(path: str, root: str) -> int:
    """Open a regular file for reading and return its descriptor; the caller closes it.

    Args:
        path: where it is; its last component may be a symlink that stays below `root`.
        root: the real path of the folder that reads may not leave.

    Raises:
        NotFound: no such file, or a dangling or looping symlink.
        Refused: it is no regular file, or a symlink leads out of `root`.
        Failed: the system would not open it.

    Costs two system calls (open, fstat), a walk of the path more for a symlink.
    """
    return _opened(path, root)[0]


def _opened(path: str, root: str) -> tuple[int, os.stat_result]:
    """As `open_regular`, with the file's status."""
    try:
        try:
            descriptor = os.open(path, _READ)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            real = os.path.realpath(path)
            if not inside(root, real):
                raise Refused("a symlink leads out of the root", address=path, hint="it is not followed") from None
            descriptor = os.open(real, _READ)
    except FileNotFoundError:
        descriptor = _kept(path)
    except OSError as error:
        raise Failed(f"cannot be opened: {error.strerror}", address=path) from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Refused("is not a regular file", address=path)
    return descriptor, status


def _kept(path: str) -> int:
    """A descriptor of a file that is not on the disk but mounted."""
    try:
        descriptor = disk.open_kept(path)
    except OSError as error:
        raise Failed(f"cannot be opened: {error.strerror}", address=path) from None
    if descriptor is None:
        raise NotFound("no such file", address=path)
    return descriptor


def read_bounded(path: str, root: str, limit: int) -> bytes:
    """Read a whole file of at most `limit` bytes, as large as it was when opened; four system calls.

    Raises:
        NotFound, Refused, Failed: as `open_regular`; Refused also when it is larger than `limit`.
    """
    descriptor, status = _opened(path, root)
    try:
        size = status.st_size
        if size > limit:
            raise Refused(
                f"is {format_size(size)}, more than the {format_size(limit)} read at once",
                address=path,
                hint="open it with a pager",
            )
        data = os.read(descriptor, size)
        while len(data) < size and (more := os.read(descriptor, size - len(data))):
            data += more
        return data
    except OSError as error:
        raise Failed(f"cannot be read: {error.strerror}", address=path) from None
    finally:
        os.close(descriptor)


def read_head(path: str, root: str, size: int) -> bytes:
    """At most the first `size` bytes of a file; raises as `open_regular`."""
    descriptor = open_regular(path, root)
    try:
        return os.read(descriptor, size)
    except OSError as error:
        raise Failed(f"cannot be read: {error.strerror}", address=path) from None
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Make a rename or a new name in `path` survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path, *, mode: int = 0o600) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` when the block ends; when it raises, nothing has happened.

    Written beside it, synced, renamed, the directory synced. Missing parent directories are made. A device or a pipe is
    no file to replace: it is written as it is.

    Args:
        mode: of the file, less what the umask forbids.

    Raises:
        Failed: the disk would not take it.
    """
    beside = path.with_name(f".{path.name}.tmp-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        if path.is_char_device() or path.is_fifo():
            with path.open("wb") as file:
                yield file
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        sync_directory(path.parent)
    except OSError as error:
        raise Failed(f"cannot be written: {error.strerror}", address=str(path)) from None


def write_atomic(path: Path, data: bytes | Iterable[bytes], *, mode: int = 0o600) -> None:
    """Replace `path` by `data` (or its pieces); readers see the old file or the new one. Raises as `replacing`."""
    with replacing(path, mode=mode) as file:
        file.writelines((data,) if isinstance(data, bytes) else data)
