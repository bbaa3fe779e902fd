"""The attachments pane: comments in full, content beside the list, filter, and only what is shown is read."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.core.spaces import Spaces
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.attachments import AttachmentsPane
from tests.support.panes import make_entry, make_space, opened, press, screen, settle

if TYPE_CHECKING:
    from pathlib import Path

    from dmart_tui.core.spaces import Attachment
    from dmart_tui.tui.showing import Opened


def attach(home: Path, kind: str, name: str, **meta: object) -> None:
    folder = home / f"attachments.{kind}"
    folder.mkdir(exist_ok=True)
    described = {"shortname": name, "is_active": True, "owner_shortname": "dana", **meta}
    (folder / f"meta.{name}.json").write_text(json.dumps(described))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_entry(make_space(tmp_path / "spaces here"), "one")


def root_of(home: Path) -> Path:
    return home.parents[2]


async def test_comments_read_like_a_conversation(home: Path) -> None:
    words = "It still does not charge. " * 12
    attach(home, "comment", "late", body="\x1b[2JThanks", owner_shortname="omar", created_at="2026-02-02T10:00:00")
    attach(home, "comment", "early", body=words, created_at="2026-01-01T10:00:00")
    async with opened(root_of(home), "shop/one", "attachments", (80, 30)) as pilot:
        text = screen(pilot)
        assert text.count("still") == 12
        assert text.index("dana  2026-01-01 10:00") < text.index("omar  2026-02-02 10:00")
        assert "\x1b" not in text
        assert "Attachments 2" in text


async def test_the_content_of_the_one_under_the_cursor_shows_and_takes_the_focus(demo_root: Path) -> None:
    async with opened(demo_root, "catalog/datasets/quarter", "attachments") as pilot:
        pane = pilot.app.query_one(AttachmentsPane)
        await pane.reveal(Address.parse("catalog/datasets/quarter#csv/price_list"))
        await settle(pilot)
        assert "price_list.csv" in screen(pilot)
        await press(pilot, "enter")
        assert pane.box.has_focus_within
        await press(pilot, "escape")
        assert pane.rows.has_focus
        assert [str(address) for address in pane.selection()] == ["catalog/datasets/quarter#csv/price_list"]


async def test_a_short_list_leaves_its_room_to_the_content_whenever_its_lines_are_read(home: Path) -> None:
    attach(home, "json", "pear")
    attach(home, "comment", "early", body="It still does not charge. " * 12)
    async with opened(root_of(home), "shop/one", "attachments", (80, 40)) as pilot:
        rows = pilot.app.query_one(AttachmentsPane).rows
        read = rows.line_count()
        rows.set_count(2, 0)
        await settle(pilot)
        assert rows.size.height == rows.line_count() == 2
        rows.arrived([0, 1])
        await settle(pilot)
        assert rows.size.height == rows.line_count() == read


async def test_filter_shows_those_that_match_until_escape(home: Path) -> None:
    for name in ("pear", "apple", "apple_pie"):
        attach(home, "share", name)
    async with opened(root_of(home), "shop/one", "attachments") as pilot:
        pane = pilot.app.query_one(AttachmentsPane)
        await press(pilot, "slash", *"apple", "enter")
        assert pane.rows.row_count() == 2
        assert "2 of 3 attachments" in screen(pilot)
        await press(pilot, "escape")
        assert pane.rows.row_count() == 3


async def test_what_the_rows_before_still_read_is_let_go(home: Path) -> None:
    for name in ("pear", "apple", "apple_pie"):
        attach(home, "share", name)
    async with opened(root_of(home), "shop/one", "attachments") as pilot:
        pane = pilot.app.query_one(AttachmentsPane)
        before = pane.store
        assert before is not None
        assert pane.entry is not None
        await pane.show(pane.entry)
        await press(pilot, "slash", *"apple", "enter")
        before._arrived([0, 1, 2])
        assert pane.rows.row_count() == 2
        assert pane.rows.line_count() == 2


async def test_of_ten_thousand_only_what_is_shown_is_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10_000):
        attach(home, "comment", f"c{number:05}", body="hello")
    read: list[str] = []
    load = Spaces.load_attachment
    monkeypatch.setattr(Spaces, "load_attachment", lambda self, *asked: read.append(asked[-1]) or load(self, *asked))
    async with opened(root_of(home), "shop/one", "attachments") as pilot:
        assert "10,000 attachments" in screen(pilot)
        assert "hello" in screen(pilot)
        await press(pilot, "G")
        assert "c09999" in screen(pilot)
        assert len(set(read)) < 300


async def test_a_broken_attachment_looks_it_and_hides_no_other(home: Path) -> None:
    attach(home, "media", "sound")
    (home / "attachments.media" / "meta.torn.json").write_text("{")
    async with opened(root_of(home), "shop/one", "attachments") as pilot:
        rows = [line for line in screen(pilot).splitlines() if "▣" in line]
        assert len(rows) == 2
        assert ["✗" in line for line in rows] == ["torn" in line for line in rows]


async def test_nothing_attached_is_said(home: Path) -> None:
    async with opened(root_of(home), "shop/one", "attachments") as pilot:
        assert "Nothing is attached to this entry." in screen(pilot)


async def test_content_whose_reading_was_interrupted_is_read_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attach(home, "media", "note", payload={"content_type": "text", "body": "the words inside"})
    reading = threading.Event()
    go_on = threading.Event()
    really_open = AttachmentsPane._open

    def slow_once(pane: AttachmentsPane, attachment: Attachment) -> Opened:
        if not reading.is_set():
            reading.set()
            go_on.wait(30)
        return really_open(pane, attachment)

    monkeypatch.setattr(AttachmentsPane, "_open", slow_once)
    app = DmartApp(Settings(watch=False, restore=False), root_of(home))
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        app.tasks.spawn(app.open(Address.parse("shop/one"), "attachments"))
        await asyncio.to_thread(reading.wait, 30)
        pilot.app.query_one(AttachmentsPane)._show_content()
        go_on.set()
        await settle(pilot)
        assert "the words inside" in screen(pilot)
