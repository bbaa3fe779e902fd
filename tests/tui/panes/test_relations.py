"""Relations: the graph around an entry, its list, ways to others, and the lists of the whole root."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings, paths
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.relations import RelationsPane
from tests.support.panes import make_entry, make_space, press, screen, settle, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

SETTINGS = Settings(watch=False, restore=False, user="ann", names="short")


def link(name: str, **attributes: object) -> dict[str, object]:
    related = {"type": "content", "space_name": "shop", "subpath": "/", "shortname": name}
    return {"related_to": related, "attributes": attributes}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """apple points to pear and to what is gone, pear to quince, and plum to apple."""
    root = make_space(tmp_path / "spaces")
    make_entry(root, "apple", relationships=[link("pear", role="like"), link("gone")])
    make_entry(root, "pear", relationships=[link("quince")])
    make_entry(root, "quince")
    make_entry(root, "plum", relationships=[link("apple", password="hush")])
    return root


@asynccontextmanager
async def relations(
    root: Path, name: str = "apple", *, settings: Settings = SETTINGS, size: tuple[int, int] = (130, 30)
) -> AsyncIterator[Pilot[None]]:
    """The relations of an entry of the shop, with the focus."""
    own = replace(paths(), cache=root.parent / "cache", state=root.parent / "state")
    app = DmartApp(settings, root, paths=own)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await app.open(Address("shop", (name,)), "relations")
        await settle(pilot)
        yield pilot


def pane(pilot: Pilot[None]) -> RelationsPane:
    return pilot.app.screen_stack[0].query_one(RelationsPane)


def line_of(pilot: Pilot[None], words: str) -> str:
    return next(line for line in screen(pilot).split("\n") if words in line)


def nodes(pilot: Pilot[None]) -> set[str]:
    return {placed.node.label.split(" ", 1)[1] for placed in pane(pilot).view.graph.nodes}


async def test_both_ways_in_columns_with_what_is_missing(root: Path) -> None:
    async with relations(root) as pilot:
        shown = screen(pilot)
        assert "← 1 · → 3 · depth 1" in shown
        middle = next(line for line in shown.split("\n") if "plum" in line and "apple" in line)
        assert middle.index("plum") < middle.index("►") < middle.index("apple")
        assert "✗ gone" in shown
        assert nodes(pilot) == {"apple", "plum", "pear", "gone", "dana"}


async def test_arrows_walk_and_tell_about_the_link(root: Path) -> None:
    async with relations(root) as pilot:
        await press(pilot, "left")
        assert pane(pilot).node == Address("shop", ("plum",))
        assert "shop/plum" in screen(pilot)
        assert "hush" not in screen(pilot)
        await press(pilot, "right", "right", "home")
        assert "role like" in screen(pilot)


async def test_to_the_middle_and_back(root: Path) -> None:
    async with relations(root) as pilot:
        await press(pilot, "right", "home", "space")
        assert pane(pilot).centre == Address("shop", ("pear",))
        assert {"apple", "quince"} <= nodes(pilot)
        await press(pilot, "escape")
        assert pane(pilot).centre == Address("shop", ("apple",))
        assert pilot.app.why_not_now("relations.back")  # type: ignore[attr-defined]


async def test_depth_and_single_nodes(root: Path) -> None:
    async with relations(root) as pilot:
        await press(pilot, "right", "home", "e")
        assert "quince" in nodes(pilot)
        await press(pilot, "e")
        assert "quince" not in nodes(pilot)
        await press(pilot, "plus")
        assert "quince" in nodes(pilot)
        assert "depth 2" in screen(pilot)
        await press(pilot, "minus", "z", "z")
        assert pane(pilot).view.graph.zoom == "dots"


async def test_kinds_are_switched_off(root: Path) -> None:
    async with relations(root) as pilot:
        await pilot.press("o")
        await wait_for(pilot, "Kinds of links")
        await pilot.press("enter", "down", "enter", "escape")
        await settle(pilot)
        assert pane(pilot).roles == {"relationship"}
        assert nodes(pilot) == {"apple", "plum", "pear", "gone"}
        assert "1 of 16 kinds" in screen(pilot)


async def test_enter_opens_and_the_list_says_the_same(root: Path) -> None:
    async with relations(root) as pilot:
        await press(pilot, "v")
        shown = screen(pilot)
        assert "← relationship" in shown
        assert "→ relationship" in shown
        assert "nothing there" in shown
        await press(pilot, "home", "enter")
        assert pilot.app.workspace.current.address == Address("shop", ("plum",))  # type: ignore[attr-defined]


async def test_a_fan_is_folded_and_opens_as_a_list(root: Path) -> None:
    for number in range(30):
        make_entry(root, f"fan{number}", relationships=[link("quince")])
    async with relations(root, "quince") as pilot:
        assert "+ 21 more" in screen(pilot)
        await press(pilot, "left", "end", "enter")
        assert len(pane(pilot).rows.rows) == 31
        assert "31 links of quince" in screen(pilot)
        await press(pilot, "escape")
        assert not pane(pilot).listed


async def test_the_shortest_way(root: Path) -> None:
    async with relations(root, "plum") as pilot:
        pane(pilot).roles = frozenset(["relationship"])  # else both have the same owner
        await pilot.press("equals_sign")
        await wait_for(pilot, "Shortest way from shop/plum to")
        await pilot.press(*"quince")
        await wait_for(pilot, "quince")
        await pilot.press("enter")
        await wait_for(pilot, "steps to shop/quince")
        await settle(pilot)
        text = next(line for line in screen(pilot).split("\n") if "► " in line)
        order = [text.index(name) for name in ("plum", "apple", "pear", "quince")]
        assert order == sorted(order)
        await press(pilot, "escape")
        assert pane(pilot).way is None


@pytest.mark.parametrize(("letter", "ending", "begins"), [("d", "dot", "digraph"), ("s", "svg", "<svg")])
async def test_the_graph_is_saved(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, letter: str, ending: str, begins: str
) -> None:
    monkeypatch.chdir(tmp_path)
    async with relations(root) as pilot:
        await pilot.press("W")
        await wait_for(pilot, "Save the graph as")
        await pilot.press(letter)
        await wait_for(pilot, "The file to write")
        await pilot.press("enter")
        await wait_for(pilot, "Saved")
        await settle(pilot)
    text = (tmp_path / f"apple.{ending}").read_text()
    assert text.startswith(begins)
    assert "shop/plum" in text


async def test_a_relationship_is_taken_away(root: Path) -> None:
    async with relations(root) as pilot:
        await press(pilot, "left")
        await pilot.press("delete")
        await wait_for(pilot, "enter")
        await pilot.press("enter")
        await settle(pilot)
    assert json.loads((root / "shop/.dm/plum/meta.content.json").read_text())["relationships"] == []


async def test_read_only_takes_nothing_away(root: Path) -> None:
    async with relations(root, settings=replace(SETTINGS, read_only=True)) as pilot:
        await press(pilot, "left")
        assert "read-only" in pilot.app.why_not_now("relations.unlink")  # type: ignore[attr-defined]


async def test_hostile_names_are_shown_as_marks(root: Path) -> None:
    make_entry(root, "evil\x1b[31m[bold]", relationships=[link("quince")])
    async with relations(root, "quince") as pilot:
        assert "\x1b" not in screen(pilot)
        assert "evil␛[31m[bold]" in screen(pilot)


async def test_the_lists_of_the_root(root: Path) -> None:
    make_entry(root, "alone")
    async with relations(root) as pilot:
        await press(pilot, "w")
        assert "Links to what is not there" in screen(pilot)
        assert "relationship → shop/gone" in screen(pilot)
        await press(pilot, "v")
        assert "Entries that stand alone" in screen(pilot)
        assert "shop/alone" in screen(pilot)
        await press(pilot, "v")
        assert line_of(pilot, "management/users/dana")
        await press(pilot, "v", "home", "enter")
        assert pane(pilot).centre == Address("shop", ("apple",))


async def test_a_view_of_the_last_session_indexes_nothing(root: Path) -> None:
    settings = replace(SETTINGS, restore=True)
    async with relations(root, settings=settings) as pilot:
        pilot.app._save_session()  # type: ignore[attr-defined]
    app = DmartApp(settings, root, paths=replace(paths(), cache=root.parent / "other", state=root.parent / "state"))
    async with app.run_test() as pilot:
        await settle(pilot)
        assert pane(pilot).centre == Address("shop", ("apple",))
        assert "R reads what points here" in screen(pilot)
        assert not (root.parent / "other").exists()
        await app.perform("relations.read")
        await settle(pilot)
        assert "plum" in nodes(pilot)
