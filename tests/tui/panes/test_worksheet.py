"""SQL worksheets: running, errors, completion, tabs, transactions, plans, history, and what is kept."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings, paths
from dmart_tui.core.sql.errors import LockHeld
from dmart_tui.core.sql.session import Session
from dmart_tui.core.sql.sheets.keep import keep_file
from dmart_tui.core.sql.sheets.parameters import Parameters
from dmart_tui.core.sql.sheets.worksheets import Worksheets
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.hints import hints_of
from dmart_tui.tui.panes.worksheet import WorksheetPane
from tests.support.panes import make_entry, make_space, press, screen, settle, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from dmart_tui.core.sql.sheets.worksheets import Sheet

SETTINGS = Settings(watch=False, restore=False, user="ann")
SLOW = "select count(*) from range(1000000) a, range(1000000) b"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_space(tmp_path / "spaces")
    for name in ("apple", "pear"):
        make_entry(root, name)
    make_entry(root, "list", {"content_type": "csv", "body": "list.csv"}, b"fruit,price\napple,3\npear,4\n")
    return root


@asynccontextmanager
async def worksheet(
    root: Path, text: str = "", *keys: str, size: tuple[int, int] = (120, 36), settings: Settings = SETTINGS
) -> AsyncIterator[Pilot[None]]:
    """The worksheet with a text in it, after keys."""
    own = replace(paths(), cache=root.parent / "cache", state=root.parent / "state")
    app = DmartApp(settings, root, paths=own)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "vertical_line")
        if text:
            write(pilot, text)
            await settle(pilot)
        await press(pilot, *keys)
        yield pilot


def pane(pilot: Pilot[None]) -> WorksheetPane:
    return pilot.app.screen_stack[0].query_one(WorksheetPane)


def write(pilot: Pilot[None], text: str) -> None:
    """Put a text into the worksheet, the cursor at its end."""
    editor = pane(pilot).current.editor
    editor.put(0, len(editor.text), text)


def file_of(root: Path) -> Path:
    return keep_file(str(root.resolve()), root.parent / "state")


def kept(root: Path) -> Worksheets:
    return Worksheets(file_of(root))


async def fill_in(pilot: Pilot[None], text: str) -> None:
    """Make the line of the dialog this text, as if it were pasted."""
    dialog: Any = pilot.app.screen
    dialog.input.value = text
    await pilot.pause()


async def menu(pilot: Pilot[None], name: str) -> None:
    """Do an action of the worksheet."""
    app: Any = pilot.app
    await app.perform(f"worksheet.{name}")
    await settle(pilot)


async def test_the_statement_of_the_cursor_is_run(root: Path) -> None:
    async with worksheet(root, "select 1 as one;\nselect shortname from spaces.entries order by 1", "f5") as pilot:
        shown = screen(pilot)
        assert "apple" in shown and "pear" in shown
        pane(pilot).current.editor.go_to(0)
        await press(pilot, "f5")
        assert "one" in screen(pilot) and "apple" not in screen(pilot).replace("spaces.entries", "")


async def test_all_statements_or_those_selected(root: Path) -> None:
    async with worksheet(root, "create table t as select 7 as seven;\nselect seven * 6 from t", "f10") as pilot:
        assert " 42" in screen(pilot)
        write(pilot, "select 1; select 2 as two")
        editor = pane(pilot).current.editor
        editor.go_to(0, 10)
        await press(pilot, "shift+end", "f5")
        assert "two" in screen(pilot).split("select 2 as two")[1]


async def test_an_error_is_shown_at_its_place_and_what_was_meant_is_taken_by_tab(root: Path) -> None:
    async with worksheet(root, "select 1;\nselect shortnam from spaces.entries", "f5") as pilot:
        view = pane(pilot).current
        assert view.editor.cursor == (1, 7)
        assert "✗" in screen(pilot) and "shortnam" in screen(pilot)
        assert view.bench is pane(pilot).bench and pane(pilot).offers.shows
        await press(pilot, "tab", "f5")
        assert "select shortname from" in view.editor.text
        assert "pear" in screen(pilot)


async def test_completion_is_offered_while_typing_and_never_in_the_way(root: Path) -> None:
    async with worksheet(root, "select * from spaces.") as pilot:
        view, offers = pane(pilot).current, pane(pilot).offers
        await pilot.press(*"ent")
        await wait_for(pilot, "▥ entries")
        await press(pilot, "enter")
        assert view.editor.text == "select * from spaces.ent\n" and not offers.shows
        await press(pilot, "backspace")
        await menu(pilot, "complete")
        await press(pilot, "down", "enter") if len(offers.offered) > 1 else await press(pilot, "enter")
        assert view.editor.text == "select * from spaces.entries"
        await pilot.press(*" wh")
        await wait_for(pilot, "where")
        await press(pilot, "escape")
        assert not offers.shows
        await press(pilot, "tab")
        assert view.editor.text.endswith(" wh ") or view.editor.text.endswith(" wh  ")


async def test_a_running_statement_is_marked_and_stopped(root: Path) -> None:
    async with worksheet(root, SLOW) as pilot:
        await pilot.press("f5")
        await wait_for(pilot, "esc stops")
        assert "┃" in screen(pilot)
        view = pane(pilot).current
        await press(pilot, "escape")
        assert view.running is None
        assert "■ stopped" in screen(pilot) and "┃" not in screen(pilot)
        write(pilot, "select 'still here'")
        await press(pilot, "f5")
        assert "still here" in screen(pilot).split("1:")[1]


async def test_parameters_are_asked_for_with_a_type_and_remembered_unless_secret(root: Path) -> None:
    async with worksheet(root, "select $count + 1 as more, length($password) as long") as pilot:
        await pilot.press("f5")
        await wait_for(pilot, "$count")
        await pilot.press(*"41", "f2", "enter", *"hush")
        assert "hush" not in screen(pilot)
        await press(pilot, "f5")
        shown = screen(pilot)
        assert " 42 " in shown and " 4" in shown
        remembered = Parameters(file_of(root))
        assert [value.value for value in remembered.values("count")] == ["41"]
        assert remembered.values("password") == []
        remembered.close()


async def test_transactions_are_shown_and_asked_about(root: Path) -> None:
    async with worksheet(root, "create table t (a integer primary key); insert into t values (1)", "f10") as pilot:
        assert "IDLE" in screen(pilot)
        await menu(pilot, "begin")
        assert "TX" in screen(pilot)
        write(pilot, "insert into t values (2)")
        await press(pilot, "f5")
        assert "TX writes scratch" in screen(pilot)
        await pilot.press("ctrl+q")
        await wait_for(pilot, "open transaction")
        await press(pilot, "k")
        write(pilot, "insert into t values (2)")
        await press(pilot, "f5")
        assert "ABORTED" in screen(pilot)
        assert pane(pilot).why_not("worksheet.commit") is not None
        await menu(pilot, "rollback")
        write(pilot, "select count(*) as rows_left from t")
        await press(pilot, "f5")
        assert "IDLE" in screen(pilot) and "›1" in screen(pilot).replace(" ", "")


async def test_all_or_nothing(root: Path) -> None:
    async with worksheet(root, "create table t as select 1 as one; select nothing_such from t") as pilot:
        await menu(pilot, "run-together")
        assert "all is taken back" in screen(pilot) and "IDLE" in screen(pilot)
        write(pilot, "select one from t")
        await press(pilot, "f5")
        assert "does not exist" in screen(pilot)


async def test_a_plan_is_a_tree_and_escape_leads_back(root: Path) -> None:
    async with worksheet(root, "select count(*) from range(1000) a join range(1000) b on a.range = b.range") as pilot:
        await menu(pilot, "measure")
        shown = screen(pilot)
        assert "└ " in shown and "ms" in shown and "! " in shown
        assert ("esc", "Back") in {(key, title) for _, key, title in hints_of(pilot.app) or []}  # type: ignore[arg-type]
        await press(pilot, "escape")
        assert not pane(pilot).current.shows_plan


async def test_a_long_step_keeps_its_end_and_enter_shows_all_of_it(root: Path) -> None:
    async with worksheet(root, "select shortname from spaces.entries") as pilot:
        await menu(pilot, "plan")
        assert re.search(r'SCAN  "dmart.*….* · shortname  ~', screen(pilot))
        await pilot.press("enter")
        await wait_for(pilot, "Table: ")
        await pilot.press("escape")


async def test_text_is_saved_by_itself_and_comes_back(root: Path) -> None:
    settings = replace(SETTINGS, restore=True)
    async with worksheet(root, "select 'kept'", settings=settings) as pilot:
        view = pane(pilot).current
        await view.save()
        write(pilot, "select 'kept too'")
        pilot.app.leave()  # type: ignore[attr-defined]
    sheets = kept(root)
    (sheet,) = sheets.children()
    assert sheet.text == "select 'kept too'"
    assert len(sheets.revisions(sheet.id)) == 2
    sheets.close()
    own = replace(paths(), cache=root.parent / "cache", state=root.parent / "state")
    app = DmartApp(settings, root, paths=own)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "select 'kept too'" in screen(pilot)


async def test_what_another_program_saved_is_shown_unless_something_was_typed(root: Path) -> None:
    async with worksheet(root, "select 'mine'") as pilot:
        view = pane(pilot).current
        await view.save()
        sheets = kept(root)
        sheets.save(sheets.children()[0].id, "select 'theirs'")
        await press(pilot, "f11", "f11")
        assert view.editor.text == "select 'theirs'"
        write(pilot, "select 'mine again'")
        sheets.save(sheets.children()[0].id, "select 'theirs again'")
        await press(pilot, "f11", "f11")
        assert view.editor.text == "select 'mine again'"
        sheets.close()


async def test_what_is_saved_here_while_it_is_looked_stays(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with worksheet(root, "select 'old'") as pilot:
        view = pane(pilot).current
        await view.save()
        write(pilot, "select 'new'")
        get = view.bench.worksheets.get

        def slow(number: int) -> Sheet:
            found = get(number)
            view.flush()
            return found

        monkeypatch.setattr(view.bench.worksheets, "get", slow)
        await press(pilot, "f11", "f11")
        assert view.editor.text == "select 'new'"


async def test_revisions_are_compared_and_restored(root: Path) -> None:
    async with worksheet(root, "select 'first'") as pilot:
        view = pane(pilot).current
        await view.save()
        write(pilot, "select 'second'")
        await view.save()
        app: Any = pilot.app
        await app.perform("worksheet.revisions")
        await wait_for(pilot, "Revisions")
        await pilot.press("down")
        await wait_for(pilot, "'first'")
        await press(pilot, "f2")
        assert view.editor.text == "select 'first'"


async def test_tabs_and_the_tree_of_worksheets(root: Path) -> None:
    async with worksheet(root, "select 1", size=(160, 40)) as pilot:
        await pane(pilot).current.save()
        await menu(pilot, "new")
        write(pilot, "select 2")
        await pane(pilot).current.save()
        await settle(pilot)
        assert [view.sheet_name for view in pane(pilot).views] == ["worksheet", "worksheet 2"]
        await press(pilot, "ctrl+pageup")
        assert pane(pilot).current.editor.text == "select 1"
        await press(pilot, "f12", "down", "enter")
        assert pane(pilot).current.editor.text == "select 2"
        await press(pilot, "f12")
        await pilot.press("e")
        await wait_for(pilot, "Its new name")
        await fill_in(pilot, "fruit")
        await press(pilot, "enter")
        assert "fruit" in screen(pilot).splitlines()[1]
        await press(pilot, "delete")
        assert [view.sheet_name for view in pane(pilot).views] == ["worksheet"]


async def test_the_catalogue_inserts_previews_and_describes(root: Path) -> None:
    async with worksheet(root, "create table pears as select 1 as weight", "f5", size=(160, 40)) as pilot:
        await press(pilot, "f11")
        tree = pane(pilot).side.catalogue
        assert await tree.reveal(("scratch", "pears", "weight"))
        assert "INTEGER" in screen(pilot)
        assert await tree.reveal(("scratch", "pears"))
        await press(pilot, "e")
        assert "column_name" in screen(pilot)
        write(pilot, "from ")
        await press(pilot, "enter")
        assert pane(pilot).current.editor.text == "from pears"


async def test_a_file_is_imported_with_the_types_that_were_agreed(root: Path) -> None:
    file = root.parent / "prices.csv"
    file.write_text("fruit,price\napple,3\npear,4\n")
    async with worksheet(root, size=(120, 36)) as pilot:
        await press(pilot, "f11")
        await pilot.press("w")
        await wait_for(pilot, "Import a file")
        await fill_in(pilot, str(file))
        await wait_for(pilot, "prices.csv  ")
        await pilot.press("enter")
        await wait_for(pilot, "BIGINT")
        await pilot.press("tab", "down", "f2")
        await wait_for(pilot, "VARCHAR *")
        await pilot.press("shift+tab")
        await press(pilot, "enter")
        assert "2 rows" in screen(pilot)
        write(pilot, "select fruit, price || '!' as loud from prices")
        await press(pilot, "f5")
        assert "4!" in screen(pilot)


async def test_a_database_that_is_held_is_told_and_read_as_a_copy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    file = root.parent / "fruit.duckdb"
    with duckdb.connect(str(file)) as made:
        made.execute("create table pears as select 42 as weight")

    def held(*_: object, **__: object) -> None:
        raise LockHeld(str(file), 4711, "other")

    monkeypatch.setattr(Session, "attach", held)
    async with worksheet(root, size=(120, 36)) as pilot:
        await press(pilot, "f11")
        await pilot.press("a")
        await wait_for(pilot, "Attach a database")
        await fill_in(pilot, str(file))
        await wait_for(pilot, "fruit.duckdb  ")
        await pilot.press("enter")
        await wait_for(pilot, "is called here")
        await pilot.press("enter")
        await wait_for(pilot, "For reading")
        await pilot.press("r")
        await wait_for(pilot, "PID 4711")
        await press(pilot, "c")
        write(pilot, "select weight from fruit.pears")
        await press(pilot, "f5")
        assert "›42" in screen(pilot).replace(" ", "")


async def test_history_is_searched_and_run_again(root: Path) -> None:
    async with worksheet(root, "select 'once more' as again", "f5") as pilot:
        write(pilot, "select 2")
        await press(pilot, "f5")
        app: Any = pilot.app
        await app.perform("worksheet.past")
        await wait_for(pilot, "Query history")
        await pilot.press(*"more")
        await wait_for(pilot, "once more")
        await press(pilot, "f5")
        assert "once more" in screen(pilot)
        assert pane(pilot).current.editor.text == "select 2"


async def test_data_of_an_entry_opens_in_a_worksheet(root: Path) -> None:
    own = replace(paths(), cache=root.parent / "cache", state=root.parent / "state")
    app = DmartApp(SETTINGS, root, paths=own)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await app.open(Address.parse("shop/list"))
        await settle(pilot)
        await press(pilot, "underscore")
        shown = screen(pilot)
        assert "read_csv" in shown and "fruit" in shown and "pear" in shown


async def test_layout_and_comments(root: Path) -> None:
    text = "select shortname, owner_shortname from spaces.entries where space = 'shop' order by 1"
    async with worksheet(root, text) as pilot:
        await menu(pilot, "format")
        assert "\nfrom spaces.entries\n" in pane(pilot).current.editor.text
        await press(pilot, "alt+slash")
        assert pane(pilot).current.editor.text.splitlines()[-1].startswith("-- order by")


async def test_at_80x24_the_trees_take_the_place_of_the_text(root: Path) -> None:
    async with worksheet(root, "select 1", size=(80, 24)) as pilot:
        assert "Databases" not in screen(pilot)
        await press(pilot, "f11")
        assert "Databases" in screen(pilot) and "select 1" not in screen(pilot)
        await press(pilot, "escape")
        assert "select 1" in screen(pilot)
