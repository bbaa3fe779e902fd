"""Frames: what every file of a store is a sequence of.

A frame is the msgpack array `[kind, count, first day, last day, codec, raw length, CRC-32, payload]` whose integers are
written at full width, so that its head always takes 35 bytes. docs/history-store.md tells the format byte by byte.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from struct import Struct
from typing import Final
from zlib import crc32

import zstandard

from dmart_tui.core.errors import Damaged, Refused
from dmart_tui.core.units import format_size

HEAD_SIZE: Final = 35
LARGEST: Final = 64 << 20
"""Bytes of a payload, packed or not, that are believed."""
NO_CODEC: Final = 0
ZSTD: Final = 1
MORE: Final = 0x40
"""Bit of the codec: more frames of the same batch follow."""
_ENCRYPTED: Final = 0x80

ROWS: Final = "R"
COLUMNS: Final = "C"
INDEX: Final = "I"
TOMBSTONES: Final = "T"
MANIFEST: Final = "M"
_KINDS: Final = {ord(kind): kind for kind in (ROWS, COLUMNS, INDEX, TOMBSTONES, MANIFEST)}

MARK: Final = b"\x98\xa1"
"""What every frame begins with: an array of eight, and a text of one letter."""
_HEAD: Final = Struct(">HBBIBiBiBBBIBIBI")
_MARKS: Final = (0x98A1, 0xCE, 0xD2, 0xD2, 0xCC, 0xCE, 0xCE, 0xC6)
_CRC_AT: Final = 25
_local: Final = threading.local()


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a frame.

    Args:
        count: of documents.
        raw: bytes of the payload's content when it is not compressed.
        length: bytes of the payload.
    """

    kind: str
    count: int
    day_min: int
    day_max: int
    codec: int
    raw: int
    crc: int
    length: int
    more: bool

    @property
    def size(self) -> int:
        """Bytes of the whole frame."""
        return HEAD_SIZE + self.length


def frame(
    kind: str, count: int, days: tuple[int, int], codec: int, raw: int, payload: bytes, *, more: bool = False
) -> bytes:
    """A frame; raises Refused when no reader would believe its size."""
    if max(raw, len(payload)) > LARGEST:
        raise Refused(f"{format_size(max(raw, len(payload)))} are more than a frame may hold")
    head = bytearray(
        _HEAD.pack(
            0x98A1, ord(kind), 0xCE, count, 0xD2, days[0], 0xD2, days[1], 0xCC, codec | MORE * more, 0xCE, raw,
            0xCE, 0, 0xC6, len(payload),
        )
    )  # fmt: skip
    head[_CRC_AT + 1 : _CRC_AT + 5] = checksum(head, payload).to_bytes(4, "big")
    return bytes(head) + payload


def checksum(head: bytes | bytearray, payload: bytes | memoryview) -> int:
    """The CRC-32 of a frame: of its head without the sum itself, then its payload."""
    return crc32(payload, crc32(head[_CRC_AT + 5 : HEAD_SIZE], crc32(head[: _CRC_AT + 1])))


def read_head(data: bytes) -> Head | None:
    """The head that 35 bytes are; None when they are none that this program writes."""
    if len(data) < HEAD_SIZE:
        return None
    mark, letter, m1, count, m2, day_min, m3, day_max, m4, codec, m5, raw, m6, crc, m7, length = _HEAD.unpack_from(data)
    sound = (
        (mark, m1, m2, m3, m4, m5, m6, m7) == _MARKS
        and letter in _KINDS
        and codec & ~(MORE | _ENCRYPTED) in (NO_CODEC, ZSTD)
        and day_min <= day_max
        and raw <= LARGEST
        and length <= LARGEST
    )
    if not sound:
        return None
    return Head(_KINDS[letter], count, day_min, day_max, codec & ~MORE, raw, crc, length, bool(codec & MORE))


def packed(codec: int, data: bytes, level: int = 3) -> bytes:
    """Data as it is stored."""
    return zstandard.ZstdCompressor(level=level).compress(data) if codec == ZSTD else data


def unpacked(codec: int, data: bytes | memoryview, limit: int, where: str, offset: int) -> bytes:
    """Stored data as it was, at most `limit` bytes of it; what it says of its size is looked at first.

    Raises:
        Damaged: naming the file and the offset.
    """
    if codec == NO_CODEC:
        if len(data) > limit:
            raise damaged(where, offset, "is larger than it says")
        return bytes(data)
    if codec & _ENCRYPTED:
        raise damaged(where, offset, "is encrypted, which is not supported yet")
    try:
        size = zstandard.frame_content_size(data)
        if not 0 <= size <= limit:
            raise damaged(where, offset, "is larger than it says")
        return _decompressor().decompress(data, allow_extra_data=False)
    except zstandard.ZstdError:
        raise damaged(where, offset, "cannot be decompressed") from None


def _decompressor() -> zstandard.ZstdDecompressor:
    """One a thread, for making one costs as much as a small column."""
    try:
        made: zstandard.ZstdDecompressor = _local.decompressor
    except AttributeError:
        made = _local.decompressor = zstandard.ZstdDecompressor()
    return made


def damaged(where: str, offset: int, what: str) -> Damaged:
    """The error for a frame that is not sound."""
    return Damaged(f"the frame at byte {offset:,} {what}", address=where, hint="see `historydb verify`")
