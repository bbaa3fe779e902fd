"""Questions to a history store: the parts of a query, its text, and the answer as it refines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.changelog import KeptQueries, ask, learn, write_rows
from dmart_tui.core.errors import DmartTuiError, UsageFault
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count, format_size
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.histories import engine_of
from dmart_tui.tui.panes.store.form import Form, command, options, parts_from, parts_of, query_of, text_form
from dmart_tui.tui.sql.result_view import ResultView
from dmart_tui.tui.views import ToolView
from dmart_tui.tui.widgets.chart import BarChart
from dmart_tui.tui.widgets.grid import cell_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from dmart_tui.core.changelog import Answered
    from dmart_tui.core.historydb import Engine, Query, Table
    from dmart_tui.tui.tasks import Task

WIDE: Final = 110
_BARS: Final = 200
"""Rows of which a chart is drawn."""
_NAMES: Final = 3
_HUGE: Final = 1e300
_LINES: Final = (".csv", ".json", ".ndjson", ".jsonl")
_COLUMNS: Final[dict[str, Literal["parquet", "arrow"]]] = {".parquet": "parquet", ".arrow": "arrow"}
_ENDINGS: Final = ".csv, .json, .ndjson, .parquet or .arrow"
"""The files that an answer is written to."""


@dataclass(frozen=True, slots=True)
class Knobs:
    """How a query is run."""

    workers: int = 0
    """Processes; 0 lets the amount of work decide."""
    documents: int = 65_536
    """Documents a task."""
    nice: int = 5
    """How much other programs go before the workers."""


class AnswerRows:
    """An answer for a grid."""

    def __init__(self, answer: Answered) -> None:
        self.columns: Sequence[str] = answer.table.columns
        self.rows = answer.table.rows
        self.known = len(self.rows)
        self.done = answer.done

    def row(self, index: int, /) -> Sequence[object] | None:
        return self.rows[index]


class QueryPane(ToolView):
    """Parts of a query as lines, the query as text beside them, and the answer below.

    Args:
        place: the folder of the store.
        idle: of the last session; nothing runs before it is asked for.
        state: what was typed then.
    """

    CONTEXT = "store-query"
    BINDINGS = bindings("store-query")
    DEFAULT_CSS = """
    QueryPane { layout: vertical; height: 1fr; }
    QueryPane #query-parts { height: auto; }
    QueryPane #query-text {
        display: none; width: 40%; height: 8; padding: 0 1; border-left: solid $foreground 22%; color: $text-muted;
    }
    QueryPane.-wide #query-text { display: block; }
    QueryPane #query-told { height: 1; padding: 0 1; }
    QueryPane #query-answer { height: 1fr; }
    QueryPane BarChart { height: 1fr; display: none; }
    QueryPane.-chart BarChart { display: block; }
    QueryPane.-chart ResultView { display: none; }
    """

    def __init__(self, place: str, *, idle: bool = False, state: dict[str, object] | None = None) -> None:
        super().__init__()
        self.place = place
        self._typed = {part: text for part, text in (state or {}).items() if isinstance(text, str)}
        self.knobs = Knobs()
        self.answer: Answered | None = None
        self._own: Engine | None = None
        self._asking: Task | None = None

    def compose(self) -> ComposeResult:
        self.form = Form()
        self.text = Static(id="query-text")
        self.told = Static(id="query-told")
        self.result = ResultView(empty="Nothing was asked yet. f5 asks the store.", id="query-answer")
        self.chart = BarChart(plain=self._app.settings.icons == "ascii")
        with Horizontal(id="query-parts"):
            yield self.form
            yield self.text
        yield self.told
        yield self.result
        yield self.chart

    def on_mount(self) -> None:
        self.form.put(self._typed)
        self._say("", "")
        self._app.tasks.spawn(self._learn(), group=f"learn {id(self)}")

    def on_resize(self) -> None:
        self.set_class(self.size.width >= WIDE, "-wide")

    def take_focus(self) -> None:
        self.form.lines["where"].focus()

    def state(self) -> dict[str, object]:
        return {part: text for part, text in self.form.parts.items() if text}

    @property
    def _engine(self) -> Engine:
        """That of the program, unless a person chose how queries run."""
        from dmart_tui.core.historydb import Engine

        if self.knobs == Knobs():
            return engine_of(self._app)
        if self._own is None:
            knobs = self.knobs
            self._own = Engine(workers=knobs.workers or None, documents=knobs.documents, niceness=knobs.nice)
        return self._own

    async def on_unmount(self) -> None:
        await self._drop_own()

    async def _drop_own(self) -> None:
        own, self._own = self._own, None
        if own is not None:
            await background.run(own.close)

    async def _learn(self) -> None:
        try:
            self.form.words = await background.run(learn, Path(self.place))
        except DmartTuiError as error:
            self._say(str(error), "$text-error")

    def put(self, query: Query) -> None:
        """Show a query and ask it."""
        self.form.put(parts_of(query))
        self.do_run()

    # -- asking ------------------------------------------------------------------------------------------

    @on(Form.Changed)
    def _changed(self, message: Form.Changed) -> None:
        message.stop()
        self.text.update(Content(safe(text_form(self.form.parts), lines=True)))

    @on(Form.Asked)
    def _asked(self, message: Form.Asked) -> None:
        message.stop()
        self.action_act("store-query.run")

    def _typed_query(self) -> Query | None:
        """The query that is typed; None when it cannot be one, which is told."""
        try:
            return query_of(self.form.parts)
        except UsageFault as fault:
            self._say(str(fault), "$text-error")
            return None

    def do_run(self) -> None:
        query = self._typed_query()
        if query is None:
            return
        self._asking = self._app.tasks.start(
            f"Ask {safe(Path(self.place).name)}", lambda task: self._run(query, task), group=f"query {id(self)}"
        )

    async def _run(self, query: Query, task: Task) -> None:
        task.unit = "days"
        self.answer = None
        try:
            where = Path(self.place)
            async for found in background.stream(ask, self._engine, where, query, task.cancel, batch=1):
                await self._show(found[-1], task)
        except background.Cancelled:
            self._say("stopped; what was found stays", "$text-warning")
            raise
        except DmartTuiError as error:
            self._say(str(error), "$text-error")

    async def _show(self, answer: Answered, task: Task) -> None:
        same = self.answer is not None and self.answer.table.columns == answer.table.columns
        self.answer = answer
        told = answer.progress
        task.done, task.total = told.days, told.all_days
        if same:
            self.result.grid.set_source(AnswerRows(answer), keep=True)
        else:
            await self.result.show_source(AnswerRows(answer))
        self._draw()
        rows = len(answer.table.rows)
        count, read = f"{format_count(rows)} row{'s' * (rows != 1)}", format_size(told.read)
        if answer.done:
            self._say(f"{count} · {read} read · {answer.seconds:.2f} s", "$text-muted")
            self.refresh_bindings()
        else:
            days = f"{format_count(told.days)} of {format_count(told.all_days)} days"
            self._say(f"◐ {count} so far · {days} · {read} read", "$text-warning")

    def _say(self, text: str, tone: str) -> None:
        self.told.update(Content.assemble((safe(text), tone)))

    def _draw(self) -> None:
        """The answer as bars: the first number of each row, named by what is no number."""
        if self.answer is None or not self.has_class("-chart"):
            return
        self.chart.show(bars(self.answer.table))

    # -- actions -----------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        if action in ("store-query.export", "store-query.chart") and (
            self.answer is None or not self.answer.table.rows
        ):
            return "There is no answer yet."
        if (
            action == "store-query.chart"
            and not self.has_class("-chart")
            and not bars(cast("Answered", self.answer).table)
        ):
            return "The answer has no column of numbers."
        return None

    def do_result(self) -> None:
        """Go to the answer, or back to the parts."""
        if self.form.has_focus_within:
            (self.chart if self.has_class("-chart") else self.result.grid).focus()
        else:
            self.form.lines["where"].focus()

    def do_chart(self) -> None:
        self.toggle_class("-chart")
        self._draw()
        if not self.form.has_focus_within:
            (self.chart if self.has_class("-chart") else self.result.grid).focus()

    def do_copy_value(self) -> None:
        if self._typed_query() is not None:
            self._app.copy_text(command(self.place, self.form.parts))

    def do_back(self) -> None:
        if self._asking is not None and self._asking.state == "running":
            self._app.tasks.stop(self._asking)
        else:
            self.do_result()

    async def do_text(self) -> None:
        """Let the query be typed, or pasted, as the one text that is copied."""
        from dmart_tui.tui.screens.dialog import Prompt

        def check(typed: str) -> str | None:
            try:
                query_of(parts_from(typed))
            except UsageFault as fault:
                return str(fault)
            return None

        words = "The query as a command; what stands before its first option may be left out."
        now = " ".join(options(self.form.parts))
        typed = await self._app.ask(Prompt("Query as text", words=words, text=now, check=check))
        if typed is not None:
            self.form.put(parts_from(typed))
            self.do_run()

    async def do_save(self) -> None:
        from dmart_tui.tui.screens.dialog import Prompt

        kept = KeptQueries(self._app.paths.state)
        name = await self._app.ask(Prompt("Keep the query", words="Its name; one of the same name is replaced."))
        if name:
            await background.run(kept.keep, name, self.form.parts)
            self._app.notify(f"Kept as {name}.")

    async def do_saved(self) -> None:
        from dmart_tui.tui.panes.store.saved import SavedQueries

        kept = KeptQueries(self._app.paths.state)
        parts = await self._app.ask(SavedQueries(await background.run(kept.all), kept.forget))
        if parts is not None:
            self.form.put(parts)
            self.do_run()

    async def do_export(self) -> None:
        from dmart_tui.core.historydb import ArrowRows
        from dmart_tui.core.sql import export_arrow
        from dmart_tui.tui.archives import whole, why_not_made
        from dmart_tui.tui.screens.dialog import Prompt

        table = cast("Answered", self.answer).table

        def check(typed: str) -> str | None:
            if Path(typed).suffix.lower() not in (*_LINES, *_COLUMNS):
                return f"end the name with {_ENDINGS}"
            return why_not_made(self._app, typed)

        typed = await self._app.ask(Prompt("Write the result", words=f"A file: {_ENDINGS}.", check=check))
        if typed is not None:
            target = Path(whole(typed))
            if form := _COLUMNS.get(target.suffix.lower()):
                await background.run(export_arrow, ArrowRows(table.columns, table.rows), target, form)
            else:
                await background.run(write_rows, target, table.columns, list(table.objects()))
            self._app.notify(f"{format_count(len(table.rows))} rows written to {target}")

    async def do_settings(self) -> None:
        from dmart_tui.tui.screens.dialog import Prompt

        def check(typed: str) -> str | None:
            numbers = typed.split()
            if len(numbers) != 3 or not all(number.isdecimal() and len(number) < 10 for number in numbers):
                return "three numbers: workers, documents a task, niceness"
            return "documents a task are 1,000 or more" if int(numbers[1]) < 1000 else None

        words = "Workers (0: as the work asks), documents a task, niceness of the workers (0 to 19)."
        now = f"{self.knobs.workers} {self.knobs.documents} {self.knobs.nice}"
        typed = await self._app.ask(Prompt("How queries run", words=words, text=now, check=check))
        if typed is not None:
            workers, documents, nice = map(int, typed.split())
            await self._drop_own()
            self.knobs = Knobs(min(workers, 64), documents, min(nice, 19))


def bars(table: Table) -> list[tuple[str, float]]:
    """The last column of numbers, each bar named by what stands in the others."""
    columns, rows = table.columns, table.rows[:_BARS]
    numbers = [at for at in range(len(columns)) if rows and all(_is_number(row[at]) for row in rows)]
    if not numbers:
        return []
    at = numbers[-1]
    others = [other for other in range(len(columns)) if other != at][:_NAMES]
    return [(" · ".join(cell_text(row[other]) for other in others) or columns[at], float(row[at])) for row in rows]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE
