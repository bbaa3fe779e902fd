"""`index … --redis`: D-MART's indexes and documents on a Redis, for the commands of `index`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from dmart_tui.cli.output import Column, Output, Progress, counted
from dmart_tui.core.errors import NotFound, Refused, UsageFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.cli.session import Session
    from dmart_tui.core.redisearch import Aggregation, Drift, Index, Server
    from dmart_tui.core.search import Request

F = TypeVar("F", bound="Callable[..., Any]")

OF_SETTINGS: Final = "settings"
"""Instead of a URL: the one of the settings."""
_INDEX_COLUMNS: Final = (
    Column("index", lambda row: row["index"], style="bold"),
    Column("documents", lambda row: f"{row['documents']:,}", right=True),
    Column("fields", lambda row: f"{len(row['fields'])}", right=True),
    Column("failures", lambda row: f"{row['failures']:,}", right=True),
)
_DRIFT_COLUMNS: Final = (
    Column("kind", lambda row: row["kind"], style="yellow"),
    Column("key", lambda row: row["key"], style="bold"),
    Column("detail", lambda row: row["detail"]),
)


def redis_option(function: F) -> F:
    """`--redis [URL]`: None without it."""
    return click.option(
        "--redis",
        is_flag=False,
        flag_value=OF_SETTINGS,
        metavar="[URL]",
        help="D-MART's indexes on a Redis: of this URL, or of the settings and DMART_TUI_REDIS.",
    )(function)


def build(session: Session, redis: str, names: tuple[str, ...], *, replace: bool) -> None:
    """Build spaces, one after the other."""
    from dmart_tui.core.redisearch import Build

    server = _open(session, redis, writes=True)
    work = Build(server, session.spaces, names or None, replace=replace)
    with Progress("documents written") as progress:
        for told in work.run():
            progress.update(told.documents)
    report = work.report
    for name, why in report.kept.items():
        session.say(f"the index {name} stays as it is: {why}" + ("" if replace else "; see --replace"))
    for key in report.refused:
        session.say(f"the server did not take {key}")
    spaces = counted(len(report.spaces), "space")
    session.say(
        f"{counted(report.documents, 'document')} of {spaces} written to {server.where},"
        f" {counted(len(report.indexes), 'index', 'indexes')} made"
    )
    if not report.spaces:
        session.say("D-MART indexes spaces whose meta has indexing_enabled; others are built when named: --space")


def status(session: Session, redis: str, mode: str | None) -> int:
    """List the indexes, and what other keys there are; 1 when there is no index."""
    from dmart_tui.core.redisearch import count_keys, list_indexes

    server = _open(session, redis)
    probe = server.probe()
    session.say(f"{server.where}: Redis {probe.version}, {_modules(probe.modules)}")
    if probe.missing:
        session.say(probe.missing)
        return 1
    output = Output(session, mode)
    found = output.rows(map(_index_row, list_indexes(server)), _INDEX_COLUMNS)
    counts = sorted((kind.title, count) for kind, count in count_keys(server).items())
    session.say("keys: " + (", ".join(f"{count:,} {title}" for title, count in counts) or "none"))
    return 0 if found else 1


def compare(session: Session, redis: str, names: tuple[str, ...], mode: str | None, *, mend: bool) -> int:
    """Print where the server and the files differ; 1 when they do, and it was not repaired."""
    from dmart_tui.core.redisearch import repair

    server = _open(session, redis, writes=mend)
    found: list[Drift] = []

    def rows() -> Iterator[dict[str, Any]]:
        for drift in _differences(session, server, names):
            if mend:
                found.append(drift)
            yield {
                "kind": drift.kind,
                "key": drift.key,
                "address": str(drift.address) if drift.address else None,
                "detail": drift.detail,
            }

    count = Output(session, mode).rows(rows(), _DRIFT_COLUMNS)
    session.say(counted(count, "difference"))
    if not mend:
        return 1 if count else 0
    repaired = repair(server, session.spaces, found).total()
    session.say(f"{repaired:,} repaired")
    return 0 if repaired == count else 1


def drop(session: Session, redis: str, names: tuple[str, ...]) -> None:
    """Drop what was made here."""
    from dmart_tui.core.redisearch import drop as drop_made

    dropped = drop_made(_open(session, redis, writes=True), names or None)
    indexes = counted(len(dropped.indexes), "index", "indexes")
    session.say(f"{counted(dropped.documents, 'document')} and {indexes} dropped; what others made stays")


def watch(session: Session, redis: str) -> None:
    """Write what is missing or stale, then what changes, until interrupted."""
    import threading

    from dmart_tui.core.redisearch import keep

    for done in keep(_open(session, redis, writes=True), session.spaces, threading.Event()):
        if done.waiting:
            session.say(f"{done.waiting}: waiting for it")
        elif done.first:
            session.say(f"{counted(done.written, 'document')} brought up to date")
        elif done.written or done.removed:
            session.say(f"{counted(done.written, 'document')} written, {done.removed:,} removed")


def work_out(session: Session, redis: str, name: str, wanted: Aggregation, request: Request, mode: str | None) -> int:
    """Print what is worked out of those documents of an index that a request is for; 1 when nothing comes of it."""
    from dmart_tui.core.redisearch import aggregate, read_index
    from dmart_tui.core.search import query_of

    server = _open(session, redis)
    index = read_index(server, name)
    if index is None:
        raise NotFound(f"the Redis has no index {name}", address=server.where, hint="`index status --redis` lists them")
    rows = aggregate(server, index, wanted, query_of(request, index))
    columns = tuple(Column(one, partial(_cell, one), right=one not in wanted.group_by) for one in wanted.columns)
    return 0 if Output(session, mode).rows(rows, columns) else 1


def _cell(column: str, row: dict[str, Any]) -> str:
    from dmart_tui.core.redisearch import worded

    return worded(row.get(column))


def _open(session: Session, redis: str, *, writes: bool = False) -> Server:
    from dmart_tui.core.redisearch import Server

    if writes and session.writes_refused:
        raise Refused("writing is forbidden", hint="without --read-only and `read_only` in the settings")
    url = session.settings.redis if redis == OF_SETTINGS else redis
    if not url:
        raise UsageFault(
            "no Redis is set", hint="name one with --redis URL, `redis` in the settings or DMART_TUI_REDIS"
        )
    return Server(url, timeout=30)


def _differences(session: Session, server: Server, names: tuple[str, ...]) -> Iterator[Drift]:
    from dmart_tui.core.redisearch import Drift, find_drift

    with Progress("documents compared") as progress:
        for found in find_drift(server, session.spaces, names or None):
            if isinstance(found, Drift):
                progress.clear()
                yield found
            else:
                progress.update(found.documents)


def _index_row(index: Index) -> dict[str, Any]:
    return {
        "index": index.name,
        "space": index.space,
        "branch": index.branch or None,
        "schema": index.schema,
        "documents": index.documents,
        "failures": index.failures,
        "indexing": index.indexing,
        "fields": {name: field.kind for name, field in index.fields.items()},
    }


def _modules(modules: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(modules.items())) or "no modules"
