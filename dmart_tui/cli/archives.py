"""`des`: everything about DES archives; a subcommand is imported when it is run."""

from __future__ import annotations

from typing import ClassVar

import click

from dmart_tui.cli.groups import LazyGroup
from dmart_tui.cli.session import global_options


class Archives(LazyGroup):
    """What one does with archives."""

    COMMANDS: ClassVar = {
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


@click.group(cls=Archives)
@global_options
def des_command() -> None:
    """Read, check and write DES archives, here or on S3."""
