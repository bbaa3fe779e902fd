"""The names of one folder in one block of bytes: a million names without a million objects."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from itertools import chain, compress, pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NATURAL_UP_TO: Final = 50_000
_CHUNK: Final = 16_384
_DIGITS: Final = re.compile(rb"[0-9]+")


class PackedNames:
    """Names with one flag byte each, in the order they were added.

    Memory: the name's bytes + 6 a row; the first sort, filter or `find` adds a folded copy (bytes + 5 a row). A result
    of `order` or `filter` takes 4 bytes a row. Names are raw: pass them through `safe()` before they reach a screen.
    Bytes that are not UTF-8 come and go as the surrogates of `os.fsdecode`. At most 4 GiB of names.

    Every method that looks at all names works in steps of a few milliseconds, so it can run in a thread beside an event
    loop.
    """

    __slots__ = ("_blob", "_ends", "_flags", "_folded", "_folded_ends", "_sorted")

    def __init__(self, entries: Iterable[tuple[str, int]] = ()) -> None:
        self._blob = bytearray(b"\0")  # every name stands between two NULs: one find() asks for a whole name
        self._ends = array("I")
        self._flags = bytearray()
        self._folded: bytes | None = None
        self._folded_ends = self._ends
        self._sorted: int | None = None
        self.extend(entries)

    def extend(self, entries: Iterable[tuple[str, int]]) -> None:
        """Add `(name, flags)` pairs, flags in 0..255.

        Raises:
            ValueError: a name holds a NUL, which no file name can.
        """
        blob, ends, flags = self._blob, self._ends, self._flags
        self._folded = self._sorted = None
        for name, flag in entries:
            raw = name.encode("utf-8", "surrogateescape")
            if b"\0" in raw:
                raise ValueError(f"a name with a NUL: {name!r}")
            flags.append(flag)
            blob += raw
            ends.append(len(blob))
            blob.append(0)

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[str]:
        return map(self.name, range(len(self)))

    def raw(self, index: int) -> bytes:
        """The bytes of a name as the file system has them."""
        return bytes(self._blob[self._ends[index - 1] + 1 if index else 1 : self._ends[index]])

    def name(self, index: int) -> str:
        return self.raw(index).decode("utf-8", "surrogateescape")

    def flags(self, index: int) -> int:
        return self._flags[index]

    @property
    def nbytes(self) -> int:
        """Bytes held now, the folded copy included once it exists."""
        size = len(self._blob) + 4 * len(self._ends) + len(self._flags)
        if self._folded is not None:
            size += len(self._folded) + (4 * len(self._folded_ends) if self._folded_ends is not self._ends else 0)
        return size

    def order(self, *, first: int = 0) -> array[int]:
        """The rows sorted by name regardless of case, those with a flag of the mask `first` before the others.

        Up to 50,000 names, numbers sort by value ("2" before "10"); above, by character: a second a million names.
        """
        keys = self._keys(len(self) <= _NATURAL_UP_TO)
        flags = self._flags
        ahead = [row for row in range(len(keys)) if flags[row] & first] if first else []
        rest = [row for row in range(len(keys)) if not flags[row] & first] if first else list(range(len(keys)))
        return array("I", chain(_sorted_rows(ahead, keys), _sorted_rows(rest, keys)))

    def sorted(self, *, first: int = 0) -> PackedNames:
        """A new pack with the rows in `order`; its `index` takes O(log n)."""
        order = self.order(first=first)
        pack = PackedNames((self.name(row), self._flags[row]) for row in order)
        pack._sorted = first
        return pack

    def filter(self, needle: str, *, fuzzy: bool = False, within: array[int] | None = None) -> array[int]:
        """The rows whose name holds `needle` regardless of case, in their order or in that of `within`.

        Args:
            needle: looked for as it is; with `fuzzy` its characters must appear in this order with anything between.
            within: a permutation or part of one, such as `order()` or an earlier filter's result.
        """
        wanted = _fold(needle.encode("utf-8", "surrogateescape"))
        if b"\0" in wanted:
            return array("I")
        if not wanted:
            return within[:] if within is not None else array("I", range(len(self)))
        rows = self._fuzzy_rows(wanted) if fuzzy else self._rows_with(wanted)
        if within is None:
            return array("I", rows)
        marks = bytearray(len(self))
        for row in rows:
            marks[row] = 1
        return array("I", compress(within, map(marks.__getitem__, within)))

    def find(self, prefix: str, *, within: array[int] | None = None, start: int = 0) -> int:
        """The first position at or after `start` (in `within`, else among the rows) of a name with this prefix, or -1.

        Case does not matter.
        """
        wanted = _fold(prefix.encode("utf-8", "surrogateescape"))
        rows = self._rows_with(b"\0" + wanted)
        if within is None:
            return next((row for row in rows if row >= start), -1)
        marks = bytearray(len(self))
        for row in rows:
            marks[row] = 1
        tail = within[start:]
        return next(compress(range(start, len(within)), map(marks.__getitem__, tail)), -1)

    def index(self, name: str) -> int:
        """The row of exactly this name, or -1; reads all names (20 ms a million) unless this pack is `sorted`."""
        raw = name.encode("utf-8", "surrogateescape")
        if b"\0" in raw:
            return -1
        if self._sorted is not None:
            return self._search(raw, self._sorted)
        at = self._blob.find(b"\0" + raw + b"\0")
        return -1 if at < 0 else bisect_left(self._ends, at + 1)

    def _search(self, raw: bytes, first: int) -> int:
        natural = len(self) <= _NATURAL_UP_TO
        wanted = _key(_fold(raw), natural)
        rows = range(len(self))
        split = bisect_left(rows, True, key=lambda row: not self._flags[row] & first) if first else 0
        for low, high in ((0, split), (split, len(self))):
            row = bisect_left(rows, wanted, low, high, key=lambda row: _key(_fold(self.raw(row)), natural))
            while row < high and _key(_fold(self.raw(row)), natural) == wanted:
                if self.raw(row) == raw:
                    return row
                row += 1
        return -1

    def _fold_all(self) -> bytes:
        if self._folded is None:
            blob, last = self._blob, len(self) - 1
            cuts = [1, *(self._ends[min(row, last)] + 1 for row in range(_CHUNK - 1, last + _CHUNK, _CHUNK))]
            folded = b"\0" + b"".join(_fold(bytes(blob[low:high])) for low, high in pairwise(cuts))
            # Only ASCII is sure to keep its length when its case goes.
            same = folded.isascii() and len(folded) == len(self._blob)
            ends = self._ends if same else array("I", (m.start() for m in re.finditer(b"\0", folded)))[1:]
            self._folded, self._folded_ends = folded, ends
        return self._folded

    def _keys(self, natural: bool) -> list[bytes]:
        folded, ends = self._fold_all(), self._folded_ends
        keys: list[bytes] = []
        for low in range(0, len(ends), _CHUNK):
            high = min(low + _CHUNK, len(ends))
            keys += folded[ends[low - 1] + 1 if low else 1 : ends[high - 1]].split(b"\0")
        return [_key(key, True) for key in keys] if natural else keys

    def _rows_with(self, wanted: bytes) -> Iterator[int]:
        folded, ends = self._fold_all(), self._folded_ends
        row, at = 0, folded.find(wanted)
        while at >= 0 and row < len(ends):
            row = bisect_left(ends, at + 1, row)
            if row == len(ends):
                return
            yield row
            # The NUL at the end of this name may open the next match.
            at = folded.find(wanted, ends[row])
            row += 1

    def _fuzzy_rows(self, wanted: bytes) -> Iterator[int]:
        folded, ends = self._fold_all(), self._folded_ends
        letters = [re.escape(char.encode("utf-8", "surrogateescape")) for char in _text(wanted)]
        # Atomic: the first place of each letter is as good as any, and no hostile name can make it try the others.
        pattern = re.compile(b"\0(?=" + b"".join(b"(?>[^\0]*?" + letter + b")" for letter in letters) + b")")
        for low in range(0, len(ends), _CHUNK):
            high = min(low + _CHUNK, len(ends))
            for match in pattern.finditer(folded, ends[low - 1] if low else 0, ends[high - 1] + 1):
                yield bisect_left(ends, match.start() + 1, low, high)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _fold(raw: bytes) -> bytes:
    return raw.lower() if raw.isascii() else _text(raw).casefold().encode("utf-8", "surrogateescape")


def _key(folded: bytes, natural: bool) -> bytes:
    """Numbers led by their count of digits compare by value."""
    return _DIGITS.sub(lambda m: b"%c%b" % (0x30 + min(len(m[0]), 9), m[0]), folded) if natural else folded


def _sorted_rows(rows: list[int], keys: list[bytes]) -> Iterator[int]:
    """Sort in pieces between splitters: one sort of a million keys would hold the interpreter for a second."""
    key = keys.__getitem__
    if len(rows) <= _CHUNK:
        return iter(sorted(rows, key=key))
    sample = sorted(map(key, rows[:: max(1, len(rows) // 4096)]))
    splitters = sample[:: max(1, len(sample) * _CHUNK // (2 * len(rows)))]
    pieces: list[list[int]] = [[] for _ in range(len(splitters) + 1)]
    for row in rows:
        pieces[bisect_left(splitters, keys[row])].append(row)
    return chain.from_iterable(sorted(piece, key=key) for piece in pieces)
