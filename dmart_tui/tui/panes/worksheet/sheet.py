"""One open worksheet: its text, what it answered, its plan, and where it stands."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, cast

from textual import on
from textual.containers import Vertical
from textual.message import Message

from dmart_tui.core import background
from dmart_tui.core.background import Cancelled
from dmart_tui.core.errors import DmartTuiError, NotFound
from dmart_tui.core.sql.errors import Interrupted, SqlError
from dmart_tui.core.sql.sheets.past import without_secrets
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.panes.worksheet.bench import Desk, words_of
from dmart_tui.tui.panes.worksheet.helping import Helper
from dmart_tui.tui.panes.worksheet.plan import PlanView, about_of
from dmart_tui.tui.panes.worksheet.status import SheetStatus
from dmart_tui.tui.panes.worksheet.values import Values
from dmart_tui.tui.sql import ResultView, Stopping
from dmart_tui.tui.widgets.code_editor import CodeEditor, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.timer import Timer

    from dmart_tui.core.sql.editing.texts import Statement
    from dmart_tui.core.sql.results import Result
    from dmart_tui.core.sql.session import Session
    from dmart_tui.core.sql.sheets.worksheets import Sheet
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.panes.worksheet.bench import Bench, Outcome
    from dmart_tui.tui.tasks import Task
    from dmart_tui.tui.widgets.offers import Offers

SAVED_AFTER: Final = 1.0
"""Seconds without a key until the text is saved."""
TOLD_EACH: Final = 0.5
"""Seconds between two tellings of how long a statement runs."""
_FACTS: Final = 16
"""Cells of the status line that are not for words."""
_CATALOGUE: Final = frozenset(
    ("CREATE", "DROP", "ALTER", "ATTACH", "DETACH", "USE", "ROLLBACK", "COMMIT", "IMPORT", "SET")
)


class SheetView(Vertical):
    """A worksheet in a tab; its text is saved by itself.

    Args:
        sheet: what stands in the file of worksheets; None: a new one, which is made there when something is typed.
        name: of a new one.
    """

    DEFAULT_CSS = """
    SheetView { height: 1fr; }
    SheetView > CodeEditor { height: 1fr; }
    SheetView > #answer { height: 1fr; }
    SheetView > PlanView { height: 1fr; display: none; }
    SheetView.-plan > PlanView { display: block; }
    SheetView.-plan > #answer { display: none; }
    """

    class Told(Message):
        """The worksheet has another name or state; or what there is in the databases may be another."""

        def __init__(self, view: SheetView, *, catalogue: bool = False) -> None:
            super().__init__()
            self.view = view
            self.catalogue = catalogue

    def __init__(self, bench: Bench, offers: Offers, sheet: Sheet | None, *, name: str, text: str = "") -> None:
        super().__init__()
        self.bench = bench
        self.desk = Desk(bench)
        self.sheet_id = sheet.id if sheet is not None else None
        self.sheet_name = sheet.name if sheet is not None else name
        self._saved = sheet.text if sheet is not None else ""
        self._saves = Lock()
        self._offers = offers
        self.editor = CodeEditor(sheet.text if sheet is not None else text, language="sql")
        self.answer = ResultView(id="answer", empty="Nothing was run yet. f5 runs the statement of the cursor.")
        self.plan = PlanView()
        self.status = SheetStatus()
        self.helper: Helper | None = None
        self.running: Task | None = None
        self._words = ("", "")
        self._saving: Timer | None = None
        self._ticking: Timer | None = None
        self._outcome: Outcome | None = None
        self._marks = True
        """Whether what runs stands in the text."""
        self._share = 0

    def compose(self) -> ComposeResult:
        yield self.editor
        yield self.answer
        yield self.plan
        yield self.status

    @property
    def _app(self) -> DmartApp:
        return cast("DmartApp", self.app)

    def on_mount(self) -> None:
        self.helper = Helper(self._app, self.editor, self._offers, self.bench.names)
        self.tell()

    # -- the text ----------------------------------------------------------------------------------------

    @on(CodeEditor.Changed)
    def _changed(self, message: CodeEditor.Changed) -> None:
        message.stop()
        if self.helper is not None:
            self.helper.typed()
        if self._saving is not None:
            self._saving.stop()
        self._saving = self.set_timer(SAVED_AFTER, self._rested)

    @on(CodeEditor.CopyRequested)
    def _copy(self, message: CodeEditor.CopyRequested) -> None:
        message.stop()
        self._app.copy_text(message.text)

    def _rested(self) -> None:
        self._saving = None
        self._app.tasks.spawn(self.save(), group="save-sheet")

    async def save(self) -> None:
        """Save the text beside the event loop's other work."""
        made = self.sheet_id is None
        await background.run(self._save, self.editor.text)
        if made and self.sheet_id is not None:
            self.post_message(self.Told(self))

    def on_descendant_focus(self) -> None:
        if self.sheet_id is not None:
            self._app.tasks.spawn(self._catch_up(self.sheet_id), group=f"catch-up-{self.id}", exclusive=True)

    async def _catch_up(self, number: int) -> None:
        """Show what another program saved meanwhile, unless something was typed here, or saved while it was looked."""
        saved = self._saved
        try:
            sheet = await background.run(self.bench.worksheets.get, number)
        except NotFound:
            return
        if self.editor.text == self._saved == saved != sheet.text:
            self._saved = sheet.text
            self.show_text(sheet.text)

    def flush(self) -> None:
        """Save the text now, waiting for the disk: the program ends."""
        try:
            self._save(self.editor.text)
        except DmartTuiError as error:
            self.log.error(error)

    def _save(self, text: str) -> None:
        with self._saves:  # the program may end while it is saved: nothing is made twice
            if text == self._saved:
                return
            if self.sheet_id is None:
                if not text.strip():
                    return
                sheet = self.bench.make(self.sheet_name, text)
                self.sheet_id, self.sheet_name = sheet.id, sheet.name
            else:
                self.bench.worksheets.save(self.sheet_id, text)
            self._saved = text

    def show_text(self, text: str) -> None:
        """Make it another text, as an edit that can be undone."""
        self.editor.replace_text(text)

    def insert(self, text: str) -> None:
        """Put a text where the cursor is."""
        at = self.editor.selected or (self.editor.offset_in_text,) * 2
        self.editor.put(*at, text)

    def add(self, text: str) -> None:
        """Put a statement behind all others, and the cursor there."""
        before = self.editor.text.rstrip()
        gap = "" if not before else "\n\n" if before.endswith(";") else ";\n\n"
        self.editor.put(len(before), len(self.editor.text), f"{gap}{text}")

    # -- running -----------------------------------------------------------------------------------------

    def statements(self, *, every: bool = False) -> list[Statement]:
        """What is to be run: all, what is selected, or the statement of the cursor."""
        from dmart_tui.core.sql.editing.texts import statement_at, statements

        text, selected = self.editor.text, self.editor.selected
        if every:
            return statements(text)
        if selected is not None:
            return [_moved(one, selected[0]) for one in statements(text[slice(*selected)])]
        found = statement_at(text, self.editor.offset_in_text)
        return [found] if found is not None else []

    async def run(
        self,
        wanted: Sequence[Statement],
        *,
        together: bool = False,
        quietly: bool = False,
        by: Callable[[Session], Result] | None = None,
    ) -> None:
        """Run statements one after the other until one fails, asking for the values of their parameters first.

        Args:
            together: in one transaction.
            quietly: they are not in the text.
            by: what runs the only one, where that is not simply the session.
        """
        names = list(dict.fromkeys(name for one in wanted for name in one.parameters))
        values = await self._values(names) if names else {}
        if values is None or not wanted:
            return
        title = f"SQL: {safe(' '.join(without_secrets(wanted[0].text).split())[:60])}"
        self._marks = not quietly
        work = partial(self._work, wanted, values, together, by)
        self.running = self._app.tasks.start(title, work, cancel=Stopping(self.desk.interrupt))

    async def _values(self, names: Sequence[str]) -> dict[str, object] | None:
        bench = self.bench
        earlier = {name: await background.run(bench.remembered.values, name) for name in names}
        return await self._app.ask(Values(names, earlier, bench.value, bench.remembered))

    async def _work(
        self,
        wanted: Sequence[Statement],
        values: dict[str, object],
        together: bool,
        by: Callable[[Session], Result] | None,
        task: Task,
    ) -> None:
        self.editor.set_diagnostics([])
        self.remove_class("-plan")
        self._words = ("", "")
        self._ticking = self.set_interval(TOLD_EACH, self.tell)
        begun = False
        try:
            if together:
                await background.run(self._begin)
                begun = True
            for at, statement in enumerate(wanted):
                task.cancel.check()
                task.done, task.total, task.unit = at, len(wanted), "statements"
                if self._marks:
                    self.editor.mark_lines(statement.start, statement.end)
                self._words = (f"◐ {at + 1} of {len(wanted)}" if len(wanted) > 1 else "◐ running", "warning")
                self.tell()
                asked = {name: values[name] for name in statement.parameters}
                outcome = await background.run(self.desk.run, statement, asked, by)
                await self._ended(outcome, last=at == len(wanted) - 1)
                if outcome.error is not None:
                    break
            else:
                if begun:
                    await background.run(self._commit)
                    begun = False
        except Cancelled:
            self._words = ("■ stopped", "warning")
            raise
        except DmartTuiError as error:
            self._words = (f"✗ {words_of(error)}", "error")
        finally:
            if begun:
                await self._take_back()
            self._ticking.stop()
            self._ticking = self.running = None
            self.editor.mark_lines(0, 0)
            self.tell()
            self._app.refresh_bindings()

    async def _take_back(self) -> None:
        """Roll back what was begun to be done whole or not at all."""
        with suppress(DmartTuiError):
            await background.run(self._rollback)
            self._words = (f"✗ all is taken back · {self._words[0].lstrip('✗■ ')}", self._words[1])

    async def _ended(self, outcome: Outcome, *, last: bool) -> None:
        """Show how one statement ended."""
        self._outcome = outcome
        if outcome.statement.verb in _CATALOGUE:
            self.bench.forget_names()
            self.post_message(self.Told(self, catalogue=True))
        if outcome.error is not None:
            await self._failed(outcome.statement, outcome.error)
            return
        result = cast("Any", outcome.result)
        if result.columns:
            self._words = ("", "")
            await self.answer.show(result, self.desk.session, outcome.parameters)
        else:
            words = f"{format_count(result.changed)} rows changed" if result.changed is not None else "done"
            self._words = (f"✓ {result.message or words}", "success")
            result.close()
            if last:
                self.answer.clear(f"✓ {result.message or words}")

    async def _failed(self, statement: Statement, error: DmartTuiError) -> None:
        """Say what is wrong, show where, and offer what may have been meant."""
        if isinstance(error, Interrupted) and not error.timed_out:
            self._words = ("■ stopped", "warning")
            return
        words = words_of(error).replace("the folder for exports", str(self.bench.exports))
        self._words = (f"✗ {words}", "error")
        if len(words) > self.size.width - _FACTS:
            self._app.notify(words, severity="error")
        same = self._marks and self.editor.text[statement.start : statement.end] == statement.text
        if not same:
            return
        if not isinstance(error, SqlError) or error.position is None:
            line, column = self.editor.place(statement.start)
            self.editor.set_diagnostics([Diagnostic(line, column, len(statement.text.split("\n")[0]), words)])
            return
        start = statement.start + error.position
        line, column = self.editor.place(start)
        self.editor.set_diagnostics([Diagnostic(line, column, max(1, error.length), words)])
        self.editor.go_to(line, column)
        if error.candidates and self.helper is not None and self.editor.has_text_focus:
            names = await background.run(self.bench.names)
            texts = [".".join(map(names.quoted, _parts(one))) for one in error.candidates]
            self.helper.offer(start, start + error.length, texts)

    async def explain(self, *, analyze: bool) -> None:
        """Show the plan of the statement of the cursor."""
        wanted = self.statements()[:1]
        if not wanted:
            return
        values = await self._values(wanted[0].parameters) if wanted[0].parameters else {}
        if values is not None:
            self._marks = True
            work = partial(self._explain, wanted[0], values, analyze)
            self.running = self._app.tasks.start("SQL: plan", work, cancel=Stopping(self.desk.interrupt))

    async def _explain(self, statement: Statement, values: dict[str, object], analyze: bool, task: Task) -> None:
        from dmart_tui.core.sql.editing.explaining import plan

        self.editor.set_diagnostics([])
        self.editor.mark_lines(statement.start, statement.end)
        self._words = ("◐ measuring" if analyze else "◐ planning", "warning")
        self.tell()
        try:
            run = partial(plan, self.desk.session, statement.text, values or None, analyze=analyze)
            root = await background.run(run)
            self.plan.show(root)
            self.add_class("-plan")
            self._words = ("", "")
            if self.answer.has_focus_within or self.editor.has_focus_within:
                self.plan.focus()
        except DmartTuiError as error:
            await self._failed(statement, error)
        finally:
            self.running = None
            self.editor.mark_lines(0, 0)
            self.tell()

    def _begin(self) -> None:
        self.desk.session.begin()

    def _commit(self) -> None:
        self.desk.session.commit()

    def _rollback(self) -> None:
        self.desk.session.rollback()

    async def turn(self, what: str) -> None:
        """Begin (`begin`, `begin-reading`), `commit` or `rollback` a transaction."""
        turns: dict[str, Callable[[], None]] = {
            "begin": self._begin,
            "begin-reading": lambda: self.desk.session.begin(read_only=True),
            "commit": self._commit,
            "rollback": self._rollback,
        }
        try:
            await background.run(turns[what])
            self._words = ("", "")
        except DmartTuiError as error:
            self._words = (f"✗ {words_of(error)}", "error")
        self.tell()

    @on(PlanView.Moved)
    def _plan_moved(self, message: PlanView.Moved) -> None:
        message.stop()
        self.tell()

    @on(ResultView.Changed)
    def _answer_changed(self, message: ResultView.Changed) -> None:
        message.stop()
        if self._words[1] not in ("error", "success"):
            self._words = ("", "")
        self.tell()

    # -- telling -----------------------------------------------------------------------------------------

    def tell(self) -> None:
        """Say in the status line where it stands."""
        words, tone = self._words
        right = ""
        if self.running is not None:
            words = self.bench.doing or words
            right = f"{self.running.seconds:.1f} s · esc stops"
        elif self.has_class("-plan") and self.plan.current is not None:
            words, tone = about_of(self.plan.current), "muted"
        elif not words:
            words, tone = self.answer.facts, ""
            right = f"{self.answer.result.elapsed:.2f} s" if self.answer.result is not None else ""
            if right and self._outcome is not None and self._outcome.snapshot is not None:
                right = f"as of {self._outcome.snapshot.astimezone():%H:%M:%S} · {right}"
        self.status.say(self.desk.database, self.desk.transaction, words, tone, right)

    @property
    def shows_plan(self) -> bool:
        return self.has_class("-plan")

    def leave_plan(self) -> None:
        """Return to the answer."""
        self.remove_class("-plan")
        self.tell()
        self.editor.focus()

    def give(self, lines: int) -> None:
        """Give the text more of the height, or less."""
        self._share = max(-8, min(8, self._share + lines))
        self.editor.styles.height = f"{10 + self._share}fr"
        self.answer.styles.height = self.plan.styles.height = f"{10 - self._share}fr"


def _moved(statement: Statement, by: int) -> Statement:
    return replace(statement, start=statement.start + by, end=statement.end + by)


def _parts(name: str) -> list[str]:
    return name.split(".")
