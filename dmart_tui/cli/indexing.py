"""`index`: the local index of a root."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from dmart_tui.cli import redis_index
from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.output import Output, Progress, counted, output_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_size, format_time

if TYPE_CHECKING:
    from dmart_tui.core.catalog import Catalog, Outcome

NO: Final = 1
"""Exit code of an index that is not up to date."""


@click.group()
@global_options
def index_command() -> None:
    """Build the local index of the root, which search and links ask; tell how fresh it is, or delete it.

    It is a cache among the files of this user: deleting it loses nothing. With --redis: the same of D-MART's own
    indexes on a Redis, where nothing is ever deleted that was not made here.
    """


_space_option = click.option("--space", "spaces", multiple=True, help="With --redis: only this; several are allowed.")


@index_command.command("build")
@redis_index.redis_option
@_space_option
@click.option("--replace", is_flag=True, help="With --redis: make indexes anew that somebody else made otherwise.")
@global_options
@pass_session
def build_command(session: Session, redis: str | None, spaces: tuple[str, ...], replace: bool) -> None:
    """Build the index, or bring it up to date: only what changed is read.

    What was done is kept when it is stopped. With --redis each space is written beside and takes its place at once.
    """
    if redis is not None:
        redis_index.build(session, redis, spaces, replace=replace)
        return
    catalog = open_index(session)
    _say(session, bring_up_to_date(catalog))
    state = catalog.state
    what = f"{counted(state.entries, 'entry', 'entries')}, {counted(state.attachments, 'attachment')}"
    session.say(f"the index has {what} and {counted(state.links, 'link')}; {format_size(state.size)}")


@index_command.command("status")
@redis_index.redis_option
@output_options
@global_options
@pass_session
def status_command(session: Session, redis: str | None, mode: str | None) -> int:
    """Tell how fresh the index is: every file is held against its stamp. Exits with 1 when it is not up to date.

    With --redis: what the server can do, its indexes, and how many keys it has of each kind.
    """
    if redis is not None:
        return redis_index.status(session, redis, mode)
    catalog = open_index(session)
    state = catalog.state
    stale = catalog.stale() if state.built is not None else None
    shown = {
        "file": str(catalog.file),
        "built": state.built.isoformat() if state.built else None,
        "complete": state.complete,
        "entries": state.entries,
        "attachments": state.attachments,
        "links": state.links,
        "size": state.size,
        "writing": state.writing,
        "stale": stale,
    }
    output = Output(session, mode)
    if output.mode != "text":
        output.document(shown, one_line=output.mode == "jsonl")
    else:
        for key, value in (shown | {"size": format_size(state.size), "built": format_time(state.built)}).items():
            output.line(f"{output.styled(key, 'dim')}\t{safe(str(value))}")
    return 0 if stale == 0 else NO


@index_command.command("compare")
@redis_index.redis_option
@_space_option
@click.option("--repair", is_flag=True, help="Make and write what is missing or stale, and remove what nothing makes.")
@output_options
@global_options
@pass_session
def compare_command(
    session: Session, redis: str | None, spaces: tuple[str, ...], repair: bool, mode: str | None
) -> int:
    """Hold the documents on a Redis against the files: the one of --redis, else of the settings.

    Tells of indexes that are missing, of documents that are missing, stale or of nothing (ghosts), of keys of another
    era and of locks older than an hour. Exits with 1 when there is a difference that was not repaired.
    """
    return redis_index.compare(session, redis or redis_index.OF_SETTINGS, spaces, mode, mend=repair)


@index_command.command("aggregate")
@redis_index.redis_option
@click.argument("name", metavar="INDEX")
@click.argument("wanted", metavar="WANTED")
@click.option("--where", metavar="QUERY", default="", help="Only what matches, in the language of `search`.")
@click.option("--space", "place", metavar="ADDRESS", shell_complete=complete_address, help="Only in a space or folder.")
@click.option("--as", "user", metavar="USER", default="", help="Only what D-MART would let this user find.")
@click.option("--limit", "-n", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Groups at most.")
@output_options
@global_options
@pass_session
def aggregate_command(
    session: Session,
    redis: str | None,
    name: str,
    wanted: str,
    where: str,
    place: str | None,
    user: str,
    limit: int,
    mode: str | None,
) -> int:
    """Group the documents of one of D-MART's indexes on a Redis and work something out of each group.

    WANTED is like "owner_shortname, state: count, max created_at": fields to group by, a colon, and of count, sum F,
    avg F, min F, max F, quantile F 0.5, stddev F, first_value F by G, tolist F, count_distinct F, random_sample F 3.
    The first of them orders the rows, downwards. Exits with 1 when nothing comes of it.
    """
    from dmart_tui.cli.querying import read_request
    from dmart_tui.core.redisearch import read_aggregation

    aggregation = replace(read_aggregation(wanted), limit=limit)
    request = read_request(session, where, place, user)
    return redis_index.work_out(session, redis or redis_index.OF_SETTINGS, name, aggregation, request, mode)


@index_command.command("drop")
@redis_index.redis_option
@_space_option
@global_options
@pass_session
def drop_command(session: Session, redis: str | None, spaces: tuple[str, ...]) -> None:
    """Delete the index; with --redis the indexes and documents that were made here."""
    if redis is not None:
        redis_index.drop(session, redis, spaces)
        return
    session.say("the index is deleted" if open_index(session).drop() else "there was no index")


@index_command.command("watch")
@redis_index.redis_option
@global_options
@pass_session
def watch_command(session: Session, redis: str | None) -> None:
    """Bring the index up to date and keep it so until interrupted."""
    if redis is not None:
        redis_index.watch(session, redis)
        return
    import threading

    from dmart_tui.core.catalog.following import follow

    follow(open_index(session), threading.Event(), lambda outcome: _say(session, outcome))


def open_index(session: Session) -> Catalog:
    """The index of the session's root."""
    from dmart_tui.core.catalog import open_catalog

    return open_catalog(session.spaces)


def bring_up_to_date(catalog: Catalog, *, wait: bool = True) -> Outcome | None:
    """Update an index while progress is shown."""
    with Progress("entries looked at") as progress:
        return catalog.update(lambda told: progress.update(told.seen + told.read, told.total), wait=wait)


def _say(session: Session, outcome: Outcome | None) -> None:
    if outcome is not None:
        session.say(
            f"{counted(outcome.read, 'entry', 'entries')} read, {outcome.removed:,} removed, {outcome.seen:,} compared"
        )
