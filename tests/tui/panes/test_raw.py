"""The raw pane: every file of an entry as it stands, its problems, and its secrets masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dmart_tui.tui.panes.raw import RawPane
from tests.support.panes import make_entry, make_space, opened, press, screen

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_space(tmp_path / "spaces here")


async def test_each_file_of_an_entry_is_shown_in_turn(root: Path) -> None:
    home = make_entry(root, "one", {"content_type": "json", "body": "one.json"}, b'{"apples": 3}')
    (home / "history.jsonl").write_text('{"pears": 4}\n')
    (home / "stray.old").write_bytes(b"\0\1\2")
    async with opened(root, "shop/one", "raw") as pilot:
        pane = pilot.app.query_one(RawPane)
        assert "file 1 of 4 · shop/.dm/one/meta.content.json" in screen(pilot)
        seen = []
        for _ in range(4):
            await press(pilot, "v")
            seen.append(screen(pilot))
        for text, word in zip(seen, ("apples", "pears", "00 01 02", "meta.content.json"), strict=True):
            assert word in text
        assert pane.at == 0


async def test_secrets_are_masked_until_asked_for(root: Path) -> None:
    make_entry(root, "one", password="$2b$12$abcdefghijklmnopqrstuvwxyz0123456789")
    async with opened(root, "shop/one", "raw", (200, 30)) as pilot:
        assert '"password": "••••••"' in screen(pilot)
        await press(pilot, "S")
        assert "$2b$12$" in screen(pilot)


async def test_what_is_wrong_with_the_meta_stands_above_its_bytes(demo_root: Path) -> None:
    async with opened(demo_root, "attic/metas/torn_meta", "raw") as pilot:
        text = screen(pilot)
        assert text.index("✗ the meta is not JSON") < text.index("meta.content.json")
        assert '{"uuid":' in text
