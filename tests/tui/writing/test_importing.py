"""Importing through the dialogs: looked into first, brought in, reported, and taken back as a whole."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing.interchange import export_zip
from dmart_tui.tui.app import DmartApp
from tests.support.app import QUIET
from tests.support.panes import make_entry, make_space, screen, settle, wait_for
from tests.tui.writing.test_batches import begin, told

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_space(tmp_path / "my spaces")
    make_entry(root, "note", tags=["mine"], slug="kept")
    make_entry(root, "same")
    return root


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A zip with an entry that is here and differs, one that is here and is the same, and a new one."""
    other = make_space(tmp_path / "other")
    make_entry(other, "note", tags=["theirs"])
    make_entry(other, "same")
    make_entry(other, "fresh")
    export_zip(Spaces(other), [], tmp_path / "package.zip")
    return tmp_path / "package.zip"


def meta(root: Path, name: str) -> Any:
    return json.loads((root / f"shop/.dm/{name}/meta.content.json").read_bytes())


async def pick(app: DmartApp, pilot: Pilot[None], path: Path) -> None:
    """Choose a file to import."""
    await begin(pilot)
    await app.perform("change.import")
    await wait_for(pilot, "Import a zip or CSV file")
    await pilot.press(*str(path), "enter")


@pytest.mark.parametrize(
    ("key", "counts", "tags", "slug"),
    [
        ("l", "1 new, 2 unchanged, 1 differ and stay as they are", ["mine"], "kept"),
        ("m", "1 new, 1 merged, 2 unchanged", ["theirs"], "kept"),
        ("r", "1 new, 1 replaced, 2 unchanged", ["theirs"], None),
    ],
)
async def test_a_zip_comes_in_as_shown_and_goes_again(
    root: Path, package: Path, key: str, counts: str, tags: list[str], slug: str | None
) -> None:
    before = meta(root, "note")
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 34)) as pilot:
        await pick(app, pilot, package)
        await wait_for(pilot, "What is here already")
        await pilot.press(key)
        await wait_for(pilot, "enter does")
        assert all(count in screen(pilot) for count in counts.split(", "))
        assert "shop/fresh" in screen(pilot)
        assert not (root / "shop/.dm/fresh").exists()
        await pilot.press("enter")
        await told(pilot, "Import package.zip: ")
        assert (meta(root, "note")["tags"], meta(root, "note").get("slug")) == (tags, slug)
        assert meta(root, "fresh")["shortname"] == "fresh"
        await pilot.press("U")
        await wait_for(pilot, "Take the whole batch back")
        await pilot.press("y")
        await told(pilot, "Take back: Import package.zip")
    assert {key: value for key, value in meta(root, "note").items() if key != "updated_at"} == before
    assert not (root / "shop/.dm/fresh").exists()


async def test_what_is_no_zip_is_told(root: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 nothing")
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 34)) as pilot:
        await pick(app, pilot, tmp_path / "broken.zip")
        await told(pilot, "zip")
        assert len(app.screen_stack) == 1


async def test_rows_become_entries_after_the_columns_were_shown(root: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text('shortname,displayname.en,price\nnew,"A, B",3\nnote,Changed,\n../x,No,1\n')
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 40)) as pilot:
        await pick(app, pilot, tmp_path / "rows.csv")
        await wait_for(pilot, "Into which folder?")
        await pilot.press("enter")
        await wait_for(pilot, "The type of new entries")
        await pilot.press("enter")
        await wait_for(pilot, "Columns become keys")
        await pilot.press("enter")
        await wait_for(pilot, "1 new, 1 changed, 1 cannot be imported")
        assert f"{'price':14}  →  payload.body.price" in screen(pilot)
        assert "line 4" in screen(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "2 changed, 1 failed")
        await pilot.press("U")
        await wait_for(pilot, "Take the whole batch back")
        assert meta(root, "new")["displayname"] == {"en": "A, B"}
        assert meta(root, "note")["displayname"] == {"en": "Changed"}
        await pilot.press("y")
        await told(pilot, "Take back")
    assert not (root / "shop/.dm/new").exists()
    assert "displayname" not in meta(root, "note")


async def test_columns_get_other_keys_by_hand(root: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("Name,junk,price\nnew,x,3\n")
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 40)) as pilot:
        await pick(app, pilot, tmp_path / "rows.csv")
        await wait_for(pilot, "Into which folder?")
        await pilot.press("enter")
        await wait_for(pilot, "The type of new entries")
        await pilot.press("enter")
        await wait_for(pilot, "no column is the shortname")
        assert "All of it is right" not in screen(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "Name becomes which key?")
        await pilot.press("ctrl+u", *"shortname", "enter")
        await wait_for(pilot, "All of it is right")
        assert "→  shortname" in screen(pilot)
        await pilot.press("down", "down", "enter")
        await wait_for(pilot, "junk becomes which key?")
        await pilot.press("ctrl+u", "enter")
        await wait_for(pilot, "it is left out")
        await pilot.press("enter")
        await wait_for(pilot, "1 new")
        assert "nothing: it is left out" in screen(pilot)
        await pilot.press("enter")
        await told(pilot, "Import rows.csv")
    assert json.loads((root / "shop/new.json").read_bytes()) == {"price": "3"}


async def test_read_only_looks_into_it_and_changes_nothing(root: Path, package: Path) -> None:
    app = DmartApp(replace(QUIET, read_only=True), root)
    async with app.run_test(size=(110, 34)) as pilot:
        await pick(app, pilot, package)
        await wait_for(pilot, "What is here already")
        await pilot.press("r")
        await wait_for(pilot, "read-only")
        await pilot.press("enter", "Y", "escape")
        await settle(pilot)
    assert sorted(path.name for path in (root / "shop/.dm").iterdir()) == ["meta.space.json", "note", "same"]
    assert not (root / ".dmart-tui").exists()
