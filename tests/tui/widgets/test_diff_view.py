from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App

from dmart_tui.core.diffing import diff_text
from dmart_tui.tui.widgets.diff_view import DiffView

if TYPE_CHECKING:
    from textual.app import ComposeResult

OLD = [f"line {number} of [text]" for number in range(60)]
NEW = [*OLD[:10], "line ten of [text]", *OLD[11:30], "added\x1b[31m", *OLD[30:45], *OLD[46:]]


class DiffApp(App[None]):
    def __init__(self, view: DiffView) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        yield self.view


def diff_view(*, folded: bool = True) -> DiffView:
    return DiffView(diff_text("\n".join(OLD), "\n".join(NEW)), folded=folded)


def screen(view: DiffView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def words(line: str) -> list[str]:
    return line.split()


async def test_side_by_side_when_wide() -> None:
    app = DiffApp(diff_view())
    async with app.run_test(size=(120, 40)):
        lines = screen(app.view)
        assert words(lines[0]) == ["›", "⋯", "7", "equal", "lines"]
        left, right = lines[4].split("│")
        assert words(left) == ["11", "~", "line", "10", "of", "[text]"]
        assert words(right) == ["11", "~", "line", "ten", "of", "[text]"]
        added = next(line for line in lines if "added" in line)
        assert words(added) == ["│", "31", "+", "added␛[31m"]
        removed = next(line for line in lines if " - " in line)
        assert words(removed) == ["46", "-", "line", "45", "of", "[text]", "│"]


async def test_one_under_the_other_when_narrow() -> None:
    app = DiffApp(diff_view())
    async with app.run_test(size=(60, 40)) as pilot:
        lines = [words(line) for line in screen(app.view)]
        assert lines[4] == ["11", "-", "line", "10", "of", "[text]"]
        assert lines[5] == ["11", "+", "line", "ten", "of", "[text]"]
        assert not app.view.wide
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert app.view.wide
        assert "│" in screen(app.view)[4]


async def test_only_changed_words_are_emphasised() -> None:
    app = DiffApp(diff_view())
    async with app.run_test(size=(120, 40)):
        strong = [segment.text for segment in app.view.render_line(4) if segment.style and segment.style.underline]
        assert strong == ["10", "ten"]


async def test_changes_can_be_walked_and_equal_lines_unfolded() -> None:
    app = DiffApp(diff_view())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n")
        assert "ten" in app.view.render_line(app.view.cursor).text
        await pilot.press("n")
        assert "added" in app.view.render_line(app.view.cursor).text
        await pilot.press("N", "g", "enter")
        assert words(screen(app.view)[0])[:3] == ["›", "1", "line"]
        rows = app.view.row_count()
        await pilot.press("z")
        assert app.view.row_count() == 61 > rows
        await pilot.press("z")
        assert app.view.row_count() < rows


async def test_the_cursor_stays_on_its_line_when_folds_change() -> None:
    app = DiffApp(diff_view(folded=False))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("n", "n", "z")
        line, _ = app.view.span(app.view.cursor)
        assert "added" in app.view.render_line(line - app.view.scroll_offset.y).text


async def test_equal_texts_say_so_and_another_diff_can_be_shown() -> None:
    app = DiffApp(DiffView(diff_text("a", "a")))
    async with app.run_test(size=(60, 10)) as pilot:
        assert screen(app.view)[0].strip() == "no difference"
        await pilot.press("j", "n", "z", "enter", "G")
        app.view.show_diff(diff_text("a", "b"))
        await pilot.pause()
        assert [words(line) for line in screen(app.view)[:2]] == [["›", "1", "-", "a"], ["1", "+", "b"]]
