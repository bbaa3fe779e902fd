"""A range of days as Arrow, for DuckDB and whoever else reads it: of its blocks only what is asked for is read.

Columns of one kind of values keep it (numbers, truths, texts, bytes, dates, times); all others become JSON.
"""

from __future__ import annotations

from array import array
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dmart_tui.core.background import CancelToken
from dmart_tui.core.historydb.columns import Column
from dmart_tui.core.historydb.dates import FIRST, LAST
from dmart_tui.core.historydb.frames import COLUMNS
from dmart_tui.core.historydb.queries.compiling import DAY
from dmart_tui.core.historydb.queries.selecting import Selection, selected
from dmart_tui.core.historydb.reading import read_ranges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.historydb.blocks import BlockRef
    from dmart_tui.core.historydb.reading import Read
    from dmart_tui.core.historydb.store import Store

DAY_NAME: Final = "_day"
"""The column of the documents' days, dates."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1)
_MICROSECOND: Final = timedelta(microseconds=1)
_KINDS: Final = {
    int: "int64",
    float: "float64",
    bool: "bool_",
    str: "string",
    bytes: "binary",
    datetime: "timestamp",
    date: "date32",
}
_JSON: Final = "json"
_NULL: Final = "null"
_lines: Final = msgspec.json.Encoder(enc_hook=str).encode_lines


class ArrowRange:
    """What has `__arrow_c_stream__`: the documents from a day to a day, a record batch a block.

    It is read when that is first called, into buffers about as large as the values; several may read it then.

    Args:
        first, last: days since 1970, both included; None leaves that side open.
        columns: fields; by default all that occur, and `_day`.
        cancel: looked at between blocks.

    Raises:
        Damaged, Failed: a block cannot be read; file and frame are named.
    """

    def __init__(
        self,
        store: Store,
        first: int | None = None,
        last: int | None = None,
        columns: Sequence[str] | None = None,
        *,
        read: Read = read_ranges,
        cancel: CancelToken | None = None,
    ) -> None:
        self._first = FIRST if first is None else first
        self._last = LAST if last is None else last
        self._date_field = store.date_field
        self._refs = sorted(store.blocks(self._first, self._last), key=lambda ref: (ref.day_min, ref.order, ref.offset))
        self._columns = columns
        self._read = read
        self._cancel = cancel or CancelToken()

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        from nanoarrow.c_array_stream import CArrayStream

        return CArrayStream.from_c_arrays(self._batches, self._schema, validate=False).__arrow_c_stream__()

    @property
    def columns(self) -> list[str]:
        """Their names."""
        return list(self._types)

    @property
    def _types(self) -> dict[str, str]:
        return self._made[0]

    @property
    def _schema(self) -> Any:
        return self._made[1]

    @property
    def _batches(self) -> list[Any]:
        return self._made[2]

    @cached_property
    def _made(self) -> tuple[dict[str, str], Any, list[Any]]:
        """What kind each column has, the schema and the batches."""
        import nanoarrow

        found = [(ref, *self._block(ref)) for ref in self._refs]
        names = dict.fromkeys([*(self._columns or ()), *(name for _, _, made in found for name in made)] or [DAY_NAME])
        types = {name: _joined({made[name][0] for _, _, made in found if name in made}) for name in names}
        schema = nanoarrow.struct({name: _type(kind) for name, kind in types.items()})
        batches = []
        for ref, count, made in found:
            children = []
            for name, kind in types.items():
                known, child = made.get(name, ("", None))
                children.append(child if known == kind and child is not None else self._again(ref, name, kind))
            batches.append(nanoarrow.c_array_from_buffers(schema, count, [None], null_count=0, children=children))
        return types, nanoarrow.c_schema(schema), batches

    def _block(self, ref: BlockRef) -> tuple[int, dict[str, tuple[str, Any]]]:
        """How many documents of a block are asked for, and its columns by the kinds that they have there."""
        self._cancel.check()
        selection = self._selected(ref)
        names = self._columns or [*self._fields(ref, selection), DAY_NAME]
        selection.load(name for name in names if name != DAY_NAME)
        made: dict[str, tuple[str, Any]] = {}
        for name in names:
            if name == DAY_NAME:
                made[name] = (
                    "date32",
                    _arrow("date32", selection.count, [None, array("i", selection.column(DAY).values)]),
                )
                continue
            column = selection.column(name)
            kind = _kind(column)
            made[name] = kind, None if kind == _NULL else _array(kind, column, selection.count)
        return selection.count, made

    def _again(self, ref: BlockRef, name: str, kind: str) -> Any:
        """A column of a block that is of another kind elsewhere."""
        selection = self._selected(ref)
        return _array(kind, selection.column(name), selection.count)

    def _selected(self, ref: BlockRef) -> Selection:
        return selected(ref, self._first, self._last, self._date_field, self._read)

    def _fields(self, ref: BlockRef, selection: Selection) -> list[str]:
        if ref.kind == COLUMNS:
            return list(ref.fields)
        return list(dict.fromkeys(name for document in selection.documents() for name in document))


class ArrowRows:
    """What has `__arrow_c_stream__`: the rows of an answer, in one record batch."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self._columns = {name: Column("any", [row[at] for row in rows]) for at, name in enumerate(columns)}
        self._count = len(rows)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        import nanoarrow
        from nanoarrow.c_array_stream import CArrayStream

        kinds = {name: _kind(column) for name, column in self._columns.items()}
        schema = nanoarrow.struct({name: _type(kind) for name, kind in kinds.items()})
        children = [_array(kind, self._columns[name], self._count) for name, kind in kinds.items()]
        batch = nanoarrow.c_array_from_buffers(schema, self._count, [None], null_count=0, children=children)
        return CArrayStream.from_c_arrays([batch], nanoarrow.c_schema(schema), validate=False).__arrow_c_stream__()


def _kind(column: Column) -> str:
    """What kind of values there are, nothing left out of account."""
    if column.kind in ("int", "float", "bool") and column.whole:
        kinds: set[type] = {{"int": int, "float": float, "bool": bool}[column.kind]}
    else:
        kinds = set(map(type, column.words if column.kind == "dict" else column.values)) - {type(None)}
    if kinds == {int} and column.kind != "int" and not _fits(column.values):
        return _JSON
    return _joined({_KINDS.get(kind, _JSON) for kind in kinds})


def _fits(values: Sequence[Any]) -> bool:
    there = [value for value in values if value is not None]
    return all(value.bit_length() < 64 for value in (min(there), max(there)))


def _joined(kinds: set[str]) -> str:
    """The kind that holds values of all these kinds."""
    kinds = kinds - {_NULL}
    if not kinds:
        return _NULL
    if kinds == {"int64", "float64"}:
        return "float64"
    return kinds.pop() if len(kinds) == 1 else _JSON


def _type(kind: str) -> Any:
    import nanoarrow

    if kind == "timestamp":
        return nanoarrow.timestamp("us", "UTC")
    return getattr(nanoarrow, {_JSON: "string", _NULL: "string"}.get(kind, kind))()


def _array(kind: str, column: Column, count: int) -> Any:
    """Values as an Arrow array."""
    values = column.values
    nulls = [value is None for value in values] if None in values else None
    valid = None if nulls is None else _bits(not null for null in nulls)
    buffers: list[Any]
    match kind:
        case "string" | "binary" | "json" | "null":
            parts = _texts(kind, column)
            buffers = [array("i", accumulate(map(len, parts), initial=0)), b"".join(parts)]
        case "bool_":
            buffers = [_bits(map(bool, values))]
        case "date32":
            buffers = [array("i", [0 if value is None else (value - _EPOCH_DAY).days for value in values])]
        case "timestamp":
            buffers = [array("q", [0 if value is None else _microseconds(value) for value in values])]
        case _:
            numbers = values if nulls is None else [0 if value is None else value for value in values]
            buffers = [array("q" if kind == "int64" else "d", numbers)]
    return _arrow(kind, count, [valid, *buffers], sum(nulls) if nulls else 0)


def _arrow(kind: str, count: int, buffers: list[Any], nulls: int = 0) -> Any:
    from nanoarrow import c_array_from_buffers

    return c_array_from_buffers(_type(kind), count, buffers, null_count=nulls)


def _texts(kind: str, column: Column) -> Sequence[bytes]:
    """The bytes of each text; of a column of few different ones each is encoded once."""
    if kind == "string" and column.kind == "dict":
        words = [word.encode() if word is not None else b"" for word in column.words]
        return list(map(words.__getitem__, column.codes))
    values = column.values
    if kind == "string":
        whole = "\n".join([value or "" for value in values]).encode()
        parts = whole.split(b"\n")
        # Some texts have lines.
        return parts if len(parts) == len(values) else [(value or "").encode() for value in values]
    if kind == "binary":
        return [value or b"" for value in values]
    return _lines(values).split(b"\n")[:-1]


def _bits(truths: Any) -> bytes:
    """Truths as bits, the first in the lowest of the first byte."""
    digits = bytes(truths).translate(b"01".ljust(256, b"1"))
    return int(digits[::-1] or b"0", 2).to_bytes((len(digits) + 7) // 8, "little")


def _microseconds(value: datetime) -> int:
    return ((value if value.tzinfo else value.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND
