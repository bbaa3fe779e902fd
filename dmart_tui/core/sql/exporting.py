"""Results into files: CSV, JSON, JSON lines, Parquet, Arrow and Markdown, as they stream."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, get_args

from dmart_tui.core.background import Cancelled
from dmart_tui.core.errors import DmartTuiError, Failed, Refused, UsageFault
from dmart_tui.core.files import replacing
from dmart_tui.core.sql.errors import Interrupted
from dmart_tui.core.sql.values import is_plain, quoted, show

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.sql.results import Column, Result

Format = Literal["csv", "json", "jsonl", "parquet", "arrow", "markdown"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
ENDINGS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".md": "markdown",
}
"""The format that a file's name asks for."""

_OPTIONS: Final[dict[str, str]] = {
    "csv": "FORMAT csv, HEADER true",
    "json": "FORMAT json, ARRAY true",
    "jsonl": "FORMAT json, ARRAY false",
    "parquet": "FORMAT parquet, COMPRESSION zstd",
}
# What a format would change or refuse is written as text, which the engine reads back as the type it was.
_AS_TEXT: Final[dict[str, re.Pattern[str]]] = {
    "parquet": re.compile(r"\b(U?HUGEINT|BIGNUM|BIT|TUPLE|INTERVAL|TIME WITH TIME ZONE|TIME_NS|VARIANT)\b|\"NULL\""),
    "arrow": re.compile(r"\b(ENUM|VARIANT|GEOMETRY)\b"),
}
_UNION: Final = re.compile(r"\bUNION\(")
_PAGE: Final = 1000


def export(
    result: Result,
    target: Path | BinaryIO,
    form: Format,
    *,
    progress: Callable[[int], None] | None = None,
    cancel: CancelToken | None = None,
) -> int:
    """Write all rows of a result; how many there were.

    A file takes the place of another, also behind a link, only when it is whole. Memory: some megabytes. Arrow and
    Markdown need a result that keeps its rows.

    Args:
        target: a path, or a file that is open for writing.
        progress: told the bytes that are written.

    Raises:
        UsageFault: the statement has no rows to give.
        Refused: it was stopped before its end.
        Cancelled: `cancel` was.
        Failed: the disk would not take it.
        SqlError, Interrupted: the statement did not end.
    """
    if not result.columns:
        raise UsageFault("the statement has no rows to export", hint="export a SELECT")
    if result.cut:
        raise Refused(f"rows are missing at its end: {result.cut}", hint="run the statement again")
    if isinstance(target, Path) and target.is_file():
        target = target.resolve()
    with replacing(target, mode=0o666) if isinstance(target, Path) else nullcontext(target) as file:
        out = _Counted(file, progress, cancel)
        try:
            if form == "markdown":
                return _markdown(result, out)
            with result.source(cancel=lambda: cancel is not None and cancel.cancelled) as (connection, source):
                out.check()
                rows = _selected(result.columns, source, form)
                if form == "arrow":
                    return _arrow(connection, rows, out)
                connection.register_filesystem(_sink(out))
                try:
                    copied = connection.execute(f"COPY ({rows}) TO 'sink://out' ({_OPTIONS[form]})").fetchall()
                finally:
                    connection.unregister_filesystem("sink")
                return int(copied[0][0])
        except (DmartTuiError, OSError) as error:
            if out.failed is not None:
                raise out.failed from None
            if isinstance(error, Interrupted) and cancel is not None and cancel.cancelled:
                raise Cancelled from None
            raise
        finally:
            out.failed = None  # its frames hold the writer, which holds this: no collector frees that circle


def export_arrow(rows: Any, target: Path, form: Literal["parquet", "arrow"]) -> None:
    """Write what has `__arrow_c_stream__` to a file, which takes the place of another only when it is whole.

    Raises:
        Failed: the disk would not take it.
    """
    import duckdb

    with replacing(target, mode=0o666) as file, duckdb.connect(":memory:") as connection:
        out = _Counted(file, None, None)
        connection.register("answer", rows)
        try:
            if form == "arrow":
                _arrow(connection, "FROM answer", out)
                return
            connection.register_filesystem(_sink(out))
            connection.execute(f"COPY answer TO 'sink://out' ({_OPTIONS[form]})")
        except duckdb.Error as error:
            raise out.failed or Failed(f"cannot be written: {str(error).partition(chr(10))[0]}") from None


def _selected(columns: Sequence[Column], source: str, form: str) -> str:
    """The rows of a source as a query, under their own names; those that stand twice get a number."""
    used: set[str] = set()
    parts = []
    for at, column in enumerate(columns):
        name, number = column.name, 1
        while name.casefold() in used:
            number += 1
            name = f"{column.name}_{number}"
        used.add(name.casefold())
        parts.append(f"{_written(f'c{at}', column.type, form)} AS {quoted(name)}")
    return f"SELECT {', '.join(parts)} FROM {source}"


def _written(value: str, kind: str, form: str) -> str:
    """A value as SQL, such that the format can hold it."""
    if form in ("json", "jsonl"):
        # No number of JSON is infinite, or none.
        finite = kind not in ("FLOAT", "DOUBLE")
        return (
            value if finite else f"CASE WHEN isfinite({value}) THEN to_json({value}) ELSE to_json({value}::VARCHAR) END"
        )
    if _UNION.search(kind):
        return f"to_json({value})::VARCHAR"
    as_text = _AS_TEXT.get(form)
    return f"{value}::VARCHAR" if as_text and as_text.search(kind) else value


def _arrow(connection: Any, rows: str, out: _Counted) -> int:
    from nanoarrow import c_array_stream
    from nanoarrow.ipc import StreamWriter

    written = 0
    with c_array_stream(connection.sql(rows)) as stream, StreamWriter.from_writable(out) as writer:
        for batch in stream:
            writer.write_array(batch)
            written += len(batch)
    return written


def _markdown(result: Result, out: _Counted) -> int:
    def line(cells: Sequence[str]) -> bytes:
        return f"| {' | '.join(cells)} |\n".encode("utf-8", "backslashreplace")

    out.write(line([_cell(column.name) for column in result.columns]))
    out.write(line(["---:" if is_plain(c.type) and c.type not in _LEFT else "---" for c in result.columns]))
    written = 0
    while rows := result.rows(written, _PAGE):
        out.write(
            b"".join(
                line(
                    [
                        "NULL" if value is None else _cell(show(value, column.type))
                        for value, column in zip(row, result.columns, strict=True)
                    ]
                )
                for row in rows
            )
        )
        written += len(rows)
    return written


_LEFT: Final = ("BOOLEAN", "VARCHAR", "JSON", "BLOB")
_MARKED: Final = str.maketrans({"\\": "\\\\", "|": "\\|", "\n": "<br>", "\r": ""})


def _cell(text: str) -> str:
    return text.translate(_MARKED)


class _Counted:
    """A file that counts, and stops what writes to it."""

    def __init__(self, file: BinaryIO, progress: Callable[[int], None] | None, cancel: CancelToken | None) -> None:
        self._file = file
        self._progress = progress
        self._cancel = cancel
        self.written = 0
        self.failed: BaseException | None = None

    def check(self) -> None:
        if self._cancel is not None:
            self._cancel.check()

    def write(self, data: bytes) -> int:
        try:
            self.check()
            self._file.write(data)
        except BaseException as error:
            self.failed = error
            raise
        self.written += len(data)
        if self._progress is not None:
            self._progress(self.written)
        return len(data)

    def flush(self) -> None:
        """The file is flushed by who opened it."""

    def close(self) -> None:
        """The file is closed by who opened it."""

    def tell(self) -> int:
        return self.written


def _sink(out: _Counted) -> Any:
    """A file system whose only file is the target: so the engine writes there, and nowhere else."""
    from fsspec import AbstractFileSystem

    class Sink(AbstractFileSystem):  # type: ignore[misc]
        protocol = "sink"
        cachable = False

        def open(self, path: str, mode: str = "wb", *_args: Any, **_options: Any) -> _Counted:
            return out

        def info(self, path: str, **_options: Any) -> dict[str, Any]:
            raise FileNotFoundError(path)

    return Sink()
