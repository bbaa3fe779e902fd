"""`historydb`: stores of dated documents made, filled, looked after and proven; asking them is `historydb_query`."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Final

import click

from dmart_tui.cli.groups import LazyGroup
from dmart_tui.cli.output import Column, Output, Progress, counted, output_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import Damaged, Refused, UsageFault
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.historydb import Info, Rewritten, Store

REPORTED: Final = 1
"""Exit code when there is something to report."""
_BATCH: Final = 20_000
_LONGEST: Final = 16 << 20
"""Bytes of the longest line that is read."""
_FINDINGS: Final = (
    Column("severity", lambda row: row["severity"], style="bold"),
    Column("kind", lambda row: row["kind"]),
    Column("offset", lambda row: str(row["offset"]), right=True, style="dim"),
    Column("path", lambda row: row["path"]),
    Column("what", lambda row: row["sentence"]),
)


class Histories(LazyGroup):
    """What one does with history stores."""

    COMMANDS: ClassVar = {
        "create": ("historydb", "Make an empty store."),
        "append": ("historydb", "Append documents, one JSON object a line."),
        "import": ("historydb_import", "Take in all histories and event logs of a spaces folder."),
        "query": ("historydb_query", "Ask: find by date, filter, group, reduce."),
        "info": ("historydb", "Tell what a store is and holds."),
        "seal": ("historydb", "Turn what was appended into small, fast columns."),
        "compact": ("historydb", "Merge segments; free the place of what was erased."),
        "erase": ("historydb", "Erase documents by their keys."),
        "drop": ("historydb", "Remove all documents of days before one."),
        "verify": ("historydb", "Read everything and tell what is wrong."),
    }


@click.group(cls=Histories)
@global_options
def historydb_command() -> None:
    """Keep large numbers of dated documents on plain files, and ask them."""


@contextmanager
def _writing(session: Session, where: str) -> Iterator[Store]:
    """The store, open for writing; what a crash has left is told."""
    from dmart_tui.core.historydb import Store

    _may_write(session, where)
    with Store.open(where, write=True) as store:
        if store.cut:
            session.say(f"{where}: {format_size(store.cut)} of a batch that was not finished were cut off")
        for start, end in store.gaps:
            session.say(f"{store.log_path}: {format_size(end - start)} from byte {start:,} cannot be read")
        yield store


def _may_write(session: Session, where: str) -> None:
    if session.writes_refused:
        raise Refused("read-only: nothing is written", address=where, hint="leave out --read-only")


@click.command()
@click.argument("where", metavar="S")
@click.option("--date-field", default="ts", show_default=True, help="The field that says the day of a document.")
@click.option("--key-field", default="id", show_default=True, help="The field by which documents are erased.")
@click.option(
    "--days-per-segment", type=click.IntRange(0), default=0, help="Days in a sealed file; 0: about 64k documents."
)
@click.option("--codec", type=click.Choice(["zstd", "none"]), default="zstd", show_default=True, help="Compression.")
@global_options
@pass_session
def create_command(
    session: Session, where: str, date_field: str, key_field: str, days_per_segment: int, codec: str
) -> None:
    """Make the empty store S, a folder where nothing is."""
    from dmart_tui.core.historydb import Store

    _may_write(session, where)
    Store.create(
        where, date_field=date_field, key_field=key_field, days_per_segment=days_per_segment, codec=codec
    ).close()
    session.say(f"made {where}")


@click.command()
@click.argument("where", metavar="S")
@click.argument("file", type=click.File("rb"))
@output_options
@global_options
@pass_session
def append_command(session: Session, where: str, file: BinaryIO, mode: str | None) -> None:
    """Append the documents in FILE (- for stdin) to the store S: one JSON object a line.

    20,000 of them are a batch, which is safe on the disk or not there at all. When a line cannot be taken, the batches
    before it stay, and how many documents these are is said.
    """
    count = late = 0
    with _writing(session, where) as store, Progress("documents appended") as progress:
        try:
            for documents in _batches(file):
                done = store.append(documents)
                count += done.count
                late += done.late
                progress.update(count)
        finally:
            progress.clear()
            session.say(f"{counted(count, 'document')} appended, {late:,} of them late")
    output = Output(session, mode)
    if output.mode != "text":
        output.document({"documents": count, "late": late}, one_line=output.mode == "jsonl")


def _batches(file: BinaryIO) -> Iterator[list[dict[str, Any]]]:
    """The objects of a file of JSON lines, some at a time."""
    import msgspec

    decoder = msgspec.json.Decoder(dict[str, Any])
    name = getattr(file, "name", "stdin")
    batch: list[dict[str, Any]] = []
    number = 0
    while line := file.readline(_LONGEST + 1):
        number += 1
        if len(line) > _LONGEST:
            raise Damaged(f"line {number:,} is longer than {format_size(_LONGEST)}", address=name)
        if line.isspace():
            continue
        try:
            batch.append(decoder.decode(line))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise Damaged(f"line {number:,} is no JSON object", address=name) from None
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@click.command()
@click.argument("where", metavar="S")
@output_options
@global_options
@pass_session
def info_command(session: Session, where: str, mode: str | None) -> None:
    """Tell what the store S is and holds: documents, days, segments, sizes, fields. Reads footers only."""
    from dmart_tui.core.historydb import Store

    with Store.open(where) as store:
        info = store.info()
        counts = store.day_counts()
    output = Output(session, mode)
    facts = _facts(where, info)
    if output.mode != "text":
        output.document(facts, one_line=output.mode == "jsonl")
        return
    average = f", {info.documents // len(counts):,} a day" if counts else ""
    packed = f"{info.raw_bytes / total:.1f} times compressed" if (total := info.sealed_bytes + info.log_bytes) else ""
    lines = {
        "store": f"{where}  {info.uuid}",
        "documents": f"{info.documents:,} on {counted(info.days, 'day')}{average}",
        "days": f"{facts['first_day']} to {facts['last_day']}" if counts else "none",
        "fields": f"dates in {info.date_field}, keys in {info.key_field}",
        "sealed": f"{counted(len(info.segments), 'segment')}, {format_size(info.sealed_bytes)}",
        "log": f"{counted(info.logged, 'document')}, {format_size(info.log_bytes)}",
        "codec": ", ".join(filter(None, (info.codec, packed))),
        "erased": f"{counted(info.erased, 'document')}, to be removed by `seal` and `compact`" if info.erased else "",
        "torn": f"{format_size(info.torn)} of a batch that is not whole" if info.torn else "",
        "gaps": f"{counted(info.gaps, 'piece')} of the log cannot be read; see `historydb verify`" if info.gaps else "",
        "unused": f"{counted(info.unused, 'file')}, removed when nobody reads them" if info.unused else "",
    }
    for name, value in lines.items():
        if value:
            title = f"{output.styled(f'{name:9}', 'dim')}  " if output.terminal else f"{name}\t"
            output.line(title + safe(value))


def _facts(where: str, info: Info) -> dict[str, Any]:
    from dmart_tui.core.historydb import day_text

    def day(number: int | None) -> str | None:
        return None if number is None else day_text(number)

    segments = [
        {
            "name": entry.name,
            "documents": entry.count,
            "first_day": day(entry.day_min),
            "last_day": day(entry.day_max),
            "size": entry.size,
        }
        for entry in info.segments
    ]
    days = {"first_day": day(info.first_day), "last_day": day(info.last_day)}
    return {"store": where} | asdict(info) | days | {"segments": segments}


def _rewritten(session: Session, done: Rewritten, mode: str | None) -> None:
    output = Output(session, mode)
    if output.mode != "text":
        output.document(asdict(done), one_line=output.mode == "jsonl")
        return
    parts = [f"{counted(done.documents, 'document')} in {counted(done.segments, 'new segment')}"]
    if done.replaced:
        parts.append(f"in the place of {done.replaced:,}")
    if done.removed:
        parts.append(f"{done.removed:,} removed")
    session.say(", ".join(parts))
    for path in done.aside:
        session.say(f"what could not be read was put aside: {path}")


@click.command()
@click.argument("where", metavar="S")
@output_options
@global_options
@pass_session
def seal_command(session: Session, where: str, mode: str | None) -> None:
    """Turn what was appended to the store S into segments: sorted by day, in columns, a fraction of the size."""
    with _writing(session, where) as store, Progress("documents sealed") as progress:
        done = store.seal(progress.update)
    _rewritten(session, done, mode)


@click.command()
@click.argument("where", metavar="S")
@click.option("--salvage", is_flag=True, help="Put aside what cannot be read, and keep the rest.")
@output_options
@global_options
@pass_session
def compact_command(session: Session, where: str, salvage: bool, mode: str | None) -> None:
    """Merge segments of the store S that share days or are small, and free the place of what was erased.

    What was erased and is not sealed yet stays in the log until `seal`. Something that cannot be read stops it, unless
    --salvage is given: then that is copied to S/damaged/ and left out.
    """
    with _writing(session, where) as store, Progress("documents written anew") as progress:
        done = store.compact(progress.update, salvage=salvage)
    _rewritten(session, done, mode)


@click.command()
@click.argument("where", metavar="S")
@click.argument("keys", metavar="KEY…", nargs=-1, required=True)
@global_options
@pass_session
def erase_command(session: Session, where: str, keys: tuple[str, ...]) -> None:
    """Erase all documents of the store S whose key is one of those.

    They are gone from all answers at once, and from the disk after `seal` and `compact`. A key of digits is meant as a
    text and as a number. Documents that are appended later are not meant.
    """
    wanted: list[str | int | bytes] = [*keys]
    wanted += [int(key) for key in keys if key.removeprefix("-").isdecimal() and len(key) < 20]
    with _writing(session, where) as store, Progress("keys compared") as progress:
        count = store.erase(wanted, progress.update)
    session.say(f"{counted(count, 'document')} erased")


@click.command()
@click.argument("where", metavar="S")
@click.option("--before", metavar="DAY", required=True, help="The first day that stays, e.g. 2024-01-01.")
@output_options
@global_options
@pass_session
def drop_command(session: Session, where: str, before: str, mode: str | None) -> None:
    """Remove all documents of the store S of days before one."""
    from dmart_tui.core.historydb import day_of

    try:
        day = day_of(before)
    except UsageFault as fault:
        raise UsageFault(f"--before: {fault.message}", hint="write it as 2024-01-01") from None
    with _writing(session, where) as store, Progress("documents written anew") as progress:
        done = store.drop_before(day, progress.update)
    _rewritten(session, done, mode)


@click.command()
@click.argument("where", metavar="S")
@output_options
@global_options
@pass_session
def verify_command(session: Session, where: str, mode: str | None) -> int:
    """Read every frame and every document of the store S, and tell what is wrong; exits with 1 when something is."""
    from dmart_tui.core.historydb import Store

    output = Output(session, mode)
    with Store.open(where) as store, Progress("documents read") as progress:
        found = list(store.verify(progress.update))
    output.rows(map(asdict, found), _FINDINGS)
    session.say(counted(len(found), "finding") if found else f"{where}: nothing is wrong")
    return REPORTED if any(finding.severity != "note" for finding in found) else 0
