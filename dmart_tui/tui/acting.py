"""Doing actions: from a name in the registry to the method that does it, or to the reason why not."""

from __future__ import annotations

from inspect import iscoroutine
from typing import TYPE_CHECKING, ClassVar, cast

from dmart_tui.tui.actions import BY_NAME

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from dmart_tui.core.address import Address
    from dmart_tui.tui.action import Action
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk

    Base = DOMNode
else:
    Base = object


class Acting(Base):
    """Mix-in of the app, screens and widgets that do actions.

    A class sets `CONTEXT = "tree"`, `BINDINGS = bindings("tree")` and has one method `do_<verb>` an action; an async
    method runs beside the event loop's other work (counted by `Tasks.idle`), so it may wait for disks and dialogs.
    """

    CONTEXT: ClassVar[str] = ""

    @property
    def _app(self) -> DmartApp:
        return cast("DmartApp", self.app)

    @property
    def _desk(self) -> Desk:
        return cast("Desk", self._app.desk)

    def why_not(self, action: str) -> str | None:
        """The reason why `action` (full name) cannot be done now, as a sentence; None when it can."""
        return None

    def hint_of(self, action: Action) -> str:
        """What the bottom line calls an action just now; empty where it says nothing of it."""
        return action.title if action.footer else ""

    def selection(self) -> list[Address]:
        """What actions here are about: the marked rows, else the one under the cursor."""
        return []

    def chosen(self) -> Address | None:
        """What actions on one thing are about: what the cursor is on."""
        return next(iter(self.selection()), None)

    def refusal(self, action: str) -> str | None:
        """`why_not`, and a reason for actions that nobody here does."""
        if not hasattr(self, BY_NAME[action].method):
            return "There is nothing here to do that with."
        return self.why_not(action)

    def action_act(self, name: str) -> None:
        """Textual's entry: do the action, or say why not."""
        app = self._app
        reason = self.refusal(name)
        if reason is not None:
            app.notify(reason, severity="warning")
            return
        result = getattr(self, BY_NAME[name].method)()
        if iscoroutine(result):
            app.set_off(app.tasks.spawn(result, group=name))
        app.refresh_bindings()
