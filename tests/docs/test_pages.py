"""The pages that derive from the program say what the program says now, and what the docs point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dmart_tui.core.spaces.checks import KINDS
from dmart_tui.tui.actions import ACTIONS
from docs.pages import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_not_stale(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run `python -m docs.pages`"


def test_no_action_and_no_kind_is_left_out() -> None:
    keys, problems = PAGES["keys.md"](), PAGES["problems.md"]()
    assert [action.name for action in ACTIONS if f"`{action.name}`" not in keys] == []
    assert [kind for kind in KINDS if f"`{kind}`" not in problems] == []


@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.md")), ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
