from __future__ import annotations

from pathlib import Path

import pytest

from dmart_tui.core.errors import Failed, Refused
from dmart_tui.tui import clipboard


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH; a command put there writes its input beside itself."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(clipboard.shutil, "which", lambda name: name if (tmp_path / name).exists() else None)
    return tmp_path


def add(folder: Path, name: str, code: int = 0) -> None:
    command = folder / name
    command.write_text(f'#!/bin/sh\necho "$@" > "{folder}/arguments"\ncat > "{folder}/copied"\nexit {code}\n')
    command.chmod(0o755)


def never(text: str) -> None:
    raise AssertionError("the terminal was asked")


def test_auto_inside_tmux(commands: Path) -> None:
    add(commands, "tmux")
    assert clipboard.choose("auto", {"TMUX": "/tmp/x", "SSH_TTY": "/dev/pts/1"}) == "tmux"


def test_auto_over_ssh_is_the_terminal_even_beside_a_desktop(commands: Path) -> None:
    add(commands, "wl-copy")
    environ = {"SSH_CONNECTION": "1 2 3 4", "WAYLAND_DISPLAY": "wayland-0"}
    assert clipboard.choose("auto", environ) == "osc52"


def test_auto_on_a_desktop(commands: Path) -> None:
    add(commands, "xclip")
    assert clipboard.choose("auto", {"DISPLAY": ":0"}) == "native"
    assert clipboard.choose("auto", {}) == "osc52"


def test_a_setting_goes_before_what_is_found(commands: Path) -> None:
    assert clipboard.choose("osc52", {"TMUX": "x"}) == "osc52"


def test_tmux_gets_the_text_on_its_input(commands: Path) -> None:
    add(commands, "tmux")
    assert clipboard.copy("héllo\n", "tmux", 10, never) == "through tmux"
    assert (commands / "copied").read_bytes() == "héllo\n".encode()
    assert (commands / "arguments").read_text().split() == ["load-buffer", "-w", "-"]


def test_a_failing_command_is_told(commands: Path) -> None:
    add(commands, "tmux", 3)
    with pytest.raises(Failed, match="tmux could not copy: exit 3"):
        clipboard.copy("x", "tmux", 10, never)


def test_the_terminal_has_a_cap() -> None:
    sent: list[str] = []
    assert clipboard.copy("x" * 30, "osc52", 40, sent.append) == "through the terminal"
    assert sent == ["x" * 30]
    with pytest.raises(Refused, match="too much"):
        clipboard.copy("x" * 31, "osc52", 40, sent.append)


def test_bytes_that_are_no_text_do_not_break_it() -> None:
    sent: list[str] = []
    clipboard.copy("a\udcff", "osc52", 1000, sent.append)
    assert sent == ["a\ufffd"]


def test_off_is_off() -> None:
    with pytest.raises(Refused, match="copying is off"):
        clipboard.copy("x", "none", 10, never)
