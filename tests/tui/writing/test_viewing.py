"""Looking at the root as one of its users: the tree, its filter, find, why, and the way back."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.tree import TreePane
from tests.support.app import QUIET, bottom_line, notices
from tests.support.panes import press, screen, settle, wait_for
from tests.support.rights import permission, put_entry, put_record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from dmart_tui.tui.writing.desk import Desk


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Sara reads what is active in one folder of the shop, by a role of her group."""
    for space in ("management", "shop", "lab"):
        put_entry(tmp_path, space, "space")
    for folder in ("management/users", "shop/goods", "shop/goods/new", "shop/secret"):
        put_entry(tmp_path, folder, "folder")
    put_entry(tmp_path, "shop/goods/new/pear", owner_shortname="omar")
    put_entry(tmp_path, "shop/goods/new/plum", is_active=False)
    put_entry(tmp_path, "shop/secret/peach")
    put_entry(tmp_path, "shop/pepper")
    put_record(
        tmp_path,
        "permission",
        "browse",
        permission({"shop": ["goods/new"]}, "view query", "content", conditions=["is_active"]),
    )
    put_record(tmp_path, "role", "reader", {"is_active": True, "permissions": ["browse"]})
    put_record(tmp_path, "group", "office", {"is_active": True, "roles": ["reader"]})
    put_record(tmp_path, "user", "sara", {"is_active": True, "roles": [], "groups": ["office"]})
    put_record(tmp_path, "user", "omar", {"is_active": True, "roles": []})
    return tmp_path


@asynccontextmanager
async def running(
    root: Path, settings: Settings = QUIET, *, width: int = 110
) -> AsyncIterator[tuple[DmartApp, Pilot[None]]]:
    app = DmartApp(settings, root, fresh=True)
    async with app.run_test(size=(width, 26)) as pilot:
        await settle(pilot)
        yield app, pilot


async def look_as(pilot: Pilot[None], user: str) -> None:
    await pilot.press("Y")
    await wait_for(pilot, "2 of 2")
    await pilot.press(*user, "enter")
    await wait_for(pilot, f"as {user}")
    await settle(pilot)


def rows(app: DmartApp) -> list[str]:
    """The names that the tree shows, in their order."""
    tree = app.query_one(TreePane).rows
    return ["/".join(tree.rows.row(number).path) for number in range(tree.row_count())]


async def test_the_tree_has_what_the_user_sees_and_the_way_there(root: Path) -> None:
    async with running(root) as (app, pilot):
        await look_as(pilot, "sara")
        assert rows(app) == ["shop"]
        assert "2 hidden" in screen(pilot)
        await app.tree_pane.locate(Address.parse("shop/goods/new/pear"))
        await settle(pilot)
        assert rows(app) == ["shop", "shop/goods", "shop/goods/new", "shop/goods/new/pear"]
        shown = screen(pilot)
        assert "as sara" in shown and "1 hidden" in shown and "way" in shown
        assert "! tree as sara" in bottom_line(app)
        await press(pilot, "Y")
        assert "shop/goods/new/plum" in rows(app) and "lab" in rows(app)
        assert "as sara" not in bottom_line(app)


async def test_marks_do_not_outlive_what_is_seen(root: Path) -> None:
    async with running(root) as (app, pilot):
        await app.tree_pane.locate(Address.parse("shop/pepper"))
        await press(pilot, "space")
        await look_as(pilot, "sara")
        assert app.query_one(TreePane).rows.marks == set()
        assert Address.parse("shop/pepper") not in app.selection()


async def test_find_shows_what_the_user_sees_and_counts_the_rest(root: Path) -> None:
    async with running(root) as (_app, pilot):
        await look_as(pilot, "sara")
        await pilot.press("f", *"pe")
        await wait_for(pilot, "hidden · enter opens")
        shown = screen(pilot)
        assert "pear" in shown and "peach" not in shown and "pepper" not in shown


async def test_what_is_hidden_is_told_where_one_goes_there_otherwise(root: Path) -> None:
    async with running(root) as (app, pilot):
        await look_as(pilot, "sara")
        await app.tree_pane.locate(Address.parse("shop/secret/peach"))
        assert notices(app)[-1] == "sara does not see shop/secret/peach: Q says why, Y shows all again."


async def test_why_names_permission_role_and_group(root: Path) -> None:
    async with running(root, width=160) as (app, pilot):
        await look_as(pilot, "sara")
        await app.tree_pane.locate(Address.parse("shop/goods/new/pear"))
        await settle(pilot)
        await pilot.press("Q")
        await wait_for(pilot, "What sara may do")
        shown = screen(pilot)
        assert "sara sees it" in shown
        given = "query, view: browse at shop:goods/new:content, by reader (by the group office); only what is active"
        assert given in shown
        assert "no permission lets sara do that" in shown
        await pilot.press("escape")
        await app.tree_pane.locate(Address.parse("shop/goods"))
        await settle(pilot)
        await pilot.press("Q")
        await wait_for(pilot, "does not see it itself, but what is below it")
        await pilot.press("escape")


async def test_without_a_view_why_is_about_who_makes_the_changes(root: Path) -> None:
    settings = Settings(theme="night", watch=False, user="omar")
    async with running(root, settings) as (app, pilot):
        assert "@omar" in bottom_line(app)
        await app.tree_pane.locate(Address.parse("shop/pepper"))
        await settle(pilot)
        await pilot.press("Q")
        await wait_for(pilot, "omar does not see it")
        await pilot.press("escape")
        await settle(pilot)


async def test_changes_can_be_made_as_somebody_else(root: Path) -> None:
    async with running(root, width=80) as (app, pilot):
        app.tasks.spawn(app.perform("change.user"))
        await wait_for(pilot, "2 of 2")
        await pilot.press(*"guest", "enter")
        await settle(pilot)
        assert "@guest" in bottom_line(app) or any("as guest" in text for text in notices(app))
        desk: Any = app.desk
        assert cast("Desk", desk).store.user == "guest"


async def test_who_only_reads_changes_nothing_as_anybody(root: Path) -> None:
    async with running(root, Settings(theme="night", watch=False, read_only=True)) as (app, pilot):
        assert "@" not in bottom_line(app)
        await look_as(pilot, "sara")
        assert rows(app) == ["shop"]
