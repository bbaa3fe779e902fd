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

import msgspec

from dmart_tui.core.durable import (
    Check,
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
from dmart_tui.core.steps import Append, Copy, MakeFolder, Move, RemoveFolder, Step, Write


class Ready(msgspec.Struct, tag=True):
    """A step with what undoing it will need."""

    def temps(self) -> tuple[str, ...]:
        """The names that `fill` makes."""
        return ()

    def fill(self, root: str, step: Step, check: Check) -> None:
        """Write what can be written before the first name changes."""

    def do(self, root: str) -> None:
        """Carry it out and sync the directories that it touched."""
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

    def do(self, root: str) -> None:
        for name in self.missing:
            path = at(root, name)
            try:
                os.mkdir(path)
            except FileExistsError:
                if not os.path.isdir(path):
                    raise
            sync_folder(os.path.dirname(path))

    def undo(self, root: str) -> None:
        for name in reversed(self.missing):
            path = at(root, name)
            with _unless(errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
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

    def fill(self, root: str, step: Step, check: Check) -> None:
        temp = at(root, self.temp)
        like = None if self.was is None else os.stat(at(root, self.was))
        if isinstance(step, Copy):
            with opened(step.source) as descriptor:
                write_new(temp, pieces(descriptor, check))
        elif isinstance(step, Write):
            write_new(temp, (step.data,), like)
        self.mark = _mark(temp)
        if self.was is not None:
            self._keep(at(root, self.was), at(root, self.backup), check)

    @staticmethod
    def _keep(path: str, backup: str, check: Check) -> None:
        try:
            os.link(path, backup)
        except OSError:  # another file system, or one without links, or a file that is not ours
            copy_tree(path, backup, check)

    def do(self, root: str) -> None:
        temp, path = at(root, self.temp), at(root, self.path)
        if self.was is None:
            rename_new(temp, path)
        else:
            os.replace(temp, path)
        sync_folder(os.path.dirname(path))

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
            copy_tree(backup, temp, lambda: None)
            os.replace(temp, path)


class Moved(Ready):
    source: str
    path: str
    temp: str = ""
    """Where it was copied to, when it goes to another file system."""
    away: str = ""
    """What the source is called then, until it is removed."""

    def temps(self) -> tuple[str, ...]:
        return (self.temp,) if self.temp else ()

    def fill(self, root: str, step: Step, check: Check) -> None:
        if self.temp:
            copy_tree(at(root, self.source), at(root, self.temp), check)

    def do(self, root: str) -> None:
        source, path = at(root, self.source), at(root, self.path)
        if self.temp:
            rename_new(at(root, self.temp), path)
            sync_folder(os.path.dirname(path))
            rename_new(source, at(root, self.away))
        else:
            _move(source, path)
        _sync_both(source, path)

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


class RemovedFolder(Ready):
    path: str
    mode: int | None
    """None when it was not there."""
    owner: tuple[int, int] = (0, 0)

    def do(self, root: str) -> None:
        path = at(root, self.path)
        with _unless(errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
            os.rmdir(path)
            sync_folder(os.path.dirname(path))

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

    def do(self, root: str) -> None:
        path = at(root, self.path)
        made = not os.path.lexists(path)
        with _locked(path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as descriptor:
            size = os.fstat(descriptor).st_size
            begun = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            write_all(descriptor, self._bytes(begun))
            os.fsync(descriptor)
        if made:
            sync_folder(os.path.dirname(path))

    def undo(self, root: str) -> None:
        path = at(root, self.path)
        start = self.size or 0
        with suppress(FileNotFoundError), _locked(path, os.O_RDWR) as descriptor:
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
            if shared and found[shared : shared + 1] in (b"", b"{"):  # whole or torn; then torn, before another's line
                end = begin + shared
                ended = self.ended and tail[end : end + 1] == b"\n"
                return begin - (begin > 0 and not self.ended), end + ended
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


AnyReady = MadeFolder | Written | Moved | RemovedFolder | Appended


# -- making ready -----------------------------------------------------------------------------------------------------


class Readier:
    """Looks at the disk for what undoing the steps of one change will need; writes nothing.

    Args:
        root: real path.
        folder: of the journal, for second names of what is replaced; relative to the root.
        change: the name of the change, part of the names of all temporary files.
        copied: paths of the `Move`s that lead to another file system.
    """

    def __init__(self, root: str, folder: str, change: str, copied: frozenset[str]) -> None:
        self._root = root
        self._folder = folder
        self._change = change
        self._copied = copied
        self._moves: list[tuple[str, str]] = []
        self._made = 0

    def ready(self, step: Step) -> AnyReady:
        """The steps must come in their order.

        Raises:
            Refused: it leads out of the root, something is in the way, or what it moves or copies is not there.
        """
        path = self._checked(step.path)
        was = self._origin(path)
        self._made += 1
        match step:
            case MakeFolder():
                return MadeFolder(self._missing(path))
            case RemoveFolder():
                found = _stat(was)
                if found is None or not stat.S_ISDIR(found.st_mode):
                    return RemovedFolder(self._name(path), None)
                return RemovedFolder(self._name(path), stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid))
            case Move():
                return self._move(step, path, was)
            case Copy():
                if was is not None and os.path.lexists(was):
                    raise self._in_the_way(path)
                return Written(self._name(path), self._temp(path), None, "")
            case Write():
                path, was = self._through(path, was)
                replaced = None if _stat(was) is None else was
                name = None if replaced is None else self._name(replaced)
                return Written(self._name(path), self._temp(path), name, f"{self._folder}/{self._made}")
            case Append():
                path, was = self._through(path, was)
                found = _stat(was)
                if found is None or was is None:
                    return Appended(self._name(path), step.line, step.ended, None)
                with opened(was) as descriptor:
                    last = os.pread(descriptor, 1, found.st_size - 1) if found.st_size else b""
                return Appended(self._name(path), step.line, step.ended, found.st_size, last not in (b"", b"\n"))

    def _move(self, step: Move, path: str, was: str | None) -> Moved:
        source = self._checked(step.source)
        origin = self._origin(source)
        if origin is None or not os.path.lexists(origin):
            raise Refused("is not there any more", address=self._name(source))
        if inside(source, path):
            raise Refused("cannot be moved into itself", address=self._name(source))
        if was is not None and os.path.lexists(was) and not respelled(origin, was):
            raise self._in_the_way(path)
        ready = Moved(self._name(source), self._name(path))
        if step.path in self._copied:
            ready.temp = self._temp(path)
            ready.away = self._name(f"{os.path.dirname(source)}/{self._hidden(source)}-away")
        self._moves.append((source, path))
        return ready

    def _checked(self, path: str) -> str:
        if os.path.normpath(path) != path or path == self._root or not inside(self._root, path):
            raise Refused("is not in the spaces folder", address=path)
        name = self._name(path)
        if inside(os.path.dirname(self._folder), name):
            raise Refused("belongs to the journal", address=name)
        at(self._root, name)
        return path

    def _origin(self, path: str) -> str | None:
        """Where what will be at a path is before the first step; None when the steps before take it away."""
        for source, target in reversed(self._moves):
            if inside(target, path):
                path = source + path[len(target) :]
            elif inside(source, path):
                return None
        if path != self._root:
            at(self._root, self._name(path))
        return path

    def _through(self, path: str, was: str | None) -> tuple[str, str | None]:
        """The file that a symlink at a path leads to; the path itself where there is none."""
        if was is None or not os.path.islink(was):
            return path, was
        real = os.path.realpath(was)
        if not inside(self._root, real):
            raise Refused("a symlink leads out of the root", address=self._name(path), hint="it is not followed")
        return real, real

    def _missing(self, path: str) -> list[str]:
        missing = []
        while (was := self._origin(path)) is None or not os.path.lexists(was):
            missing.append(self._name(path))
            path = os.path.dirname(path)
        if not os.path.isdir(was):
            raise self._in_the_way(path)
        return missing[::-1]

    def _temp(self, path: str) -> str:
        """A name in the nearest directory above that is there already and stays where it is."""
        folder = os.path.dirname(path)
        while not os.path.isdir(folder) or any(inside(source, folder) for source, _ in self._moves):
            folder = os.path.dirname(folder)
        return self._name(f"{folder}/{self._hidden(path)}")

    def _hidden(self, path: str) -> str:
        return f".{os.path.basename(path)[:40]}.tmp-{self._change}-{self._made}"

    def _name(self, path: str) -> str:
        return os.path.relpath(path, self._root)

    def _in_the_way(self, path: str) -> Refused:
        return Refused("something is there already", address=self._name(path))


def at(root: str, name: str) -> str:
    """The absolute path of a name below the root.

    Raises:
        Refused: it is no such name, or a symlink on the way leads out of the root.
    """
    path = f"{root}/{name}"
    if not name or os.path.normpath(path) != path or not inside(root, os.path.realpath(os.path.dirname(path))):
        raise Refused("leads out of the root", address=name, hint="it is not followed")
    return path


def respelled(source: str, path: str) -> bool:
    """Whether two names are one to this file system, which ignores case or Unicode's normal forms."""
    folder, name = os.path.split(path)
    if os.path.dirname(source) != folder or _folded(os.path.basename(source)) != _folded(name):
        return False
    one, other = _stat(source, links=True), _stat(path, links=True)
    return one is not None and other is not None and os.path.samestat(one, other) and name not in os.listdir(folder)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _stat(path: str | None, *, links: bool = False) -> os.stat_result | None:
    try:
        return None if path is None else os.stat(path, follow_symlinks=not links)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes two lines begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _mark(path: str) -> tuple[int, int] | None:
    found = _stat(path, links=True)
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
        os.close(descriptor)
