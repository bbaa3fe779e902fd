"""The timeline pane: histories and events of several entries in one order, filtered, and opened where they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.core.spaces import Spaces, timeline
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.history import HistoryPane
from dmart_tui.tui.panes.timeline import TimelinePane
from tests.support.panes import press, settle
from tests.support.past import event, looking_at, make_past, record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    histories = {
        "docs/.dm/apple": record("2026-03-01T09:00:00", "dana", "state", "a", "b")
        + record("2026-03-02T12:00:00", "omar", "state", "b", "c"),
        "docs/.dm/pear": record("2026-03-02T08:00:00", "dana", "slug", "x", "y"),
        "other/.dm/fig": record("2026-03-02T13:00:00", "sara", "slug", "m", "n"),
    }
    created = event("2026-03-01T08:00:00", "dana", "create", "apple")
    deleted = event("2026-03-03T10:00:00", "omar", "delete", "plum")
    return make_past(tmp_path / "spaces here", histories, created + deleted)


@pytest.fixture
async def pilot(root: Path) -> AsyncIterator[Pilot[None]]:
    async with looking_at(root, "timeline") as pilot:
        yield pilot


def pane(pilot: Pilot[None]) -> TimelinePane:
    return pilot.app.query_one(TimelinePane)


def shown(pilot: Pilot[None]) -> list[list[str]]:
    view = pane(pilot).browser.list
    return [view.render_line(y).text.replace("›", " ").split() for y in range(view.line_count())]


async def test_everything_in_one_order_under_its_day(pilot: Pilot[None]) -> None:
    lines = shown(pilot)
    assert [" ".join(line) for line in lines if "─" not in line[-1]] == [
        "− 10:00 omar shop/docs/plum deleted content",
        "~ 13:00 sara shop/other/fig slug m → n",
        "• 12:00 omar shop/docs/apple state b → c",
        "~ 08:00 dana shop/docs/pear slug x → y",
        "• 09:00 dana shop/docs/apple state a → b",
        "+ 08:00 dana shop/docs/apple created content",
    ]
    assert [line[1] for line in lines if "─" in line[-1]] == ["2026-03-03", "2026-03-02", "2026-03-01"]


async def test_the_count_is_told(pilot: Pilot[None]) -> None:
    assert str(pane(pilot).browser.query_one(".head").render()) == "6 lines"  # type: ignore[attr-defined]


async def test_the_cursor_steps_over_headings(pilot: Pilot[None]) -> None:
    seen = []
    for _ in range(6):
        item = pane(pilot).browser.current
        assert item is not None
        seen.append(item.timestamp)
        await press(pilot, "j")
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 6
    back = []
    for _ in range(6):
        item = pane(pilot).browser.current
        assert item is not None
        back.append(item.timestamp)
        await press(pilot, "k")
    assert back == seen[::-1]


async def test_a_branch_shows_its_own_only(pilot: Pilot[None]) -> None:
    await pilot.app.open_tool("timeline", Address("shop", ("other",)))  # type: ignore[attr-defined]
    await settle(pilot)
    view = pilot.app.workspace.current.query_one(TimelinePane)  # type: ignore[attr-defined]
    assert [str(item.address) for item in view.browser.rows.items] == ["shop/other/fig"]
    assert "fig" in view.browser.list.render_line(1).text.split()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("owner:dana", ["pear", "apple", "apple"]),
        ("request:delete", ["plum"]),
        ("type:content request:create", ["apple"]),
        ("key:slug", ["fig", "pear"]),
        ("-source:events apple", ["apple", "apple"]),
    ],
)
async def test_filters(pilot: Pilot[None], text: str, names: list[str]) -> None:
    browser = pane(pilot).browser
    browser.set_filter(text)
    await settle(pilot)
    items = [browser.rows.item(row) for row in range(len(browser.rows))]
    assert [item.address.name for item in items if item is not None] == names


async def test_enter_opens_the_history_at_the_change(pilot: Pilot[None]) -> None:
    await press(pilot, "G", "k", "enter")
    document = pilot.app.workspace.current  # type: ignore[attr-defined]
    assert document.address == Address("shop", ("docs", "apple"))
    current = document.query_one(HistoryPane).browser.current
    assert current is not None
    assert current.timestamp == "2026-03-01T09:00:00"


async def test_space_shows_a_line_in_full_and_comma_shows_it_in_the_tree(pilot: Pilot[None]) -> None:
    await press(pilot, "j", "space")
    view = pane(pilot).browser.details
    lines = [view.render_line(y).text.split() for y in range(4)]
    assert lines[0][0] == "shop/other/fig"
    assert lines[2][:2] == ["−", "m"]
    await press(pilot, "comma")
    assert pilot.app.tree_pane.selection() == [Address("shop", ("other", "fig"))]  # type: ignore[attr-defined]


async def test_reading_can_be_stopped_and_taken_up_again(pilot: Pilot[None], root: Path) -> None:
    path = root / "shop/docs/.dm/apple/history.jsonl"
    path.write_text("".join(record(f"2025-01-01T00:00:00.{n:06}", "dana", "n", n, n + 1) for n in range(5000)))
    await press(pilot, "R")
    browser = pane(pilot).browser
    read = len(browser.rows.items)
    assert read < 5000
    assert not browser.complete
    browser.stop()
    await press(pilot, "G")
    assert browser.stopped
    assert not browser.rows.more
    assert "stopped before the end" in str(browser.query_one(".head").render())  # type: ignore[attr-defined]
    await press(pilot, "R")
    assert not browser.stopped


async def test_the_demo_in_one_order(demo_root: Path) -> None:
    app = DmartApp(Settings(watch=False, restore=False), demo_root)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.open_tool("timeline")
        await settle(pilot)
        browser = pane(pilot).browser
        assert not browser.complete
        browser.set_filter("nothing has these words")
        await settle(pilot)
        assert browser.complete
        found = [(item.path, item.timestamp) for item in browser.rows.items]
    assert found == [(item.path, item.timestamp) for item in timeline(Spaces(demo_root))]
