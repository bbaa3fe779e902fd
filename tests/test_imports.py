"""What a start imports: a command must not pay for what it does not use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1]
SCREEN = {"textual", "rich.console", "rich.markdown", "pygments"}
HEAVY = {"asyncio", "jsonschema_rs", "PIL", "duckdb", "sqlite3", "watchfiles", "redis", "dmart_tui.core.demo"}


def loaded(code: str, *arguments: str) -> set[str]:
    """The modules loaded after `code` ran (as if it were the program) with these arguments."""
    script = (
        "import sys\n"
        f"sys.argv[1:] = {list(arguments)!r}\n"
        f"try:\n    exec({code!r})\nexcept SystemExit:\n    pass\n"
        "print('\\n' + '\\0'.join(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=SOURCE, capture_output=True, text=True, check=True, timeout=60
    )
    return set(run.stdout.rstrip("\n").rpartition("\n")[2].split("\0"))


RUN = "from dmart_tui.__main__ import main; main()"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["--nonsense"]])
def test_help_and_version_import_only_click(arguments: list[str]) -> None:
    modules = loaded(RUN, *arguments)
    assert "click" in modules
    assert not modules & (SCREEN | HEAVY | {"msgspec", "platformdirs", "dmart_tui.core.spaces"})


@pytest.mark.parametrize(
    "arguments",
    [["ls"], ["ls", "--recursive", "--jsonl"], ["tree"], ["find", "a"], ["cat", "management"], ["config"], ["keys"]],
    ids=" ".join,
)
def test_commands_import_no_screen(arguments: list[str], demo_root: Path) -> None:
    modules = loaded(RUN, "--root", str(demo_root), *arguments)
    assert "dmart_tui.cli.output" in modules
    assert not modules & (SCREEN | HEAVY)


def test_history_and_check_import_no_screen(demo_root: Path) -> None:
    assert not loaded(RUN, "--root", str(demo_root), "history", "management") & SCREEN
    assert not loaded(RUN, "--root", str(demo_root), "check", "management") & SCREEN


def test_every_room_of_the_core_stands_without_screen_and_command_line() -> None:
    names = sorted(
        ".".join(file.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        for file in (SOURCE / "dmart_tui" / "core").rglob("*.py")
    )
    modules = loaded("import importlib\nfor name in sys.argv[1:]: importlib.import_module(name)", *names)
    assert set(names) <= modules
    assert not modules & {"textual", "click", "dmart_tui.tui", "dmart_tui.cli"}
