"""Links by the keyboard: what is found is pointed to, taken away again, and the other way round."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.errors import UsageFault
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.widgets.field_list import FieldList
from dmart_tui.tui.writing.linking import _attributes
from tests.support.app import QUIET, notices
from tests.support.panes import make_entry, make_space, screen, settle, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot


def _to(name: str, **attributes: Any) -> dict[str, Any]:
    locator = {"type": "content", "space_name": "shop", "subpath": "/", "shortname": name}
    return {"related_to": locator, "attributes": attributes}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_space(tmp_path)
    make_entry(tmp_path, "note", relationships=[])
    make_entry(tmp_path, "pump")
    make_entry(tmp_path, "hose", relationships=[_to("pump", role="part of", count=2), _to("note")])
    return tmp_path


@asynccontextmanager
async def at(root: Path, name: str) -> AsyncIterator[tuple[DmartApp, Pilot[None]]]:
    app = DmartApp(QUIET, root, fresh=True)
    async with app.run_test(size=(110, 26)) as pilot:
        await settle(pilot)
        await app.tree_pane.locate(Address.parse(f"shop/{name}"))
        await settle(pilot)
        yield app, pilot


def links(root: Path, name: str) -> list[tuple[str, Any]]:
    meta = json.loads((root / f"shop/.dm/{name}/meta.content.json").read_text())
    return [(one["related_to"]["shortname"], one["attributes"]) for one in meta["relationships"]]


async def test_what_is_found_is_pointed_to_with_what_was_said(root: Path) -> None:
    async with at(root, "note") as (_app, pilot):
        await pilot.press("J")
        await wait_for(pilot, "Link shop/note to")
        await pilot.press(*"pump")
        await wait_for(pilot, "1 of 1")
        await pilot.press("enter")
        await wait_for(pilot, "role=part of")
        await pilot.press(*"part")
        await pilot.press("tab", "enter")
        await wait_for(pilot, "enter does it")
        await pilot.press("enter")
        await settle(pilot)
    assert links(root, "note") == [("pump", {"role": "part of"})]


async def test_a_relationship_is_chosen_and_taken_away(root: Path) -> None:
    async with at(root, "hose") as (app, pilot):
        app.tasks.spawn(app.perform("change.unlink"))
        await wait_for(pilot, "enter takes it away")
        assert "role part of, count 2" in screen(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "enter does it")
        await pilot.press("enter")
        await settle(pilot)
    assert links(root, "hose") == [("note", {})]


async def test_a_row_of_the_overview_is_unlinked(root: Path) -> None:
    async with at(root, "hose") as (app, pilot):
        await app.open(Address.parse("shop/hose"), "overview")
        await settle(pilot)
        assert app.why_not_now("overview.unlink") == "This row is no relationship."
        fields = app.query_one(FieldList)
        fields.cursor = next(row for row, field in enumerate(fields.fields) if field.exact == "shop/note")
        await pilot.press("delete")
        await wait_for(pilot, "enter does it")
        await pilot.press("enter")
        await settle(pilot)
    assert [name for name, _ in links(root, "hose")] == ["pump"]


async def test_what_points_here_is_listed_and_opened(root: Path) -> None:
    async with at(root, "pump") as (app, pilot):
        await pilot.press("at")
        await wait_for(pilot, "What points to shop/pump")
        await wait_for(pilot, "enter opens")
        await pilot.press("enter")
        await settle(pilot)
        current = app.workspace.current
        assert current is not None
        assert current.address == Address.parse("shop/hose")
        await pilot.press("at")
        for _ in range(500):
            if notices(app):
                break
            await pilot.pause(0.01)
        assert notices(app)[-1] == "Nothing in the root points to shop/hose."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", {}),
        ("role=author", {"role": "author"}),
        ("role=reported by, count:=4", {"role": "reported by", "count": 4}),
        ("list:=[1, 2], role=a", {"list": [1, 2], "role": "a"}),
    ],
)
def test_attributes_are_read(text: str, said: dict[str, Any]) -> None:
    assert _attributes(text) == said


@pytest.mark.parametrize("text", ["role", "count:=", "tags+=a", "role-"])
def test_what_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageFault):
        _attributes(text)
