"""The query history: looking for what was run, running it again, pinning it, comparing two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal, NamedTuple, cast

from textual.content import Content
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count, format_time
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Dialog, Picker, Row
from dmart_tui.tui.widgets.diff_view import DiffView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from dmart_tui.core.sql.sheets.past import Comparison, Past, Ran

MOST: Final = 200
_SIGNS: Final = {"done": "✓", "failed": "✗", "cancelled": "■"}
_TONES: Final = {"done": "", "failed": "error", "cancelled": "muted"}


class Chosen(NamedTuple):
    """What is wanted of an earlier run."""

    ran: Ran
    what: Literal["put", "run"]


class PastDialog(Picker[Chosen]):
    """Answers with a run, to be put into the text or to be run again."""

    CONTEXT = "past"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("past"), *bindings("dialog")]
    TITLE_TEXT = "Query history"
    PLACEHOLDER = "Words of the statement"
    EMPTY = "Nothing was run."

    def __init__(self, past: Past) -> None:
        super().__init__()
        self._past = past
        self._marked: Ran | None = None

    def narrow(self, text: str) -> None:
        self._app.tasks.spawn(self._narrow(text), group="past", exclusive=True)

    async def _narrow(self, text: str, *, keep: bool = False) -> None:
        pinned = await background.run(self._past.search, text, pinned=True, limit=MOST)
        latest = await background.run(self._past.search, text, limit=MOST)
        if not self.is_attached or text != self.input.value:
            return
        known = {ran.id for ran in pinned}
        self.list.set_rows(
            [self._row(ran) for ran in (*pinned, *(r for r in latest if r.id not in known))], keep_cursor=keep
        )
        self.say("enter takes it · f5 runs it · f2 pins · f3 compares")

    def _row(self, ran: Ran) -> Row:
        rows = "" if ran.rows is None else f"{format_count(ran.rows)} rows  "
        compared = self._marked is not None and self._marked.id == ran.id
        sign = ("•" if compared else "") + ("*" if ran.pinned else "") + _SIGNS[ran.status]
        about = ran.error if ran.status == "failed" else ""
        return Row(
            ran,
            f"{sign} {' '.join(ran.text.split())[:200]}",
            lead=format_time(ran.started)[5:16],
            about=about,
            right=f"{rows}{ran.seconds:.2f} s",
            tone=_TONES[ran.status],
        )

    def choose(self, row: Row) -> None:
        self.dismiss(Chosen(row.value, "put"))

    def why_not(self, action: str) -> str | None:
        if action.startswith("past.") and self.list.current is None:
            return "Nothing was run."
        return None

    @property
    def _current(self) -> Ran:
        return cast("Ran", cast("Row", self.list.current).value)

    def do_run(self) -> None:
        self.dismiss(Chosen(self._current, "run"))

    async def do_pin(self) -> None:
        ran = self._current
        await background.run(self._past.pin, ran.id, not ran.pinned)
        await self._narrow(self.input.value, keep=True)

    async def do_compare(self) -> None:
        one, other = self._marked, self._current
        if one is None or one.id == other.id:
            self._marked = None if one is not None else other
        else:
            self._marked = None
            first, second = sorted((one.id, other.id))
            await self._app.ask(Compared(await background.run(self._past.compare, first, second)))
        await self._narrow(self.input.value, keep=True)


class Compared(Dialog[None]):
    """Two runs beside each other: the text, and what else differs."""

    TITLE_TEXT = "Two runs"

    def __init__(self, comparison: Comparison) -> None:
        super().__init__()
        self._comparison = comparison

    def inside(self) -> ComposeResult:
        facts = "\n".join(f"{name}: {_told(old)} → {_told(new)}" for name, old, new in self._comparison.facts)
        yield Static(Content(safe(facts or "Nothing else differs.", lines=True)), classes="words")
        yield DiffView(self._comparison.text, empty="The same text.")

    def on_mount(self) -> None:
        self.query_one(DiffView).focus()
        self.say("n next difference · esc closes")


def _told(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f} s"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else "∅" if value is None else str(value)
