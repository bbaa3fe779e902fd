"""`export` and `import`: data out of a spaces folder and into it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click

from dmart_tui.cli.completing import complete_address
from dmart_tui.cli.output import Output, Progress, counted
from dmart_tui.cli.planning import writing_options
from dmart_tui.cli.session import Session, global_options, pass_session
from dmart_tui.core.errors import Refused, UsageFault
from dmart_tui.core.files import inside
from dmart_tui.core.spaces import Problem, problem_row
from dmart_tui.core.text import safe
from dmart_tui.core.units import format_size

if TYPE_CHECKING:
    from dmart_tui.core.address import Address
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.writing import Warned
    from dmart_tui.core.writing.bulk import Failure, Report
    from dmart_tui.core.writing.interchange import Exported, Table

_FORMATS: Final = ("zip", "csv", "ndjson", "parquet")
_SHOWN: Final = 20
"""Findings told one by one; more are counted, `--json` has a thousand."""
_INTERRUPTED: Final = 130
_STDOUT: Final = "-"


@click.command()
@click.argument("addresses", nargs=-1, shell_complete=complete_address)
@click.option("-o", "--output", "target", metavar="FILE", help="Where to; `-` for stdout.")
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="Else what the name of FILE ends with.")
@click.option("--below", is_flag=True, help="zip: only what is below the folders, not the folders themselves.")
@click.option("--no-histories", is_flag=True, help="zip: leave out histories and event logs.")
@click.option("--with-secrets", is_flag=True, help="With password hashes, tokens and keys.")
@click.option("--columns", metavar="KEY[=TITLE],…", help="csv, parquet: other columns than the folder's.")
@click.option("--recursive", is_flag=True, help="csv, parquet: also entries of folders further down.")
@click.option("--importable", is_flag=True, help="csv, parquet: keys as titles, one row an entry, lists as JSON.")
@click.option("--safe-cells", is_flag=True, help="csv: a ' before what a spreadsheet would take for a formula.")
@click.option("--dry-run", is_flag=True, help="Read everything, write nothing, tell how much it is.")
@global_options
@pass_session
def export_command(
    session: Session,
    /,
    addresses: tuple[str, ...],
    target: str | None,
    format_: str | None,
    dry_run: bool,
    **options: Any,
) -> int:
    """Export what is at ADDRESSES, or the whole root, with all below it.

    A zip is D-MART's own interchange layout and complete: payloads, attachments and histories byte for byte, metas with
    every key, and the folders above, so that it can be imported into an empty root. csv and parquet hold a row for each
    entry of a folder, with the folder's columns; ndjson one object an entry, as `cat --json`. Password hashes stay
    here without --with-secrets. Cells of csv are the data exactly: open a stranger's with --safe-cells only.
    """
    if target is None and not dry_run:
        raise UsageFault("where to?", hint="name a file with -o, or - for stdout")
    wanted = format_ or (Path(target).suffix[1:].lower() if target else "zip")
    if wanted not in _FORMATS:
        raise UsageFault(f"what to make of {target}?", hint=f"one of .{', .'.join(_FORMATS)}, or --format")
    if not addresses and wanted in ("csv", "parquet"):
        raise UsageFault("a table is made of a folder", hint="name its address")
    found = [session.address(address) for address in addresses]
    with Progress("entries exported") as progress, _target(session, target, dry_run) as file:
        done = _export(session, found, wanted, file, progress, options)
    kinds = done.findings.counts
    told = [problem_row(problem) for problem in done.findings.problems if problem.kind != "secret"]
    _some(session, told, sum(kinds.values()) - kinds["secret"], lambda row: f"! {row['path']}: {row['detail']}")
    if kinds["secret"]:
        session.say(f"password hashes of {counted(kinds['secret'], 'file')} stay here: --with-secrets takes them along")
    attached = f", {counted(done.attachments, 'attachment')}" if done.attachments else ""
    verb = "would be exported" if dry_run else "exported"
    session.say(f"{counted(done.entries, 'entry', 'entries')}{attached}, {format_size(done.size)} {verb}")
    return int(any(problem.severity != "note" for problem in done.findings.problems))


@contextmanager
def _target(session: Session, target: str | None, dry_run: bool) -> Iterator[Path | BinaryIO]:
    if dry_run or target is None:
        with open(os.devnull, "wb") as nowhere:
            yield nowhere
    elif target == _STDOUT:
        yield sys.stdout.buffer
    else:
        path = Path(target)
        if session.writes_refused and inside(session.spaces.root, os.path.realpath(path)):
            raise Refused("nothing is changed: the program runs read-only", address=target)
        yield path


def _export(
    session: Session,
    addresses: list[Address],
    wanted: str,
    file: Path | BinaryIO,
    progress: Progress,
    options: dict[str, Any],
) -> Exported:
    from dmart_tui.core.writing import interchange

    secrets = options["with_secrets"]
    if wanted == "zip":
        return interchange.export_zip(
            session.spaces, addresses, file, include_self=not options["below"],
            histories=not options["no_histories"], secrets=secrets, progress=progress.update,
        )  # fmt: skip
    if wanted == "ndjson":
        return interchange.export_ndjson(session.spaces, addresses, file, secrets=secrets, progress=progress.update)
    write = interchange.export_csv if wanted == "csv" else interchange.export_parquet
    return write(session.spaces, addresses, file, _table(options), progress=progress.update)


def _table(options: dict[str, Any]) -> Table:
    from dmart_tui.core.writing.interchange import Table, TableColumn

    named = [column.partition("=") for column in (options["columns"] or "").split(",") if column]
    return Table(
        [TableColumn(key.strip(), title.strip() or key.strip()) for key, _, title in named],
        options["recursive"], options["importable"], options["safe_cells"], options["with_secrets"],
    )  # fmt: skip


# -- import -----------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.argument("folder", required=False, shell_complete=complete_address)
@click.option(
    "--on-existing", type=click.Choice(["skip", "replace", "merge", "fail"]),
    help="What happens to an entry that is there and differs: for a zip skip unless said, for csv merge.",
)  # fmt: skip
@click.option(
    "--type", "type_", metavar="T", default="content", show_default=True, help="csv: the type of new entries."
)
@click.option("--schema", metavar="S", default="", help="csv: of the payloads; else the only one the folder takes.")
@click.option("--undo", "batch", metavar="BATCH", help="Take back an import, by the name that it told at its end.")
@writing_options
@global_options
@pass_session
def import_command(
    session: Session, file: Path | None, folder: str | None, on_existing: str | None, type_: str, schema: str,
    batch: str | None, dry_run: bool, anyway: bool, mode: str | None,
) -> int:  # fmt: skip
    """Import FILE: an interchange zip, or rows of csv into FOLDER.

    Of a zip, entries that are not here become what the zip has, and those that are the same stay untouched. Where one
    differs, `skip` leaves it, `replace` takes the zip's meta and payload, `merge` sets the keys that the zip has,
    `fail` changes nothing at all. Attachments are never taken away, and history lines come in once: importing the same
    zip again changes nothing. What is damaged is told and hides nothing else.

    A row of csv makes an entry or changes the one that `shortname` names; `auto` makes a name up.

    Exits with 1 when something could not be imported.
    """
    output = Output(session, mode)
    if batch is not None:
        return _undo(session, output, batch)
    if file is None:
        raise UsageFault("what is to be imported?", hint="name a .zip or .csv file")
    with _stoppable() as cancel, Progress("entries imported") as progress:
        if folder is None and file.suffix.lower() != ".csv":
            told = _import_zip(session, file, on_existing or "skip", dry_run, cancel, progress)
        else:
            if folder is None:
                raise UsageFault("into which folder?", hint="name its address after the file")
            if on_existing not in (None, "skip", "merge"):
                raise UsageFault(f"{on_existing} is for a zip", hint="csv takes skip and merge")
            told = _import_rows(session, file, folder, on_existing, type_, schema, dry_run, anyway, cancel, progress)
    _tell(session, output, told, dry_run=dry_run)
    if told["stopped"]:
        return _INTERRUPTED
    return int(bool(told["failed"] or told["left_out"]))


@contextmanager
def _stoppable() -> Iterator[CancelToken]:
    """A token that the first ctrl+c cancels, so that what is being written is finished; the second one interrupts."""
    from dmart_tui.core.background import CancelToken

    token = CancelToken()

    def stop(number: int, frame: object) -> None:
        if token.cancelled:
            raise KeyboardInterrupt
        token.cancel()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield token
    finally:
        signal.signal(signal.SIGINT, before)


def _import_zip(
    session: Session, file: Path, on_existing: Any, dry_run: bool, cancel: CancelToken, progress: Progress
) -> dict[str, Any]:  # fmt: skip
    from dmart_tui.core.writing.interchange import import_zip, read_zip

    with read_zip(file) as package:
        found = import_zip(
            session.store, package, on_existing=on_existing, dry_run=dry_run, cancel=cancel, progress=progress.update
        )
        entries = [{"outcome": outcome, "address": str(address)} for address, outcome in found.listed]
        told = {"outcomes": dict(found.outcomes), "entries": entries, **_report(found.report)}
        return told | _odd(found.warnings, found.warned, package.findings.problems)


def _import_rows(
    session: Session, file: Path, folder: str, on_existing: str | None, type_: str, schema: str, dry_run: bool,
    anyway: bool, cancel: CancelToken, progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    from dmart_tui.core.writing.bulk import Report
    from dmart_tui.core.writing.interchange import import_csv

    found = import_csv(
        session.store, session.address(folder), file, type=type_, schema=schema,
        on_existing="skip" if on_existing == "skip" else "update", anyway=anyway, dry_run=dry_run, cancel=cancel,
        progress=progress.update,
    )  # fmt: skip
    look, report = found.preview, found.report
    if dry_run:
        refused = 0 if anyway else look.deliberate
        report = Report(
            "", look.changing - refused, look.unchanged, look.failing + refused, look.failures, look.stopped
        )
    outcomes = {"imported": report.done, "unchanged": report.unchanged}
    entries = [{"outcome": "imported", "address": str(plan.result or plan.address)} for plan in look.sample]
    return {"outcomes": outcomes, "entries": entries, **_report(report)} | _odd(look.warnings, look.warned, [])


def _undo(session: Session, output: Output, batch: str) -> int:
    from dmart_tui.core.writing.bulk import undo

    with _stoppable() as cancel, Progress("changes taken back") as progress:
        report = undo(session.store, batch, cancel=cancel, progress=progress.update)
    _tell(
        session, output, {"outcomes": {"taken back": report.done}, "entries": [], **_report(report)} | _odd({}, [], [])
    )
    return _INTERRUPTED if report.stopped else int(bool(report.failed))


def _report(report: Report) -> dict[str, Any]:
    return {
        "failed": report.failed,
        "failures": [_failure(failure) for failure in report.failures],
        "stopped": report.stopped,
        "batch": report.batch,
    }


def _failure(failure: Failure) -> dict[str, str]:
    return {"address": str(failure.address), "reason": failure.reason}


def _odd(counts: dict[str, int], warned: Iterable[tuple[Address, Warned]], problems: list[Problem]) -> dict[str, Any]:
    told = [{"address": str(address), "kind": found.kind, "text": found.text} for address, found in warned]
    return {"warnings": dict(counts), "warned": told, "left_out": [problem_row(problem) for problem in problems]}


def _tell(session: Session, output: Output, told: dict[str, Any], *, dry_run: bool = False) -> None:
    if output.mode != "text":
        output.document(told)
    elif dry_run:
        for row in told["entries"]:
            output.line(f"{row['outcome']}\t{safe(row['address'])}")
    _some(session, told["failures"], told["failed"], lambda row: f"✗ {row['address']}: {row['reason']}")
    _some(session, told["left_out"], len(told["left_out"]), lambda row: f"✗ {row['path']}: {row['detail']}")
    warned = sum(told["warnings"].values())
    _some(session, told["warned"], warned, lambda row: f"! {row['address']}: {row['text']}")
    counts = [f"{count:,} {outcome}" for outcome, count in told["outcomes"].items()]
    counts += [f"{told['failed']:,} failed"] if told["failed"] else []
    session.say(("would be: " if dry_run else "") + (", ".join(counts) or "nothing"))
    if told["stopped"]:
        session.say("stopped: what was done stays, the same command goes on")
    if told["batch"]:
        session.say(f"take it back with `import --undo {told['batch']}`")


def _some(session: Session, rows: list[dict[str, Any]], count: int, line: Any) -> None:
    for row in rows[:_SHOWN]:
        session.say(line(row))
    if count > _SHOWN:
        session.say(f"… and {count - _SHOWN:,} more like these")
