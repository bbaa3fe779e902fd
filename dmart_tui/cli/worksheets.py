"""`worksheet`: SQL texts in folders, their revisions and their trash, and the history of what was run."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import click

from dmart_tui.cli.editing import read_file
from dmart_tui.cli.output import Column, Output, counted, output_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.cli.sql import keep_out, sql_command
from dmart_tui.core.errors import DmartTuiError, NotFound, Refused, UsageFault
from dmart_tui.core.sql.sheets.keep import keep_file
from dmart_tui.core.sql.sheets.past import Past
from dmart_tui.core.sql.sheets.worksheets import Worksheets
from dmart_tui.core.units import format_span, format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dmart_tui.core.sql.sheets.files import Exchanged
    from dmart_tui.core.sql.sheets.past import Ran, Status
    from dmart_tui.core.sql.sheets.worksheets import Revision, Sheet

DIFFERS: Final = 1
"""Exit code when two revisions differ, and when something was left out."""

_SHEETS: Final = (
    Column("worksheet", lambda row: row["path"] + ("/" if row["folder"] else ""), style="bold"),
    Column("changed", lambda row: row["changed"], style="dim"),
    Column("size", lambda row: str(row["size"]), right=True, style="dim"),
)
_TRASHED: Final = (
    Column("number", lambda row: str(row["id"]), right=True, style="bold"),
    *_SHEETS,
    Column("trashed", lambda row: row["trashed"], style="dim"),
)
_REVISIONS: Final = (
    Column("revision", lambda row: str(row["revision"]), right=True, style="bold"),
    Column("saved", lambda row: row["saved"]),
    Column("size", lambda row: str(row["size"]), right=True, style="dim"),
)
_RUNS: Final = (
    Column("number", lambda row: str(row["id"]), right=True, style="bold"),
    Column("started", lambda row: row["started"], style="dim"),
    Column("status", lambda row: row["status"]),
    Column("rows", lambda row: "" if row["rows"] is None else str(row["rows"]), right=True),
    Column("time", lambda row: format_span(row["seconds"]), right=True, style="dim"),
    Column("statement", lambda row: " ".join(row["text"].split())),
)


@click.group()
@global_options
def worksheet_command() -> None:
    """Keep SQL worksheets in folders; every save is a revision, and what is removed can be restored.

    They belong to this user and to the root: PATH is folders and a name, with slashes between.
    """


@worksheet_command.command("ls")
@click.argument("path", default="")
@click.option("--trash", is_flag=True, help="What is in the trash, with the numbers that `restore` and `purge` take.")
@output_options
@global_options
@pass_session
def ls_command(session: Session, path: str, trash: bool, mode: str | None) -> None:
    """List the worksheets below PATH, folders and all that is in them."""
    with _opened(session) as sheets:
        if trash:
            Output(session, mode).rows([_row(sheets, sheet) for sheet in sheets.trash_list()], _TRASHED)
            return
        start = sheets.find(path)
        found = [sheet for _, sheet in sheets.tree(start.id)] if start.is_folder else [start]
        Output(session, mode).rows((_row(sheets, sheet) for sheet in found), _SHEETS)


@worksheet_command.command("cat")
@click.argument("path")
@click.option("--revision", "-r", type=int, metavar="N", help="As it was; `revisions` lists them.")
@global_options
@pass_session
def cat_command(session: Session, path: str, revision: int | None) -> None:
    """Print the text of a worksheet."""
    with _opened(session) as sheets:
        sheet = _sheet(sheets, path)
        text = sheet.text if revision is None else sheets.text(_revision(sheets, sheet, revision).id)
        output = Output(session, None)
        output.text(text)
        if output.terminal and not text.endswith("\n"):
            output.line()


@worksheet_command.command("new")
@click.argument("path")
@click.option("--from", "source", metavar="FILE", help="Take the text from a file; - is standard input.")
@click.option("--folder", is_flag=True, help="Make a folder.")
@global_options
@pass_session
def new_command(session: Session, path: str, source: str | None, folder: bool) -> None:
    """Make a worksheet, and the folders on the way to it."""
    if folder and source is not None:
        raise UsageFault("a folder has no text")
    with _changing(session) as sheets:
        if folder:
            sheets.folder_at(path)
        else:
            sheets.new_at(path, _text(source) if source is not None else "")


@worksheet_command.command("save")
@click.argument("path")
@click.option("--from", "source", metavar="FILE", default="-", help="The text; standard input when not given.")
@global_options
@pass_session
def save_command(session: Session, path: str, source: str) -> None:
    """Replace the text of a worksheet, which makes a revision; make it where there is none."""
    with _changing(session) as sheets:
        try:
            sheet = _sheet(sheets, path)
        except NotFound:
            sheets.new_at(path, _text(source))
        else:
            sheets.save(sheet.id, _text(source))


@worksheet_command.command("mv")
@click.argument("path")
@click.argument("target")
@click.option("--copy", is_flag=True, help="Leave what is there, and make a copy.")
@global_options
@pass_session
def mv_command(session: Session, path: str, target: str, copy: bool) -> None:
    """Move or rename a worksheet or folder; into TARGET when that is a folder."""
    with _changing(session) as sheets:
        sheet = sheets.find(path)
        parent, name = _target(sheets, target)
        made = sheets.copy(sheet.id, parent, name) if copy else sheets.move(sheet.id, parent, name)
        session.say(sheets.path(made.id))


@worksheet_command.command("rm")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@global_options
@pass_session
def rm_command(session: Session, paths: tuple[str, ...]) -> None:
    """Move worksheets or folders to the trash."""
    with _changing(session) as sheets:
        for path in paths:
            sheets.trash(sheets.find(path).id)


@worksheet_command.command("restore")
@click.argument("what", metavar="NUMBER|PATH")
@click.option("--revision", "-r", type=int, metavar="N", help="Make the text of PATH what it was in this revision.")
@global_options
@pass_session
def restore_command(session: Session, what: str, revision: int | None) -> None:
    """Put back what is in the trash under a number, or an earlier text of a worksheet."""
    with _changing(session) as sheets:
        if revision is not None:
            sheet = _sheet(sheets, what)
            sheets.restore(sheet.id, _revision(sheets, sheet, revision).id)
            return
        session.say(sheets.path(sheets.restore_from_trash(_number(what)).id))


@worksheet_command.command("purge")
@click.argument("number", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="All that is in the trash.")
@global_options
@pass_session
def purge_command(session: Session, number: int | None, everything: bool) -> None:
    """Delete for good what is in the trash under NUMBER."""
    if (number is None) != everything:
        raise UsageFault("give a number, or --all", hint="`worksheet ls --trash` lists them")
    with _changing(session) as sheets:
        session.say(f"{counted(sheets.purge(number), 'item')} deleted for good")


@worksheet_command.command("revisions")
@click.argument("path")
@output_options
@global_options
@pass_session
def revisions_command(session: Session, path: str, mode: str | None) -> None:
    """List the saves of a worksheet, the last first; they are numbered from 1, the first that is kept."""
    with _opened(session) as sheets:
        found = sheets.revisions(_sheet(sheets, path).id)
        rows = (
            {"revision": len(found) - at, "saved": format_time(each.saved, seconds=True), "size": each.size}
            for at, each in enumerate(found)
        )
        Output(session, mode).rows(rows, _REVISIONS)


@worksheet_command.command("diff")
@click.argument("path")
@click.argument("revision", type=int)
@click.argument("other", type=int, required=False)
@global_options
@pass_session
def diff_command(session: Session, path: str, revision: int, other: int | None) -> int:
    """Compare a revision with another, or with the text as it is. Exits with 1 when they differ."""
    from dmart_tui.cli.comparing import show_lines

    with _opened(session) as sheets:
        sheet = _sheet(sheets, path)
        later = None if other is None else _revision(sheets, sheet, other).id
        found = sheets.diff(_revision(sheets, sheet, revision).id, later)
        show_lines(found.rows, Output(session, None))
        return DIFFERS if found.changes else 0


@worksheet_command.command(
    "run", params=[option for option in sql_command.params if option.name not in ("query", "file")]
)
@click.argument("path")
@click.pass_context
def run_command(ctx: click.Context, /, path: str, **options: Any) -> None:
    """Run the statements of a worksheet, as `sql` does with the same options; the run is kept in the history."""
    session = ctx.ensure_object(Session)
    with _opened(session) as sheets:
        text = _sheet(sheets, path).text
    started, began = datetime.now(UTC), monotonic()
    status: Status = "cancelled"
    error = ""
    try:
        ctx.invoke(sql_command, query=text, file=None, **options)
        status = "done"
    except DmartTuiError as raised:
        status, error = "failed", raised.message
        raise
    finally:
        with closing(Past(_file(session))) as past:
            past.add(
                text,
                started=started,
                seconds=monotonic() - began,
                status=status,
                error=error,
                databases=[item.partition("=")[0] for item in options["attached"]],
                parameters=[item.partition("=")[0] for item in options["given"]],
            )


@worksheet_command.command("history")
@click.argument("words", nargs=-1)
@click.option("--status", type=click.Choice(("done", "failed", "cancelled")), help="Only those that ended so.")
@click.option("--pinned", is_flag=True, help="Only those that are pinned.")
@click.option("--limit", "-n", type=click.IntRange(1), default=50, show_default=True, help="Runs at most.")
@output_options
@global_options
@pass_session
def history_command(
    session: Session, words: tuple[str, ...], status: Any, pinned: bool, limit: int, mode: str | None
) -> None:
    """List the statements that were run and hold all WORDS, the last first. Secrets and values are not kept."""
    with closing(Past(_file(session))) as past:
        found = past.search(" ".join(words), status=status, pinned=pinned, limit=limit)
        Output(session, mode).rows(map(_run, found), _RUNS)


@worksheet_command.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--into", metavar="PATH", default="", help="A folder of worksheets.")
@global_options
@pass_session
def import_command(session: Session, folder: Path, into: str) -> int:
    """Take in the .sql files of FOLDER and those below it. A worksheet that is there gets a revision."""
    with _changing(session) as sheets:
        return _told(session, sheets.import_files(folder, sheets.find(into).id))


@worksheet_command.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("path", default="")
@click.option("--replace", is_flag=True, help="Replace files that hold something else.")
@global_options
@pass_session
def export_command(session: Session, folder: Path, path: str, replace: bool) -> int:
    """Write the worksheets below PATH, or one, as .sql files into FOLDER."""
    keep_out(session, str(folder))
    with _opened(session) as sheets:
        return _told(session, sheets.export_files(folder, sheets.find(path).id, replace=replace))


def _file(session: Session) -> Path:
    name = session.root_name
    return keep_file(os.path.realpath(name) if name else "")


@contextmanager
def _opened(session: Session) -> Iterator[Worksheets]:
    with closing(Worksheets(_file(session))) as sheets:
        yield sheets


@contextmanager
def _changing(session: Session) -> Iterator[Worksheets]:
    if session.writes_refused:
        raise Refused("nothing is written: read-only was asked for")
    with _opened(session) as sheets:
        yield sheets


def _sheet(sheets: Worksheets, path: str) -> Sheet:
    sheet = sheets.find(path)
    if sheet.is_folder:
        raise UsageFault("is a folder", address=path)
    return sheet


def _revision(sheets: Worksheets, sheet: Sheet, number: int) -> Revision:
    found = sheets.revisions(sheet.id)
    if not 0 < number <= len(found):
        raise NotFound("there is no such revision", address=f"{sheet.name} {number}")
    return found[-number]


def _target(sheets: Worksheets, target: str) -> tuple[int, str]:
    """The folder and the name (empty: as it is) that a path means."""
    try:
        there = sheets.find(target)
    except NotFound:
        above, _slash, name = target.strip("/").rpartition("/")
        return sheets.find(above).id, name
    return (there.id, "") if there.is_folder else (there.parent, there.name)


def _text(source: str) -> str:
    return read_file(source).decode("utf-8-sig", "replace")


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageFault(f"{text!r} is no number", hint="`worksheet ls --trash` lists them") from None


def _row(sheets: Worksheets, sheet: Sheet) -> dict[str, Any]:
    row = {
        "path": sheets.path(sheet.id),
        "folder": sheet.is_folder,
        "changed": format_time(sheet.changed),
        "size": len(sheet.text),
    }
    return row if sheet.trashed is None else row | {"id": sheet.id, "trashed": format_time(sheet.trashed)}


def _run(ran: Ran) -> dict[str, Any]:
    return ran._asdict() | {"started": format_time(ran.started, seconds=True)}


def _told(session: Session, done: Exchanged) -> int:
    for path, reason in done.left_out:
        session.say(f"left out: {path}: {reason}")
    session.say(f"{done.new:,} new, {done.replaced:,} replaced, {done.same:,} as they were")
    return DIFFERS if done.left_out else 0
