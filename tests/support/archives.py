"""Archives byte by byte, good ones and damaged ones of every kind, and what a reader must do with each."""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.extracting import file_name
from dmart_tui.core.archives.source import LocalSource, Source, Stamp
from dmart_tui.core.archives.verifying import verify
from dmart_tui.core.errors import Damaged, DmartTuiError
from dmart_tui.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dmart_tui.core.background import CancelToken

U64 = (1 << 64) - 1
_REAL = os.environ.get("DMART_TUI_REAL_DATA")
SHARED = (Path(_REAL).parent if _REAL else Path(__file__).parents[3] / "shared" / "data") / "des"
"""Archives that the original programs made; may be absent."""


@dataclass(frozen=True)
class Made:
    """A member; what is None is as a writer would have it.

    Args:
        offset, length, meta_offset, meta_length: what its entry says instead of the truth.
        codec, digest: of DES2; a digest makes it a big file.
    """

    name: bytes
    content: bytes = b""
    meta: bytes | None = None
    flags: int = 0
    offset: int | None = None
    length: int | None = None
    meta_offset: int | None = None
    meta_length: int | None = None
    codec: int = 0
    size: int | None = None
    digest: bytes | None = None


FOOTER1 = ("data_start", "data_length", "meta_start", "meta_length", "index_start", "index_length", "count")


def des1(*members: Made, gap: bytes = b"", trailing_index: bytes = b"", **footer: int) -> bytes:
    """An archive of DES v1.

    Args:
        gap: bytes of DATA that belong to no member.
        trailing_index: stands in the INDEX after its entries.
        footer: fields of the footer that lie.
    """
    data, metas, index = bytearray(), bytearray(), bytearray()
    entries = []
    for member in members:
        meta = json.dumps({"size": len(member.content)}, separators=(",", ":")).encode()
        meta = meta if member.meta is None else member.meta
        external = member.flags & 1
        entries.append((member, 0 if external else 16 + len(data), len(metas), len(meta)))
        metas += meta
        data += b"" if external else member.content
    data += gap
    meta_start = 16 + len(data)
    for member, offset, meta_at, meta_length in entries:
        index += struct.pack("<H", len(member.name)) + member.name
        index += struct.pack(
            "<QQQQI",
            _or(member.offset, offset),
            _or(member.length, len(member.content)),
            _or(member.meta_offset, meta_start + meta_at),
            _or(member.meta_length, meta_length),
            member.flags,
        )
    index += trailing_index
    index_start = meta_start + len(metas)
    true = dict(
        zip(FOOTER1, (16, len(data), meta_start, len(metas), index_start, len(index), len(members)), strict=True)
    )
    footer_bytes = struct.pack("<8sB7s7Q", b"DESFOOT1", 1, b"", *(true | footer).values())
    return b"DESHEAD1\x01" + bytes(7) + bytes(data) + bytes(metas) + bytes(index) + footer_bytes


def des2(
    *members: Made,
    version: int = 2,
    bare: bool = False,
    reserved: bytes = b"",
    count: int | None = None,
    trailing_index: bytes = b"",
    index_length: int | None = None,
) -> bytes:
    """An archive of DES2; `bare` entries have an offset and a length only. Contents stand as they are given."""
    data, index = bytearray(), bytearray(struct.pack("<I", _or(count, len(members))))
    for member in members:
        index += struct.pack("<H", len(member.name)) + member.name
        offset, length = _or(member.offset, 8 + len(data)), _or(member.length, len(member.content))
        meta = member.meta or b""
        if member.digest is not None:
            index += struct.pack("<BH", 1 | member.flags, len(member.digest)) + member.digest
            index += struct.pack("<QI", _or(member.size, length), len(meta)) + meta
            continue
        if version == 2:
            index += struct.pack("<B", member.flags)
        index += struct.pack("<QQ", offset, length)
        if not bare:
            index += struct.pack("<BQQ", member.codec, length, _or(member.size, length))
        if version == 2:
            index += struct.pack("<I", len(meta)) + meta
        data += member.content
    index += trailing_index
    footer = struct.pack("<4sQ", b"DESI", _or(index_length, len(index)))
    return struct.pack("<4sB3s", b"DES2", version, reserved) + bytes(data) + bytes(index) + footer


def _or(lie: int | None, truth: int) -> int:
    return truth if lie is None else lie


ONE = Made(b"a", b"0123456789")
TWO = (ONE, Made(b"b", b"abcdefghij"))


def zstd(content: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor().compress(content)


def lz4(content: bytes) -> bytes:
    from lz4.frame import compress

    packed: bytes = compress(content)
    return packed


def _named(name: bytes) -> bytes:
    return des1(replace(ONE, name=name), Made(b"ok.txt", b"0123456789"))


def _changed(data: bytes, at: int, new: bytes) -> bytes:
    at %= len(data)
    return data[:at] + new + data[at + len(new) :]


def cases() -> dict[str, tuple[str, bytes]]:
    """Name -> (what is expected, in the words of the shared manifests; the bytes)."""
    good, good2 = des1(*TWO), des2(*TWO)
    first_entry = good.index(b"\x01\x00a\x10")
    found = {
        "empty": ("ok", des1()),
        "good": ("ok", good),
        "zero-length": ("ok", des1(Made(b"first"), *TWO, Made(b"last"))),
        "meta-none": ("ok", des1(replace(ONE, meta=b"{}"))),
        "data-gap": ("ok", des1(*TWO, gap=b"x" * 90)),
        "nothing": ("reject", b""),
        "header-only": ("reject", good[:16]),
        "cut-in-data": ("reject", good[:30]),
        "cut-in-meta": ("reject", good[: good.index(b'"size"') + 3]),
        "cut-in-index": ("reject", good[: first_entry + 20]),
        "cut-in-footer": ("reject", good[:-30]),
        "garbage-before": ("reject_or_recover", b"junk" + good),
        "garbage-after": ("reject_or_recover", good + b"junk"),
        "header-flipped": ("warn", _changed(good, 0, b"d")),
        "header-zeroed": ("warn", bytes(16) + good[16:]),
        "footer-version": ("reject", _changed(good, -64, b"\x02")),
        "index-length-huge": ("reject", des1(*TWO, index_length=1 << 63)),
        "index-length-8g": ("reject", des1(*TWO, index_length=8 << 30)),
        "index-length-zero": ("reject", des1(*TWO, index_length=0)),
        "count-more": ("reject", des1(*TWO, count=3)),
        "count-huge": ("reject", des1(*TWO, count=U64)),
        "count-less": ("warn", des1(*TWO, count=1)),
        "data-length-wraps": ("reject", des1(*TWO, data_length=U64)),
        "regions-overlap": ("reject", des1(*TWO, meta_start=17)),
        "name-length-first": ("reject", _changed(good, first_entry, b"\xff\xff")),
        "index-trailing": ("reject", des1(*TWO, trailing_index=b"\x01")),
        "overlap": ("warn", des1(ONE, replace(TWO[1], offset=18, length=8, meta=b'{"size":8}'), gap=b"x")),
        "overlap-bomb": ("warn", des1(ONE, *(Made(b"f%d" % i, b"", b"{}", offset=16, length=10) for i in range(50)))),
        "runs-past-end": ("member_error", des1(replace(ONE, length=400))),
        "offset-huge": ("member_error", des1(replace(ONE, offset=U64))),
        "length-huge": ("member_error", des1(replace(ONE, length=1 << 62))),
        "offset-in-header": ("member_error", des1(replace(ONE, offset=0))),
        "meta-length-huge": ("meta_error", des1(replace(ONE, meta_length=1 << 62))),
        "meta-in-data": ("meta_error", des1(replace(ONE, meta_offset=16))),
        "meta-list": ("meta_error", des1(replace(ONE, meta=b"[1]"))),
        "meta-no-json": ("meta_error", des1(replace(ONE, meta=b'{"size":'))),
        "meta-deep": ("meta_error", des1(replace(ONE, meta=b"[" * 5000 + b"]" * 5000))),
        "meta-bigint": ("meta_error", des1(replace(ONE, meta=b'{"a":' + b"9" * 5000 + b"}"))),
        "meta-nan": ("warn", des1(replace(ONE, meta=b'{"a":[{"b":NaN}]}'))),
        "meta-size-lies": ("warn", des1(replace(ONE, meta=b'{"size":999}'))),
        "duplicates": ("warn", des1(*TWO, replace(ONE, content=b"other"))),
        "case-only": ("warn", des1(replace(ONE, name=b"A.txt"), replace(ONE, name=b"a.txt"))),
        "encrypted": ("member_error", des1(replace(ONE, flags=4), TWO[1])),
        "compressed": ("member_error", des1(replace(ONE, flags=2), TWO[1])),
        "deleted": ("member_hidden", des1(replace(ONE, flags=8), TWO[1])),
        "flag-unknown": ("warn", des1(replace(ONE, flags=1 << 31))),
        "external-missing": ("member_error", des1(replace(ONE, flags=1), TWO[1])),
        "external-huge": ("member_error", des1(replace(ONE, flags=1, length=10**9), TWO[1])),
        "name-not-utf8": ("name_not_utf8", _named(b"\xff\xfe.txt")),
        "name-surrogate": ("name_not_utf8", _named(b"\xed\xa0\x80x")),
        "good-2": ("ok", good2),
        "empty-2": ("ok", des2()),
        "version-1": ("ok", des2(*TWO, version=1)),
        "version-1-bare": ("ok", des2(*TWO, version=1, bare=True)),
        "cut-2": ("reject", good2[:-12]),
        "magic-2": ("reject", _changed(good2, 0, b"X")),
        "version-3": ("reject", _changed(good2, 4, b"\x03")),
        "reserved-2": ("warn", des2(*TWO, reserved=b"\0\0\1")),
        "index-length-huge-2": ("reject", des2(*TWO, index_length=1 << 63)),
        "index-length-8": ("reject", des2(*TWO, index_length=8)),
        "count-less-2": ("warn", des2(*TWO, count=1)),
        "count-more-2": ("reject", des2(*TWO, count=3)),
        "duplicates-2": ("warn", des2(*TWO, ONE)),
        "offset-beyond-2": ("member_error", des2(replace(ONE, offset=10**6))),
        "length-huge-2": ("member_error", des2(replace(ONE, length=1 << 62))),
        "sizes-disagree-2": ("warn", des2(replace(ONE, size=99))),
        "codec-unknown-2": ("member_error", des2(replace(ONE, codec=7), TWO[1])),
        "no-zstd": ("member_error", des2(replace(ONE, codec=1))),
        "no-lz4": ("member_error", des2(replace(ONE, codec=2))),
        "zstd-cut": ("member_error", des2(Made(b"a", zstd(b"x" * 100)[:-4], codec=1, size=100))),
        "lz4-cut": ("member_error", des2(Made(b"a", lz4(b"x" * 100)[:-8], codec=2, size=100))),
        "zstd-bomb": ("member_error", des2(Made(b"a", zstd(bytes(64 << 20)), codec=1, size=10))),
        "lz4-bomb": ("member_error", des2(Made(b"a", lz4(bytes(64 << 20)), codec=2, size=10))),
        "size-huge-2": ("member_error", des2(Made(b"a", zstd(b"x" * 100), codec=1, size=1 << 62))),
        "flag-unknown-2": ("warn", des2(replace(ONE, flags=0x80))),
        "meta-list-2": ("meta_error", des2(replace(ONE, meta=b"[1]"))),
        "big-missing": ("member_error", des2(replace(ONE, digest=b"0" * 64))),
        "big-traversal": ("member_error", des2(Made(b"a", b"x" * 20, digest=b"../secret.txt"))),
        "name-2": ("name_unsafe", des2(replace(ONE, name=b"../../etc/passwd"))),
    }
    for label, name in {
        "dots": b"../../etc/passwd",
        "backslash": b"..\\..\\win.ini",
        "nothing": b"",
        "dotdot": b"..",
        "newline": b"a\nb",
        "nul": b"a\0b",
        "escape": b"\x1b[2Jx",
        "rtl": "x\u202egpj.exe".encode(),
        "markup": b"[bold red]x[/]",
        "long": b"n" * 65535,
    }.items():
        found[f"name-{label}"] = ("name_unsafe", _named(name))
    return found


def behaves(path: Path, expect: str) -> None:
    """Fail unless reading the archive does what is expected of it."""
    source = LocalSource(str(path))
    if expect.startswith("reject"):
        with source, pytest.raises(Damaged):
            open_archive(source)
        return
    with open_archive(source) as archive:
        findings = list(verify(archive, contents=True))
        bad = {finding.severity for finding in findings} - {"note"}
        failed = [position for position in range(len(archive)) if _fails(lambda at=position: archive.read(at))]
        broken = [position for position in range(len(archive)) if _fails(lambda at=position: archive.meta(at))]
        many = dict(archive.read_many(range(len(archive))))
        assert [position for position in many if isinstance(many[position], DmartTuiError)] == failed
        assert [position for position in failed if not _fails(lambda at=position: list(archive.pieces(at)))] == []
        unsafe = [member for member in archive.index if file_name(member.raw_name) != member.name]
        assert bool(failed) == (expect == "member_error")
        assert bool(broken) == (expect == "meta_error")
        assert bool(bad) == (expect not in ("ok", "undetectable", "member_hidden"))
        if expect == "member_hidden":
            assert any(member.deleted for member in archive.index)
        if expect.startswith("name_"):
            assert unsafe
            assert bool(_strict(unsafe[0].raw_name)) == (expect == "name_unsafe")
        for member in unsafe:
            file = file_name(member.raw_name)
            assert "/" not in file
            assert file not in ("", ".", "..")
            assert safe(file) == file
            assert len(file.encode()) <= 255


def _fails(read: object) -> bool:
    try:
        read()  # type: ignore[operator]
    except DmartTuiError:
        return True
    return False


def _strict(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


@dataclass
class Memory(Source):
    """Bytes in memory as a source; every request is counted."""

    data: bytes
    files: dict[str, bytes] = field(default_factory=dict)
    """What is beside it, by name."""

    def __post_init__(self) -> None:
        super().__init__("memory.des")

    @property
    def stamp(self) -> Stamp:
        return Stamp(len(self.data), sha256(self.data).hexdigest())

    @property
    def cache_key(self) -> str:
        return f"memory/{self.stamp.version}"

    def tail(self, wanted: int) -> tuple[bytes, Stamp]:
        data = self.data[-wanted:]
        self.count(1, len(data), len(data))
        return data, self.stamp

    def read(self, start: int, length: int) -> bytes:
        assert 0 < length <= len(self.data) - start
        self.count(1, length, length)
        return self.data[start : start + length]

    def stream(self, start: int, length: int) -> Iterator[bytes]:
        assert 0 < length <= len(self.data) - start
        self.count(1, length, length)
        for at in range(start, start + length, 50_000):
            yield self.data[at : min(at + 50_000, start + length)]

    def read_many(
        self, ranges: Sequence[tuple[int, int]], cancel: CancelToken | None = None
    ) -> Iterator[tuple[int, bytes]]:
        for position in reversed(range(len(ranges))):
            if cancel is not None:
                cancel.check()
            yield position, self.read(*ranges[position])

    def beside(self, name: str) -> Source | None:
        return Memory(self.files[name]) if name in self.files else None

    def by_key(self, key: str) -> Source | None:
        return self.beside(key)

    def close(self) -> None:
        return
