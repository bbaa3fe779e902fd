"""Choosing files: by the keyboard alone, across folders, whatever their names are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.writing.file_picker import FilePicker
from tests.support.app import QUIET
from tests.support.panes import make_space, screen, settle, wait_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from textual.pilot import Pilot


@pytest.fixture
def files(tmp_path: Path) -> Path:
    home = tmp_path / "my files"
    for folder in ("letters", ".config"):
        (home / folder).mkdir(parents=True)
    for name in ("one.txt", "two.txt", "three.md", ".hidden"):
        (home / name).write_bytes(b"x" * 2_000)
    (home / "letters/four.txt").write_bytes(b"")
    return home


async def pick(
    files: Path, use: Callable[[Pilot[None], FilePicker], Awaitable[None]], *, several: bool = True
) -> list[str] | None:
    """What a person who does `use` is understood to have chosen."""
    root = make_space(files.parent / "root")
    app = DmartApp(QUIET, root)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        answer: list[list[str] | None] = []
        picker = FilePicker("Attach", str(files), several=several)
        app.push_screen(picker, answer.append)
        await wait_for(pilot, "one.txt")
        await use(pilot, picker)
        await settle(pilot)
        return answer[0] if answer else None


def below(files: Path, *names: str) -> list[str]:
    return [str(files / name) for name in names]


async def keys(pilot: Pilot[None], *pressed: str) -> None:
    for key in pressed:
        await pilot.press(key)
        await settle(pilot)


async def test_enter_takes_the_file_under_the_cursor(files: Path) -> None:
    async def use(pilot: Pilot[None], _: FilePicker) -> None:
        await keys(pilot, *"two", "enter")

    assert await pick(files, use) == below(files, "two.txt")


async def test_keys_that_come_fast_mean_what_they_typed(files: Path) -> None:
    async def use(pilot: Pilot[None], _: FilePicker) -> None:
        await pilot.press(*"two", "enter")

    assert await pick(files, use) == below(files, "two.txt")


async def test_marks_stay_in_other_folders_and_are_taken_together(files: Path) -> None:
    async def use(pilot: Pilot[None], picker: FilePicker) -> None:
        await keys(pilot, *"one", "space", *["backspace"] * 3, *"letters", "enter")
        assert "letters" in picker.folder
        assert "1 marked" in screen(pilot)
        await keys(pilot, "space", "backspace")
        assert picker.folder == str(files)
        await keys(pilot, "f2")

    assert await pick(files, use) == below(files, "letters/four.txt", "one.txt")


async def test_a_whole_path_can_be_typed_or_pasted(files: Path) -> None:
    async def use(pilot: Pilot[None], picker: FilePicker) -> None:
        picker.input.value = f"{files.parent}/my files/letters/four.txt"
        await keys(pilot, "enter")

    assert await pick(files, use) == below(files, "letters/four.txt")


async def test_tab_completes_into_folders(files: Path) -> None:
    async def use(pilot: Pilot[None], picker: FilePicker) -> None:
        await keys(pilot, *"le", "tab")
        assert picker.input.value == "letters/"
        await keys(pilot, *"f", "tab", "enter")

    assert await pick(files, use) == below(files, "letters/four.txt")


async def test_hidden_files_show_when_asked_for(files: Path) -> None:
    async def use(pilot: Pilot[None], _: FilePicker) -> None:
        assert ".hidden" not in screen(pilot)
        assert "4 of 6" in screen(pilot)
        await keys(pilot, "f3")
        assert ".hidden" in screen(pilot)
        assert "2.0 KB" in screen(pilot)
        await keys(pilot, *".hid", "enter")

    assert await pick(files, use) == below(files, ".hidden")


async def test_folders_are_gone_into_and_never_marked(files: Path) -> None:
    async def use(pilot: Pilot[None], picker: FilePicker) -> None:
        await keys(pilot, *"lett", "space")
        assert picker.list.marks == set()
        await keys(pilot, "escape")

    assert await pick(files, use) is None


async def test_where_one_file_is_asked_for_none_is_marked(files: Path) -> None:
    async def use(pilot: Pilot[None], picker: FilePicker) -> None:
        await keys(pilot, *"one", "space")
        assert picker.list.marks == set()
        await keys(pilot, "enter")

    assert await pick(files, use, several=False) == below(files, "one.txt")


async def test_a_path_that_leads_nowhere_says_so_and_nothing_is_taken(files: Path) -> None:
    async def use(pilot: Pilot[None], _: FilePicker) -> None:
        await keys(pilot, *"gone/x")
        assert "there is no such folder" in screen(pilot)
        await keys(pilot, "enter", "escape")

    assert await pick(files, use) is None


HOSTILE = (
    "esc\x1b[31mred\nline.txt",
    "\u202etxt.exe",
    "cafe\u0301.txt",
    "[bold red]markup[-].txt",
    "L" * 240,
    os.fsdecode(b"bad\xff.bin"),
    "بەڵگە.txt",
    "-rf",
)


async def test_hostile_names_are_shown_safely_and_taken_as_they_are(files: Path) -> None:
    odd = files / "odd"
    odd.mkdir()
    for name in HOSTILE:
        (odd / name).write_bytes(b"x")

    async def use(pilot: Pilot[None], picker: FilePicker) -> None:
        await keys(pilot, *"odd/")
        shown = screen(pilot)
        assert not {"\x1b", "\u202e"} & set(shown)
        assert "[bold red]markup[-].txt" in shown
        assert "⟨RLO⟩" in shown
        assert "⟨FF⟩" in shown
        await keys(pilot, *["space"] * len(HOSTILE), "f2")

    assert sorted((await pick(files, use)) or ()) == sorted(below(odd, *HOSTILE))
