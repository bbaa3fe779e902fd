"""The real program in a terminal: it starts, leaves, is cut off, stopped, resized and robbed of its data."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from shlex import join, quote

import pytest

from dmart_tui.tui.session import Session
from tests.support.terminal import Terminal

PROGRAM = [sys.executable, "-m", "dmart_tui"]
COMMAND_LINE = join(PROGRAM)
SWITCHED = {1000, 1002, 1003, 1004, 1006, 1049, 2004, 2048}
"""Modes that must be off again when the program has left."""


def start(root: Path, home: Path, *arguments: str, columns: int = 120, rows: int = 40, **more: object) -> Terminal:
    argv = [*PROGRAM, "--root", str(root), *arguments]
    return Terminal(argv, columns=columns, rows=rows, home=home, cwd=home, **more)  # type: ignore[arg-type]


def session_of(root: Path, home: Path) -> Session:
    return Session(home / "state" / "dmart-tui", str(root.resolve()))


def restored(terminal: Terminal) -> None:
    """The terminal is as it was."""
    assert not terminal.modes & SWITCHED
    assert 25 in terminal.modes
    assert terminal.output.rfind(b"\x1b[?1049l") > terminal.output.rfind(b"\x1b[?1049h")
    assert b"Traceback" not in terminal.output


@pytest.fixture
def opened(demo_root: Path, tmp_path: Path) -> Path:
    """A home whose session has the docs space open."""
    with start(demo_root, tmp_path) as terminal:
        terminal.wait_for("Attic")
        terminal.press("right", "enter", quiet=0.4)
        terminal.press("q")
        assert terminal.wait_exit() == 0
    return tmp_path


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 50)])
def test_it_opens_and_leaves_the_terminal_as_it_was(columns: int, rows: int, demo_root: Path, tmp_path: Path) -> None:
    with start(demo_root, tmp_path, columns=columns, rows=rows) as terminal:
        terminal.wait_for("Attic")
        terminal.wait_for("Help")
        assert {1049, 1000, 1002, 1006} <= terminal.modes
        terminal.press("q")
        assert terminal.wait_exit() == 0
        restored(terminal)


def test_the_session_comes_back_unless_it_should_not(opened: Path, demo_root: Path) -> None:
    saved = json.loads(session_of(demo_root, opened).file.read_text())
    assert len(saved["documents"]) == 1
    assert saved["documents"][0]["kept"]
    title = saved["documents"][0]["address"].rpartition("/")[2]
    with start(demo_root, opened) as terminal:
        terminal.wait_for("Overview")
        terminal.wait_for(title)
    with start(demo_root, opened, "--fresh") as terminal:
        terminal.wait_for("Overview")  # the preview of what the cursor rests on
        terminal.press("q")
        assert terminal.wait_exit() == 0
    left = json.loads(session_of(demo_root, opened).file.read_text())["documents"]
    assert [(one["address"], one["kept"]) for one in left] == [("attic", False)]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=["SIGHUP", "SIGTERM"])
def test_a_signal_to_end_ends_in_order(number: signal.Signals, demo_root: Path, tmp_path: Path) -> None:
    with start(demo_root, tmp_path) as terminal:
        terminal.wait_for("Attic")
        terminal.press("right", "enter", quiet=0.4)
        os.kill(terminal.pid, number)
        assert terminal.wait_exit() == 128 + number
        restored(terminal)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=["SIGHUP", "SIGTERM"])
def test_a_signal_to_end_keeps_the_session(number: signal.Signals, demo_root: Path, tmp_path: Path) -> None:
    with start(demo_root, tmp_path) as terminal:
        terminal.wait_for("Attic")
        terminal.press("right", "enter", quiet=0.4)
        os.kill(terminal.pid, number)
        terminal.wait_exit()
    assert json.loads(session_of(demo_root, tmp_path).file.read_text())["documents"]


def test_a_closed_terminal_ends_the_program(demo_root: Path, tmp_path: Path) -> None:
    with start(demo_root, tmp_path) as terminal:
        terminal.wait_for("Attic")
        terminal.press("right", "enter", quiet=0.4)
        terminal.hang_up()
        terminal.wait_gone()
    assert json.loads(session_of(demo_root, tmp_path).file.read_text())["documents"]


def test_a_crash_while_restoring_does_not_loop(opened: Path, demo_root: Path) -> None:
    session = session_of(demo_root, opened)
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    session.marker.write_bytes(gone.stdout.strip())
    with start(demo_root, opened) as terminal:
        terminal.wait_for("put aside")
        terminal.press("q")
        assert terminal.wait_exit() == 0
    assert session.broken.exists()
    assert not session.marker.exists()
    with start(demo_root, opened) as terminal:
        terminal.wait_for("Attic")
        terminal.settle()
        assert "put aside" not in terminal.screen()


def test_a_shell_and_back(demo_root: Path, tmp_path: Path) -> None:
    shell = tmp_path / "shell"
    shell.write_text('#!/bin/sh\necho "IN THE SHELL at $PWD"\nread answer\n')
    shell.chmod(0o755)
    with start(demo_root, tmp_path, env={"SHELL": str(shell)}) as terminal:
        terminal.wait_for("Attic")
        terminal.press("!")
        terminal.wait_for("IN THE SHELL at")
        assert not terminal.modes & {1000, 1002, 1049}
        terminal.send(b"exit\n")
        terminal.wait_mode(1049)
        terminal.settle(0.4)
        assert 1000 in terminal.modes
        terminal.press("q")
        assert terminal.wait_exit() == 0
        restored(terminal)


def test_it_stops_and_comes_back(demo_root: Path, tmp_path: Path) -> None:
    environment = {"PS1": "prompt> "}
    with Terminal(["bash", "--norc", "--noprofile", "-i"], home=tmp_path, cwd=tmp_path, env=environment) as terminal:
        terminal.wait_for("prompt> ")
        terminal.send(f"{COMMAND_LINE} --root {quote(str(demo_root))}\r".encode())
        terminal.wait_for("Attic")
        terminal.settle()
        terminal.press("ctrl+z")
        terminal.wait_for("Stopped")
        assert 1049 not in terminal.modes
        terminal.send(b"fg\r")
        terminal.wait_mode(1049)
        terminal.settle(0.4)
        terminal.press("q", quiet=0.5)
        terminal.send(b"echo left with $?\r")
        terminal.wait_for("left with 0")


def test_a_resize_redraws(demo_root: Path, tmp_path: Path) -> None:
    with start(demo_root, tmp_path, columns=80, rows=24) as terminal:
        terminal.wait_for("Attic")
        for columns, rows in ((200, 50), (40, 10), (100, 30)):
            terminal.resize(columns, rows)
            terminal.settle(0.4)
        lines = terminal.screen().split("\n")
        assert len(lines) == 30
        assert lines[0].startswith("╭") and lines[0].rstrip().endswith("╮")
        assert len(lines[0].rstrip()) == 100
        assert "Attic" in terminal.screen()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_a_row_that_says_so(demo_root: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(demo_root, root, symlinks=True)
    (root / "attic" / ".dm").chmod(0)
    try:
        with start(root, tmp_path) as terminal:
            terminal.wait_for("docs")
            terminal.press("r", "q")
            assert terminal.wait_exit() == 0
            restored(terminal)
    finally:
        (root / "attic" / ".dm").chmod(0o755)


def test_a_root_that_vanishes_is_no_end(demo_root: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(demo_root, root, symlinks=True)
    with start(root, tmp_path) as terminal:
        terminal.wait_for("Attic")
        terminal.press("right", "down", "enter", quiet=0.3)
        shutil.rmtree(root)
        for key in ("r", "1", "2", "3", "4", "5", "0", "right", "down", "enter", "p", "t", "f", "escape"):
            terminal.press(key)
        terminal.settle(0.5)
        assert "This is a defect" not in terminal.screen()
        terminal.press("q", "enter")
        assert terminal.wait_exit() == 0
        restored(terminal)


def test_without_a_root_it_says_what_to_do(tmp_path: Path) -> None:
    with Terminal(PROGRAM, columns=80, rows=24, home=tmp_path, cwd=tmp_path) as terminal:
        terminal.wait_for("No spaces folder is open")
        terminal.wait_for("Open the demo")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        restored(terminal)


def test_a_state_folder_that_takes_nothing_is_no_end(demo_root: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with start(demo_root, tmp_path) as terminal:
        terminal.wait_for("Attic")
        terminal.press("right", "enter", quiet=0.4)
        terminal.press("q")
        assert terminal.wait_exit() == 0
        restored(terminal)


def test_a_screenshot_keeps_secrets(demo_root: Path, tmp_path: Path) -> None:
    metas = (json.loads(path.read_bytes()) for path in demo_root.glob("management/users/.dm/*/meta.user.json"))
    user = next(meta for meta in metas if meta.get("password"))
    with start(demo_root, tmp_path, columns=200, rows=50) as terminal:
        terminal.wait_for("Attic")
        terminal.press("f")
        terminal.send(user["shortname"].encode())
        terminal.settle(0.5)
        terminal.press("enter", quiet=0.6)
        for view in ("1", "5"):
            terminal.press(view, quiet=0.5)
            terminal.press("f12", quiet=0.5)
            for picture in tmp_path.glob("*.svg"):
                words = html.unescape(re.sub(r"<[^>]*>", "", picture.read_text())).replace("\xa0", " ")
                assert user["shortname"] in words
                assert user["password"][:12] not in words
                picture.unlink()
                break
            else:
                pytest.fail("no screenshot was written")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_inside_tmux(demo_root: Path, tmp_path: Path) -> None:
    socket = str(tmp_path / "socket")
    command = f"exec {COMMAND_LINE} --root {quote(str(demo_root))}"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    tmux = ["tmux", "-f", "/dev/null", "-S", socket]
    with Terminal([*tmux, "new-session", command], columns=100, rows=30, home=tmp_path, cwd=tmp_path) as terminal:
        terminal.wait_for("Attic")
        terminal.press("right", "down", quiet=0.3)
        shown = subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, check=True, env=environment)
        assert b"Attic" in shown.stdout
        terminal.press("q")
        assert terminal.wait_exit() == 0
