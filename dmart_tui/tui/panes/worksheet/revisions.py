"""Earlier texts of a worksheet: looked at as what changed since, and restored."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on

from dmart_tui.core import background
from dmart_tui.core.units import format_count, format_time
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Dialog, Row, RowList
from dmart_tui.tui.widgets.diff_view import DiffView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from dmart_tui.core.sql.sheets.worksheets import Revision, Worksheets
    from dmart_tui.tui.app import DmartApp


class Revisions(Dialog["Revision"]):
    """Answers with the revision to restore."""

    CONTEXT = "revisions"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("revisions"), *bindings("dialog")]
    TITLE_TEXT = "Revisions"
    DEFAULT_CSS = """
    Revisions RowList { height: 8; margin-bottom: 1; }
    Revisions DiffView { height: 1fr; }
    """

    def __init__(self, worksheets: Worksheets, revisions: Sequence[Revision]) -> None:
        super().__init__()
        self._worksheets = worksheets
        self.list = RowList(
            Row(one, format_time(one.saved), right=f"{format_count(one.size)} characters") for one in revisions
        )

    def inside(self) -> ComposeResult:
        from dmart_tui.core.diffing import diff_text

        yield self.list
        yield DiffView(diff_text("", ""), empty="The text is still the same.")

    def on_mount(self) -> None:
        self.list.focus()
        self.say("what changed since · f2 restores · tab to the text · esc closes")
        self._show()

    @on(RowList.Moved)
    def _moved(self, message: RowList.Moved) -> None:
        message.stop()
        self._show()

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        message.stop()
        self.query_one(DiffView).focus()

    def _show(self) -> None:
        if self.list.current is not None:
            tasks = cast("DmartApp", self.app).tasks
            tasks.spawn(self._compare(self.list.current.value), group="revisions", exclusive=True)

    async def _compare(self, revision: Revision) -> None:
        found = await background.run(self._worksheets.diff, revision.id)
        if self.is_attached and self.list.current is not None and self.list.current.value is revision:
            self.query_one(DiffView).show_diff(found)

    def why_not(self, action: str) -> str | None:
        if action == "revisions.restore" and self.list.current is None:
            return "Nothing was saved yet."
        return None

    def do_restore(self) -> None:
        self.dismiss(cast("Row", self.list.current).value)
