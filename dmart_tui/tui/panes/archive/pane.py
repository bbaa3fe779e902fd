"""What a person does with an archive: find, look, take out, check, mount."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual import on

from dmart_tui.core import background
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.messages import OpenArchive
from dmart_tui.tui.panes.archive import arranging
from dmart_tui.tui.panes.archive.arranging import GROUPS, ORDERS
from dmart_tui.tui.panes.archive.view import ArchiveView
from dmart_tui.tui.widgets.typed_line import TypedLine
from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.archives.format import Finding
    from dmart_tui.tui.tasks import Task

_FINDINGS_KEPT: Final = 10_000
_AT_CURSOR: Final = frozenset(f"archive.{verb}" for verb in ("open", "mark", "details", "copy-value"))
_LOADED: Final = frozenset(
    f"archive.{verb}" for verb in ("filter", "sort", "group", "odd", "extract", "check", "mount")
)


class ArchivePane(Acting, ArchiveView):
    """An archive, and what can be done with it."""

    CONTEXT: ClassVar[str] = "archive"
    BINDINGS = bindings("archive")

    # -- messages ----------------------------------------------------------------------------------------

    @on(VirtualList.MarksChanged)
    def _marks_changed(self, message: VirtualList.MarksChanged) -> None:
        message.stop()
        self._sum_up()
        self.refresh_bindings()

    @on(VirtualList.Activated)
    def _activated(self, message: VirtualList.Activated) -> None:
        message.stop()
        self.action_act("archive.open")

    @on(TypedLine.Typed)
    def _typed(self, message: TypedLine.Typed) -> None:
        message.stop()
        self.wanted = replace(self.wanted, needle=message.text)
        self.show_wanted()

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if action in ("archive.again", "archive.repair", "archive.place"):
            return None
        if action == "archive.back":
            busy = any(task.group == self._group and task.state == "running" for task in self.app_.tasks.listed)
            here = self.box.has_focus_within or self.line.has_class("-asked") or self.rows.marks or self.wanted.odd
            return None if here or busy or self.line.told else "There is no filter to take away."
        if action in _LOADED | _AT_CURSOR and not self.loaded:
            return "The archive is not open." if self.archive is None else "Its index is still being read."
        if action in _AT_CURSOR and self.at_cursor is None:
            return "The cursor is on no member."
        if action == "archive.extract" and not len(cast("Archive", self.archive)):
            return "The archive holds no member."
        if action == "archive.mount":
            if self.app_.spaces is None:
                return "No spaces folder is open."
            if not self.packed:
                return "This is no packed tree: only those stand for files of the spaces folder."
            return self.app_.desk.refusal_to_write or None if self.app_.desk is not None else None
        return None

    def do_open(self) -> None:
        """Go to the content."""
        self.box.take_focus()

    def do_mark(self) -> None:
        self.rows.action_mark()

    def do_details(self) -> None:
        self.box.show_details(not self.box.details)
        self._shown = -1
        self._show_content()

    def do_filter(self) -> None:
        self.line.ask()

    async def do_sort(self) -> None:
        from dmart_tui.tui.screens.dialog import Choice

        options = [(letter, about, name) for name, (letter, about) in ORDERS.items()]
        order = await self.app_.ask(Choice("Sort the members", options, at=list(ORDERS).index(self.wanted.order)))
        if order is not None:
            self.app_.tasks.start(f"Sort {self.name_}", partial(self._sort, order), group=self._group)

    async def _sort(self, order: str, task: Task) -> None:
        archive = cast("Archive", self.archive)
        task.unit = "members"

        def progress(done: int, total: int) -> None:
            task.done, task.total = done, total

        try:
            found = await background.run(arranging.ordered, archive, order, progress, task.cancel)
        except DmartTuiError as error:
            self.failed(error)
            return
        if archive is self.archive and self.is_attached:
            self.ordered, self.wanted = found, replace(self.wanted, order=order)
            self.show_wanted()

    async def do_group(self) -> None:
        from dmart_tui.tui.screens.dialog import Choice

        options = [(letter, about, name) for name, (letter, about) in GROUPS.items()]
        group = await self.app_.ask(Choice("Group the members", options, at=list(GROUPS).index(self.wanted.group)))
        if group is not None:
            self.wanted = replace(self.wanted, group=group)
            self.show_wanted()

    async def do_odd(self) -> None:
        """Show only members of which something is wrong, or all again."""
        if self.wanted.odd:
            self.wanted = replace(self.wanted, odd=False)
            self.show_wanted()
        else:
            self.app_.tasks.start(f"Look through {self.name_}", self._look_through, group=self._group)

    async def _look_through(self, task: Task) -> None:
        archive, known = cast("Archive", self.archive), self.known
        task.unit = "members"

        def progress(done: int, total: int) -> None:
            task.done, task.total = done, total

        await background.run(arranging.unsound, archive, known, progress, task.cancel)
        if known is self.known and self.is_attached:
            self.wanted = replace(self.wanted, odd=True)
            self.show_wanted()

    def do_copy_value(self) -> None:
        archive = cast("Archive", self.archive)
        self.app_.copy_text(f"{self.where}#{archive.name(cast('int', self.at_cursor))}")

    def do_back(self) -> None:
        if self.box.has_focus_within:
            self.rows.focus()
        elif not self.line.leave():
            if self.rows.marks:
                self.rows.mark(list(self.rows.marks), marked=False)
            elif self.wanted.odd:
                self.wanted = replace(self.wanted, odd=False)
                self.show_wanted()
            else:
                self.app_.tasks.stop_group(self._group)

    async def do_extract(self) -> None:
        from dmart_tui.tui.panes.archive.taking import extract

        await extract(self)

    async def do_check(self) -> None:
        from dmart_tui.tui.panes.archive.taking import check

        await check(self)

    async def do_repair(self) -> None:
        from dmart_tui.tui.panes.archive.taking import repair

        await repair(self)

    async def do_mount(self) -> None:
        from dmart_tui.tui.panes.archive.taking import mount

        await mount(self)

    def do_place(self) -> None:
        """List the archives beside it."""
        self.post_message(OpenArchive(self.where.rpartition("/")[0] + "/", browse=True))

    # -- for what takes members out ----------------------------------------------------------------------

    def marked(self) -> list[int]:
        """The positions of the marked members, as they stand."""
        return sorted(int(key) for key in self.rows.marks if not key.startswith("#"))

    def shown(self) -> list[int]:
        """The positions of the members that the filter leaves."""
        positions = self.arranged.positions
        return list(range(len(cast("Archive", self.archive))) if positions is None else positions)

    def found(self, findings: list[Finding]) -> None:
        """Take note of findings of a check."""
        for finding in findings:
            if finding.position is None:
                self.general.append(finding)
            else:
                self.known[finding.position] |= arranging.ERROR if finding.severity == "error" else arranging.WARNING
                if len(self.findings) < _FINDINGS_KEPT:
                    self.findings.setdefault(finding.position, []).append(finding.sentence)
        self.rows.looks_changed()
        self._sum_up()


__all__ = ["ArchivePane"]
