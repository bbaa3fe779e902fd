"""`des info|ls|cat|meta|get|verify|repair`: what is in an archive, taken out of it, proven and saved."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from dmart_tui.cli.output import Column, Output, Progress, counted, output_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import NotFound, Refused, UsageFault
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.archives.extracting import Extracted
    from dmart_tui.core.archives.format import Finding
    from dmart_tui.core.archives.index import Member
    from dmart_tui.core.archives.repairing import Loss
    from dmart_tui.core.archives.source import Cost

F = TypeVar("F", bound="Callable[..., Any]")

SEVERITIES: Final = ("error", "warning", "note")
"""Worst first."""
REPORTED: Final = 1
"""Exit code when there is something to report."""
_LEFT, _FAILED = 4, 5
_FORMATS: Final = {
    "des1": "DES v1",
    "des2": "DES2 version 2",
    "des2-v1": "DES2 version 1",
    "des2-bare": "DES2 version 1, without codecs",
}
_COLUMNS: Final = (
    Column("size", lambda row: str(row["size"]), right=True),
    Column("offset", lambda row: str(row["offset"]), right=True, style="dim"),
    Column("flags", lambda row: row["kind"], style="yellow"),
    Column("name", lambda row: row["name"]),
)
_LONG: Final = 300
"""Letters of a name that a terminal shows; one of 65,535 would hide the others."""


def _set_variable(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Let botocore find it, as the AWS tools do."""
    if value:
        os.environ[{"endpoint_url": "AWS_ENDPOINT_URL_S3", "profile": "AWS_PROFILE"}[str(param.name)]] = value


def archive_options(function: F) -> F:
    """The options that say how S3 is reached, and the global ones."""
    for flag, metavar, about in (
        ("--profile", "NAME", "The profile of ~/.aws to use."),
        ("--endpoint-url", "URL", "The S3 server to ask instead of AWS."),
    ):
        function = click.option(flag, metavar=metavar, help=about, expose_value=False, callback=_set_variable)(function)
    return global_options(function)


@contextmanager
def _opened(session: Session, where: str) -> Iterator[Archive]:
    """The archive, open; what reading it cost is told at the end."""
    from dmart_tui.core.archives.archive import open_archive
    from dmart_tui.core.archives.cache import cache_for
    from dmart_tui.core.archives.source import open_source

    with open_source(where, session.settings) as source:
        archive = open_archive(source, cache=cache_for(where, session.settings))
        for finding in archive.findings:
            session.say(f"{where}: {finding.sentence}")
        yield archive
        session.say(cost_line(source.cost, archive.stamp.size))


def cost_line(cost: Cost, size: int) -> str:
    """What reading cost: `2 requests · 84.0 KB of 2.1 GB, 80.2 KB wanted`."""
    wanted = "" if cost.wanted == cost.moved else f", {format_size(cost.wanted)} wanted"
    return f"{counted(cost.requests, 'request')} · {format_size(cost.moved)} of {format_size(size)}{wanted}"


def _split(address: str) -> tuple[str, str]:
    where, sign, name = address.partition("#")
    if not sign:
        raise UsageFault("names no member", address=address, hint="write ARCHIVE#NAME")
    return where, name


def _position(session: Session, archive: Archive, name: str) -> int:
    """The last member of this name, which is the one that readers of the original know."""
    found = archive.find(name)
    if not found:
        raise NotFound("there is no such member", address=f"{archive.source.label}#{name}")
    if len(found) > 1:
        session.say(f"{len(found):,} members have this name: this is the last")
    return found[-1]


def _row(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "size": member.size,
        "offset": member.offset,
        "flags": member.flags,
        "external": member.external,
    }


def _shown(member: Member, output: Output) -> dict[str, Any]:
    name = member.name
    short = f"{name[:_LONG]}… ({len(name):,} letters)" if output.terminal and len(name) > _LONG else name
    return _row(member) | {"name": short, "kind": _kind(member)}


def _kind(member: Member) -> str:
    words = {
        "external": member.external,
        "deleted": member.deleted,
        member.codec: member.codec != "none",
        "unreadable": member.problem,
    }
    return ",".join(word for word, true in words.items() if true)


def _chosen(archive: Archive, glob: str | None) -> Iterator[int]:
    """The positions of the members whose names fit."""
    if glob is None:
        yield from range(len(archive))
        return
    import re
    from fnmatch import translate

    fits = re.compile(translate(glob)).match
    for position, name in enumerate(archive.index.texts()):
        if fits(name):
            yield position


@click.command()
@click.argument("where", metavar="A")
@output_options
@archive_options
@pass_session
def info_command(session: Session, where: str, mode: str | None) -> None:
    """Tell what the archive A is: its format, its members, where its parts are."""
    output = Output(session, mode)
    with _opened(session, where) as archive:
        layout = archive.layout
        facts: dict[str, Any] = {
            "archive": where,
            "format": _FORMATS[archive.index.kind],
            "size": archive.stamp.size,
            "version": archive.stamp.version,
            "members": len(archive),
            "data": {"offset": layout.data_start, "size": layout.data_end - layout.data_start},
            "meta": {"offset": layout.meta_start, "size": layout.meta_end - layout.meta_start},
            "index": {"offset": layout.index_start, "size": layout.index_length},
            "problems": [_problem(finding) for finding in archive.findings],
        }
    if output.mode != "text":
        output.document(facts, one_line=output.mode == "jsonl")
        return
    for name, value in facts.items():
        if isinstance(value, dict):
            shown = f"{format_size(value['size'])} at {value['offset']:,}"
        elif isinstance(value, list):
            continue
        else:
            shown = format_size(value) if name == "size" else safe(f"{value:,}" if name == "members" else value)
        output.line(f"{output.styled(f'{name:8}', 'dim')}  {shown}" if output.terminal else f"{name}\t{shown}")


@click.command()
@click.argument("where", metavar="A")
@click.option("--glob", metavar="G", help="Only members whose names fit, e.g. '*.jpg'.")
@output_options
@archive_options
@pass_session
def ls_command(session: Session, where: str, glob: str | None, mode: str | None) -> None:
    """List the members of the archive A, in the order of its index.

    Without a terminal the columns are: size, offset, flags, name.
    """
    output = Output(session, mode)
    with _opened(session, where) as archive:
        members = map(archive.member, _chosen(archive, glob))
        if output.mode == "text":
            output.rows((_shown(member, output) for member in members), _COLUMNS)
        else:
            output.rows(map(_row, members), _COLUMNS)


@click.command()
@click.argument("address", metavar="A#M")
@click.option("--deleted", is_flag=True, help="Also when it was deleted.")
@archive_options
@pass_session
def cat_command(session: Session, address: str, deleted: bool) -> None:
    """Print the content of the member M of the archive A: its bytes, on a terminal as text made safe."""
    from codecs import getincrementaldecoder

    output = Output(session, None)
    where, name = _split(address)
    with _opened(session, where) as archive:
        archive.reads_deleted = deleted
        pieces = archive.pieces(_position(session, archive, name))
        if not output.terminal:
            for piece in pieces:
                output.write(piece)
            return
        decoder = getincrementaldecoder("utf-8")("surrogateescape")
        for piece in pieces:
            output.text(decoder.decode(piece))
        output.text(decoder.decode(b"", final=True))


@click.command()
@click.argument("address", metavar="A#M")
@output_options
@archive_options
@pass_session
def meta_command(session: Session, address: str, mode: str | None) -> None:
    """Print the metadata of the member M of the archive A."""
    output = Output(session, mode)
    where, name = _split(address)
    with _opened(session, where) as archive:
        meta = archive.meta(_position(session, archive, name))
        output.document(meta, one_line=output.mode == "jsonl")


@click.command()
@click.argument("where", metavar="A")
@click.argument("glob", required=False)
@click.option("-o", "--output", "folder", metavar="DIR", required=True, help="The folder to put them into.")
@click.option("--overwrite", is_flag=True, help="Take the place of files that are there.")
@click.option("--overlapping", is_flag=True, help="Also when members share bytes and would fill the disk.")
@click.option("--deleted", is_flag=True, help="Also those that were deleted.")
@output_options
@archive_options
@pass_session
def get_command(
    session: Session,
    where: str,
    glob: str | None,
    folder: str,
    overwrite: bool,
    overlapping: bool,
    deleted: bool,
    mode: str | None,
) -> int:
    """Put members of the archive A into the folder DIR: all, or those whose names fit GLOB.

    Nothing is written outside of DIR, nor over a file that is there. A name that is not safe as a file's name is
    written with %XX in it, and listed. Doing it again goes on with what was interrupted. Exits with 4 when files were
    in the way, with 5 when members cannot be read. With --json and --jsonl each member is listed.
    """
    from dmart_tui.core.archives.extracting import extract

    refuse_read_only(session, folder)
    output = Output(session, mode)
    with _opened(session, where) as archive, Progress("members") as progress:
        archive.reads_deleted = deleted
        positions = list(_chosen(archive, glob))
        if glob is not None and not positions:
            raise NotFound(f"no member's name fits {glob!r}", address=where)
        counts: dict[str, int] = {}
        rows = _told(
            session,
            extract(archive, positions, folder, overwrite=overwrite, overlapping=overlapping, progress=progress.update),
            counts,
        )
        if output.mode == "text":
            for _row in rows:
                pass
        else:
            output.rows(rows, ())
    session.say(", ".join(f"{count:,} {_OUTCOMES[outcome]}" for outcome, count in counts.items()) or "no members")
    return _FAILED if "failed" in counts else _LEFT if "exists" in counts else 0


_OUTCOMES: Final = {
    "written": "written",
    "exists": "left alone, for a file of the name is there (--overwrite takes its place)",
    "older": "left out, for a later member has the same name",
    "deleted": "left out, for they are marked as deleted",
    "failed": "failed",
}


def _told(session: Session, found: Iterator[Extracted], counts: dict[str, int]) -> Iterator[dict[str, Any]]:
    for item in found:
        counts[item.outcome] = counts.get(item.outcome, 0) + 1
        if item.outcome == "failed":
            session.say(f"{item.name}: {item.sentence}")
        elif item.outcome == "written" and item.file != item.name:
            session.say(f"{item.name}: is called {item.file}")
        yield {"name": item.name, "file": item.file, "outcome": item.outcome, "detail": item.sentence}


def refuse_read_only(session: Session, target: str) -> None:
    """Raise Refused when writes are forbidden."""
    if session.writes_refused:
        raise Refused("writes are forbidden: --read-only, or the settings say so", address=target)


@click.command()
@click.argument("where", metavar="A")
@click.option("--contents", is_flag=True, help="Read every member too, and prove it where a SHA-256 is known.")
@click.option("--severity", type=click.Choice(SEVERITIES), default="note", show_default=True, help="The mildest shown.")
@output_options
@archive_options
@pass_session
def verify_command(session: Session, where: str, contents: bool, severity: str, mode: str | None) -> int:
    """Look for everything that is wrong with the archive A.

    Exits with 1 when there is an error or a warning, and with 5 when A cannot be trusted as it is. Without a terminal
    the columns are: severity, kind, position, name, detail.
    """
    from dmart_tui.core.archives.verifying import verify

    output = Output(session, mode)
    counts = dict.fromkeys(SEVERITIES, 0)
    shown = SEVERITIES[: SEVERITIES.index(severity) + 1]
    with _opened(session, where) as archive, Progress("members checked") as progress:

        def found() -> Iterator[dict[str, Any]]:
            for finding in verify(archive, contents=contents, progress=progress.update):
                counts[finding.severity] += 1
                if finding.severity in shown:
                    progress.clear()
                    yield _problem(finding)

        if output.mode != "text":
            output.rows(found(), ())
        for problem in found() if output.mode == "text" else ():
            _show(output, problem)
        members = len(archive)
    words = [counted(count, level) for level, count in counts.items() if count]
    session.say(f"{counted(members, 'member')}: {', '.join(words) or 'nothing is wrong'}")
    return REPORTED if counts["error"] or counts["warning"] else 0


def _problem(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "kind": finding.kind,
        "position": finding.position,
        "name": finding.name,
        "detail": finding.sentence,
    }


def _show(output: Output, problem: dict[str, Any]) -> None:
    if not output.terminal:
        output.line("\t".join(safe("" if value is None else str(value)) for value in problem.values()))
        return
    from dmart_tui.cli.showing import SIGNS

    sign, style = SIGNS[problem["severity"]]
    where = "the archive" if problem["position"] is None else f"#{problem['position']:,} {safe(problem['name'])}"
    kind = output.styled(f"{sign} {problem['kind']}", style)
    output.line(f"{kind}  {output.styled(where, 'bold')}")
    output.line(f"    {safe(problem['detail'])}")


@click.command()
@click.argument("where", metavar="A")
@click.option("-o", "--output", "target", metavar="B", required=True, help="The archive to make.")
@output_options
@archive_options
@pass_session
def repair_command(session: Session, where: str, target: str, mode: str | None) -> int:
    """Copy what is sound of the damaged archive A into a new one, B, and list what is lost.

    Works without footer, with a broken index, with something before or after it; of an archive without index the names
    are lost. Exits with 1 when anything is lost, with 5 when nothing can be saved with certainty; then B is not made.
    """
    from dmart_tui.core.archives.repairing import repair
    from dmart_tui.core.archives.source import open_source

    refuse_read_only(session, target)
    output = Output(session, mode)
    with open_source(where, session.settings) as source, Progress("members") as progress:
        report = repair(source, target, progress=progress.update)
        size = source.stamp.size
    session.say(cost_line(source.cost, size))
    lost = sum(loss.whole for loss in report.lost)
    if output.mode == "text":
        for loss in report.lost:
            output.line(f"{safe(loss.name)}\t{safe(loss.sentence)}")
        session.say(f"members found {report.how}: {counted(report.kept, 'member')} kept, {lost:,} lost")
    else:
        facts = {"how": report.how, "kept": report.kept, "lost": list(map(_loss, report.lost))}
        output.document(facts, one_line=output.mode == "jsonl")
    return REPORTED if report.lost else 0


def _loss(loss: Loss) -> dict[str, Any]:
    return {"name": loss.name, "detail": loss.sentence, "whole": loss.whole}
