from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App, ComposeResult

from dmart_tui.tui.widgets.result_grid import ResultGrid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.message import Message


class Numbers:
    """Rows that are made when they are asked for."""

    def __init__(self, columns: int = 6, *, known: int = 10_000_000, done: bool = True) -> None:
        self.columns = [f"col{n}" for n in range(columns)]
        self.known = known
        self.done = done

    def row(self, index: int) -> Sequence[object] | None:
        if index >= self.known:
            return None
        return [
            f"{index}/{column}" if column else None if index % 7 == 3 else "" for column in range(len(self.columns))
        ]


class GridApp(App[None]):
    def __init__(self, grid: ResultGrid) -> None:
        super().__init__()
        self.subject = grid
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.subject

    def on_result_grid_end_wanted(self, message: Message) -> None:
        self.said.append(message)

    def shown(self, lines: int) -> list[str]:
        return [self.subject.render_line(y).text.rstrip() for y in range(lines)]


async def test_ten_million_rows_are_a_key_away() -> None:
    grid = ResultGrid(Numbers())
    app = GridApp(grid)
    async with app.run_test(size=(50, 8)) as pilot:
        await pilot.press("G")
        await pilot.pause()
        assert "9999999/1" in app.shown(7)[-1]
        assert grid.cursor == 9_999_999
        grid.cursor = 5_000_000
        await pilot.pause()
        assert any("5000000/1" in line for line in app.shown(8))


async def test_null_is_not_the_empty_text() -> None:
    app = GridApp(ResultGrid(Numbers()))
    async with app.run_test(size=(40, 8)):
        lines = app.shown(5)
        assert lines[4].startswith(" ∅")
        assert lines[3].startswith("      ")


async def test_frozen_columns_stay_while_others_scroll() -> None:
    grid = ResultGrid(Numbers(20))
    app = GridApp(grid)
    async with app.run_test(size=(40, 6)) as pilot:
        grid.freeze(2)
        await pilot.press(*["l"] * 19)
        lines = app.shown(3)
        assert lines[0].startswith(" col0  col1 │")
        assert lines[0].endswith("col19")
        assert lines[2].startswith("       1/1  │")
        assert lines[2].endswith("1/19")
        await pilot.press(*["h"] * 17)
        assert app.shown(1)[0].startswith(" col0  col1 │col2")
        await pilot.press("h")
        assert (grid.column, grid.source_column) == (1, 1)


async def test_a_click_behind_frozen_columns_finds_its_cell() -> None:
    grid = ResultGrid(Numbers(20))
    app = GridApp(grid)
    async with app.run_test(size=(40, 6)) as pilot:
        grid.freeze(1)
        await pilot.press(*["l"] * 12)
        at = app.shown(1)[0].index("col11")
        await pilot.click(grid, offset=(at + 1, 2))
        assert grid.source_column == 11
        await pilot.click(grid, offset=(2, 2))
        assert grid.source_column == 0


async def test_hidden_columns_are_stepped_over() -> None:
    grid = ResultGrid(Numbers(4))
    app = GridApp(grid)
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.press("l")
        grid.hide({1, 2})
        assert app.shown(1) == [" col0  col3"]
        assert grid.source_column == 3
        grid.hide(range(4))
        assert grid.hidden == {1, 2}
        grid.hide(())
        assert app.shown(1) == [" col0  col1  col2  col3"]
        assert grid.source_column == 3


async def test_columns_are_resized_and_fitted() -> None:
    grid = ResultGrid(Numbers(3))
    app = GridApp(grid)
    async with app.run_test(size=(60, 6)) as pilot:
        grid.resize(4)
        assert app.shown(1) == [" col0      col1  col2"]
        grid.resize(-100)
        assert app.shown(1) == [" co…  col1  col2"]
        await pilot.press("l")
        grid.resize(20)
        grid.fit_column()
        assert app.shown(1) == [" co…  col1  col2"]


async def test_columns_grow_for_what_comes_into_view() -> None:
    app = GridApp(ResultGrid(Numbers(2)))
    async with app.run_test(size=(60, 6)) as pilot:
        assert app.shown(1) == [" col0  col1"]
        await pilot.press("G")
        await pilot.pause()
        assert app.shown(6)[-1] == "›      9999999/1"
        await pilot.press("g", "pagedown")
        assert app.shown(6)[-1].endswith("/1")


async def test_signs_of_columns_and_what_stays_with_another_order() -> None:
    grid = ResultGrid(Numbers(3))
    app = GridApp(grid)
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.press("l")
        grid.signs_of = {1: "▼", 2: "▲⊂"}
        grid.columns_changed()
        assert app.shown(1) == [" col0  ▼ col1  ▲⊂ col2"]
        grid.freeze(1)
        grid.set_source(Numbers(3, known=5), keep=True)
        assert (grid.frozen, grid.column) == (1, 1)
        grid.set_source(Numbers(3))
        assert (grid.frozen, grid.column, grid.signs_of) == (0, 0, {})


async def test_marks_are_signs_too() -> None:
    grid = ResultGrid(Numbers(2))
    app = GridApp(grid)
    async with app.run_test(size=(30, 6)):
        grid.action_mark()
        assert [line[:1] for line in app.shown(4)] == [" ", "•", "›", " "]
        assert grid.marked == {0}


async def test_the_last_row_of_what_still_comes_is_asked_for() -> None:
    grid = ResultGrid(Numbers(2, known=10, done=False))
    app = GridApp(grid)
    async with app.run_test(size=(30, 20)) as pilot:
        await pilot.press("G")
        await pilot.pause()
        assert grid.cursor == 9
        assert [type(message).__name__ for message in app.said] == ["EndWanted"]
        assert app.shown(12)[11] == " 10 of more"


async def test_values_are_written_by_whoever_knows_them_and_made_safe() -> None:
    grid = ResultGrid(Numbers(2, known=3), write=lambda value, column: f"<{column}:{value}\x1b>")
    app = GridApp(grid)
    async with app.run_test(size=(40, 6)):
        assert app.shown(2) == [" col0   col1", "›<0:␛>  <1:0/1␛>"]


async def test_the_cursors_cell_is_underlined() -> None:
    grid = ResultGrid(Numbers(3, known=3))
    app = GridApp(grid)
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.press("l")
        underlined = [s.text.strip() for s in grid.render_line(1) if s.style is not None and s.style.underline]
        assert underlined == ["0/1"]


async def test_no_columns_take_every_key() -> None:
    grid = ResultGrid(empty="Nothing ran yet.")
    app = GridApp(grid)
    async with app.run_test(size=(30, 6)) as pilot:
        await pilot.press("j", "l", "h", "G", "g")
        grid.resize(1)
        grid.fit_column()
        grid.freeze(1)
        grid.action_mark()
        assert app.shown(2)[1] == " Nothing ran yet."
        assert grid.current_value is None
