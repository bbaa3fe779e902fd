"""The tree pane over real files: what rows show, filter, orders, marks, live changes, and its reads."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.tree import TreePane
from tests.support.panes import settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot


def write_entry(root: Path, where: str, name: str, **meta: object) -> Path:
    home = root / where / ".dm" / name
    home.mkdir(parents=True, exist_ok=True)
    path = home / "meta.content.json"
    path.write_text(json.dumps({"shortname": name, "is_active": True, "owner_shortname": "o", **meta}))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "spaces here"
    for folder in ("shop", "shop/old", "shop/new", "other"):
        (root / folder / ".dm").mkdir(parents=True)
        kind = "space" if "/" not in folder else "folder"
        (root / folder / ".dm" / f"meta.{kind}.json").write_text(
            json.dumps({"shortname": folder.rpartition("/")[2], "is_active": True})
        )
    write_entry(root, "shop", "pear", displayname={"en": "A pear"}, updated_at="2024-01-01T00:00:00")
    write_entry(root, "shop", "apple", displayname={"en": "Sweet apple"}, updated_at="2025-01-01T00:00:00")
    write_entry(root, "shop", "fig", is_active=False, updated_at="2023-01-01T00:00:00")
    (root / "shop/.dm/broken").mkdir()
    (root / "shop/.dm/broken/meta.content.json").write_text("{")
    write_entry(root, "shop/old", "apple_core")
    return root


@pytest.fixture
async def pilot(root: Path) -> AsyncIterator[Pilot[None]]:
    app = DmartApp(Settings(watch=False, restore=False), root)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        yield pilot


def tree(pilot: Pilot[None]) -> TreePane:
    return pilot.app.query_one(TreePane)


def shown(pilot: Pilot[None]) -> list[str]:
    rows = tree(pilot).rows
    return [
        "".join(segment.text for segment in rows.render_line(y)).rstrip()
        for y in range(min(rows.row_count(), rows.view_height))
    ]


async def test_folders_come_first_and_rows_say_what_is_odd(pilot: Pilot[None]) -> None:
    await pilot.press("j", "l")
    await settle(pilot)
    lines = shown(pilot)
    assert [line.split()[-1] for line in lines[:2]] == ["other", "shop"]
    names = [tree(pilot).rows.row_info(row).path[-1] for row in range(2, 8)]
    assert names == ["new", "old", "apple", "broken", "fig", "pear"]
    by_name = dict(zip(names, lines[2:], strict=True))
    assert "Sweet apple" in by_name["apple"]
    assert by_name["broken"].rstrip("│ ").endswith("✗")
    assert "off" in by_name["fig"]
    assert "off" not in by_name["pear"]


async def test_names_switch_between_display_name_and_shortname(pilot: Pilot[None]) -> None:
    await pilot.press("j", "l", "d")
    await settle(pilot)
    text = "\n".join(shown(pilot))
    assert "pear" in text
    assert "A pear" not in text


async def test_filter_keeps_matches_and_the_way_to_them_until_escape(pilot: Pilot[None]) -> None:
    await pilot.press("j", "l")
    await settle(pilot)
    await pilot.press("j", "j", "l")
    await settle(pilot)
    await pilot.press("slash", *"apple", "enter")
    await settle(pilot)
    rows = tree(pilot).rows
    paths = {"/".join(rows.row_info(row).path) for row in range(rows.row_count())}
    assert paths == {"shop", "shop/old", "shop/old/apple_core", "shop/apple"}
    await pilot.press("escape")
    await settle(pilot)
    assert rows.row_count() == 9
    assert not tree(pilot).line.display


async def test_sorting_by_last_change_reads_the_folder_and_survives_a_reload(pilot: Pilot[None]) -> None:
    await pilot.press("j", "l")
    await settle(pilot)
    await pilot.press("j", "s", "u")
    await settle(pilot)
    rows = tree(pilot).rows

    def entries() -> list[str]:
        return [path[-1] for row in range(2, 8) if (path := rows.row_info(row).path)][2:]

    assert entries() == ["apple", "pear", "fig", "broken"]
    await pilot.press("r")
    await settle(pilot)
    assert entries() == ["apple", "pear", "fig", "broken"]


async def test_marks_are_what_actions_work_on(pilot: Pilot[None]) -> None:
    await pilot.press("j", "l")
    await settle(pilot)
    assert tree(pilot).selection() == [Address("shop")]
    await pilot.press("j", "space", "space")
    assert tree(pilot).selection() == [Address("shop", ("new",)), Address("shop", ("old",))]
    assert "2 marked" in str(tree(pilot).border_subtitle)
    await pilot.press("u")
    assert "marked" not in str(tree(pilot).border_subtitle)


async def test_locating_opens_the_way(pilot: Pilot[None]) -> None:
    await tree(pilot).locate(Address.parse("shop/old/apple_core"))
    assert tree(pilot).current == Address.parse("shop/old/apple_core")


async def test_changed_files_show(pilot: Pilot[None], root: Path) -> None:
    await pilot.press("j", "l")
    await settle(pilot)
    changed = write_entry(root, "shop", "pear", displayname={"en": "A ripe pear"})
    added = write_entry(root, "shop", "kiwi")
    shutil.rmtree(root / "shop/.dm/fig")
    pilot.app.files_changed.publish(  # type: ignore[attr-defined]
        frozenset({str(changed), str(added), str(root / "shop/.dm/fig/meta.content.json")})
    )
    await settle(pilot)
    text = "\n".join(shown(pilot))
    assert "A ripe pear" in text
    assert "kiwi" in text
    assert "fig" not in text


async def test_state_comes_back(pilot: Pilot[None], root: Path) -> None:
    await tree(pilot).locate(Address.parse("shop/old/apple_core"))
    state = json.loads(json.dumps(tree(pilot).state()))
    other = DmartApp(Settings(watch=False, restore=False), root)
    async with other.run_test(size=(120, 30)) as again:
        await settle(again)
        await tree(again).restore(state)
        assert tree(again).current == Address.parse("shop/old/apple_core")


async def test_only_rows_on_the_screen_are_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2000):
        write_entry(root, "other", f"entry_{number:04}")
    app = DmartApp(Settings(watch=False, restore=False), root)
    opened: list[str] = []
    load_child = app.spaces.load_child  # type: ignore[union-attr]
    monkeypatch.setattr(
        app.spaces, "load_child", lambda parent, name, flags: (opened.append(name), load_child(parent, name, flags))[1]
    )
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await pilot.press("l")
        await settle(pilot)
        assert tree(pilot).rows.row_count() == 2002
        assert 10 < len(opened) < 200


async def test_a_link_out_of_the_root_is_a_row_with_its_reason(root: Path) -> None:
    (root / "shop" / "outside").symlink_to(root.parent)
    app = DmartApp(Settings(watch=False, restore=False), root)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await pilot.press("j", "l")
        await settle(pilot)
        await tree(pilot).locate(Address.parse("shop/outside"))
        await pilot.press("l")
        await settle(pilot)
        assert "out of the root" in "\n".join(shown(pilot))


async def test_hostile_names_are_shown_as_marks(root: Path) -> None:
    write_entry(root, "other", "a\x1b[31mred\u202e", displayname="[bold]x[/]\x07")
    app = DmartApp(Settings(watch=False, restore=False, names="short"), root)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await pilot.press("l")
        await settle(pilot)
        text = "\n".join(shown(pilot))
        assert "a␛[31mred⟨RLO⟩" in text
        await pilot.press("d")
        await settle(pilot)
        assert "[bold]x[/]␇" in "\n".join(shown(pilot))


async def test_badges_become_signs_where_words_leave_no_room(root: Path) -> None:
    home = write_entry(root, "other", "crowded", is_active=False).parent
    line = {"timestamp": "2026-01-01T00:00:00", "diff": {"lock_type": {"old": "null", "new": "lock"}}}
    (home / "history.jsonl").write_text(json.dumps(line) + "\n")
    for width, badges in ((160, "locked off"), (80, "⊘ ○")):
        app = DmartApp(Settings(watch=False, restore=False), root)
        async with app.run_test(size=(width, 24)) as pilot:
            await settle(pilot)
            await pilot.press("l")
            await settle(pilot)
            row = next(text for text in shown(pilot) if "crowded" in text)
            assert row.endswith(badges)
