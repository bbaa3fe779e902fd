"""The app: the shell, and what a person can do everywhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import on
from textual.geometry import Offset
from textual.signal import Signal

from dmart_tui.core import background
from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.files import inside
from dmart_tui.core.units import format_count
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.documents import ToolDocument
from dmart_tui.tui.launch import is_store
from dmart_tui.tui.messages import OpenArchive, OpenStore
from dmart_tui.tui.shell import Shell
from dmart_tui.tui.tools import open_archive_tool, open_store_tool, query_data

if TYPE_CHECKING:
    from dmart_tui.core.config import Paths, Settings
    from dmart_tui.core.historydb import Engine
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.tui.histories import Histories
    from dmart_tui.tui.session import Session

_WITHOUT_ROOT = frozenset(
    f"app.{verb}"
    for verb in (
        *("help", "palette", "tasks", "notices", "theme", "open-root", "suspend", "screenshot", "redraw", "quit"),
        *("archives", "open-archive", "open-store", "jump", "focus-next", "focus-previous", "maximise", "secrets"),
    )
)
"""What can be done while no spaces folder is open."""

_LEAVING = frozenset(("app.shell", "app.pager", "app.suspend"))
_SIZING = frozenset(("app.wider-tree", "app.narrower-tree"))


class DmartApp(Shell):
    """The interface, complete.

    Args:
        archive: the path or address of an archive to show first; the others are those of `Shell`.
    """

    BINDINGS = [*bindings("app"), *bindings("entry"), *bindings("change")]
    """Those of the open document work from the tree too: one walks down it and reads on in the same view."""

    def __init__(
        self,
        settings: Settings,
        root: Path | str | None = None,
        *,
        fresh: bool = False,
        paths: Paths | None = None,
        archive: str = "",
    ) -> None:
        super().__init__(settings, root, fresh=fresh, paths=paths)
        self._begin_with = archive
        self.leaving: Signal[None] = Signal(self, "leaving")
        """Published when the program ends, however it does: what is not on the disk goes there now."""
        self.histories: Histories | None = None
        """The history store of the root, once something asked for it."""
        self.engine: Engine | None = None
        """What asks history stores, once something did."""

    def _welcome(self) -> None:
        if self._begin_with:  # an archive needs no spaces folder
            self.screen.add_class("-no-tree")
            self.call_after_refresh(self._begin)
        else:
            super()._welcome()

    async def on_unmount(self) -> None:
        if self.engine is not None:
            await self.tasks.close()
            await background.run(self.engine.close)

    def leave(self, code: int = 0) -> None:
        self.leaving.publish(None)
        super().leave(code)

    def action_act(self, name: str) -> None:
        actor = self.actor_of(name)
        if actor is None or actor is self:
            super().action_act(name)
        else:
            actor.action_act(name)

    def selection(self) -> list[Address]:
        for actor in self.actors():
            if actor is not self and (found := actor.selection()):
                return found
        return []

    def chosen(self) -> Address | None:
        return next((found for actor in self.actors() if actor is not self and (found := actor.chosen())), None)

    def why_not(self, action: str) -> str | None:
        if self.spaces is None and action not in _WITHOUT_ROOT:
            return "No spaces folder is open."
        if action == "app.bookmark" and self._archive_here:
            return None
        if action in ("app.copy", "app.bookmark", "app.pager", "app.query") and self.chosen() is None:
            return "The cursor is on nothing that has an address."
        if action == "app.back" and not self.trail.can_step(-1):
            return "There is no way back from here."
        if action == "app.forward" and not self.trail.can_step(1):
            return "There is no way forward from here."
        if action == "app.screenshot" and self._here_is_read_only:
            return "It would be written into the spaces folder, which is open read-only."
        if action in _LEAVING and not self.can_lend_terminal:
            return "This terminal cannot be given to another program."
        if action in ("app.wider-tree", "app.narrower-tree") and not (
            self.tree_pane.display and self.workspace.display
        ):
            return "One pane has the whole screen."
        return None

    @property
    def _archive_here(self) -> str:
        """The archive whose pane has the focus; empty: none has."""
        document = self.workspace.current if self.workspace.has_focus_within else None
        return document.archive if isinstance(document, ToolDocument) else ""

    @property
    def _here_is_read_only(self) -> bool:
        root = self.spaces.root if self.spaces is not None and self.settings.read_only else None
        return root is not None and inside(root, str(Path.cwd().resolve()))

    @property
    def can_lend_terminal(self) -> bool:
        """Whether another program can have the terminal for a while."""
        return self._driver is not None and self._driver.can_suspend

    async def _restore(self) -> None:
        await super()._restore()
        archive, self._begin_with = self._begin_with, ""
        if archive:
            await self.open_archive(archive)

    async def do_help(self) -> None:
        from dmart_tui.tui.screens.palette import Help

        if chosen := await self.ask(Help()):
            await self.perform(chosen)

    async def do_palette(self) -> None:
        from dmart_tui.tui.screens.palette import Palette

        if chosen := await self.ask(Palette()):
            await self.perform(chosen)

    async def do_find(self) -> None:
        from dmart_tui.tui.screens.find import Find

        dialog = Find(cast("Spaces", self.spaces), self.names, self.desk.viewing if self.desk is not None else None)
        chosen = await self.ask(dialog)
        self.names = dialog.names if dialog.complete else None
        if isinstance(chosen, list):
            self.tree_pane.mark(chosen)
            self.screen_stack[0].remove_class("-no-tree", "-alone-workspace")
            self.tree_pane.take_focus()
            self.notify(f"{format_count(len(chosen))} marked: A changes all of them.")
        elif chosen is not None:
            await self.tree_pane.locate(chosen)
            await self.open(chosen)

    async def do_jump(self) -> None:
        from dmart_tui.tui.screens.jump import Jump, Target

        tree = self.tree_pane
        targets = [Target(tree.region.offset + Offset(2, 0), tree.take_focus)] if tree.display else []
        targets += [Target(at, go) for at, go in self.workspace.jump_targets()]
        if go := await self.ask(Jump(targets)):
            go()

    def do_focus_next(self) -> None:
        self.screen.focus_next()

    def do_focus_previous(self) -> None:
        self.screen.focus_previous()

    def do_focus_tree(self) -> None:
        self.screen.remove_class("-no-tree", "-alone-workspace")
        self.tree_pane.take_focus()

    def do_maximise(self) -> None:
        alone = "-alone-tree" if self.tree_pane.has_focus_within else "-alone-workspace"
        if self.screen.has_class("-alone-tree") or self.screen.has_class("-alone-workspace"):
            self.screen.remove_class("-alone-tree", "-alone-workspace")
        else:
            self.screen.add_class(alone)

    def do_toggle_tree(self) -> None:
        self.screen.remove_class("-alone-tree", "-alone-workspace")
        self.screen.toggle_class("-no-tree")

    def do_wider_tree(self) -> None:
        self.set_tree_width(self.tree_pane.size.width + 6)

    def do_narrower_tree(self) -> None:
        self.set_tree_width(self.tree_pane.size.width - 2)

    async def do_back(self) -> None:
        await self._step(-1)

    async def do_forward(self) -> None:
        await self._step(1)

    async def _step(self, by: int) -> None:
        if place := self.trail.step(by):
            await self.workspace.open(Address.parse(place[0]), place[1])

    async def do_bookmarks(self) -> None:
        from dmart_tui.tui.screens.places import Bookmarks

        session = cast("Session", self.session)

        def remove(address: str) -> None:
            session.save_bookmarks([one for one in session.bookmarks() if one != address])

        chosen = await self.ask(Bookmarks(session.bookmarks(), remove))
        if isinstance(chosen, str):
            await self.open_archive(chosen)
        elif chosen is not None:
            await self.tree_pane.locate(chosen)
            await self.open(chosen)

    def do_bookmark(self) -> None:
        session = cast("Session", self.session)
        marked = session.bookmarks()
        here = [self._archive_here] if self._archive_here else list(map(str, self.selection()))
        added = [one for one in here if one not in marked]
        gone = [] if added else here
        session.save_bookmarks([one for one in marked if one not in gone] + added)
        self.notify(f"Bookmarked {', '.join(added)}" if added else f"No bookmark any more: {', '.join(gone)}")

    async def do_copy(self) -> None:
        from dmart_tui.tui.copying import OPTIONS, text_of
        from dmart_tui.tui.screens.dialog import Choice

        addresses = self.selection()
        title = "Copy" if len(addresses) == 1 else f"Copy of {len(addresses):,} marked"
        if what := await self.ask(Choice(title, OPTIONS)):
            self.copy_text(await text_of(what, addresses, cast("Spaces", self.spaces), self.settings.language))

    def copy_text(self, text: str) -> None:
        """Copy a text the way the settings say, and tell which way it went."""
        self.tasks.spawn(self._copy(text), group="copy")

    async def _copy(self, text: str) -> None:
        from dmart_tui.tui.clipboard import copy

        def terminal(text: str) -> None:
            self.call_from_thread(self.copy_to_clipboard, text)

        way = await background.run(copy, text, self.settings.clipboard, self.settings.clipboard_limit, terminal)
        self.notify(f"Copied {len(text):,} character{'' if len(text) == 1 else 's'} {way}.")

    def do_names(self) -> None:
        self.display_names = not self.display_names
        self.notify("Display names." if self.display_names else "Shortnames.")
        self.looks_changed.publish(None)
        self.checkpoint()

    def do_secrets(self) -> None:
        self.show_secrets = not self.show_secrets
        self.looks_changed.publish(None)
        self.show_state()

    async def do_refresh(self) -> None:
        self.names = None
        await self.tree_pane.reload()
        await self.workspace.reload()

    async def do_check(self) -> None:
        await self.open_tool("problems")

    async def do_timeline(self) -> None:
        await self.open_tool("timeline")

    async def do_archives(self) -> None:
        await self.open_archive("", browse=True)

    async def do_open_archive(self) -> None:
        """Open the archive that the cursor is on or in, else one whose path or address is typed."""
        from dmart_tui.tui.archives import archive_at, ask_where

        chosen = self.chosen()
        where = await background.run(archive_at, self.spaces, chosen) if self.spaces and chosen else None
        if where := where or await ask_where(self):
            await self.open_archive(where)

    async def open_archive(self, where: str, *, browse: bool = False) -> None:
        """Open an archive or history store by its path or address, or list the archives of a place."""
        if not browse and is_store(where):
            await open_store_tool(self, "store-activity", where)
            return
        await open_archive_tool(self, "archives" if browse else "archive", where)

    @on(OpenArchive)
    def _open_archive(self, message: OpenArchive) -> None:
        opening = self.open_archive(message.where, browse=message.browse)
        self.set_off(self.tasks.spawn(opening, group="open-tool"))

    @on(OpenStore)
    def _open_store(self, message: OpenStore) -> None:
        opening = open_store_tool(self, message.tool, message.where, message.query)
        self.set_off(self.tasks.spawn(opening, group="open-tool"))

    async def do_open_store(self) -> None:
        """Open a history store whose path is typed."""
        from dmart_tui.tui.archives import ask_store

        if where := await ask_store(self):
            await open_store_tool(self, "store-activity", where)

    async def do_activity(self) -> None:
        await self.open_tool("activity")

    async def do_search(self) -> None:
        await self.open_tool("search")

    async def do_redis(self) -> None:
        await self.open_tool("redis")

    async def do_worksheet(self) -> None:
        await self.open_tool("worksheet")

    async def do_query(self) -> None:
        await query_data(self, cast("Address", self.chosen()))

    async def do_links(self) -> None:
        await self.open_tool("links")

    async def do_tasks(self) -> None:
        from dmart_tui.tui.screens.lists import TaskList

        await self.ask(TaskList())

    async def do_notices(self) -> None:
        from dmart_tui.tui.screens.lists import NoticeList

        await self.ask(NoticeList())

    async def do_theme(self) -> None:
        from dmart_tui.tui.screens.places import Themes

        await self.ask(Themes())
        self.checkpoint()

    def do_open_root(self) -> None:
        self._welcome()

    async def do_shell(self) -> None:
        from dmart_tui.tui import outside

        spaces = cast("Spaces", self.spaces)
        selected = self.selection()
        folder = spaces.root
        if selected:
            entry = await background.run(spaces.load, selected[0])
            folder = entry.path.rpartition(f"/{META_FOLDER}/")[0]
        outside.run(self, outside.shell(), folder=folder)
        self.redraw_all()

    async def do_pager(self) -> None:
        import tempfile

        from dmart_tui.tui import outside
        from dmart_tui.tui.screens.dialog import Choice

        spaces, address = cast("Spaces", self.spaces), self.selection()[0]
        item = await background.run(spaces.load if address.attachment is None else spaces.attachment, address)
        path: str | None = item.path
        if item.payload is not None and item.payload.path is not None:
            files = [("p", "The payload", item.payload.path), ("m", "The meta file", item.path)]
            path = await self.ask(Choice("Page", files))
        if path is None:
            return
        with tempfile.TemporaryDirectory(prefix="dmart-tui-") as folder:
            if not self.show_secrets:
                path = await background.run(outside.masked_copy, path, spaces.root, folder)
            outside.run(self, [*outside.pager(self.settings.pager), path])
        self.redraw_all()

    def do_suspend(self) -> None:
        self.action_suspend_process()

    def do_screenshot(self) -> None:
        name = f"dmart-tui-{datetime.now():%Y%m%d-%H%M%S}.svg"
        try:
            self.save_screenshot(name)
        except OSError as error:
            self.notify(f"The screenshot could not be written: {error.strerror}", severity="error")
        else:
            self.notify(f"Saved {Path.cwd() / name}")

    def do_redraw(self) -> None:
        self.redraw_all()

    async def do_quit(self) -> None:
        from dmart_tui.tui.screens.dialog import confirm

        if not await self.workspace.may_leave():
            return
        if unsaved := self.workspace.unsaved:
            edits = f"{unsaved} document{'s have' if unsaved > 1 else ' has'} edits that are not saved."
            rest = " They come back at the next start." if self.session and self.settings.restore else ""
            if not await self.ask(confirm("Quit", edits + rest, "Quit all the same")):
                return
        if running := self.tasks.running:
            words = f"{running} task{'s' if running > 1 else ''} still running; quitting stops it."
            if not await self.ask(confirm("Quit", words, "Stop and quit")):
                return
        await self.action_quit()
