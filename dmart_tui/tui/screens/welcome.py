"""The first screen when no root is named: what this is, and what to do now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from dmart_tui.core import background, config
from dmart_tui.core.text import safe
from dmart_tui.tui.screens.dialog import Prompt, Row, RowList
from dmart_tui.tui.screens.fitted import Fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult

    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.tasks import Task

MOST_RECENT = 9


class Welcome(Fitted[None]):
    """Says what to do when there is no root.

    Args:
        recent: roots opened before, newest first.
    """

    DEFAULT_CSS = """
    Welcome {
        align: center middle;
        & > Vertical { width: 72; max-width: 96%; height: auto; }
        & Static { height: auto; margin-bottom: 1; }
        & RowList { height: auto; max-height: 14; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, recent: Sequence[str]) -> None:
        super().__init__()
        rows = [
            Row("demo", "Open the demo", lead="d", about="a small company, made on the spot"),
            Row("folder", "Open a folder", lead="o", about="one that holds spaces"),
        ]
        rows += [
            Row(root, root.rpartition("/")[2] or root, lead=str(number), about=root)
            for number, root in enumerate(recent[:MOST_RECENT], 1)
        ]
        rows.append(Row("quit", "Quit", lead="q"))
        self._by_key = {row.lead: row.value for row in rows}
        self.list = RowList(rows)
        self.list.styles.height = len(rows)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(
                Content.assemble(
                    ("dmart_tui", "bold $accent"),
                    ("  D-MART spaces in your terminal", "$text-muted"),
                )
            )
            yield Static(Content("No spaces folder is open. Choose one:"))
            yield self.list
            yield Static()
            yield Static(Content.assemble(("Or start with  ", "$text-muted"), "dmart-tui --root DIR"))

    def on_mount(self) -> None:
        self.list.focus()

    async def on_key(self, event: events.Key) -> None:
        if event.character in self._by_key:
            event.stop()
            self._choose(self._by_key[event.character])

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        self._choose(message.row.value)

    def _choose(self, value: str) -> None:
        app = cast("DmartApp", self.app)
        if value == "quit":
            app.exit()
        elif value == "folder":
            app.tasks.spawn(self._ask(app))
        elif value == "demo":
            _open_demo(app)
        else:
            app.tasks.spawn(app.open_root(value))

    async def _ask(self, app: DmartApp) -> None:
        answer: Any = await app.ask(folder_prompt())
        if answer:
            await app.open_root(answer)

    def action_leave(self) -> None:
        """Go back to the root that is open, if there is one."""
        if cast("DmartApp", self.app).spaces is not None:
            self.dismiss()


def folder_prompt() -> Prompt:
    """Ask for a spaces folder."""
    return Prompt(
        "Open a folder",
        words="The path of a folder that holds spaces:",
        placeholder="~/spaces",
        check=lambda text: None if Path(text).expanduser().is_dir() else f"There is no folder {safe(text)}",
    )


def _open_demo(app: DmartApp) -> None:
    """Make the demo, unless it is there, and open it."""
    from dmart_tui.core.demo import existing_demo, make_demo

    folder = config.demo_folder()
    if app.settings.read_only and existing_demo(folder) is None:
        app.notify("No demo is made: the program runs read-only.", severity="warning")
        return

    async def work(task: Task) -> None:
        def progress(done: int, total: int) -> None:
            task.done, task.total = done, total

        await background.run(make_demo, folder, progress=progress)
        await app.open_root(folder / "spaces")

    app.tasks.start("Making the demo", work, group="demo")
