"""The charts of the activity: what each counts, shows, and means by one of its bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.changelog import WEEKDAYS, Calendar, Span, calendar, over_time
from dmart_tui.core.historydb import Count, Expression, F, Query, own
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.widgets.chart import BarChart, ColumnChart, HeatMap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST: Final = 50
"""Bars of a chart."""
_LONGEST: Final = 200
_HOURS: Final = tuple(f"{hour:02}" for hour in range(24))


@dataclass(frozen=True, slots=True)
class Meant:
    """What a bar stands for."""

    label: str
    """Raw; made safe where it is drawn."""
    span: Span | None = None
    where: Expression | None = None
    """None where only days matter."""


def whole_numbers(value: float) -> str:
    """How counts are written."""
    return format_count(int(value))


class CalendarMap(HeatMap):
    """A cell a day, a column a week."""

    def __init__(self, *, plain: bool = False) -> None:
        super().__init__(text=whole_numbers, plain=plain, empty="Nothing happened.", id="activity-calendar")
        self.layout_: Calendar | None = None
        self.counts: dict[date, int] = {}
        self.follows = True
        """Whether the cursor goes on with what is newest while it stands there."""
        self._newest: date | None = None

    def query_of(self, query: Query) -> Query:
        """What it asks."""
        return query.derive(on_day=own("day")).group("on_day").reduce(n=Count())

    def take(self, rows: Sequence[Mapping[str, Any]], span: Span) -> None:
        """Show what came; the cursor stays on its day, and comes to the newest one when that is gone."""
        counts = {date.fromisoformat(row["on_day"]): int(row["n"]) for row in rows if row["on_day"] is not None}
        at = self.day
        self.counts = counts
        self.layout_ = calendar(counts, span)
        self.show(WEEKDAYS, self.layout_.columns, self.layout_.values)
        stays = at is not None and at in span and not (self.follows and at == self._newest)
        self._newest = max((day for day, count in counts.items() if count and day in span), default=span.last)
        self.cursor = self.layout_.index(at if at is not None and stays else self._newest)

    @property
    def day(self) -> date | None:
        """The day under the cursor."""
        return self.layout_.day(self.cursor) if self.layout_ is not None else None

    def caption(self, index: int) -> str:
        assert self.layout_ is not None
        row, column = divmod(index, self.layout_.weeks)
        count = self.layout_.values[row][column]
        told = "outside of the range" if count is None else whole_numbers(count)
        return f"{self.layout_.day(index):%a %Y-%m-%d}: {told}"

    def meant(self, index: int) -> Meant | None:
        """What a cell stands for."""
        if self.layout_ is None or self.layout_.values[index // self.layout_.weeks][index % self.layout_.weeks] is None:
            return None
        day = self.layout_.day(index)
        return Meant(str(day), Span(day, day))


class OverTime(ColumnChart):
    """A column a day, week or month."""

    def __init__(self, *, plain: bool = False) -> None:
        super().__init__(text=whole_numbers, plain=plain, empty="Nothing happened.", id="activity-rate")
        self._parts: list[tuple[Span, str, int]] = []

    def take_days(self, counts: Mapping[date, int], span: Span) -> None:
        """Show counts of days; the cursor stays on its day, and comes to the newest when it was on that."""
        before = [part for part, _, _ in self._parts]
        at = before[self.cursor].first if self.cursor < len(before) - 1 else span.last
        self._parts = over_time(counts, span)
        self.show([(label, float(count)) for _, label, count in self._parts])
        self.cursor = next((i for i, (part, _, _) in enumerate(self._parts) if at in part), len(self._parts) - 1)

    def caption(self, index: int) -> str:
        span, _, count = self._parts[index]
        return f"{span}: {whole_numbers(count)}"

    def meant(self, index: int) -> Meant | None:
        """What a column stands for."""
        span = self._parts[index][0]
        return Meant(str(span), span)


class WeekClock(HeatMap):
    """A cell an hour of a weekday."""

    def __init__(self, *, plain: bool = False) -> None:
        super().__init__(text=whole_numbers, plain=plain, empty="Nothing happened.", id="activity-clock")

    def query_of(self, query: Query) -> Query:
        """What it asks."""
        query = query.derive(on_weekday=own("weekday"), at_hour=own("hour"))
        return query.group("on_weekday", "at_hour").reduce(n=Count())

    def take(self, rows: Sequence[Mapping[str, Any]], span: Span) -> None:
        """Show what came."""
        values: list[list[float | None]] = [[0.0] * 24 for _ in WEEKDAYS]
        for row in rows:
            if row["on_weekday"] is not None and row["at_hour"] is not None:
                values[row["on_weekday"] - 1][row["at_hour"]] = float(row["n"])
        self.show(WEEKDAYS, _HOURS, values)

    def caption(self, index: int) -> str:
        row, column = divmod(index, 24)
        return (
            f"{WEEKDAYS[row]} {column:02}:00 to {column + 1:02}:00 UTC: {whole_numbers(self.values[row][column] or 0)}"
        )

    def meant(self, index: int) -> Meant | None:
        """What a cell stands for."""
        row, column = divmod(index, 24)
        where = (own("weekday") == row + 1) & (own("hour") == column)
        return Meant(f"{WEEKDAYS[row]} {column:02}:00", where=where)


class Tops(BarChart):
    """The values of a field, those with the most changes first."""

    def __init__(self, field: str, *, plain: bool = False, id: str = "") -> None:  # noqa: A002 - as in Textual
        super().__init__(text=whole_numbers, plain=plain, empty="Nothing to count.", id=id)
        self.field = field
        self._values: list[Any] = []

    def query_of(self, query: Query) -> Query:
        """What it asks."""
        return query.group(self.field).reduce(n=Count()).order("-n").limit(MOST)

    def take(self, rows: Sequence[Mapping[str, Any]], span: Span) -> None:
        """Show what came; the cursor stays on its line."""
        ordered = sorted(rows, key=lambda row: -row["n"])[:MOST]
        self._values = [row[self.field] for row in ordered]
        self.show([(self._named(row[self.field]), float(row["n"])) for row in ordered])

    def _named(self, value: Any) -> str:
        """A value where there is little room: of an address first its name, which tells most."""
        above, slash, name = value.rpartition("/") if self.field == "entry" and value else ("", "", value)
        return f"{_label(name)}  {_label(above)}" if slash else _label(value)

    def meant(self, index: int) -> Meant | None:
        """What a bar stands for."""
        value = self._values[index]
        if value is None:
            return Meant(f"no {self.field}", where=~F[self.field].exists())
        if not isinstance(value, str | int | float | bytes):
            return None
        return Meant(_label(value) if value != "" else f"empty {self.field}", where=F[self.field] == value)


ActivityChart = CalendarMap | OverTime | WeekClock | Tops


def _label(value: Any) -> str:
    if value is None:
        return "∅"
    return safe(str(value)[:_LONGEST]) or '""'
