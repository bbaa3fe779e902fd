"""The bar below the text in which a search, a replacement or the number of a line is typed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from rich.segment import Segment
from textual import on
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Label

from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.tui.widgets.code_editor.searching import Query
from dmart_tui.tui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

Mode = Literal["find", "replace", "line"]
_STATE: Final = 40
"""Cells of the state; with less only what is switched on shows."""
_NARROW: Final = 70
"""Cells of the bar below which the state leaves room to the words."""
_KEPT: Final = 200
"""Edits of a line that can be taken back."""


def _named(keys: str, verb: str, title: str) -> Binding:
    return Binding(keys, f"bar('{verb}')", title, show=False, id=f"editor-find.{verb}")


class BarInput(LineInput):
    """A line of the bar."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _named("enter", "accept", "Take"),
        _named("down,f3", "next", "Next match"),
        _named("up,f4", "previous", "Previous match"),
        _named("f6", "case", "Capitals"),
        _named("f7", "pattern", "Pattern"),
        _named("f8", "replace-all", "Replace all"),
        _named("escape", "leave", "Close"),
        Binding("ctrl+z", "take_back", show=False),
    ]

    class Did(Message):
        """A key of the bar was pressed."""

        def __init__(self, line: BarInput, verb: str) -> None:
            super().__init__()
            self.line = line
            self.verb = verb

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as in Textual
        super().__init__(id=id)
        self._before: list[str] = []
        """What stood here before each edit."""

    def watch_value(self, old: str, _: str) -> None:
        self._before.append(old)
        del self._before[:-_KEPT]

    def action_take_back(self) -> None:
        """Take the last edit of the line back; around the bar the key means to suspend the program."""
        if self._before:
            self.value = self._before.pop()
            self._before.pop()  # what this itself has just added

    def action_bar(self, verb: str) -> None:
        self.post_message(self.Did(self, verb))


class BarState(Widget):
    """What the search is set to, and what it found."""

    DEFAULT_CSS = """
    BarState { width: 40; height: 1; }
    BarState > .bar--off { color: $text-muted; }
    BarState > .bar--on { color: $text-accent; text-style: bold; }
    BarState > .bar--error { color: $text-error; }
    BarState:ansi > .bar--off { text-style: dim; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"bar--off", "bar--on", "bar--error"}

    def __init__(self) -> None:
        super().__init__()
        self._switches: tuple[tuple[str, bool], ...] = ()
        self._said = ""
        self._wrong = False

    def show(self, switches: tuple[tuple[str, bool], ...], said: str, *, wrong: bool) -> None:
        """Show switches by words, and on the right how many were found or what is wrong."""
        if (switches, said, wrong) != (self._switches, self._said, self._wrong):
            self._switches, self._said, self._wrong = switches, said, wrong
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        left: list[Segment] = []
        for words, on_now in () if self._wrong else self._switches:
            if width < _STATE and not on_now:
                continue
            style = self.get_component_rich_style("bar--on" if on_now else "bar--off")
            left.append(Segment(f" {words}{'✓' if on_now else ' '}", style))
        room = width - sum(cell_width(segment.text) for segment in left) - 1
        style = self.get_component_rich_style("bar--error") if self._wrong else self.rich_style
        said = fit(f" {'✗ ' if self._wrong else ''}{self._said}", room, right=not self._wrong)
        return Strip([*left, Segment(said + " ", style)]).adjust_cell_length(width, self.rich_style)


class FindBar(Widget):
    """Hidden until asked for; tells what is typed and leaves the finding to the editor."""

    DEFAULT_CSS = """
    FindBar { display: none; height: auto; background: $panel; }
    FindBar.-find, FindBar.-replace, FindBar.-line { display: block; }
    FindBar Horizontal { height: 1; }
    FindBar #with-row { display: none; }
    FindBar.-replace #with-row { display: block; }
    FindBar Label { width: 9; padding: 0 1; color: $text-muted; }
    FindBar Input, FindBar Input:focus { width: 1fr; height: 1; border: none; padding: 0; background: $panel; }
    FindBar #with-row BarState { display: none; }
    FindBar.-narrow BarState { width: 24; }
    """

    class Wanted(Message):
        """Another text is looked for."""

    class Stepped(Message):
        """The next match (`by` 1) or the previous one (-1) is wanted."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    class Replaced(Message):
        """The match is to be replaced, or every one."""

        def __init__(self, every: bool) -> None:
            super().__init__()
            self.every = every

    class LineWanted(Message):
        """A line, and a column, both from 1."""

        def __init__(self, line: int, column: int) -> None:
            super().__init__()
            self.line = line
            self.column = column

    class Left(Message):
        """The bar was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.mode: Mode | None = None
        self.wanted = Query("")
        """What is looked for, or was last."""
        self._found = ""
        self._wrong = False
        self._words = BarInput(id="words")
        self._with = BarInput(id="with")
        self._label = Label("Find")
        self._state = BarState()

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._label
            yield self._words
            yield self._state
        with Horizontal(id="with-row"):
            yield Label("Replace")
            yield self._with

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < _NARROW, "-narrow")

    @property
    def searching(self) -> bool:
        """Whether a search is shown."""
        return self.mode in ("find", "replace")

    @property
    def template(self) -> str:
        """What to put in its place."""
        return self._with.value

    def ask(self, mode: Mode, words: str = "") -> None:
        """Show the bar for something, with words to begin with, and take the focus."""
        self.mode = mode
        for one in ("find", "replace", "line"):
            self.set_class(one == mode, f"-{one}")
        self._label.update("Line" if mode == "line" else "Find")
        with self.prevent(Input.Changed):
            self._words.value = words if mode == "line" else words or self.wanted.words
        self._words.focus()
        self._words.select_all()
        if mode == "line":
            self.tell("line, or line:column")
        else:
            self._want()

    def tell(self, found: str, *, wrong: bool = False) -> None:
        """Say how many were found, or what is wrong with what is typed."""
        self._found, self._wrong = found, wrong
        switches: tuple[tuple[str, bool], ...] = ()
        if self.searching:
            switches = (
                (f"{self._key('case')} case".strip(), self.wanted.case),
                (f"{self._key('pattern')} regex".strip(), self.wanted.pattern),
            )
        self._state.show(switches, safe(found), wrong=wrong)

    def _key(self, verb: str) -> str:
        """The key that a person has for something here, when it can be pressed."""
        active = self.screen.active_bindings.values()
        return next((one.binding.key for one in active if one.binding.id == f"editor-find.{verb}"), "")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input is self._words and self.searching:
            self._want()

    def _want(self) -> None:
        self.wanted = replace(self.wanted, words=self._words.value)
        self.post_message(self.Wanted())

    @on(BarInput.Did)
    def _did(self, event: BarInput.Did) -> None:
        event.stop()
        if event.verb == "leave":
            self.leave()
        elif self.mode == "line":
            if event.verb == "accept":
                self._go()
        elif event.verb == "case":
            self.wanted = replace(self.wanted, case=not self.wanted.case)
            self._want()
        elif event.verb == "pattern":
            self.wanted = replace(self.wanted, pattern=not self.wanted.pattern)
            self._want()
        elif event.verb == "replace-all":
            if self.mode == "replace":
                self.post_message(self.Replaced(every=True))
        elif event.verb == "accept" and event.line is self._with:
            self.post_message(self.Replaced(every=False))
        else:
            self.post_message(self.Stepped(-1 if event.verb == "previous" else 1))

    def _go(self) -> None:
        line, _, column = self._words.value.strip().partition(":")
        if not line.isdecimal() or (column and not column.isdecimal()):
            self.tell("not a line", wrong=True)
            return
        self.post_message(self.LineWanted(int(line), int(column or 1)))
        self.leave()

    def leave(self) -> None:
        """Hide the bar."""
        self.mode = None
        self.remove_class("-find", "-replace", "-line")
        self.post_message(self.Left())
