"""The records of batches: how each of their changes is taken back, on the disk before it is made."""

from __future__ import annotations

import json
import os
import re
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn, TypeVar

import msgspec

from dmart_tui.core.address import Address
from dmart_tui.core.durable import sync_folder, write_all
from dmart_tui.core.errors import Damaged, DmartTuiError, Failed
from dmart_tui.core.files import open_regular
from dmart_tui.core.journal import state_folder
from dmart_tui.core.writing.plan import Added, Created, Edited, Moved, Plan, Trashed

if TYPE_CHECKING:
    from dmart_tui.core.writing.store import Store

BATCHES_KEPT: Final = 20
"""Batches that can still be taken back."""
BATCHES: Final = "batches"
"""The folder of the records, in the root's state folder."""
_HEADER_LIMIT: Final = 64_000
_KINDS: Final[dict[str, Any]] = {kind.__name__: kind for kind in (Edited, Created, Added, Moved, Trashed)}
_MARK: Final = re.compile(rb"([+-])([0-9]{0,4})\n")
"""After what happened, or did not, and how many lines that is said of; one where nothing is said."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a record."""

    title: str
    when: str
    user: str


@dataclass(frozen=True, slots=True)
class _Intended:
    title: str
    address: Address
    result: Address | None
    undo: tuple[tuple[str, Any], ...]


def _intended(plan: Plan) -> bytes:
    undone = tuple((type(item).__name__, item) for item in plan.undo)
    return _line(_Intended(plan.title, plan.address, plan.result, undone))


def _line(value: Any) -> bytes:
    """A record as JSON, which holds names that are no UTF-8 as well."""
    return json.dumps(msgspec.to_builtins(value)).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that can be taken back."""

    identity: str
    title: str
    when: str
    """Local time, ISO."""
    user: str


class Log:
    """The record of a batch: a header; for each change a line before it, and after one or several what became of them.

    Made by the first change.
    """

    def __init__(self, store: Store, title: str) -> None:
        self._store = store
        self._header = Header(title, store.now().isoformat(), store.user)
        self.identity = f"{store.now():%Y%m%d-%H%M%S}-{os.urandom(3).hex()}"
        self._descriptor = -1
        self._size = 0

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def intend(self, plans: Sequence[Plan]) -> None:
        """Write how changes are taken back; it is on the disk when this returns."""
        self._write(b"".join(map(_intended, plans)))

    def end(self, count: int, *, happened: bool) -> None:
        """Write what became of those intended last; where that cannot be written, it is not known of them."""
        with suppress(Failed):
            self._write(b"%s%d\n" % (b"+" if happened else b"-", count))

    def _write(self, line: bytes) -> None:
        try:
            if self._descriptor < 0:
                self._open()
            write_all(self._descriptor, line)
            os.fsync(self._descriptor)
        except OSError as error:
            if self._descriptor >= 0:
                with suppress(OSError):  # half a line would spoil the next one
                    os.ftruncate(self._descriptor, self._size)
            where = str(path_of(self._store, self.identity))
            raise Failed(f"the record of the batch cannot be written: {error.strerror}", address=where) from None
        self._size += len(line)

    def _open(self) -> None:
        path = path_of(self._store, self.identity)
        state_folder(self._store.journal.root, BATCHES)
        for old in sorted(path.parent.glob("*.jsonl"))[: 1 - BATCHES_KEPT]:
            with suppress(OSError):
                old.unlink()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        sync_folder(str(path.parent))
        self._write(_line(self._header))


def path_of(store: Store, identity: str) -> Path:
    """Where a record is."""
    return Path(store.journal.folder) / BATCHES / f"{identity}.jsonl"


def opened(store: Store, path: Path) -> BinaryIO:
    """A record to read; raises as `open_regular`."""
    return os.fdopen(open_regular(str(path), store.journal.root), "rb")


def batches(store: Store) -> list[Batch]:
    """What can be taken back, newest first."""
    found = []
    for path in sorted(path_of(store, "x").parent.glob("*.jsonl"), reverse=True):
        with suppress(OSError, DmartTuiError), opened(store, path) as file:
            header = _read(file.readline(_HEADER_LIMIT), Header)
            found.append(Batch(path.stem, header.title, header.when, header.user))
    return found


def index_of(file: BinaryIO) -> tuple[Header, array[int]]:
    """The header, and for each change two numbers: where its line is, and 1 when it is known to have happened."""
    header = _read(file.readline(_HEADER_LIMIT), Header)
    found = array("q")
    at = file.tell()
    for line in file:
        if (mark := _MARK.fullmatch(line)) is None:
            found.extend((at, 0))
        else:
            first = max(0, len(found) - 2 * int(mark[2] or 1))
            if mark[1] == b"+":
                for happened in range(first + 1, len(found), 2):
                    found[happened] = 1
            else:
                del found[first:]
        at += len(line)
    return header, found


def _read(line: bytes, kind: type[R]) -> R:
    try:
        return msgspec.convert(json.loads(line), kind)
    except (ValueError, RecursionError):
        damaged()


def damaged() -> NoReturn:
    """Raise what tells that a record cannot be read."""
    hint = "the trash and histories tell what was changed"
    raise Damaged("the record of the batch is damaged", hint=hint) from None


def intended(file: BinaryIO, lines: array[int]) -> Iterator[tuple[Plan | None, bool]]:
    """The changes of an indexed record, the last one first: how each is taken back, and whether it is known to have
    happened. None for a damaged one that did; another one is torn by what stopped the batch, which did not come to it.
    """
    for at in range(len(lines) - 2, -1, -2):
        file.seek(lines[at])
        happened = bool(lines[at + 1])
        try:
            found = _read(file.readline(), _Intended)
            undone = tuple(msgspec.convert(value, _KINDS[kind]) for kind, value in found.undo)
        except (Damaged, ValueError, KeyError):
            if happened:
                yield None, happened
        else:
            yield Plan(found.title, found.address, undo=undone, result=found.result), happened
