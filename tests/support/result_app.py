"""The app with the result of a query instead of its panes: `python -m tests.support.result_app ROOT SQL` shows one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.config import Settings
from dmart_tui.core.sql import Options, Session
from dmart_tui.tui import app
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.messages import OpenAddress
from dmart_tui.tui.sql import ResultView

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from textual.widget import Widget


class ResultApp(DmartApp):
    CSS_PATH = Path(app.__file__).with_name("app.tcss")
    CSS = """
    #tree, #workspace { display: none; }
    #body { layout: vertical; }
    #facts { height: 1; background: $panel; }
    """

    def __init__(self, root: Path, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        super().__init__(Settings(theme="night", watch=False, restore=False), root)
        self.sql = sql
        self.parameters = parameters or {}
        self.view = ResultView()
        self.sql_session: Session | None = None
        self.opened: list[str] = []

    def _panes(self) -> Iterator[Widget]:
        yield from super()._panes()
        yield self.view
        yield Static(id="facts", markup=False)

    def _begin(self) -> None:
        super()._begin()
        self.tasks.spawn(self.run_sql(self.sql, self.parameters))

    async def run_sql(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        if self.sql_session is None:
            self.sql_session = await background.run(Session, Options(Path(self.paths.state)))
        result = await background.run(self.sql_session.run, sql, parameters or None)
        await self.view.show(result, self.sql_session, parameters)
        self.view.take_focus()

    def on_result_view_changed(self) -> None:
        self.query_one("#facts", Static).update(self.view.facts)

    def on_open_address(self, message: OpenAddress) -> None:
        self.opened.append(str(message.address))

    async def on_unmount(self) -> None:
        await self.tasks.close()
        if self.sql_session is not None:
            await background.run(self.sql_session.close)


if __name__ == "__main__":
    ResultApp(Path(sys.argv[1]), sys.argv[2]).run(mouse=False)
