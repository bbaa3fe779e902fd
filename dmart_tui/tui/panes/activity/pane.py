"""The activity of a branch, of the whole root or of a store: charts, and over them the changes behind a bar."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import on

from dmart_tui.tui.histories import histories
from dmart_tui.tui.panes.activity.behind import Behind
from dmart_tui.tui.panes.activity.board import Board
from dmart_tui.tui.views import ToolView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dmart_tui.core.address import Address
    from dmart_tui.tui.app import DmartApp


class ActivityPane(ToolView):
    """Charts of what was changed when and by whom.

    Args:
        address: the branch of the root that is open; None: all of it.
        place: a history store; empty: that of the root.
        idle: of the last session: nothing is read in before it is asked for.
        state: the range that was shown then.
    """

    DEFAULT_CSS = """
    ActivityPane { layout: vertical; height: 1fr; }
    ActivityPane.-behind > Board { display: none; }
    """

    def __init__(
        self,
        address: Address | None = None,
        *,
        place: str = "",
        idle: bool = False,
        state: dict[str, object] | None = None,
    ) -> None:
        super().__init__()
        self.address, self.place, self.idle = address, place, idle
        self._shown = state or {}
        self.behind: Behind | None = None

    def compose(self) -> ComposeResult:
        kept = None if self.place else histories(cast("DmartApp", self.app))
        if kept is not None and not self.idle:
            kept.want()
        store = Path(self.place) if kept is None else kept.path
        self.board = Board(store, self.address, kept, str(self._shown.get("range") or ""))
        yield self.board

    def take_focus(self) -> None:
        (self.behind.list if self.behind is not None else self.board.current).focus()

    def state(self) -> dict[str, object]:
        wanted = self.board.wanted
        if wanted is None or not self.board.fixed:
            return {}
        return {"range": f"{wanted.span.first}..{wanted.span.last}"}

    @on(Board.Behind)
    async def _open_behind(self, message: Board.Behind) -> None:
        message.stop()
        self._chart = self.board.current
        self.behind = Behind(self.board.store, message.query, message.label, self.leave_behind)
        await self.mount(self.behind)
        self.add_class("-behind")

    def leave_behind(self) -> None:
        """Return to the charts."""
        if self.behind is not None:
            self.behind.remove()
            self.behind = None
            self.remove_class("-behind")
            self._chart.focus()
