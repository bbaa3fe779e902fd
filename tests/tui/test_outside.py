"""Programs outside: which one opens a file, when none can, and what becomes of the copy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.errors import Failed, Refused
from dmart_tui.tui import outside

if TYPE_CHECKING:
    from collections.abc import Mapping

SCREEN = {"DISPLAY": ":0"}


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Those that the system has."""
    found = {"xdg-open", "gio", "wslview"}
    monkeypatch.setattr(outside, "which", lambda name: f"/usr/bin/{name}" if name in found else None)
    return found


@pytest.mark.parametrize(
    ("environ", "platform", "command"),
    [
        (SCREEN, "linux", ["xdg-open"]),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", ["xdg-open"]),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "1 2 3 4"}, "linux", ["xdg-open"]),
        ({"WSL_DISTRO_NAME": "Debian"}, "linux", ["wslview"]),
        ({}, "darwin", ["open"]),
    ],
)
def test_what_opens_a_file(environ: Mapping[str, str], platform: str, command: list[str], programs: set[str]) -> None:
    assert outside.opener(environ, platform) == command


@pytest.mark.parametrize(
    ("environ", "platform", "why"),
    [
        ({"SSH_CONNECTION": "1 2 3 4"}, "linux", "no display"),
        ({}, "linux", "no display"),
        ({"SSH_CONNECTION": "1 2 3 4"}, "darwin", "on the other computer"),
    ],
)
def test_why_nothing_can_be_opened(environ: Mapping[str, str], platform: str, why: str, programs: set[str]) -> None:
    with pytest.raises(Refused, match=why):
        outside.opener(environ, platform)


def test_another_program_does_where_there_is_no_xdg_open(programs: set[str]) -> None:
    programs.discard("xdg-open")
    assert outside.opener(SCREEN, "linux") == ["gio", "open"]
    programs.discard("gio")
    with pytest.raises(Refused, match="no xdg-open"):
        outside.opener(SCREEN, "linux")


def test_copies_are_private_read_only_and_keep_their_name() -> None:
    one, two = (Path(outside.copy_to_open("-a b.txt", [b"x", b"y"])) for _ in range(2))
    assert one != two
    assert one.name == two.name == "-a b.txt"
    assert one.read_bytes() == b"xy"
    assert one.stat().st_mode & 0o777 == 0o400
    assert one.parent.stat().st_mode & 0o077 == 0


async def test_a_program_that_fails_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "_BETWEEN", 0.01)
    monkeypatch.setattr(outside, "_LOOKS", 3_000)
    await outside.open_outside([sys.executable, "-c", "pass"], "/x")
    with pytest.raises(Failed, match="could not open it"):
        await outside.open_outside([sys.executable, "-c", "raise SystemExit(3)"], "/x")
    with pytest.raises(Failed, match="cannot be started"):
        await outside.open_outside(["/no such program"], "/x")
