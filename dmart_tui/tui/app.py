"""The app: composes the panes, answers their messages, and does what concerns all of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual import on
from textual.app import App
from textual.containers import Horizontal
from textual.signal import Signal

from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.text import safe
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import BY_NAME, Action, bindings, keymap_problems, keys_of, of_context, show_key
from dmart_tui.tui.messages import Highlighted, Notice, OpenAddress
from dmart_tui.tui.output import ThinOutput
from dmart_tui.tui.tasks import Tasks
from dmart_tui.tui.trail import Trail
from dmart_tui.tui.views import TREE, make
from dmart_tui.tui.widgets.footer import StatusLine
from dmart_tui.tui.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.notifications import SeverityLevel
    from textual.screen import Screen

    from dmart_tui.core.address import Address
    from dmart_tui.core.config import Settings

R = TypeVar("R")

REST = 0.12
"""Seconds the tree's cursor must rest before its entry is read for the preview."""
NOTICE_SECONDS = 6.0
KEPT_NOTICES = 500


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as it was shown, for the list of notices."""

    at: datetime
    text: str
    severity: SeverityLevel


class DmartApp(ThinOutput, Acting, App[None]):
    """The interface over one spaces folder, or the welcome screen when there is none.

    Args:
        settings: what the configuration says.
        root: the spaces folder.
        fresh: start empty instead of restoring the session.

    Raises:
        NotFound: `root` is no folder.
    """

    CONTEXT = "app"
    BINDINGS = bindings("app")
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "dmart-tui"

    def __init__(self, settings: Settings, root: Path | str | None = None, *, fresh: bool = False) -> None:
        super().__init__()
        self.settings = settings
        self.spaces = Spaces(root) if root else None
        self.fresh = fresh
        self.display_names = settings.names == "display"
        self.show_secrets = False
        self.tasks = Tasks(self._show_state, self.report)
        self.notices: list[Told] = []
        self.trail: Trail[tuple[str, str | None]] = Trail()
        self.looks_changed: Signal[None] = Signal(self, "looks-changed")
        """Published when `display_names` or `show_secrets` changed: panes draw again."""
        self.files_changed: Signal[frozenset[str]] = Signal(self, "files-changed")
        """Published with the real paths of files that changed below the root."""
        self._notice_timer: Any = None

    # -- composing ---------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield make(TREE)(id="tree")
            yield Workspace(id="workspace")
        yield StatusLine(id="status")

    def on_mount(self) -> None:
        self.set_keymap(dict(self.settings.keys))
        for problem in keymap_problems(self.settings.keys):
            self.notify(problem, severity="warning")
        self.watch(self.screen, "focused", self._show_hints, init=False)
        self.query_one("#tree").focus()
        self._show_hints()
        self._show_state()

    async def on_unmount(self) -> None:
        await self.tasks.close()

    @property
    def workspace(self) -> Workspace:
        """The centre."""
        return self.screen_stack[0].query_one("#workspace", Workspace)

    # -- saying things -----------------------------------------------------------------------------------

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Say something in the bottom line (errors and long ones in a box too) and keep it for the list of notices."""
        text = safe(f"{title}: {message}" if title else message)
        self.notices.append(Told(datetime.now(), text, severity))
        del self.notices[:-KEPT_NOTICES]
        if severity == "error" or len(text) > self.size.width - 4:
            super().notify(text, severity=severity, timeout=timeout, markup=False)
        status = self.screen_stack[0].query_one(StatusLine)
        status.show_notice(text, severity)
        if self._notice_timer is not None:
            self._notice_timer.stop()
        self._notice_timer = self.set_timer(timeout or NOTICE_SECONDS, status.clear_notice)

    def report(self, error: BaseException) -> None:
        """Say what went wrong in a sentence; an error that is not ours says its kind too."""
        if isinstance(error, DmartTuiError):
            self.notify(str(error), severity="error")
        else:
            self.log.error(error)
            self.notify(f"This is a defect: {type(error).__name__}: {error}", severity="error")

    def _show_hints(self, _focused: object = None) -> None:
        hints = [
            (action.name, show_key(keys[0]), action.title)
            for _, action in self.actions_here()
            if action.footer and (keys := keys_of(action, self.settings.keys))
        ]
        self.screen_stack[0].query_one(StatusLine).show_hints(hints)

    def _show_state(self) -> None:
        state = []
        if running := self.tasks.running:
            state.append((f"◐ {running} task{'s' if running > 1 else ''}", "warning"))
        if self.show_secrets:
            state.append(("! secrets shown", "warning"))
        if self.settings.read_only:
            state.append(("read-only", ""))
        if self.spaces is not None:
            state.append((self.spaces.root.rsplit("/", 1)[-1] or "/", ""))
        self.screen_stack[0].query_one(StatusLine).show_state(state)

    # -- actions -----------------------------------------------------------------------------------------

    def actors(self) -> Iterator[Acting]:
        """Who does actions here: from the focused widget up to the app."""
        node: Any = self.screen_stack[-1].focused or self.screen_stack[-1]
        for ancestor in node.ancestors_with_self:
            if isinstance(ancestor, Acting):
                yield ancestor

    def actions_here(self) -> Iterator[tuple[Acting, Action]]:
        """Every action that a key can reach here, nearest first, with who does it."""
        for actor in self.actors():
            for action in of_context(actor.CONTEXT):
                yield actor, action

    def actor_of(self, name: str) -> Acting | None:
        """Who would do an action: the nearest one round the focus, else any visible one of its context."""
        context = BY_NAME[name].context
        for actor in self.actors():
            if context == actor.CONTEXT:
                return actor
        for node in self.screen.query("*"):
            if isinstance(node, Acting) and context == node.CONTEXT and node.display:
                return node
        return None

    def why_not_now(self, name: str) -> str | None:
        """The reason why an action cannot be done from here, None when it can."""
        actor = self.actor_of(name)
        return "Not here." if actor is None else actor.refusal(name)

    async def perform(self, name: str) -> None:
        """Do an action by name, wherever it belongs."""
        actor = self.actor_of(name)
        if actor is None:
            self.notify(f"{BY_NAME[name].title}: not here.", severity="warning")
        else:
            actor.action_act(name)

    async def ask(self, screen: Screen[R]) -> R | None:
        """Show a dialog and wait for its answer; None when it was closed. For async actions, not for handlers."""
        answer: asyncio.Future[R | None] = asyncio.get_running_loop().create_future()
        self.push_screen(screen, lambda result: None if answer.done() else answer.set_result(result))
        return await answer

    @on(StatusLine.Clicked)
    async def _hint_clicked(self, message: StatusLine.Clicked) -> None:
        await self.perform(message.action)

    # -- messages of panes -------------------------------------------------------------------------------

    @on(Highlighted)
    def _highlighted(self, message: Highlighted) -> None:
        self.tasks.spawn(self._preview(message.address), group="preview", exclusive=True)

    async def _preview(self, address: Address | None) -> None:
        if address is not None:
            await asyncio.sleep(REST)
            await self.workspace.preview(address)

    @on(OpenAddress)
    def _open_address(self, message: OpenAddress) -> None:
        self.tasks.spawn(self.open(message.address, message.view, focus=message.focus), group="preview", exclusive=True)

    async def open(self, address: Address, view: str | None = None, *, focus: bool = True) -> None:
        """Open an address, keep it open, and remember the way."""
        self.trail.visit((str(address), view))
        await self.workspace.open(address, view, focus=focus)

    @on(Notice)
    def _notice(self, message: Notice) -> None:
        self.notify(message.text, severity=message.severity)

    async def locate(self, address: Address) -> None:
        """Put the tree's cursor on an address."""
        tree = cast("Any", self.query_one("#tree"))
        await tree.locate(address)
        tree.focus()
