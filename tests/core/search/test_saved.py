"""Searches with names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.search import forget_search, save_search, saved_searches

if TYPE_CHECKING:
    from pathlib import Path


def test_searches_are_kept_for_each_root(own_folders: Path) -> None:
    assert saved_searches("/a") == {}
    save_search("/a", " open tickets ", "@state:open")
    save_search("/a", "mine", "@owner:ali")
    save_search("/b", "mine", "@owner:amal")
    save_search("/a", "mine", "@owner:ali @is_active:true")
    assert saved_searches("/a") == {"mine": "@owner:ali @is_active:true", "open tickets": "@state:open"}
    assert forget_search("/a", "mine") and not forget_search("/a", "mine")
    assert saved_searches("/a") == {"open tickets": "@state:open"}
    assert saved_searches("/b") == {"mine": "@owner:amal"}


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\x1b"])
def test_a_name_must_be_one(name: str) -> None:
    with pytest.raises(UsageFault):
        save_search("/a", name, "x")


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff", b'{"a": 1}', b"[" * 100_000])
def test_a_damaged_file_holds_none(own_folders: Path, content: bytes) -> None:
    save_search("/a", "one", "x")
    (file,) = own_folders.rglob("searches/*.json")
    file.write_bytes(content)
    assert saved_searches("/a") == {}
