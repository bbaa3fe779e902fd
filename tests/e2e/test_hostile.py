"""Hostile data through the real program: what it sends to the terminal is its own, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.spaces import Kind, Spaces
from tests.e2e.grammar import copied, findings
from tests.e2e.hostile import ITEMS, make_hostile, write_configuration
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = [sys.executable, "-m", "dmart_tui"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_hostile(tmp_path_factory.mktemp("hostile") / "root").resolve()


@pytest.fixture(scope="module")
def addresses(root: Path) -> dict[str, str]:
    """The first address of each kind worth looking at."""
    found: dict[str, str] = {}
    for item in Spaces(root).walk(None):
        end = item.payload.path.rpartition(".")[2] if item.payload and item.payload.path else item.type
        found.setdefault(item.kind.name if item.kind is not Kind.ENTRY else f"entry {end}", str(item.address))
    return found


def clean(output: bytes, *, full_screen: bool, copies: bool = False) -> None:
    """Fail with the first of what is not the program's own."""
    found = findings(output, full_screen=full_screen, copies=copies)
    assert not found, f"{len(found)} findings, the first:\n" + "\n".join(told for _, told in found[:12])


def seen_markers(output: bytes) -> set[str]:
    """The markers that were shown: those hostile strings came by."""
    text = output.decode("utf-8", "replace")
    return {item[-6:] for item in ITEMS if item[-6:] in text}


COMMANDS = (
    ("ls",),
    ("ls", "--recursive"),
    ("tree",),
    ("check",),
    ("find", "n"),
    ("find", "PWN"),
    ("history", "--recursive"),
    ("ls", "SPACE"),
    *((command, kind) for command in ("cat", "history") for kind in ("SPACE", "FOLDER", "entry json", "entry md")),
    *(("cat", f"entry {end}") for end in ("txt", "csv", "jsonl", "py", "png", "html", "bin", "ticket", "content")),
    ("cat", "--payload", "entry txt"),
    ("cat", "--json", "entry json"),
    ("cat", "--meta", "entry md"),
    ("ls", "--recursive", "--jsonl"),
    ("history", "--blame", "entry json"),
    ("history", "--at", "2", "entry json"),
    ("history", "--json", "entry json"),
    ("diff", "entry json", "0", "now"),
    ("diff", "entry json", "entry md"),
    ("cat", "nothing/\x1b]0;title\x07\u202e"),
    ("nothing\x1b[31m",),
)


def command_line(words: tuple[str, ...], root: Path, addresses: dict[str, str]) -> list[str]:
    return [*PROGRAM, "--root", str(root), *(addresses.get(word, word) for word in words)]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: ascii(" ".join(words)))
def test_a_command_on_a_terminal(words: tuple[str, ...], root: Path, addresses: dict[str, str], tmp_path: Path) -> None:
    with Terminal(command_line(words, root, addresses), columns=200, rows=50, home=tmp_path) as terminal:
        assert terminal.wait_exit(limit=60) in (0, 1, 2, 3, 5)
        clean(terminal.output, full_screen=False)
        assert b"Traceback" not in terminal.output


@pytest.mark.parametrize(
    "words",
    [words for words in COMMANDS if not {"--payload", "--json", "--jsonl", "--meta"} & set(words)],
    ids=lambda words: ascii(" ".join(words)),
)
def test_a_command_in_a_pipe(words: tuple[str, ...], root: Path, addresses: dict[str, str]) -> None:
    done = subprocess.run(command_line(words, root, addresses), capture_output=True, check=False, timeout=60)
    assert done.returncode in (0, 1, 2, 3, 5)
    clean(done.stdout + done.stderr, full_screen=False)
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stdout


def test_the_commands_met_every_hostile_string(root: Path, addresses: dict[str, str]) -> None:
    seen = set()
    for words in (("ls", "--recursive"), ("cat", "entry txt"), ("cat", "entry json")):
        done = subprocess.run(command_line(words, root, addresses), capture_output=True, check=False, timeout=60)
        seen |= seen_markers(done.stdout)
    assert {item[-6:] for item in ITEMS} - seen == set()


# -- the interface ---------------------------------------------------------------------------------------


VIEWS = {
    "1": "down pagedown end d d",
    "2": "+ pagedown v pagedown v v w / P W N enter n",
    "3": "down v down down v down down down v down down enter",
    "4": "+ pagedown pagedown v a [ escape w escape = escape o o",
    "5": "pagedown v pagedown v v / P W N enter n",
    "i": "down pagedown f10 pagedown f10",
    "7": "+ down e v down v z space o escape w down escape",
}
"""Keys of each view, after the key that shows it."""
TOOLS = {
    "problems": "p pagedown v v pagedown o / P W N enter",
    "timeline": "t + pagedown pagedown v / P W N enter",
    "timeline here": "0 w pagedown",
    "activity": "% ctrl+i ctrl+i ctrl+i down enter space escape escape ctrl+i space e escape x w pagedown x",
    "check here": "0 C pagedown",
    "find": "f P W N 0 down down escape",
    "palette": ": t h pagedown escape",
    "help": "? pagedown escape",
    "bookmarks": "b pagedown escape B",
    "sort": "0 s down escape",
    "filter": "0 / P W N enter down down escape",
    "themes": "f9 down down end escape",
    "secrets": "S S",
    "tasks": "T escape",
    "jump": "; escape",
    "welcome": "O down down escape",
    "screenshot": "f12",
    "maximise": "m m \\ \\ > <",
    "search": "f3 P W N enter down down escape",
    "trash": "D down enter escape",
    "another's view": "0 Y enter Q escape Y",
    "links": "0 J P W N escape @ escape",
    "batches": "0 & escape # escape",
    "notices": "M pagedown down end escape",
}
ROWS = 24
STRETCH = 6
"""Rows of one walk."""


@dataclass
class Walk:
    """Everything a walk through the program made it send, and which step sent it."""

    terminal: Terminal
    starts: list[int] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def press(self, step: str, keys: str, quiet: float = 0.03) -> None:
        for key in keys.split():
            self.starts.append(self.terminal.written)
            self.steps.append(f"{step}: {key}")
            self.terminal.press(key, quiet=quiet)
        assert not self.terminal.ended, self.terminal.output[-9000:].decode("utf-8", "replace")

    def step_at(self, offset: int) -> str:
        return self.steps[bisect_right(self.starts, offset) - 1] if self.steps else "the start"

    def only_its_own(self) -> None:
        """Fail with what the program sent that is not its own, and with what broke."""
        found = findings(self.terminal.output, full_screen=True)
        told = [f"{self.step_at(at)}: {what}" for at, what in found[:12]]
        assert not found, f"{len(found)} findings, the first:\n" + "\n".join(told)
        self.press("notices", "M d e f e c t", quiet=0.2)
        screen = self.terminal.screen()
        assert "This is a defect" not in screen
        assert "Traceback" not in screen
        self.press("notices", "escape escape")

    def leave(self) -> None:
        self.terminal.press("0", "q")  # not at once behind an escape: that would be alt+q
        if "not saved" in self.terminal.screen():
            self.terminal.press("y")
        assert self.terminal.wait_exit(limit=60) == 0
        assert not self.terminal.modes & {1000, 1002, 1003, 1006, 1049, 2004}


@pytest.fixture
def walk(root: Path, tmp_path: Path) -> Iterator[Walk]:
    """The interface with every row in its tree."""
    write_configuration(tmp_path, root)
    arguments = [*PROGRAM, "--root", str(root)]
    others = dict.fromkeys(("PAGER", "EDITOR", "VISUAL", "SHELL"), "true")  # what they print is theirs
    with Terminal(arguments, columns=200, rows=50, home=tmp_path, cwd=tmp_path, env=others) as terminal:
        terminal.wait_for("Overview")
        walk = Walk(terminal)
        walk.press("unfold", "right down " * ROWS)
        walk.press("top", "g")
        yield walk


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, ROWS, STRETCH))
def test_entries_in_the_interface(walk: Walk, first: int) -> None:
    walk.press("to the first", "down " * first)
    for row in range(first, first + STRETCH):
        walk.press(f"row {row}", "enter", quiet=0.1)
        for view, keys in VIEWS.items():
            walk.press(f"row {row} view {view}", view, quiet=0.08)
            if view == "2" or row == first + 1:
                walk.press(f"row {row} view {view}", f"{keys} escape")
        walk.press(f"row {row}", "x y 0")
        walk.press(f"row {row}: changes", "A pagedown escape f6 escape f7 escape f8 escape", quiet=0.2)
        walk.press(f"row {row}", "0 down")
    walk.only_its_own()
    assert {item[-6:] for item in ITEMS} - seen_markers(walk.terminal.output) == set()
    walk.leave()


@pytest.mark.slow
def test_tools_and_dialogs_in_the_interface(walk: Walk) -> None:
    walk.press("an entry", "down down down down enter", quiet=0.1)
    for tool, keys in TOOLS.items():
        walk.press(tool, keys, quiet=0.1)
    walk.only_its_own()
    walk.leave()


def test_only_copying_reaches_the_clipboard(walk: Walk) -> None:
    before = walk.terminal.written
    walk.press("copy", "down y a", quiet=0.3)
    sent = walk.terminal.output[before:]
    assert len(copied(sent)) == 1
    assert not findings(sent, full_screen=True, copies=True)


CRASH = r"""
from dmart_tui.tui.output import ThinOutput

class Crash(ThinOutput):
    def on_mount(self):
        self.call_after_refresh(self.fall)

    def fall(self):
        secret = "told " + "only to a variable"
        raise ValueError("\x1b]0;title\x07\u202e\x9b31m\ud800[bold]")

app = Crash()
app.run()
raise SystemExit(app.return_code)
"""


def test_a_crash_tells_no_data(tmp_path: Path) -> None:
    script = tmp_path / "crash.py"
    script.write_text(CRASH)
    with Terminal([sys.executable, str(script)], home=tmp_path) as terminal:
        assert terminal.wait_exit() == 1
        clean(terminal.output, full_screen=True)
        assert b"This is a defect" in terminal.output
        assert b"told only to a variable" not in terminal.output


def test_a_defect_of_a_command_tells_safely(tmp_path: Path) -> None:
    code = "import sys; from dmart_tui.cli import program; sys.exit(program.explain(ValueError('\\x1b]0;t\\x07\\x9b')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60)
    assert done.returncode == 6
    assert b"this is a defect" in done.stderr
    clean(done.stderr, full_screen=False)
