"""Tables as files: CSV, JSON lines, SQLite and Parquet, the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

Rows = list[tuple[Any, ...]]

# Thrift compact protocol types and Parquet physical types.
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
_INT64, _DOUBLE, _BYTES = 2, 5, 6
# SQLite stores the version of the library that wrote the file: bytes 96 to 99.
_SQLITE_WRITER: Final = struct.pack(">I", 3_040_000)


def csv_bytes(columns: Sequence[str], rows: Rows) -> bytes:
    """A comma-separated table with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode()


def jsonl_bytes(columns: Sequence[str], rows: Rows) -> bytes:
    """One object a line."""
    return b"".join(
        json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False).encode() + b"\n" for row in rows
    )


def sqlite_bytes(tables: dict[str, tuple[Sequence[str], Rows]]) -> bytes:
    """A database with these tables; column types follow the first row."""
    import sqlite3
    from pathlib import Path
    from tempfile import TemporaryDirectory

    kinds = {int: "INTEGER", float: "REAL"}
    with TemporaryDirectory() as directory:
        file = Path(directory) / "db.sqlite"
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("PRAGMA page_size=1024")
        connection.execute("BEGIN")
        for name, (columns, rows) in tables.items():
            typed = ", ".join(f"{c} {kinds.get(type(v), 'TEXT')}" for c, v in zip(columns, rows[0], strict=True))
            connection.execute(f"CREATE TABLE {name} ({typed})")
            connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", rows)
        connection.execute("COMMIT")
        connection.close()
        data = file.read_bytes()
    return data[:96] + _SQLITE_WRITER + data[100:]


def parquet_bytes(columns: Sequence[str], rows: Rows) -> bytes:
    """A Parquet file of required columns (int, float or str by the first row): one row group, plain, uncompressed."""
    out, chunks, group_size = bytearray(b"PAR1"), [], 0
    kinds = [{int: _INT64, float: _DOUBLE}.get(type(value), _BYTES) for value in rows[0]]
    for index, (name, kind) in enumerate(zip(columns, kinds, strict=True)):
        values = [row[index] for row in rows]
        if kind == _BYTES:
            data = b"".join(struct.pack("<I", len(raw)) + raw for raw in (value.encode() for value in values))
        else:
            data = struct.pack(f"<{len(values)}{'q' if kind == _INT64 else 'd'}", *values)
        page_header = _struct(
            (1, _I32, 0),
            (2, _I32, len(data)),
            (3, _I32, len(data)),
            (5, _STRUCT, _struct((1, _I32, len(rows)), (2, _I32, 0), (3, _I32, 3), (4, _I32, 3))),
        )
        offset, size = len(out), len(page_header) + len(data)
        out += page_header + data
        meta = _struct(
            (1, _I32, kind),
            (2, _LIST, _list(_I32, [_zigzag(0)])),
            (3, _LIST, _list(_BINARY, [_binary(name)])),
            (4, _I32, 0),
            (5, _I64, len(rows)),
            (6, _I64, size),
            (7, _I64, size),
            (9, _I64, offset),
        )
        chunks.append(_struct((2, _I64, offset), (3, _STRUCT, meta)))
        group_size += size
    leaves = [
        _struct((1, _I32, kind), (3, _I32, 0), (4, _BINARY, _binary(name)), *([(6, _I32, 0)] if kind == _BYTES else []))
        for name, kind in zip(columns, kinds, strict=True)
    ]
    schema = [_struct((4, _BINARY, _binary("schema")), (5, _I32, len(columns))), *leaves]
    group = _struct((1, _LIST, _list(_STRUCT, chunks)), (2, _I64, group_size), (3, _I64, len(rows)))
    footer = _struct(
        (1, _I32, 1),
        (2, _LIST, _list(_STRUCT, schema)),
        (3, _I64, len(rows)),
        (4, _LIST, _list(_STRUCT, [group])),
        (6, _BINARY, _binary("dmart_tui demo")),
    )
    return bytes(out) + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _zigzag(value: int) -> bytes:
    return _varint(value << 1 ^ value >> 63)


def _binary(text: str) -> bytes:
    raw = text.encode()
    return _varint(len(raw)) + raw


def _list(kind: int, items: list[bytes]) -> bytes:
    head = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + _varint(len(items))
    return head + b"".join(items)


def _struct(*fields: tuple[int, int, Any]) -> bytes:
    out, last = bytearray(), 0
    for number, kind, value in fields:
        out.append((number - last) << 4 | kind)
        out += _zigzag(value) if isinstance(value, int) else value
        last = number
    return bytes(out) + b"\0"
