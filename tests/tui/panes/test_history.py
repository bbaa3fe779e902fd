"""The history pane over real files: rows, diffs, filters, the past, blame, comparison, damage, secrets, size."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.core.secrets import MARK
from dmart_tui.core.spaces import Spaces, as_of, history
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.history import HistoryPane
from dmart_tui.tui.panes.history.asitwas import AsItWas
from dmart_tui.tui.panes.history.blaming import BlameList
from dmart_tui.tui.panes.history.comparing import Comparison
from dmart_tui.tui.panes.history.past import document, json_body
from dmart_tui.tui.panes.timeline import TimelinePane
from tests.support.panes import press, settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from dmart_tui.tui.widgets.lines import LineView

NOTE = Address("shop", ("docs", "note"))
HASH = "$2b$12$abcdefghijklmnopqrstuuKJ4kq3Zl0mGZq1C5m1mZ8w0m3y5J9aS"
OLD_TEXT = "The lid was missing when the tank came, and nobody could say where it had gone."
NEW_TEXT = "The lid was broken when the tank came, and nobody could say where it had gone."


def line(day: int, owner: str, **diff: Any) -> dict[str, Any]:
    return {
        "shortname": "history",
        "owner_shortname": owner,
        "timestamp": f"2026-03-{day:02}T10:00:00",
        "request_headers": {"user-agent": "curl/8", "x-real-ip": "10.0.0.7"},
        "diff": {key.replace("__", "."): {"old": old, "new": new} for key, (old, new) in diff.items()},
    }


CHANGES = [
    line(1, "dana", state=("new", "open"), displayname__en=("null", "A note")),
    line(2, "omar", tags=(["old"], ["urgent"])),
    line(3, "dana", description=(OLD_TEXT, NEW_TEXT)),
    line(4, "dana", lock_type=("null", "lock")),
    line(5, "omar", password=(HASH, "Secret123"), payload__body__price=(12, 13), state=("open", "closed")),
    line(6, "sara", settings=({"a": 1, "b": 2}, {"a": 1, "b": 3})),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "spaces here"
    (root / "shop/.dm").mkdir(parents=True)
    (root / "shop/.dm/meta.space.json").write_text(json.dumps({"shortname": "shop", "is_active": True}))
    (root / "shop/docs/.dm").mkdir(parents=True)
    (root / "shop/docs/.dm/meta.folder.json").write_text(json.dumps({"shortname": "docs", "is_active": True}))
    home = root / "shop/docs/.dm/note"
    home.mkdir()
    meta = {
        "shortname": "note",
        "is_active": True,
        "owner_shortname": "dana",
        "created_at": "2026-02-27T10:00:00",
        "updated_at": "2026-03-06T10:00:00",
        "state": "closed",
        "displayname": {"en": "A note"},
        "tags": ["urgent"],
        "description": NEW_TEXT,
        "password": "Secret123",
        "settings": {"a": 1, "b": 3},
        "payload": {"content_type": "json", "body": "note.json"},
    }
    (home / "meta.content.json").write_text(json.dumps(meta))
    (root / "shop/docs/note.json").write_text(json.dumps({"price": 13, "name": "tank"}))
    (home / "history.jsonl").write_text("".join(json.dumps(change) + "\n" for change in CHANGES))
    return root


@pytest.fixture
async def pilot(root: Path) -> AsyncIterator[Pilot[None]]:
    app = DmartApp(Settings(watch=False, restore=False), root)
    async with app.run_test(size=(160, 45)) as pilot:
        await settle(pilot)
        await app.open(NOTE, "history")
        await settle(pilot)
        yield pilot


def pane(pilot: Pilot[None]) -> HistoryPane:
    return pilot.app.query_one(HistoryPane)


def texts(view: LineView) -> list[str]:
    count = min(view.line_count() - int(view.scroll_offset.y), view.view_height)
    return ["".join(segment.text for segment in view.render_line(y)).rstrip() for y in range(count)]


def shown(pilot: Pilot[None]) -> list[str]:
    return texts(pane(pilot).browser.list)


async def test_one_line_a_change_newest_first_in_words(pilot: Pilot[None]) -> None:
    lines = shown(pilot)
    assert [text[3:25] for text in lines] == [f"2026-03-0{day} 10:00  {who}" for day, who in zip(
        range(6, 0, -1), ("sara", "omar", "dana", "dana", "omar", "dana"), strict=True
    )]  # fmt: skip
    assert [text[1] for text in lines] == ["~", "~", "•", "~", "~", "~"]
    words = [text[27:].strip() for text in lines]
    assert words[2] == "locked"
    assert words[3] == "description  text, 1 word changed"
    assert words[4] == "tags  +urgent −old"
    assert words[5] == "state  new → open · displayname.en  +A note"
    tab = next(tab for tab in pilot.app.query("TabStrip").first().tabs if tab.key == "history")  # type: ignore[attr-defined]
    assert tab.count == 6


async def test_many_keys_say_how_many_more(pilot: Pilot[None]) -> None:
    pane(pilot).browser.list.styles.width = 60
    await settle(pilot)
    assert shown(pilot)[1].endswith(" · +2 keys")


def details(pilot: Pilot[None]) -> list[str]:
    """The line that says whose the details are, and what fits of them."""
    view = pane(pilot).browser.details
    count = min(view.line_count(), view.view_height)
    return [view.render_line(y).text.rstrip() for y in range(1 + count)]


@pytest.mark.parametrize("key", ["enter", "space", "l"])
async def test_the_change_under_the_cursor_shows_its_diff(pilot: Pilot[None], key: str) -> None:
    await press(pilot, "j", "j", "j", key)
    lines = details(pilot)
    assert lines[0] == " 2026-03-03 10:00:00 · by dana · from 10.0.0.7 · curl/8"
    assert lines[1].strip() == "description"
    left, _, right = lines[2].partition("│")
    assert "− The lid was missing" in left
    assert "+ The lid was broken" in right
    word = next(
        segment
        for segment in pane(pilot).browser.details.render_line(2)
        if "broken" in segment.text and segment.style is not None and segment.style.underline
    )
    assert word.text.strip() == "broken"
    assert pane(pilot).browser.list.display is (key != "enter")
    await press(pilot, key if key != "l" else "h")
    assert not pane(pilot).browser.details.display
    assert len(shown(pilot)) == 6


async def test_details_follow_the_cursor_and_tell_members(pilot: Pilot[None]) -> None:
    await press(pilot, "space")
    assert details(pilot)[1].split() == ["settings"]
    assert details(pilot)[2].split() == ["−", "b:", "2", "│", "+", "b:", "3"]
    await press(pilot, "j", "j", "j", "j")
    while "tags" not in "".join(details(pilot)):
        await pilot.pause(0.02)
    assert details(pilot)[2].split() == ["−", "old", "│", "+", "urgent"]


async def test_a_short_value_that_came_stands_beside_its_key(pilot: Pilot[None]) -> None:
    await press(pilot, "G", "space")
    assert " displayname.en  + A note" in details(pilot)


async def test_the_layout_of_diffs_can_be_switched(pilot: Pilot[None]) -> None:
    await press(pilot, "space", "v")
    assert [text.split() for text in details(pilot)[2:4]] == [["−", "b:", "2"], ["+", "b:", "3"]]


async def test_details_scroll_when_they_have_the_pane(pilot: Pilot[None]) -> None:
    await pilot.resize_terminal(80, 14)
    await press(pilot, "plus")
    view = pane(pilot).browser.details
    assert view.has_focus
    top = details(pilot)
    assert top[0] == " 6 changes in full"
    await press(pilot, "j")
    assert view.render_line(1).text.rstrip() == top[2]
    await press(pilot, "G")
    assert view.scroll_offset.y == view.line_count() - view.view_height
    await press(pilot, "g")
    assert view.scroll_offset.y == 0


@pytest.mark.parametrize("key", ["escape", "enter", "left"])
async def test_every_change_in_full_and_back_to_the_list(pilot: Pilot[None], key: str) -> None:
    await press(pilot, "plus")
    assert sum(" · by " in text for text in details(pilot)) == 6
    await press(pilot, key)
    assert pane(pilot).browser.list.has_focus
    assert len(shown(pilot)) == 6


async def test_the_filter_narrows_by_owner_key_and_words_and_goes_away(pilot: Pilot[None]) -> None:
    await press(pilot, "slash", *"owner:dana", "enter")
    assert len(shown(pilot)) == 3
    await press(pilot, "escape")
    assert len(shown(pilot)) == 6
    browser = pane(pilot).browser
    for text, days in {
        "key:state": [5, 1],
        "BROKEN tank": [3],
        "owner:omar -key:tags": [5],
        'key:"displayname"': [],
        "key:displayname": [1],
    }.items():
        browser.set_filter(text)
        await settle(pilot)
        assert [item.when.day for item in map(browser.rows.item, range(len(browser.rows)))] == days, text  # type: ignore[union-attr]
    assert "Nothing matches" not in shown(pilot)


async def test_this_owner_and_this_key_toggle(pilot: Pilot[None]) -> None:
    await press(pilot, "j", "o")
    assert all("omar" in text for text in shown(pilot))
    await press(pilot, "o")
    assert len(shown(pilot)) == 6
    await press(pilot, "G")
    await pilot.press("e")  # asks which, so nothing is idle until it is answered
    await pilot.pause()
    await press(pilot, "1")
    assert [text[27:].split()[0] for text in shown(pilot)] == ["state", "state"]
    await press(pilot, "e")
    assert len(shown(pilot)) == 6


async def test_the_past_is_what_the_core_says_and_marks_what_changed(pilot: Pilot[None], root: Path) -> None:
    await press(pilot, "j", "S", "a")
    aside = pane(pilot).aside
    assert isinstance(aside, AsItWas)
    spaces = Spaces(root)
    entry = spaces.load(NOTE)
    seen = []
    for _ in aside.past.moments:
        when = aside.slider.time
        assert when is not None
        known = as_of(entry, json_body(spaces, entry), history(spaces, NOTE), when)
        assert aside.view is not None
        assert aside.view.document == (document(known.meta, known.body) if known.existed else {})
        seen.append((when.day, aside.view.document.get("state"), aside.view.marks.get("state", "")))
        await press(pilot, "left")
    assert seen[0] == (5, "closed", "~ was open")
    assert (1, "open", "~ was new") in seen
    assert aside.view is not None
    assert aside.view.existed is False
    assert "It did not exist yet." in aside.whole.render_line(0).text
    await press(pilot, "escape")
    assert pane(pilot).aside is None
    assert pilot.app.focused is pane(pilot).browser.list


async def test_what_cannot_be_known_is_named(pilot: Pilot[None], root: Path) -> None:
    path = root / "shop/docs/.dm/note/history.jsonl"
    path.write_text(path.read_text() + json.dumps({**line(7, "sara"), "diff": {"odd": {"new": 4}}}) + "\n")
    await press(pilot, "r", "g", "a", "left")
    aside = pane(pilot).aside
    assert isinstance(aside, AsItWas)
    assert aside.view is not None
    assert aside.view.marks["updated_at"].startswith("? is not recorded")
    assert any("odd" in words and "does not say what was before" in words for words in aside.view.gone)


async def test_blame_lists_who_gave_each_key_its_value(pilot: Pilot[None]) -> None:
    await press(pilot, "w")
    aside = pane(pilot).aside
    assert isinstance(aside, BlameList)
    found = {text.split()[0]: text.split()[1:] for text in (line.lstrip("› ") for line in texts(aside))}
    assert found["settings"][:3] == ["2026-03-06", "10:00", "sara"]
    assert found["state"] == ["2026-03-05", "10:00", "omar", "closed"]
    assert found["body.price"] == ["2026-03-05", "10:00", "omar", "13"]
    assert found["body.name"] == ["2026-02-27", "10:00", "dana", "tank"]
    row = next(at for at, one in enumerate(aside.rows.rows) if one.key == "tags")  # type: ignore[attr-defined]
    aside.cursor = row
    await press(pilot, "enter")
    assert [text[27:].strip() for text in shown(pilot)] == ["tags  +urgent −old"]


async def test_a_change_is_compared_with_now_or_two_with_each_other(pilot: Pilot[None]) -> None:
    await press(pilot, "j", "equals_sign")
    aside = pane(pilot).aside
    assert isinstance(aside, Comparison)
    changed = [row for row in aside.diff.diff.rows if row.kind != "same"]
    assert {"".join(span.text for span in row.right or ()).strip() for row in changed} >= {'"b": 3'}
    await press(pilot, "escape", "asterisk", "asterisk", "equals_sign")
    both = pane(pilot).aside
    assert isinstance(both, Comparison)
    assert (both.old.day, both.new.day if both.new else 0) == (4, 5)
    await press(pilot, "escape")
    pane(pilot).browser.list.marks = {pane(pilot).browser.rows.key(n) for n in range(3)}
    assert "two can be compared" in (pane(pilot).why_not("history.compare") or "")


async def test_secrets_show_only_when_asked_for(pilot: Pilot[None]) -> None:
    everything = "\n".join(shown(pilot))
    await press(pilot, "plus")
    everything += "\n".join(details(pilot))
    assert MARK in everything
    assert "Secret123" not in everything and HASH not in everything
    await press(pilot, "slash", *"Secret123", "enter")
    assert shown(pilot) == []
    await press(pilot, "escape", "j", "a")
    aside = pane(pilot).aside
    assert isinstance(aside, AsItWas)
    assert aside.view is not None
    assert "Secret123" not in str(aside.view)
    assert aside.view.document["password"] == MARK
    await press(pilot, "S")
    assert aside.view.document["password"] == "Secret123"


async def test_a_damaged_line_is_a_row_with_its_problem(pilot: Pilot[None], root: Path) -> None:
    path = root / "shop/docs/.dm/note/history.jsonl"
    path.write_text(path.read_text() + '{"timestamp": "2026-03\n' + json.dumps(line(8, "omar", slug=("a", "b"))) + "\n")
    await press(pilot, "r")
    lines = shown(pilot)
    assert len(lines) == 8
    assert "slug  a → b" in lines[0]
    assert "✗ line 7 is cut short" in lines[1]


async def test_hostile_text_shows_as_marks(pilot: Pilot[None], root: Path) -> None:
    path = root / "shop/docs/.dm/note/history.jsonl"
    evil = "\x1b[31m[red]\u202ex\n\ty"
    path.write_text(json.dumps(line(9, evil, **{evil: (evil, evil + "z")}, tags=([evil], []))) + "\n")
    await press(pilot, "r")
    everything = "".join(shown(pilot))
    await press(pilot, "plus")
    everything += "".join(details(pilot))
    assert "[red]" in everything
    assert not {"\x1b", "\u202e", "\n", "\t"} & set(everything)


async def test_the_changes_of_attachments_stand_apart(pilot: Pilot[None], root: Path) -> None:
    (root / "shop/box/.dm").mkdir(parents=True)
    (root / "shop/box/.dm/meta.folder.json").write_text('{"shortname": "box", "is_active": true}')
    home = root / "shop/box/.dm/item"
    home.mkdir()
    (home / "meta.content.json").write_text('{"shortname": "item", "is_active": true}')
    (home / "history.jsonl").write_text(json.dumps(line(1, "dana", slug=("a", "b"))) + "\n")
    shared = root / "shop/.dm/box/item"
    shared.mkdir(parents=True)
    (shared / "history.jsonl").write_text(json.dumps(line(2, "omar", slug=("c", "d"))) + "\n")
    await pilot.app.open(Address("shop", ("box", "item")), "history")  # type: ignore[attr-defined]
    await settle(pilot)
    browser = pilot.app.workspace.current.query_one(HistoryPane).browser  # type: ignore[attr-defined]
    assert "attachment  slug  c → d" in texts(browser.list)[0]
    assert "attachment" not in texts(browser.list)[1]


async def test_nothing_recorded_says_so_and_a_folder_leads_to_what_is_below(pilot: Pilot[None]) -> None:
    app = pilot.app
    await app.open(Address("shop"), "history")  # type: ignore[attr-defined]
    await settle(pilot)
    view = app.workspace.current.query_one(HistoryPane)  # type: ignore[attr-defined]
    line = "".join(segment.text for segment in view.browser.list.render_line(0))
    assert "No change is recorded here" in line
    assert "no other time" in (view.why_not("history.time") or "")
    await press(pilot, "u")
    assert app.query_one(TimelinePane).address == Address("shop")


@pytest.mark.parametrize("lines", [50_000])
async def test_a_long_history_is_read_a_page_at_a_time(
    pilot: Pilot[None], root: Path, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    path = root / "shop/docs/.dm/note/history.jsonl"
    start = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    with path.open("w") as file:
        for number in range(lines):
            when = datetime.fromtimestamp(start + 60 * number, UTC).isoformat()
            owner = "rare" if number == 100 else "dana"
            diff = {"ordinal": {"old": number, "new": number + 1}}
            file.write(json.dumps({"owner_shortname": owner, "timestamp": when, "diff": diff}) + "\n")
    read = 0
    real = os.pread

    def counting(descriptor: int, size: int, offset: int) -> bytes:
        nonlocal read
        data = real(descriptor, size, offset)
        read += len(data)
        return data

    monkeypatch.setattr(os, "pread", counting)
    await press(pilot, "r")
    browser = pane(pilot).browser
    assert not browser.complete
    assert 45 <= len(browser.rows) <= 1000
    assert read < 400_000
    assert f"ordinal  {lines - 1} → {lines}" in shown(pilot)[0]
    await press(pilot, "G")
    assert f"{len(browser.rows):,} of more" in texts(browser.list)[-1] or len(browser.rows) > 60
    browser.set_filter("owner:rare")
    await settle(pilot)
    assert browser.rows.count == 1
    assert browser.complete


async def test_the_place_comes_back_from_the_session(pilot: Pilot[None]) -> None:
    await press(pilot, "j", "j")
    state = pane(pilot).state()
    await press(pilot, "g")
    pane(pilot).restore(json.loads(json.dumps(state)))
    await settle(pilot)
    assert pane(pilot).browser.list.cursor == 2


async def test_the_demo_opens_with_every_history(demo_root: Path) -> None:
    """Whatever era wrote it: each history of the demo shows all its lines."""
    app = DmartApp(Settings(watch=False, restore=False), demo_root)
    spaces = Spaces(demo_root)
    addresses = [Address("attic", ("histories", name)) for name in ("torn", "glued")]
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for address in addresses:
            await app.open(address, "history")
            await settle(pilot)
            browser = app.workspace.current.query_one(HistoryPane).browser  # type: ignore[union-attr]
            assert browser.rows.count == sum(1 for _ in history(spaces, address))
