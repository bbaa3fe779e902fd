"""`des mount`, `des unmount` and `des mounts`: packed trees seen where their files were."""

from __future__ import annotations

from typing import Any

import click

from dmart_tui.cli.output import Column, Output, output_options
from dmart_tui.cli.packing import bits_option, layout_option
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import Refused


@click.command()
@click.argument("archive", metavar="A")
@bits_option
@layout_option
@global_options
@pass_session
def mount_command(session: Session, archive: str, shard_bits: int, layout: Any) -> None:
    """Let the packed tree A stand in the root where its files were, read-only, for all who open the root from now on.

    A folder is taken for a day/shard store that `des append-day` put addresses into; it stands wherever the root has
    nothing itself. Of several days that keep a file, the newest is seen.

    Its files must be gone from there: `rm ADDRESS --packed-in A`. A may be a path or an s3:// URI; unless it is in the
    root, others follow it only after they have mounted it too.
    """
    from dmart_tui.core.mounting import mount

    _refuse_read_only(session, archive)
    found = mount(session.spaces.root, archive, session.settings, bits=shard_bits, layout=layout)
    for path in found.covers:
        session.say(f"{path} is read from {found.archive} now")


@click.command()
@click.argument("archive", metavar="A")
@global_options
@pass_session
def unmount_command(session: Session, archive: str) -> None:
    """Let the archive A be seen in the root no more; the archive itself stays."""
    from dmart_tui.core.mounting import unmount

    _refuse_read_only(session, archive)
    for path in unmount(session.spaces.root, archive).covers:
        session.say(f"{path} is no longer here; `des unpack` brings it back from {archive}")


@click.command()
@output_options
@global_options
@pass_session
def mounts_command(session: Session, mode: str | None) -> None:
    """List the archives that are mounted in the root, and what each keeps."""
    from dmart_tui.core.mounting import mounted

    rows = [
        {"archive": found.archive, "covers": list(found.covers), "refused": found.refused or None}
        for found in mounted(session.spaces.root)
    ]
    columns = (
        Column("archive", lambda row: row["archive"]),
        Column("covers", lambda row: ", ".join(row["covers"])),
        Column("refused", lambda row: "not followed" if row["refused"] else ""),
    )
    Output(session, mode).rows(rows, columns)


def _refuse_read_only(session: Session, archive: str) -> None:
    if session.writes_refused:
        raise Refused("nothing is changed: the program runs read-only", address=archive)
