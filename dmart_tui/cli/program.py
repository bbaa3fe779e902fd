"""The program: global options, commands found by name and imported late, errors turned into exit codes."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

import click

from dmart_tui import __version__
from dmart_tui.cli.groups import LazyGroup
from dmart_tui.cli.session import Session, global_options

INTERRUPTED: Final = 130


class Program(LazyGroup):
    """All commands, answering with the exit codes of the contract; the path of an archive or a store is one, too."""

    COMMANDS: ClassVar = {
        "ls": ("listing", "List the spaces, or what is below an address."),
        "cat": ("showing", "Show an entry: its meta, payload, attachments and problems."),
        "tree": ("listing", "Draw the tree of names below an address."),
        "find": ("listing", "Find names by a few of their letters, best first."),
        "search": ("searching", "Search for words, fields, tags, numbers and dates."),
        "history": ("changes", "Show how an entry changed, newest first."),
        "diff": ("comparing", "Compare two versions of an entry, or two entries."),
        "create": ("editing", "Make an entry, a folder or a space."),
        "set": ("editing", "Change keys of an entry, or its whole payload."),
        "mv": ("moving", "Move or rename an entry, a folder, an attachment or a space."),
        "rm": ("moving", "Move something to the trash."),
        "trash": ("moving", "List what is in the trash, restore it or free the disk."),
        "check": ("checking", "Look for everything that is broken."),
        "links": ("linking", "Show what points to an entry, what it points to, and ways."),
        "index": ("indexing", "Build the local index, tell how fresh it is, or delete it."),
        "attach": ("attaching", "Attach files, a comment, a reply or a reaction."),
        "link": ("attaching", "Let one entry point to another."),
        "unlink": ("attaching", "Let one entry no longer point to another."),
        "lock": ("tickets", "Lock an entry for a while."),
        "unlock": ("tickets", "Give back the lock of an entry."),
        "progress": ("tickets", "Take a ticket further, or list how it can go on."),
        "import": ("interchange", "Import an interchange zip, or rows of csv."),
        "export": ("interchange", "Export a zip, csv, ndjson or parquet."),
        "sql": ("sql", "Run SQL over files, databases, spaces and archives."),
        "worksheet": ("worksheets", "Keep SQL worksheets: folders, revisions, history."),
        "des": ("archives", "Read, check and write DES archives."),
        "historydb": ("historydb", "Keep dated documents in a store, and ask it."),
        "demo": ("programs", "Make a demo company's spaces and open them."),
        "keys": ("programs", "Print the keys of the interface."),
        "config": ("programs", "Show, locate or edit the settings."),
        "completion": ("programs", "Print the completion script of a shell."),
    }

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _archive_command(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BrokenPipeError:
            _forget_stdout()
            return 0

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run and exit: 0 done, 1 "no", 2 usage, 3 not found, 4 refused, 5 damaged, 6 failed, 130 interrupted."""
        kwargs["standalone_mode"] = False
        kwargs["prog_name"] = "dmart-tui"
        try:
            result = super().main(*args, **kwargs)
            code = result if isinstance(result, int) else 0
        except click.Abort:
            code = INTERRUPTED
        except click.ClickException as error:
            error.show()
            code = error.exit_code if isinstance(error, click.UsageError) else 6
        except Exception as error:
            code = explain(error)
        sys.exit(code)


def explain(error: Exception) -> int:
    """Say on stderr what happened; the exit code."""
    from dmart_tui.core.errors import DmartTuiError
    from dmart_tui.core.text import safe

    if isinstance(error, DmartTuiError):
        code, said = error.exit_code, error.in_commands()
    elif isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        code, said = 6, f"{where}{error.strerror or error}"
    else:
        from traceback import format_exception

        told = "".join(format_exception(error))
        click.echo(f"dmart-tui: this is a defect:\n{safe(told, lines=True)}", err=True)
        return 6
    click.echo(f"dmart-tui: {safe(said)}", err=True)
    return code


def _forget_stdout() -> None:
    """Who read our output has left: let what is still buffered go nowhere, so that the exit stays quiet."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@click.command(cls=Program, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@global_options
@click.option("--fresh", is_flag=True, help="Open the interface without what was open the last time.")
@click.version_option(__version__, "-V", "--version", message="dmart-tui %(version)s")
@click.pass_context
def main(ctx: click.Context, fresh: bool) -> int | None:
    """Explore D-MART spaces folders. Without a command, open the interface."""
    session = ctx.ensure_object(Session)
    return None if ctx.invoked_subcommand is not None else open_interface(session, fresh=fresh)


def _archive_command(word: str) -> click.Command | None:
    """What opens an archive or a history store in the interface, when a word names one in the place of a command."""
    from dmart_tui.tui.launch import is_place

    if not is_place(word):
        return None

    @click.command(word)
    @global_options
    @click.pass_context
    def opened(ctx: click.Context) -> int:
        """Open it in the interface."""
        fresh = ctx.parent is not None and ctx.parent.params["fresh"]
        where = word if word.startswith("s3://") else str(Path(word).absolute())
        return open_interface(ctx.ensure_object(Session), fresh=fresh, archive=where)

    return opened


def open_interface(session: Session, *, fresh: bool = False, archive: str = "") -> int:
    """Open the interface on the session's root, or on its welcome screen when none is named; the exit code.

    Args:
        archive: the path or `s3://` address of an archive or history store to show first.
    """
    from dmart_tui.tui.launch import launch

    return launch(
        session.root_name or None,
        settings=session.settings,
        fresh=fresh,
        read_only=session.read_only,
        config=session.config,
        archive=archive,
    )
