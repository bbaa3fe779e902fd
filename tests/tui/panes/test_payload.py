"""The payload pane: each kind of content, its schema, secrets, sizes, and what is missing or hostile."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from dmart_tui.tui.panes.payload import PayloadPane
from tests.support.panes import make_entry, make_space, opened, press, screen, settle

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_space(tmp_path / "spaces here")


@pytest.mark.parametrize(
    ("address", "mode", "shown"),
    [
        ("docs/guides/surge_protectors", "rendered", "surge_protectors.md"),
        ("docs/pages/handbook", "text", "handbook.html"),
        ("docs/guides/sizing", "text", "def "),
        ("docs/pages/logo", "picture", "PNG, 160"),
        ("catalog/datasets/price_list", "table", "✓ rows fit price_row"),
        ("catalog/datasets/movements", "table", "jsonl"),
        ("catalog/datasets/stock_book", "table", "table"),
        ("docs/guides/hold_music", "hex", "52 49 46 46"),
        ("docs/pages/about", "text", "in the meta"),
        ("catalog/datasets/quarter", "rendered", "in the meta"),
        ("attic/payloads/not_a_picture", "text", "not_a_picture"),
    ],
)
async def test_each_kind_is_shown_as_what_it_is(demo_root: Path, address: str, mode: str, shown: str) -> None:
    async with opened(demo_root, address, "payload") as pilot:
        assert pilot.app.query_one(PayloadPane).viewer.mode == mode
        assert shown in screen(pilot)


async def test_violations_stand_beside_their_values_and_are_gone_through(demo_root: Path) -> None:
    async with opened(demo_root, "attic/payloads/wrong_price", "payload", (160, 30)) as pilot:
        text = screen(pilot)
        assert "✗ 4 violations of item" in text
        assert 'price: "twelve"  ✗ "twelve" is not of type "number"' in text
        assert "✗ Additional properties are not allowed" in text
        viewer = pilot.app.query_one(PayloadPane).viewer
        paths = []
        await press(pilot, "v")
        for _ in range(4):
            await press(pilot, "e")
            paths.append(viewer.view.path)  # type: ignore[union-attr]
        assert viewer.mode == "tree"
        assert {"price", "stock", "status"} <= set(paths)


async def test_secrets_are_masked_in_every_mode_until_they_are_asked_for(root: Path) -> None:
    body = json.dumps({"user": "dana", "password": "hunter2", "deep": [{"api_key": "k3y"}]}, indent=1).encode()
    make_entry(root, "one", {"content_type": "json", "body": "one.json"}, body)
    async with opened(root, "shop/one", "payload") as pilot:
        viewer = pilot.app.query_one(PayloadPane).viewer
        seen = set()
        for _ in range(3):
            seen.add(viewer.mode)
            assert "hunter2" not in screen(pilot)
            assert "hunter2" not in (viewer.copied() or "")
            await press(pilot, "v")
        assert seen == {"tree", "text", "hex"}
        await press(pilot, "S")
        assert "hunter2" in screen(pilot)


async def test_a_large_text_shows_no_secret_as_text_or_bytes(root: Path) -> None:
    inner = {f"k{number}": f"hunter{number}" for number in range(300)}
    data = json.dumps({"fill": ["plain"] * 150_000, "credentials": inner, "password": "hunter"}, indent=1).encode()
    assert len(data) > 1_000_000
    make_entry(root, "large", {"content_type": "json", "body": "large.json"}, data)
    async with opened(root, "shop/large", "payload") as pilot:
        viewer = pilot.app.query_one(PayloadPane).viewer
        for mode in ("text", "hex"):
            await viewer.set_mode(mode)  # type: ignore[arg-type]
            await press(pilot, "G")
            for _ in range(15):
                assert "hunter" not in screen(pilot)
                assert "hunter" not in (viewer.copied() or "")
                await press(pilot, "pageup")


async def test_a_picture_with_text_in_it_shows_no_secret_as_bytes(root: Path) -> None:
    make_entry(root, "odd", {"content_type": "pdf", "body": "odd.pdf"}, b'%PDF-1.4\0\xff{"password": "hunter2"}')
    async with opened(root, "shop/odd", "payload") as pilot:
        text = screen(pilot)
        assert "%PDF-1.4" in text
        assert "hunter2" not in text
        await press(pilot, "S")
        assert "68 75 6e 74 65 72 32" in screen(pilot).replace("  ", " ")


async def test_a_secret_column_hides_its_cells_and_the_text(root: Path) -> None:
    rows = b"name,password\ndana,hunter2\nomar,s3same\n"
    make_entry(root, "people", {"content_type": "csv", "body": "people.csv"}, rows)
    async with opened(root, "shop/people", "payload") as pilot:
        assert "dana" in screen(pilot)
        await press(pilot, "v")
        assert "hunter2" not in screen(pilot)


async def test_a_huge_file_is_paged_and_never_read_whole(root: Path) -> None:
    make_entry(root, "huge", {"content_type": "json", "body": "huge.json"}, b'{"a": 1,\n')
    os.truncate(root / "shop" / "huge.json", 1 << 40)
    async with opened(root, "shop/huge", "payload") as pilot:
        assert "1.1 TB" in screen(pilot)


async def test_json_above_the_limit_opens_as_paged_text_with_a_sentence(root: Path) -> None:
    data = b"[\n" + b'{"password": "hunter2"},\n' * 400_000 + b"1]"
    make_entry(root, "big", {"content_type": "json", "body": "big.json"}, data)
    async with opened(root, "shop/big", "payload") as pilot:
        assert pilot.app.query_one(PayloadPane).viewer.mode == "text"
        assert "too large for a tree" in screen(pilot)
        await press(pilot, "pagedown")
        assert "password" in screen(pilot)
        assert "hunter2" not in screen(pilot)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("attic/payloads/no_file", "is missing"),
        ("attic/payloads/climber", "not followed"),
        ("catalog", "has no payload"),
    ],
)
async def test_what_is_not_there_is_said(demo_root: Path, address: str, words: str) -> None:
    async with opened(demo_root, address, "payload") as pilot:
        assert words in screen(pilot)
        await press(pilot, "v")
        assert "Nothing is shown here." in screen(pilot)


async def test_damaged_json_is_text_with_the_place_of_the_damage(demo_root: Path) -> None:
    async with opened(demo_root, "attic/payloads/half_json", "payload") as pilot:
        assert "is not JSON" in screen(pilot)
        assert '{"price": 3' in screen(pilot)


async def test_a_link_out_of_the_root_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text('{"word": "treasure"}')
    make_entry(root, "away", {"content_type": "json", "body": "away.json"})
    (root / "shop" / "away.json").symlink_to(tmp_path / "outside.json")
    async with opened(root, "shop/away", "payload") as pilot:
        assert "leads out of the root" in screen(pilot)
        assert "treasure" not in screen(pilot)


async def test_garbage_and_hostile_text_show_as_visible_marks(root: Path) -> None:
    nasty = "\x1b[2J\x1b]0;x\x07 [bold red]markup[/] \u202eright"
    make_entry(root, "n", {"content_type": "text", "body": nasty})
    make_entry(root, "g", {"content_type": "json", "body": "g.json"}, bytes(range(256)) * 40)
    async with opened(root, "shop/n", "payload") as pilot:
        text = screen(pilot)
        assert "[bold red]markup[/]" in text
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
    async with opened(root, "shop/g", "payload") as pilot:
        assert pilot.app.query_one(PayloadPane).viewer.mode == "hex"


async def test_search_goes_from_match_to_match(demo_root: Path) -> None:
    async with opened(demo_root, "docs/guides/sizing", "payload") as pilot:
        viewer = pilot.app.query_one(PayloadPane).viewer
        await press(pilot, "slash", *"return", "enter")
        first = viewer.row
        assert "return" in (viewer.copied() or "")
        await press(pilot, "n", "N")
        assert viewer.row == first


async def test_escape_takes_the_search_and_its_marks_away(demo_root: Path) -> None:
    async with opened(demo_root, "docs/guides/sizing", "payload") as pilot:
        pane = pilot.app.query_one(PayloadPane)
        await press(pilot, "slash", *"return", "enter")
        assert pane.viewer.line.display
        assert pane.why_not("payload.next-match") is None
        await press(pilot, "escape")
        assert not pane.viewer.line.display
        assert pane.why_not("payload.next-match") == "Nothing was searched for yet."
        assert pane.viewer.view is not None
        assert pane.viewer.view.has_focus


async def test_why_a_table_cannot_be_seen_is_told_whole(root: Path) -> None:
    make_entry(root, "broken", {"content_type": "sqlite", "body": "b.sqlite"}, b"SQLite format 3\0" + b"\xff" * 4000)
    async with opened(root, "shop/broken", "payload", (80, 24)) as pilot:
        opened_now = pilot.app.query_one(PayloadPane).viewer.opened
        assert opened_now is not None
        assert opened_now.note.startswith("not readable as SQLite")
        assert all(word in screen(pilot) for word in opened_now.note.split())


async def test_prose_wraps_and_code_does_when_it_is_asked_to(root: Path) -> None:
    long = "word " * 60 + "end"
    make_entry(root, "prose", {"content_type": "text", "body": long})
    make_entry(root, "code", {"content_type": "json", "body": "code.json"}, json.dumps({"a": long}).encode())
    async with opened(root, "shop/prose", "payload", (80, 24)) as pilot:
        assert "end" in screen(pilot)
        await press(pilot, "w")
        assert "end" not in screen(pilot)
    async with opened(root, "shop/code", "payload", (80, 24)) as pilot:
        await press(pilot, "w")
        assert "Only lines of text wrap." in screen(pilot)
        await press(pilot, "v")
        assert 'end"' not in screen(pilot)
        await press(pilot, "w")
        assert 'end"' in screen(pilot)


async def test_why_a_large_text_does_not_wrap_is_said(root: Path) -> None:
    make_entry(root, "big", {"content_type": "text", "body": "big.txt"}, b"line\n" * 30_000)
    async with opened(root, "shop/big", "payload") as pilot:
        await press(pilot, "w")
        assert "20,000 lines are wrapped" in screen(pilot)


async def test_a_copy_is_saved_as_it_is_and_overwrites_nothing(root: Path, tmp_path: Path) -> None:
    data = b'{"password": "hunter2"}'
    make_entry(root, "one", {"content_type": "json", "body": "one.json"}, data)
    target = tmp_path / "copy.json"
    async with opened(root, "shop/one", "payload") as pilot:
        for _ in range(2):
            await pilot.press("W")
            await pilot.pause()
            pilot.app.screen.query_one("Input").value = str(target)  # type: ignore[attr-defined]
            await pilot.press("enter")
            await pilot.pause()
            if pilot.app.screen.is_modal:
                assert "already" in screen(pilot)
                await pilot.press("escape")
            await settle(pilot)
        assert target.read_bytes() == data
