from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from string import ascii_lowercase

import pytest
from textual.widgets import Input, Static

from dmart_tui.core.address import Address
from dmart_tui.core.background import CancelToken
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.documents import EntryDocument
from dmart_tui.tui.screens.dialog import Choice, Prompt, Row, RowList, confirm
from dmart_tui.tui.screens.find import Find
from dmart_tui.tui.screens.jump import Jump
from dmart_tui.tui.screens.lists import NoticeList, TaskList, Whole
from dmart_tui.tui.screens.matching import best
from dmart_tui.tui.screens.menu import letters_of
from dmart_tui.tui.screens.palette import Help, Palette
from dmart_tui.tui.screens.places import Bookmarks, Themes
from dmart_tui.tui.screens.welcome import Welcome
from dmart_tui.tui.session import remember_root
from dmart_tui.tui.tasks import Task
from tests.support.app import QUIET, make, notices, press, settle


def rows_of(app: DmartApp) -> list[Row]:
    return app.screen.query_one(RowList).rows


async def test_a_choice_answers_to_letter_enter_and_escape(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        for keys, wanted in ((["b"], 2), (["j", "enter"], 2), (["enter"], 1), (["escape"], None)):
            asked = asyncio.ensure_future(app.ask(Choice("Which?", [("a", "One", 1), ("b", "Two", 2)])))
            await press(pilot)
            await press(pilot, *keys)
            assert await asked == wanted


def test_the_letters_of_a_menu_follow_its_words() -> None:
    wanted = {
        "Run": "r",
        "Run all": "a",
        "Run all or nothing": "o",
        "Begin": "b",
        "Begin, read-only": "B",
        "Rollback": "R",
        "Rear": "e",
        "Roar": "O",
        "Rob": "c",
    }
    assert letters_of(list(wanted)) == wanted


async def test_a_long_choice_scrolls_on_a_small_screen(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        asked = asyncio.ensure_future(
            app.ask(Choice("Which?", [(letter, letter * 3, letter) for letter in ascii_lowercase]))
        )
        await press(pilot, "end")
        chosen = app.screen.query_one(RowList)
        assert chosen.cursor == len(ascii_lowercase) - 1
        assert chosen.region.height < len(ascii_lowercase)
        assert chosen.scroll_offset.y == chosen.max_scroll_y > 0
        assert app.screen.region.contains_region(chosen.region)
        await press(pilot, "enter")
        assert await asked == "z"


async def test_a_question_stands_on_the_harmless_answer(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        asked = asyncio.ensure_future(app.ask(confirm("Quit", "Really?", "Quit")))
        await press(pilot)
        await press(pilot, "enter")
        assert await asked is False


async def test_a_prompt_refuses_with_a_sentence_and_keeps_the_text(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        prompt = Prompt("Name", text="a", check=lambda text: None if text == "ab" else f"No [b]{text}\x1b[31m")
        asked = asyncio.ensure_future(app.ask(prompt))
        await press(pilot)
        await press(pilot, "enter")
        assert str(prompt.query_one(".fault", Static).render()) == "✗ No [b]a␛[31m"
        await press(pilot, "b", "enter")
        assert await asked == "ab"


async def test_jump_goes_to_a_pane_or_a_view_by_its_letter(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await app.open(Address("management"))
        await settle(pilot)
        await press(pilot, "semicolon")
        assert isinstance(app.screen, Jump)
        letters = [str(label.render()) for label in app.screen.query(Static)]
        assert letters == list("asdfghj")
        await press(pilot, "a")
        await settle(pilot)
        assert app.tree_pane.has_focus_within
        await press(pilot, "semicolon", letters[-1])
        await settle(pilot)
        assert isinstance(app.workspace.current, EntryDocument)
        assert app.workspace.current.view == "raw"
        await press(pilot, "semicolon", "escape")
        await settle(pilot)
        assert not isinstance(app.screen, Jump)


async def test_the_task_list_shows_progress_and_stops_what_the_cursor_is_on(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        token = CancelToken()
        ends = asyncio.Event()

        async def work(task: Task) -> None:
            task.done, task.total, task.unit = 30, 120, "rows"
            await ends.wait()

        app.tasks.start("Sort many", work, cancel=token)
        await pilot.pause()
        await press(pilot, "T")
        assert isinstance(app.screen, TaskList)
        row = rows_of(app)[0]
        assert row.label == "◐ Sort many"
        assert row.right.startswith("30 of 120 rows  25%")
        await press(pilot, "x")
        assert token.cancelled
        assert rows_of(app)[0].about == "stopping"
        ends.set()
        await press(pilot, "escape")
        await settle(pilot)
        assert app.tasks.listed[-1].state == "stopped"
        await press(pilot, "T")
        await press(pilot, "delete")
        assert notices(app)[-1] == "That task does not run."
        await press(pilot, "escape")


async def test_notices_are_read_again_whole_and_copied(demo_root: Path) -> None:
    app = make(demo_root, replace(QUIET, clipboard="osc52"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.notify("The first.")
        app.notify("A long one " * 20, severity="warning")
        await press(pilot, "M")
        assert isinstance(app.screen, NoticeList)
        assert [row.label for row in rows_of(app)] == ["A long one " * 20, "The first."]
        assert rows_of(app)[0].tone == "warning"
        await press(pilot, "enter")
        assert isinstance(app.screen, Whole)
        await press(pilot, "escape")
        await press(pilot, "j", "y")
        while app.clipboard != "The first.":
            await pilot.pause()
        await press(pilot, "escape")


async def test_the_theme_follows_the_cursor_and_enter_keeps_it(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "f9")
        assert isinstance(app.screen, Themes)
        names = [row.value for row in rows_of(app)]
        assert {"night", "ember", "paper", "frost", "contrast", "sixteen"} <= set(names)
        assert app.theme == "night"
        await press(pilot, "down")
        kept = app.theme
        assert kept == names[names.index("night") + 1]
        await press(pilot, "enter")
        await settle(pilot)
        assert app.theme == kept


async def test_help_is_narrowed_by_words_and_its_choice_is_done(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, Help)
        reasons = {row.value: row.about for row in rows_of(app)}
        assert reasons["tree.unmark-all"] == "Not now: Nothing is marked."
        await press(pilot, *"hide")
        assert rows_of(app)[0].value == "app.toggle-tree"
        await press(pilot, "enter")
        await settle(pilot)
        assert not app.tree_pane.display


async def test_the_palette_names_keys_and_puts_what_cannot_be_done_last(demo_root: Path) -> None:
    app = make(demo_root, replace(QUIET, keys={"app.find": "f3"}))
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "colon")
        assert isinstance(app.screen, Palette)
        rows = {row.value: row for row in rows_of(app)}
        assert rows["app.find"].right == "f3"
        tones = [row.tone for row in rows_of(app)]
        assert tones == sorted(tones)
        assert rows["app.back"].about == "Not now: There is no way back from here."
        await press(pilot, "escape")
        await settle(pilot)


async def test_enter_waits_for_what_was_typed_to_be_found(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "f")
        find = app.screen
        assert isinstance(find, Find)
        find.input.value = "sizing"
        find.accept()  # before any name is read
        await settle(pilot)
        assert app.screen is not find
        assert str(app.workspace.current.address) == "docs/guides/sizing"  # type: ignore[union-attr]


async def test_find_ranks_and_says_how_many_there_are(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "f")
        find = app.screen
        assert isinstance(find, Find)
        while not find.complete:
            await pilot.pause()
        assert str(find.box.border_subtitle).startswith(f"{find.names.count} names")
        assert "Type some letters" in find.list.empty
        await press(pilot, *"permi")
        while not (find.list.rows and find.list.rows[0].label == "permissions"):
            await pilot.pause()
        assert find.list.rows[0].about == "management"
        assert "reading" not in str(find.box.border_subtitle)
        await press(pilot, *"zzzz")
        while find.list.rows:
            await pilot.pause()
        assert str(find.box.border_subtitle).startswith("0 of 0")
        await press(pilot, "escape")
        await settle(pilot)
        assert app.names is find.names


async def test_bookmarks_open_what_they_name(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "b")
        assert isinstance(app.screen, Bookmarks)
        assert "`B` marks" in app.screen.list.empty
        await press(pilot, "f8")
        assert notices(app)[-1] == "There is no bookmark here."
        await press(pilot, "escape")
        await settle(pilot)
        await app.open(Address("management", ("users",)))
        await settle(pilot)
        await press(pilot, "B")
        assert notices(app)[-1] == "Bookmarked management/users"
        await app.open(Address("docs"))
        await press(pilot, "b", "enter")
        await settle(pilot)
        assert app.workspace.current is not None
        assert app.workspace.current.key == "management/users"
        await press(pilot, "B")
        assert notices(app)[-1] == "No bookmark any more: management/users"


async def test_the_copy_menu_is_about_all_that_is_marked(demo_root: Path) -> None:
    app = make(demo_root, replace(QUIET, clipboard="osc52"))
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "space", "space", "y")
        assert isinstance(app.screen, Choice)
        assert str(app.screen.box.border_title) == "Copy of 2 marked"
        await press(pilot, "n")
        await settle(pilot)
        assert app.clipboard == "\n".join(address.name for address in app.tree_pane.selection())
        assert len(app.tree_pane.selection()) == 2


async def test_the_welcome_opens_what_is_typed_and_says_what_is_no_folder(demo_root: Path) -> None:
    app = make(None)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "o", *"/no/where", "enter")
        prompt = app.screen
        assert isinstance(prompt, Prompt)
        assert str(prompt.query_one(".fault", Static).render()) == "✗ There is no folder /no/where"
        prompt.query_one(Input).value = str(demo_root)
        await press(pilot, "enter")
        await settle(pilot)
        assert app.spaces is not None
        assert app.spaces.root == os.path.realpath(demo_root)  # noqa: ASYNC240


async def test_the_welcome_offers_the_roots_of_before_and_escape_stays(demo_root: Path) -> None:
    app = make(None)
    remember_root(app.paths.state, str(demo_root))
    async with app.run_test() as pilot:
        await settle(pilot)
        assert [row.lead for row in rows_of(app)] == ["d", "o", "1", "q"]
        await press(pilot, "escape")
        assert isinstance(app.screen, Welcome)
        await press(pilot, "1")
        await settle(pilot)
        assert app.spaces is not None
        await press(pilot, "O")
        assert isinstance(app.screen, Welcome)
        await press(pilot, "escape")
        assert not isinstance(app.screen, Welcome)


async def test_the_welcome_makes_the_demo_as_a_task(own_folders: Path) -> None:
    app = make(None)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "d")
        await settle(pilot)
        assert (app.tasks.listed[0].title, app.tasks.listed[0].state) == ("Making the demo", "done")
        assert app.spaces is not None
        assert app.spaces.root.startswith(os.path.realpath(own_folders))  # noqa: ASYNC240


@pytest.mark.parametrize(("typed", "wanted"), [("", ["a", "b"]), ("spa", ["b", "a"]), ("key two", ["b"]), ("zz", [])])
def test_rows_are_narrowed_by_label_first_then_by_the_rest(typed: str, wanted: list[str]) -> None:
    rows = [Row("a", "Open", lead="one key", about="a space"), Row("b", "Spaces", lead="two", about="key")]
    assert [row.value for row in best(rows, typed)] == wanted
