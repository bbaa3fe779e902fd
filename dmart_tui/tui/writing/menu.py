"""The menu of changes: every one that can be made to what the cursor is on, a letter each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from dmart_tui.tui.actions import of_context
from dmart_tui.tui.screens.menu import menu

if TYPE_CHECKING:
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk

_NO_CHANGES: Final = frozenset({"change.menu", "change.inbound", "change.view-as", "change.rights", "change.user"})


async def show(desk: Desk) -> None:
    """Show the menu and do what is chosen."""
    app = cast("DmartApp", desk.app)
    actions = [action for action in of_context("change") if action.name not in _NO_CHANGES]
    if chosen := await app.ask(menu("Change", actions, app.settings.keys, app.why_not_now)):
        await app.perform(chosen)
