"""Running tasks, and what was notified."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on

from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Dialog, Row, RowList
from dmart_tui.tui.tasks import progress_of

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.tasks import Task

SIGNS = {"running": "◐", "done": "✓", "stopped": "■", "failed": "✗"}
TONES = {"running": "", "done": "muted", "stopped": "muted", "failed": "error"}
LOOK_AGAIN = 0.5
"""Seconds between two looks at running tasks, only while the list is open."""


class TaskList(Dialog[None]):
    """What runs and what ran, newest first."""

    CONTEXT = "tasks"
    BINDINGS = bindings("tasks")
    TITLE_TEXT = "Tasks"

    def inside(self) -> ComposeResult:
        yield RowList(empty="Nothing has run yet. `p` checks the root for problems.")

    def on_mount(self) -> None:
        self._show()
        self.set_interval(LOOK_AGAIN, self._look_again)

    def why_not(self, action: str) -> str | None:
        if action == "tasks.stop":
            row = self.query_one(RowList).current
            if row is None or row.value.state != "running":
                return "That task does not run."
        return None

    def do_stop(self) -> None:
        row = self.query_one(RowList).current
        if row is not None:
            cast("DmartApp", self.app).tasks.stop(row.value)
            self._show()

    def _look_again(self) -> None:
        if any(row.value.state == "running" for row in self.query_one(RowList).rows):
            self._show()

    def _show(self) -> None:
        tasks = cast("DmartApp", self.app).tasks
        rows = [_task_row(task) for task in reversed(tasks.listed)]
        shown = self.query_one(RowList)
        if rows != shown.rows:
            shown.set_rows(rows, keep_cursor=True)
        self.say(f"{tasks.running} running · del stops · esc closes")


def _task_row(task: Task) -> Row:
    state = "stopping" if task.state == "running" and task.cancel.cancelled else task.state
    return Row(
        task,
        f"{SIGNS[task.state]} {task.title}",
        about=task.error or state,
        right=f"{progress_of(task)}  {task.seconds:.0f} s".strip(),
        tone=TONES[task.state],
    )


class NoticeList(Dialog[None]):
    """What was notified, newest first."""

    CONTEXT = "notices"
    BINDINGS = bindings("notices")
    TITLE_TEXT = "Notices"

    def inside(self) -> ComposeResult:
        told = reversed(cast("DmartApp", self.app).notices)
        yield RowList(
            (
                Row(
                    one.text,
                    one.text,
                    lead=f"{one.at:%H:%M:%S} {'' if one.severity == 'information' else '!'}",
                    tone="" if one.severity == "information" else one.severity,
                )
                for one in told
            ),
            empty="Nothing was notified.",
        )

    def on_mount(self) -> None:
        self.say("y copies · enter shows it whole · esc closes")

    def do_copy(self) -> None:
        row = self.query_one(RowList).current
        if row is not None:
            cast("DmartApp", self.app).copy_text(row.value)

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        self.app.push_screen(Whole(message.row.value))


class Whole(Dialog[None]):
    """One text, whole."""

    TITLE_TEXT = "Notice"
    SMALL = True

    def __init__(self, text: str, title: str = "") -> None:
        super().__init__(title)
        self._text = text

    def inside(self) -> ComposeResult:
        from textual.content import Content
        from textual.widgets import Static

        yield Static(Content(self._text), classes="words")
