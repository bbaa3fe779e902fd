"""The result of a query: its grid and its charts, and what can be done with them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical
from textual.message import Message

from dmart_tui.core import background
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.sql import Column, show
from dmart_tui.core.sql.addressed import address_in, addresses_in
from dmart_tui.core.sql.masking import masked
from dmart_tui.core.sql.reshaping import Shape, condition
from dmart_tui.core.units import format_count
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.messages import OpenAddress
from dmart_tui.tui.screens.dialog import Prompt
from dmart_tui.tui.sql.asking import Question, waited
from dmart_tui.tui.sql.charts import ON_CHART, chart_of, computed, fitting, other_drawing
from dmart_tui.tui.sql.columns import arrange
from dmart_tui.tui.sql.copying import columns_of, copy_rows
from dmart_tui.tui.sql.facts import facts, signs, why_no_row
from dmart_tui.tui.sql.result_source import ResultSource
from dmart_tui.tui.views import Gathering
from dmart_tui.tui.widgets.chart import BarChart, Chart, ColumnChart
from dmart_tui.tui.widgets.grid import Grid, NoRows
from dmart_tui.tui.widgets.result_grid import ResultGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

    from dmart_tui.core.address import Address
    from dmart_tui.core.sql import Result, Session
    from dmart_tui.core.sql.reshaping import Condition
    from dmart_tui.tui.action import Action
    from dmart_tui.tui.sql.charts import Drawing, Drawn
    from dmart_tui.tui.widgets.grid import GridSource
    from dmart_tui.tui.writing.working import Progress

_STEP = 4
_MOST_ENTRIES = 100_000
_AHEAD = 100_000
"""Rows that a statement goes on by between two words of how far it is."""
_LONGEST_VALUE = 400


class ResultView(Gathering, Vertical):
    """The rows of one result, in a grid over pages of them, or drawn as a chart.

    Sorting, filters and charts are asked of the engine again, with the statement inside of another one. Other sources
    than results can be looked at, too; they are neither sorted nor drawn.
    """

    CONTEXT = "result"
    NARROWED = "the statement"
    BINDINGS = bindings("result")
    DEFAULT_CSS = "ResultView { height: 1fr; & > * { height: 1fr; } }"

    class Changed(Message):
        """Rows came, the cursor moved, or the rows are in another shape: `ResultView.facts` says other words."""

        def __init__(self, view: ResultView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> ResultView:
            return self.view

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, ResultView.Changed) and message.view is self.view

    def __init__(self, *, empty: str = "Nothing was run yet.", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.grid = ResultGrid(write=self._write, empty=empty)
        self.result: Result | None = None
        self.total: int | None = None
        """How many rows there are, when they were counted without being read."""
        self._question: Question | None = None
        self._newest: ResultSource | None = None
        self._drawing: Drawing | None = None
        self._drawn: Drawn | None = None
        self._chart: Widget | None = None

    def compose(self) -> ComposeResult:
        yield self.grid

    @property
    def shape(self) -> Shape:
        """How the rows are sorted and filtered."""
        return self._question.shape if self._question is not None else Shape()

    # What is shown

    async def show(
        self, result: Result, session: Session | None = None, parameters: Mapping[str, object] | None = None
    ) -> None:
        """Show a result, which is the view's to close from now on.

        Args:
            session: where it was run, to ask again for sorting, filters and charts.
            parameters: those it was run with.

        Raises:
            SqlError: its first page cannot be read.
        """
        self._question = Question(session, result, parameters or {}) if session is not None else None
        self._drawing = None
        await self._take(result, keep=False)

    async def show_source(self, source: GridSource) -> None:
        """Show rows that are no result of SQL."""
        await self._leave_chart()
        self._forget()
        self._question = self._newest = None
        self.grid.set_source(source)
        self.post_message(self.Changed(self))

    def clear(self, words: str = "") -> None:
        """Show nothing but a sentence."""
        self._app.tasks.spawn(self._leave_chart(), group="result")
        self._forget()
        self._question = self._newest = None
        self.grid.empty = words
        self.grid.set_source(NoRows())
        self.post_message(self.Changed(self))

    def take_focus(self) -> None:
        """Put the focus on the grid, or on the chart that is shown."""
        (self._chart or self.grid).focus()

    async def _take(self, result: Result, *, keep: bool) -> None:
        source = self._newest = ResultSource(result, self._fetch)
        await source.begin()
        await self._leave_chart()
        if source is not self._newest:  # another one was shown meanwhile
            source.closed = True
            await background.run(result.close)
            return
        self._forget()
        self.result = result
        self.grid.empty = "No row." if result.columns else result.message or "Done."
        self.grid.set_source(source, keep=keep)
        if keep:
            self.grid.signs_of = signs(self.shape)
            self.grid.columns_changed()
        self.post_message(self.Changed(self))

    def _forget(self) -> None:
        """Close the result that is shown."""
        self.total = None
        source, self.result = self.grid.source, None
        if isinstance(source, ResultSource):
            source.closed = True
            self._app.tasks.spawn(background.run(source.result.close), group="result")

    def on_mount(self) -> None:
        self._app.looks_changed.subscribe(self, lambda _: self._look_again())

    def _look_again(self) -> None:
        self.grid.looks_changed()
        if isinstance(self._chart, BarChart | ColumnChart) and self._drawn is not None and self._drawn.items:
            self._chart.show(self._drawn.labelled(self._told))

    def on_unmount(self) -> None:
        self._forget()

    def _write(self, value: object, column: int) -> str:
        value = self._told(value, column)
        short = value[:_LONGEST_VALUE] if isinstance(value, str | bytes) else value
        return show(short, self._columns[column].type) if self._columns else str(short)

    def _told(self, value: object, column: int) -> object:
        """A value with its secrets masked, unless they are to be seen."""
        return masked(value, self._columns[column]) if self._columns and not self._app.show_secrets else value

    @property
    def _columns(self) -> Sequence[Column]:
        return self.result.columns if self.result is not None else ()

    def _fetch(self, source: ResultSource) -> None:
        self._app.tasks.spawn(source.fetch_wanted(self._came), group="result")

    def _came(self) -> None:
        """Rows came, or no more will."""
        if self.is_attached:
            self.grid.rows_changed()
            self.post_message(self.Changed(self))

    @property
    def facts(self) -> str:
        """Where the cursor is, of how many rows, in which column, how they are filtered; of a chart what it shows."""
        return self._drawn.words if self._drawn is not None else facts(self.grid, self.result, self.total, self.shape)

    @on(Grid.Highlighted)
    def _moved(self) -> None:
        self.post_message(self.Changed(self))

    # Titles, and why not

    def hint_of(self, action: Action) -> str:
        return ON_CHART.get(action.name if self._chart is not None else "") or super().hint_of(action)

    def why_not(self, action: str) -> str | None:
        verb = action.partition(".")[2]
        source = self.grid.source
        if not source.columns:
            return "There is no result."
        if verb in ("sort", "sort-more", "filter", "plain", "chart", "other-chart", "count", "export"):
            if self.result is None or (verb != "export" and (self._question is None or not self._question.can_nest)):
                return "Only the rows of a SELECT can be asked for once more."
            if verb == "plain" and self.shape == Shape():
                return "It is neither sorted nor filtered."
            if verb == "count" and (source.done or self.total is not None):
                return f"There are {format_count(self.total or source.known)} rows."
        if self._chart is not None and verb not in ("chart", "other-chart", "open", "count", "export", "plain"):
            return "The chart is shown: v shows the rows."
        if verb == "open" and self._chart is not None:
            return "Which rows are behind it cannot be told." if self._behind is None else None
        if verb in ("open", "copy-value", "copy-rows", "mark", "row") and not source.known:
            return "There is no row."
        if verb == "unmark" and not self.grid.marked:
            return "No row is marked."
        if verb == "entry" and self._entry() is None:
            return "No column of the row holds the address of an entry."
        if verb == "hide" and len(self.grid.shown) < 2:
            return "One column stays."
        return None

    # Rows and cells

    @on(Grid.Activated)
    @on(Chart.Activated)
    def _activated(self, message: Message) -> None:
        message.stop()
        self.action_act("result.open")

    async def do_open(self) -> None:
        if (found := self._behind) is not None:
            await self._show_behind(found)
            return
        from dmart_tui.tui.sql.cell_viewer import CellViewer, is_nested, parsed

        at = self.grid.source_column
        value = self._told(self.grid.current_value, at)
        name = self.grid.source.columns[at]
        kind = self._columns[at].type if self._columns else ""
        text = value if isinstance(value, str) else None
        if text is not None and is_nested(kind) and self._question is not None:
            from dmart_tui.core.sql.nested import as_json

            text = await background.run(as_json, self._question.session, text, kind)
        tree = parsed(text) if text is not None else None
        await self._app.ask(CellViewer(name, kind, value, tree, f"row {format_count(self.grid.cursor + 1)}"))

    def _entry(self) -> Address | None:
        row = self.grid.current_row
        return address_in(self.grid.source.columns, row, self.grid.source_column) if row is not None else None

    def chosen(self) -> Address | None:
        return self._entry() if self.grid.source.columns else None

    def marked(self) -> Callable[[], list[Address]] | None:
        if self.result is None or not self.grid.marked or self._entry() is None:
            return None
        return partial(addresses_in, self.result, sorted(self.grid.marked), self.grid.source_column)

    def matching(self) -> Callable[[], list[Address]] | None:
        """The entries of all rows, where all are read and not too many."""
        result = self.result
        if result is None or not result.done or not 0 < result.known <= _MOST_ENTRIES or self._entry() is None:
            return None
        return partial(addresses_in, result, range(result.known), self.grid.source_column)

    def do_entry(self) -> None:
        if (address := self._entry()) is not None:
            self.post_message(OpenAddress(address))

    def do_mark(self) -> None:
        self.grid.action_mark()

    def do_unmark(self) -> None:
        self.grid.mark([*self.grid.marked], False)
        self.post_message(self.Changed(self))

    def do_copy_value(self) -> None:
        value = self._told(self.grid.current_value, self.grid.source_column)
        self._app.copy_text("" if value is None else show(value))

    async def do_copy_rows(self) -> None:
        await copy_rows(self._app, self.grid, self.result, self._told)

    # Columns

    def do_freeze(self) -> None:
        self.grid.freeze(0 if self.grid.frozen == self.grid.column + 1 else self.grid.column + 1)

    def do_hide(self) -> None:
        self.grid.hide({*self.grid.hidden, self.grid.source_column})

    def do_wider(self) -> None:
        self.grid.resize(_STEP)

    def do_narrower(self) -> None:
        self.grid.resize(-_STEP)

    def do_fit(self) -> None:
        self.grid.fit_column()

    def do_first_column(self) -> None:
        self.grid.action_first_column()

    def do_last_column(self) -> None:
        self.grid.action_last_column()

    async def do_columns(self) -> None:
        await arrange(self._app, self.grid, columns_of(self.grid, self.result))

    # Far rows

    @on(ResultGrid.EndWanted)
    def _end_wanted(self, message: ResultGrid.EndWanted) -> None:
        message.stop()
        if self.result is not None:
            app = self._app
            app.set_off(app.tasks.spawn(self._read_on("Reading all rows", None), group="result.end"))

    async def do_row(self) -> None:
        typed = await self._app.ask(Prompt("Go to row", check=why_no_row))
        if typed is None:
            return
        row = max(1, int(typed.replace(",", ""))) - 1
        if row >= self.grid.source.known and not self.grid.source.done:
            await self._read_on(f"Reading up to row {format_count(row + 1)}", row)
        else:
            self.grid.cursor = row

    async def _read_on(self, title: str, row: int | None) -> None:
        """Let the statement go on up to a row, or to its end, and go there if nobody moved meanwhile."""
        result, at = self.result, self.grid.cursor
        if result is None:
            return
        loop = asyncio.get_running_loop()

        def read(progress: Progress) -> int:
            while not result.done and (row is None or result.known <= row):
                ahead = result.known + _AHEAD
                result.rows(ahead if row is None else min(row, ahead), 1)
                progress(result.known, None)
                loop.call_soon_threadsafe(self._look)
            return result.known

        await waited(self._app, title, result.interrupt, read, leave=lambda _: None)
        if self.result is result and self.is_attached:
            self._look()
            if self.grid.cursor == at:
                self.grid.cursor = result.known - 1 if row is None else row

    def _look(self) -> None:
        source = self.grid.source
        if isinstance(source, ResultSource) and source.look():
            self._came()

    async def do_count(self) -> None:
        question, result = self._question, self.result
        total = await question.count(self._app) if question is not None else None
        if total is not None and result is self.result:
            self.total = total
            self.post_message(self.Changed(self))
            self._app.notify(f"{format_count(total)} rows.")

    async def do_export(self) -> None:
        from dmart_tui.tui.sql.exporting import export_result

        if self.result is not None:
            await export_result(self._app, self.result, self._question)
            self._look()

    # Sorting and filters

    @on(ResultGrid.HeaderClicked)
    def _header_clicked(self, message: ResultGrid.HeaderClicked) -> None:
        message.stop()
        self.action_act("result.sort")

    async def do_sort(self) -> None:
        await self._reshape(self.shape.sorted_by(self.grid.source_column))

    async def do_sort_more(self) -> None:
        await self._reshape(self.shape.sorted_by(self.grid.source_column, more=True))

    async def do_plain(self) -> None:
        await self._reshape(Shape())

    async def do_filter(self) -> None:
        at = self.grid.source_column
        column = self._columns[at]

        def check(text: str) -> str | None:
            try:
                if text.strip():
                    condition(at, column.type, text)
            except DmartTuiError as error:
                return error.message
            return None

        here = self.shape.condition_on(at)
        typed = await self._app.ask(
            Prompt(
                f"Filter {column.name}",
                words="> 5, != x, = x, ~ part, 1..9, null, not null; nothing takes it away",
                text=here.words if here else "",
                check=check,
            )
        )
        if typed is not None:
            found = condition(at, column.type, typed) if typed.strip() else None
            await self._reshape(self.shape.filtered(found) if found else self.shape.without(at))

    async def _reshape(self, shape: Shape) -> None:
        """Run the statement once more, in another shape."""
        question = self._question
        if question is None or shape == question.shape:
            return
        result = await question.again(self._app, shape)
        if result is not None and question is self._question:
            question.shape = shape
            await self._take(result, keep=True)

    # Charts

    async def do_chart(self) -> None:
        if not await self._leave_chart():
            await self._draw(self._drawing or fitting(self._columns, self.grid.source_column))

    async def do_other_chart(self) -> None:
        if drawing := await other_drawing(self._app, self._columns, self.grid.source_column, self._drawing):
            await self._draw(drawing)

    async def _draw(self, drawing: Drawing) -> None:
        question, result = self._question, self.result
        if question is None or result is None:
            return
        make = partial(computed, asked=question.asked(), columns=result.columns, drawing=drawing)
        drawn = await question.beside(self._app, "Drawing", make)
        if drawn is None or result is not self.result:
            return
        await self._leave_chart()
        self._drawing, self._drawn = drawing, drawn
        self._chart = chart_of(drawn, self._told, plain=self._app.settings.icons == "ascii")
        self.grid.display = False
        await self.mount(self._chart)
        self._chart.focus()
        self.post_message(self.Changed(self))

    async def _leave_chart(self) -> bool:
        """Show the rows; whether a chart was shown."""
        chart, self._chart, self._drawn = self._chart, None, None
        if chart is None:
            return False
        held = chart.has_focus
        self.grid.display = True
        if held:
            self.grid.focus()
        await chart.remove()
        self.post_message(self.Changed(self))
        return True

    def leave(self) -> bool:
        """Go back from a chart to the rows; whether one was shown."""
        if self._chart is None:
            return False
        self._app.tasks.spawn(self._leave_chart(), group="result")
        return True

    @property
    def _behind(self) -> Condition | None:
        """What the rows behind the chart's cursor have in common; None where it cannot be told or is a secret."""
        found = self._drawn.behind(getattr(self._chart, "cursor", 0)) if self._drawn is not None else None
        return found if found is not None and self._told(found.value, found.column) == found.value else None

    async def _show_behind(self, found: Condition) -> None:
        await self._leave_chart()
        await self._reshape(self.shape.filtered(found))
        if found.column in self.grid.shown:
            self.grid.column = self.grid.shown.index(found.column)
