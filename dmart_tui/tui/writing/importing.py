"""Importing, from the interface: a file, what would come of it, the import as a task, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from dmart_tui.core import background
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.units import format_count
from dmart_tui.tui.screens.dialog import Choice, Prompt, Row
from dmart_tui.tui.writing.batch_preview import BatchPreview
from dmart_tui.tui.writing.batches import outcome_of, report_of
from dmart_tui.tui.writing.completing import ask_folder
from dmart_tui.tui.writing.creating import folder_at, names_in, rules_of, type_rows
from dmart_tui.tui.writing.file_picker import FilePicker, here
from dmart_tui.tui.writing.picking import Pick
from dmart_tui.tui.writing.report import Finding, Outcome
from dmart_tui.tui.writing.working import watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dmart_tui.core.address import Address
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Entry, Problem
    from dmart_tui.core.writing.interchange import Imported, ImportedRows, OnExisting, RowColumn
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk
    from dmart_tui.tui.writing.working import Progress

LISTED: Final = 100
"""Entries that a preview names."""
_SIGNS: Final = {"new": "+", "replaced": "~", "merged": "~", "unchanged": "=", "skipped": "·"}
_WORDS: Final = {"skipped": "differ and stay as they are"}


async def import_file(desk: Desk) -> None:
    """Let a file be chosen, show what it would bring, bring it in and report."""
    picker = FilePicker("Import a zip or CSV file", desk.files_from or here(), several=False)
    files = await cast("DmartApp", desk.app).ask(picker)
    desk.files_from = picker.folder
    if not files:
        return
    path = Path(files[0])
    await (_import_rows(desk, path) if path.suffix.lower() == ".csv" else _import_zip(desk, path))


# -- a zip --------------------------------------------------------------------------------------------------------


async def _import_zip(desk: Desk, path: Path) -> None:
    app = cast("DmartApp", desk.app)
    seen = await _look_into(desk, path, "skip")
    if seen is None:
        return
    policy: OnExisting = "skip"
    if differing := seen[0].outcomes["skipped"]:
        asked = await app.ask(_what_of_existing(differing))
        if asked is None:
            return
        policy = asked
        if policy != "skip" and (seen := await _look_into(desk, path, policy)) is None:
            return
    if await app.ask(_zip_preview(path, *seen, refused=desk.refusal_to_write)) is None:
        return

    def run(cancel: CancelToken, progress: Progress) -> tuple[Imported, list[Problem]]:
        return _run_zip(desk, path, policy, cancel, progress, dry_run=False)

    def outcome(result: tuple[Imported, list[Problem]]) -> Outcome:
        found, problems = result
        return _outcome(f"Import {path.name}", found, problems)

    await report_of(desk, f"Import {path.name}", run, outcome)


def _what_of_existing(count: int) -> Choice[OnExisting]:
    options: list[tuple[str, str, OnExisting]] = [
        ("l", "Leave them as they are", "skip"),
        ("m", "Merge: set the keys that the zip has", "merge"),
        ("r", "Replace: take meta and payload of the zip", "replace"),
    ]
    words = f"{format_count(count)} of its entries are here and differ. Attachments and histories are only added to."
    return Choice("What is here already", options, words=words)


async def _look_into(desk: Desk, path: Path, policy: OnExisting) -> tuple[Imported, list[Problem]] | None:
    """What an import of a zip would do."""

    def look(cancel: CancelToken, progress: Progress) -> tuple[Imported, list[Problem]]:
        return _run_zip(desk, path, policy, cancel, progress, dry_run=True)

    return await watched(cast("DmartApp", desk.app), f"Look into {path.name}", look)


def _run_zip(
    desk: Desk, path: Path, policy: OnExisting, cancel: CancelToken, progress: Progress, *, dry_run: bool
) -> tuple[Imported, list[Problem]]:
    """What became of its entries, and the files that are left out."""
    from dmart_tui.core.writing.interchange import import_zip, read_zip

    with read_zip(path) as package:
        found = import_zip(desk.store, package, on_existing=policy, dry_run=dry_run, cancel=cancel, progress=progress)
        return found, package.findings.problems


def _zip_preview(path: Path, found: Imported, problems: list[Problem], *, refused: str) -> BatchPreview:
    from dmart_tui.core.writing.bulk import Preview

    count = found.outcomes
    looked = Preview(
        changing=count["new"] + count["replaced"] + count["merged"],
        created=count["new"],
        unchanged=count["unchanged"] + count["skipped"],
        failing=found.report.failed,
        failures=found.report.failures,
        warnings=found.warnings,
        warned=found.warned,
    )
    above = [f"✗ {problem.path} is left out: {problem.detail}" for problem in problems]
    listed = [(address, outcome) for address, outcome in found.listed if outcome != "unchanged"]
    below = [f"{_SIGNS[outcome]} {outcome:9} {address}" for address, outcome in listed[:LISTED]]
    if (more := looked.changing + count["skipped"] - len(below)) > 0:
        below.append(f"⋯ {format_count(more)} more")
    counts = _counts(count, looked.failing)
    return BatchPreview(f"Import {path.name}", looked, refused=refused, counts=counts, above=above, below=below)


def _counts(outcomes: Mapping[str, int], failed: int) -> str:
    counts = [f"{format_count(count)} {_WORDS.get(outcome, outcome)}" for outcome, count in outcomes.items() if count]
    counts += [f"{format_count(failed)} cannot be imported"] if failed else []
    return ", ".join(counts) or "Nothing is in it."


def _outcome(title: str, found: Imported, problems: list[Problem]) -> Outcome:
    report = found.report
    told = outcome_of(title, report)
    warned = [Finding(str(address), one.text, address, "warning") for address, one in found.warned]
    left = [Finding(problem.path, f"is left out: {problem.detail}") for problem in problems]
    stopped = ", stopped: the rest was not tried" if report.stopped else ""
    more = told.more + sum(found.warnings.values()) - len(warned)
    words = _counts(found.outcomes, report.failed) + stopped
    return Outcome(title, words, [*told.findings, *left, *warned], more, report.batch)


# -- rows ---------------------------------------------------------------------------------------------------------


async def _import_rows(desk: Desk, path: Path) -> None:
    from dmart_tui.core.writing.interchange import import_csv

    app = cast("DmartApp", desk.app)
    folder = await _ask_folder(desk, path)
    if folder is None:
        return
    rules = await background.run(rules_of, desk.store.spaces, folder)
    types = [row for row in type_rows(folder, rules) if row.value not in ("space", "folder")]
    kind: str | None = await app.ask(Pick("The type of new entries", types))
    if kind is None:
        return
    schema: str | None = ""
    if len(schemas := names_in(rules, "content_schema_shortnames")) > 1:
        schema = await app.ask(Pick("The schema of new entries", [*(Row(name, name) for name in schemas)]))
        if schema is None:
            return
    address, chosen = folder.address, schema or ""
    keys = await _ask_keys(desk, address, path, chosen)
    if keys is None:
        return

    def work(cancel: CancelToken, progress: Progress, *, dry_run: bool, anyway: bool = False) -> ImportedRows:
        return import_csv(
            desk.store, address, path, type=kind, schema=chosen, keys=keys, dry_run=dry_run, anyway=anyway,
            cancel=cancel, progress=progress,
        )  # fmt: skip

    def look(cancel: CancelToken, progress: Progress) -> ImportedRows:
        return work(cancel, progress, dry_run=True)

    found = await watched(app, f"Look into {path.name}", look, unit="rows")
    if found is None or found.preview.stopped:
        return
    title = f"Import {path.name} into {address}"
    answer = await app.ask(_rows_preview(title, found, kind, refused=desk.refusal_to_write))
    if answer is None:
        return
    total = found.preview.changing + found.preview.unchanged + found.preview.failing

    def run(cancel: CancelToken, progress: Progress) -> ImportedRows:
        return work(cancel, progress, dry_run=False, anyway=answer == "anyway")

    await report_of(desk, title, run, lambda done: outcome_of(title, done.report), total=total)


async def _ask_folder(desk: Desk, path: Path) -> Entry | None:
    """The folder that rows go into: the one under the cursor unless another one is typed."""
    at = cast("DmartApp", desk.app).chosen()
    first = f"{(await background.run(folder_at, desk.store.spaces, at)).address}/" if at is not None else ""
    words = "Into which folder? SPACE/sub/path"
    return await ask_folder(desk, f"Import the rows of {path.name}", words=words, text=first)


async def _ask_keys(desk: Desk, folder: Address, path: Path, schema: str) -> dict[str, str] | None:
    """The keys of columns that shall be other ones than their titles say, by title; None to import nothing."""
    from dmart_tui.core.writing.interchange import RowColumn, check_columns, csv_columns

    app = cast("DmartApp", desk.app)
    keys: dict[str, str] = {}
    right = RowColumn("All of it is right", "", None)
    while True:
        columns = await background.run(lambda: csv_columns(desk.store, folder, path, schema=schema, keys=keys))
        try:
            check_columns(columns, path)
        except UsageFault as fault:
            rows, words = [], f"✗ {fault.message} · enter changes a key · esc leaves it"
        else:
            rows = [Row(right, right.title, about="look what would come of it")]
            words = "enter on a column changes its key · esc leaves it"
        rows += [Row(column, column.title or "(no title)", about=_becomes(column)) for column in columns]
        picked: RowColumn | None = await app.ask(Pick("Columns become keys", rows, words=words))
        if picked is None or picked is right:
            return None if picked is None else keys
        asked = f"{picked.title or 'It'} becomes which key? price is payload.body.price; nothing leaves the column out."
        key = await app.ask(Prompt("The key of a column", words=asked, text=picked.key))
        if key is not None:
            keys[picked.title] = key.strip()


def _becomes(column: RowColumn) -> str:
    if not column.key:
        return "→  nothing: it is left out" if column.title else "→  nothing: it has no title"
    return f"→  {column.key}" + (f"  ({column.type})" if column.type else "")


def _rows_preview(title: str, found: ImportedRows, kind: str, *, refused: str) -> BatchPreview:
    look = found.preview
    counts = [
        (look.created, "new"), (look.changing - look.created, "changed"), (look.unchanged, "unchanged"),
        (look.deliberate, "break their schema or another rule"), (look.failing, "cannot be imported"),
    ]  # fmt: skip
    words = ", ".join(f"{format_count(count)} {word}" for count, word in counts if count) or "No row is in it."
    widest = max((len(column.title) for column in found.columns), default=0)
    mapped = [f"{column.title:{widest}}  {_becomes(column)}" for column in found.columns]
    about = f"New entries are of the type {kind}" + (f" and have the schema {found.schema}." if found.schema else ".")
    above = [about, "", "Columns become keys:", *mapped]
    return BatchPreview(title, look, refused=refused, counts=words, above=above)
