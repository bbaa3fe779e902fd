"""Attaching from the interface: files, words and answers, shown before they are written and taken back."""

from __future__ import annotations

import json
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from dmart_tui.core.address import Address
from dmart_tui.tui import outside
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.attachments import AttachmentsPane
from dmart_tui.tui.writing import large_files
from tests.support.app import QUIET, notices
from tests.support.panes import make_entry, make_space, opened, press, screen, settle, wait_for

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from dmart_tui.core.background import CancelToken

SPARSE = 100_000_000
LITTLE = 24_000_000
"""Bytes at most in memory while a file of 100 MB is attached."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_space(tmp_path / "my spaces")
    make_entry(tmp_path / "my spaces", "note")
    return tmp_path / "my spaces"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program was started."""
    home = tmp_path / "my files"
    home.mkdir()
    for name in ("one.txt", "two.json", "three.md"):
        (home / name).write_text("{}" if name == "two.json" else name)
    monkeypatch.chdir(home)
    return home


def held(root: Path) -> list[str]:
    """The files of what is attached to the note."""
    home = root / "shop/.dm/note"
    return sorted(str(path.relative_to(home)) for path in home.glob("attachments.*/*"))


def metas(root: Path, type_: str) -> list[dict[str, Any]]:
    found = (root / f"shop/.dm/note/attachments.{type_}").glob("meta.*.json")
    return sorted((json.loads(path.read_text()) for path in found), key=lambda meta: meta["created_at"])


async def accept(pilot: Pilot[None]) -> None:
    await wait_for(pilot, "enter does it")
    await pilot.press("enter")
    await settle(pilot)


async def write(pilot: Pilot[None], key: str, text: str) -> None:
    """Type a comment or an answer, and accept it."""
    await pilot.press(key)
    await wait_for(pilot, "f2 takes it")
    await pilot.press(*text, "f2")
    await accept(pilot)


async def test_several_files_are_attached_as_one_change_and_taken_back(root: Path, files: Path) -> None:
    async with opened(root, "shop/note", "attachments") as pilot:
        assert "a adds files, C comments." in screen(pilot)
        await pilot.press("a")
        await wait_for(pilot, "one.txt")
        await pilot.press("space", "space", "space", "f2")
        await wait_for(pilot, "one.txt becomes media/one: text, 7 B")
        await accept(pilot)
        assert held(root) == [
            "attachments.json/meta.two.json",
            "attachments.json/two.json",
            "attachments.media/meta.one.json",
            "attachments.media/meta.three.json",
            "attachments.media/one.txt",
            "attachments.media/three.md",
        ]
        pane = pilot.app.query_one(AttachmentsPane)
        assert "3 attachments" in screen(pilot)
        assert pane.rows.has_focus
        await pilot.press("U")
        await accept(pilot)
        assert held(root) == []
        assert "Nothing is attached" in screen(pilot)


async def test_files_are_attached_from_the_tree_by_the_menu(root: Path, files: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await app.tree_pane.locate(Address.parse("shop/note"))
        app.tree_pane.take_focus()
        await settle(pilot)
        await pilot.press("A")
        await wait_for(pilot, "Attach files")
        await pilot.press("a")
        await wait_for(pilot, "one.txt")
        await pilot.press("enter")
        await accept(pilot)
        assert "attachments.media/one.txt" in held(root)
        assert app.workspace.view is not None
        assert app.workspace.view.VIEW == "attachments"


async def test_a_file_takes_the_place_of_another(root: Path, files: Path) -> None:
    async with opened(root, "shop/note", "attachments") as pilot:
        await pilot.press("a")
        await wait_for(pilot, "one.txt")
        await pilot.press("enter")
        await accept(pilot)
        (files / "one.txt").write_text("newer")
        await pilot.press("N")
        await wait_for(pilot, "one.txt")
        await pilot.press("enter")
        await accept(pilot)
        assert (root / "shop/.dm/note/attachments.media/one.txt").read_text() == "newer"
        assert "newer" in screen(pilot)


async def test_comments_answers_and_reactions_read_as_a_conversation(root: Path) -> None:
    async with opened(root, "shop/note", "attachments") as pilot:
        await write(pilot, "C", "first")
        await write(pilot, "C", "second")
        await press(pilot, "g")
        await write(pilot, "R", "answer")
        await write(pilot, "R", "again")
        await pilot.press("plus")
        await wait_for(pilot, "laughing")
        await pilot.press("o")
        await accept(pilot)
        lines = screen(pilot).splitlines()
        rows = {
            word: next(at for at, line in enumerate(lines) if f"│ {word}" in line)
            for word in ("first", "answer", "again", "second")
        }
        assert list(rows) == sorted(rows, key=lambda word: rows[word])
        columns = [lines[rows[word]].index(f"│ {word}") for word in ("first", "answer", "again", "second")]
        assert columns[0] < columns[1] < columns[2]
        assert columns[3] == columns[0]
        assert "1 love" in screen(pilot)
        replies = metas(root, "reply")
        assert replies[0]["relationships"][0]["related_to"]["type"] == "comment"
        assert replies[1]["relationships"][0]["related_to"]["shortname"] == replies[0]["shortname"]


async def test_nothing_written_is_no_comment(root: Path) -> None:
    async with opened(root, "shop/note", "attachments") as pilot:
        await pilot.press("C")
        await wait_for(pilot, "f2 takes it")
        await pilot.press("space", "f2")
        await settle(pilot)
        assert held(root) == []
        assert "Nothing was written." in notices(cast("DmartApp", pilot.app))


async def test_an_attachment_is_renamed_and_removed_like_anything_else(root: Path, files: Path) -> None:
    async with opened(root, "shop/note", "attachments") as pilot:
        await pilot.press("a")
        await wait_for(pilot, "one.txt")
        await pilot.press("enter")
        await accept(pilot)
        await pilot.press("f6")
        await wait_for(pilot, "Move or rename")
        await pilot.press(*["backspace"] * 3, *"uno", "enter")
        await wait_for(pilot, "Let it point to the new name")
        await pilot.press("l")
        await accept(pilot)
        assert held(root) == ["attachments.media/meta.uno.json", "attachments.media/uno.txt"]
        await pilot.press("f8")
        await accept(pilot)
        assert held(root) == []
        await pilot.press("U")
        await accept(pilot)
        assert held(root) == ["attachments.media/meta.uno.json", "attachments.media/uno.txt"]


async def test_a_large_file_is_never_whole_in_memory(root: Path, files: Path) -> None:
    (files / "big.csv").touch()
    os.truncate(files / "big.csv", SPARSE)
    async with opened(root, "shop/note", "attachments") as pilot:
        tracemalloc.start()
        try:
            await pilot.press("a")
            await wait_for(pilot, "big.csv")
            await pilot.press(*"big", "enter")
            await wait_for(pilot, "big.csv becomes csv/big: csv, 100.0 MB")
            await accept(pilot)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert (root / "shop/.dm/note/attachments.csv/big.csv").stat().st_size == SPARSE
        assert peak < LITTLE


async def test_attaching_a_large_file_can_be_stopped(root: Path, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_files, "LARGE", 1)
    check = large_files.FileWork.check
    stopped: list[CancelToken] = []

    def stop_when_it_copies(work: large_files.FileWork, size: int) -> None:
        app = cast("DmartApp", work._app)
        if app.desk is not None and any(task.title.startswith("Attach") for task in app.tasks.listed):
            stopped.append(work.cancel)
            work.cancel.cancel()
        check(work, size)

    monkeypatch.setattr(large_files.FileWork, "check", stop_when_it_copies)
    async with opened(root, "shop/note", "attachments") as pilot:
        await pilot.press("a")
        await wait_for(pilot, "one.txt")
        await pilot.press("enter")
        await accept(pilot)
        assert stopped
        assert held(root) == []
        app = cast("DmartApp", pilot.app)
        assert [task.state for task in app.tasks.listed] == ["done", "stopped"]
        assert not app.desk or not app.desk.done


async def test_read_only_attaches_nothing_and_says_so_at_once(root: Path) -> None:
    app = DmartApp(replace(QUIET, read_only=True), root)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await app.open(Address.parse("shop/note"), "attachments")
        await settle(pilot)
        assert "adds files" not in screen(pilot)
        for key in ("a", "C", "plus"):
            await press(pilot, key)
        assert set(notices(app)) == {"Nothing is changed: the program runs read-only."}


async def test_what_is_opened_outside_is_a_copy_with_its_secrets_masked(
    root: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "two.json").write_text('{"password": "hunter2", "name": "x"}')
    shown: list[Path] = []

    async def take(command: list[str], path: str) -> None:
        shown.append(Path(path))

    monkeypatch.setattr(outside, "open_outside", take)
    monkeypatch.setattr(outside, "opener", lambda: ["viewer"])
    async with opened(root, "shop/note", "attachments") as pilot:
        await pilot.press("a")
        await wait_for(pilot, "two.json")
        await pilot.press(*"two", "enter")
        await accept(pilot)
        await press(pilot, "o")
        original = root / "shop/.dm/note/attachments.json/two.json"
        assert shown[0].name == "two.json"
        assert shown[0] != original
        assert "hunter2" not in shown[0].read_text()
        assert '"name": "x"' in shown[0].read_text()
        assert "hunter2" in original.read_text()


async def test_without_a_display_it_says_why_nothing_opens(
    root: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(outside.sys, "platform", "linux")
    async with opened(root, "shop/note", "attachments") as pilot:
        await pilot.press("a")
        await wait_for(pilot, "one.txt")
        await pilot.press("enter")
        await accept(pilot)
        await press(pilot, "o")
        assert any("no display" in text for text in notices(cast("DmartApp", pilot.app)))
