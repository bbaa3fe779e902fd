"""The menu of changes: every one that can be made to what the cursor is on, a letter each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from dmart_tui.tui.actions import keys_of, of_context, show_key
from dmart_tui.tui.screens.dialog import Choice

if TYPE_CHECKING:
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk

_NO_CHANGES: Final = frozenset({"change.menu", "change.inbound", "change.view-as", "change.rights", "change.user"})
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


async def show(desk: Desk) -> None:
    """Show the menu and do what is chosen."""
    app = cast("DmartApp", desk.app)
    if chosen := await app.ask(_menu(app)):
        await app.perform(chosen)


def _menu(app: DmartApp) -> Choice[str]:
    """What can be done now; what cannot is left out, but keeps its letter, so that fingers can learn them."""
    options: list[tuple[str, str, str]] = []
    free = set(_LETTERS)
    for action in of_context("change"):
        if action.name in _NO_CHANGES:
            continue
        wanted = [*action.title.lower(), *_LETTERS]
        letter = next(one for one in wanted if one in free)
        free.discard(letter)
        if app.why_not_now(action.name) is not None:
            continue
        keys = keys_of(action, app.settings.keys)
        label = f"{action.title}  ({show_key(keys[0])})" if keys else action.title
        options.append((letter, label, action.name))
    return Choice("Change", options)
