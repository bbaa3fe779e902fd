"""Looking at the root with the permissions of one of its users, and why something is seen or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from rich.segment import Segment

from dmart_tui.core import background
from dmart_tui.core.text import safe
from dmart_tui.tui.changes.details import wrapped
from dmart_tui.tui.screens.dialog import Dialog
from dmart_tui.tui.widgets.built_lines import BuiltLines
from dmart_tui.tui.writing.people import Users

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Entry, Grant, Item, Permissions, Rights
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.widgets.built_lines import Styles
    from dmart_tui.tui.writing.desk import Desk


_CONDITIONS: Final = {"own": "one's own", "is_active": "active"}


async def view_as(desk: Desk) -> None:
    """Choose a user and show the tree and finds as they see them; once more shows all again."""
    app = cast("DmartApp", desk.app)
    if desk.viewing is not None:
        await desk.look(None)
        app.notify("The tree shows all again.")
        return
    user = await app.ask(Users("View as", desk.store.permissions, words="enter looks as they do"))
    if user is None:
        return
    desk.store.permissions.forget()
    await desk.look(await background.run(desk.store.permissions.of, user))
    app.notify(f"Tree and find show what {user} sees, all else everything. Q says why, Y ends it.")


async def change_user(desk: Desk) -> None:
    """Choose as whom changes are made until the program ends."""
    app = cast("DmartApp", desk.app)
    words = "enter changes things as they"
    user = await app.ask(Users("Make changes as", desk.store.permissions, others=True, words=words))
    if user is not None:
        desk.store.user = user
        app.show_state()
        app.notify(f"Changes are made as {user} until the end; the setting `user` keeps it.")


async def explain(desk: Desk, address: Address) -> None:
    """Show what a user may do with an address: who is viewed as, else who makes changes, else one who is asked for."""
    app = cast("DmartApp", desk.app)
    rights = desk.viewing or await background.run(desk.store.rights)
    if rights is None:
        user = await app.ask(Users("Whose permissions", desk.store.permissions, words="enter shows them"))
        if user is None:
            return
        rights = await background.run(desk.store.permissions.of, user)
    spaces = desk.store.spaces
    item = await background.run(spaces.load if address.attachment is None else spaces.attachment, address)
    await app.ask(Explanation(rights, item, desk.store.permissions))


class Explanation(Dialog[None]):
    """Each action on one thing, and the permission, role and group that allow it, or why none does."""

    CONTEXT: ClassVar[str] = "dialog"
    SNUG = True
    DEFAULT_CSS = """
    Explanation > #box { max-width: 120; }
    """

    def __init__(self, rights: Rights, item: Item, permissions: Permissions) -> None:
        super().__init__(f"What {rights.user} may do: {item.address}")
        self._rights = rights
        self._item = item
        self._permissions = permissions
        self._lines = BuiltLines(self._build)

    def inside(self) -> ComposeResult:
        yield self._lines

    def on_mount(self) -> None:
        self._lines.focus()
        self.say("esc closes")

    def do_accept(self) -> None:
        self.dismiss(None)

    def on_built_lines_activated(self) -> None:
        self.dismiss(None)

    def _build(self, width: int, style: Styles) -> list[list[Segment]]:
        return list(explained(self._rights, self._item, width, style, problems=self._permissions.problems))


def explained(
    rights: Rights, item: Item, width: int, style: Styles, *, problems: dict[str, str]
) -> Iterator[list[Segment]]:
    """What a user may do with something, as lines of at most `width` cells."""
    if item.address.attachment is None:
        entry = cast("Entry", item)
        yield from _seen(rights, entry, width, style)
    roles = ", ".join(_role(rights, role) for role in rights.roles) or "none"
    about = [("roles", roles), ("groups", ", ".join(rights.groups) or "none")]
    owner = f"{item.owner or 'nobody'}{', which is the user' if item.owner == rights.user else ''}"
    about += [("owner", owner), ("active", "yes" if item.is_active else "no")]
    for label, value in about:
        yield from wrapped([Segment(f"{label:8}", style("muted")), Segment(safe(value), style(""))], width)
    yield []
    for allowed, actions, words in _together(rights, item):
        sign = Segment("✓ ", style("success")) if allowed else Segment("✗ ", style("muted"))
        tone = "" if allowed else "muted"
        yield from wrapped(
            [sign, Segment(f"{', '.join(actions)}: ", style("strong")), Segment(safe(words), style(tone))], width
        )
    if problems:
        yield []
    for address, problem in problems.items():
        yield from wrapped([Segment(f"! {safe(address)}: {safe(problem)}", style("warning"))], width)


def _seen(rights: Rights, entry: Entry, width: int, style: Styles) -> Iterator[list[Segment]]:
    if rights.sees(entry):
        words, tone = f"✓ {rights.user} sees it.", "success"
    elif rights.shows(entry):
        words, tone = f"· {rights.user} does not see it itself, but what is below it.", "warning"
    else:
        words, tone = f"✗ {rights.user} does not see it.", "error"
    yield from wrapped([Segment(safe(words), style(tone))], width)
    yield []


def _together(rights: Rights, item: Item) -> list[tuple[bool, list[str], str]]:
    """(allowed, actions, why), the actions with one and the same reason together."""
    found: dict[tuple[bool, str], list[str]] = {}
    for action, ruling in rights.rulings(item):
        allowed = not isinstance(ruling, str)
        words = _granted(rights, ruling) if not isinstance(ruling, str) else ruling
        found.setdefault((allowed, words.replace(f" {action} what is ", " do that with what is ")), []).append(action)
    return [(allowed, actions, words) for (allowed, words), actions in found.items()]


def _role(rights: Rights, role: str) -> str:
    groups = rights.given_by.get(role, ())
    return f"{role} (by the group {' and '.join(groups)})" if groups else role


def _granted(rights: Rights, grant: Grant) -> str:
    if not grant.permissions:
        return str(grant)
    roles = ", ".join(_role(rights, role) for role in grant.roles)
    words = f"{', '.join(grant.permissions)} at {':'.join(grant.key)}, by {roles}"
    if grant.conditions:
        words += f"; only what is {' and '.join(_CONDITIONS.get(one, one) for one in sorted(grant.conditions))}"
    if grant.restricted_fields:
        words += f"; not the keys {', '.join(grant.restricted_fields)}"
    if grant.allowed_values:
        words += f"; only some values of {', '.join(grant.allowed_values)}"
    return words
