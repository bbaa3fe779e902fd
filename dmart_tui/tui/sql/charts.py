"""Charts of a result: what to draw is asked, numbers are summed up in the engine, and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core.charting import Classes, axis, time_text
from dmart_tui.core.sql import is_number
from dmart_tui.core.sql.reshaping import Condition, bars, in_classes, is_time, points, spread
from dmart_tui.core.units import format_count
from dmart_tui.tui.screens.dialog import Choice
from dmart_tui.tui.sql.columns import PickColumn
from dmart_tui.tui.widgets.chart import BarChart, ColumnChart, Histogram, LineChart, ScatterChart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.widget import Widget

    from dmart_tui.core.sql import Column, Session
    from dmart_tui.core.sql.reshaping import Asked, Way
    from dmart_tui.tui.app import DmartApp

Kind = Literal["bars", "columns", "line", "scatter", "histogram"]

_MOST_BARS: Final = 1000
_MOST_POINTS: Final = 5000
_CLASSES: Final = 30
_KINDS: Final[list[tuple[str, str, Kind]]] = [
    ("b", "Bars: the labels with the highest numbers first", "bars"),
    ("c", "Columns: in the order of their labels", "columns"),
    ("l", "Line: one number along another, or along time", "line"),
    ("s", "Scatter: a point a row", "scatter"),
    ("h", "Histogram: how often numbers of which size are there", "histogram"),
]
_WAYS: Final[list[tuple[str, str, Way]]] = [
    ("n", "Number of rows", "count"),
    ("s", "Sum", "sum"),
    ("a", "Average", "avg"),
    ("l", "Lowest", "min"),
    ("h", "Highest", "max"),
    ("r", "Each row by itself", "as they are"),
]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn: `label` is the column along which, `value` the one of the numbers."""

    kind: Kind
    label: int
    value: int
    way: Way = "as they are"


@dataclass(frozen=True, slots=True)
class Drawn:
    """The numbers of a chart, and the words for it."""

    drawing: Drawing
    words: str
    items: Sequence[tuple[str | None, float]] = ()
    points: Sequence[tuple[float, float]] = ()
    classes: Classes | None = None
    times: bool = False

    def behind(self, index: int) -> Condition | None:
        """What rows behind one bar or class have in common; None for a point."""
        if self.items and self.drawing.kind != "histogram":
            label = self.items[index][0]
            return Condition(self.drawing.label, "null") if label is None else Condition(self.drawing.label, "=", label)
        if self.classes is not None:
            low = self.classes.axis.low + index * self.classes.axis.step
            write: Callable[[float], str] = time_text if self.times else repr
            return Condition(self.drawing.value, "..", write(low), write(low + self.classes.axis.step))
        return None


async def choose_drawing(app: DmartApp, columns: Sequence[Column], at: int) -> Drawing | None:
    """Ask what to draw; None when a question was closed."""
    kind = await app.ask(Choice("Draw", _KINDS))
    if kind is None:
        return None
    numbers = [place for place, column in enumerate(columns) if is_number(column.type) or is_time(column.type)]
    numbers = numbers or list(range(len(columns)))
    if kind == "histogram":
        value = await _pick(app, "Numbers", columns, numbers, at)
        return None if value is None else Drawing(kind, value, value)
    along = range(len(columns)) if kind in ("bars", "columns") else numbers
    label = await _pick(app, "Labels" if kind in ("bars", "columns") else "Across", columns, along, at)
    if label is None:
        return None
    way: Way | None = "as they are"
    if kind != "scatter":
        way = await app.ask(Choice(f"For each {columns[label].name}", _WAYS))
    if way is None or way == "count":
        return None if way is None else Drawing(kind, label, label, way)
    value = await _pick(app, "Numbers", columns, [place for place in numbers if place != label] or numbers, 0)
    return None if value is None else Drawing(kind, label, value, way)


async def _pick(app: DmartApp, title: str, columns: Sequence[Column], only: Sequence[int], at: int) -> int | None:
    """A column out of some; not asked where there is but one."""
    if len(only) == 1:
        return only[0]
    chosen: int | None = await app.ask(PickColumn(title, columns, at=at, only=only))
    return chosen


def computed(session: Session, asked: Asked, columns: Sequence[Column], drawing: Drawing) -> Drawn:
    """Let the engine make the numbers of a chart. Blocks; raises as `Session.run`."""
    names = [column.name for column in columns]
    kinds = [column.type for column in columns]
    text, parameters = asked
    label, value = drawing.label, drawing.value
    if drawing.kind == "histogram":
        [(low, high, count, whole)] = _rows(session, spread(text, columns, value, parameters))
        words = f"{names[value]} · {format_count(count)} numbers"
        if not count:
            return Drawn(drawing, words)
        times = is_time(kinds[value])
        scale = axis(low, high, _CLASSES, time=times, whole=bool(whole) and not times)
        counts = [0] * scale.steps
        for place, many in _rows(session, in_classes(text, columns, value, scale, parameters)):
            counts[place] = many
        return Drawn(drawing, words, classes=Classes(scale, tuple(counts)), times=times)
    if drawing.kind in ("line", "scatter"):
        asked = points(text, columns, label, value, _MOST_POINTS, parameters, way=drawing.way)
        found = _rows(session, asked)
        words = f"{_what(drawing, names)} along {names[label]} · {format_count(len(found))} points"
        if len(found) == _MOST_POINTS:
            words += ", an even choice"
        return Drawn(drawing, words, points=[(x, y) for x, y in found], times=is_time(kinds[label]))
    by_label = drawing.kind == "columns" and drawing.way != "as they are"
    rows = _rows(session, bars(text, columns, label, value, drawing.way, _MOST_BARS, parameters, by_label=by_label))
    words = f"{_what(drawing, names)} by {names[label]}"
    words += f" · the first {format_count(_MOST_BARS)} of more" if len(rows) > _MOST_BARS else ""
    return Drawn(drawing, words, items=[(name, number) for name, number in rows[:_MOST_BARS]])


def _what(drawing: Drawing, names: Sequence[str]) -> str:
    if drawing.way == "count":
        return "rows"
    return names[drawing.value] if drawing.way == "as they are" else f"{drawing.way} of {names[drawing.value]}"


def _rows(session: Session, asked: Asked) -> list[tuple[Any, ...]]:
    with session.run(asked.text, asked.parameters or None) as answer:
        return answer.rows(0, _MOST_POINTS)


def chart_of(drawn: Drawn, *, plain: bool) -> Widget:
    """The widget for numbers."""
    empty = "There is no number to draw."
    match drawn.drawing.kind:
        case "bars":
            return BarChart(_told(drawn), plain=plain, empty=empty)
        case "columns":
            return ColumnChart(_told(drawn), plain=plain, empty=empty)
        case "histogram":
            return Histogram(drawn.classes or (), plain=plain, empty=empty)
        case "line":
            return LineChart(drawn.points, times=drawn.times, plain=plain, empty=empty)
        case "scatter":
            return ScatterChart(drawn.points, times=drawn.times, plain=plain, empty=empty)


def _told(drawn: Drawn) -> list[tuple[str, float]]:
    return [("∅" if label is None else label, number) for label, number in drawn.items]
