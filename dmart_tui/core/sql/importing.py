"""Files into tables: what a file holds and the types it seems to have are shown first, then it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core.errors import Failed, NotFound, UsageFault
from dmart_tui.core.sql.errors import explained
from dmart_tui.core.sql.results import Column
from dmart_tui.core.sql.values import quoted, string

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dmart_tui.core.sql.results import Result
    from dmart_tui.core.sql.session import Session

SourceFormat = Literal["csv", "json", "parquet"]

_SAMPLE: Final = 50
_HEAD: Final = 512
_ZIPPED: Final = (".gz", ".zst")
_ENDINGS: Final[dict[str, SourceFormat]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
_READERS: Final = {"csv": "read_csv", "json": "read_json", "parquet": "read_parquet"}
_OTHERS: Final = {
    b"PK\x03\x04": ("the engine reads no spreadsheets and no zip files", "save it as CSV and import that"),
    b"\xd0\xcf\x11\xe0": ("the engine reads no spreadsheets", "save it as CSV and import that"),
    b"SQLite format 3\0": ("the engine reads no SQLite databases", "export its tables as CSV"),
}


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What a file seems to hold.

    Args:
        columns: names and types as the engine takes them to be, from a sample of the file.
        sample: its first rows, all values as text, None for NULL.
        options: how it is written: delimiter, quote, header, …; empty where that cannot be otherwise.
        url: where the engine reads it.
    """

    path: Path
    form: SourceFormat
    columns: tuple[Column, ...]
    sample: tuple[tuple[str | None, ...], ...]
    options: Mapping[str, str]
    url: str

    @property
    def reader(self) -> str:
        """What stands behind FROM to read it."""
        return f"{_READERS[self.form]}({string(self.url)})"


def sniff(session: Session, path: Path) -> Sniffed:
    """Look into a CSV, JSON, JSON lines or Parquet file; the session may read it from then on.

    Raises:
        NotFound: no such file.
        UsageFault: a spreadsheet, a database, or another file that is no table.
        SqlError: it is damaged.
    """
    path = Path(path).expanduser().absolute()
    form = _format(path)
    url = session.engine.files.grant(path)
    found = Sniffed(path, form, (), (), {}, url)
    with session.cursor() as cursor:
        try:
            described = cursor.execute(f"DESCRIBE SELECT * FROM {found.reader}").fetchall()
            sample = cursor.execute(f"SELECT COLUMNS(*)::VARCHAR FROM {found.reader} LIMIT {_SAMPLE}").fetchall()
            options = _csv_options(cursor, url) if form == "csv" else {}
        except Exception as error:
            raise explained(error, "") from None
    columns = tuple(Column(name, kind) for name, kind, *_ in described)
    return Sniffed(path, form, columns, tuple(sample), options, url)


def load(
    session: Session,
    source: Sniffed,
    table: str,
    *,
    database: str = "",
    schema: str = "",
    types: Mapping[str, str] | None = None,
    append: bool = False,
) -> Result:
    """Load a file into a new table, or with `append` into one that is there; the result tells how many rows.

    It runs like any statement: in the session's transaction, and it can be interrupted.

    Args:
        database: where the table is made; empty: where the session is.
        types: of columns that shall have another than was sniffed.

    Raises:
        SqlError: a value does not fit its type, or the table cannot be made.
        UsageFault: a type is none, or of a column that is not there.
    """
    chosen = dict(types or {})
    known = {column.name for column in source.columns}
    if unknown := [name for name in chosen if name not in known]:
        raise UsageFault(f"the file has no column {unknown[0]}")
    for kind in chosen.values():
        _check_type(session, kind)
    name = ".".join(quoted(part) for part in (database, schema or (database and "main"), table) if part)
    if source.form == "csv" and chosen:
        typed = ", ".join(f"{string(column)}: {string(kind)}" for column, kind in chosen.items())
        rows = f"SELECT * FROM read_csv({string(source.url)}, types={{{typed}}})"
    elif chosen:
        parts = [
            f"CAST({quoted(column.name)} AS {chosen[column.name]}) AS {quoted(column.name)}"
            if column.name in chosen
            else quoted(column.name)
            for column in source.columns
        ]
        rows = f"SELECT {', '.join(parts)} FROM {source.reader}"
    else:
        rows = f"SELECT * FROM {source.reader}"
    return session.run(f"INSERT INTO {name} BY NAME {rows}" if append else f"CREATE TABLE {name} AS {rows}")


def _format(path: Path) -> SourceFormat:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        raise NotFound("no such file", address=str(path)) from None
    except OSError as error:
        raise Failed(f"cannot be read: {error.strerror}", address=str(path)) from None
    for magic, (message, hint) in _OTHERS.items():
        if head.startswith(magic):
            raise UsageFault(message, address=str(path), hint=hint)
    if head[8:12] == b"DUCK":
        raise UsageFault("is a database, not a table", address=str(path), hint="attach it")
    if head.startswith(b"PAR1"):
        return "parquet"
    inner = path.with_suffix("") if path.suffix in _ZIPPED else path
    if (named := _ENDINGS.get(inner.suffix.casefold())) is not None:
        return named
    return "json" if head.lstrip()[:1] in (b"{", b"[") else "csv"


def _csv_options(cursor: Any, url: str) -> dict[str, str]:
    found = cursor.execute(
        "SELECT Delimiter, Quote, Escape, SkipRows, HasHeader, DateFormat, TimestampFormat"
        f" FROM sniff_csv({string(url)})"
    ).fetchall()
    names = ("delimiter", "quote", "escape", "skip", "header", "date format", "timestamp format")
    return {name: str(value) for name, value in zip(names, found[0], strict=True) if value not in (None, "", "\0")}


def _check_type(session: Session, kind: str) -> None:
    """A type is put into statements as it is, so it must be one and no more."""
    with session.cursor() as cursor:
        try:
            cursor.sqltype(kind)
        except Exception:
            raise UsageFault(f"{kind} is no type") from None
