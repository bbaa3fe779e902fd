from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App, ComposeResult

from dmart_tui.tui.widgets.tab_strip import Tab, TabStrip

if TYPE_CHECKING:
    import pytest

TABS = [
    Tab("overview", "Overview"),
    Tab("history", "History", 12),
    Tab("raw", "Raw"),
    Tab("problems", "Problems", 3, "!", "warning"),
]


class TabApp(App[None]):
    def __init__(self, tabs: list[Tab]) -> None:
        super().__init__()
        self.subject = TabStrip(tabs)
        self.chosen: list[tuple[int, str]] = []

    def compose(self) -> ComposeResult:
        yield self.subject

    def on_tab_strip_selected(self, message: TabStrip.Selected) -> None:
        self.chosen.append((message.index, message.key))

    def line(self) -> str:
        return self.subject.render_line(0).text.rstrip()

    def current(self) -> str:
        segments = self.subject.render_line(0)
        return "".join(s.text for s in segments if s.style is not None and s.style.bold and s.style.underline)


async def test_shows_labels_with_counts_and_the_current_one() -> None:
    app = TabApp(TABS)
    async with app.run_test(size=(60, 5)) as pilot:
        assert app.line() == " Overview  History 12  Raw  Problems 3 !"
        assert app.current() == "Overview"
        assert app.subject.step(1)
        assert app.current() == "History"
        assert app.subject.step(-2)
        assert app.current() == "Problems"
        assert app.subject.select_key("raw")
        assert not app.subject.select(2)
        assert not app.subject.select(9)
        assert not app.subject.select_key("nothing")
        await pilot.pause()
        assert app.chosen == [(1, "history"), (3, "problems"), (2, "raw")]


async def test_what_does_not_fit_scrolls_and_says_so() -> None:
    app = TabApp([Tab(str(i), f"Tab number {i}") for i in range(9)])
    async with app.run_test(size=(34, 5)):
        assert app.line() == "  Tab number 0  Tab number 1     ›"
        app.subject.select(4)
        assert app.line() == "‹ Tab number 3  Tab number 4     ›"
        app.subject.select(8)
        assert app.line() == "‹ Tab number 7  Tab number 8"
        app.subject.select(0)
        assert app.line() == "  Tab number 0  Tab number 1     ›"


async def test_the_current_tab_stays_in_view_at_any_width() -> None:
    app = TabApp([Tab(str(i), f"Tab {i}", i * 1000) for i in range(9)])
    async with app.run_test(size=(80, 5)) as pilot:
        for width in (70, 40, 20, 12, 9, 80):
            await pilot.resize_terminal(width, 5)
            await pilot.pause()
            for index in range(9):
                app.subject.select(index)
                assert app.current() == f"Tab {index}"


async def test_a_count_changes_in_its_place() -> None:
    app = TabApp(TABS)
    async with app.run_test(size=(60, 5)):
        app.subject.update_tab("history", count=1234)
        app.subject.update_tab("problems")
        assert app.line() == " Overview  History 1,234  Raw  Problems"


async def test_other_tabs_keep_the_current_one_by_key() -> None:
    app = TabApp(TABS)
    async with app.run_test(size=(60, 5)) as pilot:
        app.subject.select_key("raw")
        await pilot.pause()
        app.subject.set_tabs([Tab("raw", "Raw"), Tab("overview", "Overview")])
        assert app.subject.current == "raw"
        app.subject.set_tabs([])
        assert (app.subject.current, app.line()) == ("", "")
        assert not app.subject.step(1)
        await pilot.pause()
        assert app.chosen == [(2, "raw")]


async def test_the_mouse_selects_and_the_signs_scroll() -> None:
    app = TabApp([Tab(str(i), f"Tab number {i}") for i in range(9)])
    async with app.run_test(size=(34, 5)) as pilot:
        await pilot.click(app.subject, offset=(18, 0))
        await pilot.click(app.subject, offset=(33, 0))
        await pilot.click(app.subject, offset=(0, 0))
        await pilot.pause()
        assert app.chosen == [(1, "1"), (2, "2"), (0, "0")]


async def test_selecting_redraws_only_the_two_tabs(monkeypatch: pytest.MonkeyPatch) -> None:
    app = TabApp(TABS)
    async with app.run_test(size=(60, 5)):
        regions: list[object] = []
        monkeypatch.setattr(app.subject, "refresh", lambda *found, **_: regions.extend(found))
        app.subject.select(2)
        assert sorted(region.x for region in regions) == [1, 23]
        assert sorted(region.width for region in regions) == [3, 8]
