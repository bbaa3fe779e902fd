from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.app import App, ComposeResult

from dmart_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.style import Style
    from textual.message import Message


class Numbers:
    """Rows named after the numbers of a range."""

    def __init__(self, numbers: Sequence[int], more: bool = False) -> None:
        self.numbers = numbers
        self.more = more
        self.drawn: set[int] = set()

    def __len__(self) -> int:
        return len(self.numbers)

    def key(self, index: int) -> str:
        return str(self.numbers[index])

    def index(self, key: str) -> int:
        return self.numbers.index(int(key)) if int(key) in self.numbers else -1

    def render(self, index: int, width: int, style: Callable[[str], Style]) -> Iterable[Segment]:
        self.drawn.add(index)
        return [Segment(f"row {self.numbers[index]}")]


class ListApp(App[None]):
    def __init__(self, rows: Numbers) -> None:
        super().__init__()
        self.subject = VirtualList(rows, empty="No changes yet.")
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


async def test_a_million_rows_draw_only_what_is_seen() -> None:
    app = ListApp(Numbers(range(1_000_000)))
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.press("G", "k")
        assert app.subject.virtual_size.height == 1_000_000
        assert "›row 999998" in app.shown(10)
        assert len(app.subject.rows.drawn) <= 20


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
        assert app.shown(10)[-2:] == ["›row 29", " 30 of more"]
        assert app.subject.cursor == 29
        await pilot.press("k", "j")
        await pilot.pause()
        assert app.wanted_more() == 1
        rows.numbers = list(range(40))
        app.subject.rows_grew()
        await pilot.pause()
        assert " row 30" in app.shown(10)
        rows.more = False
        app.subject.rows_grew()
        await pilot.press("G")
        assert app.shown(10)[-1] == "›row 39"


async def test_a_scrollbar_that_comes_after_the_scroll_tells_where_the_rows_are() -> None:
    app = ListApp(Numbers(range(3)))
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.pause()
        assert not app.subject.show_vertical_scrollbar
        app.subject.set_rows(Numbers(range(100)))
        app.subject.cursor = 50
        await pilot.pause()
        assert app.subject.show_vertical_scrollbar
        assert app.subject.vertical_scrollbar.position == app.subject.scroll_offset.y > 0


async def test_nothing_yet_and_nothing_at_all_are_said() -> None:
    rows = Numbers([], more=True)
    app = ListApp(rows)
    async with app.run_test(size=(30, 4)) as pilot:
        await pilot.press("j", "l", "h", "enter", "G")
        assert app.shown(1) == [" loading…"]
        rows.more = False
        app.subject.rows_grew()
        assert app.shown(1) == [" No changes yet."]


async def test_a_word_about_nothing_takes_as_many_lines_as_it_needs() -> None:
    app = ListApp(Numbers([]))
    async with app.run_test(size=(14, 4)):
        assert app.shown(3) == [" No changes", " yet.", ""]


async def test_other_rows_keep_cursor_and_marks_by_key() -> None:
    app = ListApp(Numbers(range(10, 20)))
    async with app.run_test(size=(30, 12)):
        app.subject.cursor = 5
        app.subject.action_mark()
        app.subject.cursor = 5
        app.subject.set_rows(Numbers(range(12, 20)))
        assert app.shown(5) == [" row 12", " row 13", " row 14", "»row 15", " row 16"]
        app.subject.set_rows(Numbers(range(16, 20)))
        assert app.shown(4) == [" row 16", " row 17", " row 18", "›row 19"]


async def test_the_mouse_moves_the_cursor_and_a_double_click_activates() -> None:
    app = ListApp(Numbers(range(5)))
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.click(app.subject, offset=(5, 3))
        assert app.subject.cursor == 3
        await pilot.click(app.subject, offset=(5, 2), times=2)
        await pilot.pause()
        assert [m.index for m in app.said if isinstance(m, VirtualList.Activated)] == [2]
