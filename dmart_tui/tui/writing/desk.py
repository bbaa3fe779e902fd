"""The desk: where the interface changes data. What panes propose is shown, carried out, told, and can be taken back."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual.signal import Signal
from textual.widget import Widget

from dmart_tui.core import background
from dmart_tui.core.config import acting_user
from dmart_tui.core.errors import Conflict, NotFound
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from dmart_tui.core.address import Address
    from dmart_tui.core.config import Settings
    from dmart_tui.core.spaces import Rights, Spaces
    from dmart_tui.core.writing import Done, Plan, Store
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.batches import Ran
    from dmart_tui.tui.writing.large_files import FileWork
    from dmart_tui.tui.writing.report import Outcome

KEPT: Final = 200
"""Changes of this session that can be taken back."""
_ALWAYS: Final = frozenset(
    f"change.{verb}"
    for verb in ("menu", "trash-list", "undo", "batches", "report", "export", "import", "view-as", "user")
)
"""What needs nothing under the cursor."""


def _by(module: str, function: str) -> Callable[[Desk], Coroutine[Any, Any, None]]:
    """An action that a function of a module here does, which is imported when it is first done."""

    async def do(desk: Desk) -> None:
        await getattr(import_module(f"dmart_tui.tui.writing.{module}"), function)(desk)

    return do


def _at_cursor(module: str, function: str) -> Callable[[Desk], Coroutine[Any, Any, None]]:
    """The same, of a function that also takes the address that the cursor is on."""

    async def do(desk: Desk) -> None:
        here = cast("DmartApp", desk.app).chosen()
        await getattr(import_module(f"dmart_tui.tui.writing.{module}"), function)(desk, here)

    return do


class Desk(Acting, Widget):
    """Shows nothing itself; the app keeps it beside the panes, so that its actions work from everywhere.

    Args:
        spaces: what is changed.
        settings: who changes it, and whether anything may be changed.
    """

    CONTEXT: ClassVar[str] = "change"
    BINDINGS = bindings("change")
    DEFAULT_CSS = "Desk { display: none; }"

    def __init__(self, spaces: Spaces, settings: Settings) -> None:
        super().__init__(id="desk")
        self._spaces, self._settings = spaces, settings
        self.done: list[Done | Ran] = []
        """What was changed in this session and not taken back, oldest first."""
        self.outcome: Outcome | None = None
        """What came of the last batch, import or export."""
        self.viewing: Rights | None = None
        """Of the user the tree is viewed as."""
        self.changes: Signal[None] = Signal(self, "changes")
        """Published after data was changed here."""
        self.files_from = ""
        """The folder that files were last chosen in."""

    # -- for panes and dialogs ---------------------------------------------------------------------------

    @cached_property
    def store(self) -> Store:
        """Makes and carries out plans."""
        from dmart_tui.core.writing import open_store

        return open_store(self._spaces, self._settings)

    @property
    def user(self) -> str:
        """As whom changes are made."""
        return self.store.user if "store" in self.__dict__ else acting_user(self._settings)

    async def look(self, rights: Rights | None) -> None:
        """Show the tree as a user sees it; None shows all."""
        self.viewing = rights
        self._app.show_state()
        await self._app.tree_pane.look_changed()

    @property
    def refusal_to_write(self) -> str:
        """Why nothing can be changed; empty when it can."""
        return "Nothing is changed: the program runs read-only." if self._settings.read_only else ""

    async def propose(
        self, make: Callable[[], Plan], *, show: bool = True, files: FileWork | None = None
    ) -> Done | None:
        """Make a plan, show it, carry it out and tell; None when it was left or there was nothing to do.

        Args:
            make: blocks; called again when somebody changed the same meanwhile.
            show: ask first; what needs a deliberate yes is shown anyway.
            files: those it reads and copies, when they may be large.

        Raises:
            DmartTuiError: it cannot be planned or carried out; nothing is changed then.
        """
        from dmart_tui.tui.writing.preview import Preview

        while True:
            plan = await (files.run("Read the files", make, times=1) if files else background.run(make))
            if plan is None:
                return None
            plan = await background.run(self.store.warned, plan)
            if not plan.steps:
                self.app.notify("Nothing would change.")
                return None
            deliberate = any(warned.deliberate for warned in plan.warnings)
            if (show or deliberate or self._settings.read_only) and not await self._app.ask(
                Preview(plan, refused=self.refusal_to_write)
            ):
                return None
            try:
                return await self.carry_out(plan, anyway=deliberate, files=files)
            except Conflict as conflict:
                self.app.notify(f"{conflict}. Look again.", severity="warning")
                show = True

    async def carry_out(self, plan: Plan, *, anyway: bool = False, files: FileWork | None = None) -> Done | None:
        """Carry a plan out, remember it and let everything that shows it know; None when copying files was stopped.

        Raises:
            DmartTuiError: as `Store.apply`.
        """
        if files is None:
            done: Done | None = await background.run(self.store.apply, plan, anyway=anyway)
        else:
            done = await files.run(
                plan.title, lambda: self.store.apply(plan, anyway=anyway, progress=files.check), times=2
            )
        if done is None:
            return None
        await self.remember(done)
        self.app.notify(f"✓ {plan.title}" + (" · U takes it back" if plan.undo else ""))
        return done

    async def remember(self, done: Done) -> None:
        """Take note of a change that was made, and show what it changed."""
        if done.plan.undo:
            self.note(done)
        await self.changed(done.plan)

    def note(self, done: Done | Ran) -> None:
        """Remember what can be taken back."""
        self.done.append(done)
        del self.done[:-KEPT]

    def forget(self, gone: Done | Ran) -> None:
        """Remember no more what was taken back."""
        self.done = [done for done in self.done if done is not gone]

    async def changed(self, plan: Plan) -> None:
        """Show the files a plan touched as they are now, and close what is gone."""
        from dmart_tui.core.writing import Moved, Trashed

        app = self._app
        app.names = None
        for item in plan.undo:
            if isinstance(item, Moved):
                await app.workspace.forget(item.source)
            elif isinstance(item, Trashed):
                await app.workspace.forget(item.address)
        await app.tree_pane.reload()
        await app.workspace.reload()
        if plan.result is not None:
            await app.tree_pane.locate(plan.result)
        self.changes.publish(None)

    async def show_changes(self) -> None:
        """Show everything as it is now, whatever was changed, and close what is gone."""
        app = self._app
        app.names = None
        for document in list(app.workspace.documents):
            if document.address is not None and not await background.run(_is_there, self._spaces, document.address):
                await app.workspace.forget(document.address)
        await app.tree_pane.reload()
        await app.workspace.reload()
        self.changes.publish(None)

    async def recover(self) -> None:
        """Finish or undo what a program that crashed left unfinished, and say so."""
        pending = await background.run(self.store.journal.pending)
        if not pending:
            return
        if self._settings.read_only:
            words = ", ".join(pending)
            self.app.notify(f"Unfinished: {words}. A start without read-only mends it.", severity="warning")
            return
        for found in await background.run(self.store.recover):
            self.app.notify(f"An unfinished change was {found.outcome}: {found.title}", severity="warning")
        await self._app.tree_pane.reload()

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if action == "change.undo":
            return self.refusal_to_write or (None if self.done else "Nothing was changed in this session.")
        if action == "change.report" and self.outcome is None:
            return "No change of many was made in this session."
        view = self._app.workspace.view
        if action == "change.edit" and view is not None and view.VIEW == "edit" and view.has_focus_within:
            return "It is edited already."
        if action == "change.edit-outside" and not self._app.can_lend_terminal:
            return "This terminal cannot be given to another program."
        if action not in _ALWAYS and self._app.chosen() is None:
            return "The cursor is on nothing that can be changed."
        if action == "change.progress" and self._app.workspace.type_of(self._here) not in ("", "ticket"):
            return "This is no ticket."
        if action in ("change.lock", "change.unlock"):
            from dmart_tui.tui.writing.locking import why_not_locked

            return why_not_locked(self, self._here)
        if action in ("change.attach", "change.comment"):
            from dmart_tui.tui.writing.attaching import why_not_attached

            return why_not_attached(self, self._here)
        return None

    do_menu = _by("menu", "show")
    do_set_keys = _by("batches", "set_keys")
    do_tag = _by("batches", "tag")
    do_move = _by("batches", "move")
    do_trash = _by("batches", "trash")
    do_batches = _by("batches", "earlier")
    do_report = _by("batches", "show_report")
    do_export = _by("exporting", "export")
    do_import = _by("importing", "import_file")
    do_pack = _by("packing", "pack")
    do_create = _at_cursor("creating", "create")
    do_progress = _at_cursor("ticketing", "progress")
    do_view_as = _by("viewing", "view_as")
    do_user = _by("viewing", "change_user")
    do_rights = _at_cursor("viewing", "explain")
    do_link = _at_cursor("linking", "link")
    do_unlink = _at_cursor("linking", "unlink")
    do_inbound = _at_cursor("linking", "inbound")
    do_lock = _at_cursor("locking", "lock")
    do_unlock = _at_cursor("locking", "unlock")

    async def do_edit(self) -> None:
        await self._app.open(self._here, "edit")

    async def do_edit_outside(self) -> None:
        await self.do_edit()
        if (view := self._app.workspace.view) is not None:
            view.edit_outside()

    async def do_attach(self) -> None:
        from dmart_tui.tui.writing.attaching import attach, owner_of

        await attach(self, owner_of(self._here))

    async def do_comment(self) -> None:
        from dmart_tui.tui.writing.attaching import comment, owner_of

        await comment(self, owner_of(self._here))

    async def do_trash_list(self) -> None:
        await self._app.open_tool("trash")

    async def do_undo(self) -> None:
        from dmart_tui.tui.writing.batches import Ran, take_back

        last = self.done[-1]
        if isinstance(last, Ran):
            await take_back(self, last)
            return
        taken_back = await self.propose(lambda: self.store.undo(last))
        if taken_back is not None:
            self.done = [done for done in self.done if done is not last and done is not taken_back]

    # -- inside ------------------------------------------------------------------------------------------

    @property
    def _here(self) -> Address:
        return cast("Address", self._app.chosen())


def _is_there(spaces: Spaces, address: Address) -> bool:
    try:
        (spaces.load if address.attachment is None else spaces.attachment)(address)
    except NotFound:
        return False
    return True
