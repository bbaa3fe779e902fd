"""Entries as tables and as JSON lines: CSV with the columns of their folder, Parquet, and one object an entry."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import product
from math import prod
from shutil import copyfileobj
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final

from dmart_tui.core.errors import Failed, UsageFault
from dmart_tui.core.secrets import mask
from dmart_tui.core.spaces import FOLDER, Kind, entry_json, payload_value
from dmart_tui.core.units import parse_time
from dmart_tui.core.writing.interchange.exporting import Exported, exported_roots, opened

if TYPE_CHECKING:
    from pathlib import Path

    from dmart_tui.core.address import Address
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Entry, Problem, Spaces
    from dmart_tui.core.writing.interchange.exporting import Progress

ROWS_LIMIT: Final = 10_000
"""Rows that the lists of one entry may make; beyond it they stay lists, as JSON in one cell."""
_TIMES: Final = frozenset({"created_at", "updated_at"})
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
BODY: Final = "payload.body"
_DEFAULT: Final = ("shortname", "displayname", "is_active", "owner_shortname", "created_at", "updated_at", BODY)
_DEEPEST: Final = 20
"""Objects inside each other that become columns."""
META_FIELDS: Final = frozenset(
    (
        "uuid", "shortname", "slug", "is_active", "displayname", "description", "tags", "created_at", "updated_at",
        "owner_shortname", "owner_group_shortname", "payload", "relationships", "acl", "state", "is_open", "reporter",
        "workflow_shortname", "collaborators", "resolution_reason", "password", "email", "msisdn", "is_email_verified",
        "is_msisdn_verified", "force_password_change", "type", "roles", "groups", "firebase_token", "language",
        "permissions", "subpaths", "resource_types", "actions", "conditions", "restricted_fields",
        "allowed_fields_values", "filter_fields_values", "is_read", "priority", "entry",
    )
)  # fmt: skip
"""Names that a column of a table takes from the meta, whatever the payload has."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table."""

    key: str
    """Dotted: of the meta, else of the payload; `payload.body.x` only of the payload, `payload.body` all of it."""
    title: str


@dataclass(frozen=True, slots=True)
class Table:
    """How entries become rows."""

    columns: Sequence[TableColumn] = ()
    """None of them: those of the folder."""
    recursive: bool = False
    """Whether entries in folders further down are in it."""
    importable: bool = False
    """So that it can be imported again: keys as titles, a shortname, lists as JSON in one cell instead of more rows."""
    safe_cells: bool = False
    """Whether text that a spreadsheet would take for a formula gets a `'` before it; the data is not exact then."""
    secrets: bool = False


def folder_columns(spaces: Spaces, address: Address) -> list[TableColumn]:
    """The columns that the view of a folder names for tables, else for lists; empty when it names none."""
    view = payload_value(spaces, spaces.load(address), [])
    if not isinstance(view, dict):
        return []
    for key in ("csv_columns", "index_attributes", "columns"):
        found = [
            TableColumn(column["key"], str(column.get("name") or column["key"]))
            for column in (view[key] if isinstance(view.get(key), list) else ())
            if isinstance(column, dict) and isinstance(column.get("key"), str) and column["key"]
        ]
        if found:
            return found
    return []


def default_columns(spaces: Spaces, address: Address, *, importable: bool = False) -> Sequence[TableColumn]:
    """The columns of a table of a folder, or of entries like one: those of its view, else what is known of all.

    Args:
        importable: keys as titles, and a shortname, so that it can be imported again.
    """
    root = spaces.load(address)
    folder = root.address if root.kind is not Kind.ENTRY else root.address.parent
    columns = folder_columns(spaces, folder) if folder else []
    if importable:
        columns = [TableColumn(column.key, import_title(column.key)) for column in columns]
        if columns and not any(column.key == "shortname" for column in columns):
            columns.insert(0, TableColumn("shortname", "shortname"))
    return columns or [TableColumn(key, "" if key == BODY else key) for key in _DEFAULT]


def export_csv(
    spaces: Spaces,
    addresses: Sequence[Address],
    target: Path | BinaryIO,
    table: Table | None = None,
    *,
    cancel: CancelToken | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write the entries of folders (or entries) as CSV, as D-MART does: a header, and no columns without values.

    A list makes a row of each member, an object a `title.key` column of each key. Cells are the data exactly, also
    where they begin with `=`: a table is read by programs first, and a changed cell cannot be told from a true one.

    Raises:
        UsageFault: the whole root was named, whose entries have no columns in common.
        Others as `export_zip`.

    Memory: one entry; rows wait in a temporary file until all columns are known.
    """
    options = table or Table()
    rows = _Rows(spaces, addresses, options, cancel, progress)
    with TemporaryFile() as spool, opened(target, 0o600 if options.secrets else 0o666) as file:
        columns = rows.spool(spool)
        text = TextIOWrapper(file, "utf-8", "backslashreplace", newline="", write_through=True)
        writer = csv.writer(text)
        writer.writerow(columns.values())
        spool.seek(0)
        for line in spool:
            row = json.loads(line)
            writer.writerow([cell_text(row.get(column), safe=options.safe_cells) for column in columns])
        text.detach()
    return rows.done


def export_parquet(
    spaces: Spaces,
    addresses: Sequence[Address],
    target: Path | BinaryIO,
    table: Table | None = None,
    *,
    cancel: CancelToken | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write the rows of `export_csv` as Parquet, each column with the type that its values have in common.

    Raises:
        Failed: DuckDB cannot write it, or the disk would not take it.
        Others as `export_csv`.
    """
    import duckdb

    options = table or Table()
    rows = _Rows(spaces, addresses, options, cancel, progress)
    with TemporaryDirectory() as folder:
        spool, made = f"{folder}/rows.ndjson", f"{folder}/rows.parquet"
        with open(spool, "wb") as lines:
            columns = rows.spool(lines)
        named = ", ".join(f"{column} AS {_quoted(title)}" for column, title in _distinct(columns).items())
        source = f"read_json('{spool}', format='newline_delimited', sample_size=-1)"
        selected = f"SELECT {named} FROM {source}" if columns else "SELECT 1 AS nothing LIMIT 0"
        try:
            with duckdb.connect() as connection:
                connection.execute(f"COPY ({selected}) TO '{made}' (FORMAT parquet)")
        except duckdb.Error as error:
            raise Failed(f"DuckDB cannot write it: {str(error).partition(chr(10))[0]}") from None
        with open(made, "rb") as source_file, opened(target, 0o600 if options.secrets else 0o666) as file:
            copyfileobj(source_file, file)
    return rows.done


def export_ndjson(
    spaces: Spaces,
    addresses: Sequence[Address],
    target: Path | BinaryIO,
    *,
    secrets: bool = False,
    cancel: CancelToken | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write one JSON object a line for everything at and below addresses, as `cat --json` prints it.

    Raises as `export_zip`. Memory: one entry.
    """
    done = Exported()
    with opened(target, 0o600 if secrets else 0o666) as file:
        for root in exported_roots(spaces, addresses):
            for entry in spaces.walk(root):
                if cancel is not None:
                    cancel.check()
                line = _encoded(entry_json(spaces, entry, None if secrets else ())) + b"\n"
                file.write(line)
                done.entries += 1
                done.size += len(line)
                if progress is not None:
                    progress(done.entries, None)
    done.files = 1
    return done


Place = tuple[int, str]
"""Which column, and the key below it where it became several."""


class _Rows:
    """The rows of entries, written to a spool as objects whose keys are numbered columns."""

    def __init__(
        self,
        spaces: Spaces,
        addresses: Sequence[Address],
        table: Table,
        cancel: CancelToken | None,
        progress: Progress | None,
    ) -> None:
        if not addresses:
            raise UsageFault("a table is made of folders or entries", hint="name the addresses")
        self.done = Exported(files=1)
        self._spaces = spaces
        self._table = table
        self._cancel = cancel
        self._progress = progress
        self._roots = exported_roots(spaces, addresses)
        self._columns = table.columns or default_columns(spaces, self._roots[0], importable=table.importable)
        self._seen: dict[Place, str] = {}

    def spool(self, file: IO[bytes]) -> dict[str, str]:
        """Write the rows; the columns that have a value, in their order, and their titles."""
        for entry in self._entries():
            if self._cancel is not None:
                self._cancel.check()
            for row in self._rows(entry):
                line = _encoded({self._seen.setdefault(at, f"c{len(self._seen)}"): row[at] for at in row}) + b"\n"
                file.write(line)
                self.done.size += len(line)
            self.done.entries += 1
            if self._progress is not None:
                self._progress(self.done.entries, None)
        firsts = {place: at for at, place in enumerate(self._seen)}
        places = sorted(self._seen, key=lambda place: (place[0], firsts[place]))
        return {self._seen[place]: self._title(place) for place in places}

    def _title(self, place: Place) -> str:
        title, key = self._columns[place[0]].title, place[1]
        return f"{title}.{key}" if title and key else title or key

    def _entries(self) -> Iterator[Entry]:
        for root in map(self._spaces.load, self._roots):
            if root.kind is Kind.ENTRY:
                yield root
            elif self._table.recursive:
                yield from (
                    entry for entry in self._spaces.walk(root.address) if entry.kind is Kind.ENTRY and entry.meta
                )
            else:
                names = sorted(name for name, flags in self._spaces.scan(root.address) if not flags & FOLDER)
                for name in names:
                    entry = self._spaces.load(root.address.child(name))
                    if entry.meta:
                        yield entry

    def _rows(self, entry: Entry) -> Iterator[dict[Place, Any]]:
        meta = entry.meta
        problems: list[Problem] = []
        body = payload_value(self._spaces, entry, problems)
        for found in problems:
            self.done.findings.add(found.severity, found.kind, found.address, found.path, found.detail)
        if not self._table.secrets:
            meta, body = mask(meta), mask(body)
        known = {
            "space_name": entry.address.space,
            "subpath": entry.address.subpath,
            "resource_type": entry.type,
        } | meta
        values = [self._alternatives(at, value_of(known, body, column.key)) for at, column in enumerate(self._columns)]
        if prod(map(len, values)) > ROWS_LIMIT:
            where = self._spaces.relative(entry.path)
            said = f"its lists would make more than {ROWS_LIMIT:,} rows and stay lists"
            self.done.findings.add("note", "many-rows", str(entry.address), where, said)
            values = [
                [{(at, ""): value_of(known, body, self._columns[at].key)}] if len(found) > 1 else found
                for at, found in enumerate(values)
            ]
        for parts in product(*values):
            yield {place: value for part in parts for place, value in part.items()}

    def _alternatives(self, at: int, value: Any) -> list[dict[Place, Any]]:
        """What a column has of an entry, once for each row."""
        if self._table.importable:
            return [self._cells(at, value)]
        if isinstance(value, list) and value:
            return [self._cells(at, member) for member in value]
        if self._columns[at].key in _TIMES and (when := parse_time(value)):
            value = when.strftime("%Y-%m-%d %H:%M:%S")
        return [self._cells(at, value)]

    def _cells(self, at: int, value: Any) -> dict[Place, Any]:
        if isinstance(value, dict) and value:
            return {(at, key): inner for key, inner in _leaves(value)}
        empty = value is None or value == "" or (value in ([], {}) and not self._table.importable)
        return {} if empty else {(at, ""): value}


def import_title(key: str) -> str:
    """The title under which an import finds a key again: a payload's own name, where no meta has it."""
    inner = key.removeprefix(f"{BODY}.")
    return key if inner.partition(".")[0] in META_FIELDS else inner


def value_of(meta: dict[str, Any], body: Any, key: str) -> Any:
    """What stands under a dotted key of the meta, else of the payload."""
    if key == BODY or key.startswith(f"{BODY}."):
        return _dug(body, key.removeprefix(BODY).removeprefix("."))
    found = _dug(meta, key)
    return _dug(body, key) if found is None else found


def _dug(value: Any, key: str) -> Any:
    for name in key.split(".") if key else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _leaves(value: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if isinstance(inner, dict) and inner and above.count(".") < _DEEPEST:
            yield from _leaves(inner, f"{above}{key}.")
        elif inner is not None:
            yield above + key, inner


def cell_text(value: Any, *, safe: bool = False) -> str:
    """What a cell says of a value: text as it is, others as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if safe and value.startswith(_FORMULA) else value
    return json.dumps(value, ensure_ascii=False)


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""').replace("\0", "")
    return f'"{escaped}"'


def _distinct(columns: dict[str, str]) -> dict[str, str]:
    """The titles with a number after those that stand more than once; case does not tell them apart."""
    used: set[str] = set()
    titles = {}
    for column, title in columns.items():
        name, number = title or "column", 1
        while name.casefold() in used:
            number += 1
            name = f"{title or 'column'}_{number}"
        used.add(name.casefold())
        titles[column] = name
    return titles
