"""The index of an archive: its raw bytes and where each entry begins, nothing else until it is asked for."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from dmart_tui.core.archives import format as des

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dmart_tui.core.archives.format import Layout

_DIGEST: Final = re.compile(rb"[0-9a-f]{64}")
_BLOCK: Final = 4096
"""Entries looked at together."""
_SINGLY: Final = 128
"""Entries walked one by one before a run is looked for again."""
_RUN, _LONGEST_RUN = 32, 4096
_KNOWN_FLAGS: Final = des.EXTERNAL | des.COMPRESSED | des.ENCRYPTED | des.DELETED
_UNKNOWN_FLAGS: Final = "has flags that nobody knows"
_TOO_MUCH_META: Final = "its metadata is larger than any writer allows"


class Member(NamedTuple):
    """One entry of the index, checked against the archive's layout.

    Args:
        position: in the index.
        offset: of its bytes in the file; 0 when external.
        stored: bytes it takes in the file; 0 when external.
        size: bytes of its content.
        meta_offset: of its JSON in the file.
        codec: `none`, `zstd`, `lz4`, or the number of an unknown one.
        external: its content is a file of its own.
        digest: SHA-256 of the content as hex, where the index knows it.
        problem: why its content cannot be read, a sentence; empty when nothing speaks against it.
        meta_problem: the same of its metadata.
        oddity: what no writer writes and does no harm, a sentence, or empty.
        deleted: the flag reserved for it is set, and its content can still be read; or the file beside a DES2 archive
            says so, and it is not read.
    """

    position: int
    raw_name: bytes
    offset: int
    stored: int
    size: int
    meta_offset: int
    meta_length: int
    flags: int
    codec: str = "none"
    external: bool = False
    digest: str | None = None
    problem: str = ""
    meta_problem: str = ""
    oddity: str = ""
    deleted: bool = False

    @property
    def name(self) -> str:
        """Untrusted text; bytes that are no UTF-8 are lone surrogates, as `os.fsdecode` makes them."""
        return self.raw_name.decode("utf-8", "surrogateescape")


class Index:
    """Entries of the four kinds there are, found by walking from length to length.

    Costs 4 bytes an entry beside the raw index (8 above 4 GB). Walking takes 30 ns an entry where neighbours are of
    equal length, as numbered names are, else 120 ns.

    Args:
        raw: the INDEX; grows while it comes, `walk` finds what is new.
        kind: which entries: `des1`; of DES2 `des2`, `des2-v1` or `des2-bare`.
    """

    def __init__(self, layout: Layout, raw: bytes | bytearray, kind: str) -> None:
        self.raw = raw
        self.kind = kind
        self.end = des.COUNT2.size if layout.format == "des2" else 0
        """Bytes of the index that were understood."""
        self.tombstones: Mapping[bytes, str] = {}
        """Names of members that were deleted, as the file beside a DES2 archive says."""
        self._layout = layout
        self._offsets = array("I" if layout.index_length < 1 << 32 else "Q")

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def nbytes(self) -> int:
        """Memory taken beside the raw index."""
        return self._offsets.itemsize * len(self._offsets)

    def walk(self) -> None:
        """Find the entries that are whole by now."""
        tail = _TAILS.get(self.kind)
        if tail is None:
            self.end = _walk_tagged(self.raw, self.end, self._offsets)
        else:
            self.end = _walk_fixed(self.raw, self.end, self._offsets, des.NAME_LENGTH.size + tail)

    @property
    def whole(self) -> bool:
        """Whether the index was understood to its last byte."""
        return self.end == self._layout.index_length

    def raw_name(self, position: int) -> bytes:
        """The name of a member as it stands; raises IndexError."""
        start = self._offsets[position] + 2
        return bytes(self.raw[start : start + (self.raw[start - 2] | self.raw[start - 1] << 8)])

    def names(self) -> Iterator[bytes]:
        """All names in order, 150 ns each."""
        for block, places, begin, end in self._blocks():
            for at, after in places:
                yield block[at - begin : after - end]

    def texts(self) -> Iterator[str]:
        """All names in order as `Member.name` has them, 200 ns each."""
        for block, places, begin, end in self._blocks():
            text = block.decode("latin-1")
            for at, after in places:
                name = text[at - begin : after - end]
                yield name if name.isascii() else name.encode("latin-1").decode("utf-8", "surrogateescape")

    def _blocks(self) -> Iterator[tuple[bytes, Iterable[tuple[int, int]], int, int]]:
        """Some thousand entries at once, where in the index their names stand, and what to take off from both ends."""
        tail = _TAILS.get(self.kind)
        for low in range(0, len(self), _BLOCK):
            starts = self._offsets[low : low + _BLOCK + 1]
            if low + _BLOCK >= len(self):
                starts.append(self.end)
            first = starts[0]
            block = bytes(self.raw[first : starts[-1]])
            if tail is not None:
                yield block, pairwise(starts), first - 2, first + tail
            else:
                lengths = (block[at - first] + (block[at - first + 1] << 8) for at in starts[:-1])
                yield (
                    block,
                    ((at, at + 2 + length) for at, length in zip(starts, lengths, strict=False)),
                    first - 2,
                    first,
                )

    def find(self, name: bytes) -> list[int]:
        """The positions of all members with this name, in order; looks through the raw bytes, 20 ms for a million."""
        if len(name) > des.MAX_NAME_BYTES:
            return []
        wanted = des.NAME_LENGTH.pack(len(name)) + name
        found = []
        at = self.raw.find(wanted)
        while at >= 0 and (position := bisect_left(self._offsets, at)) < len(self._offsets):
            if self._offsets[position] == at:
                found.append(position)
                at += 1
            else:  # inside an entry: the next one is the first that can begin so
                at = self._offsets[position]
            at = self.raw.find(wanted, at)
        return found

    def repeated(self, fold: Callable[[bytes], bytes] | None = None) -> list[list[int]]:
        """Groups of positions whose names are the same, each in order; half a second and 40 MB for a million.

        Args:
            fold: what is compared in place of the names.
        """
        names = self.names if fold is None else lambda: map(fold, self.names())
        ordered = sorted(map(hash, names()))
        twice = {one for one, other in pairwise(ordered) if one == other}
        del ordered
        groups: dict[bytes, list[int]] = {}
        for position, name in enumerate(names()) if twice else ():
            if hash(name) in twice:
                groups.setdefault(name, []).append(position)
        return [group for group in groups.values() if len(group) > 1]

    def entry_bytes(self, position: int) -> bytes:
        """A whole entry as it stands."""
        stop = self._offsets[position + 1] if position + 1 < len(self._offsets) else self.end
        return bytes(self.raw[self._offsets[position] : stop])

    def __getitem__(self, position: int) -> Member:
        if position < 0:
            raise IndexError(position)
        name = self.raw_name(position)
        member = self._member(position, name)
        return member._replace(deleted=True) if name in self.tombstones else member

    def _member(self, position: int, name: bytes) -> Member:
        at = self._offsets[position] + 2 + len(name)
        if self.kind == "des1":
            return self._member1(position, name, at)
        if self.kind == "des2":
            return self._member2(position, name, at)
        if self.kind == "des2-v1":
            place = des.PLACE2.unpack_from(self.raw, at)
            return self._inline(position, name, place, 0, 0, 0)
        offset, length = des.BARE2.unpack_from(self.raw, at)
        return self._inline(position, name, (offset, length, 0, length, length), 0, 0, 0)

    def __iter__(self) -> Iterator[Member]:
        return map(self.__getitem__, range(len(self._offsets)))

    def _member1(self, position: int, name: bytes, at: int) -> Member:
        offset, length, meta, meta_length, flags = des.ENTRY.unpack_from(self.raw, at)
        layout = self._layout
        external = bool(flags & des.EXTERNAL)
        problem = meta_problem = ""
        if flags & (des.ENCRYPTED | des.COMPRESSED):
            how = "encrypted" if flags & des.ENCRYPTED else "compressed"
            problem = f"is marked as {how}, in a way that no version of the format describes"
        elif not external and not layout.data_start <= offset <= offset + length <= layout.data_end:
            problem = "its place lies outside of the archive's data"
        if meta_length and not layout.meta_start <= meta <= meta + meta_length <= layout.meta_end:
            meta_problem = "the place of its metadata lies outside of the archive's metadata"
        elif meta_length > des.MAX_META_BYTES:
            meta_problem = _TOO_MUCH_META
        return Member(
            position,
            name,
            0 if external else offset,
            0 if external else length,
            length,
            meta,
            meta_length,
            flags,
            external=external,
            problem=problem,
            meta_problem=meta_problem,
            oddity=_UNKNOWN_FLAGS if flags > _KNOWN_FLAGS else "",
            deleted=bool(flags & des.DELETED),
        )

    def _member2(self, position: int, name: bytes, at: int) -> Member:
        flags = self.raw[at]
        at += 1
        if not flags & des.BIG_FLAG2:
            *place, meta_length = des.INLINE2.unpack_from(self.raw, at)
            return self._inline(position, name, place, at + des.INLINE2.size, meta_length, flags)
        (digest_length,) = des.NAME_LENGTH.unpack_from(self.raw, at)
        at += des.NAME_LENGTH.size
        digest = bytes(self.raw[at : at + digest_length])
        size, meta_length = des.BIG2.unpack_from(self.raw, at + digest_length)
        sound = _DIGEST.fullmatch(digest) is not None
        return Member(
            position,
            name,
            0,
            0,
            size,
            self._layout.index_start + at + digest_length + des.BIG2.size,
            meta_length,
            flags,
            external=True,
            digest=digest.decode() if sound else None,
            problem="" if sound else "the file that holds its content is not named by a SHA-256",
            meta_problem=_TOO_MUCH_META if meta_length > des.MAX_META_BYTES else "",
            oddity=_UNKNOWN_FLAGS if flags != des.BIG_FLAG2 else "",
        )

    def _inline(
        self, position: int, name: bytes, place: Sequence[int], meta_at: int, meta_length: int, flags: int
    ) -> Member:
        offset, length, codec, compressed, size = place
        problem = oddity = ""
        if codec >= len(des.CODECS):
            problem = f"is compressed in an unknown way ({codec})"
        elif not self._layout.data_start <= offset <= offset + length <= self._layout.data_end:
            problem = "its place lies outside of the archive's data"
        elif length != compressed or (not codec and length != size):
            oddity = "the sizes in its entry contradict each other"
        elif flags:
            oddity = _UNKNOWN_FLAGS
        return Member(
            position,
            name,
            offset,
            length,
            size if codec else length,
            self._layout.index_start + meta_at,
            meta_length,
            flags,
            des.CODECS[codec] if codec < len(des.CODECS) else str(codec),
            problem=problem,
            meta_problem=_TOO_MUCH_META if meta_length > des.MAX_META_BYTES else "",
            oddity=oddity,
        )


_TAILS: Final = {"des1": des.ENTRY.size, "des2-v1": des.PLACE2.size, "des2-bare": des.BARE2.size}
"""What follows the name in entries of a fixed length."""


def _walk_fixed(raw: bytes | bytearray, at: int, offsets: array[int], fixed: int) -> int:
    """Append the offsets of entries whose length is that of the name plus `fixed`; where the first one is cut."""
    add = offsets.append
    limit = len(raw)
    while at + 1 < limit:
        at = _run(raw, at, offsets, fixed + raw[at] + (raw[at + 1] << 8), (0, 1))
        for _ in range(_SINGLY):
            if at + 1 >= limit:
                return at
            after = at + fixed + raw[at] + (raw[at + 1] << 8)
            if after > limit:
                return at
            add(at)
            at = after
    return at


def _walk_tagged(raw: bytes | bytearray, at: int, offsets: array[int]) -> int:
    """The same of entries of DES2 version 2, whose flags say what follows."""
    add = offsets.append
    limit = len(raw)
    while True:
        shape = _tagged(raw, at, limit)
        if not shape:
            return at
        at = _run(raw, at, offsets, *shape)
        for _ in range(_SINGLY):
            shape = _tagged(raw, at, limit)
            if not shape:
                return at
            add(at)
            at += shape[0]


def _tagged(raw: bytes | bytearray, at: int, limit: int) -> tuple[int, tuple[int, ...]] | None:
    """The length of an entry and where in it the bytes are that decide it; None when it is cut."""
    if at + 2 >= limit:
        return None
    flags = 2 + raw[at] + (raw[at + 1] << 8)
    if at + flags + 3 > limit:
        return None
    decides: tuple[int, ...]
    if raw[at + flags] & des.BIG_FLAG2:
        digest = raw[at + flags + 1] + (raw[at + flags + 2] << 8)
        meta = flags + 3 + digest + des.BIG2.size
        decides = (0, 1, flags, flags + 1, flags + 2, meta - 4, meta - 3, meta - 2, meta - 1)
    else:
        meta = flags + 1 + des.INLINE2.size
        decides = (0, 1, flags, meta - 4, meta - 3, meta - 2, meta - 1)
    if at + meta > limit:
        return None
    length = meta + int.from_bytes(raw[at + meta - 4 : at + meta], "little")
    return (length, decides) if at + length <= limit else None


def _run(raw: bytes | bytearray, at: int, offsets: array[int], length: int, decides: tuple[int, ...]) -> int:
    """Append a run of entries of equal length, found without looking at them one by one; where it ends.

    The next entry has the length of this one when the bytes that decide it are the same, so a whole run is known from
    those bytes of each, taken in strides.
    """
    count = _RUN
    while (stop := at + count * length) <= len(raw):
        if any(raw[at + place : stop : length].count(raw[at + place]) != count for place in decides):
            break
        offsets.extend(range(at, stop, length))
        at = stop
        count = min(count * 2, _LONGEST_RUN)
    return at
