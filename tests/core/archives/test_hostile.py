"""Archives with any bytes in footer, index and metadata: no crash, no wrong byte, no memory that they only claim."""

from __future__ import annotations

import json
import struct
import tracemalloc
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.repairing import repair
from dmart_tui.core.archives.source import LocalSource
from dmart_tui.core.archives.verifying import verify
from dmart_tui.core.errors import Damaged, DmartTuiError
from tests.support.archives import Made, Memory, des1, des2, lz4, zstd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from dmart_tui.core.archives.archive import Archive

CONSTANT = 6 << 20
"""Bytes that each step may take beside the archive's own: pieces of a megabyte, a decompressor, the interpreter's."""
HELD = 16 << 20
"""Bytes that a writer holds back of metadata and index, until there are more."""
LIES = [
    0,
    1,
    2,
    15,
    16,
    17,
    37,
    38,
    72,
    88,
    255,
    65535,
    1 << 31,
    (1 << 32) - 1,
    1 << 40,
    1 << 62,
    1 << 63,
    (1 << 64) - 1,
]

MEMBERS = (
    Made(b"report.pdf", b"%PDF-1.7 and so on", b'{"mime":"application/pdf","size":18}'),
    Made(b"empty"),
    Made("zażółć.txt".encode(), b"hello world"),
    Made(b"report.pdf", b"another of the name"),
    Made(b"outside.bin", b"x" * 40, flags=1),
)
PACKED = tuple(
    Made(b"m%d" % codec, pack(b"text " * 20), b'{"n":1}', codec=codec, size=100)
    for codec, pack in enumerate((lambda content: content, zstd, lz4))
)
GOOD = [
    des1(*MEMBERS),
    des1(*(Made(b"f%03d" % i, b"%d" % i) for i in range(60))),
    des2(*PACKED, Made(b"big", b"y" * 30, digest=b"0" * 64)),
    des2(*MEMBERS[:4], version=1),
    des2(*MEMBERS[:4], version=1, bare=True),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good archive with some of its bytes, fields or lengths changed, mostly behind its data."""
    data = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 4))):
        at = len(data) - 1 - min(draw(st.integers(0, 300)), len(data) - 1)
        match draw(st.sampled_from(["bytes", "field", "cut", "insert", "footer"])):
            case "bytes":
                new = draw(st.binary(min_size=1, max_size=6))
                data[at : at + len(new)] = new
            case "field":
                size = draw(st.sampled_from([2, 4, 8]))
                data[at : at + size] = draw(st.sampled_from(LIES)).to_bytes(8, "little")[:size]
            case "footer" if len(data) >= 72:
                start = len(data) - 8 * draw(st.integers(1, 7))
                data[start : start + 8] = draw(st.sampled_from(LIES)).to_bytes(8, "little")
            case "cut":
                del data[at : at + draw(st.integers(1, 40))]
            case "insert":
                data[at:at] = draw(st.binary(min_size=1, max_size=40))
        if not data:
            break
    return bytes(data)


@contextmanager
def bounded(size: int, constant: int = CONSTANT) -> Iterator[None]:
    """Fail when more memory was taken than an archive of so many bytes has, and a constant."""
    tracemalloc.start()
    try:
        yield
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= size + constant


def told_truth(archive: Archive, data: bytes) -> None:
    """Every content that is given out is what stands at its place, and is as long as promised."""
    for member in archive.index:
        try:
            content = archive.read(member.position)
        except DmartTuiError:
            continue
        assert len(content) == member.size
        if member.codec == "none" and content:
            assert content == data[member.offset : member.offset + member.stored]
            assert member.offset >= archive.layout.data_start
            assert member.offset + member.stored <= archive.layout.data_end
            assert archive.read(member.position, 1, 3) == content[1:4]
    for position, content in archive.read_many(range(len(archive))):
        if isinstance(content, bytes):
            assert content == archive.read(position)


def read_all(data: bytes, folder: Path) -> None:
    archive = report = None
    with bounded(len(data)), suppress(DmartTuiError):
        archive = open_archive(Memory(data))
    if archive is not None:
        with bounded(len(data)):
            told_truth(archive, data)
        with bounded(len(data)):
            exhaust(verify(archive, contents=True))
    target = folder / "repaired.des"
    target.unlink(missing_ok=True)
    with bounded(len(data)), suppress(DmartTuiError):
        report = repair(Memory(data), str(target))
    assert target.exists() is (report is not None)
    if report is not None:
        with open_archive(Memory(target.read_bytes())) as saved:
            assert len(saved) == report.kept
            assert not [found for found in verify(saved, contents=True) if found.severity == "error"]


META = b'{"list":[' + b'{"key":"value"},' * 100 + b"0]}"
LARGE = {
    "small members": des1(*(Made(b"%d" % i, b"0123456789", b'{"size":10,"n":1}') for i in range(4000))),
    "members of one name": des1(*(Made(b"", b"") for _ in range(4000))),
    "members of 2 KB": des1(*(Made(b"%d" % i, b"%d" % i * 500, b"{}") for i in range(3000))),
    "metadata of 1.6 KB": des1(*(Made(b"%d" % i, b"x", META) for i in range(800))),
    "one member of 20 MB": des1(Made(b"large", bytes(20 << 20))),
    "members that become large": des2(
        *(Made(b"%d" % i, zstd(bytes(1 << 20)), codec=1, size=1 << 20) for i in range(50))
    ),
    "one that becomes large": des2(Made(b"large", zstd(bytes(50 << 20)), codec=1, size=50 << 20)),
    "one that becomes large, lz4": des2(Made(b"large", lz4(bytes(50 << 20)), codec=2, size=50 << 20)),
}


@pytest.mark.parametrize("step", ["open", "contents", "some", "metadata", "verify", "repair", "repair without an end"])
@pytest.mark.parametrize("name", LARGE)
def test_no_step_takes_more_memory_than_the_file_and_a_constant(name: str, step: str, tmp_path: Path) -> None:
    path, target = tmp_path / "a.des", str(tmp_path / "b.des")
    path.write_bytes(LARGE[name][: -40 if "without" in step else None])
    source = LocalSource(str(path))
    archive = open_archive(source) if "repair" not in step else None
    with bounded(source.stamp.size, CONSTANT + (HELD if archive is None else 0)):
        if archive is None:
            with suppress(Damaged):
                repair(source, target)
        elif step == "open":
            open_archive(source)
        elif step == "verify":
            exhaust(verify(archive, contents=True))
        elif step == "metadata":
            exhaust(archive.metas(range(len(archive))))
        elif step == "some":
            small = [member.position for member in archive.index if member.size <= 1 << 20]
            exhaust(archive.read_many(small))
        else:
            for position in range(len(archive)):
                exhaust(archive.pieces(position))


def exhaust(found: Iterable[object]) -> None:
    """Take all of it and keep nothing."""
    deque(found, maxlen=0)


@settings(max_examples=120)
@given(damaged())
def test_any_damage(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    read_all(data, tmp_path_factory.getbasetemp())


@pytest.mark.long
@settings(max_examples=20_000)
@given(damaged())
def test_any_damage_for_long(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    read_all(data, tmp_path_factory.getbasetemp())


@given(st.binary(max_size=400), st.integers(0, 20))
def test_any_index(index: bytes, count: int) -> None:
    start = 16 + 50
    footer = struct.pack("<8sB7s7Q", b"DESFOOT1", 1, b"", 16, 50, start, 0, start, len(index), count)
    data = b"DESHEAD1\x01" + bytes(7) + bytes(range(50)) + index + footer
    with bounded(len(data)):
        archive = open_archive(Memory(data), tolerant=True)
        told_truth(archive, data)
        list(verify(archive))


@given(st.one_of(st.binary(max_size=200), st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps)))
def test_any_meta(meta: bytes | str) -> None:
    raw = meta if isinstance(meta, bytes) else meta.encode()
    for data in (des1(Made(b"a", b"content", raw)), des2(Made(b"a", b"content", raw))):
        with bounded(len(data)), open_archive(Memory(data)) as archive:
            try:
                assert isinstance(archive.meta(0), dict)
            except DmartTuiError:
                assert [finding.kind for finding in verify(archive) if finding.severity == "error"] == ["meta"]
            assert archive.read(0) == b"content"
