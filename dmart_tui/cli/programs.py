"""`demo`, `keys`, `config` and `completion`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from dmart_tui.cli.output import Column, Output, Progress, output_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.config import default_config_text, demo_folder, paths, shown
from dmart_tui.core.errors import Failed, Refused, UsageFault
from dmart_tui.core.units import format_count

if TYPE_CHECKING:
    from collections.abc import Iterator

# -- keys ------------------------------------------------------------------------------------------------

_KEY_COLUMNS: Final = (
    Column("keys", lambda row: "  ".join(row["keys"]) or "∅", style="bold"),
    Column("action", lambda row: str(row["action"]), style="dim"),
    Column("where", lambda row: str(row["context"])),
    Column("what", lambda row: str(row["help"])),
)


@click.command()
@output_options
@global_options
@pass_session
def keys_command(session: Session, mode: str | None) -> None:
    """Print the keys of the interface, as the settings leave them."""
    from dmart_tui.tui.actions import ACTIONS, CONTEXT_BY_NAME, keymap_problems, keys_of, show_key

    keymap = session.settings.keys

    def rows() -> Iterator[dict[str, object]]:
        for action in ACTIONS:
            yield {
                "action": action.name,
                "context": CONTEXT_BY_NAME[action.context].title,
                "title": action.title,
                "help": action.help,
                "keys": [show_key(key) for key in keys_of(action, keymap)],
                "default": not keymap.get(action.name),
            }

    Output(session, mode).rows(rows(), _KEY_COLUMNS)
    for problem in keymap_problems(keymap):
        session.say(problem)


# -- config ----------------------------------------------------------------------------------------------


@click.command()
@click.argument("what", type=click.Choice(["show", "path", "edit"]), default="show")
@output_options
@global_options
@pass_session
def config_command(session: Session, what: str, mode: str | None) -> None:
    """Show the settings in force, print where their file is, or open it in an editor."""
    file = paths(session.config).config
    output = Output(session, mode)
    if what == "path":
        output.document({"path": str(file), "exists": file.exists()}) if mode else output.line(str(file))
    elif what == "edit":
        _edit(session, file)
    else:
        _show_settings(session, output)


def _show_settings(session: Session, output: Output) -> None:
    values = shown(session.settings)
    if output.mode != "text":
        output.document(values)
        return
    rows = [{"key": key, "value": str(value)} for key, value in values.items() if key not in ("keys", "s3")]
    rows += [{"key": f"keys.{action}", "value": key} for action, key in session.settings.keys.items()]
    rows += [
        {"key": f"s3.profiles.{name}.{key}", "value": str(value)}
        for name, profile in values["s3"].items()
        for key, value in profile.items()
    ]
    output.rows(
        rows,
        (Column("setting", lambda row: str(row["key"]), style="bold"), Column("value", lambda row: str(row["value"]))),
    )


def _edit(session: Session, file: Path) -> None:
    """Open the file, written with its defaults first when there is none."""
    import shlex
    import subprocess

    from dmart_tui.core.files import write_atomic

    if session.read_only:
        raise Refused("read-only: the settings are not edited", address=str(file), hint="leave out --read-only")
    if not file.exists():
        write_atomic(file, default_config_text().encode())
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    try:
        code = subprocess.run([*words, str(file)], check=False).returncode
    except OSError as error:
        raise Failed(f"the editor {words[0]} cannot be started: {error.strerror}", hint="set EDITOR") from None
    if code:
        raise Failed(f"the editor {words[0]} ended with {code}", address=str(file))
    from dmart_tui.core.config import load

    load(session.config)


# -- completion ------------------------------------------------------------------------------------------


_NO_SPACE: Final = """    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then
        compopt -o nospace
    fi

"""
"""After a folder one types on."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the completion script of SHELL; e.g. add `eval "$(dmart-tui completion bash)"` to ~/.bashrc."""
    from click.shell_completion import get_completion_class

    from dmart_tui.cli.program import main

    found = get_completion_class(shell)
    if found is None:
        raise UsageFault(f"there is no completion for {shell}")
    script = found(main, {}, "dmart-tui", "_DMART_TUI_COMPLETE").source()
    click.echo(script.replace("    return 0\n", _NO_SPACE + "    return 0\n") if shell == "bash" else script)


# -- demo ------------------------------------------------------------------------------------------------


@click.command()
@click.argument("folder", metavar="[DIR]", required=False)
@click.option("--no-ui", is_flag=True, help="Only make it; do not open the interface.")
@click.option("--scale", type=click.Choice(["small", "large"]), default="small", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same data.")
@global_options
@pass_session
def demo_command(session: Session, folder: str | None, no_ui: bool, scale: str, seed: int) -> int:
    """Make a demo company's spaces in DIR (a folder of your own data when left out) and open them.

    The root is DIR/spaces. A second run opens what is there. `--scale large` makes 100,000 entries.
    """
    from dmart_tui.core.demo import existing_demo, make_demo

    target = Path(folder).expanduser() if folder else demo_folder()
    report = existing_demo(target)
    if report is not None:
        session.say(f"this demo is here already: {target}")
    elif session.writes_refused:
        raise Refused("read-only: no demo is made", address=str(target), hint="leave out --read-only")
    else:
        with Progress("entries made") as progress:
            report = make_demo(
                target, scale="large" if scale == "large" else "small", seed=seed, progress=progress.update
            )
    session.say(
        f"{format_count(report.entries)} entries, {format_count(report.attachments)} attachments, seed {report.seed}"
    )
    click.echo(report.root)
    if no_ui:
        return 0
    if not sys.stdout.isatty():
        session.say(f"open it in a terminal: dmart-tui --root {report.root}")
        return 0
    from dmart_tui.cli.program import open_interface

    session.root = str(report.root)
    return open_interface(session)
