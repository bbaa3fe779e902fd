"""The command palette and the help of a place: both list the registry, and choosing an action does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from dmart_tui.tui.actions import ACTIONS, BY_NAME, CONTEXT_BY_NAME, Action, keys_of, of_context, show_key
from dmart_tui.tui.screens.dialog import Picker, Row
from dmart_tui.tui.screens.matching import best

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.tui.app import DmartApp

_NOT_OFFERED = (
    *("list", "values", "form", "diff", "slider", "editor-text", "editor-find"),
    *("dialog", "bookmarks", "tasks", "notices"),
)


class Palette(Picker[str]):
    """Every action that can be done from here, then the others with the reason why not."""

    TITLE_TEXT = "Commands"
    SHORT = True
    PLACEHOLDER = "What do you want to do?"

    def begin(self) -> None:
        app = cast("DmartApp", self.app)
        offered = [action for action in ACTIONS if action.context not in _NOT_OFFERED]
        rows = [self._row(app, action) for action in offered]
        self._rows = sorted(rows, key=lambda row: row.tone == "muted")
        super().begin()

    def narrow(self, text: str) -> None:
        found = best(self._rows, text)
        self.list.set_rows(found)
        self.say(f"{len(found)} of {len(self._rows)} · enter does it · esc closes")

    @staticmethod
    def _row(app: DmartApp, action: Action) -> Row:
        keys = ", ".join(show_key(key) for key in keys_of(action, app.settings.keys))
        reason = app.why_not_now(action.name)
        where = "" if action.context == "app" else f"{CONTEXT_BY_NAME[action.context].title}: "
        return Row(
            action.name,
            where + action.title,
            about=f"Not now: {reason}" if reason else action.help,
            right=keys,
            tone="muted" if reason else "",
        )


class Help(Picker[str]):
    """The keys of where one is, nearest first, with the reason where an action cannot be done now.

    Answers with an action's name, empty for the movement keys.
    """

    TITLE_TEXT = "Keys of this place"
    PLACEHOLDER = "Type to narrow"

    def begin(self) -> None:
        self._rows = list(self._all())
        super().begin()

    def narrow(self, text: str) -> None:
        found = best(self._rows, text)
        self.list.set_rows(found)
        self.say(f"{sum(row.value is not None for row in found)} actions · enter does it · esc closes")

    def _all(self) -> Iterator[Row]:
        app = cast("DmartApp", self.app)
        own = [actor.CONTEXT for actor in app.actors() if actor.CONTEXT]
        moving = [] if own == ["app"] else _own_keys(app)
        for context in dict.fromkeys((*own[:-1], *moving, *own[-1:])):
            yield Row(None, CONTEXT_BY_NAME[context].title)
            for action in of_context(context):
                keys = " ".join(show_key(key) for key in keys_of(action, app.settings.keys))
                reason = None if context in moving else app.why_not_now(action.name)
                about = f"Not now: {reason}" if reason else action.help
                value = "" if context in moving else action.name
                yield Row(value, action.title, lead=keys, about=about, tone="muted" if reason else "")


def _own_keys(app: DmartApp) -> list[str]:
    """The contexts of the keys that the focused widget itself has, movement last."""
    screen = next(screen for screen in reversed(app.screen_stack) if not screen.is_modal)
    active = (active for active in screen.active_bindings.values() if active.node is screen.focused)
    found = {name.partition(".")[0] for one in active if (name := one.binding.id) in BY_NAME and name}
    return [*sorted(found - {"list"}), "list"]
