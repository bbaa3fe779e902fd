"""Columns: the values of one field of many documents, in the form that takes least to read.

A block of documents is an outline (days, which fields each document has, in which order) and a column a field, each
compressed by itself, so that a question reads what it asks about. Documents come back exactly.
"""

from __future__ import annotations

from array import array
from math import isnan
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core.historydb.values import UNREADABLE, Packing, decoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHAPES: Final = 255
"""Shapes of documents in a block of columns; where there are more, rows take less."""
_WORDS: Final = 256
_AT_ONCE: Final = 256
"""Documents of which all columns are made before the next ones: so many fit the caches of a processor."""
_LONG_WORD: Final = 64
"""Letters of the longest text whose smallest and largest are told."""
_INTEGERS: Final = (("i1", 7), ("i2", 15), ("i4", 31), ("i8", 63))
"""Forms of integers, and how many bits each holds beside the sign."""
_FORMATS: Final = {"i1": "b", "i2": "h", "i4": "i", "i8": "q", "f8": "d", "b1": "B"}

Shape = tuple[str, ...]
Range = tuple[Any, Any]


class Missing:
    """What stands in a column where a document has no such field."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()

Kind = Literal["int", "float", "bool", "dict", "any", "missing"]


class Column:
    """The values of one field, one a document.

    Args:
        values: with MISSING where a document has no such field, and None for null.
        codes: of a `dict`, places in `words`, one a document.
        words: of a `dict`, its different values.
        whole: whether it is known that each document has a value, none of them null; numbers are a typed memoryview.
    """

    __slots__ = ("_values", "codes", "kind", "whole", "words")

    def __init__(
        self,
        kind: Kind,
        values: Sequence[Any] | None,
        *,
        codes: Sequence[int] = b"",
        words: Sequence[Any] = (),
        whole: bool = False,
    ) -> None:
        self.kind = kind
        self._values = values
        self.codes = codes
        self.words = words
        self.whole = whole

    @property
    def values(self) -> Sequence[Any]:
        """All values, made when first asked for."""
        if self._values is None:
            self._values = list(map(self.words.__getitem__, self.codes))
        return self._values


# -- writing ----------------------------------------------------------------------------------------------------------


def shaped(documents: Sequence[dict[str, Any]]) -> tuple[list[Shape], bytes] | None:
    """The shapes of documents (the names of their fields in order) and which each has; None when there are too many."""
    numbers: dict[Shape, int] = {}
    codes = [numbers.setdefault(shape, len(numbers)) for shape in map(tuple, documents)]
    if len(numbers) > SHAPES:
        return None
    return list(numbers), bytes(codes) if len(numbers) > 1 else b""


def transposed(documents: Sequence[dict[str, Any]], shapes: list[Shape]) -> dict[str, list[Any]]:
    """The values of each field, of those documents that have it."""
    columns: dict[str, list[Any]] = {name: [] for shape in shapes for name in shape}
    for at in range(0, len(documents), _AT_ONCE):
        part = documents[at : at + _AT_ONCE]
        for name, column in columns.items():
            if len(shapes) == 1:
                column += map(itemgetter(name), part)
            else:
                column += [document[name] for document in part if name in document]
    return columns


def packed_column(packing: Packing, values: Sequence[Any]) -> tuple[bytes, str, Range | None]:
    """Values as they are stored, what they are called in the index, and their range where that helps."""
    kinds = set(map(type, values))
    has_null = type(None) in kinds
    kinds.discard(type(None))
    if len(kinds) == 1:
        kind = kinds.pop()
        if kind is str:
            return _texts(packing, values)
        if kind in (int, float, bool):
            found = _numbers(packing, values, kind, has_null)
            if found is not None:
                return found
    return packing.pack(["any", values]), "any", None


def _numbers(
    packing: Packing, values: Sequence[Any], kind: type, has_null: bool
) -> tuple[bytes, str, Range | None] | None:
    there: Sequence[Any] = [value for value in values if value is not None] if has_null else values
    smallest, largest = min(there), max(there)
    form = "f8" if kind is float else "b1"
    if kind is int:
        bits = max((~value if value < 0 else value).bit_length() for value in (smallest, largest))
        form = next((form for form, holds in _INTEGERS if bits <= holds), "")
        if not form:
            return None
    data = array(_FORMATS[form], [value or 0 for value in values] if has_null else values).tobytes()
    stored: list[Any] = [form, data]
    if has_null:
        stored.append(bytes(value is None for value in values))
    is_odd = kind is float and any(map(isnan, there))
    return packing.pack(stored), form, None if is_odd or kind is bool else (smallest, largest)


def _texts(packing: Packing, values: Sequence[Any]) -> tuple[bytes, str, Range | None]:
    numbers = {word: number for number, word in enumerate(dict.fromkeys(values))}
    if len(numbers) > _WORDS and len(numbers) > len(values) // 4:
        return packing.pack(["any", values]), "text", None
    codes = map(numbers.__getitem__, values)
    data = bytes(codes) if len(numbers) <= _WORDS else array("H", codes).tobytes()
    words = [word for word in numbers if word is not None]
    is_short = max(map(len, words)) <= _LONG_WORD
    return packing.pack(["dict", list(numbers), data]), "text", (min(words), max(words)) if is_short else None


# -- reading ----------------------------------------------------------------------------------------------------------


class Unsound(Exception):
    """A column that cannot be what was written."""


def read_column(data: bytes, count: int) -> Column:
    """The column that has `count` values; raises Unsound."""
    try:
        stored = decoder.decode(data)
        form = stored[0]
        if form == "any" and type(stored[1]) is list and len(stored[1]) == count:
            return Column("any", stored[1])
        if form == "dict":
            return _read_words(stored[1], stored[2], count)
        view = _cast(stored[1], _FORMATS[form])
        nulls = stored[2] if len(stored) > 2 else None
        if len(view) == count and (nulls is None or len(nulls) == count):
            return _read_numbers(form, view, nulls)
    except (*UNREADABLE, TypeError, KeyError, IndexError):
        pass
    raise Unsound


def _read_words(words: Any, data: Any, count: int) -> Column:
    if type(words) is not list or type(data) is not bytes:
        raise Unsound
    is_small = len(words) <= _WORDS
    codes: Sequence[int] = data if is_small else _cast(data, "H")
    is_known = not data.translate(None, bytes(range(len(words)))) if is_small else max(codes, default=0) < len(words)
    if len(codes) != count or not is_known:
        raise Unsound
    return Column("dict", None, codes=codes, words=words, whole=None not in words)


def _read_numbers(form: str, view: memoryview, nulls: bytes | None) -> Column:
    kind: Kind = "float" if form == "f8" else "bool" if form == "b1" else "int"
    values: Sequence[Any] = list(map(bool, view)) if kind == "bool" else view
    if nulls is not None:
        values = [None if null else value for value, null in zip(values, nulls, strict=True)]
    return Column(kind, values, whole=nulls is None)


def _cast(data: bytes, form: str) -> memoryview:
    view: memoryview = memoryview(data).cast(form)  # type: ignore[call-overload]
    return view


def presence(name: str, shapes: Sequence[Shape], codes: bytes, count: int) -> bytes | None:
    """Which documents have a field, 1 or 0 for each; None when all have it."""
    has = bytes(name in shape for shape in shapes)
    if all(has):
        return None
    return codes.translate(has.ljust(256, b"\0")) if len(shapes) > 1 else bytes(count)


def spread(column: Column, there: bytes) -> Column:
    """A column of the documents that have a field as one of all documents."""
    if column.kind == "dict":
        missing = len(column.words)
        left = iter(column.codes)
        codes = [next(left) if has else missing for has in there]
        words = [*column.words, MISSING]
        return Column("dict", None, codes=bytes(codes) if missing < _WORDS else codes, words=words)
    rest = iter(column.values)
    return Column(column.kind, [next(rest) if has else MISSING for has in there])


def documents_of(
    columns: dict[str, Sequence[Any]], shapes: Sequence[Shape], codes: bytes, count: int
) -> Iterator[dict[str, Any]]:
    """The documents, from the values of each field, of those documents that have it."""
    if len(shapes) == 1:
        names = shapes[0]
        if not names:
            return ({} for _ in range(count))
        return (dict(zip(names, row, strict=True)) for row in zip(*(columns[name] for name in names), strict=True))
    values = {name: iter(column) for name, column in columns.items()}
    return ({name: next(values[name]) for name in shapes[code]} for code in codes)
