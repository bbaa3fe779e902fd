from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from textual.app import App

from dmart_tui.tui.widgets.time_slider import TimeSlider

if TYPE_CHECKING:
    from textual.app import ComposeResult

START = datetime(2026, 1, 1)
MOMENTS = [START + timedelta(hours=hours) for hours in (0, 1, 2, 50, 100)]


class SliderApp(App[None]):
    def __init__(self, slider: TimeSlider) -> None:
        super().__init__()
        self.slider = slider
        self.moved: list[tuple[int, datetime]] = []

    def compose(self) -> ComposeResult:
        yield self.slider

    def on_time_slider_moved(self, event: TimeSlider.Moved) -> None:
        self.moved.append((event.index, event.when))


async def test_ticks_stand_to_scale_with_the_time_below() -> None:
    app = SliderApp(TimeSlider(MOMENTS, label=lambda index: f"by user{index}\x1b[2J"))
    async with app.run_test(size=(101, 6)):
        assert app.slider.render_line(0).text == "│││" + "─" * 47 + "│" + "─" * 49 + "●"
        assert app.slider.render_line(1).text.strip() == "2026-01-05 04:00:00  5/5  by user4␛[2J"
        assert app.moved == []


async def test_keys_walk_from_moment_to_moment() -> None:
    app = SliderApp(TimeSlider(MOMENTS))
    async with app.run_test(size=(101, 6)) as pilot:
        await pilot.press("left", "h", "l", "home", "left", "end", "right")
        assert [index for index, _ in app.moved] == [3, 2, 3, 0, 4]
        assert app.moved[0][1] == MOMENTS[3]
        await pilot.press("g")
        assert app.slider.render_line(0).text.startswith("●││")


async def test_a_click_goes_to_the_nearest_moment() -> None:
    app = SliderApp(TimeSlider(MOMENTS))
    async with app.run_test(size=(101, 6)) as pilot:
        await pilot.click(app.slider, offset=(40, 0))
        assert app.slider.time == MOMENTS[3]
        await pilot.click(app.slider, offset=(95, 0))
        assert app.slider.time == MOMENTS[4]


async def test_moments_in_one_cell_are_a_heavier_tick() -> None:
    app = SliderApp(TimeSlider([START + timedelta(seconds=n) for n in (0, 1, 2, 10_000)]))
    async with app.run_test(size=(40, 6)):
        assert app.slider.render_line(0).text.startswith("┃─")


async def test_ten_thousand_moments_fit_a_narrow_track() -> None:
    app = SliderApp(TimeSlider([START + timedelta(minutes=n) for n in range(10_000)]))
    async with app.run_test(size=(40, 6)) as pilot:
        assert len(app.slider.render_line(0).text) == 40
        await pilot.press("h")
        assert app.slider.index == 9_998


async def test_one_moment_none_and_others() -> None:
    app = SliderApp(TimeSlider())
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.press("l", "h", "end")
        assert app.slider.render_line(0).text.strip() == "no moments"
        app.slider.show_moments([START], label=lambda _: "only")
        assert app.slider.render_line(0).text == "●" + "─" * 39
        assert "only" in app.slider.render_line(1).text
        app.slider.show_moments(MOMENTS, index=1)
        await pilot.press("l")
        assert app.moved == [(2, MOMENTS[2])]
