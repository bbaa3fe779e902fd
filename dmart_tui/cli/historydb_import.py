"""`historydb import`: all histories and event logs of a spaces folder as documents of a store."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from dmart_tui.cli.output import Output, Progress, counted, output_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import Refused
from dmart_tui.core.units import format_size


@click.command()
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("folder", metavar="[ROOT]", required=False)
@output_options
@global_options
@pass_session
def import_command(session: Session, store: Path, folder: str | None, mode: str | None) -> None:
    """Take what is new in all histories and event logs of ROOT (else the session's root) into STORE.

    STORE is made when there is none. Each change is one document: when, who, what, its sizes; secrets are masked. Run
    it again whenever you like: only new lines are read. When it is stopped, what was taken in stays.
    """
    from dmart_tui.core.changelog import Progress as Told
    from dmart_tui.core.changelog import import_spaces

    if session.writes_refused:
        raise Refused("read-only: nothing is taken into the store", address=str(store), hint="leave out --read-only")
    if folder is not None:
        session.root = folder
    with Progress("changes taken in") as progress:

        def tell(told: Told) -> None:
            progress.update(told.documents)

        done = import_spaces(session.spaces, store, progress=tell)
    output = Output(session, mode)
    if output.mode != "text":
        output.document(asdict(done))
        return
    session.say(
        f"{counted(done.documents, 'change')} taken in; {counted(done.files, 'file')}, {format_size(done.read)} read"
    )
    for count, words in (
        (done.known, "in the store already"),
        (done.damaged, "lines that hold no record, left out: `check` names them"),
        (done.undated, "lines without a time, dated like the line before"),
        (done.unread, "files that could not be read"),
    ):
        if count:
            session.say(f"{count:,} {words}")
