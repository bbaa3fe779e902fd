"""Changing many at once, from the interface: what, shown first, run as a task, reported, and taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar, cast

from dmart_tui.core.address import Address
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.units import format_count
from dmart_tui.tui.screens.dialog import Row, confirm
from dmart_tui.tui.writing import moving
from dmart_tui.tui.writing.batch_preview import BatchPreview
from dmart_tui.tui.writing.completing import Completed, Lines, ask_folder
from dmart_tui.tui.writing.picking import Pick
from dmart_tui.tui.writing.report import Finding, Outcome, Report
from dmart_tui.tui.writing.scope import choose
from dmart_tui.tui.writing.working import watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.writing import Operation, bulk
    from dmart_tui.core.writing.batch_records import Batch
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk
    from dmart_tui.tui.writing.scope import Scope
    from dmart_tui.tui.writing.working import Progress

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Ran:
    """A batch that can be taken back."""

    title: str
    batch: str


async def change(desk: Desk, scope: Scope, operation: Operation) -> None:
    """Look what an operation would do to all of a scope, ask, run it and report."""
    from dmart_tui.core.writing import MoveTo, Pointers, Trash, bulk
    from dmart_tui.core.writing.operations import jobs

    app = cast("DmartApp", desk.app)
    title = f"{operation.title}: {scope.words}"
    addresses: list[Address] = []

    def look(cancel: CancelToken, progress: Progress) -> tuple[Operation, bulk.Preview]:
        for address in scope.find():
            cancel.check()
            addresses.append(address)
            progress(len(addresses), None)
        looked = operation
        if isinstance(operation, MoveTo | Trash):
            pointers = Pointers.to(
                desk.store.spaces, addresses, cancel=cancel, progress=lambda read: progress(read, None)
            )
            looked = replace(operation, pointers=pointers)
        planned = jobs(desk.store, addresses, looked)
        return looked, bulk.preview(planned, cancel=cancel, progress=lambda done, _: progress(done, len(addresses)))

    seen = await watched(app, f"Look ahead: {title}", look)
    if seen is None:
        return
    looked, found = seen
    answer = await app.ask(BatchPreview(title, found, refused=desk.refusal_to_write, of=len(addresses)))
    if answer is None:
        return

    def run(cancel: CancelToken, progress: Progress) -> bulk.Report:
        planned = jobs(desk.store, addresses, looked)
        return bulk.run(
            desk.store, title, planned, total=len(addresses), anyway=answer == "anyway", cancel=cancel,
            progress=progress,
        )  # fmt: skip

    if scope.marked and operation.with_folders:  # nothing will stand there any more
        app.tree_pane.mark(())
    await report_of(desk, title, run, lambda report: outcome_of(title, report), total=len(addresses))


async def report_of(
    desk: Desk,
    title: str,
    run: Callable[[CancelToken, Progress], R],
    outcome: Callable[[R], Outcome],
    *,
    total: int = 0,
) -> None:
    """Run what changes many things, let everything that shows them know, and report.

    Args:
        outcome: what came of it, in words.
    """
    app = cast("DmartApp", desk.app)

    async def ended(result: R) -> None:
        desk.outcome = outcome(result)
        if desk.outcome.batch:
            desk.note(Ran(title, desk.outcome.batch))
        await desk.show_changes()

    def tell(result: R) -> None:
        told = cast("Outcome", desk.outcome)
        back = " · U takes it back" if told.batch else ""
        app.notify(f"{told.title}: {told.words}{back}", severity="warning" if told.findings else "information")

    result = await watched(app, title, run, total=total, leave=tell, ended=ended)
    if result is not None and desk.outcome is not None and desk.outcome.findings:
        await show_report(desk)
    elif result is not None:
        tell(result)


async def show_report(desk: Desk) -> None:
    """Show what came of the last batch; open what is chosen, or take the batch back."""
    app = cast("DmartApp", desk.app)
    outcome = cast("Outcome", desk.outcome)
    chosen = await app.ask(Report(outcome))
    if isinstance(chosen, Address):
        await app.tree_pane.locate(chosen)
        await app.open(chosen)
    elif chosen == "undo":
        await take_back(desk, Ran(outcome.title, outcome.batch))


async def take_back(desk: Desk, ran: Ran) -> None:
    """Ask, and take a whole batch back as a task."""
    from dmart_tui.core.writing import bulk

    app = cast("DmartApp", desk.app)
    words = f"{ran.title}. What was changed again since stays as it is."
    if not await app.ask(confirm("Take the whole batch back", words, "Take it back")):
        return
    title = f"Take back: {ran.title}"

    def undo(cancel: CancelToken, progress: Progress) -> bulk.Report:
        return bulk.undo(desk.store, ran.batch, cancel=cancel, progress=progress)

    def outcome(report: bulk.Report) -> Outcome:
        if not report.failed and not report.stopped:
            desk.forget(ran)
        report.batch = ""  # what was taken back is not offered to be made again
        return outcome_of(title, report)

    await report_of(desk, title, undo, outcome)


def outcome_of(title: str, report: bulk.Report) -> Outcome:
    """A report in words."""
    counts = [f"{format_count(report.done)} changed"]
    counts += [f"{format_count(report.unchanged)} were so already"] if report.unchanged else []
    counts += [f"{format_count(report.failed)} failed"] if report.failed else []
    counts += ["stopped: the rest was not tried"] if report.stopped else []
    failures = [Finding(str(failure.address), failure.reason, failure.address) for failure in report.failures]
    return Outcome(title, ", ".join(counts), failures, report.failed - len(failures), report.batch)


async def earlier(desk: Desk) -> None:
    """Choose a batch of this or an earlier session, of whoever made it, and take it back."""
    from dmart_tui.core import background
    from dmart_tui.core.writing.batch_records import batches

    found = await background.run(batches, desk.store)
    rows = [Row(batch, batch.title, lead=batch.when[:16].replace("T", " "), about=batch.user) for batch in found]
    words = "enter takes it back · esc closes" if rows else "No batch is kept that could be taken back · esc closes"
    chosen: Batch | None = await cast("DmartApp", desk.app).ask(Pick("Take a batch back", rows, words=words))
    if chosen is not None:
        known = [done for done in desk.done if isinstance(done, Ran) and done.batch == chosen.identity]
        await take_back(desk, known[0] if known else Ran(chosen.title, chosen.identity))


# -- what is asked first ------------------------------------------------------------------------------------------


async def set_keys(desk: Desk) -> None:
    """Ask for keys and their values, and set them on all of what is meant."""
    app = cast("DmartApp", desk.app)
    if scope := await choose(app, below=True):
        await _set_keys(desk, scope)


async def tag(desk: Desk) -> None:
    """Ask for tags to put on and to take off all of what is meant."""
    app = cast("DmartApp", desk.app)
    if scope := await choose(app, below=True):
        await _tag(desk, scope)


async def move(desk: Desk) -> None:
    """Ask where to, and move all of what is meant."""
    app = cast("DmartApp", desk.app)
    if scope := await choose(app, below=False):
        await (moving.move(desk, scope.single) if scope.single else _move(desk, scope))


async def trash(desk: Desk) -> None:
    """Move all of what is meant to the trash."""
    from dmart_tui.core.writing import Trash

    app = cast("DmartApp", desk.app)
    if scope := await choose(app, below=False):
        await (moving.trash(desk, scope.single) if scope.single else change(desk, scope, Trash()))


async def _set_keys(desk: Desk, scope: Scope) -> None:
    from dmart_tui.core.merging import ABSENT
    from dmart_tui.core.writing import SetKeys
    from dmart_tui.core.writing.assignments import read_assignment
    from dmart_tui.core.writing.known import known_keys

    app = cast("DmartApp", desk.app)
    known: list[Row] = []

    def offer(text: str) -> list[Row]:
        if not known:
            for key, value in known_keys(desk.store.spaces, scope.find()).items():
                known.append(Row(key + ("=" if value.startswith('"') else ":="), key, about=value))
        return [row for row in known if text.lower() in row.label.lower()]

    def fault(text: str) -> str | None:
        try:
            read_assignment(text)
        except UsageFault as error:
            return str(error)
        return None

    words = "KEY=TEXT, KEY:=JSON, KEY+=MEMBER, KEY-=MEMBER; KEY- takes it away"
    lines = await app.ask(Lines(f"Set keys: {scope.words}", words=words, offer=offer, check=fault))
    if lines is not None:
        wanted = [read_assignment(line) for line in lines]
        removed = [key for key, value in wanted if value is ABSENT]
        await change(desk, scope, SetKeys([pair for pair in wanted if pair[1] is not ABSENT], removed))


async def _tag(desk: Desk, scope: Scope) -> None:
    from dmart_tui.core.writing import Tag
    from dmart_tui.core.writing.known import known_tags

    app = cast("DmartApp", desk.app)
    known: list[tuple[str, int]] = []

    def offer(text: str) -> list[Row]:
        if not known:
            known.extend(known_tags(desk.store.spaces, scope.find()))
        before, comma, last = text.rpartition(",")
        typed = last.strip()
        start = f"{before}{comma} " if comma else ""
        sign = typed[:1] if typed[:1] in ("-", "+") else ""
        word = typed.removeprefix(sign).lower()
        return [
            Row(f"{start}{sign}{name}", name, about=f"on {count}")
            for name, count in known
            if word in name.lower() and name != word
        ]

    words = "Tags to put on, with a comma between; -TAG takes one off."
    text = await app.ask(
        Completed(
            f"Tags: {scope.words}",
            words=words,
            offer=offer,
            check=lambda text: None if any(_tags_of(text)) else "No tag is named.",
        )
    )
    if text is not None:
        await change(desk, scope, Tag(*_tags_of(text)))


async def _move(desk: Desk, scope: Scope) -> None:
    from dmart_tui.core.writing import MoveTo

    words = "To which folder? SPACE/sub/path; the names stay."
    folder = await ask_folder(desk, f"Move {scope.words}", words=words)
    if folder is None:
        return
    rewrite = await cast("DmartApp", desk.app).ask(moving.what_points())
    if rewrite is not None:
        await change(desk, scope, MoveTo(folder.address, rewrite=rewrite))


def _tags_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those to put on and those to take off."""
    named = [part.strip() for part in text.split(",")]
    added = tuple(dict.fromkeys(part.removeprefix("+") for part in named if part.strip("+-") and part[0] != "-"))
    return added, tuple(dict.fromkeys(part[1:] for part in named if part.strip("+-") and part[0] == "-"))
