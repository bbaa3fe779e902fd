"""Charts of a result: what to draw is told by the types of columns or asked, numbers are summed up in the engine."""

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

ON_CHART: Final = {"result.open": "Rows behind", "result.chart": "Rows", "result.other-chart": "Other chart"}
"""What the bottom line calls actions where a chart is shown."""

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

    def labelled(self, tell: Callable[[object, int], object]) -> list[tuple[str, float]]:
        """The bars with their labels as they are shown; `tell` masks a value of a column where it is a secret."""
        at = self.drawing.label
        return [("∅" if label is None else str(tell(label, at)), number) for label, number in self.items]

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


def fitting(
    columns: Sequence[Column],
    at: int,
    *,
    kind: Kind | None = None,
    label: int | None = None,
    value: int | None = None,
    way: Way | None = None,
) -> Drawing:
    """What to draw: what is said, as far as it suits the types of the columns, and the likeliest of the rest.

    Args:
        at: the column of the cursor, which comes first where it suits.
    """
    times = [place for place, column in enumerate(columns) if is_time(column.type)]
    numbers = [place for place, column in enumerate(columns) if is_number(column.type)]
    names = [place for place in range(len(columns)) if place not in times and place not in numbers]
    along = [*times, *numbers] or names
    if kind is None:
        kind = "bars" if at in names or (names and not times) else "line" if times and numbers else "histogram"
    if kind == "histogram":
        value = next(place for place in (value, at, *numbers, *along) if place in along)
        return Drawing(kind, value, value)
    bars = kind in ("bars", "columns")
    if label is None or not (bars or label in along):
        likely = [*names, *along] if bars else along
        label = at if at in likely and at not in numbers else likely[0]
    others = [place for place in numbers if place != label]
    if value is None or value == label:
        value = at if at in others else others[0] if others else label
    if kind == "scatter":
        way = "as they are"
    return Drawing(kind, label, value, way or ("sum" if others else "count"))


async def other_drawing(app: DmartApp, columns: Sequence[Column], at: int, now: Drawing | None) -> Drawing | None:
    """Ask for one part of what is drawn, and let the rest follow; None when a question was closed."""
    now = now or fitting(columns, at)
    alone, bars = now.kind == "histogram", now.kind in ("bars", "columns")
    said: dict[str, Any] = {"kind": now.kind, "value": None if now.way == "count" else now.value}
    said |= {} if alone else {"label": now.label, "way": now.way}
    across, names = "Labels" if bars else "Across", [column.name for column in columns]
    parts = [("c", f"Chart     {_told_of(_KINDS, now.kind).partition(':')[0]}", "kind")]
    parts += [] if alone else [("l", f"{across}    {names[now.label]}", "label")]
    parts += [] if said["value"] is None else [("n", f"Numbers   {names[now.value]}", "value")]
    parts += [] if alone or now.kind == "scatter" else [("f", f"For each  {_told_of(_WAYS, now.way)}", "way")]
    part = await app.ask(Choice("Draw", parts))
    along = [place for place, column in enumerate(columns) if is_number(column.type) or is_time(column.type)] or None
    asked: Choice[Any] | PickColumn
    match part:
        case "kind":
            asked = Choice("Chart", _KINDS, at=_place(_KINDS, now.kind))
        case "label":
            asked = PickColumn(across, columns, at=now.label, only=None if bars else along)
        case "value":
            asked = PickColumn("Numbers", columns, at=now.value, only=along)
        case "way":
            asked = Choice(f"For each {names[now.label]}", _WAYS, at=_place(_WAYS, now.way))
        case _:
            return None
    chosen: Any = await app.ask(asked)
    return None if chosen is None else fitting(columns, at, **{**said, part: chosen})


def _told_of(options: Sequence[tuple[str, str, str]], value: str) -> str:
    return options[_place(options, value)][1]


def _place(options: Sequence[tuple[str, str, str]], value: str) -> int:
    return [one for _, _, one in options].index(value)


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


def chart_of(drawn: Drawn, tell: Callable[[object, int], object], *, plain: bool) -> Widget:
    """The widget for numbers.

    Args:
        tell: masks the secrets of a value and its column.
    """
    empty = "There is no number to draw."
    match drawn.drawing.kind:
        case "bars":
            return BarChart(drawn.labelled(tell), plain=plain, empty=empty)
        case "columns":
            return ColumnChart(drawn.labelled(tell), plain=plain, empty=empty)
        case "histogram":
            return Histogram(drawn.classes or (), plain=plain, empty=empty)
        case "line":
            return LineChart(drawn.points, times=drawn.times, plain=plain, empty=empty)
        case "scatter":
            return ScatterChart(drawn.points, times=drawn.times, plain=plain, empty=empty)
