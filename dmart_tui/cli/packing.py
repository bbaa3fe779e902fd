"""`des pack`, `unpack`, `append-day`, `find` and `name`: making archives and stores, and names for what is in them."""

from __future__ import annotations

import os
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click

from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.output import Column, Output, Progress, counted, output_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import NotFound, Refused, UsageFault
from dmart_tui.core.units import format_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dmart_tui.core.archives.stores import Incoming
    from dmart_tui.core.archives.trees import Root

PROBLEMS: Final = 1
"""Exit code of work that was done but for some of it."""
_SHOWN: Final = 20

_links = click.option(
    "--links", type=click.Choice(("refuse", "keep")), default="refuse", help="Whether symlinks are kept as links."
)
_big = click.option(
    "--big-file-threshold",
    metavar="BYTES",
    type=click.IntRange(min=0),
    help="Keep files of this size and more beside the archive, in _bigFiles/.",
)


@click.command()
@click.argument("sources", metavar="PATH|ADDRESS…", nargs=-1, required=True, shell_complete=complete_address)
@click.option(
    "-o", "--output", "target", metavar="A", required=True, help="The archive to make: a path or s3://BUCKET/KEY."
)
@_links
@_big
@output_options
@global_options
@pass_session
def pack_command(
    session: Session,
    sources: tuple[str, ...],
    target: str,
    links: Any,
    big_file_threshold: int | None,
    mode: str | None,
) -> None:
    """Make the archive A of files, folders, and what stands at addresses with all that belongs to it.

    A word that begins with / or . is a path; another one is an address of the root where something stands there, else
    a path. All of A is read back from the disk before it gets its name. Nothing is removed: `rm ADDRESS --packed-in A`
    does that afterwards.
    """
    from dmart_tui.core.archives.source import open_source
    from dmart_tui.core.archives.trees import pack_files

    _refuse_read_only(session, target)
    roots, addressed = _roots(session, sources)
    with Progress("files packed") as progress:
        options: Any = {
            "links": links,
            "big_file_threshold": big_file_threshold,
            "progress": lambda files, _: progress.update(files),
        }
        if target.startswith("s3://"):
            from dmart_tui.core.archives.sending import pack_to_s3

            packed = pack_to_s3(target, roots, session.settings, **options)
        else:
            packed = pack_files(target, roots, mode=0o600 if addressed else 0o666, **options)
    with open_source(target, session.settings) as source:
        size = source.stamp.size
    told = {"archive": target, "size": size, "files": packed.files, "folders": packed.folders, "links": packed.links,
            "content": packed.size}  # fmt: skip
    if mode:
        Output(session, mode).document(told, one_line=mode == "jsonl")
    links_too = f" and {counted(packed.links, 'link')}" if packed.links else ""
    session.say(
        f"{counted(packed.files, 'file')}{links_too} of {format_size(packed.size)} in {target} ({format_size(size)}),"
        " read back and found whole"
    )


def _roots(session: Session, sources: tuple[str, ...]) -> tuple[list[Root], bool]:
    """What words name, and whether some of it is of the root."""
    from dmart_tui.core.archives.trees import roots_of

    addressed, paths = _named(session, sources)
    roots = [*addressed, *roots_of(paths)]
    if len({root.path for root in roots}) < len(roots):
        raise Refused("a path and an address have the same name", hint="pack them one by one")
    return roots, bool(addressed)


def _named(session: Session, sources: tuple[str, ...]) -> tuple[list[Root], list[str]]:
    """What words name in the root, and those that are paths."""
    from dmart_tui.core.writing.packing import roots_at

    addresses = []
    paths = []
    for word in sources:
        if word.startswith(("/", ".")):
            paths.append(word)
            continue
        try:
            addresses.append(session.spaces.load(session.address(word)).address)
        except (NotFound, UsageFault):
            if not os.path.lexists(word):
                raise
            paths.append(word)
    return roots_at(session.spaces, addresses) if addresses else [], paths


@click.command()
@click.argument("archive", metavar="A")
@click.option("-o", "--output", "target", metavar="DIR", required=True, help="The folder to put the files in.")
@_links
@output_options
@global_options
@pass_session
def unpack_command(session: Session, archive: str, target: str, links: Any, mode: str | None) -> int:
    """Put the files that `des pack` packed back, below DIR: bytes, modes and times as they were.

    Nothing is written over: what is there and the same stays, what is there and different is told. Run again, it goes
    on where it was stopped.
    """
    from dmart_tui.core.archives.archive import open_archive
    from dmart_tui.core.archives.source import open_source
    from dmart_tui.core.archives.unpacking import unpack

    _refuse_read_only(session, target)
    with open_archive(open_source(archive, session.settings)) as opened, Progress("files unpacked") as progress:
        done = unpack(
            opened, target, links=links, progress=lambda files, _: progress.update(files, max(len(opened) - 1, 0))
        )
    if mode:
        told = {"files": done.files, "size": done.size, "same": done.same, "links": done.links, "left": done.left_count,
                "why": [{"path": path, "reason": why} for path, why in done.left]}  # fmt: skip
        Output(session, mode).document(told, one_line=mode == "jsonl")
    for path, why in done.left[:_SHOWN]:
        session.say(f"! {path}: {why}")
    if done.left_count > _SHOWN:
        session.say(f"… and {done.left_count - _SHOWN:,} more")
    same = f", {done.same:,} were there already" if done.same else ""
    session.say(f"{counted(done.files, 'file')} of {format_size(done.size)} unpacked{same}")
    return PROBLEMS if done.left_count else 0


bits_option = click.option(
    "--shard-bits", default=8, show_default=True, help="Of a shard's number; the same for all of a store."
)
layout_option = click.option(
    "--layout", type=click.Choice(("hex", "shard")), default="hex", help="`0a.des` or `shard_10.des`."
)


@click.command()
@click.argument("base", metavar="BASE")
@click.argument("sources", metavar="PATH|ADDRESS…", nargs=-1, required=True, shell_complete=complete_address)
@bits_option
@layout_option
@click.option("--day", metavar="YYYY-MM-DD", help="The day to add to; else what a name tells, else today.")
@click.option("--new-names", metavar="PREFIX", help="Give each file a new name that begins with PREFIX.")
@click.option("--node", default=0, help="0 to 255, another for each machine that makes names.")
@_big
@output_options
@global_options
@pass_session
def append_day_command(
    session: Session,
    base: str,
    sources: tuple[str, ...],
    shard_bits: int,
    layout: Any,
    day: str | None,
    new_names: str | None,
    node: int,
    big_file_threshold: int | None,
    mode: str | None,
) -> None:
    """Add files to the day/shard store BASE, each under its own name, folders with all files in them.

    What stands at an address goes there with all that belongs to it, under the names that `des pack` gives and of today
    unless --day says otherwise; `des unpack` puts back what is in a shard.

    What is there already with the same bytes is passed over; a name with other bytes is refused. Prints a line for each
    file: its name, its archive, its path.
    """
    from dmart_tui.core.archives.naming import day_of
    from dmart_tui.core.archives.naming import new_names as names_of
    from dmart_tui.core.archives.stores import Store, files_of

    _refuse_read_only(session, base)
    store = Store(base, bits=shard_bits, layout=layout)
    told_day = _day(day) if day else None
    names = names_of(new_names, node) if new_names else None
    roots, paths = _named(session, sources)
    days: dict[date, list[Incoming]] = {}
    rows = []
    for path in _files(paths):
        name = path.name if names is None else next(names) + path.suffix
        when = told_day or day_of(name) or date.today()
        days.setdefault(when, []).append(_incoming(name, path))
        rows.append({"name": name, "archive": store.place(name, when), "path": str(path)})
    for item in files_of(roots):
        when = told_day or date.today()
        days.setdefault(when, []).append(item)
        rows.append({"name": item.name, "archive": store.place(item.name, when), "path": str(item.meta["path"])})
    added = same = shards = 0
    mode_of_archives = 0o600 if roots else 0o666  # metas of users hold hashes of passwords
    with Progress("files added") as progress:
        for when, items in sorted(days.items()):
            done = store.append(
                when, items, big_file_threshold=big_file_threshold, mode=mode_of_archives, progress=progress.update
            )
            added, same, shards = added + done.added, same + done.same, shards + done.shards
    columns = (
        Column("name", lambda row: row["name"]),
        Column("archive", lambda row: row["archive"]),
        Column("path", lambda row: row["path"]),
    )
    Output(session, mode).rows(rows, columns)
    known = f", {same:,} were there already" if same else ""
    session.say(f"{counted(added, 'file')} added to {counted(shards, 'archive')}{known}")


@click.command()
@click.argument("base", metavar="BASE")
@click.argument("name", metavar="NAME")
@bits_option
@layout_option
@click.option("--day", metavar="YYYY-MM-DD", help="The day it was added on, when the name does not tell it.")
@output_options
@global_options
@pass_session
def find_command(
    session: Session, base: str, name: str, shard_bits: int, layout: Any, day: str | None, mode: str | None
) -> None:
    """Find the member NAME in the day/shard store BASE, a folder or s3://BUCKET/PREFIX; nothing is listed for it.

    Prints its size and its address, as `des cat` takes it.
    """
    from dmart_tui.core.archives.stores import Store

    store = Store(base, bits=shard_bits, layout=layout)
    archive, position = store.find(name, _day(day) if day else None, session.settings)
    with archive:
        member = archive.member(position)
        row = {"size": member.size, "address": archive.address(member), "position": position}
    columns = (Column("size", lambda row: str(row["size"]), right=True), Column("address", lambda row: row["address"]))
    Output(session, mode).rows([row], columns)


def _files(paths: Iterable[str]) -> Iterator[Path]:
    for given in paths:
        path = Path(given)
        if path.is_dir():
            yield from sorted(found for found in path.rglob("*") if found.is_file() and not found.is_symlink())
        elif path.is_file():
            yield path
        else:
            raise NotFound("there is no such file", address=given)


def _incoming(name: str, path: Path) -> Incoming:
    from dmart_tui.core.archives.stores import Incoming

    def opened() -> BinaryIO:
        return open(path, "rb")

    return Incoming(name, opened, {"source_path": str(path)})


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageFault(f"{text!r} is no day", hint="as 2026-11-21") from None


@click.command()
@click.option("--prefix", default="DES", show_default=True, help="What names begin with.")
@click.option("--node", default=0, show_default=True, help="0 to 255, another for each machine that makes names.")
@click.option("-n", "--count", default=1, show_default=True, type=click.IntRange(min=1), help="How many.")
@click.option("--decode", metavar="N", help="Tell what the name N says instead.")
@click.option("--shard-bits", default=8, show_default=True, help="Of the shard that is told.")
@output_options
@global_options
@pass_session
def name_command(
    session: Session, prefix: str, node: int, count: int, decode: str | None, shard_bits: int, mode: str | None
) -> int:
    """Make Snowflake names, or tell what one says: its day, its time, its node, its number, its shard."""
    from dmart_tui.core.archives.naming import decode as decoded
    from dmart_tui.core.archives.naming import new_names, shard_of

    output = Output(session, mode)
    if decode is None:
        names = islice(new_names(prefix, node), count)
        if mode:
            output.rows(names, ())
        else:
            for name in names:
                output.line(name)
        return 0
    found = decoded(decode)
    if found is None:
        raise UsageFault(f"{decode!r} is no Snowflake name", hint="they look like DES_20261121_(FD2FB17B0700_5F)")
    told = {
        "name": found.name,
        "prefix": found.prefix,
        "day": found.day.isoformat(),
        "created_at": found.created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "node": found.node,
        "sequence": found.sequence,
        "suffix": found.suffix,
        "checksum": "right" if found.sound else "wrong",
        "shard": shard_of(found.name, shard_bits),
    }
    if mode:
        output.document(told, one_line=mode == "jsonl")
    else:
        rows = [{"key": key, "value": str(value)} for key, value in told.items()]
        output.rows(rows, (Column("key", lambda row: row["key"]), Column("value", lambda row: row["value"])))
    return 0 if found.sound else PROBLEMS


def _refuse_read_only(session: Session, target: str) -> None:
    if session.writes_refused:
        raise Refused("nothing is written: the program runs read-only", address=target)
