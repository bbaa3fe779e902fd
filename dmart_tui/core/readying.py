"""What must be known of the disk before a step is done, so that it can be undone."""

from __future__ import annotations

import os
import stat
from typing import Final

from dmart_tui.core import disk
from dmart_tui.core.durable import opened
from dmart_tui.core.errors import Refused
from dmart_tui.core.files import inside
from dmart_tui.core.steps import Append, Copy, Discard, MakeFolder, Move, RemoveFolder, Step, Write
from dmart_tui.core.undoable import (
    AnyReady,
    Appended,
    Discarded,
    MadeFolder,
    Moved,
    RemovedFolder,
    Written,
    at,
    respelled,
    stat_of,
)

NAME_LIMIT: Final = 255
"""Bytes of a name; what a step cannot make must not be begun."""


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
        if isinstance(step, MakeFolder) and step.path == self._root:
            return MadeFolder([])
        path = self._checked(step.path)
        was = self._origin(path)
        self._made += 1
        match step:
            case MakeFolder():
                return MadeFolder(self._missing(path))
            case RemoveFolder():
                found = stat_of(was)
                if found is None or not stat.S_ISDIR(found.st_mode):
                    return RemovedFolder(self._name(path), None)
                return RemovedFolder(self._name(path), stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid))
            case Move():
                return self._move(step, path, was)
            case Discard():
                self._present(path, was)
                self._moves.append((path, ""))
                return Discarded(self._name(path), f"{self._folder}/{self._made}", self._away(path))
            case Copy():
                if was is not None and os.path.lexists(was):
                    raise self._in_the_way(path)
                return Written(self._name(path), self._temp(path), None, "")
            case Write():
                path, was = self._through(path, was)
                replaced = None if stat_of(was) is None else was
                name = None if replaced is None else self._name(replaced)
                return Written(self._name(path), self._temp(path), name, f"{self._folder}/{self._made}")
            case Append():
                path, was = self._through(path, was)
                found = stat_of(was)
                if found is None or was is None:
                    return Appended(self._name(path), step.line, step.ended, None)
                with opened(was) as descriptor:
                    last = os.pread(descriptor, 1, found.st_size - 1) if found.st_size else b""
                return Appended(self._name(path), step.line, step.ended, found.st_size, last not in (b"", b"\n"))

    def _move(self, step: Move, path: str, was: str | None) -> Moved:
        source = self._checked(step.source)
        origin = self._origin(source)
        self._present(source, origin)
        if inside(source, path):
            raise Refused("cannot be moved into itself", address=self._name(source))
        if was is not None and os.path.lexists(was) and not (origin and respelled(origin, was)):
            raise self._in_the_way(path)
        ready = Moved(self._name(source), self._name(path))
        if step.path in self._copied:
            ready.temp = self._temp(path)
            ready.away = self._away(source)
        self._moves.append((source, path))
        return ready

    def _present(self, path: str, was: str | None) -> None:
        if was is None or not os.path.lexists(was):
            raise Refused("is not there any more", address=self._name(path))

    def _checked(self, path: str) -> str:
        if os.path.normpath(path) != path or path == self._root or not inside(self._root, path):
            raise Refused("is not in the spaces folder", address=path)
        if max(map(len, os.fsencode(path).split(b"/"))) > NAME_LIMIT:
            raise Refused(f"a name is longer than the {NAME_LIMIT} bytes that disks take", address=self._name(path))
        name = self._name(path)
        if archive := disk.kept_at(path):
            hint = "unmount it to change something there"
            raise Refused(f"is in {archive}, which is mounted and only read", address=name, hint=hint)
        if inside(os.path.dirname(self._folder), name):
            raise Refused("belongs to the journal", address=name)
        at(self._root, name)
        return path

    def _origin(self, path: str) -> str | None:
        """Where what will be at a path is before the first step; None when the steps before take it away."""
        for source, target in reversed(self._moves):
            if target and inside(target, path):
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

    def _away(self, path: str) -> str:
        return self._name(f"{os.path.dirname(path)}/{self._hidden(path)}-away")

    def _hidden(self, path: str) -> str:
        return f".{os.path.basename(path)[:40]}.tmp-{self._change}-{self._made}"

    def _name(self, path: str) -> str:
        return os.path.relpath(path, self._root)

    def _in_the_way(self, path: str) -> Refused:
        return Refused("something is there already", address=self._name(path))
