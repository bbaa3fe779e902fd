from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from textual.app import App

from dmart_tui.tui.widgets.json_tree import JsonTree

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.pilot import Pilot

VALUE: dict[str, Any] = {
    "shortname": "x\x1b[31m[bold]\u202e",
    "n": 12,
    "ok": True,
    "nothing": None,
    "items": [{"price": 11, "tags": ["a", "b"]}, {"price": 2}],
    "empty": {},
}


class TreeApp(App[None]):
    def __init__(self, tree: JsonTree) -> None:
        super().__init__()
        self.view = tree
        self.paths: list[str] = []
        self.found: list[int | None] = []

    def compose(self) -> ComposeResult:
        yield self.view

    def on_json_tree_highlighted(self, event: JsonTree.Highlighted) -> None:
        self.paths.append(event.path)

    def on_json_tree_found(self, event: JsonTree.Found) -> None:
        self.found.append(event.row)


def screen(tree: JsonTree) -> list[str]:
    return [tree.render_line(y).text.rstrip() for y in range(tree.size.height)]


async def test_kinds_show_without_colour_and_nothing_escapes() -> None:
    app = TreeApp(JsonTree(VALUE))
    async with app.run_test(size=(70, 12)):
        assert screen(app.view)[:6] == [
            '›  shortname: "x\\u001b[31m[bold]⟨RLO⟩"',
            "   n: 12",
            "   ok: true",
            "   nothing: null",
            " ▸ items [2]  {…}, {…}",
            "   empty: {0 keys}",
        ]


async def test_unfolding_walking_and_folding() -> None:
    app = TreeApp(JsonTree(VALUE))
    async with app.run_test(size=(70, 20)) as pilot:
        await pilot.press(*"jjjj", "l")
        assert screen(app.view)[4:7] == [
            "›▾ items [2]",
            "   ▸ 0 {2 keys}  price: 11, tags: […]",
            "   ▸ 1 {1 key}  price: 2",
        ]
        await pilot.press("l", "l", "l")
        assert app.view.path == "items[0].price"
        assert app.view.current == 11
        await pilot.press("h")
        assert app.view.path == "items[0]"
        await pilot.press("enter", "h")
        assert app.view.path == "items"
        await pilot.press("h", "G")
        assert app.view.path == "empty"
        assert app.paths[-1] == "empty"


async def test_levels() -> None:
    app = TreeApp(JsonTree(VALUE))
    async with app.run_test(size=(70, 20)) as pilot:
        await pilot.press("Z")
        assert app.view.row_count() == 8
        await pilot.press("Z", "Z")
        assert app.view.row_count() == 13
        app.view.reveal("items[0].tags[1]")
        await pilot.press("z")
        assert app.view.row_count() == 6
        assert app.view.path == "items"


async def test_words_stand_beside_values_and_are_counted_while_folded() -> None:
    notes = {"items[0].price": "✗ must be ≤ 10\x1b[2J", "n": "✗ must be text"}
    app = TreeApp(JsonTree(VALUE, annotations=notes))
    async with app.run_test(size=(70, 12)) as pilot:
        assert screen(app.view)[1] == "   n: 12  ✗ must be text"
        assert screen(app.view)[4] == " ▸ items [2]  {…}, {…}  ✗ 1 inside"
        app.view.reveal("items[0].price")
        await pilot.pause()
        assert screen(app.view)[6] == "›      price: 11  ✗ must be ≤ 10␛[2J"
        assert "inside" not in screen(app.view)[4]
        app.view.annotate({})
        assert "✗" not in "".join(screen(app.view))


async def settle(pilot: Pilot[None]) -> int:
    """Wait for the search; gives how often other work had its turn meanwhile."""
    turns = 0
    while len(pilot.app.workers):
        await asyncio.sleep(0)
        turns += 1
    await pilot.pause()
    return turns


async def find(pilot: Pilot[None], view: JsonTree, needle: str, *, backwards: bool = False) -> str:
    view.find(needle, backwards=backwards)
    await settle(pilot)
    return view.path


async def test_find_unfolds_what_it_finds_and_wraps() -> None:
    app = TreeApp(JsonTree(VALUE))
    async with app.run_test(size=(70, 20)) as pilot:
        assert await find(pilot, app.view, "price") == "items[0].price"
        assert await find(pilot, app.view, "price") == "items[1].price"
        assert await find(pilot, app.view, "price") == "items[0].price"
        assert await find(pilot, app.view, "12", backwards=True) == "n"
        assert await find(pilot, app.view, "nowhere") == "n"
        assert await find(pilot, app.view, "") == "n"
        assert [row is not None for row in app.found] == [True, True, True, True, False, False]


async def test_a_search_holds_no_keys_and_the_newest_wins() -> None:
    value = [{"name": f"value {number}", "n": number} for number in range(100_000)]
    app = TreeApp(JsonTree(value))
    async with app.run_test(size=(70, 20)) as pilot:
        app.view.find("not there")
        assert await settle(pilot) > 20
        app.view.find("value 99999")
        await asyncio.sleep(0)
        assert await find(pilot, app.view, "value 77") == "[77].name"
        assert app.found == [None, app.view.cursor]


async def test_what_is_found_in_a_value_that_went_moves_nothing() -> None:
    app = TreeApp(JsonTree([{"name": f"value {number}"} for number in range(50_000)]))
    async with app.run_test(size=(70, 20)) as pilot:
        app.view.find("value 49999")
        app.view.show_value(["value 49999", "other"])
        await settle(pilot)
        assert app.view.path == "[0]"
        assert app.found == []


async def test_values_can_be_taken_away() -> None:
    app = TreeApp(JsonTree(VALUE))
    async with app.run_test(size=(70, 20)):
        assert app.view.copy_text() == VALUE["shortname"]
        app.view.reveal("items")
        assert json.loads(app.view.copy_text()) == VALUE["items"]


async def test_a_move_draws_two_rows_and_a_fold_makes_one_node() -> None:
    value = {f"key {number}": {"v": number} for number in range(50_000)}
    app = TreeApp(JsonTree(value))
    async with app.run_test(size=(70, 30)) as pilot:
        drawn: list[int] = []
        draw = app.view.draw

        def counting(row: int, line: int, width: int) -> Any:
            drawn.append(row)
            return draw(row, line, width)

        app.view.draw = counting  # type: ignore[method-assign]
        await pilot.press("j")
        assert sorted(set(drawn)) == [0, 1]
        rows = app.view.rows
        await pilot.press("l")
        assert app.view.rows is rows
        assert app.view.row_count() == 50_001


async def test_a_value_of_ten_thousand_levels() -> None:
    value: Any = {"leaf": 1}
    for _ in range(10_000):
        value = [value]
    app = TreeApp(JsonTree(value))
    async with app.run_test(size=(70, 10)) as pilot:
        app.view.action_unfold_all()
        await pilot.press("G")
        assert "leaf" in "".join(screen(app.view))
        assert app.view.copy_text() == "1"
        await pilot.press("g", "z")
        assert app.view.row_count() == 1
        assert app.view.copy_text() == ""


async def test_long_strings_are_cut_and_can_be_shifted() -> None:
    app = TreeApp(JsonTree({"a": "0123456789" * 30, "b": 10**9000}))
    async with app.run_test(size=(40, 6)) as pilot:
        assert screen(app.view)[0].endswith("…")
        assert "9,001 digits" in screen(app.view)[1]
        await pilot.press("shift+right")
        assert screen(app.view)[0].startswith("›2345")
        await pilot.press("^")
        assert screen(app.view)[0].startswith('›  a: "01')


async def test_another_value_starts_at_its_top() -> None:
    app = TreeApp(JsonTree(VALUE, empty="nothing here"))
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.press("G")
        app.view.show_value([1, 2])
        assert app.view.path == "[0]"
        app.view.show_value({})
        await pilot.pause()
        assert screen(app.view)[0].strip() == "nothing here"
        await pilot.press("j", "l", "h", "enter", "z", "Z", "G")


async def test_a_click_on_the_arrow_unfolds() -> None:
    app = TreeApp(JsonTree(VALUE))
    async with app.run_test(size=(70, 20)) as pilot:
        await pilot.click(app.view, offset=(1, 4))
        assert app.view.row_count() == 8
        await pilot.click(app.view, offset=(9, 2))
        assert app.view.path == "ok"
