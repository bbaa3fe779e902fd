"""Starting: what comes first, what is refused, and that the terminal is always given back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dmart_tui.cli import main as program
from dmart_tui.core.config import Settings
from dmart_tui.tui.launch import asked, open_asked
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"

WITH_A_SMALL_APP = """
import sys
from types import ModuleType

class Module(ModuleType):
    def __getattr__(self, name):
        from tests.support.sample_app import Thin
        return type("DmartApp", (Thin,), {"__init__": lambda self, settings, root, **_: Thin.__init__(self)})

sys.modules["dmart_tui.tui.app"] = Module("dmart_tui.tui.app")
"""
WITHOUT_TEXTUAL = """
import sys
sys.modules["textual"] = sys.modules["dmart_tui.tui.app"] = None
"""
LAUNCH = """
from dmart_tui.core.config import Settings
from dmart_tui.tui.launch import launch
sys.exit(launch(None, settings=Settings()))
"""


def python(script: str, **env: str) -> Terminal:
    return Terminal([sys.executable, "-c", script], cwd=ROOT, env=env)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], True),
        (["--root", "somewhere", "--fresh"], True),
        (["--root=ls", "--read-only"], True),
        (["--root"], False),
        (["members.des"], True),
        (["a store.hdb", "--fresh"], True),
        (["--store.hdb"], False),
        (["ls"], False),
        (["--root", "x", "check"], False),
        (["--help"], False),
        (["--version"], False),
        (["--wrong"], False),
    ],
)
def test_only_a_command_line_without_command_gets_the_splash(arguments: list[str], wanted: bool) -> None:
    assert (asked(arguments) is not None) is wanted


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--root", "here", "--fresh", "--read-only"],
        ["--root=a", "--config", "b.toml", "--root", "c"],
        ["--root=a", "--root=", "--verbose", "--no-color"],
        ["--root", "--fresh"],
        ["--config=x=y"],
    ],
    ids=" ".join,
)
def test_the_command_line_would_open_the_same(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[object] = []

    def launch(root: str | None, *, archive: str = "", **options: object) -> int:
        assert archive == ""
        opened.append((root, options))
        return 0

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dmart_tui.tui.launch.launch", launch)
    monkeypatch.setattr("dmart_tui.core.config.load", lambda config: Settings(language=config or "en"))
    said = asked(arguments)
    assert said is not None
    assert open_asked(said) == 0
    with pytest.raises(SystemExit, match="0"):
        program(arguments)
    assert opened[0] == opened[1]


def test_completion_gets_no_splash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_DMART_TUI_COMPLETE", "bash_complete")
    assert asked([]) is None


def test_the_splash_waits_for_nothing_heavy() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, dmart_tui.__main__; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"typing", "click", "textual", "asyncio", "dataclasses", "pathlib"} & set(loaded)


def test_the_name_is_shown_and_taken_back_before_an_error_is_said() -> None:
    script = """
import sys
sys.argv[1:] = ["members.des"]
sys.modules["dmart_tui.cli"] = None
from dmart_tui.__main__ import main
main()
"""
    with python(script) as terminal:
        assert terminal.wait_exit() == 1
        splash, _, rest = terminal.output.partition(LEAVE)
        assert ENTER in splash
        assert b"dmart-tui" in splash
        assert b"ModuleNotFoundError" not in splash
        assert b"ModuleNotFoundError" in rest


def test_a_failure_before_the_first_frame_gives_the_terminal_back() -> None:
    with python(WITHOUT_TEXTUAL + LAUNCH) as terminal:
        assert terminal.wait_exit() == 1
        splash, _, rest = terminal.output.partition(LEAVE)
        assert b"Traceback" not in splash
        assert b"Traceback" in rest


def test_the_interface_follows_the_splash_and_ends_clean() -> None:
    with python(WITH_A_SMALL_APP + LAUNCH) as terminal:
        terminal.wait_for("alpha 0")
        terminal.settle()
        assert terminal.output.startswith(ENTER)
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        assert terminal.output.count(LEAVE) == 1


def test_garbage_is_collected_again_after_the_first_frame() -> None:
    report = """
import gc, os
from tests.support.sample_app import Thin
Thin.action_redraw = lambda self: self.exit(return_code=gc.isenabled() + 2 * (gc.get_freeze_count() > 0))
"""
    with python(WITH_A_SMALL_APP + report + LAUNCH) as terminal:
        terminal.wait_for("alpha 0")
        terminal.press("f2")
        assert terminal.wait_exit() == 3


AT_THE_FIRST_FRAME = """
import sys
import dmart_tui.tui.panes.tree.pane as tree
from dmart_tui.tui import launch

tree._AWAITED = 60
told, begun = sys.argv.pop(1), launch._begun

def first_frame(app):
    frame = "".join("".join(chars) for chars, _ in app._shadow._shown)
    with open(told, "w", encoding="utf-8") as file:
        file.write(" ".join([*sys.modules, "/", frame]))
    begun(app)
    app.leave()

launch._begun = first_frame
from dmart_tui.__main__ import main
main()
"""
NOT_YET = (
    *("click", "json", "pygments", "markdown_it", "jsonschema_rs", "sqlite3", "duckdb", "PIL", "redis", "watchfiles"),
    *("dmart_tui.cli", "dmart_tui.core.merging", "dmart_tui.core.secrets", "dmart_tui.core.spaces.histories"),
)


def test_the_first_frame_has_the_spaces_and_waits_for_nothing_else(demo_root: Path, tmp_path: Path) -> None:
    told = tmp_path / "told"
    argv = [sys.executable, "-c", AT_THE_FIRST_FRAME, str(told), "--root", str(demo_root)]
    with Terminal(argv, cwd=ROOT, home=tmp_path) as terminal:
        assert terminal.wait_exit(limit=60) == 0
    names, _, frame = told.read_text("utf-8").partition(" / ")
    modules = set(names.split())
    assert "Attic" in frame
    assert not modules & set(NOT_YET)
    parts = [name.split(".")[1:4] for name in modules if name.startswith("dmart_tui.") and name.count(".") > 2]
    assert {room for layer, room, _ in parts if layer == "core"} == {"spaces"}
    shown = {(room, module) for layer, room, module in parts if layer == "tui" and room != "widgets"}
    assert shown == {("panes", "tree"), ("screens", "fitted"), ("writing", "desk")}


def test_a_failure_without_the_command_line_is_explained_as_by_it(tmp_path: Path) -> None:
    script = "from dmart_tui.__main__ import main\nmain()"
    argv = [sys.executable, "-c", script, "--root", str(tmp_path / "nowhere")]
    with Terminal(argv, cwd=ROOT, home=tmp_path) as terminal:
        assert terminal.wait_exit() == 3
        splash, _, rest = terminal.output.partition(LEAVE)
        assert ENTER in splash
        assert b"there is no such folder" not in splash
        assert b"there is no such folder" in rest


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_to_end_ends_in_order(number: signal.Signals) -> None:
    with python(WITH_A_SMALL_APP + LAUNCH) as terminal:
        terminal.wait_for("alpha 0")
        terminal.settle()
        os.kill(terminal.pid, number)
        assert terminal.wait_exit() == 128 + number
        assert LEAVE in terminal.output


def test_a_dumb_terminal_is_refused_in_words() -> None:
    with python(WITH_A_SMALL_APP + LAUNCH, TERM="dumb") as terminal:
        assert terminal.wait_exit() == 1
        assert "UsageFault: a terminal of the kind 'dumb'" in terminal.screen()
        assert b"\x1b" not in terminal.output


def test_a_pipe_is_refused_in_words() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITH_A_SMALL_APP + LAUNCH], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.stdout == ""
    assert "UsageFault: the interface needs a terminal" in done.stderr


def test_stderr_may_be_a_file(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = f'exec "$0" -c "$1" 2>"{log}"'
    with Terminal(["sh", "-c", script, sys.executable, WITH_A_SMALL_APP + LAUNCH], cwd=ROOT) as terminal:
        terminal.wait_for("alpha 0")
        assert log.read_bytes() == b""
