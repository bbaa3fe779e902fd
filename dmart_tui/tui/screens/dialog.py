"""What all dialogs share: one box, one look, a list of rows, and the three small questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar, cast

from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from dmart_tui.core.text import cell_width, fit, safe
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.fitted import Fitted
from dmart_tui.tui.widgets.line_input import LineInput
from dmart_tui.tui.widgets.lines import LineView, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual import events
    from textual.app import ComposeResult

    from dmart_tui.tui.app import DmartApp

R = TypeVar("R")

MOST_LEAD: Final = 15
MOST_LABEL: Final = 20
"""Cells at most of the aligned columns of a list."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a dialog's list; every text is made safe when drawn."""

    value: Any
    """What choosing it means; None: it cannot be chosen (a heading)."""
    label: str
    lead: str = ""
    """A column before the label: keys, times."""
    about: str = ""
    """Dim, after the label."""
    right: str = ""
    """Dim, at the right edge."""
    tone: str = ""
    """A state: `muted`, `success`, `warning` or `error`."""
    hits: tuple[int, ...] = ()
    """Characters of the label that match what was typed."""


class RowList(LineView):
    """The list of a dialog; holds a few hundred rows at most."""

    DEFAULT_CSS = """
    RowList { height: 1fr; }
    """

    class Chosen(Message):
        """Enter or a click chose a row."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    class Moved(Message):
        """The cursor came to another row (None: there is none)."""

        def __init__(self, row: Row | None) -> None:
            super().__init__()
            self.row = row

    def __init__(self, rows: Iterable[Row] = (), *, empty: str = "Nothing here.", focusable: bool = True) -> None:
        super().__init__(empty=empty)
        self.rows: list[Row] = list(rows)
        self._measure()
        self.can_focus = focusable

    def set_rows(self, rows: Sequence[Row], *, keep_cursor: bool = False) -> None:
        """Show other rows; the cursor goes to the first that can be chosen unless it is kept."""
        self.rows = list(rows)
        self._measure()
        at = self.cursor if keep_cursor else self._choosable(0, 1)
        if not keep_cursor:
            self.jump_to(0)
        self.set_reactive(LineView.cursor, max(0, min(at, len(self.rows) - 1)))
        self.rows_changed()
        self.post_message(self.Moved(self.current))

    @property
    def current(self) -> Row | None:
        """The row under the cursor, if it can be chosen."""
        row = self.rows[self.cursor] if self.cursor < len(self.rows) else None
        return row if row is not None and row.value is not None else None

    def row_count(self) -> int:
        return len(self.rows)

    def draw(self, row: int, line: int, width: int) -> list[Segment]:
        item = self.rows[row]
        plain, muted = self.style_of(item.tone), self.style_of("muted")
        label = safe(item.label)
        if item.value is None:
            return [Segment(" " + label, self.style_of("strong"))]
        left = [self.sign(row)]
        if self._lead:
            left.append(Segment(fit(safe(item.lead), self._lead) + "  ", self.style_of("strong")))
        strong = plain + Style(underline=True, bold=True)
        if label == item.label and item.hits:
            left += [Segment(char, strong if at in item.hits else plain) for at, char in enumerate(label)]
        else:
            left.append(Segment(label, plain))
        if item.about:
            gap = max(0, self._label - cell_width(label)) + 2
            left.append(Segment(" " * gap + safe(item.about), muted))
        return spread(left, [Segment(f"{safe(item.right)} ", muted)] if item.right else [], width)

    def cursor_moved(self) -> None:
        self.post_message(self.Moved(self.current))

    def action_move(self, rows: int) -> None:
        """Step over headings; at either end stay."""
        step = 1 if rows > 0 else -1
        self.cursor = self._choosable(self.cursor + rows, step)

    def action_activate(self) -> None:
        if self.current is not None:
            self.post_message(self.Chosen(self.current))

    def clicked(self, row: int, offset: Any) -> bool:
        self.action_activate()
        return True

    def _choosable(self, start: int, step: int) -> int:
        at = start
        while 0 <= at < len(self.rows):
            if self.rows[at].value is not None:
                return at
            at += step
        return self.cursor if start >= 0 and self.cursor < len(self.rows) else 0

    def _measure(self) -> None:
        """The widths of the columns that are aligned."""
        self._lead = min(MOST_LEAD, max((cell_width(safe(row.lead)) for row in self.rows), default=0))
        labels = (cell_width(safe(row.label)) for row in self.rows if row.about)
        self._label = min(MOST_LABEL, max(labels, default=0))


class Dialog(Acting, Fitted[R], ModalScreen[R], Generic[R]):
    """A box over the panes, which stay as they are: dimming them would send every cell again."""

    CONTEXT: ClassVar[str] = "dialog"
    BINDINGS: ClassVar[list[BindingType]] = bindings("dialog")
    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: transparent;
        & > #box {
            width: 90%; max-width: 92; height: 80%; max-height: 32;
            background: $surface;
            border: round $border;
            border-title-color: $accent; border-title-style: bold;
            border-subtitle-color: $text-muted;
            padding: 0 1;
        }
        & > #box.-short { height: 13; max-height: 90%; max-width: 78; }
        & > #box.-snug { height: auto; max-height: 90%; & BuiltLines { height: auto; max-height: 70vh; } }
        & > #box.-small { width: 64; max-width: 90%; height: auto; max-height: 90%; }
        & Input, & Input:focus { border: none; height: 1; padding: 0; margin-bottom: 1; background: $surface; }
        & .words { height: auto; margin-bottom: 1; }
        & .fault { height: auto; color: $text-error; }
    }
    """
    TITLE_TEXT: ClassVar[str] = ""
    SMALL: ClassVar[bool] = False
    SHORT: ClassVar[bool] = False
    """A list of nine rows: each character typed brings another one, and more rows are more bytes."""
    SNUG: ClassVar[bool] = False
    """As high as the lines that it shows."""

    def __init__(self, title: str = "") -> None:
        super().__init__()
        self.box = Vertical(id="box", classes=self._shape())
        self.box.border_title = Content(safe(title or self.TITLE_TEXT))

    def _shape(self) -> str:
        shapes = (("-small", self.SMALL), ("-short", self.SHORT), ("-snug", self.SNUG))
        return " ".join(name for name, wanted in shapes if wanted)

    def compose(self) -> ComposeResult:
        with self.box:
            yield from self.inside()

    def on_screen_resume(self) -> None:
        """The bottom line tells the keys of whatever has the focus in here."""
        app = cast("DmartApp", self.app)
        self.bindings_updated_signal.subscribe(app, app.show_hints)
        app.show_hints()

    def inside(self) -> ComposeResult:
        """The content of the box."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Write a count or a state into the lower border."""
        self.box.border_subtitle = Content(safe(text))

    def do_close(self) -> None:
        self.dismiss(None)

    def do_accept(self) -> None:
        """Enter is taken by whatever has the focus; this is for the mouse and for other keys."""
        for rows in self.query(RowList):
            rows.action_activate()


_LIST_KEYS: Final[list[BindingType]] = [
    Binding("down,ctrl+n", "list('move', 1)", show=False),
    Binding("up,ctrl+p", "list('move', -1)", show=False),
    Binding("pagedown,ctrl+d", "list('page', 1)", show=False),
    Binding("pageup,ctrl+u", "list('page', -1)", show=False),
]


class Picker(Dialog[R]):
    """Type to narrow a list, enter to choose: palette, help, find, bookmarks, themes."""

    BINDINGS = _LIST_KEYS
    PLACEHOLDER: ClassVar[str] = "Type to narrow"
    EMPTY: ClassVar[str] = "Nothing matches."

    def __init__(self, title: str = "", *, text: str = "") -> None:
        super().__init__(title)
        self.input = LineInput(text, placeholder=self.PLACEHOLDER)
        self.list = RowList(empty=self.EMPTY, focusable=False)

    def inside(self) -> ComposeResult:
        yield self.input
        yield self.list

    def on_mount(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Called once when it stands; extended by subclasses, as Textual would call `on_mount` of each class."""
        self.input.focus()
        self.narrow(self.input.value)

    def narrow(self, text: str) -> None:
        """Show what matches `text`: at once, or later by `self.list.set_rows`."""
        raise NotImplementedError

    def accept(self) -> None:
        """Enter was pressed: choose the row under the cursor."""
        self.list.action_activate()

    def choose(self, row: Row) -> None:
        """Answer with a row."""
        self.dismiss(row.value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.narrow(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.accept()

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        message.stop()
        self.choose(message.row)

    def action_list(self, what: str, amount: int) -> None:
        """Move in the list while the focus stays in the input."""
        getattr(self.list, f"action_{what}")(amount)


class Choice(Dialog[R]):
    """A short menu; each row has a letter that chooses it at once.

    Args:
        options: (letter, label, value) triples; the letters are lower or upper case characters.
        words: a sentence above the options.
    """

    SMALL = True

    def __init__(self, title: str, options: Sequence[tuple[str, str, R]], *, words: str = "", at: int = 0) -> None:
        super().__init__(title)
        self._words = words
        self._by_letter = {letter: value for letter, _, value in options}
        self.list = RowList([Row(value, label, lead=letter) for letter, label, value in options])
        self.list.styles.height = len(options)
        self.list.styles.max_height = "80vh"
        self._at = at

    def inside(self) -> ComposeResult:
        if self._words:
            yield Static(Content(safe(self._words, lines=True)), classes="words")
        yield self.list

    def on_mount(self) -> None:
        self.list.focus()
        self.list.cursor = self._at

    def on_key(self, event: events.Key) -> None:
        if event.character in self._by_letter:
            event.stop()
            event.prevent_default()
            self.dismiss(self._by_letter[event.character])

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        self.dismiss(message.row.value)


def confirm(title: str, words: str, yes: str, no: str = "No") -> Choice[bool]:
    """A question whose cursor stands on the harmless answer."""
    return Choice(title, [("y", yes, True), ("n", no, False)], words=words, at=1)


class Prompt(Dialog[str]):
    """One line to type.

    Args:
        check: returns a sentence when the text will not do.
    """

    SMALL = True

    def __init__(
        self,
        title: str,
        *,
        words: str = "",
        text: str = "",
        placeholder: str = "",
        check: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        super().__init__(title)
        self._words = words
        self._check = check
        self.input = LineInput(text, placeholder=placeholder, select_on_focus=False)

    def inside(self) -> ComposeResult:
        if self._words:
            yield Static(Content(safe(self._words, lines=True)), classes="words")
        yield self.input
        yield Static("", classes="fault")

    def on_mount(self) -> None:
        self.input.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        fault = self._check(event.value)
        if fault is None:
            self.dismiss(event.value)
        else:
            self.query_one(".fault", Static).update(Content(safe(f"✗ {fault}")))
