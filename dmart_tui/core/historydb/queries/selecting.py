"""The documents of a block that are still looked at, as columns."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.historydb.blocks import read_block
from dmart_tui.core.historydb.columns import MISSING, Column
from dmart_tui.core.historydb.queries.compiling import DAY, compiled, reads
from dmart_tui.core.historydb.queries.expressions import Expression, Field
from dmart_tui.core.historydb.queries.kinds import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dmart_tui.core.historydb.blocks import Block, BlockRef
    from dmart_tui.core.historydb.reading import Read

_FEW: Final = 256
"""Words of a column whose codes are bytes."""
_FREEZING: Final = {bool, list, dict}
"""Kinds of values that are no keys as they are."""


_NONE: Final = slice(0, 0)


class Selection:
    """Documents as columns, read and narrowed when they are asked for.

    Args:
        columns: those known from the start.
        part: the documents of `block` that it begins with.
    """

    def __init__(
        self, columns: dict[str, Column], count: int, date_field: str, block: Block | None = None, part: slice = _NONE
    ) -> None:
        self.count = count
        self._columns = {name: (column, 0) for name, column in columns.items()}
        self._date_field = date_field
        self._block = block
        self._part = part
        self._masks: list[Sequence[Any]] = []
        self._made: dict[str, Column] = {}

    def column(self, name: str) -> Column:
        """The values of a field; None where a document has no such field."""
        if name not in self._columns:
            self.load([name])
        column, applied = self._columns[name]
        if applied < len(self._masks):
            for mask in self._masks[applied:]:
                column = _kept(column, mask)
            self._columns[name] = column, len(self._masks)
        return column

    def load(self, names: Iterable[str]) -> None:
        """Read columns, in one go."""
        wanted = [name for name in dict.fromkeys(names) if name not in self._columns]
        if not wanted or self._block is None:
            return
        for name, column in self._block.read(wanted).items():
            self._columns[name] = _plain(_sliced(column, self._part)), 0

    def evaluate(self, expression: Expression) -> Column:
        """The values of an expression."""
        if isinstance(expression, Field) and len(expression.path) == 1:
            return self.column(expression.name)
        told = expression.to_text()
        if told not in self._made:
            names = reads(expression, self._date_field)
            function = compiled(expression, self._date_field)
            given = [self.column(name) for name in names]
            if not given:
                self._made[told] = Column("dict", None, codes=bytes(self.count), words=function())
            elif len(given) == 1 and given[0].kind == "dict":
                self._made[told] = Column("dict", None, codes=given[0].codes, words=function(given[0].words))
            else:
                self._made[told] = Column("any", function(*(column.values for column in given)))
        return self._made[told]

    def test(self, expression: Expression) -> None:
        """Keep what matches."""
        given = [self.column(name) for name in reads(expression, self._date_field)]
        function = compiled(expression, self._date_field, test=True)
        if len(given) == 1 and given[0].kind == "dict":
            flags = list(map(bool, function(given[0].words)))
            if all(flags):
                return
            codes = given[0].codes
            if isinstance(codes, bytes):
                self.keep(codes.translate(bytes(flags).ljust(_FEW, b"\0")))
            else:
                self.keep([flags[code] for code in codes])
        elif given:
            self.keep(function(*(column.values for column in given)))
        elif not function()[0]:
            self.keep(bytes(self.count))

    def keep(self, mask: Sequence[Any]) -> None:
        """Keep the documents for which the mask is true."""
        self._masks.append(mask)
        self._made.clear()
        self.count = len(list(filter(None, mask)))

    def documents(self) -> list[dict[str, Any]]:
        """The documents themselves."""
        assert self._block is not None
        found: Sequence[dict[str, Any]] = self._block.all_documents()[self._part]
        for mask in self._masks:
            found = list(compress(found, mask))
        return list(found)


def selected(ref: BlockRef, first: int, last: int, date_field: str, read: Read) -> Selection:
    """The documents of a block from a day to a day that were not erased."""
    block = read_block(ref, read)
    part = block.span(first, last)
    runs = [(day, count) for day, count in ref.runs if first <= day <= last]
    if len(runs) <= _FEW:
        codes = b"".join(bytes([at]) * count for at, (_, count) in enumerate(runs))
        days = Column("dict", None, codes=codes, words=[day for day, _ in runs], whole=True)
    else:
        days = Column("int", block.days[part], whole=True)
    selection = Selection({DAY: days}, part.stop - part.start, date_field, block, part)
    if (alive := block.alive) is not None:
        selection.keep(alive[part])
    return selection


def keys_of(column: Column) -> Sequence[Any]:
    """The values of a column as keys of their own: lists, maps and truths frozen."""
    if column.kind == "dict":
        words = list(map(frozen, column.words))
        return list(map(words.__getitem__, column.codes))
    values = column.values
    if column.kind in ("int", "float") or _FREEZING.isdisjoint(map(type, values)):
        return values
    return list(map(frozen, values))


def _sliced(column: Column, part: slice) -> Column:
    if column.kind == "dict":
        return Column("dict", None, codes=column.codes[part], words=column.words, whole=column.whole)
    return Column(column.kind, column.values[part], whole=column.whole)


def _plain(column: Column) -> Column:
    """The column with None for what is missing, and numbers as a list."""
    if column.kind == "missing":
        return Column("dict", None, codes=bytes(len(column.values)), words=[None])
    if column.kind == "dict":
        words = [None if word is MISSING else word for word in column.words]
        return Column("dict", None, codes=column.codes, words=words, whole=column.whole)
    values = column.values
    if isinstance(values, memoryview):
        return Column(column.kind, values.tolist(), whole=column.whole)
    if not column.whole and MISSING in values:
        values = [None if value is MISSING else value for value in values]
    return Column(column.kind, values, whole=column.whole)


def _kept(column: Column, mask: Sequence[Any]) -> Column:
    if column.kind == "dict":
        codes = compress(column.codes, mask)
        small = isinstance(column.codes, bytes)
        return Column(
            "dict", None, codes=bytes(codes) if small else list(codes), words=column.words, whole=column.whole
        )
    return Column(column.kind, list(compress(column.values, mask)), whole=column.whole)
