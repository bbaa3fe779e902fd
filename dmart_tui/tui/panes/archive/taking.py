"""Taking members out of an archive, checking, repairing and mounting it: tasks, and what came of them."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from dmart_tui.core import background, mounting
from dmart_tui.core.archives.source import Replaced, open_source
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.archives import whole, why_not_filled, why_not_made
from dmart_tui.tui.panes.archive.arranging import shown_name
from dmart_tui.tui.screens.dialog import Choice, Prompt, confirm
from dmart_tui.tui.writing.report import Finding, Outcome, Report

if TYPE_CHECKING:
    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.archives.extracting import Extracted
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.panes.archive.pane import ArchivePane
    from dmart_tui.tui.tasks import Task

_REPORTED: Final = 500
"""Findings that a report lists."""
_TOLD_EVERY: Final = 64


# -- extracting -------------------------------------------------------------------------------------------------------


async def extract(pane: ArchivePane) -> None:
    """Ask for what and where to, and write the members as a task; tells of what was not written as it is called."""
    archive = cast("Archive", pane.archive)
    chosen = await _which(pane)
    if chosen is None:
        return
    words = f"{_members(len(chosen))} · the folder to write to; files that are there stay, and what is done is skipped."
    if pane.packed:
        words = f"{_members(len(chosen))} · the folder to put the files back below, with their paths, times and modes."
    stem = Path(pane.where).stem or "archive"
    typed = await pane.app_.ask(
        Prompt(
            f"Extract from {pane.name_}",
            words=words,
            text=str(Path.cwd() / stem),
            check=partial(why_not_filled, pane.app_),
        )
    )
    if typed is None:
        return
    folder = whole(typed)
    work = partial(_unpack if pane.packed else _extract, pane, archive, chosen, folder)
    pane.app_.tasks.start(f"Extract from {pane.name_}", work)


async def _which(pane: ArchivePane) -> list[int] | None:
    """The marked members where there are some; else the shown, all, or the one under the cursor."""
    archive = cast("Archive", pane.archive)
    marked = pane.marked()
    if marked:
        return marked
    options: list[tuple[str, str, str]] = []
    if pane.at_cursor is not None:
        name = shown_name(archive.name(pane.at_cursor), pane.packed)
        options.append(("t", f"This one: {name[:60]}", "this"))
    if pane.arranged.positions is not None and len(pane.arranged.positions) < len(archive):
        options.append(("f", f"What the filter leaves: {format_count(len(pane.arranged.positions))}", "shown"))
    options.append(("a", f"All: {format_count(len(archive))}", "all"))
    what = await pane.app_.ask(Choice("Extract", options))
    if what is None:
        return None
    if what == "this":
        return [cast("int", pane.at_cursor)]
    return pane.shown() if what == "shown" else list(range(len(archive)))


async def _extract(pane: ArchivePane, archive: Archive, chosen: list[int], folder: str, task: Task) -> None:
    from dmart_tui.core.archives.extracting import extract, is_same

    app = pane.app_
    task.total, task.unit = len(chosen), "members"
    counts: dict[str, int] = {}
    told: list[Finding] = []
    differing: list[int] = []

    def note(found: Extracted) -> None:
        outcome: str = found.outcome
        if outcome == "exists" and is_same(archive, found.position, f"{folder}/{found.file}", task.cancel):
            outcome = "same"
        elif outcome == "exists":
            differing.append(found.position)
        counts[outcome] = counts.get(outcome, 0) + 1
        if outcome == "failed":
            _add(told, Finding(found.name, found.sentence))
        elif outcome == "written" and found.file != found.name:
            _add(told, Finding(found.name, f"is called {found.file}", tone="warning"))

    def write(positions: list[int], overwrite: bool) -> None:
        for number, found in enumerate(extract(archive, positions, folder, overwrite=overwrite, cancel=task.cancel)):
            note(found)
            task.done = number + 1
            if not number % _TOLD_EVERY:
                _tell(pane, task)

    try:
        await background.run(write, chosen, False)
        if await _may_write_over(app, len(differing)):
            counts["exists"] -= len(differing)
            again, differing[:] = list(differing), []
            await background.run(write, again, True)
    except Replaced as error:
        pane.failed(error)
        raise
    finally:
        pane.told_cost()
    for position in differing:
        _add(told, Finding(archive.name(position), "a file with other bytes is there, and stays", tone="warning"))
    words = ", ".join(f"{format_count(count)} {_OUTCOMES[outcome]}" for outcome, count in counts.items() if count)
    _report(app, f"Extracted to {folder}", words or "no members", told)


async def _may_write_over(app: DmartApp, count: int) -> bool:
    there = f"{_files(count)} with other bytes {'is' if count == 1 else 'are'} there already."
    question = confirm("Extract", there, "Write over", "Leave as they are")
    return await app.ask(question) is True if count else False


_OUTCOMES: Final = {
    "written": "written",
    "same": "there already, byte for byte",
    "exists": "left alone: other files are there",
    "older": "left out: a later member has the name",
    "deleted": "left out: marked as deleted",
    "failed": "failed",
}


async def _unpack(pane: ArchivePane, archive: Archive, chosen: list[int], folder: str, task: Task) -> None:
    """Put the files of a packed tree back."""
    from dmart_tui.core.archives.unpacking import unpack

    task.total, task.unit = len(chosen), "files"
    wanted = None
    if len(chosen) < len(archive):
        wanted = {shown_name(archive.name(position), True) for position in chosen}.__contains__

    def progress(files: int, _size: int) -> None:
        task.done = files
        if not files % _TOLD_EVERY:
            _tell(pane, task)

    try:
        done = await background.run(
            lambda: unpack(archive, folder, wanted=wanted, cancel=task.cancel, progress=progress)
        )
    except Replaced as error:
        pane.failed(error)
        raise
    finally:
        pane.told_cost()
    same = f", {format_count(done.same)} there already, byte for byte" if done.same else ""
    left = [Finding(path, why, tone="warning") for path, why in done.left[:_REPORTED]]
    _report(pane.app_, f"Unpacked to {folder}", f"{_files(done.files)} written{same}", left)


# -- checking and repairing -------------------------------------------------------------------------------------------


async def check(pane: ArchivePane) -> None:
    """Look for all that is wrong, the contents too where that is wanted."""
    options = [("s", "Structure, names and metadata", False), ("c", "All contents too: everything is read", True)]
    contents = await pane.app_.ask(Choice(f"Check {pane.name_}", options))
    if contents is not None:
        pane.general.clear()
        pane.findings.clear()
        pane.app_.tasks.start(f"Check {pane.name_}", partial(_check, pane, contents), group=f"check-{id(pane)}")


async def _check(pane: ArchivePane, contents: bool, task: Task) -> None:
    from dmart_tui.core.archives.verifying import verify

    archive = cast("Archive", pane.archive)
    task.total, task.unit = len(archive), "members"
    counts = dict.fromkeys(("error", "warning", "note"), 0)

    def progress(done: int, total: int) -> None:
        task.done = done
        _tell(pane, task)

    found = background.stream(
        lambda: verify(archive, contents=contents, progress=progress, cancel=task.cancel),
        seconds=0.3,
        cancel=task.cancel,
    )
    try:
        async for some in found:
            if archive is not pane.archive or not pane.is_attached:
                return
            for one in some:
                counts[one.severity] += 1
            pane.found(some)
    except Replaced as error:
        pane.failed(error)
        raise
    pane.told_cost()
    words = ", ".join(f"{format_count(count)} {level}{'s' * (count != 1)}" for level, count in counts.items() if count)
    keys = " · o shows only these members" if counts["error"] or counts["warning"] else ""
    pane.app_.notify(f"{pane.name_}: {words or 'nothing is wrong'}{keys}")


async def repair(pane: ArchivePane) -> None:
    """Ask where to and copy what is sound into a new archive."""
    stem = Path(pane.where).stem or "archive"
    here = Path.cwd() if pane.where.startswith("s3://") else Path(pane.where).parent
    typed = await pane.app_.ask(
        Prompt(
            f"Repair {pane.name_}",
            words="The archive to make of what is sound; this one stays as it is.",
            text=str(here / f"{stem}-repaired.des"),
            check=partial(why_not_made, pane.app_),
        )
    )
    if typed is not None:
        target = whole(typed)
        pane.app_.tasks.start(f"Repair {pane.name_}", partial(_repair, pane, target))


async def _repair(pane: ArchivePane, target: str, task: Task) -> None:
    from dmart_tui.core.archives.repairing import repair

    task.unit = "members"

    def progress(done: int, total: int) -> None:
        task.done, task.total = done, total

    def work() -> Any:
        with open_source(pane.where, pane.app_.settings) as source:
            return repair(source, target, progress=progress, cancel=task.cancel)

    report = await background.run(work)
    lost = sum(loss.whole for loss in report.lost)
    words = f"{_members(report.kept)} found {report.how} kept, {format_count(lost)} lost, in {target}"
    told = [Finding(loss.name, loss.sentence, tone="error" if loss.whole else "warning") for loss in report.lost]
    _report(pane.app_, f"Repaired {pane.name_}", words, told)


# -- mounting ---------------------------------------------------------------------------------------------------------


async def mount(pane: ArchivePane) -> None:
    """Let the packed tree stand in the root, or take it away."""
    app = pane.app_
    root = cast("Any", app.spaces).root
    where = pane.where
    here = await background.run(_mounted, root, where)
    if here is not None and not here.refused:
        question = f"It stands for {', '.join(here.covers[:3])}. The archive itself stays."
        if not await app.ask(confirm("Unmount", question, "Take it away")):
            return
        await background.run(mounting.unmount, root, where)
        app.notify(f"{pane.name_} is no longer mounted.")
    else:
        try:
            done = await background.run(mounting.mount, root, where, app.settings)
        except DmartTuiError as error:
            app.notify(str(error), severity="error")
            return
        app.notify(f"{', '.join(safe(path) for path in done.covers[:3])} is read from {pane.name_} now.")
    app.names = None
    await app.tree_pane.reload()


def _mounted(root: str, where: str) -> mounting.MountedArchive | None:
    real = where if where.startswith("s3://") else os.path.realpath(where)
    return next((one for one in mounting.mounted(root) if one.archive == real), None)


# -- the parts --------------------------------------------------------------------------------------------------------


def _tell(pane: ArchivePane, task: Task) -> None:
    """Show how far a task is and what it cost so far, from its thread."""

    def show() -> None:
        pane.app_.tasks.tell(task)
        pane.told_cost()

    if pane.is_attached:
        pane.tell_soon(show)


def _add(told: list[Finding], finding: Finding) -> None:
    if len(told) < _REPORTED:
        told.append(finding)


def _report(app: DmartApp, title: str, words: str, told: list[Finding]) -> None:
    """Say what came of it: in the bottom line, in a dialog where something should be looked at."""
    if told:
        # A person may leave it open for long: the task is over.
        app.tasks.spawn(app.ask(Report(Outcome(title, words, told))), group="archive-report")
    else:
        app.notify(f"{title}: {words}")


def _members(count: int) -> str:
    return f"{format_count(count)} member{'s' * (count != 1)}"


def _files(count: int) -> str:
    return f"{format_count(count)} file{'s' * (count != 1)}"
