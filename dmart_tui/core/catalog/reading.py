"""Reading what the index holds of one name in one folder; of many names with a second process beside this one.

Reading is Python's work, and one interpreter does one thing at a time.
"""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from struct import Struct
from time import time
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from dmart_tui.core import disk
from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.catalog.positions import HistoryRows, history_paths, history_rows
from dmart_tui.core.catalog.rows import ItemRows, entry_rows
from dmart_tui.core.catalog.stamps import Folder
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces import Spaces

if TYPE_CHECKING:
    from types import TracebackType

    from dmart_tui.core.background import CancelToken

WORTH: Final = 2000
"""Names read one after the other from which on a second process is worth its start."""
_CHUNK: Final = 40
"""Names that it is asked for at once."""
_AHEAD: Final = 4
"""Times that it is asked before it answers, so that it has work while rows are written; all of it fits into a pipe."""
_POLL: Final = 0.1
_SIZE: Final = Struct("!Q")
Names = tuple[str, int]
"""A name and its flags."""


class Unit(NamedTuple):
    """What was read of one name."""

    rows: list[ItemRows]
    """One a meta."""
    paths: bytes
    """All files and directories it was read from, relative to the folder it is in, with NUL between."""
    stamp: int
    """Of all those."""
    histories: list[HistoryRows]


def read_unit(spaces: Spaces, files: Folder, parent: Address | None, name: str, flags: int, *, texts: bool) -> Unit:
    """Read what stands under a name in a folder; what is broken has fewer rows.

    Args:
        files: that folder.
        parent: None for the root, whose names are spaces.
        texts: take payloads, words and the places of history lines; else metas alone.
    """
    began = time()
    rows: list[ItemRows] = []
    histories: list[HistoryRows] = []
    paths = [] if parent is None else [f"{META_FOLDER}/{name}"]
    cut = len(files.path) + 1
    with suppress(DmartTuiError):  # gone while it was read
        entries = iter((spaces.load(Address(name)),)) if parent is None else spaces.child(parent, name, flags)
        for number, entry in enumerate(entries):
            found = entry_rows(spaces, entry, nth=number, texts=texts)
            paths += (path[cut:] for path in found.files)
            if texts and not number and not entry.link:
                histories += history_rows(spaces, entry)
                paths += history_paths(entry, name)
            if entry.type:
                rows.append(found)
    encoded = os.fsencode("\0".join(dict.fromkeys(paths)))
    return Unit(rows, encoded, files.stamp(encoded.split(b"\0"), began), histories)


class Reader:
    """Reads many names, with a helping process when they are worth it; close it.

    What is mounted is known to this process alone, so nothing helps there.
    """

    def __init__(self, spaces: Spaces, *, texts: bool, cancel: CancelToken | None = None) -> None:
        self._spaces = spaces
        self._texts = texts
        self._cancel = cancel
        self._count = 0
        self._hired = False
        self._helper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._dismiss()

    def read(
        self, files: Folder, parent: Address | None, names: Sequence[Names], meanwhile: Callable[[], None]
    ) -> Iterator[tuple[Names, Unit]]:
        """Each name with what was read of it, in any order.

        Args:
            meanwhile: called when only the other process still reads.
        """
        left = iter(names)
        away: deque[list[Names]] = deque()
        self._count += len(names)
        if self._count >= WORTH and not disk.mounts(self._spaces.root):
            self._hire()
        while True:
            while parent is not None and self._helper is not None and len(away) < _AHEAD:
                if not (asked := list(islice(left, _CHUNK))):
                    break
                away.append(asked)
                self._send((self._spaces.root, parent, self._texts, asked))
            if away and self._answers(0):
                yield from self._received(files, parent, away.popleft())
                continue
            mine = next(left, None)
            if mine is None:
                break
            yield mine, self._read(files, parent, mine)
        if away:
            meanwhile()
        while away:
            if self._cancel is not None:
                self._cancel.check()
            if self._answers(_POLL):
                yield from self._received(files, parent, away.popleft())

    def _read(self, files: Folder, parent: Address | None, one: Names) -> Unit:
        return read_unit(self._spaces, files, parent, *one, texts=self._texts)

    # -- the other process -------------------------------------------------------------------------------

    def _hire(self) -> None:
        """Start it, once. It ends when its input does, however this process ends."""
        if not self._hired:
            self._hired = True
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

    def _send(self, asked: object) -> None:
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

    def _received(self, files: Folder, parent: Address | None, asked: list[Names]) -> Iterator[tuple[Names, Unit]]:
        answer: list[Unit] = []
        if self._helper is not None and self._helper.stdout is not None:
            try:
                answer = _next(self._helper.stdout)
            except (OSError, EOFError, pickle.UnpicklingError):
                self._dismiss()
        if answer:
            yield from zip(asked, answer, strict=True)
        else:
            yield from ((one, self._read(files, parent, one)) for one in asked)

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
    asked, answers = open(0, "rb", buffering=0), open(1, "wb", buffering=0)  # noqa: SIM115
    while True:
        try:
            root, parent, texts, names = _next(asked)
        except EOFError:
            return
        spaces = Spaces(root)
        with Folder(root, "/".join((root, *parent.keys))) as files:
            _put(answers, [read_unit(spaces, files, parent, name, flags, texts=texts) for name, flags in names])


def _put(pipe: IO[bytes], value: object) -> None:
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    left = memoryview(_SIZE.pack(len(data)) + data)
    while left:
        left = left[pipe.write(left) :]


def _next(pipe: IO[bytes]) -> Any:
    return pickle.loads(_exactly(pipe, _SIZE.unpack(_exactly(pipe, _SIZE.size))[0]))


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        if not (piece := pipe.read(count - len(data))):
            raise EOFError
        data += piece
    return bytes(data)
