"""The program around the commands: roots, exit codes, errors, pipes, interrupts, hostile data."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmart_tui import __version__
from dmart_tui.cli.output import encode
from tests.cli.conftest import HOSTILE
from tests.support.interrupts import listen
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    Cli = Callable[..., Result]
    Program = Callable[..., subprocess.CompletedProcess[bytes]]

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
STYLES = re.compile(r"\x1b\[[0-9;]*m")


def test_version(program: Program) -> None:
    assert program("--version").stdout.decode() == f"dmart-tui {__version__}\n"


def test_help_names_every_command(cli: Cli) -> None:
    shown = cli("--help").stdout
    for name in ["ls", "cat", "tree", "find", "history", "diff", "check", "demo", "keys", "config", "completion"]:
        assert f"\n  {name} " in shown


def test_root_from_option_before_and_after_the_command(cli: Cli, root: Path) -> None:
    assert cli("--root", root, "ls").stdout == cli("ls", "--root", root).stdout != ""


def test_root_from_the_environment(cli: Cli, root: Path) -> None:
    assert cli("ls", env={"DMART_TUI_ROOT": str(root)}).stdout.startswith("blog\t")


def test_root_from_the_settings(cli: Cli, root: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f'root = "{root}"\n')
    assert cli("--config", settings, "ls").stdout.startswith("blog\t")


def test_option_goes_before_environment_and_settings(cli: Cli, root: Path) -> None:
    assert cli("--root", root, "ls", env={"DMART_TUI_ROOT": "/nowhere"}).exit_code == 0


def test_root_is_the_current_folder_when_it_holds_spaces(program: Program, root: Path) -> None:
    assert program("ls", cwd=root).stdout.startswith(b"blog\t")


def test_without_a_root_usage_is_wrong_and_said_in_one_line(program: Program, tmp_path: Path) -> None:
    result = program("ls", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.count(b"\n") == 1
    assert b"--root" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("ls", "blog"), 0),
        (("find", "zzzzzz"), 1),
        (("nonsense",), 2),
        (("ls", "--nonsense"), 2),
        (("cat",), 2),
        (("ls", "blog/../x"), 2),
        (("cat", "blog/nothing"), 3),
        (("ls", "nothing"), 3),
        (("cat", "blog/posts/hello#comment/none"), 3),
        (("--read-only", "demo", "new", "--no-ui"), 4),
        (("ls", "blog/out"), 4),
        (("cat", "blog/posts/broken", "--meta"), 5),
    ],
)
def test_exit_codes(program: Program, root: Path, arguments: tuple[str, ...], code: int) -> None:
    (root / "blog/out").symlink_to("/")
    result = program("--root", root, *arguments)
    assert result.returncode == code, result.stderr
    assert b"Traceback" not in result.stderr
    if code > 2:
        assert result.stderr.startswith(b"dmart-tui: ")
        assert result.stderr.count(b"\n") == 1


def test_a_root_that_is_no_folder_is_not_found(cli: Cli, tmp_path: Path) -> None:
    assert cli("--root", tmp_path / "nowhere", "ls").exit_code == 3


def test_a_space_as_root_is_explained(cli: Cli, root: Path) -> None:
    result = cli("--root", root / "blog", "ls")
    assert result.exit_code == 0
    assert "is a space itself" in result.stderr


def test_a_full_disk_is_a_failure(root: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "dmart_tui", "--root", str(root), "ls", "-r", "--jsonl"],
            stdout=full, stderr=subprocess.PIPE, check=False, timeout=60,
        )  # fmt: skip
    assert result.returncode == 6
    assert b"Traceback" not in result.stderr


def start_listing(root: Path) -> subprocess.Popen[bytes]:
    """A listing that has begun and waits for its reader: the pipe takes one page."""
    command = [sys.executable, "-m", "dmart_tui", "--root", str(root), "ls", "--recursive", "--jsonl"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=listen)
    assert process.stdout is not None
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    assert process.stdout.read(1) == b"{"
    return process


def test_a_reader_that_leaves_is_no_error(demo_root: Path) -> None:
    process = start_listing(demo_root)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(30) == 0


def test_an_interrupt_ends_cleanly(demo_root: Path) -> None:
    process = start_listing(demo_root)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in said


def test_json_keeps_bytes_that_are_no_utf8(program: Program, hostile_root: Path) -> None:
    lines = program("--root", hostile_root, "ls", "evil", "--jsonl").stdout.splitlines()
    addresses = [json.loads(line)["address"] for line in lines]
    assert "evil/caf\udce9" in addresses
    assert f"evil/{HOSTILE}" in addresses
    assert any(rb"caf\udce9" in line for line in lines)
    result = program("--root", hostile_root, "cat", b"evil/caf\xe9", "--json")
    assert json.loads(result.stdout)["meta"]["shortname"] == "cafe"


def test_encode_is_exact() -> None:
    assert encode("é\udce9") == '"é\\udce9"'.encode()
    assert json.loads(encode({"n": 2**80, "s": "\udce9", "f": float("nan")})) == {"n": 2**80, "s": "\udce9", "f": None}


HOSTILE_COMMANDS = [
    ("ls",),
    ("ls", "evil"),
    ("ls", "-r"),
    ("tree",),
    ("find", "a"),
    ("cat", "evil"),
    ("cat", f"evil/{HOSTILE}"),
    ("cat", "evil/broken"),
    ("history", f"evil/{HOSTILE}"),
    ("check",),
    ("cat", f"evil/{HOSTILE}x"),
    ("nonsense" + HOSTILE,),
]


@pytest.mark.parametrize("arguments", HOSTILE_COMMANDS, ids=lambda arguments: arguments[0][:8])
def test_text_holds_no_control_characters(cli: Cli, hostile_root: Path, arguments: tuple[str, ...]) -> None:
    result = cli("--root", hostile_root, *arguments)
    assert result.stdout or result.stderr
    for line in (result.stdout + result.stderr).splitlines():
        assert not UNSAFE.search(line.replace("\t", "")), line


@pytest.mark.parametrize("arguments", HOSTILE_COMMANDS, ids=lambda arguments: arguments[0][:8])
def test_a_terminal_gets_only_our_own_styles(hostile_root: Path, arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "dmart_tui", "--root", str(hostile_root), *arguments]
    with Terminal(command, columns=200) as terminal:
        terminal.wait_exit(limit=60)
        text = STYLES.sub("", terminal.output.decode()).replace("\r\x1b[K", "").replace("\r\n", "\n")
    assert text
    assert not UNSAFE.search(text.replace("\n", "").replace("\r", ""))


def test_no_color_on_a_terminal(root: Path) -> None:
    command = [sys.executable, "-m", "dmart_tui", "--root", str(root), "--no-color", "ls", "blog/posts"]
    with Terminal(command) as terminal:
        assert terminal.wait_exit(limit=60) == 0
        shown = terminal.output.decode()
    assert "\x1b" not in shown
    lines = shown.splitlines()
    at = lines[0].index("name")
    assert [line[at:].split()[0] for line in lines[1:4]] == ["broken", "draft", "hello"]


def test_the_interface_needs_a_terminal(program: Program, root: Path) -> None:
    result = program("--root", root, stdin=subprocess.DEVNULL)
    assert result.returncode == 2
    assert b"terminal" in result.stderr


def test_keys_are_those_of_the_settings(cli: Cli, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[keys]\ntree.open = "o,f7"\n')
    rows = {row["action"]: row for row in json.loads(cli("--config", settings, "keys", "--json").stdout)}
    assert rows["tree.open"]["keys"] == ["o", "f7"]
    assert rows["app.quit"]["default"] is True


def test_config_path_show_and_edit(cli: Cli, own_folders: Path) -> None:
    file = own_folders / "config/dmart-tui/config.toml"
    assert cli("config", "path").stdout.strip() == str(file)
    result = cli("config", "edit", env={"EDITOR": "true", "VISUAL": ""})
    assert (result.exit_code, file.exists()) == (0, True)
    assert json.loads(cli("config", "show", "--json").stdout)["icons"] == "unicode"
    file.write_text("nonsense = 1\n")
    wrong = cli("config")
    assert wrong.exit_code == 2
    assert "nonsense" in wrong.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script(cli: Cli, shell: str) -> None:
    assert "_DMART_TUI_COMPLETE" in cli("completion", shell).stdout


def test_completion_completes_commands(program: Program) -> None:
    env = os.environ | {"_DMART_TUI_COMPLETE": "bash_complete", "COMP_WORDS": "dmart-tui hi", "COMP_CWORD": "1"}
    assert b"history" in program(env=env).stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("cat bl", ["blog/"]),
        ("cat blog/", ["blog/posts/", "blog/two"]),
        ("ls blog/posts/h", ["blog/posts/hello"]),
        ("ls nothing/", []),
        ("ls ../", []),
    ],
)
def test_completion_completes_addresses(program: Program, root: Path, typed: str, offered: list[str]) -> None:
    env = os.environ | {
        "_DMART_TUI_COMPLETE": "bash_complete",
        "COMP_WORDS": f"dmart-tui --root '{root}' {typed}",
        "COMP_CWORD": "4",
    }
    lines = program(env=env).stdout.decode().splitlines()
    assert [line.partition(",")[2] for line in lines if line] == offered


def test_bash_completes_a_folder_without_a_space(cli: Cli, root: Path) -> None:
    script = cli("completion", "bash").stdout
    bin_folder = Path(sys.executable).parent
    asked = (
        'COMP_WORDS=(dmart-tui cat bl); COMP_CWORD=2; compopt() { echo "$@"; }; _dmart_tui_completion dmart-tui;'
        'echo "${COMPREPLY[@]}"'
    )
    env = os.environ | {"DMART_TUI_ROOT": str(root), "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    run = subprocess.run(
        ["bash", "-c", script + asked], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.stdout.splitlines()[-2:] == ["-o nospace", "blog/"]


def test_demo_says_where_and_a_second_run_finds_it(program: Program, tmp_path: Path) -> None:
    target = tmp_path / "a demo"
    first = program("demo", target, "--no-ui")
    assert (first.returncode, first.stdout.decode()) == (0, f"{target / 'spaces'}\n")
    assert program("--root", target / "spaces", "ls").stdout.count(b"\n") > 2
    again = program("--read-only", "demo", target, "--no-ui")
    assert (again.returncode, again.stdout) == (0, first.stdout)


def test_demo_goes_to_the_users_data_by_default(program: Program, own_folders: Path) -> None:
    assert program("demo", "--no-ui").stdout.decode().strip() == str(own_folders / "data/dmart-tui/demo/spaces")
