from __future__ import annotations

import asyncio
import csv
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Input

from dmart_tui.core.background import CancelToken
from dmart_tui.tui.hints import hints_of
from dmart_tui.tui.screens.dialog import RowList
from dmart_tui.tui.sql.cell_viewer import CellViewer
from dmart_tui.tui.widgets.chart import BarChart, ColumnChart, Histogram, LineChart, ScatterChart
from dmart_tui.tui.widgets.hex_view import HexView
from dmart_tui.tui.widgets.json_tree import JsonTree
from dmart_tui.tui.widgets.text_view import TextView
from tests.support.panes import make_space, press, settle
from tests.support.result_app import ResultApp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

SALES = """SELECT range AS id, 'city ' || range % 3 AS city, (range * 1.5)::DECIMAL(18,2) AS price,
    CASE WHEN range % 2 = 0 THEN NULL ELSE '' END AS note, DATE '2024-01-01' + range::INT AS day,
    {'a': range, 'b': ['x', 'y']} AS nested, '\\x00\\xFF'::BLOB AS bin, 'shop/pear' AS address
    FROM range(20)"""


@asynccontextmanager
async def showing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str, parameters: dict[str, object] | None = None
) -> AsyncIterator[tuple[ResultApp, Pilot[None]]]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root = tmp_path / "a root"
    if not root.exists():
        make_space(root)
    app = ResultApp(root, sql, parameters)
    copied: list[str] = []
    app.copy_text = copied.append  # type: ignore[method-assign]
    app.copied = copied  # type: ignore[attr-defined]
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        yield app, pilot


def lines(app: ResultApp, count: int) -> list[str]:
    return [app.view.grid.render_line(y).text.rstrip() for y in range(count)]


async def go(app: ResultApp, column: str) -> None:
    app.view.grid.column = list(app.view.grid.source.columns).index(column)


async def ask(pilot: Pilot[None], *keys: str) -> None:
    """Press keys that open dialogs and answer them, and wait for what they led to, a dialog too."""
    app: Any = pilot.app
    for key in keys:
        await pilot.press(key)
        for _ in range(3):
            await pilot.pause()
    while app.screen is app.screen_stack[0] and app.tasks.listed and app.tasks.listed[-1].state == "running":
        await pilot.pause(0.01)
    if app.screen is app.screen_stack[0]:
        await settle(pilot)


async def test_sorting_filters_and_the_way_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):
        assert app.view.facts == "row 1 of 20 · id BIGINT"
        assert lines(app, 2)[1].startswith("› 0  city 0   0.00  ∅")
        await go(app, "price")
        await press(pilot, "s", "s")
        assert "▼ price" in lines(app, 1)[0]
        assert lines(app, 2)[1].startswith("›19  city 1")
        await go(app, "city")
        await ask(pilot, "slash", *"1", "enter")
        assert "⊂ city" in lines(app, 1)[0]
        assert app.view.facts == "row 1 of 7 · city VARCHAR · is ~ 1"
        await press(pilot, "a")
        assert "▼1 price" in lines(app, 1)[0]
        assert "▲2⊂ city" in lines(app, 1)[0]
        await press(pilot, "u")
        assert lines(app, 2)[1].startswith("› 0  city 0")
        assert app.view.facts == "row 1 of 20 · city VARCHAR"


async def test_a_click_on_a_header_sorts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):
        at = lines(app, 1)[0].index("price")
        for sign in ("▲ price", "▼ price"):
            await pilot.click(app.view.grid, offset=(at + 2, 0))
            await settle(pilot)
            assert sign in lines(app, 1)[0]


async def test_a_filter_is_checked_and_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):
        await ask(pilot, "slash", *">x", "escape")
        assert app.view.result is not None
        assert app.view.result.known == 20
        await ask(pilot, "slash", *">17", "enter")
        assert app.view.facts == "row 1 of 2 · id BIGINT · is > 17"
        await ask(pilot, "slash", *["backspace"] * 4, "enter")
        assert app.view.facts == "row 1 of 20 · id BIGINT"


async def test_parameters_of_the_statement_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "SELECT range + $start AS n FROM range(10)"
    async with showing(tmp_path, monkeypatch, sql, {"start": 100}) as (app, pilot):
        await press(pilot, "s", "s")
        assert lines(app, 2)[1] == "›109"
        await ask(pilot, "slash", *"<103", "enter")
        assert [line.strip("› ") for line in lines(app, 5)[1:]] == ["102", "101", "100", ""]


async def test_far_rows_and_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, "SELECT range AS n FROM range(300000)") as (app, pilot):
        grid = app.view.grid
        assert grid.source.known < 300_000
        await ask(pilot, "comma", *"150000", "enter")
        assert grid.cursor == 149_999
        assert any(line.startswith("›149999") for line in lines(app, 30))
        await press(pilot, "e")
        assert "of 300,000" in app.view.facts
        await press(pilot, "G")
        await settle(pilot)
        assert (grid.cursor, grid.source.done) == (299_999, True)
        assert any(line.startswith("›299999") for line in lines(app, 30))
        assert len(grid.source._pages) <= 10  # type: ignore[attr-defined]


async def test_reading_on_stops_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "SELECT range AS n FROM range(9000000000000)"
    async with showing(tmp_path, monkeypatch, endless) as (app, pilot):
        await pilot.press("G")
        while not app.tasks.running:
            await pilot.pause()
        token: CancelToken = next(task for task in app.tasks.listed if task.state == "running").cancel
        token.cancel()
        await settle(pilot)
        assert app.view.result is not None
        assert app.view.result.cut == "interrupted"
        assert "! interrupted" in app.view.facts
        assert app.view.grid.source.done


async def test_cells_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):
        for column, view in (("nested", JsonTree), ("city", TextView), ("bin", HexView), ("note", TextView)):
            await go(app, column)
            await ask(pilot, "enter")
            assert isinstance(app.screen, CellViewer)
            shown = app.screen.query_one(view)
            if column == "nested":
                assert shown.rows.value == {"a": 0, "b": ["x", "y"]}  # type: ignore[attr-defined]
                await pilot.press("v")
                await pilot.pause()
                assert app.screen.query(TextView)
                await pilot.press("y")
                assert app.copied == ["{'a': 0, 'b': [x, y]}"]  # type: ignore[attr-defined]
            await ask(pilot, "escape")


COPIES = {
    "c": "id,city\n0,city 0\n1,city 1\n",
    "j": '[\n  {"id": 0, "city": "city 0"},\n  {"id": 1, "city": "city 1"}\n]\n',
    "i": """INSERT INTO "rows"("id", "city") VALUES\n  (0, 'city 0'),\n  (1, 'city 1');\n""",
    "m": "| id | city |\n| ---: | --- |\n| 0 | city 0 |\n| 1 | city 1 |\n",
}


async def test_marked_rows_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):
        app.view.grid.hide(range(2, 8))
        await press(pilot, "space", "space")
        assert "2 marked" in app.view.facts
        for key in COPIES:
            await ask(pilot, "C", key)
        assert app.copied == [*COPIES.values()]  # type: ignore[attr-defined]
        await press(pilot, "c", "Z")
        assert app.copied[-1] == "2"  # type: ignore[attr-defined]
        assert not app.view.grid.marked


async def test_columns_are_chosen_hidden_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):
        await ask(pilot, "n", "f2", *"pri", "enter")
        assert app.view.grid.hidden == {0}
        assert app.view.facts.endswith("price DECIMAL(18,2)")
        await press(pilot, "z")
        assert app.view.grid.frozen == 2
        await press(pilot, "minus", "s")
        assert app.view.grid.hidden == {0, 2}
        assert "▲ note" in lines(app, 1)[0]
        await ask(pilot, "n", "f3", "escape")
        assert app.view.grid.hidden == set()


async def test_the_entries_of_rows_are_opened_and_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "SELECT 'shop/pear' || range AS address FROM range(3)"
    async with showing(tmp_path, monkeypatch, sql) as (app, pilot):
        assert str(app.chosen()) == "shop/pear0"
        matching = app.view.matching()
        assert matching is not None
        assert [str(address) for address in matching()] == ["shop/pear0", "shop/pear1", "shop/pear2"]
        assert app.view.marked() is None
        await press(pilot, "j", "space")
        marked = app.view.marked()
        assert marked is not None
        assert [str(address) for address in marked()] == ["shop/pear1"]
        await press(pilot, "o")
        assert app.opened == ["shop/pear2"]
    async with showing(tmp_path, monkeypatch, "SELECT 1 AS n") as (app, pilot):
        assert app.view.refusal("result.entry") == "No column of the row holds the address of an entry."


OF_CITY = "row 1 of 7 · city VARCHAR · is = city 0"
OF_DAYS = "row 1 of 2 · day DATE · is 2024-01-01 00:00:00..2024-01-02 00:00:00"
CHARTS: list[tuple[list[list[str]], type, str, str]] = [
    ([["c", "b"], ["l", *"city", "enter"], ["f", "n"]], BarChart, "rows by city", OF_CITY),
    ([["c", "c"], ["f", "s"], ["n", *"price", "enter"]], ColumnChart, "sum of price by city", OF_CITY),
    ([["c", "h"], ["n", *"id", "enter"]], Histogram, "id · 20 numbers", "row 1 of 2 · id BIGINT · is 0.0..1.0"),
    ([["n", *"day", "enter"]], Histogram, "day · 20 numbers", OF_DAYS),
    ([["c", "l"], ["f", "r"], ["n", *"price", "enter"]], LineChart, "price along day · 20 points", ""),
    ([["c", "s"], ["l", *"id", "enter"]], ScatterChart, "price along id · 20 points", ""),
]


async def test_charts_and_the_rows_behind_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):
        for changes, kind, words, behind in CHARTS:
            for keys in changes:
                await ask(pilot, "V", *keys)
            chart: Any = app.view.query_one(kind)
            assert chart.has_focus
            assert not app.view.grid.display
            assert app.view.facts == words
            assert (app.view.refusal("result.open") is None) is bool(behind)
            await ask(pilot, "enter")
            if behind:
                assert app.view.facts == behind
                assert app.view.grid.has_focus
                await press(pilot, "u")


LIKELY = [
    ("id", LineChart, "sum of id along day · 20 points"),
    ("city", BarChart, "sum of id by city"),
    ("day", LineChart, "sum of id along day · 20 points"),
    ("price", LineChart, "sum of price along day · 20 points"),
]


async def test_one_key_draws_what_the_types_of_the_columns_make_likely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):
        for column, kind, words in LIKELY:
            await app.run_sql(SALES)
            await go(app, column)
            await ask(pilot, "v")
            assert app.view.query_one(kind).has_focus
            assert app.view.facts == words
        for sql, words in (
            ("SELECT 'a' AS name, 'b' AS other", "rows by name"),
            ("SELECT 3 AS name, 'b' AS other", "sum of name by other"),
            ("SELECT 3 AS n, 4 AS m", "n · 1 numbers"),
            ("SELECT DATE '2026-11-21' AS day, 'b' AS other, true AS yes", "day · 1 numbers"),
        ):
            await app.run_sql(sql)
            await ask(pilot, "v")
            assert app.view.facts == words


async def test_what_is_drawn_goes_over_into_another_chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):
        await go(app, "price")
        await ask(pilot, "v")
        for kind, words in (
            ("b", "sum of price by day"),
            ("s", "price along day · 20 points"),
            ("h", "price · 20 numbers"),
            ("c", "sum of price by city"),
            ("l", "sum of price along day · 20 points"),
        ):
            await ask(pilot, "V", "c", kind)
            assert app.view.facts == words
        await ask(pilot, "V", "f", "n")
        assert app.view.facts == "rows along day · 20 points"
        await ask(pilot, "V", "f", "h")
        assert app.view.facts == "max of price along day · 20 points"
        await ask(pilot, "V", "c", "escape")
        assert app.view.facts == "max of price along day · 20 points"
        await ask(pilot, "V", "l", *"price", "enter")
        assert app.view.facts == "max of id along price · 20 points"


async def test_the_bottom_line_says_what_the_keys_of_a_chart_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hints() -> dict[str, str]:
        return {name: title for name, _, title in hints_of(app) or []}

    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):
        assert (hints()["result.open"], hints()["result.chart"]) == ("Cell", "Chart")
        assert "result.other-chart" not in hints()
        await go(app, "city")
        await ask(pilot, "v")
        assert (hints()["result.open"], hints()["result.chart"]) == ("Rows behind", "Rows")
        assert "result.other-chart" in hints()
        await ask(pilot, "V", "c", "l")
        assert "result.open" not in hints()


async def test_what_is_not_committed_is_counted_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, "CREATE TABLE t(n BIGINT)") as (app, pilot):
        for sql in ("BEGIN", "INSERT INTO t SELECT range FROM range(9000)", "SELECT * FROM t"):
            await app.run_sql(sql)
        await press(pilot, "e")
        assert "of 9,000" in app.view.facts
        await ask(pilot, "v")
        assert app.view.facts == "n · 9,000 numbers"


async def test_a_chart_and_the_rows_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):
        await go(app, "city")
        await ask(pilot, "v")
        assert app.view.refusal("result.sort") == "The chart is shown: v shows the rows."
        await press(pilot, "v")
        assert app.view.grid.has_focus
        assert not app.view.query(BarChart)
        await press(pilot, "v")
        assert app.view.query(BarChart)
        assert app.view.leave()
        await settle(pilot)
        assert not app.view.leave()


async def test_export_never_replaces_a_file_without_asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out here.csv"
    target.write_text("precious")
    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):

        async def export(*answer: str) -> None:
            await ask(pilot, "W", "c")
            app.screen.query_one(Input).value = str(target)
            await ask(pilot, "enter")
            await ask(pilot, *answer)
            await settle(pilot)

        await export("n")
        assert target.read_text() == "precious"
        await export("y")
        with target.open(newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0][:3] == ["id", "city", "price"]
        assert len(rows) == 21
        assert any("20 rows" in told.text for told in app.notices)


async def test_export_of_rows_that_still_come_repeats_no_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.csv"

    async def export(app: ResultApp, pilot: Pilot[None]) -> int:
        await ask(pilot, "W", "c")
        app.screen.query_one(Input).value = str(target)
        await ask(pilot, "enter")
        lines = target.read_bytes().count(b"\n")
        target.unlink()
        return lines

    async with showing(tmp_path, monkeypatch, "SELECT range AS n FROM range(50000)") as (app, pilot):
        assert await export(app, pilot) == 50_001
        assert app.view.grid.source.known < 50_000
        await app.run_sql("CREATE TABLE t(n BIGINT)")
        await app.run_sql("INSERT INTO t SELECT range FROM range(50000) RETURNING n")
        assert await export(app, pilot) == 50_001
        assert app.view.refusal("result.sort") == "Only the rows of a SELECT can be asked for once more."
        await app.run_sql("SELECT count(*) FROM t")
        assert app.view.grid.current_value == 50_000


async def test_the_newest_of_two_results_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, SALES) as (app, pilot):
        session: Any = app.sql_session
        first, second = session.run("SELECT 1 AS first"), session.run("SELECT 2 AS second")
        await asyncio.gather(app.view.show(first, session), app.view.show(second, session))
        await settle(pilot)
        assert app.view.result is second
        assert lines(app, 2) == [" second", "›     2"]
        await press(pilot, "s", "s")
        assert app.view.shape.order


async def test_statements_without_rows_and_of_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, "CREATE TABLE t AS SELECT 1 AS a") as (app, pilot):
        assert app.view.facts == ""
        assert "1 row written" in lines(app, 2)[1]
        assert app.view.refusal("result.sort") == "There is no result."
        await app.run_sql("SELECT * FROM t WHERE a > 5")
        await settle(pilot)
        assert app.view.facts == "no row · a INTEGER"
        assert app.view.refusal("result.open") == "There is no row."
        app.view.clear("Gone.")
        await settle(pilot)
        assert "Gone." in lines(app, 2)[1]


async def test_hostile_names_and_values_are_shown_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = 'SELECT \'\x1b[31m[red]\' AS "a\u202eb\x1b", [1, 2] AS "[bold]"'
    async with showing(tmp_path, monkeypatch, sql) as (app, pilot):
        assert lines(app, 2) == [" a⟨RLO⟩b␛    [bold]", "›␛[31m[red]  [1, 2]"]
        await ask(pilot, "n", "escape")
        await ask(pilot, "enter", "escape")
        await ask(pilot, "V", "l", "escape")
        assert not app.screen.query(RowList)


async def test_secrets_are_masked_until_they_are_to_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with showing(tmp_path, monkeypatch, "SELECT 'ali' AS name, 'hunter2' AS password") as (app, pilot):
        await go(app, "password")
        await press(pilot, "c")
        await ask(pilot, "C", "c")
        assert app.copied == ["••••••", "name,password\nali,••••••\n"]  # type: ignore[attr-defined]
        assert "hunter2" not in lines(app, 2)[1]
        await press(pilot, "S", "c")
        assert app.copied[-1] == "hunter2"  # type: ignore[attr-defined]
        assert "hunter2" in lines(app, 2)[1]
        await ask(pilot, "v")
        assert app.view.query_one(BarChart).items == [("hunter2", 1.0)]
        assert app.view.refusal("result.open") is None
        await press(pilot, "S")
        assert app.view.query_one(BarChart).items == [("••••••", 1.0)]
        assert app.view.refusal("result.open") == "Which rows are behind it cannot be told."


async def test_json_text_is_a_tree_and_long_text_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = json.dumps({"k": list(range(50))})
    sql = f"SELECT '{value}'::JSON AS j, repeat('long ', 20000) AS t"
    async with showing(tmp_path, monkeypatch, sql) as (app, pilot):
        await ask(pilot, "enter")
        assert app.screen.query_one(JsonTree).rows.value == json.loads(value)
        await ask(pilot, "escape")
        await go(app, "t")
        assert max(map(len, lines(app, 2))) <= 100
        await press(pilot, "c")
        assert app.copied == ["long " * 20000]  # type: ignore[attr-defined]
