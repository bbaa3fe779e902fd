"""What the bottom line says of keys: what can be done where the focus is, in a dialog or in the panes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import Action, keys_of, of_context, show_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dmart_tui.tui.shell import Shell

_DIALOG = "dialog"


def hints_of(app: Shell) -> list[tuple[str, str, str]] | None:
    """(action, key, title) of what can be done now: first where the focus is, then everywhere, last in the document
    beside; under a dialog what its keys do. None while nothing has the focus.
    """
    screen = app.screen
    if screen.focused is None:
        return None
    found: Iterable[tuple[Acting, Action]]
    if screen.is_modal:
        found = _in_dialog(screen.focused.ancestors_with_self, app)
    else:
        beside = None if app.workspace.has_focus_within else app.workspace
        found = sorted(app.actions_here(), key=lambda pair: pair[0] is beside)
    typed = screen.focused.check_consume_key
    return [
        (action.name, show_key(keys[0]), title)
        for actor, action in found
        if (title := actor.hint_of(action))
        and (keys := [key for key in keys_of(action, app.settings.keys) if not typed(key, _character(key))])
        and actor.refusal(action.name) is None
    ]


def _in_dialog(nodes: Iterable[object], app: Shell) -> Iterator[tuple[Acting, Action]]:
    actors = [node for node in nodes if isinstance(node, Acting) and node is not app]
    for actor in actors:
        if actor.CONTEXT != _DIALOG:
            yield from ((actor, action) for action in of_context(actor.CONTEXT))
    yield from ((actor, action) for actor in actors[-1:] for action in of_context(_DIALOG))


def _character(key: str) -> str | None:
    """What a key types where text is typed."""
    shown = show_key(key)
    return " " if key == "space" else shown if len(shown) == 1 else None
