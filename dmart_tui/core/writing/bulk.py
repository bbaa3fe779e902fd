"""Many changes as one batch: shown first, carried out one after another, told, and taken back together."""

from __future__ import annotations

import json
import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn, TypeVar

import msgspec

from dmart_tui.core.address import Address
from dmart_tui.core.background import Cancelled
from dmart_tui.core.durable import sync_folder, write_all
from dmart_tui.core.errors import Conflict, Damaged, DmartTuiError, Failed, NotFound, Refused, UsageFault
from dmart_tui.core.files import open_regular
from dmart_tui.core.journal import STATE_FOLDER, state_folder
from dmart_tui.core.writing.plan import Added, Created, Edited, Moved, Plan, Trashed, Warned

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.writing.store import Store

KEPT: Final = 1000
"""Failures and warnings that are kept; more are only counted."""
BATCHES_KEPT: Final = 20
"""Batches that can still be taken back."""
_FOLDER: Final = "batches"
_HEADER_LIMIT: Final = 64_000
_PATIENCE: Final = 3
"""Failures of the disk in a row after which a batch stops: the next one would fail as well."""

R = TypeVar("R")
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One change of a batch."""

    address: Address
    plan: Callable[[], Plan]
    """Makes its plan, when its turn has come; one without steps changes nothing."""


# -- looking ahead ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be done."""

    address: Address
    reason: str


@dataclass(slots=True)
class Preview:
    """What a batch would do; memory does not grow with it."""

    changing: int = 0
    created: int = 0
    """How many of those make something new."""
    unchanged: int = 0
    failing: int = 0
    failures: list[Failure] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    """By kind."""
    warned: list[tuple[Address, Warned]] = field(default_factory=list)
    """The first of them."""
    deliberate: int = 0
    """Changes that are refused unless they are meant."""
    sample: list[Plan] = field(default_factory=list)
    """The first plans that change something."""
    stopped: bool = False


def preview(
    planned: Iterable[Job], *, sample: int = 20, cancel: CancelToken | None = None, progress: Progress | None = None
) -> Preview:
    """Make all plans and carry out none; as dear as reading everything that would change."""
    found = Preview()
    for number, job in enumerate(planned, 1):
        if cancel is not None and cancel.cancelled:
            found.stopped = True
            break
        try:
            plan = job.plan()
        except DmartTuiError as error:
            found.failing += 1
            if len(found.failures) < KEPT:
                found.failures.append(Failure(job.address, reason_of(error, job.address)))
            plan = None
        if plan is not None:
            _look(found, plan, sample)
        if progress is not None:
            progress(number, None)
    return found


def _look(found: Preview, plan: Plan, sample: int) -> None:
    if not plan.steps:
        found.unchanged += 1
    else:
        found.changing += 1
        found.created += any(isinstance(item, Created) for item in plan.undo)
        if len(found.sample) < sample:
            found.sample.append(plan)
    found.deliberate += any(warned.deliberate for warned in plan.warnings)
    for warned in plan.warnings:
        found.warnings[warned.kind] += 1
        if len(found.warned) < KEPT:
            found.warned.append((plan.address, warned))


def reason_of(error: DmartTuiError, address: Address) -> str:
    """What an error says, without the address that it is told beside."""
    return str(DmartTuiError(error.message, hint=error.hint)) if error.address == str(address) else str(error)


# -- carrying out -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Report:
    """What a batch did."""

    batch: str = ""
    """By which it can be taken back; empty when nothing was changed."""
    done: int = 0
    unchanged: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)
    stopped: bool = False
    """Whether some were not tried: it was stopped, or the disk fails."""


def run(
    store: Store,
    title: str,
    planned: Iterable[Job],
    *,
    total: int | None = None,
    anyway: bool = False,
    cancel: CancelToken | None = None,
    progress: Progress | None = None,
    each: Callable[[Plan], None] | None = None,
) -> Report:
    """Carry out changes one after another, each whole or not at all; what fails does not stop the others.

    How each is taken back is written to the disk before it is made, so that `undo` finds it after a crash as well.

    Args:
        anyway: also where a warning stands that asks for a deliberate yes.
        cancel: looked at between two changes, and inside of a long one.
        each: gets every plan that went through, whether or not it had something to do.

    Raises:
        Refused: the store is read-only.
        Failed: the disk would not take the record of the batch.
    """
    if store.read_only:
        raise Refused("nothing is changed: the program runs read-only")
    report = Report()
    with _Log(store, title) as log:
        broken = 0
        for number, job in enumerate(planned, 1):
            if broken >= _PATIENCE or (cancel is not None and cancel.cancelled):
                report.stopped = True
                break
            try:
                plan = _carry_out(store, job, log, anyway, cancel)
                broken = 0
            except Cancelled:
                report.stopped = True
                break
            except DmartTuiError as error:
                broken = broken + 1 if type(error) is Failed else 0
                report.failed += 1
                if len(report.failures) < KEPT:
                    report.failures.append(Failure(job.address, reason_of(error, job.address)))
            else:
                report.done += bool(plan.steps)
                report.unchanged += not plan.steps
                if each is not None:
                    each(plan)
            if progress is not None:
                progress(number, total)
        report.batch = log.identity if report.done else ""
    return report


def _carry_out(store: Store, job: Job, log: _Log, anyway: bool, cancel: CancelToken | None) -> Plan:
    try:
        return _once(store, job, log, anyway, cancel)
    except Conflict:  # somebody was in between: once more, alone
        with store.journal.hold():
            return _once(store, job, log, anyway, cancel)


def _once(store: Store, job: Job, log: _Log, anyway: bool, cancel: CancelToken | None) -> Plan:
    plan = job.plan()
    if plan.steps:
        log.intend(plan)
        try:
            store.apply(plan, anyway=anyway, cancel=cancel)
        except DmartTuiError:
            log.end(happened=False)
            raise
        log.end(happened=True)
    return plan


# -- taking back --------------------------------------------------------------------------------------------------

_KINDS: Final[dict[str, Any]] = {kind.__name__: kind for kind in (Edited, Created, Added, Moved, Trashed)}


_HAPPENED: Final = b"+\n"
_FAILED: Final = b"-\n"


@dataclass(frozen=True, slots=True)
class _Header:
    title: str
    when: str
    user: str


@dataclass(frozen=True, slots=True)
class _Intended:
    title: str
    address: Address
    result: Address | None
    undo: tuple[tuple[str, Any], ...]


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


class _Log:
    """The record of a batch: a header, and for each change a line before and a line after. Made by the first change."""

    def __init__(self, store: Store, title: str) -> None:
        self._store = store
        self._header = _Header(title, store.now().isoformat(), store.user)
        self.identity = f"{store.now():%Y%m%d-%H%M%S}-{os.urandom(3).hex()}"
        self._descriptor = -1
        self._size = 0

    def __enter__(self) -> _Log:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def intend(self, plan: Plan) -> None:
        """Write how a change is taken back; it is on the disk when this returns."""
        undone = tuple((type(item).__name__, item) for item in plan.undo)
        self._write(_line(_Intended(plan.title, plan.address, plan.result, undone)))

    def end(self, *, happened: bool) -> None:
        """Write what became of the last one."""
        self._write(_HAPPENED if happened else _FAILED)

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
            where = str(_path(self._store, self.identity))
            raise Failed(f"the record of the batch cannot be written: {error.strerror}", address=where) from None
        self._size += len(line)

    def _open(self) -> None:
        path = _path(self._store, self.identity)
        state_folder(self._store.journal.root, _FOLDER)
        for old in sorted(path.parent.glob("*.jsonl"))[: 1 - BATCHES_KEPT]:
            with suppress(OSError):
                old.unlink()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        sync_folder(str(path.parent))
        self._write(_line(self._header))


def _path(store: Store, identity: str) -> Path:
    return Path(store.journal.folder) / _FOLDER / f"{identity}.jsonl"


def _opened(store: Store, path: Path) -> BinaryIO:
    """A record to read; raises as `open_regular`."""
    return os.fdopen(open_regular(str(path), store.journal.root), "rb")


def batches(store: Store) -> list[Batch]:
    """What can be taken back, newest first."""
    found = []
    for path in sorted(_path(store, "x").parent.glob("*.jsonl"), reverse=True):
        with suppress(OSError, DmartTuiError), _opened(store, path) as file:
            header = _read(file.readline(_HEADER_LIMIT), _Header)
            found.append(Batch(path.stem, header.title, header.when, header.user))
    return found


def undo(store: Store, batch: str, *, cancel: CancelToken | None = None, progress: Progress | None = None) -> Report:
    """Take a batch back, its last change first, as a batch of its own.

    What was changed again since stays as it is and is told as failed.

    Raises:
        NotFound: there is no such batch, or no more.
        Others as `run`.
    """
    if not batch or "/" in batch or batch.startswith("."):
        raise UsageFault(f"{batch!r} names no batch")
    path = _path(store, batch)
    try:
        file = _opened(store, path)
    except NotFound:
        raise NotFound("there is no such batch", address=batch, hint="the last 20 are kept") from None
    with file:
        header, lines = _index(file)
        report = run(
            store, f"Take back: {header.title}", _backwards(store, file, lines), total=len(lines) // 2,
            anyway=True, cancel=cancel, progress=progress,
        )  # fmt: skip
    if not report.failed and not report.stopped:
        path.unlink(missing_ok=True)
    return report


def _index(file: BinaryIO) -> tuple[_Header, array[int]]:
    """The header, and for each change two numbers: where its line is, and 1 when it is known to have happened."""
    header = _read(file.readline(_HEADER_LIMIT), _Header)
    found = array("q")
    at = file.tell()
    for line in file:
        if line == _HAPPENED:
            found[-1:] = array("q", [1])
        elif line == _FAILED:
            del found[-2:]
        else:
            found.extend((at, 0))
        at += len(line)
    return header, found


def _read(line: bytes, kind: type[R]) -> R:
    try:
        return msgspec.convert(json.loads(line), kind)
    except (ValueError, RecursionError):
        _damaged()


def _damaged() -> NoReturn:
    hint = "`trash ls` and histories tell what was changed"
    raise Damaged("the record of the batch is damaged", hint=hint) from None


def _backwards(store: Store, file: BinaryIO, lines: array[int]) -> Iterator[Job]:
    for place in range(len(lines) - 2, -1, -2):
        file.seek(lines[place])
        happened = bool(lines[place + 1])
        try:
            intended = _read(file.readline(), _Intended)
            undone = tuple(msgspec.convert(value, _KINDS[kind]) for kind, value in intended.undo)
        except (Damaged, ValueError, KeyError):
            if happened:  # else it is torn by what stopped the batch, which did not come to the change
                yield Job(Address(STATE_FOLDER, (_FOLDER,)), _damaged)
            continue
        plan = Plan(intended.title, intended.address, undo=undone, result=intended.result)
        yield Job(plan.address, lambda plan=plan, happened=happened: _undone(store, plan, happened))  # type: ignore[misc]


def _undone(store: Store, plan: Plan, happened: bool) -> Plan:
    try:
        return store.undo(plan, everywhere=False)
    except (NotFound, Refused):
        if happened:
            raise
        return replace(plan, undo=())  # what was interrupted before it happened needs nothing
