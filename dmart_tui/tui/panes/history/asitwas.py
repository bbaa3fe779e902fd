"""The entry as it was: a slider over the moments of its history, and below it the whole entry at that moment."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.core.viewing import parse_path
from dmart_tui.tui.changes import describe
from dmart_tui.tui.panes.history.past import MOST, view_at
from dmart_tui.tui.widgets.json_tree import JsonTree
from dmart_tui.tui.widgets.time_slider import TimeSlider

if TYPE_CHECKING:
    from datetime import datetime

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from dmart_tui.core.spaces import Record
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.panes.history.past import Past, View

_ABSENT = "It did not exist yet."


class PastTree(JsonTree):
    """A JSON tree whose words tell of change and doubt, not of faults."""

    WORDS_TONE = "warning"
    WORDS_SIGN = "~"


class AsItWas(Vertical):
    """Moves along the past of an entry; the tree stays where it was as far as its keys are still there."""

    DEFAULT_CSS = """
    AsItWas { height: 1fr; }
    AsItWas > TimeSlider { margin: 0 1; }
    AsItWas > .told {
        height: 2; padding: 0 1; margin-bottom: 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis;
    }
    AsItWas > JsonTree { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("down,j,enter", "look", "Into the entry", show=False)]

    def __init__(self, past: Past, when: datetime) -> None:
        super().__init__()
        self.past = past
        self.slider = TimeSlider(past.moments, index=self._nearest(when), empty="no moment is recorded")
        self.whole = PastTree({}, empty=_ABSENT)
        self.view: View | None = None

    def compose(self) -> ComposeResult:
        yield self.slider
        yield Static("", classes="told")
        yield self.whole

    def on_mount(self) -> None:
        self.slider.focus()
        self.look_again()

    def _nearest(self, when: datetime) -> int:
        before = [index for index, moment in enumerate(self.past.moments) if moment <= when]
        return before[-1] if before else 0

    def action_look(self) -> None:
        self.whole.focus()

    def step(self, by: int) -> None:
        """Go to an earlier or later moment."""
        self.slider.index += by

    @property
    def records(self) -> list[Record]:
        """What was changed at the moment the slider is at."""
        return self.past.changes_at(self.slider.time) if self.slider.time is not None else []

    @property
    def keys(self) -> list[str]:
        """The key under the cursor of the tree, and those that changed at the moment."""
        names = takewhile(lambda step: isinstance(step, str), parse_path(self.whole.path))
        at_cursor = ".".join(map(str, names))
        return [*filter(None, [at_cursor]), *(change.key for record in self.records for change in record.changes)]

    @on(TimeSlider.Moved)
    def _moved(self, message: TimeSlider.Moved) -> None:
        message.stop()
        self.look_again()

    def look_again(self) -> None:
        """Show the moment the slider is at; the newest wish wins."""
        app = cast("DmartApp", self.app)
        if (when := self.slider.time) is not None:
            app.tasks.spawn(self._look(when, secrets=app.show_secrets), group="as-it-was", exclusive=True)

    async def _look(self, when: datetime, *, secrets: bool) -> None:
        view = await background.run(view_at, self.past, when, secrets=secrets)
        self.view = view
        tree = self.whole
        path, top = tree.path, tree.scroll_offset.y
        tree.show_value(view.document, levels=3, annotations=view.marks)
        tree.jump_to(top)
        tree.reveal(view.changed or path)
        self.query_one(".told", Static).update(Content(safe("\n".join(self._told(view)), lines=True)))

    def _told(self, view: View) -> list[str]:
        """What happened at the moment, and what is not known of it: two lines."""
        first = []
        for record in self.past.changes_at(view.when):
            words = " · ".join("".join(text for text, _ in describe(change)) for change in record.changes)
            first.append(f"{record.owner or '∅'}: {words or 'names no key'}")
        if not first:
            first.append(_ABSENT if view.existed is False else "As it was made, as far as the history tells.")
        second = []
        if view.existed is None:
            second.append("? whether it existed is not known")
        if view.gone:
            second.append(" · ".join(view.gone))
        if not self.past.complete:
            second.append(f"the last {format_count(MOST)} changes only")
        return [" · ".join(first).replace("\n", " "), " · ".join(second).replace("\n", " ")]
