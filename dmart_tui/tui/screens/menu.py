"""A menu of actions: all that can be done in a place, a letter each."""

from __future__ import annotations

import re
from string import ascii_letters
from typing import TYPE_CHECKING

from dmart_tui.tui.actions import keys_of, show_key
from dmart_tui.tui.screens.dialog import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dmart_tui.tui.action import Action


def menu(
    title: str, actions: Sequence[Action], keymap: Mapping[str, str], refusal: Callable[[str], str | None]
) -> Choice[str]:
    """What can be done now; what cannot is left out, but keeps its letter, so that fingers can learn them."""
    letters = letters_of([action.title for action in actions])
    options: list[tuple[str, str, str]] = []
    for action in actions:
        if refusal(action.name) is None:
            keys = keys_of(action, keymap)
            label = f"{action.title}  ({show_key(keys[0])})" if keys else action.title
            options.append((letters[action.title], label, action.name))
    return Choice(title, options)


def letters_of(titles: Sequence[str]) -> dict[str, str]:
    """A letter for each title: that of its first word, else of another of its words, else one inside, else any."""
    letters: dict[str, str] = {}
    for wanted in (_first, _initials, _capitals, _inside, _any):
        for title in titles:
            free = [letter for letter in wanted(title) if letter not in letters.values()]
            if free and title not in letters:
                letters[title] = free[0]
    return letters


def _first(title: str) -> str:
    return _initials(title)[0]


def _initials(title: str) -> str:
    return "".join(word[0] for word in re.findall("[a-z]+", title.lower()))


def _capitals(title: str) -> str:
    return _initials(title).upper()


def _inside(title: str) -> str:
    return "".join(re.findall("[a-z]", title.lower()))


def _any(title: str) -> str:
    return _inside(title).upper() + ascii_letters
