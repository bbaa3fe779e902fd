"""Searching: a query with what is wrong in it, results, values beside, saved searches, and what is done with them."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings, paths
from dmart_tui.core.search.local import LocalEngine
from dmart_tui.core.search.results import Facet, Page, Request
from dmart_tui.core.search.saved import saved_searches
from dmart_tui.core.search.tree import Word
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.search import SearchPane
from dmart_tui.tui.panes.search.rows import FacetRows, toggled
from tests.support.panes import make_entry, make_space, press, screen, settle, wait_for
from tests.support.rights import permission, rights_with

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from dmart_tui.core.background import CancelToken

SETTINGS = Settings(watch=False, restore=False, user="ann")
WIDE = (170, 40)
FRUIT = {"apple": ("green", "sour"), "pear": ("green", "sweet"), "cherry": ("red", "sweet")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_space(tmp_path / "spaces")
    for name, tags in FRUIT.items():
        data = json.dumps({"about": f"the {name} of the north, ripe in autumn", "password": "hush"}).encode()
        payload = {"content_type": "json", "body": f"{name}.json"}
        make_entry(root, name, payload, data, tags=tags, displayname={"en": f"Fruit {name}"})
    return root


@asynccontextmanager
async def search(
    root: Path, *keys: str, size: tuple[int, int] = WIDE, settings: Settings = SETTINGS
) -> AsyncIterator[Pilot[None]]:
    """The search with the focus on the query line, after keys."""
    own = replace(paths(), cache=root.parent / "cache", state=root.parent / "state")
    app = DmartApp(settings, root, paths=own)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "f3")
        for key in keys:
            await pilot.press(key)
        await ask(pilot)
        yield pilot


def pane(pilot: Pilot[None]) -> SearchPane:
    return pilot.app.screen_stack[0].query_one(SearchPane)


async def ask(pilot: Pilot[None]) -> None:
    """Wait until what was typed is searched."""
    while pane(pilot).text != pane(pilot).line.value:
        await pilot.pause(0.02)
    await settle(pilot)


def found(pilot: Pilot[None]) -> list[str]:
    return [hit.address.name for hit in pane(pilot).found.rows.hits]  # type: ignore[attr-defined]


async def test_before_anything_is_asked_it_says_how(root: Path) -> None:
    async with search(root) as pilot:
        await press(pilot, "enter")
        assert "/ asks, w lists the searches that were kept." in screen(pilot)
        assert "local index, 4 entries as of" in screen(pilot)


async def test_found_while_one_types_and_shown_whole_on_enter(root: Path) -> None:
    async with search(root, *"autu", "asterisk") as pilot:
        assert sorted(found(pilot)) == ["apple", "cherry", "pear"]
        assert "3 found" in screen(pilot)
        await press(pilot, "enter")
        shown = screen(pilot)
        assert pane(pilot).found.has_focus
        assert "ripe in autumn" in shown
        assert "hush" not in shown
        await press(pilot, "enter")
        assert pilot.app.workspace.current.address.space == "shop"  # type: ignore[attr-defined]


async def test_few_rows_while_one_types(root: Path) -> None:
    for number in range(300):
        make_entry(root, f"kiwi{number}", tags=["many"])
    async with search(root, *"@tags:{many}") as pilot:
        assert len(found(pilot)) == 9
        await press(pilot, "enter")
        assert len(found(pilot)) == 200
        await press(pilot, "end", "end")
        assert len(found(pilot)) == 300


async def test_what_is_wrong_is_said_where_it_is(root: Path) -> None:
    async with search(root, *"apple (pear") as pilot:
        lines = screen(pilot).split("\n")
        at = next(number for number, line in enumerate(lines) if "apple (pear" in line)
        assert "this ( is not closed" in lines[at + 1]
        assert lines[at + 1].index("^") == lines[at].index("(")


async def test_nothing_matches(root: Path) -> None:
    async with search(root, *"plum", "enter") as pilot:
        assert "Nothing matches. / asks for something else." in screen(pilot)
        await press(pilot, "slash")
        assert pane(pilot).typing


async def test_right_takes_what_is_shown_behind_the_cursor(root: Path) -> None:
    async with search(root, *"autumn", "enter") as pilot:
        await press(pilot, "slash", "end", *" @ta")
        await press(pilot, "right", "left_curly_bracket", "g")
        await press(pilot, "right", "right_curly_bracket")
        await ask(pilot)
        assert pane(pilot).line.value == "autumn @tags:{green}"
        assert sorted(found(pilot)) == ["apple", "pear"]


async def test_values_go_into_the_query_and_out(root: Path) -> None:
    async with search(root, *"autumn", "enter") as pilot:
        assert "green" in screen(pilot)
        await press(pilot, "o")
        facets = pane(pilot).facets
        facets.cursor = facets.rows.index("tags\0red")
        await press(pilot, "enter")
        assert pane(pilot).line.value == "autumn @tags:{red}"
        assert found(pilot) == ["cherry"]
        assert "✓ red" in screen(pilot)
        facets.cursor = facets.rows.index("tags\0red")
        await press(pilot, "enter", "escape")
        assert pane(pilot).text == "autumn"
        assert len(found(pilot)) == 3
        assert pane(pilot).found.has_focus


@pytest.mark.parametrize("query", ["", "*", "a", "a b", "a | b", "@type:ticket", '"a b" -c'])
@pytest.mark.parametrize("value", ["plain", "two words", 'a"b\\', "a|b}", "-x", "سعر"])
def test_every_value_can_be_taken_in_and_out(query: str, value: str) -> None:
    rows = FacetRows([Facet("tags", ((value, 1),)), Facet("owner", ((value, 1),))], query)
    for index in (1, 3):
        condition = rows.term(index)
        assert condition is not None
        longer = toggled(query, condition)
        assert condition in longer
        ticked: Any = FacetRows([Facet("tags", ((value, 1),)), Facet("owner", ((value, 1),))], longer)
        assert "✓" in ticked.render(index, 30, lambda _: None)[0].text
        assert condition not in toggled(longer, condition)


async def test_values_have_a_place_of_their_own_on_narrow_screens(root: Path) -> None:
    async with search(root, *"autumn", "enter", size=(80, 24)) as pilot:
        assert not pane(pilot).facets.display
        await press(pilot, "o")
        assert "green" in screen(pilot)
        await press(pilot, "o")
        assert not pane(pilot).facets.display


async def test_sorted(root: Path) -> None:
    async with search(root, *"autumn", "enter") as pilot:
        await pilot.press("s")
        await wait_for(pilot, "Sort what is found")
        await pilot.press("s")
        await settle(pilot)
        assert found(pilot) == ["apple", "cherry", "pear"]
        assert "by shortname" in screen(pilot)


async def sort_by(pilot: Pilot[None], field: str) -> None:
    await pilot.press("s")
    await wait_for(pilot, "Sort what is found")
    await pilot.press("f")
    await wait_for(pilot, "A field as in queries")
    await pilot.press("ctrl+u", *field, "enter")
    await settle(pilot)


async def test_sorted_by_any_field(root: Path) -> None:
    async with search(root, *"autumn", "enter") as pilot:
        await sort_by(pilot, "-payload.about")
        assert found(pilot) == ["pear", "cherry", "apple"]
        assert "by -payload.about" in screen(pilot)
        await sort_by(pilot, "payload.*")
        assert "nothing to sort by" in screen(pilot)


async def test_what_nobody_waits_for_is_stopped(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that would look forever at one query lets go of it when another one is typed."""
    begun, stopped = Event(), []

    def look(self: LocalEngine, request: Request, cancel: CancelToken) -> Page:
        if request.tree == Word("endless"):
            begun.set()
            while not cancel.cancelled:
                pass
            stopped.append(request.tree)
            cancel.check()
        return answer(self, request, cancel)

    answer = LocalEngine.search
    monkeypatch.setattr(LocalEngine, "search", look)
    async with search(root) as pilot:
        pane(pilot)._put("endless")
        while not begun.is_set():
            await pilot.pause(0.02)
        pane(pilot)._put("pear")
        await settle(pilot)
        assert found(pilot) == ["pear"]
        assert stopped == [Word("endless")]


async def test_searches_are_kept_for_the_root(root: Path) -> None:
    async with search(root, *"@tags:{red}", "enter") as pilot:
        await pilot.press("W")
        await wait_for(pilot, "A name for @tags:{red}")
        await pilot.press("enter")
        await settle(pilot)
    assert saved_searches(str(root)) == {"@tags:{red}": "@tags:{red}"}
    async with search(root, "enter") as pilot:
        await pilot.press("w")
        await wait_for(pilot, "@tags:{red}")
        await pilot.press("enter")
        await settle(pilot)
        assert found(pilot) == ["cherry"]
        await pilot.press("w")
        await wait_for(pilot, "Saved searches")
        await pilot.press("f8", "escape")
        await settle(pilot)
    assert saved_searches(str(root)) == {}


async def test_below_a_folder(root: Path) -> None:
    other = root / "attic" / ".dm"
    other.mkdir(parents=True)
    (other / "meta.space.json").write_text('{"shortname": "attic", "is_active": true}')
    async with search(root) as pilot:
        await press(pilot, "escape", "0", "home", "E", *"autumn")
        shown = [one for one in pilot.app.screen_stack[0].query(SearchPane) if one.address == Address("attic")]
        assert len(shown) == 1
        await press(pilot, "enter")
        assert shown[0].hits == []
        assert "in attic" in screen(pilot)


async def test_what_is_found_is_changed_at_once(root: Path) -> None:
    async with search(root, *"@tags:{green}", "enter") as pilot:
        await pilot.press("number_sign")
        await wait_for(pilot, "The 2 that match the query")
        await pilot.press("escape")
        await settle(pilot)
        await press(pilot, "a")
        assert "2 marked" in screen(pilot)
        await press(pilot, "f2")
        listed = pilot.app.tree_pane.marked()  # type: ignore[attr-defined]
        assert {address.name for address in listed()} == {"apple", "pear"}


async def test_the_tree_shows_what_is_found_alone(root: Path) -> None:
    async with search(root, *"@tags:{green}", "enter") as pilot:
        await press(pilot, "z")
        tree: Any = pilot.app.tree_pane  # type: ignore[attr-defined]
        shown = [row.path for row in map(tree.rows.rows.row, range(len(tree.rows.rows)))]
        assert shown == [("shop",), ("shop", "apple"), ("shop", "pear")]
        assert "found: @tags:{green}" in screen(pilot)
        assert {address.name for address in tree.matching()()} == {"apple", "pear"}
        await press(pilot, "escape")
        assert len(tree.rows.rows) == 4
        assert tree.matching() is None


async def test_an_own_change_is_found_at_once(root: Path) -> None:
    async with search(root, *"newcomer", "enter") as pilot:
        assert found(pilot) == []
        make_entry(root, "newcomer")
        await press(pilot, "R")
        assert found(pilot) == ["newcomer"]


async def test_nothing_is_indexed_before_it_is_asked_for(root: Path) -> None:
    own = replace(paths(), cache=root.parent / "cache", state=root.parent / "state")
    app = DmartApp(SETTINGS, root, paths=own)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.index is None
        assert not (root.parent / "cache").exists()


async def test_only_what_the_user_may_find_who_is_viewed_as(root: Path) -> None:
    rights = rights_with(root, permission({"shop": ["__all_subpaths__"]}, "query view", tags=["x"]))
    (root / "management/.dm").mkdir(exist_ok=True)
    (root / "management/.dm/meta.space.json").write_text('{"shortname": "management", "is_active": true}')
    async with search(root, *"@space:{management}", "enter") as pilot:
        assert "clerk" in found(pilot)
        pilot.app.desk.viewing = rights  # type: ignore[attr-defined]
        pane(pilot)._ask()
        await settle(pilot)
        assert found(pilot) == []
        assert "as ali" in screen(pilot)


async def test_a_server_that_does_not_answer_is_told(root: Path) -> None:
    settings = replace(SETTINGS, redis="redis://127.0.0.1:1")
    async with search(root, *"autumn", "enter", settings=settings) as pilot:
        assert len(found(pilot)) == 3
        assert "the local index answers" in screen(pilot)
        await pilot.press("v")
        await wait_for(pilot, "Who answers")
        await pilot.press("r")
        await settle(pilot)
        assert found(pilot) == []
        assert "autumn" in screen(pilot)


async def test_hostile_titles_are_shown_as_marks(root: Path) -> None:
    make_entry(root, "evil", displayname={"en": "evil\x1b[31m[bold]"}, tags=["\x1b[2Jred"])
    async with search(root, *"evil", "enter") as pilot:
        assert "\x1b" not in screen(pilot)
        assert "evil␛[31m[bold]" in screen(pilot)
