"""What a change of many is about: the marked rows, what a filter found, a folder's entries, or all below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from dmart_tui.core import background
from dmart_tui.core.spaces import FOLDER, Kind
from dmart_tui.core.units import format_count
from dmart_tui.tui.screens.dialog import Choice
from dmart_tui.tui.views import Gathering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.tui.app import DmartApp

    Option = tuple[str, str, "Scope"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Addresses and what they are called together."""

    words: str
    find: Callable[[], Iterable[Address]]
    """Blocks: reads folders."""
    single: Address | None = None
    """The address, where it is only one."""
    marked: bool = False
    """Whether it is what is marked in the tree."""


async def choose(app: DmartApp, *, below: bool) -> Scope | None:
    """What an action is about; asks only where several things can be meant. None when that was left.

    Args:
        below: offer what is in a folder, for changes that a folder does not take along.
    """
    options = await chosen_options(app)
    spaces, here = cast("Spaces", app.spaces), app.chosen()
    single = not any(scope.marked for _, _, scope in options)
    if below and single and here is not None and await holds_entries(spaces, here):
        options += [
            ("e", "The entries in it", Scope(f"the entries of {here}", lambda: _entries(spaces, here))),
            ("b", "Everything below it", Scope(f"everything below {here}", lambda: _below(spaces, here))),
        ]
    return await one_of(app, options)


async def holds_entries(spaces: Spaces, address: Address) -> bool:
    """Whether it is a space or folder."""
    return address.attachment is None and (await background.run(spaces.load, address)).kind is not Kind.ENTRY


async def chosen_options(app: DmartApp) -> list[Option]:
    """What is marked where the cursor is, else what the cursor is on and what a filter or query there leaves."""
    actor = next((actor for actor in app.actors() if isinstance(actor, Gathering)), None)
    listed = actor.marked() if actor is not None else None
    if listed is not None:
        found = await background.run(listed)
        single = found[0] if len(found) == 1 else None
        words = str(single) if single else f"{format_count(len(found))} marked"
        return [("m", f"What is marked: {words}", Scope(words, lambda: found, single, marked=True))]
    options: list[Option] = []
    if (here := app.chosen()) is not None:
        options.append(("t", f"This one: {here}", Scope(str(here), lambda: [here], here)))
    matching = actor.matching() if actor is not None else None
    if actor is not None and matching is not None and (matches := await background.run(matching)):
        words = f"{format_count(len(matches))} that match"
        options.append(("f", f"The {words} {actor.NARROWED}", Scope(words, lambda: matches)))
    return options


async def one_of(app: DmartApp, options: list[Option]) -> Scope | None:
    """Ask which, where there are several."""
    if len(options) < 2:
        return next((scope for _, _, scope in options), None)
    return await app.ask(Choice("Of what", options))


def _entries(spaces: Spaces, folder: Address) -> Iterator[Address]:
    yield from (folder.child(name) for name, flags in sorted(spaces.scan(folder)) if not flags & FOLDER)


def _below(spaces: Spaces, folder: Address) -> Iterator[Address]:
    before = folder
    for entry in spaces.walk(folder):
        if entry.type and entry.address != before:
            before = entry.address
            yield before
