"""Reading what the index holds of one name in one folder; of many names with a second process beside this one.

Reading is Python's work, and one interpreter does one thing at a time.
"""

from __future__ import annotations

import fcntl
import gc
import marshal
import os
import select
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from struct import Struct
from time import time
from typing import IO, TYPE_CHECKING, Any, Final

from dmart_tui.core import disk
from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.catalog.positions import HistoryRows, history_paths, history_rows
from dmart_tui.core.catalog.rows import ItemRows, Rows, entry_rows, no_rows
from dmart_tui.core.catalog.stamps import Folder
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces import Spaces

if TYPE_CHECKING:
    from types import TracebackType

    from dmart_tui.core.background import CancelToken

WORTH: Final = 2000
"""Names read one after the other from which on a second process is worth its start."""
_OWN: Final = 8
"""Names read here before it is asked whether the other process has answered."""
_CHUNK: Final = 40
"""Names that it is asked for at once."""
_SHARE: Final = 2
"""How many times as many names it is asked for as are left for this process, which also writes what both read."""
_AHEAD: Final = 600
"""Names that it is asked for before it answers, so that it has work while rows are written; all fits into a pipe."""
_AHEAD_AT_LEAST: Final = 160
"""The same where a pipe cannot be made wider."""
_PIPE: Final = 1 << 20
"""Bytes that a pipe is to hold: answers to most of what was asked."""
_POLL: Final = 0.1
_SIZE: Final = Struct("!Q")
_GARBAGE: Final = 50_000
"""Objects made until garbage is looked for, while many names are read: rows hold no circles, and there are many."""
Name = tuple[int, str, int]
"""A unit, its name and its flags."""


@dataclass(slots=True, eq=False)
class Work:
    """Names of one folder that are to be read."""

    parent: Address | None
    """None for the root, whose names are spaces."""
    folder: int
    """The unit that the names are in."""
    names: Sequence[Name]
    handed: int = 0
    """How many of them are read or being read."""


class UnitReader:
    """Reads what stands under names in folders into rows of the tables, numbered so that two may do so at once.

    Args:
        texts: take payloads, words and the places of history lines; else metas alone.
        numbers: the first that it may give to a resource, and to a history.
        step: between two numbers it gives.
    """

    def __init__(self, spaces: Spaces, numbers: tuple[int, int], step: int, *, texts: bool) -> None:
        self._spaces = spaces
        self._resource, self._history = numbers
        self._step = step
        self._texts = texts

    def read(self, files: Folder, parent: Address | None, folder: int, names: Iterable[Name]) -> Rows:
        """The rows of some names; what is broken has fewer.

        Args:
            files: the folder they are in.
            parent: None for the root, whose names are spaces.
            folder: its unit.
        """
        rows = no_rows()
        for unit, name, flags in names:
            began = time()
            paths = self._read(files, parent, unit, name, flags, rows)
            encoded = os.fsencode("\0".join(dict.fromkeys(paths)))
            stamp = files.stamp(encoded.split(b"\0"), began)
            rows["units"].append((unit, folder, name, flags, encoded, stamp))
        return rows

    def _read(self, files: Folder, parent: Address | None, unit: int, name: str, flags: int, rows: Rows) -> list[str]:
        """Read one name; all files and directories it was read from, relative to the folder it is in."""
        paths = [] if parent is None else [f"{META_FOLDER}/{name}"]
        cut = len(files.path) + 1
        spaces = self._spaces
        with suppress(DmartTuiError):  # gone while it was read
            entries = iter((spaces.load(Address(name)),)) if parent is None else spaces.child(parent, name, flags)
            for number, entry in enumerate(entries):
                found = entry_rows(spaces, entry, nth=number, texts=self._texts)
                paths += [path[cut:] for path in found.files]
                if self._texts and not number and not entry.link:
                    for history in history_rows(spaces, entry):
                        self._add_history(unit, history, rows)
                    paths += history_paths(entry, name)
                if entry.link:  # what is wrong there is told of where it leads to
                    found.problems.clear()
                if entry.type:
                    self._add_entry(unit, found, rows)
        return paths

    def _add_entry(self, unit: int, found: ItemRows, rows: Rows) -> None:
        owner = self._add(unit, found, None, rows)
        for attached in found.attachments:
            self._add(unit, attached, owner, rows)
        rows["faults"] += ((owner, *problem) for problem in found.problems)

    def _add(self, unit: int, found: ItemRows, owner: int | None, rows: Rows) -> int:
        here = self._resource
        self._resource += self._step
        rows["resources"].append((here, unit, owner, *found.columns))
        rows["tags"] += [(here, tag) for tag in found.tags]
        rows["links"] += [(here, *link) for link in found.links]
        if found.words is not None:
            rows["texts"].append((here, *found.words))
        return here

    def _add_history(self, unit: int, history: HistoryRows, rows: Rows) -> None:
        here = self._history
        self._history += self._step
        rows["histories"].append((here, unit, *history.columns))
        rows["lines"] += [(here, *line) for line in history.lines]


class Reader:
    """Reads many names, with a helping process when they are worth it; close it.

    It reads on in the next folders while the names of one come back, so that neither process waits for the other.
    What is mounted is known to this process alone, so nothing helps there.

    Args:
        numbers: the first free ones of resources and histories.
    """

    def __init__(
        self, spaces: Spaces, numbers: tuple[int, int], *, texts: bool, cancel: CancelToken | None = None
    ) -> None:
        self._spaces = spaces
        self._texts = texts
        self._numbers = numbers
        self._units = UnitReader(spaces, numbers, 2, texts=texts)
        self._cancel = cancel
        self._works: deque[Work] = deque()
        self._away: deque[tuple[Work, Sequence[Name]]] = deque()
        self._count = self._left = self._asked = 0
        self._hired = False
        self._ahead = 0
        self._helper: subprocess.Popen[bytes] | None = None
        self._garbage = gc.get_threshold()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._dismiss()
        gc.set_threshold(*self._garbage)

    def put(self, work: Work) -> None:
        """Read this, too."""
        self._works.append(work)
        self._left += len(work.names)
        self._count += len(work.names)
        if self._count >= WORTH and not disk.mounts(self._spaces.root):
            self._hire()

    def take(self, left: int = 0) -> Iterator[tuple[Work, Sequence[Name], Rows]]:
        """Some names with the rows of them, in any order.

        Args:
            left: names that may be left for later; 0: all that was put is read.
        """
        while True:
            self._ask()
            if self._away and self._answers(0):
                yield self._received()
            elif self._left > left:
                work, names = self._next(_OWN)
                yield work, names, self._read(work, names)
            else:
                break
        while self._away and not left:
            if self._cancel is not None:
                self._cancel.check()
            if self._answers(_POLL):
                yield self._received()

    def _next(self, count: int) -> tuple[Work, Sequence[Name]]:
        """The next names of one folder, `count` at most."""
        while self._works[0].handed == len(self._works[0].names):
            self._works.popleft()
        work = self._works[0]
        names = work.names[work.handed : work.handed + count]
        work.handed += len(names)
        self._left -= len(names)
        return work, names

    def _read(self, work: Work, names: Sequence[Name]) -> Rows:
        directory = "/".join((self._spaces.root, *(work.parent.keys if work.parent else ())))
        with Folder(self._spaces.root, directory) as files:
            return self._units.read(files, work.parent, work.folder, names)

    # -- the other process -------------------------------------------------------------------------------

    def _hire(self) -> None:
        """Start it, once. It ends when its input does, however this process ends."""
        if self._hired:
            return
        self._hired = True
        gc.set_threshold(_GARBAGE)
        # -P: the current directory is not looked into for modules, for it may be a stranger's.
        argv = [sys.executable, "-P", "-c", f"from {__name__} import answer; answer()"]
        with suppress(OSError):
            self._helper = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,  # what is read ahead of an answer would not be seen by `select`
                start_new_session=True,
            )
            self._ahead = _AHEAD if _widen(self._helper.stdin) and _widen(self._helper.stdout) else _AHEAD_AT_LEAST
            self._send((self._spaces.root, tuple(number + 1 for number in self._numbers), self._texts))

    def _ask(self) -> None:
        """Ask it for more; near the end for less, or this process would wait for it."""
        while self._helper is not None and self._asked < min(self._ahead, _SHARE * self._left):
            work, names = self._next(min(_CHUNK, -(-self._left // 4)))
            self._away.append((work, names))
            self._asked += len(names)
            self._send((work.parent.keys if work.parent else (), work.folder, list(names)))

    def _send(self, asked: Any) -> None:
        """Ask it; never waits, for the pipe has room for all that it may be asked before it answers."""
        if self._helper is not None and self._helper.stdin is not None:
            try:
                _put(self._helper.stdin, asked)
            except OSError:
                self._dismiss()

    def _answers(self, seconds: float) -> bool:
        """Whether it has begun to answer, or is gone."""
        if self._helper is None or self._helper.stdout is None:
            return True
        return bool(select.select([self._helper.stdout], [], [], seconds)[0])

    def _received(self) -> tuple[Work, Sequence[Name], Rows]:
        work, names = self._away.popleft()
        self._asked -= len(names)
        if self._helper is not None and self._helper.stdout is not None:
            try:
                return work, names, _next(self._helper.stdout)
            except (OSError, EOFError, ValueError, TypeError):
                self._dismiss()
        return work, names, self._read(work, names)

    def _dismiss(self) -> None:
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.kill()
            helper.wait()
            for pipe in (helper.stdin, helper.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()


def answer() -> None:
    """Read what the standard input asks for, until it ends: the work of the other process."""
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    asked, answers = open(0, "rb", buffering=0), open(1, "wb", buffering=0)  # noqa: SIM115
    try:
        root, numbers, texts = _next(asked)
        units = UnitReader(Spaces(root), numbers, 2, texts=texts)
        while True:
            keys, folder, names = _next(asked)
            with Folder(root, "/".join((root, *keys))) as files:
                _put(answers, units.read(files, Address.of_keys(keys) if keys else None, folder, names))
    except EOFError:
        return


def _widen(pipe: IO[bytes] | None) -> bool:
    """Let a pipe hold `_PIPE` bytes; whether the system can."""
    try:
        return pipe is not None and fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE) >= _PIPE
    except (OSError, AttributeError):  # more than this user may, or not Linux
        return False


def _put(pipe: IO[bytes], value: Any) -> None:
    data = marshal.dumps(value)
    left = memoryview(_SIZE.pack(len(data)) + data)
    while left:
        left = left[pipe.write(left) :]


def _next(pipe: IO[bytes]) -> Any:
    return marshal.loads(_exactly(pipe, _SIZE.unpack(_exactly(pipe, _SIZE.size))[0]))


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        if not (piece := pipe.read(count - len(data))):
            raise EOFError
        data += piece
    return bytes(data)
