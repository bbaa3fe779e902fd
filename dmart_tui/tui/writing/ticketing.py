"""Taking a ticket a step further: its workflow, the ways on, resolution and comment in one dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, cast

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.spaces import translate
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.screens.dialog import Dialog, Row, RowList
from dmart_tui.tui.showing.workflow import workflow_diagram
from dmart_tui.tui.widgets.built_lines import BuiltLines
from dmart_tui.tui.widgets.code_editor import CodeEditor

if TYPE_CHECKING:
    from collections.abc import Collection

    from rich.segment import Segment
    from textual import events
    from textual.app import ComposeResult

    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Workflow
    from dmart_tui.core.spaces.ticketing import Step
    from dmart_tui.core.writing import Store
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.widgets.built_lines import Styles
    from dmart_tui.tui.writing.desk import Desk

_WIDEST: Final = 46
"""Cells of the diagram at most."""
_MOST_ROWS: Final = 5
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class Ticket(NamedTuple):
    """A ticket as the dialog shows it."""

    address: Address
    workflow: Workflow
    state: str
    steps: list[Step]
    is_open: bool


class Taken(NamedTuple):
    """What a person chose."""

    action: str
    resolution: str | None
    comment: str | None


async def progress(desk: Desk, address: Address) -> None:
    """Ask which way a ticket goes on and propose it; roles are those of who is viewed as, else of who makes changes."""
    from dmart_tui.core.writing import plan_progress

    app = cast("DmartApp", desk.app)
    rights = desk.viewing or await background.run(desk.store.rights)
    roles = None if rights is None else rights.roles
    ticket = await background.run(_ticket, desk.store, address, roles)
    taken = await app.ask(TicketDialog(ticket, app.settings.language))
    if taken is not None:
        await desk.propose(
            lambda: plan_progress(
                desk.store, address, taken.action, resolution=taken.resolution, comment=taken.comment, roles=roles
            )
        )


def _ticket(store: Store, address: Address, roles: Collection[str] | None) -> Ticket:
    from dmart_tui.core.writing import ways_on

    steps = ways_on(store, address, roles)
    entry = store.spaces.load(address)
    workflow = store.workflows.get(address.space, str(entry.meta.get("workflow_shortname")))
    is_open = entry.meta.get("is_open") is not False
    return Ticket(entry.address, workflow, str(entry.meta.get("state")), steps, is_open)


class TicketDialog(Dialog[Taken]):
    """Answers with the way a person chose."""

    CONTEXT: ClassVar[str] = "ticket"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("ticket"),
        *bindings("dialog"),
        # Before the text editor of the comment, which would indent.
        Binding("tab", "app.focus_next", priority=True, show=False),
        Binding("shift+tab", "app.focus_previous", priority=True, show=False),
    ]
    DEFAULT_CSS = """
    TicketDialog > #box { width: 96%; height: 92%; max-width: 120; }
    TicketDialog #diagram { height: 1fr; }
    TicketDialog #asked { width: 1fr; }
    TicketDialog .heading { height: 1; text-style: bold; margin-top: 1; }
    TicketDialog .heading.-first { margin-top: 0; }
    TicketDialog CodeEditor { height: 1fr; min-height: 2; }
    """

    def __init__(self, ticket: Ticket, language: str) -> None:
        super().__init__(f"Progress {ticket.address}")
        self._ticket = ticket
        self._language = language
        self._diagram = BuiltLines(self._build, id="diagram")
        ended = "Its state leads nowhere." if ticket.is_open else "The ticket is closed."
        self._ways = RowList(_rows(ticket.steps), empty=ended)
        self._ways.styles.height = max(1, min(len(ticket.steps), _MOST_ROWS))
        self._by_letter = {row.lead: at for at, row in enumerate(self._ways.rows)}
        self._resolutions = RowList()
        self._comment = CodeEditor()
        self._step: Step | None = None
        """The way under the cursor."""

    def inside(self) -> ComposeResult:
        with Horizontal():
            yield self._diagram
            with Vertical(id="asked"):
                yield Static("Ways on", classes="heading -first")
                yield self._ways
                yield Static("Resolution", classes="heading", id="resolution")
                yield self._resolutions
                yield Static("Comment", classes="heading", id="comment")
                yield self._comment

    def on_mount(self) -> None:
        drawn = workflow_diagram(self._ticket.workflow, _WIDEST, at=self._ticket.state, steps=self._ticket.steps)
        width = max((sum(len(text) for text, _ in line) for line in drawn.lines), default=0)
        self._diagram.styles.width = width + 3
        self._diagram.styles.max_width = "50%"
        self._ways.focus()
        self._show_step(self._ways.current.value if self._ways.current else None)
        self.call_after_refresh(self._show_state)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_state)

    def on_key(self, event: events.Key) -> None:
        at = self._by_letter.get(event.character or "")
        if at is not None and self._ways.has_focus:
            event.stop()
            event.prevent_default()
            self._ways.cursor = at
            self._ways.action_activate()

    def why_not(self, action: str) -> str | None:
        if action in ("dialog.accept", "ticket.take"):
            if self._step is None:
                return self._ways.empty
            if self._step.why_not:
                return f"Not this way: {self._step.why_not}."
            if self._step.resolution_required and not self._resolution:
                return f"{self._step.action} needs a resolution."
        return None

    def do_take(self) -> None:
        assert self._step is not None
        comment = self._comment.text.strip()
        self.dismiss(Taken(self._step.action, self._resolution or None, comment or None))

    def do_accept(self) -> None:
        self.do_take()

    @property
    def _resolution(self) -> str:
        current = self._resolutions.current
        return cast("str", current.value) if self._resolutions.display and current is not None else ""

    @on(RowList.Moved)
    def _moved(self, message: RowList.Moved) -> None:
        message.stop()
        if message.row is not None and not isinstance(message.row.value, str):
            self._show_step(message.row.value)

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        message.stop()
        step = self._step
        on_a_way = not isinstance(message.row.value, str)
        if on_a_way and step is not None and step.why_not is None and step.resolutions:
            self._resolutions.focus()
        else:
            self.action_act("ticket.take")

    @on(BuiltLines.Activated)
    def _diagram_activated(self) -> None:
        self.action_act("ticket.take")

    @on(CodeEditor.CopyRequested)
    def _copy(self, message: CodeEditor.CopyRequested) -> None:
        message.stop()
        cast("DmartApp", self.app).copy_text(message.text)

    def _show_step(self, step: Step | None) -> None:
        """Show what the way under the cursor asks for, and where it leads."""
        self._step = step
        rows = []
        if step is not None and step.why_not is None and step.resolutions:
            rows = [Row(one.key, one.key, about=translate(one.labels, self._language)) for one in step.resolutions]
            if not step.resolution_required:
                rows.insert(0, Row("", "none"))
        self._resolutions.set_rows(rows)
        self._resolutions.styles.height = min(len(rows), _MOST_ROWS)
        self._resolutions.display = self.query_one("#resolution").display = bool(rows)
        self._diagram.rebuild()
        self._comment.display = self.query_one("#comment").display = step is not None
        if step is None:
            self.say("esc closes")
        elif step.why_not:
            self.say(f"{step.why_not} · esc closes")
        else:
            self.say("enter goes on · tab to resolution and comment · f2 shows the change")

    def _build(self, width: int, style: Styles) -> list[list[Segment]]:
        ticket = self._ticket
        self._drawn = workflow_diagram(ticket.workflow, width, at=ticket.state, steps=ticket.steps, chosen=self._step)
        return self._drawn.segments(style)

    def _show_state(self) -> None:
        """Scroll the diagram to where the ticket is, with what comes before it."""
        line = self._drawn.line_of.get(self._ticket.state, 0)
        self._diagram.jump_to(max(0, line - self._diagram.view_height // 3))


def _rows(steps: list[Step]) -> list[Row]:
    free = set(_LETTERS)
    rows = []
    for step in steps:
        letter = next((one for one in (*step.action.lower(), *_LETTERS) if one in free), "")
        free.discard(letter)
        about = f"→ {step.state}" + (f"  ({step.why_not})" if step.why_not else "")
        rows.append(Row(step, step.action, lead=letter, about=about, tone="muted" if step.why_not else ""))
    return rows
