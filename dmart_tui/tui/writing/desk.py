"""The desk: where the interface changes data. What panes propose is shown, carried out, told, and can be taken back."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual.widget import Widget

from dmart_tui.core import background
from dmart_tui.core.errors import Conflict
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.address import Address
    from dmart_tui.core.config import Settings
    from dmart_tui.core.spaces import Rights, Spaces
    from dmart_tui.core.writing import Done, Plan, Store
    from dmart_tui.tui.app import DmartApp

KEPT: Final = 200
"""Changes of this session that can be taken back."""
_ALWAYS: Final = frozenset({"change.menu", "change.trash-list", "change.undo", "change.import", "change.view-as"})
"""What needs nothing under the cursor."""


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
        self.done: list[Done] = []
        """What was changed in this session and not taken back, oldest first."""
        self.viewing: Rights | None = None
        """Of the user the tree is viewed as."""

    # -- for panes and dialogs ---------------------------------------------------------------------------

    @cached_property
    def store(self) -> Store:
        """Makes and carries out plans."""
        from dmart_tui.core.writing import open_store

        return open_store(self._spaces, self._settings)

    @property
    def refusal_to_write(self) -> str:
        """Why nothing can be changed; empty when it can."""
        return "Nothing is changed: the program runs read-only." if self._settings.read_only else ""

    async def propose(self, make: Callable[[], Plan], *, show: bool = True) -> Done | None:
        """Make a plan, show it, carry it out and tell; None when it was left or there was nothing to do.

        Args:
            make: blocks; called again when somebody changed the same meanwhile.
            show: ask first; what needs a deliberate yes is shown anyway.

        Raises:
            DmartTuiError: it cannot be planned or carried out; nothing is changed then.
        """
        from dmart_tui.tui.writing.preview import Preview

        while True:
            plan = await background.run(make)
            if not plan.steps:
                self.app.notify("Nothing would change.")
                return None
            deliberate = any(warned.deliberate for warned in plan.warnings)
            if (show or deliberate or self._settings.read_only) and not await self._app.ask(
                Preview(plan, refused=self.refusal_to_write)
            ):
                return None
            try:
                return await self.carry_out(plan, anyway=deliberate)
            except Conflict as conflict:
                self.app.notify(f"{conflict}. Look again.", severity="warning")
                show = True

    async def carry_out(self, plan: Plan, *, anyway: bool = False) -> Done:
        """Carry a plan out, remember it and let everything that shows it know.

        Raises:
            DmartTuiError: as `Store.apply`.
        """
        done = await background.run(self.store.apply, plan, anyway=anyway)
        await self.remember(done)
        self.app.notify(f"✓ {plan.title}" + (" · U takes it back" if plan.undo else ""))
        return done

    async def remember(self, done: Done) -> None:
        """Take note of a change that was made, and show what it changed."""
        if done.plan.undo:
            self.done.append(done)
            del self.done[:-KEPT]
        await self.changed(done.plan)

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
        if action == "change.edit-outside" and not self._app.can_lend_terminal:
            return "This terminal cannot be given to another program."
        if action not in _ALWAYS and not self._chosen:
            return "The cursor is on nothing that can be changed."
        if action == "change.progress" and self._app.workspace.type_of(self._chosen[0]) not in ("", "ticket"):
            return "This is no ticket."
        return None

    async def do_menu(self) -> None:
        from dmart_tui.tui.writing.menu import menu

        if chosen := await self._app.ask(menu(self._app)):
            await self._app.perform(chosen)

    async def do_edit(self) -> None:
        await self._app.open(self._chosen[0], "edit")

    async def do_edit_outside(self) -> None:
        await self.do_edit()
        if (view := self._app.workspace.view) is not None:
            view.edit_outside()

    async def do_create(self) -> None:
        from dmart_tui.tui.writing.creating import create

        await create(self, self._chosen[0])

    async def do_move(self) -> None:
        from dmart_tui.tui.writing.moving import move

        await move(self, self._chosen)

    async def do_progress(self) -> None:
        from dmart_tui.tui.writing.ticketing import progress

        await progress(self, self._chosen[0])

    async def do_trash(self) -> None:
        from dmart_tui.tui.writing.moving import trash

        await trash(self, self._chosen)

    async def do_trash_list(self) -> None:
        await self._app.open_tool("trash")

    async def do_undo(self) -> None:
        last = self.done[-1]
        taken_back = await self.propose(lambda: self.store.undo(last))
        if taken_back is not None:
            self.done = [done for done in self.done if done is not last and done is not taken_back]

    # -- inside ------------------------------------------------------------------------------------------

    @property
    def _app(self) -> DmartApp:
        return cast("DmartApp", self.app)

    @property
    def _chosen(self) -> list[Address]:
        return self._app.selection()
