"""Archives: a million members or a damaged one, found in, looked at, taken out of, checked, mounted."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.config import Settings
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.archive import ArchivePane
from dmart_tui.tui.panes.archive.rows import MemberRows
from tests.support.archives import Made, des1
from tests.support.panes import make_space, press, screen, settle, wait_for

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


def written(path: Path, *members: Made, **options: int) -> Path:
    path.write_bytes(des1(*members, **options))
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
