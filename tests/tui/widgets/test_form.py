from __future__ import annotations

import sys
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.merging import ABSENT
from dmart_tui.core.spaces import meta_schema
from dmart_tui.tui.widgets.form.rows import FormRows
from tests.support.form_app import PEAR, FormApp
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from textual.pilot import Pilot

SCHEMA: dict[str, Any] = {
    "properties": {
        "name": {"type": "string", "minLength": 3},
        "ripe": {"type": "boolean"},
        "city": {"enum": ["erbil", "basra", "dubai"]},
        "days": {"type": "array", "items": {"enum": ["mon", "tue", "wed"]}},
        "size": {"type": "object", "properties": {"h": {"type": "integer", "maximum": 9}}, "required": ["h"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "either": {"anyOf": [{"type": "string"}, {"type": "object"}]},
        "on": {"type": "string", "format": "date"},
        "word": {"type": "string", "format": "textarea"},
    },
    "required": ["name"],
    "additionalProperties": {"type": "integer"},
}


def screen(app: FormApp) -> list[str]:
    """What is seen, without the blanks at the right."""
    lines = app.screen._compositor.render_strips()
    return [strip.text.rstrip() for strip in lines]


def rows(app: FormApp) -> list[str]:
    view = app.query_one(FormRows)
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def at(pilot: Pilot[None], app: FormApp, *path: str | int) -> None:
    app.form.go_to(path)
    await pilot.pause()


@pytest.fixture
def app() -> FormApp:
    return FormApp(SCHEMA, {"name": "Pear", "size": {"h": 3}, "tags": ["a", "b"]})


async def test_rows_stand_in_columns_with_what_is_unset_and_required(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)):
        assert rows(app)[:10] == [
            "›  name *  Pear",
            "   ripe    ∅",
            "   city    ∅",
            "   days    ∅",
            " ▾ size    {1 key}",
            "     h *   3",
            " ▾ tags    [2]",
            "     0     a",
            "     1     b",
            "   either  ∅",
        ]
        assert screen(app)[-1] == " name · at least 3 characters · required"


async def test_a_text_is_edited_in_its_place(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("enter", "s", "x")
        assert screen(app)[0] == "›  name *  Pearsx"
        await pilot.press("enter")
        assert app.edits == [(("name",), "Pearsx")]
        assert rows(app)[0] == "›  name *  Pearsx"
        await pilot.press("enter", "y", "escape")
        await pilot.press("enter", "enter")
        assert len(app.edits) == 1


async def test_what_is_wrong_is_told_while_it_is_typed_and_after(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await at(pilot, app, "size", "h")
        await pilot.press("enter", "x")
        assert "✗ this is a whole number, such as 12" in screen(app)[6]
        await pilot.press("enter")
        assert app.edits == []
        await pilot.press("backspace", "0")
        assert "✗ 30 is greater than the maximum of 9" in screen(app)[6]
        await pilot.press("enter")
        assert app.edits == [(("size", "h"), 30)]
        assert rows(app)[5:7] == ["›    h *   30", "           ✗ 30 is greater than the maximum of 9"]
        await pilot.press("left", "left")
        assert rows(app)[4] == "›▸ size    {1 key}  h: 30  ✗ 1 inside"


async def test_a_long_complaint_is_broken_into_lines() -> None:
    pattern = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "minLength": 1}
    app = FormApp({"properties": {"on": pattern}}, {"on": "2025-07-22"})
    async with app.run_test(size=(34, 14)) as pilot:
        assert "at least 1 character;" in " ".join(screen(app))
        await pilot.press("enter", "x")
        told = " ".join(line.strip() for line in screen(app)[1:4])
        assert "does not match" in told
        assert "[0-9]{4}-[0-9]{2}-[0-9]{" in told


async def test_the_line_stays_over_its_value_when_the_terminal_is_resized() -> None:
    app = FormApp({"properties": {"a key with a long name": {"type": "string"}}}, {"a key with a long name": "pear"})
    async with app.run_test(size=(30, 10)) as pilot:
        await pilot.press("enter", "s")
        await pilot.resize_terminal(100, 20)
        await pilot.pause()
        await pilot.pause()
        line = next(line for line in screen(app) if "a key with" in line)
        assert line.split() == ["›", "a", "key", "with", "a", "long", "name", "pears"]
        assert app.query_one("CellLine").region.x == line.index("pears")


async def test_space_toggles_and_delete_takes_away(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await at(pilot, app, "ripe")
        await pilot.press("space", "space", "delete", "delete")
        assert app.edits == [(("ripe",), True), (("ripe",), False), (("ripe",), ABSENT)]
        assert screen(app)[-1] == " There is nothing to take away."


async def test_a_choice_is_found_by_typing(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await at(pilot, app, "city")
        await pilot.press("enter")
        assert [line[11:24].strip() for line in screen(app)[3:6]] == ["›erbil", "basra", "dubai"]
        await pilot.press("b", "a", "enter")
        assert app.edits == [(("city",), "basra")]
        await pilot.press("enter", "down", "enter")
        assert app.edits[-1] == (("city",), "dubai")
        await pilot.press("enter", "z")
        assert "none of the choices" in screen(app)[3]
        await pilot.press("enter")
        assert len(app.edits) == 2


async def test_several_choices_are_marked(app: FormApp) -> None:
    app.document["days"] = ["wed", "mon"]
    async with app.run_test(size=(60, 20)) as pilot:
        await at(pilot, app, "days")
        assert rows(app)[3] == "›  days    wed, mon"
        await pilot.press("enter", "space", "down", "space", "enter")
        assert app.edits == [(("days",), ["wed", "tue"])]


async def test_members_are_added_moved_and_taken_away(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await at(pilot, app, "tags")
        await pilot.press("a", "z", "enter")
        assert app.document["tags"] == ["a", "b", "z"]
        assert app.form.cursor_path == ("tags", 2)
        await pilot.press("shift+up", "shift+up")
        assert app.document["tags"] == ["z", "a", "b"]
        assert app.form.cursor_path == ("tags", 0)
        await pilot.press("insert", "y", "enter")
        assert app.document["tags"] == ["z", "y", "a", "b"]
        assert app.form.cursor_path == ("tags", 1)
        await pilot.press("delete")
        assert app.document["tags"] == ["z", "a", "b"]


async def test_keys_are_added_where_the_schema_lets_them_be(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("a", *"name")
        assert "there is such a key already" in screen(app)[1]
        await pilot.press("2", "enter", "7", "enter")
        assert app.document["name2"] == 7
        assert app.form.cursor_path == ("name2",)


async def test_what_can_be_of_several_kinds_asks_which(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await at(pilot, app, "either")
        await pilot.press("enter", "down", "enter")
        assert app.edits == [(("either",), {})]
        await pilot.press("delete", "enter", "enter", "x", "enter")
        assert app.document["either"] == "x"


async def test_a_date_is_checked(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await at(pilot, app, "on")
        await pilot.press("enter", *"2026-02-30", "enter")
        assert not app.edits
        await pilot.press("backspace", "backspace", *"28", "enter")
        assert app.edits == [(("on",), "2026-02-28")]


async def test_long_texts_are_opened_elsewhere(app: FormApp) -> None:
    app.document["word"] = "one\ntwo"
    async with app.run_test(size=(60, 20)) as pilot:
        await at(pilot, app, "word")
        assert "›  word    one  … 2 lines" in rows(app)
        await pilot.press("enter")
        assert app.opened == [(("word",), "one\ntwo")]


async def test_suggestions_complete_what_is_typed(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await at(pilot, app, "tags", 1)
        await pilot.press("enter", "backspace", "a", "u")
        assert "autumn" in screen(app)[9]
        await pilot.press("tab", "enter")
        assert app.document["tags"] == ["a", "autumn"]


@pytest.mark.parametrize("width", [60, 140])
async def test_languages_stand_side_by_side_where_there_is_room(width: int) -> None:
    app = FormApp(meta_schema("content"), {"displayname": {"en": "Pear", "ar": "كمثرى"}}, kind="content")
    async with app.run_test(size=(width, 20)) as pilot:
        await at(pilot, app, "displayname", "en")
        [en] = [line for line in rows(app) if "Pear" in line]
        assert ("كمثرى" in en) == (width == 140)
        await pilot.press("right" if width == 140 else "down", "enter", "x", "enter")
        assert app.edits == [(("displayname", "ar"), "كمثرىx")]
        await pilot.press("delete")
        assert app.document["displayname"] == {"en": "Pear"}


async def test_enter_on_languages_goes_to_the_first_and_a_adds_one() -> None:
    app = FormApp(None, {"name": {"en": "Pear", "ku": "هەرمێ"}})
    async with app.run_test(size=(40, 20)) as pilot:
        await pilot.press("enter")
        assert not app.edits
        assert app.form.cursor_path == ("name", "en")
        await pilot.press("a", "a", "r", "enter", "x", "enter")
        assert app.document == {"name": {"en": "Pear", "ku": "هەرمێ", "ar": "x"}}


async def test_right_to_left_text_ends_in_one_column() -> None:
    app = FormApp(None, {"one": "كمثرى", "two": "هەرمێ خۆشە"})
    async with app.run_test(size=(60, 10)):
        assert {len(line) for line in rows(app)[:2]} == {59}


async def test_data_is_made_safe_and_secrets_are_masked() -> None:
    app = FormApp(None, {"a\x1b[2J": "b\u202ec", "password": "hush", "[bold]x": "[red]y"})
    async with app.run_test(size=(60, 10)) as pilot:
        assert rows(app)[:3] == [
            "›  a␛[2J     b⟨RLO⟩c",
            "   password  ••••••",
            "   [bold]x   [red]y",
        ]
        await pilot.press("enter")
        assert '"b\\u202ec"' in screen(app)[0]
        await pilot.press("escape", "down", "enter")
        assert "hush" not in "".join(screen(app))


async def test_a_form_that_is_read_only_changes_nothing() -> None:
    app = FormApp(SCHEMA, {"name": "Pear", "tags": ["a", "b"]}, read_only=True)
    async with app.run_test(size=(60, 20)) as pilot:
        for _ in range(app.query_one(FormRows).row_count()):
            await pilot.press("space", "a", "delete", "shift+up", "shift+down", "enter", "down")
        assert not app.edits
        assert not app.opened
        await pilot.press("space")
        assert screen(app)[-1] == " This cannot be changed here."


async def test_the_cursor_and_what_is_folded_stay_over_a_load(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await at(pilot, app, "size")
        await pilot.press("left")
        await at(pilot, app, "tags", 1)
        app.document = {"new": 1, **app.document}
        app.load()
        await pilot.pause()
        assert app.form.cursor_path == ("tags", 1)
        assert any("▸ size" in line for line in rows(app))
        await at(pilot, app, "size", "h")
        assert any("▾ size" in line for line in rows(app))


async def test_a_load_while_a_value_is_typed(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await at(pilot, app, "tags", 1)
        await pilot.press("enter", "x")
        app.document = {"first": 1, **app.document}
        app.load()
        await pilot.press("y", "enter")
        assert app.document["tags"] == ["a", "bxy"]
        await pilot.press("enter", "z")
        app.document = {"tags": "gone"}
        app.load()
        await pilot.press("enter")
        assert app.document == {"tags": "gone"}


async def test_leaving_the_line_takes_what_means_something(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("enter", "s")
        await pilot.click(FormRows, offset=(20, 4))
        assert app.edits == [(("name",), "Pears")]
        await at(pilot, app, "size", "h")
        await pilot.press("enter", "x")
        await pilot.click(FormRows, offset=(20, 1))
        assert len(app.edits) == 1
        assert app.form.cursor_path == ("ripe",)


async def test_an_edit_is_seen_before_the_owner_answers(app: FormApp) -> None:
    async with app.run_test(size=(60, 20)) as pilot:
        await at(pilot, app, "tags", 0)
        app.load = lambda: None  # type: ignore[method-assign]
        await pilot.press("shift+down", "a", "c", "enter", "shift+up", "shift+up")
        assert app.form.value["tags"] == ["c", "b", "a"]
        assert app.document["tags"] == ["c", "b", "a"]


async def test_an_empty_document_takes_a_first_key() -> None:
    app = FormApp(None, {})
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.press("a", "k", "enter", *"num", "enter", "5", "enter")
        assert app.document == {"k": 5}


SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x50": (200, 50)}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_keys_cost_little_of_the_line(size: tuple[int, int]) -> None:
    project = FilePath(__file__).parents[3]
    with Terminal(
        [sys.executable, "-m", "tests.support.form_app"], columns=size[0], rows=size[1], cwd=project
    ) as terminal:
        terminal.wait_for(PEAR["uuid"])
        terminal.settle(0.4)
        bills = {f"step {n}": terminal.press("down") for n in range(12)}
        terminal.press("up", "up", "up", "enter", quiet=0.4)
        bills |= {f"typed {char}": terminal.press(char) for char in "abc"}
    assert min(bills.values()) > 0
    assert {deed: bill for deed, bill in bills.items() if bill > 1024} == {}
