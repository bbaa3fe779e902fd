"""The charts of a store or of a branch, and the range and narrowings that all of them count."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import reduce
from itertools import zip_longest
from operator import and_
from typing import TYPE_CHECKING, Any, Final, cast

from textual import on
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from dmart_tui.core import background
from dmart_tui.core.changelog import SOURCES, Span, ask, below, parse_span, subject_of
from dmart_tui.core.errors import DmartTuiError, NotFound, UsageFault
from dmart_tui.core.historydb import find
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count, format_size
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import bindings
from dmart_tui.tui.histories import engine_of
from dmart_tui.tui.messages import OpenStore, OpenTool
from dmart_tui.tui.panes.activity.charts import ActivityChart, CalendarMap, Meant, OverTime, Tops, WeekClock
from dmart_tui.tui.widgets.chart import Chart

if TYPE_CHECKING:
    import asyncio
    from datetime import date
    from pathlib import Path

    from textual.app import ComposeResult

    from dmart_tui.core.address import Address
    from dmart_tui.core.changelog import Subject
    from dmart_tui.core.historydb import Expression, Query
    from dmart_tui.tui.histories import Histories

WIDE: Final = 96
"""Cells from which on charts stand beside each other."""
_LONG: Final = 740
"""Days of a store of which at first only the last year is shown."""
_TITLES: Final = {
    "entry": "Entries",
    "who": "People",
    "kind": "Kinds of change",
    "key": "Keys",
    "type": "Types",
    "space": "Spaces",
    "request": "Requests",
    "agent": "Programs",
    "source": "Sources",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is counted."""

    span: Span
    only: tuple[Meant, ...] = ()
    sources: str = "once"


class Board(Acting, Widget):
    """Charts of one store.

    Args:
        store: its folder.
        address: count only what was changed at or below it.
        kept: what reads the root into the store; None: it is somebody's own.
        days: the range at first, as `parse_span` reads it; empty: the last year of what is there.
    """

    CONTEXT = "activity"
    BINDINGS = bindings("activity")
    DEFAULT_CSS = """
    Board { layout: vertical; height: 1fr; }
    Board #activity-told { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    Board #activity-charts { height: 1fr; scrollbar-size-vertical: 1; }
    Board #activity-charts > * {
        height: 10; padding: 0 1; border-top: solid $foreground 22%;
        border-title-color: $text-muted;
        &:focus { border-title-color: $accent; border-title-style: bold; }
    }
    Board.-wide #activity-charts {
        layout: grid; grid-size: 12; grid-rows: 10 11 1fr;
        & > * { height: 1fr; min-height: 6; }
        & > #activity-calendar { column-span: 12; }
        & > #activity-rate { column-span: 5; }
        & > #activity-clock { column-span: 7; }
        & > Tops { column-span: 4; }
    }
    """

    class Behind(Message):
        """The documents behind a bar are wanted."""

        def __init__(self, query: Query, label: str) -> None:
            super().__init__()
            self.query = query
            self.label = label

    def __init__(self, store: Path, address: Address | None, kept: Histories | None, days: str = "") -> None:
        super().__init__()
        self.store, self.address, self.kept = store, address, kept
        self._days = days
        self.fixed = bool(days)
        """Whether a person chose the range; until then it follows what is read in."""
        self.subject: Subject | None = None
        self.wanted: Wanted | None = None
        self.total = 0
        self._progress = ""
        self._error = ""
        self._from: date | None = None
        self._counter: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        plain = self._app.settings.icons == "ascii"
        self.calendar = CalendarMap(plain=plain)
        self.rate = OverTime(plain=plain)
        self.clock = WeekClock(plain=plain)
        self.tops = [Tops(name, plain=plain, id=f"activity-{name}") for name in ("entry", "who", "kind")]
        self._charts = VerticalScroll(self.calendar, self.rate, self.clock, *self.tops, id="activity-charts")
        self._charts.can_focus = False
        self._told = Static(id="activity-told")
        yield self._told
        yield self._charts

    def on_mount(self) -> None:
        for chart, title in ((self.calendar, "Days"), (self.rate, "Over time"), (self.clock, "Hours of the week")):
            chart.border_title = title
        self._name_tops()
        if self.kept is not None:
            self.kept.changed.subscribe(self, lambda _: self._store_changed())
        self.ask()

    def on_resize(self) -> None:
        self.set_class(self.size.width >= WIDE, "-wide")

    # -- counting ----------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Count again what is wanted; what was asked before is given up."""
        self._counter = self._app.tasks.spawn(self._count(), group=f"activity {id(self)}", exclusive=True)

    def _store_changed(self) -> None:
        """Count again, but let what is being counted come to its end while more is read in."""
        self._tell()
        counting = self._counter is not None and not self._counter.done()
        if not (counting and self.kept is not None and self.kept.busy):
            self.ask()

    async def _count(self) -> None:
        self._error = ""
        try:
            self.subject = await background.run(subject_of, self.store)
            if self._wish() is not None:
                charts: tuple[CalendarMap | WeekClock | Tops, ...] = (self.calendar, self.clock, *self.tops)
                for chart in charts:
                    if chart.display:
                        await self._count_in(chart)
        except NotFound:
            self.subject = None
        except DmartTuiError as error:
            self._error = str(error)
        self._progress = ""
        self._tell()
        self.refresh_bindings()

    def _wish(self) -> Wanted | None:
        """What is wanted; None where nothing is there."""
        subject = self.subject
        if subject is None or subject.span is None:
            return None
        if self.wanted is None and not subject.changes:
            self._set_fields(subject.fields)
        if self.wanted is None or not self.fixed:
            whole = subject.span
            span = whole if whole.days <= _LONG else Span(_year_before(whole.last), whole.last)
            with suppress(UsageFault):  # what a session keeps may be anything
                span = parse_span(self._days, span)
            self.wanted = Wanted(span) if self.wanted is None else replace(self.wanted, span=span)
        return self.wanted

    async def _count_in(self, chart: CalendarMap | WeekClock | Tops) -> None:
        wanted = cast("Wanted", self.wanted)
        query = chart.query_of(self.question())
        self.calendar.follows = not self.fixed
        async for found in background.stream(ask, engine_of(self._app), self.store, query, batch=1):
            if wanted is not self.wanted:
                return
            answered = found[-1]
            chart.take(list(answered.table.objects()), wanted.span)
            if chart is self.calendar:
                self.total = sum(self.calendar.counts.values())
                self.rate.take_days(self.calendar.counts, wanted.span)
            told = answered.progress
            days = f"◐ {told.days:,} of {told.all_days:,} days · {format_size(told.read)}"
            self._progress = "" if answered.done else days
            self._tell()

    def question(self, *more: Meant) -> Query:
        """What is counted, before it is grouped."""
        wanted = cast("Wanted", self.wanted)
        span = next((one.span for one in more if one.span is not None), wanted.span)
        where = [one.where for one in (*wanted.only, *more) if one.where is not None]
        where = [*self._conditions(wanted), *where]
        query = find(span.first, span.last)
        return query.where(reduce(and_, where)) if where else query

    def _conditions(self, wanted: Wanted) -> list[Expression]:
        conditions = [below(self.address)] if self.address is not None else []
        if self.subject is not None and self.subject.changes and (where := SOURCES[wanted.sources][1]) is not None:
            conditions.append(where)
        return conditions

    # -- what is shown -----------------------------------------------------------------------------------

    def _tell(self) -> None:
        """What goes on, the range, how much there is in it, what narrows it, and how fresh the store is."""
        busy = self.kept is not None and self.kept.busy
        fresh = self.kept.words() if self.kept is not None else ""
        parts = [(safe(self._error), "$text-error")] if self._error else []
        if self._from is not None:
            parts.append((f"from {self._from} to …", "$text-warning"))
        if busy or self._progress:
            parts.append((fresh if busy else self._progress, "$text-warning"))
        if self.wanted is not None and self.subject is not None and not self._error:
            unit = self.wanted.span.unit
            parts.append((f"{self.wanted.span}" + (f" ({unit})" if unit else ""), "bold"))
            parts.append((f"{format_count(self.total)} {'changes' if self.subject.changes else 'documents'}", ""))
            parts += [(f"only {safe(one.label)}", "$text-accent") for one in self.wanted.only]
            if self.subject.changes and self.wanted.sources != "once":
                parts.append((SOURCES[self.wanted.sources][0], "$text-muted"))
        elif not (busy or self._error):
            parts.append(("Nothing is recorded here.", "$text-muted"))
        if fresh and not busy:
            parts.append((fresh, "$text-muted"))
        joined = (piece for number, part in enumerate(parts) for piece in ((" · " if number else "", ""), part))
        self._told.update(Content.assemble(*joined))

    def _name_tops(self) -> None:
        for chart in self.tops:
            chart.border_title = Content(safe(_TITLES.get(chart.field, chart.field)))

    def _set_fields(self, fields: tuple[str, ...]) -> None:
        for chart, name in zip_longest(self.tops, fields[: len(self.tops)]):
            chart.display = name is not None
            chart.field = name or chart.field
        self._name_tops()

    @property
    def current(self) -> ActivityChart:
        """The chart with the focus, else the calendar."""
        focused = self.screen.focused
        charts: list[ActivityChart] = [self.calendar, self.rate, self.clock, *self.tops]
        return next((chart for chart in charts if chart is focused), self.calendar)

    @property
    def meant(self) -> Meant | None:
        """What the cursor is on."""
        chart = self.current
        many = chart.count() if not isinstance(chart, Tops) else chart.row_count()
        return chart.meant(chart.cursor) if chart.cursor < many else None

    # -- actions -----------------------------------------------------------------------------------------

    def selection(self) -> list[Address]:
        return [self.address] if self.address is not None else []

    def why_not(self, action: str) -> str | None:
        verb = action.partition(".")[2]
        if verb == "timeline" and self._app.spaces is None:
            return "No spaces folder is open."
        if verb == "back":
            narrowed = self.wanted is not None and self.wanted.only
            busy = self.kept is not None and self.kept.busy
            return None if narrowed or busy or self._from is not None else "Nothing narrows the charts, nothing runs."
        if verb in ("store", "read", "timeline"):
            return None
        if self.wanted is None:
            return "Nothing is counted yet." if self.kept is not None and self.kept.busy else "The store is empty."
        if verb in ("open", "narrow", "copy-value", "query") and self.meant is None:
            return "The cursor is on nothing that was counted."
        if verb == "field" and not isinstance(self.current, Tops):
            return "These bars are times: go to one of the lists."
        if verb == "sources" and not cast("Subject", self.subject).changes:
            return "The store holds no histories of a spaces folder."
        return None

    @on(Chart.Activated)
    def _activated(self, message: Chart.Activated) -> None:
        message.stop()
        self.action_act("activity.open")

    @on(Chart.Highlighted)
    def _highlighted(self, message: Chart.Highlighted) -> None:
        message.stop()

    def do_open(self) -> None:
        meant = cast("Meant", self.meant)
        self.post_message(self.Behind(self.question(meant), meant.label))

    def do_narrow(self) -> None:
        meant, wanted = cast("Meant", self.meant), cast("Wanted", self.wanted)
        if meant.where is None and meant.span is not None:
            self._want(span=meant.span)
        elif any(one.label == meant.label for one in wanted.only):
            self._want(only=tuple(one for one in wanted.only if one.label != meant.label))
        else:
            self._want(only=(*wanted.only, meant))

    def _want(self, **changes: Any) -> None:
        self.wanted = replace(cast("Wanted", self.wanted), **changes)
        self.fixed |= "span" in changes
        self._from = None
        self.ask()

    @property
    def _span(self) -> Span:
        return cast("Wanted", self.wanted).span

    def do_closer(self) -> None:
        self._want(span=self._span.closer(self.calendar.day or self._span.last))

    def do_wider(self) -> None:
        self._want(span=self._span.wider() or self._whole)

    @property
    def _whole(self) -> Span:
        return cast("Span", cast("Subject", self.subject).span)

    def do_earlier(self) -> None:
        self._want(span=self._span.moved(-1))

    def do_later(self) -> None:
        self._want(span=self._span.moved(1))

    def do_all(self) -> None:
        self._want(span=self._whole)

    async def do_range(self) -> None:
        from dmart_tui.tui.screens.dialog import Prompt

        def check(text: str) -> str | None:
            try:
                parse_span(text, self._whole)
            except UsageFault as fault:
                return fault.message
            return None

        words = "2024 · 2024-03 · 2024-03-26 · 2024-03..2024-06-15 · 30d: the last 30 days · nothing: all"
        text = f"{self._span.first}..{self._span.last}"
        typed = await self._app.ask(Prompt("Range of days", words=words, text=text, check=check))
        if typed is not None:
            self._want(span=parse_span(typed, self._whole))

    def do_mark(self) -> None:
        """Begin a range at the calendar's day, or end the one begun."""
        day, begun = self.calendar.day, self._from
        if day is None:
            return
        if begun is None:
            self._from = day
            self._tell()
        else:
            self._want(span=Span(min(begun, day), max(begun, day)))

    async def do_field(self) -> None:
        from dmart_tui.tui.screens.dialog import Choice

        chart, fields = cast("Tops", self.current), cast("Subject", self.subject).fields
        options = [(chr(97 + at), _TITLES.get(name, name), name) for at, name in enumerate(fields[:20])]
        at = fields.index(chart.field) if chart.field in fields else 0
        name = await self._app.ask(Choice("Count by", options, at=at))
        if name is not None:
            chart.field = name
            self._name_tops()
            self.ask()

    async def do_sources(self) -> None:
        from dmart_tui.tui.screens.dialog import Choice

        options = [(name[0], words.capitalize(), name) for name, (words, _) in SOURCES.items()]
        at = list(SOURCES).index(cast("Wanted", self.wanted).sources)
        name = await self._app.ask(Choice("Which changes count", options, at=at))
        if name is not None:
            self._want(sources=name)

    def do_query(self) -> None:
        chart = self.current
        query = (self.calendar if isinstance(chart, OverTime) else chart).query_of(self.question())
        self.post_message(OpenStore(str(self.store), "store-query", query))

    def do_store(self) -> None:
        self.post_message(OpenStore(str(self.store), "store"))

    def do_timeline(self) -> None:
        self.post_message(OpenTool("timeline", self.address))

    def do_read(self) -> None:
        if self.kept is not None:
            self.kept.update()
        else:
            self.ask()

    def do_copy_value(self) -> None:
        chart = self.current
        at = chart.cursor
        told = f"{chart.items[at][0]}: {chart.items[at][1]:.0f}" if isinstance(chart, Tops) else chart.caption(at)
        self._app.copy_text(told)

    def do_back(self) -> None:
        if self._from is not None:
            self._from = None
            self._tell()
        elif self.wanted is not None and self.wanted.only:
            self._want(only=self.wanted.only[:-1])
        elif self.kept is not None and self.kept.busy:
            self._app.tasks.stop_group("histories")


def _year_before(day: date) -> date:
    from datetime import timedelta

    return day - timedelta(days=364)
