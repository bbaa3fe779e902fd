"""The editor: form and text in step, saved after a preview, with others' changes taken in, nothing lost on the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.edit import EditPane
from dmart_tui.tui.widgets.form import Form
from tests.support.panes import make_entry, make_space, opened, press, screen, settle, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

JSON = {"content_type": "json", "body": "note.json", "schema_shortname": "note"}
SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}, "count": {"type": "integer"}}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_space(tmp_path)
    (tmp_path / "shop" / "schema").mkdir()
    (tmp_path / "shop" / "schema" / "note.json").write_text(json.dumps(SCHEMA))
    make_entry(tmp_path, "note", JSON, b'{"title": "Hello", "count": 3}', tags=["a"])
    return tmp_path


def pane(pilot: Pilot[None]) -> EditPane:
    return pilot.app.query_one(EditPane)


def body(root: Path) -> object:
    return json.loads((root / "shop" / "note.json").read_text())


async def edit(pilot: Pilot[None], path: tuple[str | int, ...], value: object) -> None:
    """What the form says when a person set a field."""
    form = pane(pilot).form
    form.post_message(Form.Edited(form, path, value))
    await settle(pilot)
    await rest(pilot)


async def rest(pilot: Pilot[None]) -> None:
    """Typing rests: what waits for that happens now."""
    await settle(pilot)
    edited = pane(pilot)
    if edited._timer is not None:
        edited._timer.stop()
        edited._rested()
    await settle(pilot)


async def answer(pilot: Pilot[None], *keys: str) -> None:
    """Press keys while an action waits for a dialog."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


async def save(pilot: Pilot[None]) -> None:
    """Save, and say yes to the preview."""
    await pilot.press("f2")
    await wait_for(pilot, "enter does it")
    await answer(pilot, "enter")
    await settle(pilot)


async def test_what_the_form_sets_is_in_the_text_and_saved_after_a_preview(root: Path) -> None:
    async with opened(root, "shop/note", "edit") as pilot:
        await edit(pilot, ("title",), "Salam")
        assert '"title": "Salam"' in pane(pilot).editor.text
        await pilot.press("f2")
        await wait_for(pilot, "Hello → Salam")
        assert body(root) == {"title": "Hello", "count": 3}
        await answer(pilot, "enter")
        await settle(pilot)
        assert body(root) == {"title": "Salam", "count": 3}
        assert not pane(pilot).unsaved
        assert "Change shop/note" in screen(pilot)


async def test_leaving_the_preview_writes_nothing_and_keeps_the_edits(root: Path) -> None:
    async with opened(root, "shop/note", "edit") as pilot:
        await edit(pilot, ("title",), "Salam")
        await pilot.press("f2")
        await wait_for(pilot, "Hello → Salam")
        await answer(pilot, "escape")
        await settle(pilot)
        assert body(root) == {"title": "Hello", "count": 3}
        assert pane(pilot).unsaved


async def test_what_is_typed_as_text_is_in_the_form(root: Path) -> None:
    async with opened(root, "shop/note", "edit") as pilot:
        await press(pilot, "v")
        pane(pilot).editor.replace_text('{"title": "typed", "count": 3}')
        await rest(pilot)
        await press(pilot, "f10")
        assert "typed" in screen(pilot)
        assert pane(pilot).form.value == {"title": "typed", "count": 3}


async def test_what_breaks_the_schema_is_told_beside_the_field_and_needs_a_deliberate_yes(root: Path) -> None:
    async with opened(root, "shop/note", "edit") as pilot:
        await edit(pilot, ("count",), "many")
        await wait_for(pilot, "✗ 1")
        await pilot.press("f2")
        await wait_for(pilot, "Y does it all the same")
        await answer(pilot, "enter")
        assert body(root) == {"title": "Hello", "count": 3}
        await answer(pilot, "Y")
        await settle(pilot)
        assert body(root) == {"title": "Hello", "count": "many"}


async def test_text_that_is_no_json_is_not_saved_and_says_where(root: Path) -> None:
    async with opened(root, "shop/note", "edit") as pilot:
        await press(pilot, "v")
        pane(pilot).editor.replace_text('{"title": ')
        await rest(pilot)
        await press(pilot, "f2")
        assert "not JSON" in screen(pilot)
        assert body(root) == {"title": "Hello", "count": 3}


async def test_other_keys_that_somebody_changed_meanwhile_are_taken_in(root: Path) -> None:
    async with opened(root, "shop/note", "edit") as pilot:
        await edit(pilot, ("title",), "mine")
        (root / "shop" / "note.json").write_text('{"title": "Hello", "count": 4}')
        await save(pilot)
        assert body(root) == {"title": "mine", "count": 4}


@pytest.mark.parametrize(("key", "stays"), [("m", "mine"), ("t", "theirs"), ("b", "Hello")])
async def test_where_both_changed_the_same_a_person_chooses(root: Path, key: str, stays: str) -> None:
    async with opened(root, "shop/note", "edit") as pilot:
        await edit(pilot, ("title",), "mine")
        await edit(pilot, ("count",), 9)
        (root / "shop" / "note.json").write_text('{"title": "theirs", "count": 3}')
        await pilot.press("f2")
        await wait_for(pilot, "1 to choose")
        await answer(pilot, "enter")
        assert "1 to choose" in screen(pilot)
        await answer(pilot, key, "enter")
        await wait_for(pilot, "enter does it")
        await answer(pilot, "enter")
        await settle(pilot)
        assert body(root) == {"title": stays, "count": 9}


async def test_a_list_that_both_changed_shows_what_differs_and_one_is_chosen(root: Path) -> None:
    before = {"title": "Hello", "visits": [{"by": "lana", "note": "first"}]}
    (root / "shop" / "note.json").write_text(json.dumps(before))
    async with opened(root, "shop/note", "edit") as pilot:
        await edit(pilot, ("visits", 0, "note"), "mine of it")
        (root / "shop" / "note.json").write_text(json.dumps(before).replace("first", "theirs of it"))
        await pilot.press("f2")
        await wait_for(pilot, "mine    [0].note mine of it")
        assert "theirs  [0].note theirs of it" in screen(pilot)
        assert "before  [0].note first" in screen(pilot)
        await answer(pilot, "t", "enter")
        await settle(pilot)
        assert pane(pilot).form.value["visits"] == [{"by": "lana", "note": "theirs of it"}]


async def test_undo_and_redo_go_over_form_and_text(root: Path) -> None:
    async with opened(root, "shop/note", "edit") as pilot:
        await edit(pilot, ("title",), "one")
        await edit(pilot, ("count",), 4)
        await press(pilot, "u")
        assert pane(pilot).form.value == {"title": "one", "count": 3}
        await press(pilot, "u")
        assert not pane(pilot).unsaved
        await press(pilot, "ctrl+y", "ctrl+y")
        assert pane(pilot).form.value == {"title": "one", "count": 4}


async def test_each_member_that_is_added_is_a_step_of_its_own_and_ctrl_z_takes_it_back(root: Path) -> None:
    async with opened(root, "shop/note", "edit") as pilot:
        await press(pilot, "s")
        pane(pilot).form.go_to(("tags", 0))
        for name in ("b", "c"):
            await press(pilot, "a", name, "enter")
        assert pane(pilot).form.value["tags"] == ["a", "b", "c"]
        await press(pilot, "ctrl+z")
        assert pane(pilot).form.value["tags"] == ["a", "b"]
        await press(pilot, "ctrl+z", "ctrl+y")
        assert pane(pilot).form.value["tags"] == ["a", "b"]


async def test_a_form_changes_a_text_that_is_too_large_to_type_in(root: Path) -> None:
    large = {"title": "Hello", "rest": ["x" * 1_000] * 1_100}
    (root / "shop" / "note.json").write_text(json.dumps(large, indent=1))
    async with opened(root, "shop/note", "edit", (160, 40)) as pilot:
        assert pane(pilot).editor.read_only
        await edit(pilot, ("title",), "one")
        assert '"title": "one"' in pane(pilot).editor.text
        await save(pilot)
        await settle(pilot)
        assert body(root) == large | {"title": "one"}


async def test_escape_closes_the_search_first_and_its_words_are_seen(root: Path) -> None:
    async with opened(root, "shop/note", "edit", (80, 24)) as pilot:
        await press(pilot, "v", "ctrl+f", *"Hello")
        bar = next(line for line in screen(pilot).splitlines() if "Find " in line)
        assert "Hello" in bar
        assert "1 of 1" in bar
        await press(pilot, "escape")
        assert "Find " not in screen(pilot)
        assert pane(pilot).editor.has_focus_within
        await press(pilot, "ctrl+f", "enter")
        pane(pilot).take_focus()
        await press(pilot, "escape")
        assert "Find " not in screen(pilot)
        await press(pilot, "escape")
        assert not pane(pilot).has_focus_within


async def test_hints_tell_keys_that_are_not_typed(root: Path) -> None:
    async with opened(root, "shop/note", "edit", (100, 24)) as pilot:
        await press(pilot, "v")
        line = screen(pilot).splitlines()[-1]
        assert "f11 Meta or payload" in line
        assert "f10 Form or text" in line
        assert "x Close" not in line


async def test_the_meta_is_the_other_part(root: Path) -> None:
    async with opened(root, "shop/note", "edit") as pilot:
        await press(pilot, "s")
        await edit(pilot, ("tags",), ["a", "b"])
        await save(pilot)
        meta = json.loads((root / "shop/.dm/note/meta.content.json").read_text())
        assert meta["tags"] == ["a", "b"]
        assert meta["owner_shortname"] == "dana"


@pytest.mark.parametrize(("key", "saved", "closed"), [("d", False, True), ("k", False, False), ("s", True, True)])
async def test_closing_asks_about_edits(root: Path, key: str, saved: bool, closed: bool) -> None:
    async with opened(root, "shop/note", "edit") as pilot:
        await edit(pilot, ("title",), "mine")
        await pilot.press("x")
        await wait_for(pilot, "edits that are not saved")
        await answer(pilot, key)
        if saved:
            await wait_for(pilot, "enter does it")
            await answer(pilot, "enter")
        await settle(pilot)
        app = cast("DmartApp", pilot.app)
        assert (not app.workspace.documents) is closed
        assert body(root) == {"title": "mine" if saved else "Hello", "count": 3}


async def test_edits_come_back_with_the_session(root: Path) -> None:
    settings = Settings(watch=False)
    for restart in range(2):
        app = DmartApp(settings, root)
        async with app.run_test(size=(120, 30)) as pilot:
            await settle(pilot)
            if not restart:
                await app.open(Address.parse("shop/note"), "edit")
                await settle(pilot)
                await edit(pilot, ("title",), "mine")
            assert pane(pilot).unsaved
            assert pane(pilot).form.value == {"title": "mine", "count": 3}
            app._save_session()
    assert body(root) == {"title": "Hello", "count": 3}


async def test_secrets_show_masked_and_stay(root: Path) -> None:
    (root / "shop" / "note.json").write_text('{"title": "Hello", "password": "Hush12345"}')
    async with opened(root, "shop/note", "edit", size=(200, 40)) as pilot:
        assert "Hush" not in screen(pilot)
        await edit(pilot, ("title",), "mine")
        await save(pilot)
    assert body(root) == {"title": "mine", "password": "Hush12345"}


async def test_read_only_shows_what_saving_would_do_and_refuses(root: Path) -> None:
    app = DmartApp(Settings(watch=False, restore=False, read_only=True), root)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await app.open(Address.parse("shop/note"), "edit")
        await settle(pilot)
        await edit(pilot, ("title",), "mine")
        await pilot.press("f2")
        await wait_for(pilot, "read-only")
        await answer(pilot, "enter", "Y", "escape")
        await settle(pilot)
    assert body(root) == {"title": "Hello", "count": 3}
    assert not (root / ".dmart-tui").exists()
