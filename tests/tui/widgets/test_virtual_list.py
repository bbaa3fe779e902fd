from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.app import App, ComposeResult

from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.style import Style
    from textual.message import Message


class Numbers:
    """Rows named after the numbers of a range; a row opens into as many lines as `lines` says."""

    def __init__(self, numbers: Sequence[int], lines: dict[int, int] | None = None, more: bool = False) -> None:
        self.numbers = numbers
        self.lines = lines or {}
        self.more = more
        self.asked = 0

    def __len__(self) -> int:
        return len(self.numbers)

    def key(self, index: int) -> str:
        return str(self.numbers[index])

    def index(self, key: str) -> int:
        return self.numbers.index(int(key)) if int(key) in self.numbers else -1

    def render(self, index: int, width: int, style: Callable[[str], Style]) -> Iterable[Segment]:
        return [Segment(f"row {self.numbers[index]}")]

    def detail(self, index: int, width: int, style: Callable[[str], Style]) -> Sequence[Sequence[Segment]]:
        self.asked += 1
        return [[Segment(f"{self.numbers[index]}.{line}")] for line in range(self.lines.get(self.numbers[index], 0))]


class ListApp(App[None]):
    def __init__(self, rows: Numbers) -> None:
        super().__init__()
        self.subject = VirtualList(rows, foldable=True, empty="No changes yet.")
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.subject

    def on_virtual_list_more_wanted(self, message: Message) -> None:
        self.said.append(message)

    on_virtual_list_activated = on_virtual_list_more_wanted

    def shown(self, lines: int) -> list[str]:
        return [self.subject.render_line(y).text.rstrip() for y in range(lines)]

    def wanted_more(self) -> int:
        return sum(isinstance(message, VirtualList.MoreWanted) for message in self.said)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.sets(st.integers(0, 29)))
def test_lines_and_rows_agree_with_a_model_that_lists_them_all(heights: list[int], opened: set[int]) -> None:
    rows = Numbers(range(len(heights)), dict(enumerate(heights)))
    view = VirtualList(rows)
    opened = {row for row in opened if row < len(heights) and heights[row]}
    view._details = {str(row): rows.detail(row, 10, view.style_of) for row in opened}
    view._place()
    model = [(row, part) for row, height in enumerate(heights) for part in range(1 + height * (row in opened))]
    assert view.line_count() == len(model)
    assert [view.row_at(line) for line in range(len(model))] == model
    for row, height in enumerate(heights):
        assert view.span(row) == (model.index((row, 0)), 1 + height * (row in opened))


async def test_a_row_opens_into_its_lines_and_closes_again() -> None:
    app = ListApp(Numbers(range(5), {1: 2}))
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.press("l", "j", "l")
        assert app.shown(8) == [" ▸ row 0", "›▾ row 1", "   1.0", "   1.1", " ▸ row 2", " ▸ row 3", " ▸ row 4", ""]
        await pilot.press("j", "h", "k", "h")
        assert app.shown(3) == [" ▸ row 0", "›▸ row 1", " ▸ row 2"]


async def test_a_million_rows_draw_only_what_is_seen() -> None:
    app = ListApp(Numbers(range(1_000_000), {999_990: 3}))
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.press("G")
        app.subject.cursor = 999_990
        await pilot.press("l")
        assert app.subject.virtual_size.height == 1_000_003
        assert "›▾ row 999990" in app.shown(10)
        assert app.subject.rows.asked == 1


async def test_going_down_through_a_row_taller_than_the_view_shows_all_of_it() -> None:
    app = ListApp(Numbers(range(3), {0: 25}))
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.press("l")
        seen: set[str] = set()
        for _ in range(60):
            seen.update(line.strip() for line in app.shown(10))
            if app.subject.cursor:
                break
            await pilot.press("j")
        assert app.subject.cursor == 1
        assert {f"0.{line}" for line in range(25)} <= seen
        await pilot.press("k", "k")
        assert app.subject.cursor == 0


async def test_rows_that_come_later_and_the_word_that_more_will() -> None:
    rows = Numbers(list(range(30)), more=True)
    app = ListApp(rows)
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.pause()
        assert app.wanted_more() == 0
        await pilot.press("G")
        await pilot.pause()
        assert app.wanted_more() == 1
        app.subject.action_page(1)
        assert app.shown(10)[-2:] == ["›▸ row 29", " 30 of more"]
        assert app.subject.cursor == 29
        await pilot.press("k", "j")
        await pilot.pause()
        assert app.wanted_more() == 1
        rows.numbers = list(range(40))
        app.subject.rows_grew()
        await pilot.pause()
        assert " ▸ row 30" in app.shown(10)
        rows.more = False
        app.subject.rows_grew()
        await pilot.press("G")
        assert app.shown(10)[-1] == "›▸ row 39"


async def test_nothing_yet_and_nothing_at_all_are_said() -> None:
    rows = Numbers([], more=True)
    app = ListApp(rows)
    async with app.run_test(size=(30, 4)) as pilot:
        await pilot.press("j", "l", "h", "enter", "G")
        assert app.shown(1) == [" loading…"]
        rows.more = False
        app.subject.rows_grew()
        assert app.shown(1) == [" No changes yet."]


async def test_other_rows_keep_cursor_marks_and_opened_rows_by_key() -> None:
    app = ListApp(Numbers(range(10, 20), {15: 2}))
    async with app.run_test(size=(30, 12)) as pilot:
        app.subject.cursor = 5
        await pilot.press("l")
        app.subject.action_mark()
        app.subject.cursor = 5
        app.subject.set_rows(Numbers(range(12, 20), {15: 1}))
        assert app.shown(6) == [" ▸ row 12", " ▸ row 13", " ▸ row 14", "»▾ row 15", "   15.0", " ▸ row 16"]
        app.subject.set_rows(Numbers(range(16, 20)))
        assert app.shown(4) == [" ▸ row 16", " ▸ row 17", " ▸ row 18", "›▸ row 19"]


async def test_opened_rows_are_laid_out_again_for_another_width() -> None:
    rows = Numbers(range(3), {0: 2})
    app = ListApp(rows)
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.press("l")
        asked = rows.asked
        await pilot.resize_terminal(20, 10)
        await pilot.pause()
        assert rows.asked > asked
        rows.lines = {0: 4}
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert app.subject.virtual_size.height == 7


async def test_the_lines_of_a_row_leave_room_for_the_scrollbar_they_bring() -> None:
    class Wide(Numbers):
        def detail(self, index: int, width: int, style: Callable[[str], Style]) -> Sequence[Sequence[Segment]]:
            return [[Segment("x" * width)]] * 20

    app = ListApp(Wide(range(3)))
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.press("l")
        await pilot.pause()
        assert app.shown(2)[1] == "   " + "x" * 26


async def test_the_mouse_finds_rows_below_opened_ones() -> None:
    app = ListApp(Numbers(range(5), {1: 2}))
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.click(app.subject, offset=(1, 1))
        await pilot.click(app.subject, offset=(5, 5))
        assert app.subject.cursor == 3
        await pilot.click(app.subject, offset=(5, 4), times=2)
        await pilot.pause()
        assert [m.index for m in app.said if isinstance(m, VirtualList.Activated)] == [2]
