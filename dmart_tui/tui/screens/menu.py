"""The menu of the worksheet: everything that can be done in it, a letter each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.tui.actions import keys_of, of_context, show_key
from dmart_tui.tui.screens.dialog import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_UNLISTED: Final = frozenset(("worksheet.menu", "worksheet.back"))
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"


def menu(keymap: Mapping[str, str], refusal: Callable[[str], str | None]) -> Choice[str]:
    """What can be done now; what cannot is left out, but keeps its letter, so that fingers can learn them."""
    options: list[tuple[str, str, str]] = []
    free = list(_LETTERS)
    for action in of_context("worksheet"):
        if action.name in _UNLISTED:
            continue
        letter = next(one for one in (*action.title.lower(), *free) if one in free)
        free.remove(letter)
        if refusal(action.name) is None:
            keys = keys_of(action, keymap)
            label = f"{action.title}  ({show_key(keys[0])})" if keys else action.title
            options.append((letter, label, action.name))
    return Choice("Worksheet", options)
