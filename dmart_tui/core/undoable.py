"""Steps made ready: each can be done, and undone whether or not it was done.

All paths in here are relative to the root, and each is looked at again when it is used: a record that is read back
may be another program's, or an enemy's.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar

import msgspec

from dmart_tui.core.durable import (
    Check,
    Syncs,
    copy_tree,
    opened,
    pieces,
    remove_tree,
    rename_new,
    sync_folder,
    write_all,
    write_new,
)
from dmart_tui.core.errors import Refused
from dmart_tui.core.files import inside
from dmart_tui.core.steps import Copy, Step, Write


class Ready(msgspec.Struct, tag=True):
    """A step with what undoing it will need."""

    moving: ClassVar = False
    """Whether it takes names away from where they were: the steps before it and itself must then be on the disk before
    others follow. Other steps are undone each by itself, whichever of them a power cut left."""

    def temps(self) -> tuple[str, ...]:
        """The names that `fill` makes."""
        return ()

    def fill(self, root: str, step: Step, check: Check, syncs: Syncs) -> None:
        """Write what can be written before the first name changes."""

    def do(self, root: str, syncs: Syncs) -> None:
        """Carry it out; what it touched is synced with `syncs`."""
        raise NotImplementedError

    def undo(self, root: str) -> None:
        """Restore what was, if it was done at all; may be repeated."""
        raise NotImplementedError

    def rest(self) -> tuple[str, ...]:
        """What is to be removed once everything is done."""
        return ()


class MadeFolder(Ready):
    missing: list[str]
    """From the outermost on."""

    def do(self, root: str, syncs: Syncs) -> None:
        for name in self.missing:
            path = at(root, name)
            try:
                os.mkdir(path)
            except FileExistsError:
                if not os.path.isdir(path):
                    raise
            syncs.folder(os.path.dirname(path))

    def undo(self, root: str) -> None:
        for name in reversed(self.missing):
            path = at(root, name)
            with _unless(errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.ENAMETOOLONG):
                os.rmdir(path)
                sync_folder(os.path.dirname(path))


class Written(Ready):
    """A file, new or replaced, whose bytes wait under another name."""

    path: str
    temp: str
    was: str | None
    """What it replaces, as it is called before the first step."""
    backup: str
    """A second name of what it replaces, in the journal."""
    mark: tuple[int, int] | None = None
    """By which the written file is known again: mtime, size."""

    def temps(self) -> tuple[str, ...]:
        return (self.temp,)

    def fill(self, root: str, step: Step, check: Check, syncs: Syncs) -> None:
        temp = at(root, self.temp)
        like = None if self.was is None else os.stat(at(root, self.was))
        if isinstance(step, Copy):
            with opened(step.source) as descriptor:
                write_new(temp, pieces(descriptor, check), syncs=syncs)
        elif isinstance(step, Write):
            write_new(temp, (step.data,), like, syncs=syncs)
        self.mark = _mark(temp)
        if self.was is not None:
            self._keep(at(root, self.was), at(root, self.backup), check)

    @staticmethod
    def _keep(path: str, backup: str, check: Check) -> None:
        try:
            os.link(path, backup)
        except OSError:  # another file system, or one without links, or a file that is not ours
            copy_tree(path, backup, check)

    def do(self, root: str, syncs: Syncs) -> None:
        temp, path = at(root, self.temp), at(root, self.path)
        if self.was is None:
            rename_new(temp, path)
        else:
            os.replace(temp, path)
        syncs.folder(os.path.dirname(path))
        syncs.folder(os.path.dirname(temp))

    def undo(self, root: str) -> None:
        path = at(root, self.path)
        if _mark(path) != self.mark:  # not yet written, or written again by somebody else
            return
        if self.was is None:
            os.unlink(path)
        else:
            self._restore(at(root, self.backup), path, at(root, self.temp))
        sync_folder(os.path.dirname(path))

    @staticmethod
    def _restore(backup: str, path: str, temp: str) -> None:
        try:
            os.replace(backup, path)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            remove_tree(temp)
            copy_tree(backup, temp, lambda _: None)
            os.replace(temp, path)


class Moved(Ready):
    moving = True
    source: str
    path: str
    temp: str = ""
    """Where it was copied to, when it goes to another file system."""
    away: str = ""
    """What the source is called then, until it is removed."""

    def temps(self) -> tuple[str, ...]:
        return (self.temp,) if self.temp else ()

    def fill(self, root: str, step: Step, check: Check, syncs: Syncs) -> None:
        if self.temp:
            copy_tree(at(root, self.source), at(root, self.temp), check)

    def do(self, root: str, syncs: Syncs) -> None:
        source, path = at(root, self.source), at(root, self.path)
        if self.temp:
            rename_new(at(root, self.temp), path)
            sync_folder(os.path.dirname(path))
            rename_new(source, at(root, self.away))
        else:
            _move(source, path)
        syncs.folder(os.path.dirname(path))
        syncs.folder(os.path.dirname(source))

    def undo(self, root: str) -> None:
        source, path = at(root, self.source), at(root, self.path)
        if self.temp:
            away, temp = at(root, self.away), at(root, self.temp)
            if os.path.lexists(away):
                rename_new(away, source)
            if os.path.lexists(path) and not os.path.lexists(temp):
                rename_new(path, temp)
        elif os.path.lexists(path) and (not os.path.lexists(source) or respelled(source, path)):
            _move(path, source)
        else:
            return
        _sync_both(path, source)

    def rest(self) -> tuple[str, ...]:
        return (self.away,) if self.away else ()


class Discarded(Ready):
    moving = True
    path: str
    away: str
    """Where it waits to be freed, in the journal: its directory may have to be empty."""
    beside: str
    """Where it waits when it is on another file system."""

    def do(self, root: str, syncs: Syncs) -> None:
        path, away = at(root, self.path), at(root, self.away)
        try:
            rename_new(path, away)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            rename_new(path, at(root, self.beside))
        syncs.folder(os.path.dirname(away))
        syncs.folder(os.path.dirname(path))

    def undo(self, root: str) -> None:
        path = at(root, self.path)
        for waiting in (at(root, self.away), at(root, self.beside)):
            if os.path.lexists(waiting):
                rename_new(waiting, path)
                _sync_both(path, waiting)

    def rest(self) -> tuple[str, ...]:
        return (self.beside,)


class RemovedFolder(Ready):
    moving = True
    path: str
    mode: int | None
    """None when it was not there."""
    owner: tuple[int, int] = (0, 0)

    def do(self, root: str, syncs: Syncs) -> None:
        path = at(root, self.path)
        with _unless(errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
            os.rmdir(path)
            syncs.folder(os.path.dirname(path))

    def undo(self, root: str) -> None:
        path = at(root, self.path)
        if self.mode is None:
            return
        with suppress(FileExistsError):
            os.mkdir(path, 0o700)
        found = os.stat(path)
        if (found.st_uid, found.st_gid) != self.owner:
            with suppress(PermissionError):
                os.chown(path, *self.owner)
        if stat.S_IMODE(found.st_mode) != self.mode:
            os.chmod(path, self.mode)
        sync_folder(os.path.dirname(path))


class Appended(Ready):
    path: str
    line: bytes
    ended: bool
    size: int | None
    """Bytes of the file before; None when it was not there."""
    open_line: bool = False
    """Whether the last line had no end before."""

    def do(self, root: str, syncs: Syncs) -> None:
        path = at(root, self.path)
        made = not os.path.lexists(path)
        with _locked(path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as descriptor:
            size = os.fstat(descriptor).st_size
            begun = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            write_all(descriptor, self._bytes(begun))
            syncs.file(descriptor)
        if made:
            syncs.folder(os.path.dirname(path))

    def undo(self, root: str) -> None:
        path = at(root, self.path)
        start = self.size or 0
        with _unless(errno.ENOENT, errno.ENAMETOOLONG), _locked(path, os.O_RDWR) as descriptor:
            size = os.fstat(descriptor).st_size
            tail = os.pread(descriptor, max(size - start, 0), start)
            piece = self._own(tail)
            if piece == (0, size) and self.size is None:
                os.unlink(path)
                sync_folder(os.path.dirname(path))
            elif piece is not None and piece[1] == len(tail):
                os.ftruncate(descriptor, start + piece[0])
                os.fsync(descriptor)
            elif piece is not None:
                self._cut(path, descriptor, start + piece[0], start + piece[1])

    def _bytes(self, begun: bool) -> bytes:
        return (b"\n" if begun else b"") + self.line + (b"\n" if self.ended else b"")

    def _own(self, tail: bytes) -> tuple[int, int] | None:
        """Where the line is in what was appended since, whole or torn, with its line end; None when it is not."""
        if self._bytes(self.open_line).startswith(tail):
            return (0, len(tail)) if tail or self.size is None else None
        begin = 0
        for found in tail.split(b"\n"):
            shared = _shared(found, self.line)
            after = found[shared : shared + 1]
            if shared and after in (b"", b"{"):  # it is there whole, or torn, and then torn before a line of others
                end = begin + shared
                led = begin > 0 and not self.ended and not after
                return begin - led, end + (self.ended and tail[end : end + 1] == b"\n")
            begin += len(found) + 1
        return None

    @staticmethod
    def _cut(path: str, descriptor: int, start: int, end: int) -> None:
        """Take a piece out of the middle: others wrote after it."""
        folder, name = os.path.split(path)
        temp = f"{folder}/.{name}.tmp-cut"
        remove_tree(temp)
        size = os.fstat(descriptor).st_size
        data = os.pread(descriptor, start, 0) + os.pread(descriptor, size - end, end)
        write_new(temp, (data,), os.fstat(descriptor))
        os.replace(temp, path)
        sync_folder(os.path.dirname(path))


AnyReady = MadeFolder | Written | Moved | Discarded | RemovedFolder | Appended


def at(root: str, name: str) -> str:
    """The absolute path of a name below the root.

    Raises:
        Refused: it is no such name, or a symlink on the way leads out of the root.
    """
    path = f"{root}/{name}"
    try:
        leads_out = (
            not name or os.path.normpath(path) != path or not inside(root, os.path.realpath(os.path.dirname(path)))
        )
    except ValueError:  # a name that no disk can hold
        leads_out = True
    if leads_out:
        raise Refused("leads out of the root", address=name, hint="it is not followed")
    return path


def respelled(source: str, path: str) -> bool:
    """Whether two names are one to this file system, which ignores case or Unicode's normal forms."""
    folder, name = os.path.split(path)
    if os.path.dirname(source) != folder or _folded(os.path.basename(source)) != _folded(name):
        return False
    one, other = stat_of(source, links=True), stat_of(path, links=True)
    return one is not None and other is not None and os.path.samestat(one, other) and name not in os.listdir(folder)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def stat_of(path: str | None, *, links: bool = False) -> os.stat_result | None:
    """None when nothing is there; of what a symlink leads to unless `links`."""
    try:
        return None if path is None else os.stat(path, follow_symlinks=not links)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            raise
        return None


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes two lines begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _mark(path: str) -> tuple[int, int] | None:
    found = stat_of(path, links=True)
    return None if found is None else (found.st_mtime_ns, found.st_size)


def _move(source: str, path: str) -> None:
    if respelled(source, path):
        os.rename(source, path)
    else:
        rename_new(source, path)


def _sync_both(source: str, path: str) -> None:
    for folder in dict.fromkeys((os.path.dirname(path), os.path.dirname(source))):
        sync_folder(folder)


@contextmanager
def _unless(*numbers: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in numbers:
            raise


@contextmanager
def _locked(path: str, flags: int) -> Iterator[int]:
    """A file opened and locked against others that lock it too, which D-MART does not."""
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # what waits to be synced holds the file open
        os.close(descriptor)
