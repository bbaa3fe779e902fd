"""The activity pane: charts that agree with the files, narrowed and opened by keys, over a root and over any store."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from dmart_tui.core.address import Address
from dmart_tui.core.changelog import Span
from dmart_tui.core.config import Settings
from dmart_tui.core.historydb import Store
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.activity import ActivityPane
from dmart_tui.tui.panes.history import HistoryPane
from dmart_tui.tui.panes.store import QueryPane, StorePane
from dmart_tui.tui.screens.dialog import RowList
from tests.support.panes import press, screen, settle, wait_for
from tests.support.past import event, looking_at, make_past, record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from dmart_tui.tui.panes.activity.board import Board
    from dmart_tui.tui.panes.activity.charts import Tops


@pytest.fixture
def root(tmp_path: Path) -> Path:
    histories = {
        "docs/.dm/apple": record("2026-03-02T09:00:00", "dana", "slug", "a", "b")
        + record("2026-03-03T12:00:00", "omar", "slug", "b", "c"),
        "docs/.dm/pear": record("2026-03-03T08:00:00", "dana", "slug", "x", "y"),
        "other/.dm/fig": record("2026-03-03T13:00:00", "dana", "slug", "m", "n"),
    }
    diff = {"slug": {"old": "a", "new": "b"}}
    events = (
        event("2026-03-01T08:00:00", "dana", "create", "apple")
        + event("2026-03-02T09:00:00", "dana", "update", "apple", attributes=diff)  # stands in the history, too
        + event("2026-03-04T10:00:00", "omar", "delete", "plum")
    )
    return make_past(tmp_path / "spaces here", histories, events)


@pytest.fixture
async def pilot(root: Path) -> AsyncIterator[Pilot[None]]:
    async with looking_at(root, "activity") as pilot:
        yield pilot


def board(pilot: Pilot[None]) -> Board:
    return pilot.app.query_one(ActivityPane).board


def counted(chart: Tops) -> list[tuple[str, float]]:
    return list(chart.items)


async def test_all_charts_count_the_same_changes(pilot: Pilot[None]) -> None:
    shown = board(pilot)
    assert shown.total == 6  # the update of the event log is the one of the history
    assert {str(day): count for day, count in shown.calendar.counts.items()} == {
        "2026-03-01": 1,
        "2026-03-02": 1,
        "2026-03-03": 3,
        "2026-03-04": 1,
    }
    assert [value for _, value in shown.rate.items] == [1, 1, 3, 1]
    assert sum(value or 0 for row in shown.clock.values for value in row) == 6
    assert shown.clock.values[1][12] == 1  # Tuesday noon
    entries, people, kinds = shown.tops
    assert counted(people) == [("dana", 4), ("omar", 2)]
    assert counted(entries)[0] == ("apple  shop/docs", 3)
    assert dict(counted(kinds)) == {"changed": 4, "added": 1, "removed": 1}


async def test_a_bar_opens_its_changes_and_a_change_its_history(pilot: Pilot[None]) -> None:
    board(pilot).tops[0].focus()
    await press(pilot, "enter")
    behind = pilot.app.query_one(ActivityPane).behind
    assert behind is not None
    assert [document["at"][:10] for document in behind.documents] == ["2026-03-03", "2026-03-02", "2026-03-01"]
    assert {document["entry"] for document in behind.documents} == {"shop/docs/apple"}
    await press(pilot, "down", "enter")
    history = pilot.app.query_one(HistoryPane)
    assert history.entry is not None
    assert history.entry.address == Address.parse("shop/docs/apple")
    assert history.browser.current is not None
    assert history.browser.current.timestamp == "2026-03-02T09:00:00"


async def test_escape_returns_to_the_chart(pilot: Pilot[None]) -> None:
    board(pilot).tops[1].focus()
    await press(pilot, "enter", "space", "escape", "escape")
    assert pilot.app.query_one(ActivityPane).behind is None
    assert pilot.app.focused is board(pilot).tops[1]


async def test_its_keys_are_listed(pilot: Pilot[None]) -> None:
    await pilot.press("question_mark")
    await wait_for(pilot, "Keys of this place")
    assert pilot.app.screen.query_one(RowList).rows[0].label == "Activity"
    await pilot.press("escape")


async def test_a_bar_narrows_all_charts_and_gives_them_back(pilot: Pilot[None]) -> None:
    shown = board(pilot)
    shown.tops[1].focus()
    await press(pilot, "down", "space")
    assert shown.total == 2
    assert counted(shown.tops[1]) == [("omar", 2)]
    assert dict(counted(shown.tops[2])) == {"changed": 1, "removed": 1}
    await press(pilot, "escape")
    assert shown.total == 6


async def test_ranges_are_chosen_with_keys(pilot: Pilot[None]) -> None:
    shown = board(pilot)
    assert shown.wanted is not None
    assert shown.wanted.span == Span(date(2026, 3, 1), date(2026, 3, 4))
    await press(pilot, "plus")  # the day of the cursor, the last one
    assert (shown.wanted.span, shown.total) == (Span(date(2026, 3, 4), date(2026, 3, 4)), 1)
    await press(pilot, "left_parenthesis")
    assert (str(shown.wanted.span), shown.total) == ("2026-03-03", 3)
    await press(pilot, "minus", "minus")
    assert (shown.wanted.span.unit, shown.total) == ("month", 6)
    await pilot.press("slash")
    await wait_for(pilot, "Range of days")
    pilot.app.screen.query_one(Input).value = "2026-03-02..2026-03-03"
    await press(pilot, "enter")
    assert shown.total == 4
    await press(pilot, "a")
    assert shown.total == 6


async def test_a_range_is_marked_in_the_calendar(pilot: Pilot[None]) -> None:
    shown = board(pilot)
    await press(pilot, "n", "up", "n")
    assert shown.wanted is not None
    assert shown.wanted.span == Span(date(2026, 3, 3), date(2026, 3, 4))


async def test_event_logs_may_be_counted_too(pilot: Pilot[None]) -> None:
    await pilot.press("o")
    await wait_for(pilot, "Which changes count")
    await press(pilot, "a")
    assert board(pilot).total == 7


async def test_what_is_new_is_read_when_asked(pilot: Pilot[None], root: Path) -> None:
    with (root / "shop/docs/.dm/pear/history.jsonl").open("a") as file:
        file.write(record("2026-03-05T08:00:00", "sara", "slug", "y", "z"))
    await press(pilot, "R")
    await press(pilot, "a")
    assert board(pilot).total == 7
    assert ("sara", 1) in counted(board(pilot).tops[1])


async def test_the_newest_days_are_in_view_until_the_cursor_leaves_them(root: Path) -> None:
    def happens(first: date, last: date) -> None:
        days = (first + timedelta(day) for day in range((last - first).days + 1))
        with (root / "shop/docs/.dm/pear/history.jsonl").open("a") as file:
            file.writelines(record(f"{day}T08:00:00", "sara", "slug", "y", str(day)) for day in days)

    def cursors() -> tuple[date | None, str]:
        charts = board(pilot)
        return charts.calendar.day, charts.rate.caption(charts.rate.cursor)

    happens(date(2025, 3, 3), date(2026, 2, 22))
    app = DmartApp(Settings(watch=False, restore=False), root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await app.open_tool("activity")
        await settle(pilot)
        assert cursors() == (date(2026, 3, 4), "2026-03-02 … 2026-03-04: 5")
        assert "[]" in screen(pilot) and "▲" in screen(pilot) and "Mar 2025" not in screen(pilot)
        happens(date(2026, 3, 5), date(2026, 3, 10))
        await press(pilot, "R")
        assert cursors() == (date(2026, 3, 10), "2026-03-09 … 2026-03-10: 2")
        board(pilot).calendar.focus()
        await press(pilot, "up")
        board(pilot).rate.focus()
        await press(pilot, "left")
        happens(date(2026, 3, 11), date(2026, 3, 12))
        await press(pilot, "R")
        assert cursors() == (date(2026, 3, 9), "2026-03-02 … 2026-03-08: 9")


async def test_a_branch_counts_what_is_below_it(root: Path) -> None:
    app = DmartApp(Settings(watch=False, restore=False), root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await app.open_tool("activity", Address.parse("shop/docs"))
        await settle(pilot)
        assert board(pilot).total == 5


async def test_bars_become_a_query(pilot: Pilot[None]) -> None:
    board(pilot).tops[1].focus()
    await press(pilot, "e")
    pane = pilot.app.query_one(QueryPane)
    assert pane.form.parts["group"] == "who"
    assert pane.answer is not None
    assert pane.answer.table.rows == [("dana", 4), ("omar", 2)]


async def test_the_store_behind_shows_its_parts(pilot: Pilot[None]) -> None:
    await press(pilot, "w")
    pane = pilot.app.query_one(StorePane)
    assert ("documents", "7") in [(field.label, field.value) for field in pane.fields.fields]


async def test_any_store_can_be_looked_at(tmp_path: Path) -> None:
    with Store.create(str(tmp_path / "sales.hdb"), date_field="day") as store:
        store.append(
            {"day": str(date(2020, 1, 1) + timedelta(days=at % 10)), "shop": "a" if at % 3 else "b", "amount": at}
            for at in range(30)
        )
    app = DmartApp(Settings(watch=False, restore=False), None, archive=str(tmp_path / "sales.hdb"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.open_archive(str(tmp_path / "sales.hdb"))
        await settle(pilot)
        shown = board(pilot)
        assert shown.total == 30
        assert shown.tops[0].field == "shop"
        assert counted(shown.tops[0]) == [("a", 20), ("b", 10)]
        shown.tops[0].focus()
        await press(pilot, "enter")
        behind = app.query_one(ActivityPane).behind
        assert behind is not None
        assert len(behind.documents) == 20


async def test_range_and_query_come_back_with_the_session(root: Path) -> None:
    settings = Settings(watch=False)
    app = DmartApp(settings, root)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.open_tool("activity")
        await settle(pilot)
        await press(pilot, "plus", "left_parenthesis", "e")
        app.query_one(QueryPane).form.put({"where": "kind == 'x'"})
        app.leave()
    app = DmartApp(settings, root)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert app.query_one(QueryPane).form.parts["where"] == "kind == 'x'"
        await app.open_tool("activity")
        await settle(pilot)
        shown = board(pilot)
        assert shown.wanted is not None
        assert (str(shown.wanted.span), shown.total) == ("2026-03-03", 3)
