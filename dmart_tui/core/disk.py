"""The files of a root as its readers see them: those on the disk, and those that are kept in something mounted there.

Everything that reads a spaces folder asks here instead of `os`. What is mounted stands where its files were, read-only,
behind what is on the disk. Without a mount each function is the one of `os` and a comparison.
"""

from __future__ import annotations

import errno
import os
import stat as modes
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

if TYPE_CHECKING:
    from types import TracebackType

MOUNTS: Final = ".dmart-tui/mounts.json"
"""Where a root keeps what is mounted in it."""

_AGAIN: Final = 10.0
"""Seconds until what could not be opened is tried again."""

Kind = Literal["file", "folder", "link"]


class Kept(Protocol):
    """Files that are not on the disk, by their paths relative to a root; raises OSError when they cannot be read."""

    def kind(self, path: str) -> Kind | None:
        """What a path is; None when there is nothing."""

    def names(self, folder: str) -> Iterator[tuple[str, Kind]]:
        """What is in a folder."""

    def size(self, path: str) -> int:
        """The bytes of a file."""

    @property
    def has_links(self) -> bool:
        """Whether there is any link."""

    def target(self, path: str) -> str:
        """Where a link leads to, as it is written."""

    def open(self, path: str) -> int:
        """A descriptor of a file's content, for the caller to read anywhere in and to close."""

    def close(self) -> None:
        """Let go of it."""

    def is_stale(self) -> bool:
        """Whether it is no longer what stands where it was opened: it is opened anew then."""

    @property
    def time(self) -> int:
        """When all of them are said to have changed last, in nanoseconds since 1970."""


@dataclass(slots=True, eq=False)
class Mount:
    """Something mounted below a root.

    Args:
        root: a real path.
        covers: what it keeps: relative paths, and whether each is a folder; asked without opening anything.
        label: what it is, for people.
        opener: opens it when a path in `covers` is first asked for.
    """

    root: str
    covers: Mapping[str, bool]
    label: str
    opener: Callable[[], Kept]
    _opened: Kept | None = None
    _former: Kept | None = None
    """What was opened before it was replaced; readers may still be at it."""
    _failed: tuple[float, str] | None = None
    _lock: Lock = field(default_factory=Lock)

    def tree(self) -> Kept:
        """What is mounted; raises as `opener`, and for a while the same without asking again."""
        with self._lock:
            if self._opened is not None and self._opened.is_stale():
                if self._former is not None:
                    self._former.close()
                self._former, self._opened = self._opened, None
            if self._opened is None:
                if self._failed is not None and monotonic() < self._failed[0]:
                    raise OSError(errno.EIO, self._failed[1])
                try:
                    self._opened = self.opener()
                except OSError as error:
                    self._failed = monotonic() + _AGAIN, str(error.strerror)
                    raise
            return self._opened

    def close(self) -> None:
        """Let go of what is mounted."""
        with self._lock:
            for kept in (self._opened, self._former):
                if kept is not None:
                    kept.close()
            self._opened = self._former = None

    def relative(self, path: str) -> str | None:
        """An absolute path as what is mounted calls it; None when it is none of its own."""
        if not path.startswith(f"{self.root}/"):
            return None
        relative = path[len(self.root) + 1 :]
        mine = any(relative == cover or relative.startswith(f"{cover}/") for cover in self.covers)
        return relative if mine else None


_MOUNTS: list[Mount] = []


def mount(new: Mount) -> None:
    """Let something stand below a root."""
    _MOUNTS.append(new)


def unmount(root: str, label: str | None = None) -> None:
    """Take away what is mounted below a root: all of it, or what has this label."""
    for one in mounts(root):
        if label in (None, one.label):
            _MOUNTS.remove(one)
            one.close()


def mounts(root: str) -> list[Mount]:
    """What is mounted below a root."""
    return [one for one in _MOUNTS if one.root == root]


def kept_at(path: str) -> str | None:
    """The label of what keeps a path that the disk does not have, or the folder that a new path would be in."""
    while _MOUNTS and not os.path.lexists(path):
        for one in _MOUNTS:
            relative = one.relative(path)
            try:
                if relative is not None and one.tree().kind(relative) is not None:
                    return one.label
            except OSError:  # nobody knows what is in it
                return one.label
        path = os.path.dirname(path)
    return None


# -- what `os` has ----------------------------------------------------------------------------------------------------


def lstat(path: str) -> os.stat_result:
    """As `os.lstat`."""
    return _stat(path, _behind(path, last=False), os.lstat)


def stat(path: str) -> os.stat_result:
    """As `os.stat`."""
    return _stat(path, _behind(path, last=True), os.stat)


def _stat(path: str, real: str, function: Callable[[str], os.stat_result]) -> os.stat_result:
    try:
        return function(real)
    except FileNotFoundError as error:
        if _MOUNTS and (found := _kept(real)):
            return _status(*found)
        error.filename = path
        raise


def lexists(path: str) -> bool:
    """As `os.path.lexists`."""
    if os.path.lexists(path):
        return True
    return bool(_MOUNTS) and _is(path, bool, lstat)


def exists(path: str) -> bool:
    """As `os.path.exists`."""
    return os.path.exists(path) or (bool(_MOUNTS) and _is(path, bool))


def isdir(path: str) -> bool:
    """As `os.path.isdir`."""
    return os.path.isdir(path) or (bool(_MOUNTS) and _is(path, modes.S_ISDIR))


def isfile(path: str) -> bool:
    """As `os.path.isfile`."""
    return os.path.isfile(path) or (bool(_MOUNTS) and _is(path, modes.S_ISREG))


def islink(path: str) -> bool:
    """As `os.path.islink`."""
    return os.path.islink(path) or (bool(_MOUNTS) and _is(path, modes.S_ISLNK, lstat))


def scandir(path: str) -> Any:
    """As `os.scandir`."""
    if not _MOUNTS:
        return os.scandir(path)
    real = _behind(path, last=True)
    inside = dict(_names(real))
    if not inside:
        return os.scandir(real)
    try:
        return _Listing(path, os.scandir(real), inside)
    except FileNotFoundError:
        return _Listing(path, None, inside)


def walk(path: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """As `os.walk`, without a choice."""
    if not _MOUNTS:
        yield from os.walk(path)
        return
    folders: list[str] = []
    files: list[str] = []
    try:
        with scandir(path) as found:
            for entry in found:
                (folders if entry.is_dir() else files).append(entry.name)
    except OSError:
        return
    yield path, folders, files
    for name in folders:
        if not islink(f"{path}/{name}"):
            yield from walk(f"{path}/{name}")


def open_kept(path: str) -> int | None:
    """A descriptor of a file that is kept, or that a kept link leads to; None when there is no such file."""
    real = _behind(path, last=True)
    if real != path:
        with suppress(FileNotFoundError):
            return os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW)
    try:
        return _open_kept(real)
    except OSError as error:
        if error.errno != errno.ESTALE:
            raise
        return _open_kept(real)  # what was replaced meanwhile is opened anew


def _open_kept(real: str) -> int | None:
    found = _kept(real)
    return found[0].open(found[1]) if found is not None and found[0].kind(found[1]) == "file" else None


# -- what is kept -----------------------------------------------------------------------------------------------------


def _kept(path: str) -> tuple[Kept, str] | None:
    """What keeps a path that the disk does not have, and how it is called there."""
    if os.path.lexists(path):
        return None
    for one in _MOUNTS:
        relative = one.relative(path)
        if relative is not None:
            tree = one.tree()
            if tree.kind(relative) is not None:
                return tree, relative
    return None


def _names(folder: str) -> Iterator[tuple[str, Kind]]:
    """What is mounted in a folder or below one that is; what cannot be opened hides nothing that is on the disk."""
    for one in _MOUNTS:
        relative = one.relative(folder)
        if relative is not None:
            try:
                yield from one.tree().names(relative)
            except OSError:
                if not os.path.isdir(folder):
                    raise
        for cover, is_folder in one.covers.items():
            above, _, name = f"{one.root}/{cover}".rpartition("/")
            if above == folder:
                yield name, "folder" if is_folder else "file"


def _status(tree: Kept, path: str) -> os.stat_result:
    kind = tree.kind(path)
    size = tree.size(path) if kind == "file" else 0
    mode = {"file": modes.S_IFREG | 0o444, "folder": modes.S_IFDIR | 0o555, "link": modes.S_IFLNK | 0o777}[
        kind or "file"
    ]
    seconds = tree.time // 1_000_000_000
    whole = (mode, 0, 0, 1, 0, 0, size, seconds, seconds, seconds)
    return os.stat_result(whole, {"st_mtime_ns": tree.time, "st_mtime": tree.time / 1e9})


def _is(path: str, what: Callable[[int], bool], look: Callable[[str], os.stat_result] = stat) -> bool:
    try:
        return what(look(path).st_mode)
    except (OSError, ValueError):
        return False


def _behind(path: str, *, last: bool) -> str:
    """The path with the first kept link on the way to it, or at its end when `last`, followed; one, as in all reading.

    A link that leads out of its root leads nowhere.
    """
    for one in _MOUNTS:
        relative = one.relative(path)
        if relative is None or os.path.lexists(path) or not one.tree().has_links:
            continue
        parts = relative.split("/")
        for count in range(1, len(parts) + last):
            link = "/".join(parts[:count])
            if one.tree().kind(link) == "link" and not os.path.lexists(f"{one.root}/{link}"):
                led = os.path.normpath(f"{one.root}/{os.path.dirname(link)}/{one.tree().target(link)}")
                below = f"{one.root}/"
                stays = led.startswith(below) and os.path.realpath(led).startswith(below)
                return "/".join((led, *parts[count:])) if stays else f"{path}/"
    return path


class _Entry:
    """An `os.DirEntry` of what is kept."""

    __slots__ = ("_kind", "name", "path")

    def __init__(self, folder: str, name: str, kind: Kind) -> None:
        self.name = name
        self.path = f"{folder}/{name}"
        self._kind = kind

    def is_symlink(self) -> bool:
        return self._kind == "link"

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._kind == "folder" or (follow_symlinks and self._kind == "link" and isdir(self.path))

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._kind == "file" or (follow_symlinks and self._kind == "link" and isfile(self.path))

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return stat(self.path) if follow_symlinks else lstat(self.path)


class _Listing:
    """What `os.scandir` returns: the names on the disk, then those that are kept and not on the disk."""

    def __init__(self, folder: str, there: Any, kept: dict[str, Kind]) -> None:
        self._folder = folder
        self._there = there
        self._kept = kept

    def __iter__(self) -> Iterator[Any]:
        for entry in self._there or ():
            self._kept.pop(entry.name, None)
            yield entry
        for name, kind in self._kept.items():
            yield _Entry(self._folder, name, kind)

    def close(self) -> None:
        if self._there is not None:
            self._there.close()

    def __enter__(self) -> _Listing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
