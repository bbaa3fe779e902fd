"""Importing CSV: a row makes an entry, or changes the one that has its name."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core.errors import Damaged, DmartTuiError, Failed, NotFound, Refused, UsageFault
from dmart_tui.core.spaces import META_LIMIT, Kind, payload_value
from dmart_tui.core.spaces.layout import checked_name
from dmart_tui.core.subschemas import Subschemas, mapping, type_of
from dmart_tui.core.writing import bulk
from dmart_tui.core.writing.creating import AUTO, plan_create
from dmart_tui.core.writing.interchange.tables import BODY, META_FIELDS, cell_text, value_of
from dmart_tui.core.writing.plan import Plan
from dmart_tui.core.writing.saving import plan_set

if TYPE_CHECKING:
    from dmart_tui.core.address import Address
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Entry
    from dmart_tui.core.writing.store import Store

_FIXED: Final = frozenset({"uuid", "shortname", "created_at", "updated_at", "owner_shortname"})
"""Fields that D-MART does not let an update change."""
_META_TYPES: Final = {
    "is_active": "boolean", "is_open": "boolean", "is_email_verified": "boolean", "is_msisdn_verified": "boolean",
    "force_password_change": "boolean", "is_read": "boolean", "tags": "array", "roles": "array", "groups": "array",
    "permissions": "array", "resource_types": "array", "actions": "array", "conditions": "array", "acl": "array",
    "relationships": "array", "subpaths": "object", "allowed_fields_values": "object", "reporter": "object",
}  # fmt: skip
_TRUE: Final = frozenset({"true", "1", "yes"})
_FALSE: Final = frozenset({"false", "0", "no"})


@dataclass(frozen=True, slots=True)
class RowColumn:
    """What a column of a CSV file is taken for."""

    title: str
    key: str
    """Dotted; of the payload below `payload.body`. Empty when it is left out."""
    type: str | None
    """The JSON Schema type of its values, where it is known."""


@dataclass(slots=True)
class ImportedRows:
    """What an import of rows did, or would do."""

    columns: Sequence[RowColumn]
    schema: str
    """Of the payloads; empty for none."""
    preview: bulk.Preview = field(default_factory=bulk.Preview)
    """Of a dry run."""
    report: bulk.Report = field(default_factory=bulk.Report)


def import_csv(
    store: Store,
    folder: Address,
    path: Path,
    *,
    type: str = "content",  # noqa: A002 - what D-MART calls it
    schema: str = "",
    keys: Mapping[str, str] | None = None,
    on_existing: Literal["update", "skip"] = "update",
    anyway: bool = False,
    dry_run: bool = False,
    cancel: CancelToken | None = None,
    progress: bulk.Progress | None = None,
) -> ImportedRows:
    """Make or change an entry for each row of a CSV file, as D-MART reads them.

    A title names a field of the meta (`displayname.en`), else a key of the payload (`price`, `size.width`; or
    `payload.body.price`). One of them is `shortname`; `auto` makes one up. Values have the type that the schema gives
    them: numbers may have commas between thousands, objects and lists are JSON. An empty cell says nothing.

    Args:
        schema: of the payloads; empty for the one that the folder takes, if it takes only one.
        keys: of columns, by their titles, where they are other ones than the titles say; empty leaves a column out.
        on_existing: whether entries that are there are changed; D-MART's fixed fields never are.
        anyway: also rows that break the schema.

    Raises:
        NotFound, Refused: there is no such folder, or no such file; the store is read-only.
        Damaged: it is no CSV from the start.
        UsageFault: no column is the shortname, or two have one title or one key.

    What is wrong with a row is told with the number of its line, and stops no other one. Memory: one row.
    """
    above = store.spaces.load(folder)
    if above.kind is Kind.ENTRY:
        raise UsageFault("rows go into a folder", address=str(folder))
    rows = _Rows(store, above.address, path, type, schema or _only_schema(store, above.address), on_existing)
    with _opened(path) as file:
        rows.begin(file, keys or {})
        check_columns(rows.columns, path)
        found = ImportedRows(rows.columns, rows.schema)
        if dry_run:
            found.preview = bulk.preview(rows.jobs(), cancel=cancel, progress=progress)
        else:
            title = f"Import {path.name}"
            found.report = bulk.run(store, title, rows.jobs(), anyway=anyway, cancel=cancel, progress=progress)
        return found


def csv_columns(
    store: Store, folder: Address, path: Path, *, schema: str = "", keys: Mapping[str, str] | None = None
) -> list[RowColumn]:
    """What `import_csv` takes the columns of a file for; reads its first line.

    Raises:
        NotFound, Damaged, Failed, UsageFault: as `import_csv`, but for what `check_columns` looks at.
    """
    rows = _Rows(store, folder, path, "", schema or _only_schema(store, folder), "update")
    with _opened(path) as file:
        rows.begin(file, keys or {})
    return rows.columns


def check_columns(columns: Sequence[RowColumn], path: Path) -> None:
    """Raise UsageFault when no column is the shortname, or two are one key."""
    keys = [column.key for column in columns if column.key]
    if "shortname" not in keys:
        raise UsageFault("no column is the shortname", address=str(path), hint="`auto` in it makes names")
    if twice := next((key for key in keys if keys.count(key) > 1), ""):
        raise UsageFault(f"two columns are {twice}", address=str(path))


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except FileNotFoundError:
        raise NotFound("no such file", address=str(path)) from None
    except OSError as error:
        raise Failed(f"cannot be read: {error.strerror}", address=str(path)) from None


def _only_schema(store: Store, folder: Address) -> str:
    """The schema that a folder takes, when it takes only one."""
    view = payload_value(store.spaces, store.spaces.load(folder), [])
    names = view.get("content_schema_shortnames") if isinstance(view, dict) else None
    return names[0] if isinstance(names, list) and len(names) == 1 and isinstance(names[0], str) else ""


class _Rows:
    def __init__(
        self, store: Store, folder: Address, path: Path, type_: str, schema: str, on_existing: Literal["update", "skip"]
    ) -> None:
        self._store = store
        self._folder = folder
        self._path = path
        self._type = type_
        self.schema = schema
        self._on_existing = on_existing
        self.columns: list[RowColumn] = []

    def begin(self, file: IO[str], keys: Mapping[str, str]) -> None:
        """Read the titles."""
        csv.field_size_limit(META_LIMIT)
        first = file.readline()
        file.seek(0)
        self._reader = csv.reader(file, delimiter=next((mark for mark in ",;\t" if mark in first), ","), strict=True)
        try:
            titles = [title.strip() for title in next(self._reader, [])]
        except (csv.Error, UnicodeDecodeError) as error:
            raise Damaged(f"is no CSV: {error}", address=str(self._path)) from None
        if len(set(titles)) != len(titles):
            raise UsageFault("two columns have one title", address=str(self._path))
        document = self._store.schemas.get(self._folder.space, self.schema).document if self.schema else None
        self.columns = [_column(title, keys.get(title, title), document) for title in titles]

    def jobs(self) -> Iterator[bulk.Job]:
        """A change for each row."""
        while True:
            line = self._reader.line_num + 1
            try:
                row = next(self._reader)
            except StopIteration:
                return
            except (csv.Error, UnicodeDecodeError) as error:
                yield self._failing(line, f"is no CSV: {error}")
                if isinstance(error, UnicodeDecodeError):  # the rest of the block is lost with it
                    return
                continue
            if not any(row):
                continue
            if len(row) != len(self.columns):
                yield self._failing(line, f"has {len(row)} cells, and {len(self.columns)} columns have a title")
                continue
            yield self._job(line, row)

    def _job(self, line: int, row: list[str]) -> bulk.Job:
        try:
            cells = {column.key: cell for column, cell in zip(self.columns, row, strict=True) if cell and column.key}
            values = {column.key: _typed(column, cells[column.key]) for column in self.columns if column.key in cells}
            address = self._folder.child(checked_name(str(values.pop("shortname", "")).strip()))
        except DmartTuiError as error:
            return self._failing(line, error.message)
        return bulk.Job(address, lambda: self._plan(line, address, values, cells), together=True)

    def _failing(self, line: int, why: str) -> bulk.Job:
        def plan() -> Plan:
            raise Damaged(f"line {line}: {why}")

        return bulk.Job(self._folder, plan)

    def _plan(self, line: int, address: Address, values: dict[str, Any], cells: dict[str, str]) -> Plan:
        try:
            return self._planned(address, values, cells)
        except DmartTuiError as error:
            raise Refused(f"line {line}: {error.message}", address=error.address, hint=error.hint) from None

    def _planned(self, address: Address, values: dict[str, Any], cells: dict[str, str]) -> Plan:
        if address.name != AUTO and (there := self._existing(address)) is not None:
            if self._on_existing == "skip":
                return Plan(f"Import {address}", address)
            body = payload_value(self._store.spaces, there, [])
            new = [key for key in values if cell_text(value_of(there.meta, body, key)) != cells[key].strip()]
            return plan_set(self._store, there.address, [(key, values[key]) for key in new if key not in _FIXED])
        meta: dict[str, Any] = {}
        made: dict[str, Any] = {}
        for key, value in values.items():
            inner = key.removeprefix(f"{BODY}.")
            _put(made if inner != key else meta, inner, value)
        if self.schema:
            meta["payload"] = {"schema_shortname": self.schema}
        return plan_create(self._store, address, self._type, meta, made or None)

    def _existing(self, address: Address) -> Entry | None:
        try:
            found = self._store.spaces.load(address)
        except NotFound:
            return None
        if found.kind is not Kind.ENTRY or not found.metas:
            return None
        if found.type != self._type:
            raise Refused(f"a {found.type} has this name", address=str(address))
        return found


def _column(title: str, key: str, document: Any) -> RowColumn:
    """A column whose key is written as titles are."""
    if not key:
        return RowColumn(title, "", None)
    name = key.removeprefix(f"{BODY}.")
    if name == key and key.partition(".")[0] in META_FIELDS:
        return RowColumn(title, key, _META_TYPES.get(key, "string"))
    return RowColumn(title, f"{BODY}.{name}", _type_in(document, name.split(".")))


def _type_in(document: Any, names: list[str]) -> str | None:
    """The type that a schema gives what stands under some keys."""
    if document is None:
        return None
    schemas = Subschemas(document)
    nodes = schemas.alternatives(document)
    for name in names:
        below = [mapping(node, "properties").get(name) for node in nodes]
        nodes = [node for inner in below if inner is not None for node in schemas.alternatives(inner)]
    types = {type_of(node) for node in nodes} - {None, "null"}
    return types.pop() if len(types) == 1 else None


def _typed(column: RowColumn, cell: str) -> Any:
    """The value that a cell means.

    Raises:
        UsageFault: it is none of its column's type.
    """
    text = cell.strip()
    match column.type:
        case "integer" | "number":
            try:
                value = json.loads(text.replace(",", ""))
            except ValueError:
                value = None
            if not isinstance(value, int if column.type == "integer" else int | float) or isinstance(value, bool):
                raise UsageFault(f"{column.title}: {text!r} is no {column.type}")
            return value
        case "boolean":
            if text.lower() not in _TRUE | _FALSE:
                raise UsageFault(f"{column.title}: {text!r} is neither true nor false")
            return text.lower() in _TRUE
        case "array" | "object":
            return _json(column, text)
        case "string":
            return cell
    return _json(column, text) if text.startswith(("[", "{")) else cell


def _json(column: RowColumn, text: str) -> Any:
    if column.key == "tags" and not text.startswith("["):
        return [tag.strip() for tag in text.split(",") if tag.strip()]
    try:
        value = json.loads(text)
    except ValueError:
        raise UsageFault(f"{column.title}: {text[:40]!r} is no JSON") from None
    if column.type and not isinstance(value, list if column.type == "array" else dict):
        raise UsageFault(f"{column.title}: {text[:40]!r} is no {column.type}")
    return value


def _put(document: dict[str, Any], key: str, value: Any) -> None:
    *above, name = key.split(".")
    for part in above:
        inner = document.setdefault(part, {})
        if not isinstance(inner, dict):
            raise UsageFault(f"{key}: another column puts a value at {part}")
        document = inner
    document[name] = value
