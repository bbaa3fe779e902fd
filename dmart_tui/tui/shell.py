"""The shell of the interface: composes the panes, answers their messages, keeps session, theme and notices."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from textual import on
from textual.app import App
from textual.containers import Horizontal
from textual.signal import Signal

from dmart_tui.core import background, config, disk
from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.text import safe
from dmart_tui.tui import tools
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import BY_NAME, Action, keymap_problems, of_context
from dmart_tui.tui.following import Following
from dmart_tui.tui.hints import hints_of
from dmart_tui.tui.icons import icon
from dmart_tui.tui.messages import Highlighted, Notice, OpenAddress, OpenTool
from dmart_tui.tui.output import ThinOutput
from dmart_tui.tui.screens.fitted import Fitted
from dmart_tui.tui.session import Session, recent_roots, remember_root
from dmart_tui.tui.tasks import Tasks
from dmart_tui.tui.trail import Trail
from dmart_tui.tui.typeahead import TypeAhead
from dmart_tui.tui.views import TREE, TreeView, make
from dmart_tui.tui.widgets.footer import StatusLine
from dmart_tui.tui.workspace import Workspace
from dmart_tui.tui.writing.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult
    from textual.notifications import SeverityLevel
    from textual.screen import Screen
    from textual.widget import Widget

    from dmart_tui.core.config import Paths, Settings
    from dmart_tui.core.spaces.names import Names
    from dmart_tui.tui.indexing import Indexing

R = TypeVar("R")

REST = 0.12
"""Seconds the tree's cursor must rest before its entry is read for the preview."""
NOTICE_SECONDS = 6.0
KEPT_NOTICES = 500
CHECKPOINT = 3.0
"""Seconds after a change until the session is written: a dropped line must not lose it."""
NARROWEST_TREE, WIDEST_TREE = 20, 90


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as it was shown, for the list of notices."""

    at: datetime
    text: str
    severity: SeverityLevel


class Shell(TypeAhead, ThinOutput, Acting, App[None]):
    """The interface over one spaces folder, or the welcome screen when there is none.

    Args:
        settings: what the configuration says.
        root: the spaces folder.
        fresh: start empty instead of restoring the session.
        paths: where the program's own files are, when not at the usual places.

    Raises:
        NotFound: `root` is no folder.
    """

    CONTEXT = "app"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "dmart-tui"

    def __init__(
        self, settings: Settings, root: Path | str | None = None, *, fresh: bool = False, paths: Paths | None = None
    ) -> None:
        super().__init__()
        self.settings = settings
        self.spaces = _spaces_at(root, settings) if root else None
        self.fresh = fresh
        self.display_names = settings.names == "display"
        self.show_secrets = False
        self.tasks = Tasks(self.show_state, self.report)
        self.notices: list[Told] = []
        self.trail: Trail[tuple[str, str | None]] = Trail()
        self.looks_changed: Signal[None] = Signal(self, "looks-changed")
        """Published when `display_names` or `show_secrets` changed: panes draw again."""
        self.files_changed: Signal[frozenset[str]] = Signal(self, "files-changed")
        """Published with the real paths of files that changed below the root."""
        self.index_changed: Signal[None] = Signal(self, "index-changed")
        """Published when the index of the root is read, grows or is done."""
        self.index: Indexing | None = None
        """The index of the root, once something asked for it."""
        self.paths = paths or config.paths()
        self.tree_width = 0
        self.names: Names | None = None
        """All names under the root, once a find has read them."""
        self._notice_timer: Any = None
        self._checkpoint_timer: Any = None
        self.following = Following(self)
        self._saved: dict[str, Any] = {}
        self._unseen: Address | None = None
        """Where restoring put the tree's cursor: no reason to preview it over the document that came back."""
        self._begin_session()
        self._wear_theme()

    # -- composing ---------------------------------------------------------------------------------------

    def get_default_screen(self) -> Fitted[None]:
        """The screen of the panes."""
        return Fitted(id="_default")

    def compose(self) -> ComposeResult:
        with Horizontal(id="body"):
            yield from self._panes()
        yield StatusLine(id="status")

    def _panes(self) -> Iterator[Widget]:
        yield make(TREE)(id="tree")
        yield Workspace(id="workspace")
        if self.spaces is not None:
            yield Desk(self.spaces, self.settings)

    def on_mount(self) -> None:
        if self.settings.keys:
            self.set_keymap(dict(self.settings.keys))
            for problem in keymap_problems(self.settings.keys):
                self.notify(problem, severity="warning")
        self.screen.bindings_updated_signal.subscribe(self, self.show_hints)
        self.show_state()
        if self.spaces is None:
            self._welcome()
        else:
            self.tree_pane.take_focus()
            self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """What can wait until the first frame is out."""
        self.show_hints()  # the focus may have come before it was watched
        self.tasks.spawn(self._restore(), group="restore")

    async def on_unmount(self) -> None:
        self.following.stop()
        await self.tasks.close()

    async def action_quit(self) -> None:
        self.leave()

    def leave(self, code: int = 0) -> None:
        """Keep the session and end with an exit code."""
        self._save_session()
        super().leave(code)

    @property
    def workspace(self) -> Workspace:
        """The centre."""
        return self.screen_stack[0].query_one("#workspace", Workspace)

    @property
    def tree_pane(self) -> TreeView:
        """The tree."""
        return self.screen_stack[0].query_one("#tree", TreeView)

    @property
    def desk(self) -> Desk | None:
        """Where data is changed; None when there is no root."""
        return next(iter(self.screen_stack[0].query(Desk)), None)

    def set_tree_width(self, width: int) -> None:
        """Give the tree a width in cells; 0: a share of the screen."""
        self.tree_width = width and max(NARROWEST_TREE, min(width, WIDEST_TREE))
        self.tree_pane.styles.width = self.tree_width or None
        self.tree_pane.styles.min_width = (self.tree_width and NARROWEST_TREE) or None
        self.checkpoint()

    def icon(self, type_: str) -> str:
        """The icon of a resource type in the style of the settings."""
        return icon(type_, self.settings.icons)

    # -- root, session, theme ----------------------------------------------------------------------------

    def _begin_session(self) -> None:
        self.session: Session | None = None
        self._saved, self._odd = {}, ""
        if self.spaces is None:
            return
        self.session = Session(self.paths.state, self.spaces.root)
        if self.settings.restore and not self.fresh:
            self._saved, self._odd = self.session.read()

    def _wear_theme(self) -> None:
        """Read the one theme that is used; a broken one is told and another worn."""
        from dmart_tui.tui import themes
        from dmart_tui.tui.restoring import saved_theme

        setting = self.settings.theme
        wanted = (saved_theme(self._saved, setting), setting, themes.suited(self.console.color_system))
        theme, problem = themes.load_first(filter(None, wanted), self.paths.themes)
        self._odd = problem or self._odd
        if theme is not None:
            self.register_theme(theme)
            self.set_reactive(App.theme, theme.name)
        self.stylesheet.set_variables(self.get_css_variables())

    async def _restore(self) -> None:
        if self._odd:
            self.notify(self._odd, severity="warning")
        if self.session is not None and self._saved:
            from dmart_tui.tui.restoring import restore

            await background.run(self.session.restoring)
            try:
                await restore(self, self._saved)
            except Exception as error:
                self.log.error(error)
                self.notify("The last session could not be brought back whole.", severity="warning")
            await background.run(self.session.restored)
            self._saved = {}
            at = next(iter(self.tree_pane.selection()), None)
            if self.workspace.current is not None:
                self._unseen = at
            elif at is not None:
                await self.workspace.preview(at)
            self.checkpoint()
        if self.spaces is not None:
            if self.desk is not None:
                await self.desk.recover()
            await background.run(remember_root, self.paths.state, self.spaces.root)
            for note in await background.run(_unfollowed, self.spaces.root):
                self.notify(note, severity="warning")
            self.following.soon()

    def checkpoint(self) -> None:
        """Write the session soon, and watch what is open; called when documents or folders were opened or closed."""
        self.following.soon()
        if self.session is not None and self._checkpoint_timer is None:
            self._checkpoint_timer = self.set_timer(CHECKPOINT, self._write_checkpoint)

    def _write_checkpoint(self) -> None:
        self._checkpoint_timer = None
        if self.session is not None and not self._saved and self.screen_stack:  # none is left while the app closes
            from dmart_tui.tui.restoring import capture

            self.tasks.spawn(background.run(self.session.save, capture(self)), group="session")

    def _save_session(self) -> None:
        if self.session is not None and not self._saved:  # what is still being restored stands on the disk
            from dmart_tui.tui.restoring import capture

            try:
                self.session.save(capture(self))
            except DmartTuiError as error:
                self.log.error(error)

    def _welcome(self) -> None:
        from dmart_tui.tui.screens.welcome import Welcome

        self.push_screen(Welcome(recent_roots(self.paths.state)))

    async def open_root(self, root: Path | str) -> None:
        """Leave the root that is open for another one.

        Raises:
            NotFound: `root` is no folder.
        """
        spaces = await background.run(_spaces_at, root, self.settings)
        self._save_session()
        self.following.stop()
        self.spaces, self.names, self.trail = spaces, None, Trail()
        self._begin_session()
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        body = self.screen.query_one("#body")
        await body.remove_children()
        await body.mount_all(self._panes())
        self.show_state()
        self.tree_pane.take_focus()
        await self._restore()

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
        status = self._status
        if status is None:
            return
        if severity == "error" or len(text) > self.size.width - 4:
            super().notify(text, severity=severity, timeout=timeout, markup=False)
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

    @property
    def _status(self) -> StatusLine | None:
        """The bottom line; None before the first screen stands and after the last."""
        found = self.screen_stack[0].query(StatusLine) if self.screen_stack else ()
        return next(iter(found), None)

    def show_hints(self, _: object = None) -> None:
        """Say in the bottom line what can be done now."""
        if self.is_running and (status := self._status) is not None and (hints := hints_of(self)) is not None:
            status.show_hints(hints)

    def show_state(self) -> None:
        """Tell in the bottom line what runs, what is shown, and who makes changes to which root."""
        state = []
        if running := self.tasks.running:
            part = self.tasks.part
            told = f"◐ {running} task{'s' if running > 1 else ''}" + (f" {part:.0%}" if part is not None else "")
            state.append((told, "warning"))
        if self.show_secrets:
            state.append(("! secrets shown", "warning"))
        desk = self.desk
        if self.settings.read_only:
            state.append(("read-only", ""))
        elif desk is not None:
            state.append((f"@{desk.user}", ""))
        if self.spaces is not None:
            state.append((self.spaces.root.rsplit("/", 1)[-1] or "/", ""))
        if desk is not None and desk.viewing is not None:
            state.append((f"! tree as {desk.viewing.user}", "warning"))
        if (status := self._status) is not None:
            status.show_state(state)

    # -- actions -----------------------------------------------------------------------------------------

    def actors(self) -> Iterator[Acting]:
        """Who does actions here: from the focused widget up, the open document even if it is beside, the app."""
        screen = next(screen for screen in reversed(self.screen_stack) if not screen.is_modal)
        node: Any = screen.focused or screen
        found = [ancestor for ancestor in node.ancestors_with_self if isinstance(ancestor, Acting)]
        if screen is self.screen_stack[0]:
            beside = (self.workspace, self.desk)
            found[-1:-1] = [actor for actor in beside if actor is not None and actor not in found]
        yield from found

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
        for node in self.screen_stack[0].query("*"):
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
        action = asyncio.current_task()
        held_keys = self.waits_for_a_person(action)
        chosen = await answer
        if held_keys and action is not None:
            self.set_off(action)
        self.show_hints()
        return chosen

    @on(StatusLine.Clicked)
    async def _hint_clicked(self, message: StatusLine.Clicked) -> None:
        await self.perform(message.action)

    # -- messages of panes -------------------------------------------------------------------------------

    @on(Highlighted)
    def _highlighted(self, message: Highlighted) -> None:
        if self._saved.get("documents") or message.address == self._unseen or self.workspace.has_focus_within:
            return  # whoever reads a document is not to be taken away from it when rows of the tree come or go
        self._unseen = None
        self.refresh_bindings()
        self.tasks.spawn(self._preview(message.address), group="preview", exclusive=True)

    async def _preview(self, address: Address | None) -> None:
        if address is not None:
            await asyncio.sleep(REST)
            self.tasks.spawn(self.workspace.preview(address))  # once begun it is not cancelled with this

    @on(OpenAddress)
    def _open_address(self, message: OpenAddress) -> None:
        self.tasks.stop_spawned("preview")
        opening = self.open(message.address, message.view, focus=message.focus, state=message.state)
        self.set_off(self.tasks.spawn(opening, group="open"))

    async def open(
        self,
        address: Address,
        view: str | None = None,
        *,
        focus: bool = True,
        state: dict[str, object] | None = None,
    ) -> None:
        """Open an address, keep it open, and remember the way; `state` is for the view, as `restore` takes it."""
        self.trail.visit((str(address), view))
        await self.workspace.open(address, view, focus=focus, state=state)

    @on(Notice)
    def _notice(self, message: Notice) -> None:
        self.notify(message.text, severity=message.severity)

    @on(OpenTool)
    def _open_tool(self, message: OpenTool) -> None:
        self.set_off(self.tasks.spawn(self.open_tool(message.tool, message.address), group="open-tool"))

    async def open_tool(self, tool: str, address: Address | None = None) -> None:
        """Open the problems or the timeline of a branch, of the whole root when there is no address."""
        await tools.open_tool(self, tool, address)

    async def locate(self, address: Address) -> None:
        """Put the tree's cursor on an address."""
        self.screen.remove_class("-no-tree", "-alone-workspace")
        await self.tree_pane.locate(address)
        self.tree_pane.take_focus()


def _spaces_at(root: Path | str, settings: Settings) -> Spaces:
    spaces = Spaces(Path(root).expanduser())
    if Path(spaces.root, disk.MOUNTS).exists():
        from dmart_tui.core.mounting import attach

        attach(spaces.root, settings)
    return spaces


def _unfollowed(root: str) -> list[str]:
    """What is to be said of archives that a root names and that are not opened."""
    if not Path(root, disk.MOUNTS).exists():
        return []
    from dmart_tui.core.mounting import mounted

    with suppress(DmartTuiError):
        return [one.note for one in mounted(root) if one.refused]
    return []
