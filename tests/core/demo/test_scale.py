"""Bulk entries are as sound as the others, and counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.demo import make_demo, make_wide_folder, making
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.spaces.checks import Check
from dmart_tui.core.spaces.model import Problem

if TYPE_CHECKING:
    from pathlib import Path


def test_a_large_demo_is_sound_and_as_large_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "_LARGE", 3000)
    steps: list[tuple[int, int]] = []
    report = make_demo(tmp_path / "large", scale="large", progress=lambda done, total: steps.append((done, total)))
    assert report.entries == 3000
    assert steps[-1][0] == steps[-1][1]
    assert len({total for _done, total in steps}) == 1
    assert [done for done, _total in steps] == sorted(done for done, _total in steps)
    check = Check(Spaces(report.root))
    found = [found for found in check.run() if isinstance(found, Problem)]
    where = ("operations/parcels", "support/archive")
    assert [problem for problem in found if problem.address.startswith(where)] == []
    assert len(list(report.root.glob("operations/parcels/*/.dm/*/meta.content.json"))) > 1000
    lines = sum(
        len(path.read_bytes().splitlines()) for path in report.root.rglob("history.jsonl") if "attic" not in path.parts
    )
    assert lines == report.history_lines


def test_a_wide_folder_holds_its_entries(tmp_path: Path) -> None:
    folder = make_wide_folder(tmp_path / "root", 250)
    metas = sorted(folder.glob(".dm/*/meta.content.json"))
    assert len(metas) == 250
    assert json.loads(metas[7].read_bytes())["shortname"] == metas[7].parent.name == "entry_0000007"
    assert (folder / ".dm" / "meta.folder.json").exists()
    assert (folder.parent / ".dm" / "meta.space.json").exists()
