"""Many changes as one batch: shown first, carried out in order, told, and taken back together.

Changes that do not meddle with one another are carried out some dozen at a time, as one change of the journal: the disk
is waited for once for all of them. Where that fails, each of them is tried by itself.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final
from unicodedata import normalize

from dmart_tui.core.address import Address
from dmart_tui.core.background import Cancelled
from dmart_tui.core.errors import Conflict, DmartTuiError, Failed, NotFound, Refused, UsageFault
from dmart_tui.core.journal import STATE_FOLDER
from dmart_tui.core.writing.batch_records import BATCHES, Log, damaged, index_of, intended, opened, path_of
from dmart_tui.core.writing.grouping import Group
from dmart_tui.core.writing.plan import Created, Moved, Plan, Warned

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.writing.store import Store

KEPT: Final = 1000
"""Failures and warnings that are kept; more are only counted."""
_PATIENCE: Final = 3
"""Failures of the disk in a row after which a batch stops: the next one would fail as well."""

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One change of a batch."""

    address: Address
    plan: Callable[[], Plan]
    """Makes its plan, when its turn has come, and again when something was in between; one without steps changes
    nothing."""
    together: bool = False
    """Whether its plan may be made before the changes of others are carried out that it does not meddle with."""


# -- looking ahead ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be done."""

    address: Address
    reason: str


@dataclass(slots=True)
class Preview:
    """What a batch would do; memory grows with the names that it gives alone."""

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
    given: dict[tuple[str, ...], Address] = {}
    for number, job in enumerate(planned, 1):
        if cancel is not None and cancel.cancelled:
            found.stopped = True
            break
        try:
            plan = job.plan()
            _refuse_given(plan, given)
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


def _refuse_given(plan: Plan, given: dict[tuple[str, ...], Address]) -> None:
    """Refuse what would be called as another one of the batch is called by then."""
    for item in plan.undo:
        if isinstance(item, Created | Moved):
            name = item.target if isinstance(item, Moved) else item.address
            other = given.setdefault(tuple(normalize("NFC", key) for key in name.keys), plan.address)
            if other != plan.address:
                raise Refused(f"{other} is called {name.name} there as well", address=str(plan.address))


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
    with Log(store, title) as log:
        running = _Running(store, title, log, anyway, cancel, total, progress, each)
        try:
            for job in planned:
                running.take(job)
            running.carry_out()
        except (_Stopped, Cancelled):
            running.report.stopped = True
        running.report.batch = log.identity if running.report.done else ""
    return running.report


class _Stopped(Exception):
    """The rest is not tried."""


class _Running:
    """A batch that is being carried out, with the plans that wait to be carried out together."""

    def __init__(
        self,
        store: Store,
        title: str,
        log: Log,
        anyway: bool,
        cancel: CancelToken | None,
        total: int | None,
        progress: Progress | None,
        each: Callable[[Plan], None] | None,
    ) -> None:
        self.report = Report()
        self._store = store
        self._title = title
        self._log = log
        self._anyway = anyway
        self._cancel = cancel
        self._total = total
        self._progress = progress
        self._each = each
        self._group = Group(store)
        self._waiting: list[tuple[Job, Plan]] = []
        self._told = 0
        self._broken = 0

    def take(self, job: Job) -> None:
        """Carry a change out, or let it wait for others."""
        if self._broken >= _PATIENCE or (self._cancel is not None and self._cancel.cancelled):
            raise _Stopped
        if not (job.together and self._wait(job)):
            again = job.together and bool(self._waiting)
            self.carry_out()
            if not (again and self._wait(job)):
                self._alone(job)
        if self._group.full:
            self.carry_out()

    def carry_out(self) -> None:
        """Carry out what waits."""
        waiting, self._waiting = self._waiting, []
        self._group = Group(self._store)
        if not waiting:
            return
        try:
            self._apply([plan for _, plan in waiting], f"{self._title}, {len(waiting)} of them together")
        except DmartTuiError:
            for job, _ in waiting:
                self._alone(job)
        else:
            for _, plan in waiting:
                self._went(plan)

    def _wait(self, job: Job) -> bool:
        """Whether a change can be carried out together with what waits; one that fails need not be carried out."""
        if self._group.alone(job.address):
            return False
        try:
            plan = job.plan()
            if plan.steps:
                plan = self._store.check(plan, anyway=self._anyway)
        except DmartTuiError as error:
            if self._waiting:  # it may be what they have yet to do
                return False
            self._failed(job, error)
            return True
        if not self._group.takes(plan):
            return False
        self._waiting.append((job, plan))
        return True

    def _alone(self, job: Job) -> None:
        if self._broken >= _PATIENCE:
            raise _Stopped
        try:
            try:
                plan = self._once(job)
            except Conflict:  # somebody was in between: once more, alone
                with self._store.journal.hold():
                    plan = self._once(job)
        except DmartTuiError as error:
            self._failed(job, error)
        else:
            self._went(plan)

    def _once(self, job: Job) -> Plan:
        plan = job.plan()
        if plan.steps:
            plan = self._store.check(plan, anyway=self._anyway)
        self._apply([plan], plan.title)
        return plan

    def _apply(self, plans: Sequence[Plan], title: str) -> None:
        plans = [plan for plan in plans if plan.steps]
        if not plans:
            return
        self._log.intend(plans)
        try:
            self._store.apply_together(plans, title=title, cancel=self._cancel)
        except (DmartTuiError, Cancelled):
            self._log.end(len(plans), happened=False)
            raise
        self._log.end(len(plans), happened=True)

    def _went(self, plan: Plan) -> None:
        self._broken = 0
        self.report.done += bool(plan.steps)
        self.report.unchanged += not plan.steps
        if self._each is not None:
            self._each(plan)
        self._tell()

    def _failed(self, job: Job, error: DmartTuiError) -> None:
        self._broken = self._broken + 1 if type(error) is Failed else 0
        self.report.failed += 1
        if len(self.report.failures) < KEPT:
            self.report.failures.append(Failure(job.address, reason_of(error, job.address)))
        self._tell()

    def _tell(self) -> None:
        self._told += 1
        if self._progress is not None:
            self._progress(self._told, self._total)


# -- taking back --------------------------------------------------------------------------------------------------


def undo(store: Store, batch: str, *, cancel: CancelToken | None = None, progress: Progress | None = None) -> Report:
    """Take a batch back, its last change first, as a batch of its own.

    What was changed again since stays as it is and is told as failed.

    Raises:
        NotFound: there is no such batch, or no more.
        Others as `run`.
    """
    if not batch or "/" in batch or batch.startswith("."):
        raise UsageFault(f"{batch!r} names no batch")
    path = path_of(store, batch)
    try:
        file = opened(store, path)
    except NotFound:
        raise NotFound("there is no such batch", address=batch, hint="the last 20 are kept") from None
    with file:
        header, lines = index_of(file)
        report = run(
            store, f"Take back: {header.title}", _backwards(store, file, lines), total=len(lines) // 2,
            anyway=True, cancel=cancel, progress=progress,
        )  # fmt: skip
    if not report.failed and not report.stopped:
        path.unlink(missing_ok=True)
    return report


def _backwards(store: Store, file: BinaryIO, lines: array[int]) -> Iterator[Job]:
    for plan, happened in intended(file, lines):
        if plan is None:
            yield Job(Address(STATE_FOLDER, (BATCHES,)), damaged)
        else:
            yield Job(plan.address, partial(_undone, store, plan, happened), together=True)


def _undone(store: Store, plan: Plan, happened: bool) -> Plan:
    try:
        return store.undo(plan, everywhere=False)
    except (NotFound, Refused):
        if happened:
            raise
        return replace(plan, undo=())  # what was interrupted before it happened needs nothing
