"""Exporting through the dialogs: what, in which form, where to, and never over a file unasked."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from dmart_tui.core.address import Address
from dmart_tui.tui.app import DmartApp
from tests.support.app import QUIET
from tests.support.panes import make_entry, make_space, settle, wait_for
from tests.tui.writing.test_batches import begin, told

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

JSON = {"content_type": "json", "body": "note.json"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_space(tmp_path / "my spaces")
    make_entry(root, "note", JSON, b'{"price": 3}', tags=["old"], password="$2b$12$secret")
    make_entry(root, "memo", tags=["old"])
    return root


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory."""
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


async def choose(pilot: Pilot[None], *keys: tuple[str, str]) -> None:
    """Wait for words, then press a key, one after another."""
    for words, key in keys:
        await wait_for(pilot, words)
        await pilot.press(key)


async def test_a_zip_of_what_is_marked_has_no_passwords(root: Path, out: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot, "note", "memo")
        await app.perform("change.export")
        await choose(pilot, ("What is marked", "m"), ("Password hashes", "z"), ("The file to write", "enter"))
        await told(pilot, "without the password hashes of 1 in")
    with ZipFile(out / "my spaces.zip") as file:
        names = file.namelist()
        meta = file.read("shop/.dm/note/meta.content.json")
    assert {"shop/.dm/note/meta.content.json", "shop/.dm/memo/meta.content.json", "shop/note.json"} <= set(names)
    assert b"secret" not in meta


async def test_a_table_of_a_folder_has_the_columns_that_are_left(root: Path, out: Path) -> None:
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot)
        await app.tree_pane.locate(Address("shop"))
        await app.perform("change.export")
        await choose(pilot, ("This one: shop", "t"), ("Password hashes", "c"), ("Which entries", "e"))
        await wait_for(pilot, "Columns of shop")
        await pilot.press("ctrl+u", *"shortname=Name,price", "enter")
        await choose(pilot, ("The file to write", "enter"))
        await told(pilot, "2 entries in")
    rows = list(csv.reader(io.StringIO((out / "shop.csv").read_text())))
    assert rows == [["Name", "price"], ["memo", ""], ["note", "3"]]


@pytest.mark.parametrize("answer", ["y", "n"])
async def test_a_file_that_is_there_is_replaced_only_after_a_yes(root: Path, out: Path, answer: str) -> None:
    (out / "note.ndjson").write_text("mine")
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot)
        await app.perform("change.export")
        await choose(
            pilot, ("This one: shop/note", "t"), ("Password hashes", "n"), ("The file to write", "enter"),
            ("There is such a file", answer),
        )  # fmt: skip
        if answer == "y":
            await told(pilot, "1 entry in")
        await settle(pilot)
    assert ((out / "note.ndjson").read_text() == "mine") == (answer == "n")


async def test_nothing_is_written_into_the_spaces_folder(root: Path, out: Path) -> None:
    app = DmartApp(replace(QUIET, read_only=True), root)
    async with app.run_test(size=(110, 30)) as pilot:
        await begin(pilot)
        await app.perform("change.export")
        await choose(pilot, ("This one: shop/note", "r"), ("Password hashes", "z"))
        await wait_for(pilot, "The file to write")
        await pilot.press("ctrl+u", *str(root / "all.zip"), "enter")
        await wait_for(pilot, "inside of the spaces folder")
        await pilot.press("escape")
        await settle(pilot)
    assert not (root / "all.zip").exists()
