"""Running a check in the background and walking through what it finds."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from rich.segment import Segment
from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.spaces import Problem
from dmart_tui.core.spaces.checks import KINDS, Check
from dmart_tui.core.text import fit, safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.messages import OpenAddress
from dmart_tui.tui.panes.problems.findings import (
    REST,
    SEVERITIES,
    By,
    Findings,
    FirstOf,
    Group,
    Grouping,
    GroupNames,
    Wanted,
)
from dmart_tui.tui.panes.problems.wording import SIGNS, looked_at, narrowed, number, standing, tail
from dmart_tui.tui.panes.problems.wording import TONES as WORD_TONES
from dmart_tui.tui.widgets.lines import fit_segments, spread
from dmart_tui.tui.widgets.typed_line import TypedLine
from dmart_tui.tui.widgets.virtual_tree import VirtualTree

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from rich.style import Style
    from textual import events
    from textual.app import ComposeResult

    from dmart_tui.core.spaces import Spaces
    from dmart_tui.tui.tasks import Task
    from dmart_tui.tui.widgets.tree_rows import Path, TreeRow

TONES: Final = {"error": "error", "warning": "warning", "note": "muted"}
BYS: Final[tuple[By, ...]] = ("kind", "place", "severity")
_NOTHING_THERE: Final = frozenset(("orphan-folder-payload", "symlink-loop", "symlink-dangling", "symlink-escapes"))
_VIEW_OF: Final = {
    "payload": "payload",
    "content": "payload",
    "checksum": "payload",
    "schema": "payload",
    "workflow": "payload",
    "lines": "history",
    "old": "history",
    "log": "history",
    "relation": "overview",
    "owner": "overview",
    "user": "overview",
    "group": "overview",
    "role": "overview",
    "permission": "overview",
}
"""The view that shows a problem best, by the first word of its kind; of all others the raw files."""
_KIND_WIDTH: Final = max(map(len, KINDS))
REPAINT: Final = 0.2
"""Seconds between two looks of the list while problems stream in."""
ROW: Final = 68
"""Cells of a problem's row at most; the part below the list has all of it."""
MOST_UNFOLDED: Final = 500
"""Groups that may be unfolded at once."""


class ProblemsPane(Acting, Widget):
    """The problems of a branch (or of the whole root) in groups, checked when the pane opens.

    Args:
        address: the branch; None: the whole root.
        idle: wait to be run.
    """

    CONTEXT = "problems"
    BINDINGS = bindings("problems")
    DEFAULT_CSS = """
    ProblemsPane { layout: vertical; height: 1fr; }
    ProblemsPane #problems-summary { height: auto; padding: 0 1 1 1; }
    ProblemsPane VirtualTree { height: 1fr; }
    ProblemsPane #problems-about { height: auto; max-height: 8; padding: 0 1; border-top: solid $foreground 22%; }
    ProblemsPane #problems-words { height: auto; min-height: 3; }
    """

    def __init__(self, address: Address | None = None, *, idle: bool = False) -> None:
        super().__init__()
        self.address = address
        self.idle = idle
        self.findings = Findings()
        self.wanted = Wanted()
        """What is asked for; `grouping` follows as soon as it is made."""
        self.grouping = Grouping(self.findings, self.wanted)
        self.whole: set[str] = set()
        """The unfolded groups of which all is shown, not only the first."""
        self.check: Check | None = None
        self.job: Task | None = None
        self.changed_since = False
        """Whether files changed after the check began."""

    def compose(self) -> ComposeResult:
        yield Static(id="problems-summary")
        # Kept, because a check that is being stopped may still tell while the widgets go.
        self.rows = VirtualTree(self._members, self._draw)
        self.line = TypedLine(self.rows.focus, placeholder="kind, address, path or words")
        yield self.rows
        yield self.line
        with Vertical(id="problems-about"):
            yield Static(id="problems-words")

    def on_mount(self) -> None:
        self._standing = self.query_one("#problems-summary", Static)
        self._about = self.query_one("#problems-about", Vertical)
        self._words = self.query_one("#problems-words", Static)
        self._app.files_changed.subscribe(self, lambda _: self._files_changed())
        if self.idle:
            self._sum_up()
            self._tell_about()
        else:
            self.do_run()

    def on_resize(self) -> None:
        self._sum_up()

    def on_unmount(self) -> None:
        if self.job is not None:
            self._app.tasks.stop(self.job)

    @property
    def running(self) -> bool:
        return self.job is not None and self.job.state == "running"

    @property
    def current(self) -> Problem | None:
        """The problem under the cursor."""
        path = self.rows.current
        return self.findings.problem(int(path[1])) if len(path) == 2 and path[1] != REST else None

    def selection(self) -> list[Address]:
        problem = self.current
        address = _address(problem) if problem is not None else None
        return [address] if address is not None else []

    # -- the check ---------------------------------------------------------------------------------------

    async def _run(self, task: Task) -> None:
        app = self._app
        task.unit = "entries"
        spaces = cast("Spaces", app.spaces)
        check = self.check = await background.run(Check, spaces, self.address, cancel=task.cancel)
        found = background.stream(check.run, batch=5000, seconds=REPAINT, cancel=task.cancel)
        async for batch in found:
            problems = [item for item in batch if isinstance(item, Problem)]
            for item in batch:
                if not isinstance(item, Problem):
                    task.done = item.entries
            if not self.is_attached or task is not self.job:
                return
            self.findings.add(problems)
            self._show_more()
            self._sum_up()

    def _ended(self) -> None:
        if self.is_attached:
            self._sum_up()
            self._tell_about()
            self.refresh_bindings()

    async def _start(self, task: Task) -> None:
        try:
            await self._run(task)
        finally:
            # The task's own state changes only after this coroutine: look at it in the loop's next turn.
            asyncio.get_running_loop().call_soon(self._ended)

    def _files_changed(self) -> None:
        if not self.changed_since:
            self.changed_since = True
            self._sum_up()

    # -- groups ------------------------------------------------------------------------------------------

    async def _members(self, path: Path) -> AsyncIterator[Group | FirstOf]:
        yield self._rows_of(path[0])

    def _rows_of(self, name: str) -> Group | FirstOf:
        group = self.grouping.group(name)
        return group if name in self.whole else FirstOf(group)

    def _show_more(self) -> None:
        """Put what was found since in the groups and in the list."""
        grouping = self.grouping
        known = grouping.shown
        grown = grouping.take(len(self.findings))
        if not grown:
            return
        untouched = self.rows.cursor == 0 and not any(self.rows.rows.open_paths())
        self.rows.replace((), grouping.names())
        for (name,) in list(self.rows.rows.open_paths()):
            if name in grown:
                self.rows.replace((name,), self._rows_of(name))
        if untouched:
            self.rows.cursor = 0  # worse groups come above: who has not moved yet stays at the top
        if not known:
            self._tell_about()

    def _want(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self._app.tasks.spawn(self._regroup(wanted), group=f"problems-{id(self)}", exclusive=True)

    async def _regroup(self, wanted: Wanted) -> None:
        """Show other problems, or the same in other groups; what comes meanwhile waits for the next look."""
        grouping = Grouping(self.findings, wanted)
        await background.run(grouping.take, len(self.findings))
        grouping.take(len(self.findings))
        same_groups = wanted.by == self.grouping.wanted.by
        cursor = self.rows.current
        self.grouping = grouping
        if not same_groups:
            self.whole.clear()
            self.rows.replace((), GroupNames(()))
        names = grouping.names()
        self.rows.replace((), names)
        for (name,) in list(self.rows.rows.open_paths()):
            self.rows.replace((name,), self._rows_of(name))
        if not same_groups and len(cursor) == 2:
            await self._find_again(cursor[1], names)
        self._sum_up()
        self._tell_about()

    async def _find_again(self, key: str, names: GroupNames) -> None:
        """Put the cursor on the problem it was on, in its new group."""
        for index in range(len(names)):
            name = names.key(index)
            if key == REST or self.grouping.group(name).index(key) < 0:
                continue
            if FirstOf(self.grouping.group(name)).index(key) < 0:
                self.whole.add(name)
            await self.rows.reveal((name, key))
            return

    # -- drawing -----------------------------------------------------------------------------------------

    def _draw(self, row: TreeRow, width: int, style: Callable[[str], Style]) -> list[Segment]:
        name = row.path[0]
        if row.path[1:] == (REST,):
            rest = format_count(cast("FirstOf", row.children).rest)
            return [Segment(f"⋯ {rest} more", style("muted"))]
        if len(row.path) == 2:
            return self._draw_problem(self.findings.problem(int(row.path[1])), min(width, ROW), style)
        severity = SEVERITIES[self.grouping.worst(name)]
        members = self.grouping.group(name)
        title = f"{name}s" if self.grouping.wanted.by == "severity" else safe(name)
        left = [Segment(f"{SIGNS[severity]} ", style(TONES[severity])), Segment(title, style("strong"))]
        return spread(left, [Segment(f"{format_count(len(members))} ", style("muted"))], width)

    def _draw_problem(self, problem: Problem, width: int, style: Callable[[str], Style]) -> list[Segment]:
        by = self.grouping.wanted.by
        where = safe(problem.address or problem.path or "root")
        segments = []
        if by == "place":
            segments.append(Segment(f"{SIGNS[problem.severity]} ", style(TONES[problem.severity])))
            where = where.rpartition("/")[2]
        room = min(46, max(18, width * 2 // 5))
        segments.append(Segment(fit(tail(where, room), room) + "  ", style("")))
        if by != "kind":
            kind = fit(problem.kind, _KIND_WIDTH) if width > 80 else problem.kind
            segments.append(Segment(f"{kind}  ", style("")))
        segments.append(Segment(problem.detail, style("muted")))
        return fit_segments(segments, width)

    def _sum_up(self) -> None:
        self._standing.update(self._summary())
        self.rows.empty = self._empty()
        if not len(self.rows.rows):
            self.rows.refresh()

    def _summary(self) -> Content:
        if self.job is None:
            return Content("")
        report = self.check.report if self.check is not None else None
        lines = [standing(self.job, report)]
        if report is not None:
            lines.append(Content.styled(looked_at(self.job, report, self.size.width - 2), "$text-muted"))
        if only := narrowed(self.grouping):
            lines.append(Content.styled(only, "$text-accent"))
        if self.changed_since and not self.running:
            lines.append(Content.styled("! files changed since; R checks again", "$text-warning"))
        return Content("\n").join(lines)

    def _empty(self) -> str:
        if self.job is None:
            return "Not checked since the last session: press R to check."
        if len(self.findings):
            return "No problem matches. `/` changes the text, `o` the severity."
        return "Nothing found so far." if self.running else ""

    def _tell_about(self) -> None:
        """Say below the list all about what the cursor is on."""
        path = self.rows.current
        problem = self.current
        words: Content = Content("")
        if problem is not None:
            kind = "" if self.grouping.wanted.by == "kind" else f"{safe(problem.kind)}  "  # its group says it
            words = Content.assemble(
                (f"{SIGNS[problem.severity]} {kind}", WORD_TONES[problem.severity]),
                (safe(problem.address or "the root"), "bold"),
                f"\n{problem.detail}\n",
                (safe(problem.path), "$text-muted"),
            )
        elif path and path[0] in KINDS and self.grouping.wanted.by == "kind":
            words = Content.assemble((path[0], "bold"), "\n", KINDS[path[0]].meaning)
        elif path:
            count = len(self.grouping.group(path[0]))
            words = Content.assemble((safe(path[0]), "bold"), f"\n{number(count, 'problem', 'problems')}")
        self._about.display = bool(path)
        self._words.update(words)

    # -- messages ----------------------------------------------------------------------------------------

    @on(VirtualTree.Highlighted)
    def _highlighted(self, message: VirtualTree.Highlighted) -> None:
        message.stop()
        self._tell_about()

    @on(VirtualTree.Toggled)
    def _toggled(self, message: VirtualTree.Toggled) -> None:
        message.stop()
        if not message.opened:
            self.whole.discard(message.path[0])

    @on(VirtualTree.Activated)
    def _activated(self, message: VirtualTree.Activated) -> None:
        message.stop()
        self._app.tasks.spawn(self._app.perform("problems.open"), group="problems-open")

    @on(TypedLine.Typed)
    def _typed(self, message: TypedLine.Typed) -> None:
        message.stop()
        self._want(replace(self.wanted, needle=message.text))

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self.line.leave():
            event.stop()

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if action == "problems.stop" and not self.running:
            return "No check is running here."
        if action in ("problems.open", "problems.toggle", "problems.copy-value") and not self.rows.current:
            return "No problem is here."
        if action == "problems.open" and (problem := self.current) is not None and _address(problem) is None:
            return "This problem is about the root itself, which cannot be opened."
        if action == "problems.expand-all" and len(self.grouping.names()) > MOST_UNFOLDED:
            return f"There are too many groups: at most {MOST_UNFOLDED} can be unfolded at once."
        return None

    def do_open(self) -> None:
        problem = self.current
        if problem is None:
            self.do_toggle()
        elif (address := _address(problem)) is not None:
            self.post_message(OpenAddress(address, view_of(problem)))

    def do_run(self) -> None:
        if self._app.spaces is None:
            return
        self.findings = Findings()
        self.grouping = Grouping(self.findings, self.wanted)
        self.check, self.changed_since = None, False
        self.rows.replace((), GroupNames(()))
        where = safe(str(self.address)) if self.address is not None else "the root"
        self.job = self._app.tasks.start(f"Check {where}", self._start, group=f"check {self.address or ''}")
        self._sum_up()
        self._tell_about()

    def do_stop(self) -> None:
        if self.job is not None:
            self._app.tasks.stop(self.job)

    def do_toggle(self) -> None:
        path = self.rows.current
        if path[1:] == (REST,):
            self.whole.add(path[0])
            self.rows.replace(path[:1], self._rows_of(path[0]))
        elif len(path) == 2:
            self.rows.close_folder(path[:1])
        else:
            self.rows.action_fold()

    async def do_expand_all(self) -> None:
        names = self.grouping.names()
        for index in range(len(names)):
            await self.rows.open_folder((names.key(index),))

    def do_collapse_all(self) -> None:
        for path in list(self.rows.rows.open_paths()):
            self.rows.close_folder(path)

    def do_group(self) -> None:
        by = BYS[(BYS.index(self.wanted.by) + 1) % len(BYS)]
        self._app.notify(f"Grouped by {by}.")
        self._want(replace(self.wanted, by=by))

    def do_severity(self) -> None:
        self._want(replace(self.wanted, mildest=(self.wanted.mildest - 1) % len(SEVERITIES)))

    def do_filter(self) -> None:
        self.line.ask()

    async def do_copy_value(self) -> None:
        path = self.rows.current
        if self.current is not None:
            wanted = [int(path[1])]
        else:
            group = self.grouping.group(path[0])
            wanted = [group[index] for index in range(len(group))]
        self._app.copy_text(await background.run(self._as_text, wanted))

    def _as_text(self, wanted: list[int]) -> str:
        """One line a problem, in the columns of `check` without a terminal."""
        problems = map(self.findings.problem, wanted)
        return "\n".join(
            "\t".join(map(safe, (one.severity, one.kind, one.address, one.path, one.detail))) for one in problems
        )


def view_of(problem: Problem) -> str:
    """The view that shows a problem best."""
    if "#" in problem.address:
        return "attachments"
    return _VIEW_OF.get(problem.kind.partition("-")[0], "raw")


def _address(problem: Problem) -> Address | None:
    """What to open for a problem: its address, or the folder above where nothing can stand there."""
    try:
        address = Address.parse(problem.address)
    except UsageFault:
        return None
    return address.parent if problem.kind in _NOTHING_THERE else address


__all__ = ["ProblemsPane"]
