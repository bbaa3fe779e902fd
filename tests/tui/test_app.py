from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dmart_tui.core import config
from dmart_tui.core.address import Address
from dmart_tui.tui import themes
from dmart_tui.tui.acting import Acting
from dmart_tui.tui.actions import BY_NAME
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.documents import EntryDocument
from dmart_tui.tui.panes.overview import OverviewPane
from dmart_tui.tui.screens.dialog import Choice
from dmart_tui.tui.screens.find import Find
from dmart_tui.tui.screens.palette import Help, Palette
from dmart_tui.tui.screens.places import Bookmarks, Themes
from dmart_tui.tui.screens.welcome import Welcome
from dmart_tui.tui.views import EntryView
from dmart_tui.tui.widgets.field_list import FieldList
from dmart_tui.tui.workspace import Workspace
from tests.support.app import QUIET, bottom_line, make, press, settle
from tests.support.panes import screen


def space_of(root: Path) -> Address:
    return Address(sorted(file.parent.parent.name for file in root.glob("*/.dm/meta.space.json"))[0])


async def test_an_opened_document_is_kept_and_a_highlighted_one_is_not(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        first = space_of(demo_root)
        await app.open(first)
        assert app.workspace.current is not None
        assert (app.workspace.current.key, app.workspace.current.kept) == (str(first), True)
        await app.workspace.preview(Address("management"))
        await app.workspace.preview(Address("management", ("users",)))
        assert [document.kept for document in app.workspace.documents] == [True, False]
        assert app.workspace.current.key == "management/users"


async def test_what_is_gone_is_said_in_its_document(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await app.open(Address("management", ("nobody",)))
        document = app.workspace.current
        assert isinstance(document, EntryDocument)
        assert "nothing stands at this address" in str(document.query_one(".empty").render())


async def test_back_and_forward_go_the_way_one_came(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.why_not_now("app.back") == "There is no way back from here."
        await app.open(Address("management"))
        await app.open(Address("management", ("users",)))
        await app.perform("app.back")
        await settle(pilot)
        assert app.workspace.current is not None
        assert app.workspace.current.key == "management"
        await app.perform("app.forward")
        await settle(pilot)
        assert app.workspace.current.key == "management/users"


async def test_closing_the_last_document_gives_the_focus_to_the_tree(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await app.open(Address("management"))
        for document in list(app.workspace.documents):
            await app.workspace.close_document(document)
        await settle(pilot)
        assert app.workspace.current is None
        assert app.workspace.query_one("#nothing").display
        assert app.why_not_now("entry.close") == "Nothing is open."


async def test_a_view_that_shows_says_so(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await app.open(Address("management"), "payload")
        await settle(pilot)
        assert app.why_not_now("entry.view-2") == "This view is shown already."
        assert app.why_not_now("entry.view-1") is None


async def test_the_bottom_line_shows_the_keys_of_the_place_and_own_keys(demo_root: Path) -> None:
    app = make(demo_root, replace(QUIET, keys={"app.find": "f3", "app.search": "f"}))
    async with app.run_test(size=(120, 24)) as pilot:
        await settle(pilot)
        line = bottom_line(app)
        assert "/ Filter" in line
        assert "f3 Find" in line
        assert demo_root.name in line


async def test_a_key_clash_in_the_settings_is_told_at_the_start(demo_root: Path) -> None:
    app = make(demo_root, replace(QUIET, keys={"tree.sort": "f"}))
    async with app.run_test() as pilot:
        await settle(pilot)
        assert any("means both tree.sort" in told.text for told in app.notices)


async def test_a_refused_action_says_why(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("backspace")
        assert app.notices[-1].text == "There is no way back from here."


async def test_the_palette_does_what_is_chosen(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "colon")
        assert isinstance(app.screen, Palette)
        await press(pilot, *"names", "enter")
        await settle(pilot)
        assert not app.display_names


async def test_help_lists_what_can_be_done_here_with_the_reason_why_not(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, Help)
        rows = {row.value: row for row in app.screen.list.rows}
        assert "tree.filter" in rows
        assert "payload.mode" not in rows
        assert rows["app.back"].about == "Not now: There is no way back from here."
        await press(pilot, "escape")
        await settle(pilot)


async def test_find_goes_to_a_name(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "f")
        find = app.screen
        assert isinstance(find, Find)
        await pilot.press(*"users")
        while not find.list.rows or find.list.rows[0].label != "users":
            await pilot.pause(0.01)
        await pilot.press("enter")
        await settle(pilot)
        assert app.workspace.current is not None
        assert app.workspace.current.key == "management/users"
        assert app.names is not None


async def test_bookmarks_are_added_listed_and_removed(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await app.open(Address("management", ("users",)))
        await settle(pilot)
        app.do_bookmark()
        assert app.session is not None
        marked = app.session.bookmarks()
        assert len(marked) == 1
        app.tasks.spawn(app.do_bookmarks())
        await press(pilot)
        assert isinstance(app.screen, Bookmarks)
        await press(pilot, "f8")
        assert app.session.bookmarks() == []
        await press(pilot, "escape")
        await settle(pilot)


async def test_themes_are_shown_while_choosing_and_escape_goes_back(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "f9")
        assert isinstance(app.screen, Themes)
        await press(pilot, *"paper")
        assert app.theme == "paper"
        await press(pilot, "escape")
        await settle(pilot)
        assert app.theme == "night"


async def test_a_broken_theme_is_told_and_another_worn(demo_root: Path) -> None:
    own = config.paths().themes
    own.mkdir(parents=True)
    (own / "mine.toml").write_text("dark = 7")
    app = make(demo_root, replace(QUIET, theme="mine"))
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.theme in ("night", "sixteen", "paper")
        assert any("mine.toml" in told.text for told in app.notices)


async def test_the_copy_menu_answers_to_a_letter(demo_root: Path) -> None:
    app = make(demo_root, replace(QUIET, clipboard="osc52"))
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "y")
        assert isinstance(app.screen, Choice)
        await press(pilot, "a")
        await settle(pilot)
        assert app.clipboard == str(app.tree_pane.selection()[0])
        assert app.notices[-1].text.endswith("through the terminal.")


async def test_a_session_comes_back_and_fresh_starts_empty(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await app.open(Address("management"))
        await app.open(Address("management", ("users",)), "history")
        app.set_tree_width(40)
        await app.action_quit()
    app = make(demo_root)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        keys = [document.key for document in app.workspace.documents if document.kept]
        assert keys == ["management", "management/users"]
        assert app.tree_width == 40
        assert app.session is not None
        assert not app.session.marker.exists()
    app = make(demo_root, fresh=True)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert [document for document in app.workspace.documents if document.kept] == []


def views_of(document: object) -> list[str]:
    """The views that have been made in a document."""
    assert isinstance(document, EntryDocument)
    return [view.VIEW for view in document.query(EntryView)]


async def test_a_session_brings_back_views_with_their_places_and_the_focus(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await app.open(Address("management"), "overview")
        await settle(pilot)
        app.workspace.query_one(FieldList).cursor = 7
        await app.workspace.open(Address("management", ("users",)), "payload")
        await app.workspace.preview(Address("docs"))
        await app.open(Address("management"))
        await settle(pilot)
        assert app.workspace.has_focus_within
        await app.action_quit()
    app = make(demo_root)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        current = app.workspace.current
        assert isinstance(current, EntryDocument)
        assert (current.key, current.view, views_of(current)) == ("management", "overview", ["overview"])
        assert current.query_one(OverviewPane).query_one(FieldList).cursor == 7
        assert current.has_focus_within
        assert [(d.key, d.kept, views_of(d)) for d in app.workspace.documents if d is not current] == [
            ("management/users", True, []),
            ("docs", False, []),
        ]
        assert current.title == "Management"
        app.do_focus_tree()
        await app.workspace.open(Address("management", ("users",)))
        await settle(pilot)
        users = app.workspace.current
        assert isinstance(users, EntryDocument)
        assert (users.view, views_of(users)) == ("payload", ["payload"])


async def test_the_title_of_the_document_that_shows_is_seen_however_many_are_open(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for tool in ("timeline", "problems", "trash", "links", "search"):
            await app.open_tool(tool)
            await settle(pilot)
        title = screen(pilot).splitlines()[0]
        assert "─ ‹ " in title and " · Search ─" in title
        app.workspace.switch_to(app.workspace.documents[0])
        await settle(pilot)
        title = screen(pilot).splitlines()[0]
        assert "‹" not in title and " · Timeline · Problems · " in title


async def test_what_was_restored_stays_until_the_cursor_moves(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await app.open(Address("management", ("users",)))
        app.do_focus_tree()
        await app.action_quit()
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.tree_pane.has_focus_within
        assert app.workspace.current is not None
        assert app.workspace.current.key == "management/users"
        await pilot.press("j")
        await settle(pilot)
        assert app.workspace.current.key == str(app.tree_pane.selection()[0])


async def test_an_error_while_restoring_is_told_and_does_not_come_again(
    demo_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        await app.open(Address("management"))
        await app.action_quit()

    def fail(*_: object) -> None:
        raise TypeError("odd")

    monkeypatch.setattr(Workspace, "bring_back", fail)
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert [told.text for told in app.notices] == ["The last session could not be brought back whole."]
        assert app.session is not None
        assert not app.session.marker.exists()


async def test_themes_are_looked_for_beside_the_configuration_that_was_named(demo_root: Path, tmp_path: Path) -> None:
    (tmp_path / "themes").mkdir()
    night = next(folder for folder in themes.folders(tmp_path)[1:]) / "night.toml"
    (tmp_path / "themes" / "mine.toml").write_text(night.read_text())
    app = DmartApp(replace(QUIET, theme="mine"), demo_root, paths=config.paths(str(tmp_path / "config.toml")))
    assert app.theme == "mine"


async def test_a_session_of_any_shape_does_no_harm(demo_root: Path) -> None:
    shapes = {
        "version": 1,
        "documents": [7, {"address": "../.."}, {"address": "gone/away"}],
        "tree": [],
        "tree_width": "x",
    }
    app = make(demo_root)
    session = app.session
    assert session is not None
    session.file.parent.mkdir(parents=True)
    session.file.write_text(json.dumps(shapes))
    app = make(demo_root)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert not [told for told in app.notices if told.severity == "error"]


async def test_maximise_gives_one_pane_the_screen_and_takes_it_back(demo_root: Path) -> None:
    app = make(demo_root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert 26 <= app.tree_pane.size.width + 2 <= 32
        await pilot.press("m")
        await pilot.pause()
        assert app.tree_pane.outer_size.width == 80
        await pilot.press("m")
        await pilot.pause()
        assert app.workspace.display
        assert app.tree_pane.outer_size.width < 40


async def test_without_a_root_there_is_a_welcome(demo_root: Path) -> None:
    app = make(None)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert isinstance(app.screen, Welcome)
        assert app.why_not_now("app.find") == "No spaces folder is open."
        await app.open_root(demo_root)
        await settle(pilot)
        assert app.spaces is not None
        assert app.tree_pane.has_focus_within
        assert not isinstance(app.screen, Welcome)


def test_every_action_of_the_app_and_the_workspace_can_be_done() -> None:
    for actor in (DmartApp, Workspace):
        assert issubclass(actor, Acting)
        for action in BY_NAME.values():
            if action.context == actor.CONTEXT:
                assert callable(getattr(actor, action.method, None)), action.name
