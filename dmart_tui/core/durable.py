"""What changes a disk, in pieces small enough to be certain of: all of it goes through a dozen calls of `os`."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Final

from dmart_tui.core.errors import Refused

_CHUNK: Final = 1 << 20
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_RENAME_NOREPLACE: Final = 1
_HELD_OPEN: Final = 128
_AT_FDCWD: Final = -100
_UNABLE: Final = (errno.EINVAL, errno.ENOSYS)

Check = Callable[[int], None]
"""Told the bytes of each piece of a file once it was read; raises when the work is to stop."""


def sync_folder(path: str) -> None:
    """Make new, changed and removed names in a directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Syncs:
    """Files and directories that are synced together, which costs the disk one flush where each alone costs one.

    A file stays open until then, so that an error of writing it cannot get lost; a directory is synced once.
    """

    def __init__(self) -> None:
        self._files: list[int] = []
        self._folders: dict[str, None] = {}

    def file(self, descriptor: int) -> None:
        """Sync a file later; the descriptor stays the caller's."""
        self._files.append(os.dup(descriptor))
        if len(self._files) == _HELD_OPEN:
            self._sync_files()

    def folder(self, path: str) -> None:
        """Sync a directory later."""
        self._folders[path] = None

    def now(self) -> None:
        """Sync all that waits."""
        self._sync_files()
        for path in self._folders:
            sync_folder(path)
        self._folders.clear()

    def close(self) -> None:
        """Forget what waits."""
        while self._files:
            os.close(self._files.pop())

    def _sync_files(self) -> None:
        for descriptor in self._files:
            os.fsync(descriptor)
        self.close()


def write_new(
    path: str, data: Iterable[bytes], like: os.stat_result | None = None, *, syncs: Syncs | None = None
) -> None:
    """Make a file that is not there; with the mode and, where the system allows it, the owner of another.

    It is synced, or will be where `syncs` are given.
    """
    descriptor = os.open(path, _NEW, 0o666)
    try:
        for piece in data:
            write_all(descriptor, piece)
        if like is not None:
            made = os.fstat(descriptor)
            if (made.st_uid, made.st_gid) != (like.st_uid, like.st_gid):
                with suppress(PermissionError):
                    os.fchown(descriptor, like.st_uid, like.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(like.st_mode))
        if syncs is None:
            os.fsync(descriptor)
        else:
            syncs.file(descriptor)
    finally:
        os.close(descriptor)


def rename_new(source: str, path: str) -> None:
    """Rename to a name where nothing is, which the system itself looks after where it can.

    Raises:
        FileExistsError: something is there.
    """
    failed = _rename_exclusively(os.fsencode(source), os.fsencode(path))
    if failed in _UNABLE:
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        os.rename(source, path)
    elif failed:
        raise OSError(failed, os.strerror(failed), path)


def remove_tree(path: str) -> None:
    """Remove a file, a link or a directory with all that is in it; nothing happens when it is not there."""
    import shutil

    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        if os.path.isdir(path):
            shutil.rmtree(path)
            return
        raise


def copy_tree(source: str, path: str, check: Check) -> None:
    """Copy a file, a link or a directory with all that is in it to a name where nothing is, everything synced."""
    like = os.lstat(source)
    if stat.S_ISLNK(like.st_mode):
        os.symlink(os.readlink(source), path)
    elif stat.S_ISDIR(like.st_mode):
        os.mkdir(path, 0o700)
        for name in os.listdir(source):
            copy_tree(f"{source}/{name}", f"{path}/{name}", check)
        with suppress(PermissionError):
            os.chown(path, like.st_uid, like.st_gid)
        os.chmod(path, stat.S_IMODE(like.st_mode))
        sync_folder(path)
    else:
        with opened(source) as descriptor:
            write_new(path, pieces(descriptor, check), like)


@contextmanager
def opened(path: str) -> Iterator[int]:
    """A regular file, wherever it is, to read from."""
    descriptor = os.open(path, _READ)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Refused("is not a regular file", address=path)
        yield descriptor
    finally:
        os.close(descriptor)


def pieces(descriptor: int, check: Check) -> Iterator[bytes]:
    """The bytes of a file, at most a megabyte at a time."""
    while piece := os.read(descriptor, _CHUNK):
        check(len(piece))
        yield piece


def write_all(descriptor: int, data: bytes) -> None:
    """Write, in one call unless the disk takes less."""
    done = os.write(descriptor, data)
    while done < len(data):
        done += os.write(descriptor, data[done:])


def _rename_exclusively(source: bytes, path: bytes) -> int:
    """renameat2(RENAME_NOREPLACE): 0, or the number of the error; EINVAL and ENOSYS where there is no such thing."""
    import ctypes

    function = _renameat2()
    if function is None:
        return errno.ENOSYS
    done = function(_AT_FDCWD, source, _AT_FDCWD, path, _RENAME_NOREPLACE)
    return ctypes.get_errno() if done else 0


@cache
def _renameat2() -> Callable[..., int] | None:
    import ctypes

    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
