from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.app import App, ComposeResult

from dmart_tui.core.charting import classes
from dmart_tui.tui.widgets.chart import BarChart, Chart, ColumnChart, HeatMap, Histogram, LineChart, ScatterChart
from dmart_tui.tui.widgets.chart.plot import Plot

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.widget import Widget

CITIES = [("Erbil", 80.0), ("Duhok\x1b[31m", -20.0), ("Hawler", 41.0)]
HOURS = [f"{hour:02}" for hour in range(24)]
DAYS = ["Mon", "Tue", "Wed"]


class ChartApp(App[None]):
    def __init__(self, subject: Widget) -> None:
        super().__init__()
        self.subject = subject
        self.said: list[tuple[str, int]] = []

    def compose(self) -> ComposeResult:
        yield self.subject

    def on_chart_highlighted(self, message: Chart.Highlighted) -> None:
        self.said.append(("at", message.index))

    def on_chart_activated(self, message: Chart.Activated) -> None:
        self.said.append(("open", message.index))

    def shown(self) -> list[str]:
        return [self.subject.render_line(y).text.rstrip() for y in range(self.subject.size.height)]


async def test_bars_lie_beside_their_labels_and_numbers() -> None:
    app = ChartApp(BarChart(CITIES))
    async with app.run_test(size=(40, 4)):
        assert app.shown() == [
            "›Erbil          ██████████████████  80",
            " Duhok␛[31m ████                   -20",
            " Hawler         █████████▎          41",
            "",
        ]


async def test_columns_stand_on_an_axis() -> None:
    app = ChartApp(ColumnChart([("a", 4), ("b", -2), ("c", 2)]))
    async with app.run_test(size=(20, 9)) as pilot:
        await pilot.press("l")
        await pilot.pause()
        assert app.shown() == [
            "b: -2",
            " 4│████",
            "  │████",
            " 2│████      ████",
            "  │████      ████",
            " 0│     ████",
            "-2│     ████",
            "  └─────▲▲▲▲──────",
            "   a    b    c",
        ]


async def test_a_histogram_of_numbers_and_of_counted_classes() -> None:
    values = [1, 2, 2, 3, 3, 3, 9]
    counted = ChartApp(Histogram(classes(values, 4)))
    app = ChartApp(Histogram(values))
    async with app.run_test(size=(60, 8)):
        assert app.shown()[0] == "1 to 2: 1"
        app.subject.show_values(classes(values, 4))
        shown = app.shown()
    async with counted.run_test(size=(60, 8)):
        assert counted.shown() == shown
        assert shown[0] == "0 to 2: 1"


async def test_a_curve_has_its_cursor_on_a_point() -> None:
    app = ChartApp(LineChart([(0, 0), (86_400, 10), (172_800, 5)], times=True))
    async with app.run_test(size=(60, 8)) as pilot:
        await pilot.press("G")
        await pilot.pause()
        lines = app.shown()
        assert lines[0] == "1970-01-03 00:00:00: 5"
        assert lines[3].endswith("●")
        assert "01-02 00:00" in lines[-1]


async def test_a_cloud_without_colour_or_unicode() -> None:
    app = ChartApp(ScatterChart([(0, 0), (1, 1), (2, 4)], plain=True))
    async with app.run_test(size=(30, 8)):
        text = "\n".join(app.shown())
        assert text.isascii()
        assert text.count("@") == 1


async def test_a_heat_map_is_walked_in_two_directions() -> None:
    values = [[row * 24 + column for column in range(24)] for row in range(3)]
    app = ChartApp(HeatMap(DAYS, HOURS, values))
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.press("j", "l", "l", "h", "k", "k", "enter")
        await pilot.pause()
        assert app.shown()[0] == "Mon 01: 1"
        assert app.shown()[1].startswith("Mon   []")
        assert app.shown()[4].split() == HOURS[::2]
        assert app.said == [("at", 24), ("at", 25), ("at", 26), ("at", 25), ("at", 1), ("open", 1)]
        await pilot.press("G", "l", "j")
        await pilot.pause()
        assert app.shown()[0] == "Wed 23: 71"


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        lambda plain: BarChart([(f"b{n}", n) for n in range(500)], plain=plain),
        lambda plain: ColumnChart([(f"c{n}", n) for n in range(500)], plain=plain),
        lambda plain: HeatMap([f"r{n}" for n in range(50)], HOURS, [[1.0] * 24] * 50, plain=plain),
    ],
)
async def test_what_does_not_fit_follows_the_cursor(make: Callable[[bool], Widget], plain: bool) -> None:
    app = ChartApp(make(plain))
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("G")
        await pilot.pause()
        text = "\n".join(app.shown())
        assert "499" in text or "r49" in text
        assert not plain or "".join(text.split("›")).isascii()


@pytest.mark.parametrize(
    "chart",
    [
        BarChart(empty="Nothing."),
        ColumnChart(empty="Nothing."),
        Histogram(empty="Nothing."),
        LineChart(empty="Nothing."),
        HeatMap(empty="Nothing."),
    ],
    ids=lambda chart: type(chart).__name__,
)
async def test_a_chart_of_nothing_says_so_and_takes_every_key(chart: Widget) -> None:
    app = ChartApp(chart)
    async with app.run_test(size=(30, 6)) as pilot:
        await pilot.press("j", "k", "h", "l", "g", "G", "pagedown", "enter")
        await pilot.click(chart, offset=(3, 1))
        assert app.shown()[0].strip() == "Nothing."
        assert ("open", 0) not in app.said


async def test_other_numbers_are_drawn_in_place() -> None:
    chart = ColumnChart([("a", 8), ("b", 2), ("c", 4)])
    app = ChartApp(chart)
    async with app.run_test(size=(20, 11)) as pilot:
        await pilot.press("l")
        await pilot.pause()
        chart.show([("a", 8), ("b", 3), ("c", 4)])
        await pilot.pause()
        assert app.shown()[0] == "b: 3"
        chart.show([("a", 8)])
        assert (chart.cursor, app.shown()[0]) == (0, "a: 8")


async def test_the_same_numbers_draw_nothing() -> None:
    chart = LineChart([(0, 1), (1, 2)])
    app = ChartApp(chart)
    async with app.run_test(size=(20, 11)) as pilot:
        await pilot.pause()
        before = chart._lines
        chart.show([(0, 1), (1, 2)])
        assert chart._lines is before


@pytest.mark.parametrize(
    ("chart", "offset", "index"),
    [
        (ColumnChart([("a", 4), ("b", 2), ("c", 2)]), (9, 4), 1),
        (HeatMap(DAYS, HOURS, [[1.0] * 24] * 3), (9, 2), 26),
        (LineChart([(0, 0), (1, 1)]), (19, 1), 1),
        (BarChart(CITIES), (9, 2), 2),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Plot | BarChart) else None,
)
async def test_the_mouse_chooses_and_opens(chart: Widget, offset: tuple[int, int], index: int) -> None:
    app = ChartApp(chart)
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.click(chart, offset=offset, times=2)
        await pilot.pause()
        assert app.said[-2:] == [("at", index), ("open", index)]
