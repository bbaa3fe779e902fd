"""Exporting, from the interface: what, in which form, where to, and how much it was."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast

from dmart_tui.core import background
from dmart_tui.core.address import Address
from dmart_tui.core.files import inside
from dmart_tui.core.units import format_count, format_size
from dmart_tui.tui.screens.dialog import Choice, Row, confirm
from dmart_tui.tui.writing.batches import report_of
from dmart_tui.tui.writing.completing import Completed
from dmart_tui.tui.writing.report import Finding, Outcome
from dmart_tui.tui.writing.scope import Scope, chosen_options, holds_entries, one_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.core.writing.interchange import Exported, TableColumn
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.writing.desk import Desk
    from dmart_tui.tui.writing.working import Progress


@dataclass(frozen=True, slots=True)
class Form:
    """A form that data can be exported in."""

    ending: Literal["zip", "csv", "parquet", "ndjson"]
    secrets: bool = False
    importable: bool = False

    @property
    def is_table(self) -> bool:
        """Whether it has columns."""
        return self.ending in ("csv", "parquet")


_FORMS: Final = (
    ("z", "Zip: everything, as D-MART and `Import` here read it", Form("zip")),
    ("h", "Zip with password hashes and tokens too", Form("zip", secrets=True)),
    ("c", "CSV: a table with the folder's columns", Form("csv")),
    ("i", "CSV that can be imported again: a row an entry", Form("csv", importable=True)),
    ("p", "Parquet: the table for data tools", Form("parquet")),
    ("n", "NDJSON: one object an entry, as `cat --json`", Form("ndjson")),
)
_TONES: Final[dict[str, Literal["error", "warning", "muted"]]] = {
    "error": "error", "warning": "warning", "note": "muted",
}  # fmt: skip
_ROOT: Final = "the whole root"


async def export(desk: Desk) -> None:
    """Ask for extent, form and target, write the file as a task, and tell how much it was."""
    app = cast("DmartApp", desk.app)
    spaces = desk.store.spaces
    scope = await one_of(app, await _extents(app))
    if scope is None:
        return
    forms = [one for one in _FORMS if _makes_sense(one[2], scope)]
    words = "Password hashes, tokens and keys stay here unless it says otherwise."
    form = await app.ask(Choice(f"Export {scope.words}", forms, words=words))
    if form is None:
        return
    recursive = False
    columns: Sequence[TableColumn] = ()
    if form.is_table:
        if scope.single and await holds_entries(spaces, scope.single):
            rows = [("e", "The entries in it", False), ("b", "Also those of the folders below", True)]
            asked = await app.ask(Choice(f"Which entries of {scope.words}", rows))
            if asked is None:
                return
            recursive = asked
        if not (columns := await _ask_columns(app, spaces, scope, form)):
            return
    target = await ask_target(app, f"Export {scope.words}", f"{_name(scope, spaces)}.{form.ending}")
    if target is not None:
        await _write(desk, scope, form, columns, recursive, target)


async def _extents(app: DmartApp) -> list[tuple[str, str, Scope]]:
    """What is chosen, its space, and the whole root."""
    options = await chosen_options(app)
    here = app.chosen()
    if here is not None and here.keys != (here.space,):
        space = Address(here.space)
        options.append(("s", f"The space {space}", Scope(f"the space {space}", lambda: [space], space)))
    return [*options, ("r", "The whole root", Scope(_ROOT, list))]


def _makes_sense(form: Form, scope: Scope) -> bool:
    return not (form.is_table and scope.words == _ROOT)


async def ask_target(app: DmartApp, title: str, name: str) -> Path | None:
    """Ask for a file to write; one that is there is replaced only after another question."""
    root = cast("Spaces", app.spaces).root
    typed = await app.ask(
        Completed(
            title,
            words="The file to write:",
            offer=_paths,
            text=str(await background.run(_place_to_write, root) / name),
            check=lambda text: _why_not_there(text, root),
        )
    )
    if typed is None:
        return None
    target = _target(typed)
    there = await background.run(_described, target)
    if there and not await app.ask(confirm("There is such a file", there, "Replace it")):
        return None
    return target


def _paths(text: str) -> list[Row]:
    """The files and folders that a path may become, folders first."""
    above, slash, start = text.rpartition("/")
    try:
        with os.scandir(Path(above + slash or ".").expanduser()) as found:
            names = sorted((not entry.is_dir(), entry.name) for entry in found if entry.name.startswith(start))
    except OSError:
        return []
    shown = [(name if plain else f"{name}/") for plain, name in names if start or not name.startswith(".")]
    return [Row(f"{above}{slash}{name}", name) for name in shown]


async def _write(
    desk: Desk, scope: Scope, form: Form, columns: Sequence[TableColumn], recursive: bool, target: Path
) -> None:
    from dmart_tui.core.writing import interchange

    spaces = desk.store.spaces

    def run(cancel: CancelToken, progress: Progress) -> tuple[Exported, int]:
        addresses = list(scope.find())
        if form.ending == "zip":
            done = interchange.export_zip(
                spaces, addresses, target, secrets=form.secrets, cancel=cancel, progress=progress
            )
        elif form.ending == "ndjson":
            done = interchange.export_ndjson(spaces, addresses, target, cancel=cancel, progress=progress)
        else:
            table = interchange.Table(columns, recursive=recursive, importable=form.importable)
            write = interchange.export_csv if form.ending == "csv" else interchange.export_parquet
            done = write(spaces, addresses, target, table, cancel=cancel, progress=progress)
        return done, target.stat().st_size

    def outcome(result: tuple[Exported, int]) -> Outcome:
        done, size = result
        return _outcome(f"Export {scope.words}", done, f"in {target}, {format_size(size)}")

    await report_of(desk, f"Export {scope.words}", run, outcome)


def _outcome(title: str, done: Exported, where: str) -> Outcome:
    """What was written; hashes that stay here are counted, what else was left out is listed."""
    told = [problem for problem in done.findings.problems if problem.kind != "secret"]
    found = [
        Finding(problem.address or problem.path, problem.detail, _address(problem.address), _TONES[problem.severity])
        for problem in told
    ]
    secret = done.findings.counts["secret"]
    counts = [f"{format_count(done.entries)} {'entry' if done.entries == 1 else 'entries'}"]
    if done.attachments:
        counts.append(f"{format_count(done.attachments)} {'attachment' if done.attachments == 1 else 'attachments'}")
    counts += [f"without the password hashes of {format_count(secret)}"] if secret else []
    more = sum(done.findings.counts.values()) - secret - len(found)
    return Outcome(title, f"{', '.join(counts)} {where}", found, more)


async def _ask_columns(app: DmartApp, spaces: Spaces, scope: Scope, form: Form) -> Sequence[TableColumn]:
    """The columns of a table, as a person leaves them."""
    from dmart_tui.core.writing.interchange import TableColumn, default_columns
    from dmart_tui.core.writing.known import known_keys

    def first() -> Sequence[TableColumn]:
        return default_columns(spaces, next(iter(scope.find())), importable=form.importable)

    columns = await background.run(first)
    known: list[str] = []

    def offer(text: str) -> list[Row]:
        if not known:
            known.extend(known_keys(spaces, scope.find()))
        before, comma, last = text.rpartition(",")
        word = last.strip().lower()
        return [Row(f"{before}{comma}{key}", key) for key in known if word in key.lower() and key != word]

    typed = await app.ask(
        Completed(
            f"Columns of {scope.words}",
            words="KEY or KEY=TITLE, with a comma between",
            offer=offer,
            text=",".join(c.key if c.title == c.key else f"{c.key}={c.title}" for c in columns),
            check=lambda text: None if text.strip(" ,") else "No column is named.",
        )
    )
    named = [part.partition("=") for part in (typed or "").split(",") if part.strip()]
    return [TableColumn(key.strip(), title.strip() if sign else key.strip()) for key, sign, title in named]


def _name(scope: Scope, spaces: Spaces) -> str:
    if scope.single is not None:
        return scope.single.name
    return spaces.root.rpartition("/")[2] or "root"


def _address(text: str) -> Address | None:
    return Address.parse(text) if text else None


def _place_to_write(root: str) -> Path:
    """The current directory, or the home where that is gone or part of the spaces folder."""
    try:
        here = Path.cwd()
    except OSError:
        return Path.home()
    return Path.home() if inside(root, str(here)) else here


def _target(typed: str) -> Path:
    return Path(typed).expanduser().absolute()


def _described(target: Path) -> str:
    """Name and size of a file; empty when there is none."""
    try:
        return f"{target}, {format_size(target.stat().st_size)}."
    except OSError:
        return ""


def _why_not_there(text: str, root: str) -> str | None:
    if not text.strip() or text.endswith("/"):
        return "Type the path of a file."
    target = _target(text)
    if target.is_dir():
        return "That is a folder: type a name behind it."
    if not target.parent.is_dir():
        return f"There is no folder {target.parent}."
    if inside(root, os.path.realpath(target)):
        return "That is inside of the spaces folder: choose a place outside of it."
    return None
