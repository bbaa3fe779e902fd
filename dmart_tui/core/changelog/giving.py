"""Rows of an answer written to a file: CSV, JSON or one JSON object a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.files import write_atomic

Row = Mapping[str, Any]


def _csv(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns])
        if buffer.tell() > _PIECE:
            yield buffer.getvalue().encode("utf-8", "replace")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    return json.dumps(value, default=str) if isinstance(value, dict | list | tuple) else value


def _ndjson(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False, default=_plain).encode("utf-8", "replace") + b"\n"


def _json(columns: Sequence[str], rows: Sequence[Row]) -> Iterator[bytes]:
    for number, line in enumerate(_ndjson(columns, rows)):
        yield (b",\n" if number else b"[\n") + line.rstrip(b"\n")
    yield b"\n]\n" if rows else b"[]\n"


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else str(value)


_PIECE: Final = 1_000_000
_FORMATS: Final[dict[str, Callable[[Sequence[str], Sequence[Row]], Iterator[bytes]]]] = {
    ".csv": _csv,
    ".json": _json,
    ".ndjson": _ndjson,
    ".jsonl": _ndjson,
}


def write_rows(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Write rows in the format that the name ends with, in place of what is there.

    Raises:
        UsageFault: it ends with none of these.
        Failed: the disk would not take it.
    """
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise UsageFault("a result is written as .csv, .json or .ndjson", address=str(path))
    write_atomic(path, form(columns, rows))
