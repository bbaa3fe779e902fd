"""`des`: everything about DES archives; a subcommand is imported when it is run."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

from dmart_tui.cli.session import global_options

SUBCOMMANDS: Final = {
    "info": ("members", "Tell what an archive is."),
    "ls": ("members", "List the members of an archive."),
    "cat": ("members", "Print the content of a member."),
    "meta": ("members", "Print the metadata of a member."),
    "get": ("members", "Put members into a folder."),
    "verify": ("members", "Look for everything that is wrong with an archive."),
    "repair": ("members", "Copy what is sound of a damaged archive into a new one."),
    "pack": ("packing", "Make an archive of files, or of what stands at addresses."),
    "unpack": ("packing", "Put packed files back."),
    "mount": ("mounting", "Let a packed tree stand where its files were."),
    "unmount": ("mounting", "Let it be seen no more."),
    "mounts": ("mounting", "List what is mounted in the root."),
    "append-day": ("packing", "Add files to a store of an archive a day and shard."),
    "find": ("packing", "Find a member in such a store."),
    "name": ("packing", "Make Snowflake names, or tell what one says."),
}
"""Name -> (module of `dmart_tui.cli`, help in one line)."""


class Archives(click.Group):
    """A group that imports a subcommand when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUBCOMMANDS:
            return None
        module, short_help = SUBCOMMANDS[cmd_name]
        name = f"{cmd_name.replace('-', '_')}_command"
        command: click.Command = getattr(import_module(f"dmart_tui.cli.{module}"), name)
        command.short_help = short_help
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in SUBCOMMANDS.items()])


@click.group(cls=Archives)
@global_options
def des_command() -> None:
    """Read, check and write DES archives, here or on S3."""
