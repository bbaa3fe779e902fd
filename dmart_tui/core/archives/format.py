"""The bytes of both DES formats: structures, limits, and what must be true of a file before any of it is believed."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Literal

from dmart_tui.core.errors import Damaged

Format = Literal["des1", "des2"]
Severity = Literal["error", "warning", "note"]

# DES v1: header, DATA, META, INDEX, footer; all integers little-endian, no padding.
HEADER: Final = struct.Struct("<8sB7s")
"""Magic, version, seven zeros."""
HEADER_MAGIC: Final = b"DESHEAD1"
FOOTER: Final = struct.Struct("<8sB7sQQQQQQQ")
"""Magic, version, seven zeros; start and length of DATA, META and INDEX; the number of entries."""
FOOTER_MAGIC: Final = b"DESFOOT1"
VERSION: Final = 1
NAME_LENGTH: Final = struct.Struct("<H")
"""Begins an entry of the index; the name follows, then `ENTRY`. DES2 begins its entries in the same way."""
ENTRY: Final = struct.Struct("<QQQQI")
"""Offset and length of the content, offset and length of the meta (both absolute), flags."""
SMALLEST: Final = HEADER.size + FOOTER.size

EXTERNAL, COMPRESSED, ENCRYPTED, DELETED = 1, 2, 4, 8
"""Flags of an entry; only the first is ever written by the original."""

MAX_NAME_BYTES: Final = 0xFFFF
MAX_META_BYTES: Final = 10 << 20
"""Of one member's JSON; writers refuse more."""
BIG_FILES: Final = "_bigFiles"
"""The folder beside an archive that holds what is too big for it."""

# DES2: header, DATA, INDEX (a count, then entries with their metas), footer.
HEADER2: Final = struct.Struct("<4sB3s")
HEADER2_MAGIC: Final = b"DES2"
VERSIONS2: Final = (1, 2)
FOOTER2: Final = struct.Struct("<4sQ")
"""Magic, length of the index with its count."""
FOOTER2_MAGIC: Final = b"DESI"
COUNT2: Final = struct.Struct("<I")
SMALLEST2: Final = HEADER2.size + COUNT2.size + FOOTER2.size
PLACE2: Final = struct.Struct("<QQBQQ")
"""Offset, stored length, codec, compressed size, uncompressed size; ends an entry of version 1."""
BARE2: Final = struct.Struct("<QQ")
"""Offset and length: what the first two hours of version 1 wrote in its place."""
INLINE2: Final = struct.Struct("<QQBQQI")
"""After name and flags in version 2: as `PLACE2`, then the length of the meta, which follows."""
BIG2: Final = struct.Struct("<QI")
"""After name, flags and digest of a big file: its size, the length of the meta, which follows."""
BIG_FLAG2: Final = 1
CODECS: Final = ("none", "zstd", "lz4")
SHA256_HEX: Final = 64


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Args:
        kind: one or more words joined by hyphens, the same for the same trouble.
        severity: `error`: something cannot be read or must not be trusted; `warning`: it can, and somebody should know;
            `note`: harmless.
        position: of the member in the index; None when it concerns the archive.
        name: of the member, untrusted text.
        sentence: what is wrong, for a person, untrusted text.
    """

    kind: str
    severity: Severity
    position: int | None
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of an archive are; what `read_layout` returns lies inside the file, in order.

    Args:
        count: entries that the footer promises; of DES2 the index itself says it: None here.
        slack: bytes between the end of the index and the footer.
    """

    format: Format
    data_start: int
    data_end: int
    meta_start: int
    meta_end: int
    index_start: int
    index_length: int
    count: int | None
    slack: int = 0


def check_header(start: bytes, form: Format) -> list[Finding]:
    """What is wrong with the first 16 bytes of an archive; a lost header of DES v1 does no harm, nobody reads it."""
    if form == "des1":
        magic, version, reserved = HEADER.unpack_from(start)
        wanted, known = HEADER_MAGIC, version == VERSION
    else:
        magic, version, reserved = HEADER2.unpack_from(start)
        wanted, known = HEADER2_MAGIC, version in VERSIONS2
    severity: Severity = "warning" if form == "des1" else "error"
    if magic != wanted:
        return [Finding("header", severity, None, "", f"the header does not begin with {wanted.decode()}")]
    found = []
    if not known:
        found.append(Finding("header", severity, None, "", f"the header says version {version}"))
    if any(reserved):
        found.append(Finding("header-reserved", "warning", None, "", "reserved bytes of the header are set"))
    return found


def read_layout(tail: bytes, size: int, label: str) -> Layout:
    """Find and check the footer at the end of `tail`, the last bytes of a file of `size` bytes.

    Raises:
        Damaged: there is none, or it says what cannot be.
    """
    at = len(tail) - FOOTER.size
    if at >= 0 and tail.startswith(FOOTER_MAGIC, at):
        return _layout1(tail, at, size, label)
    at = len(tail) - FOOTER2.size
    if at >= 0 and tail.startswith(FOOTER2_MAGIC, at):
        return _layout2(tail, at, size, label)
    if not size:
        raise Damaged("is empty", address=label)
    if tail.rfind(FOOTER_MAGIC) >= 0:
        raise Damaged(
            "something follows its footer, or cuts it", address=label, command="`des repair` may save its members"
        )
    raise Damaged("has no footer: it is no DES archive, or was cut or never finished", address=label)


def _layout1(tail: bytes, at: int, size: int, label: str) -> Layout:
    _magic, version, _reserved, data, data_length, meta, meta_length, index, index_length, count = FOOTER.unpack_from(
        tail, at
    )
    if version != VERSION:
        raise Damaged(f"its footer says version {version}, which nobody knows", address=label)
    end = size - FOOTER.size
    ends = (data + data_length, meta + meta_length, index + index_length)
    if not (HEADER.size <= data and ends[0] <= meta and ends[1] <= index and ends[2] <= end):
        raise Damaged("its footer names parts that overlap or lie outside of it", address=label)
    return Layout("des1", data, ends[0], meta, ends[1], index, index_length, count, end - ends[2])


def _layout2(tail: bytes, at: int, size: int, label: str) -> Layout:
    _magic, index_length = FOOTER2.unpack_from(tail, at)
    index = size - FOOTER2.size - index_length
    if index < HEADER2.size or index_length < COUNT2.size:
        raise Damaged("its footer names an index that cannot be", address=label)
    return Layout("des2", HEADER2.size, index, index, index + index_length, index, index_length, None)
