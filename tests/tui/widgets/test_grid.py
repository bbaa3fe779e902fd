from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.app import App, ComposeResult

from dmart_tui.tui.widgets.grid import Grid, cell_text, is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.message import Message


class Table:
    def __init__(
        self, columns: Sequence[str], rows: Sequence[Sequence[object]], *, known: int | None = None, done: bool = True
    ) -> None:
        self.columns = columns
        self.rows = rows
        self.known = len(rows) if known is None else known
        self.done = done
        self.asked: set[int] = set()

    def row(self, index: int) -> Sequence[object] | None:
        self.asked.add(index)
        return self.rows[index] if index < len(self.rows) else None


class GridApp(App[None]):
    def __init__(self, table: Table | None) -> None:
        super().__init__()
        self.subject = Grid(table, empty="No rows.")
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.subject

    def on_grid_activated(self, message: Message) -> None:
        self.said.append(message)

    def shown(self, lines: int) -> list[str]:
        return [self.subject.render_line(y).text.rstrip() for y in range(lines)]


PEOPLE = Table(
    ["name", "age", "city"],
    [["Sara", 34, "Erbil"], ["Ali\x1b[31m", None, "Duhok"], ["a\nb", 7, None], ["short"]],
)


async def test_numbers_stand_right_and_nothing_hostile_comes_through() -> None:
    app = GridApp(PEOPLE)
    async with app.run_test(size=(40, 7)):
        assert app.shown(6) == [
            " name      age  city",
            "›Sara       34  Erbil",
            " Ali␛[31m    ∅  Duhok",
            " a␊b         7  ∅",
            " short",
            "",
        ]


@pytest.mark.parametrize(
    ("value", "text", "number"),
    [
        (None, "∅", False),
        (True, "true", False),
        (1.5, "1.5", True),
        (b"\xff\x00", "2 bytes", False),
        ("1,234", "1,234", True),
        ("-2.5e3", "-2.5e3", True),
        ("12 apples", "12 apples", False),
        ({"a": ["\x1b"]}, "{'a': ['\\x1b']}", False),
        ("\u202eevil", "⟨RLO⟩evil", False),
    ],
)
def test_any_value_is_one_line_of_safe_text(value: object, text: str, number: bool) -> None:
    assert cell_text(value) == text
    assert is_number(value) is number


def test_an_endless_value_is_cut() -> None:
    assert len(cell_text("x" * 10_000_000)) < 1000


async def test_the_header_stays_while_rows_and_columns_scroll() -> None:
    table = Table([f"column {i}" for i in range(50)], [[r * 100 + c for c in range(50)] for r in range(100)])
    app = GridApp(table)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("G", *["l"] * 12)
        lines = app.shown(9)
        assert "column 12" in lines[0]
        assert lines[8].startswith("›")
        assert "9912" in lines[8]
        assert app.subject.column == 12
        at = lines[0].index("column 12") + len("column 12")
        assert lines[8][:at].endswith("9912")
        await pilot.press("g", *["h"] * 20)
        assert app.shown(2)[1].startswith("›       0         1")


async def test_a_column_wider_than_the_view_is_shown_from_its_beginning() -> None:
    app = GridApp(Table(["a", "b", "c"], [["x", "y" * 100, "z"]]))
    async with app.run_test(size=(20, 6)) as pilot:
        await pilot.press("l")
        assert app.shown(2) == [" b".ljust(2), "›yyyyyyyyyyyyyyyyyyy"]
        await pilot.press("l")
        assert app.shown(1)[0].rstrip().endswith("c")


async def test_only_rows_in_view_are_asked_for() -> None:
    table = Table(["n"], [[i] for i in range(200)], known=1_000_000)
    app = GridApp(table)
    async with app.run_test(size=(30, 10)) as pilot:
        table.asked.clear()
        await pilot.press("G")
        await pilot.pause()
        assert min(table.asked) >= 999_990
        assert len(table.asked) <= 10
        assert app.shown(10)[1] == " ·"


async def test_rows_that_come_later_are_measured_and_the_rest_is_said() -> None:
    table = Table(["id", "text"], [], done=False)
    app = GridApp(table)
    async with app.run_test(size=(40, 8)) as pilot:
        await pilot.press("j", "l", "enter")
        assert app.shown(2) == [" id  text", " loading…"]
        table.rows = [[1, "a long text"], [22222, "b"]]
        table.known = 2
        app.subject.rows_changed()
        assert app.shown(4) == ["    id  text", "›    1  a long text", " 22222  b", " 2 of more"]
        table.done = True
        app.subject.rows_changed()
        assert app.shown(4)[3] == ""


async def test_another_source_begins_at_the_top() -> None:
    app = GridApp(Table(["a", "b"], [[i, i] for i in range(100)]))
    async with app.run_test(size=(40, 8)) as pilot:
        await pilot.press("G", "l")
        app.subject.set_source(PEOPLE)
        await pilot.pause()
        assert (app.subject.cursor, app.subject.column) == (0, 0)
        assert app.shown(2)[1].startswith("›Sara")


async def test_a_grid_without_rows_says_so_and_takes_every_key() -> None:
    app = GridApp(None)
    async with app.run_test(size=(40, 8)) as pilot:
        await pilot.press("j", "k", "g", "G", "h", "l", "ctrl+d", "pagedown", "enter")
        assert app.shown(2)[1] == " No rows."


async def test_the_mouse_chooses_row_and_column() -> None:
    app = GridApp(PEOPLE)
    async with app.run_test(size=(40, 8)) as pilot:
        await pilot.click(app.subject, offset=(17, 3), times=2)
        await pilot.pause()
        assert [(m.row, m.column) for m in app.said if isinstance(m, Grid.Activated)] == [(2, 2)]
