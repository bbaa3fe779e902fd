"""Archives: a million members or a damaged one, found in, looked at, taken out of, checked, mounted."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.source import open_source
from dmart_tui.core.config import Settings
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.archive import ArchivePane
from dmart_tui.tui.panes.archive.rows import MemberRows
from tests.support.archives import Made, des1
from tests.support.panes import make_entry, make_space, press, screen, settle, wait_for
from tests.support.s3 import BUCKET, moto_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

SETTINGS = Settings(watch=False, restore=False, user="ann")
SNOWFLAKE = b"DES_20261121_(FD2FB17B0700_5F)"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_space(tmp_path / "root")


@asynccontextmanager
async def shown(
    where: Path | str, root: Path | None, size: tuple[int, int] = (150, 30), settings: Settings = SETTINGS
) -> AsyncIterator[Pilot[None]]:
    """The pane of an archive, opened and with the focus."""
    app = DmartApp(settings, root)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await app.open_archive(str(where))
        await settle(pilot)
        yield pilot


def pane(pilot: Pilot[None]) -> ArchivePane:
    return pilot.app.screen_stack[0].query_one(ArchivePane)


def names(pilot: Pilot[None]) -> list[str]:
    """What shows: names of members, headings in brackets."""
    rows = pane(pilot).rows.rows
    assert isinstance(rows, MemberRows)
    found = [rows.at(index) for index in range(len(rows))]
    return [rows.archive.name(one) if isinstance(one, int) else f"[{one.title}]" for one in found]


def unwrapped(pilot: Pilot[None]) -> str:
    """The screen without its frames and the ends of its lines."""
    return " ".join(screen(pilot).replace("│", " ").split())


def written(path: Path, *members: Made, cut: int = 0) -> Path:
    raw = des1(*members)
    path.write_bytes(raw[: len(raw) - cut])
    return path


PLAIN = (
    Made(b"notes.txt", b"first line\nsecond line\n"),
    Made(b"big.bin", bytes(5000)),
    Made(SNOWFLAKE + b".json", b'{"ripe": "very"}'),
    Made(b"twice.txt", b"old"),
    Made(b"twice.txt", b"new one"),
    Made(b"dated.txt", b"x", json.dumps({"mtime_ns": 1_600_000_000_000_000_000}).encode()),
)
"""Two have one name, one tells its time by its name and one in its metadata."""


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return written(tmp_path / "plain.des", *PLAIN)


async def test_members_their_content_and_what_it_cost(plain: Path, root: Path) -> None:
    async with shown(plain, root) as pilot:
        assert len(names(pilot)) == 6
        size = f"{len(des1(*PLAIN)) / 1000:.1f} KB"
        assert f"6 members · 1 read · {size} of {size} · DES v1" in screen(pilot)
        await wait_for(pilot, "second line")
        await press(pilot, "j", "j")
        await wait_for(pilot, '"very"')
        assert "2026-11-21" in screen(pilot)
        assert "2020-09-13 12:26" in screen(pilot)
        await pilot.resize_terminal(60, 24)
        await settle(pilot)
        assert "DES v1" not in screen(pilot)
        await pilot.resize_terminal(140, 30)
        await wait_for(pilot, "DES v1")


async def test_all_that_is_known_of_a_member(plain: Path, root: Path) -> None:
    async with shown(plain, root, (150, 45)) as pilot:
        await press(pilot, "j", "j", "e")
        text = screen(pilot)
        assert "node, number" in text
        assert "checksum" in text
        assert "right" in text
        assert "16 bytes at 5,039" in text
        await press(pilot, "e")
        await wait_for(pilot, '"very"')


async def test_names_that_come_twice(plain: Path, root: Path) -> None:
    async with shown(plain, root) as pilot:
        text = screen(pilot)
        assert "! twice.txt" in text
        assert "hidden by a later one" in text
        await press(pilot, "o")
        assert names(pilot) == ["twice.txt", "twice.txt"]
        assert "2 of 6 members" in screen(pilot)
        await press(pilot, "escape")
        assert len(names(pilot)) == 6


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("TXT twice", []),
        ("txt no", ["notes.txt"]),
        ("*.bin", ["big.bin"]),
        ("b?g.*", ["big.bin"]),
        ("nothing", []),
    ],
)
async def test_filtering(plain: Path, root: Path, typed: str, found: list[str]) -> None:
    async with shown(plain, root) as pilot:
        await pilot.press("slash", *typed, "enter")
        await settle(pilot)
        assert names(pilot) == found
        assert f"{len(found)} of 6 members" in screen(pilot)
        if not found:
            assert "Nothing matches." in screen(pilot)
        await press(pilot, "escape")
        assert len(names(pilot)) == 6


async def test_few_rows_while_a_filter_is_typed(tmp_path: Path, root: Path) -> None:
    many = written(tmp_path / "many.des", *(Made(b"member %04d" % number) for number in range(300)))
    async with shown(many, root) as pilot:
        await press(pilot, "slash", "1")
        assert len(names(pilot)) == 9
        assert "138 of 300 members" in screen(pilot)
        await press(pilot, "enter")
        assert len(names(pilot)) == 138


@pytest.mark.parametrize(
    ("letter", "first"), [("n", SNOWFLAKE.decode() + ".json"), ("l", "big.bin"), ("t", SNOWFLAKE.decode() + ".json")]
)
async def test_sorting(plain: Path, root: Path, letter: str, first: str) -> None:
    async with shown(plain, root) as pilot:
        await pilot.press("s")
        await wait_for(pilot, "Sort the members")
        await press(pilot, letter)
        assert names(pilot)[0] == first
        if letter == "t":
            assert names(pilot)[1] == "dated.txt"


async def test_groups_keep_the_order_and_their_rows_open(plain: Path, root: Path) -> None:
    async with shown(plain, root) as pilot:
        await pilot.press("v")
        await wait_for(pilot, "Group the members")
        await press(pilot, "k")
        assert names(pilot) == [
            *("[bin]", "big.bin", "[json]", SNOWFLAKE.decode() + ".json"),
            *("[txt]", "notes.txt", "twice.txt", "twice.txt", "dated.txt"),
        ]
        rows = pane(pilot).rows.rows
        assert [rows.index(rows.key(row)) for row in range(len(rows))] == list(range(9))
        await press(pilot, "home", "j")
        assert pane(pilot).at_cursor == 1


HOSTILE = (
    *(b"\x1b[31mred\x1b]0;x\x07", "\u202etxt.exe".encode(), b"[bold red]x[/]", b"a\nb"),
    *(b"\xff\xfe", b"", b"../../up", b"x" * 60000),
)


async def test_hostile_names_are_only_text(tmp_path: Path, root: Path) -> None:
    odd = written(tmp_path / "odd.des", *(Made(name, name) for name in HOSTILE))
    async with shown(odd, root, (200, 40)) as pilot:
        for _ in HOSTILE:
            await press(pilot, "j")
        text = screen(pilot)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "[bold red]x[/]" in text
        await press(pilot, "e")
        assert len(names(pilot)) == len(HOSTILE)
        assert not [told for told in pilot.app.notices if told.severity == "error"]  # type: ignore[attr-defined]


# -- taking out -----------------------------------------------------------------------------------------------------


async def extract(pilot: Pilot[None], folder: Path, *keys: str) -> None:
    """Extract into a folder; keys choose what, where that is asked."""
    await pilot.press("W")
    if keys:
        await wait_for(pilot, "Extract")
        await pilot.press(*keys)
    await wait_for(pilot, "Extract from")
    pilot.app.screen.query_one(Input).value = str(folder)
    await pilot.press("enter")


async def test_extracting_what_is_marked_and_again(plain: Path, root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with shown(plain, root) as pilot:
        await press(pilot, "space", "space")
        await extract(pilot, out)
        await wait_for(pilot, "2 written")
        assert sorted(path.name for path in out.iterdir()) == ["big.bin", "notes.txt"]
        assert (out / "notes.txt").read_bytes() == b"first line\nsecond line\n"
        await press(pilot, "escape")
        (out / "notes.txt").write_bytes(b"mine")
        await extract(pilot, out, "a")
        await wait_for(pilot, "1 file with other bytes is there already")
        assert (out / "dated.txt").read_bytes() == b"x"
        await pilot.press("n")
        await wait_for(pilot, "a file with other bytes is there, and stays")
        assert "already, byte for byte, 3 written" in screen(pilot)
        assert (out / "notes.txt").read_bytes() == b"mine"
        assert (out / "twice.txt").read_bytes() == b"new one"
        await press(pilot, "escape", "home")
        await extract(pilot, out, "t")
        await wait_for(pilot, "with other bytes")
        await press(pilot, "y")
        assert (out / "notes.txt").read_bytes() == b"first line\nsecond line\n"


async def test_what_the_filter_leaves_is_extracted(plain: Path, root: Path, tmp_path: Path) -> None:
    async with shown(plain, root) as pilot:
        await press(pilot, "slash", *"bin", "enter")
        await extract(pilot, tmp_path / "out", "f")
        await wait_for(pilot, "1 written")
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["big.bin"]


async def test_hostile_names_stay_in_the_folder_and_are_told(tmp_path: Path, root: Path) -> None:
    odd = written(tmp_path / "odd.des", *(Made(name, name) for name in HOSTILE))
    async with shown(odd, root) as pilot:
        await extract(pilot, tmp_path / "deep/out", "a")
        await wait_for(pilot, "is called ..%2F..%2Fup")
        assert not (tmp_path / "up").exists()
        assert len(list((tmp_path / "deep/out").iterdir())) == len(HOSTILE)


async def test_read_only_keeps_the_root_as_it_is(plain: Path, root: Path, tmp_path: Path) -> None:
    async with shown(plain, root, settings=replace(SETTINGS, read_only=True)) as pilot:
        await extract(pilot, root / "shop", "a")
        await wait_for(pilot, "open read-only: choose a place")
        pilot.app.screen.query_one(Input).value = str(tmp_path / "out")
        await pilot.press("enter")
        await settle(pilot)
        assert (tmp_path / "out/notes.txt").exists()
        assert [path.name for path in (root / "shop").iterdir()] == [".dm"]


# -- what is wrong ---------------------------------------------------------------------------------------------------


async def test_a_check_marks_what_is_wrong(tmp_path: Path, root: Path) -> None:
    digest = json.dumps({"sha256": "0" * 64}).encode()
    bad = written(
        tmp_path / "bad.des",
        Made(b"good", b"1"),
        Made(b"lost", b"12", offset=1 << 40),
        Made(b"changed", b"123", digest),
    )
    async with shown(bad, root) as pilot:
        assert "✗ lost" in screen(pilot)
        await pilot.press("C")
        await wait_for(pilot, "All contents too")
        await press(pilot, "c")
        assert "2 errors" in screen(pilot)
        await press(pilot, "o")
        assert names(pilot) == ["lost", "changed"]
        await press(pilot, "end")
        await wait_for(pilot, "the SHA-256 differs")


async def test_a_damaged_archive_says_why_and_is_repaired(plain: Path, root: Path, tmp_path: Path) -> None:
    written(plain, *PLAIN, cut=10)
    async with shown(plain, root) as pilot:
        text = screen(pilot)
        assert "It cannot be opened. V copies what is sound into a new one." in text
        assert "✗" in text
        assert pilot.app.why_not_now("archive.extract") == "The archive is not open."  # type: ignore[attr-defined]
        await pilot.press("V")
        await wait_for(pilot, "Repair plain.des")
        await press(pilot, "enter")
        with open_archive(open_source(str(tmp_path / "plain-repaired.des"))) as repaired:
            assert repaired.find("big.bin")


async def test_one_that_is_replaced_is_told_and_opened_again(plain: Path, root: Path, tmp_path: Path) -> None:
    async with shown(plain, root) as pilot:
        written(tmp_path / "other.des", Made(b"only", bytes(600_000)), Made(b"more", bytes(600_000)))
        (tmp_path / "other.des").replace(plain)
        # What is open is still the old file; one that is written over is not.
        await press(pilot, "R")
        assert names(pilot) == ["only", "more"]
        with plain.open("r+b") as file:
            file.write(b"x")
        await press(pilot, "down")
        await wait_for(pilot, "was replaced while it was open")
        await press(pilot, "R")
        assert "was replaced" not in screen(pilot)


# -- packed trees ------------------------------------------------------------------------------------------------------


async def test_packing_from_the_tree_mounting_and_putting_back(root: Path, tmp_path: Path) -> None:
    make_entry(root, "pear", {"content_type": "json", "body": "pear.json"}, b'{"ripe": "very"}')
    target = tmp_path / "pear.des"
    app = DmartApp(SETTINGS, root)
    async with app.run_test(size=(150, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "right", "down")
        app.tasks.spawn(app.perform("change.pack"))
        await wait_for(pilot, "Pack shop/pear")
        app.screen.query_one(Input).value = str(target)
        await pilot.press("enter")
        await wait_for(pilot, "Move the files to the trash")
        await pilot.press("m")
        await wait_for(pilot, "enter")
        await settle(pilot) if not app.screen.is_modal else await pilot.press("enter")
        await wait_for(pilot, "is read from pear.des now")
        await settle(pilot)
        assert not (root / "shop/pear.json").exists()
        assert "archived" in screen(pilot)
        await app.perform("app.open-archive")
        await settle(pilot)
        assert "packed tree" in screen(pilot)
        assert "shop/pear.json" in screen(pilot)
        await pilot.press("w")
        await wait_for(pilot, "Unmount")
        await press(pilot, "y")
        assert "archived" not in screen(pilot)
        await extract(pilot, tmp_path / "back", "a")
        await wait_for(pilot, "files written")
        assert (tmp_path / "back/shop/pear.json").read_bytes() == b'{"ripe": "very"}'


# -- places ----------------------------------------------------------------------------------------------------------


async def test_folders_are_browsed_and_archives_opened(plain: Path, root: Path, tmp_path: Path) -> None:
    (tmp_path / "2025-01-15").mkdir()
    written(tmp_path / "2025-01-15/0a.des", Made(b"one", b"1"))
    (tmp_path / "notes.txt").write_text("no archive")
    app = DmartApp(SETTINGS, root)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await app.open_archive(f"{tmp_path}/", browse=True)
        await settle(pilot)
        assert " 1 archive " in unwrapped(pilot)
        assert "notes.txt" not in screen(pilot)
        await press(pilot, "down", "enter")
        assert "0a.des" in screen(pilot)
        await press(pilot, "minus")
        assert "›▸ 2025-01-15/" in screen(pilot)
        await press(pilot, "home", "enter")
        assert "6 members" in screen(pilot)
        await press(pilot, "B")
        await pilot.press("b")
        await wait_for(pilot, "Bookmarks")
        await press(pilot, "enter")
        assert "6 members" in screen(pilot)


async def test_an_archive_of_the_last_session_waits(plain: Path, root: Path) -> None:
    settings = replace(SETTINGS, restore=True)
    async with shown(plain, root, settings=settings) as pilot:
        pilot.app.leave()  # type: ignore[attr-defined]
    app = DmartApp(settings, root)
    async with app.run_test(size=(150, 30)) as pilot:
        await settle(pilot)
        assert "Not opened since the last session. R opens it." in screen(pilot)
        pane(pilot).take_focus()
        await press(pilot, "R")
        assert len(names(pilot)) == 6


@pytest.mark.slow
async def test_archives_of_a_bucket(root: Path) -> None:
    with moto_server() as server:
        server.put("daily/0a.des", des1(Made(b"one", bytes(600_000)), Made(b"two", b"2" * 40)))
        settings = replace(SETTINGS, s3={"store": server.profile})
        app = DmartApp(settings, root)
        async with app.run_test(size=(150, 30)) as pilot:
            await settle(pilot)
            await app.open_archive(f"s3://store@{BUCKET}/", browse=True)
            await settle(pilot)
            await press(pilot, "enter")
            assert "0a.des" in screen(pilot)
            await press(pilot, "enter", "down")
            await wait_for(pilot, "2222")
            archive = pane(pilot).archive
            assert archive is not None
            assert archive.source.cost.requests <= 2
            assert "2 members · " in screen(pilot)
            assert "of 600" in screen(pilot)
            server.put("daily/0a.des", des1(Made(b"other", b"3" * 700_000)))
            await press(pilot, "up")
            await wait_for(pilot, "was replaced while it was open")
            await press(pilot, "R")
            assert names(pilot) == ["other"]
            await app.open_archive(f"s3://store@{BUCKET}/daily/none.des")
            await settle(pilot)
            assert f"{BUCKET}/daily/none.des" in screen(pilot)
