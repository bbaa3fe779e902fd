"""Archives are written as the original writes them, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dmart_tui.core.archives import writer as writer_module
from dmart_tui.core.archives.big_files import LocalBigFiles
from dmart_tui.core.archives.writer import Writer
from dmart_tui.core.errors import Failed, Refused
from tests.support import crashing

REAL_DATA = os.environ.get("DMART_TUI_REAL_DATA")
ORIGINALS = (Path(REAL_DATA).parent if REAL_DATA else Path(__file__).parents[3] / "shared" / "data") / "des" / "dvdes"


class Found(NamedTuple):
    name: str
    content: bytes
    meta: dict[str, Any]
    flags: int


def read_back(path: Path) -> list[Found]:
    """A reader of our own, as small as the description of the format."""
    data = path.read_bytes()
    assert data[:16] == b"DESHEAD1\x01" + bytes(7)
    magic, version, reserved, *regions, count = struct.unpack("<8sB7s7Q", data[-72:])
    assert (magic, version, reserved) == (b"DESFOOT1", 1, bytes(7))
    data_start, data_length, meta_start, meta_length, index_start, index_length = regions
    assert data_start == 16
    assert meta_start == 16 + data_length
    assert index_start == meta_start + meta_length
    assert index_start + index_length + 72 == len(data)
    found, at = [], index_start
    while at < len(data) - 72:
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        start, size, meta, meta_size, flags = struct.unpack_from("<QQQQI", data, at + 2 + length)
        content = b"" if flags else data[start : start + size]
        found.append(Found(name, content, json.loads(data[meta : meta + meta_size]), flags))
        at += 38 + length
    assert len(found) == count
    return found


def hidden(folder: Path) -> list[str]:
    """What was left behind beside archives."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_the_worked_example_of_the_format(tmp_path: Path) -> None:
    path = tmp_path / "tiny.des"
    with Writer(str(path), digests=False) as writer:
        writer.add("report.pdf", b"x" * 270, {"mime": "application/pdf"})
        writer.add("log.txt", b"hello world", {"mime": "text/plain"})
        writer.add("data.bin", io.BytesIO(bytes(4096)))
    data = path.read_bytes()
    assert len(data) == 4685
    assert data[:16].hex() == "44455348454144310100000000000000"
    assert struct.unpack("<7Q", data[-56:]) == (16, 4377, 4393, 81, 4474, 139, 3)
    assert data[4393:4430] == b'{"mime":"application/pdf","size":270}'
    entry = "0a007265706f72742e70646610000000000000000e01000000000000291100000000000025000000000000000000"
    assert data[4474:].hex().startswith(entry)


def test_an_empty_archive(tmp_path: Path) -> None:
    path = tmp_path / "empty.des"
    with Writer(str(path)):
        pass
    assert len(path.read_bytes()) == 88
    assert read_back(path) == []


def test_every_meta_tells_size_and_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.des"
    with Writer(str(path)) as writer:
        digest = writer.add("a", b"abc", {"size": 7, "title": "ü"})
    [found] = read_back(path)
    assert digest == hashlib.sha256(b"abc").hexdigest()
    assert list(found.meta.items()) == [("size", 3), ("title", "ü"), ("sha256", digest)]


def _originals() -> list[tuple[Path, dict[str, Any]]]:
    manifest = ORIGINALS / "manifest.json"
    if not manifest.is_file():
        return []
    known = json.loads(manifest.read_text())["archives"]
    # The first version of the original wrote metas without a size.
    return [(ORIGINALS / one["path"], one) for one in known if "hist_" not in one["path"]]


@pytest.mark.skipif(not _originals(), reason="no archives of the original")
@pytest.mark.parametrize(("original", "told"), _originals(), ids=lambda value: getattr(value, "name", ""))
def test_the_same_bytes_as_the_original(original: Path, told: dict[str, Any], tmp_path: Path) -> None:
    data, rebuilt = original.read_bytes(), tmp_path / "rebuilt.des"
    big = _Recorded(told.get("external_keys", {}))
    with Writer(str(rebuilt), digests=False, big_files=big, big_file_threshold=1 << 40) as writer:
        for member in told["members"]:
            external = bool(member["flags"])
            writer._threshold = 0 if external else 1 << 40
            meta = {key: value for key, value in member["meta"].items() if key not in ("is_external", "external_key")}
            content = bytes(member["data_length"])
            if not external:
                content = data[member["data_offset"] : member["data_offset"] + member["data_length"]]
            writer.add(member["name"], content, meta)
    assert rebuilt.read_bytes() == data
    assert hashlib.sha256(data).hexdigest() == told["sha256"]


class _Recorded:
    """Big files that are said to be where the original put them."""

    def __init__(self, keys: dict[str, str]) -> None:
        self._keys = keys

    def put(self, name: str, content: Any, size: int) -> tuple[str, str]:
        key = self._keys[name]
        return "" if key.startswith("/") else key, ""

    def discard(self) -> None:
        raise AssertionError("nothing failed")


@pytest.mark.parametrize("name", ["", *(f"a{character}b" for character in '/\\:*?"<>|'), "\ud800", "ü" * 32_768])
def test_names_that_the_original_refuses(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.des"
    with Writer(str(path)) as writer:
        with pytest.raises(Refused):
            writer.add(name, b"x")
        writer.add("kept", b"y")
    assert [(found.name, found.content) for found in read_back(path)] == [("kept", b"y")]


@pytest.mark.parametrize("name", [".", "..", "CON", "a\0b", "line\nend", "x" * 65_535, " ", "é", "e\u0301"])
def test_names_that_the_original_takes(name: str, tmp_path: Path) -> None:
    with Writer(str(tmp_path / "a.des")) as writer:
        writer.add(name, b"x")
    assert [found.name for found in read_back(tmp_path / "a.des")] == [name]


@pytest.mark.parametrize(
    "meta", [{"x": float("nan")}, {"x": {1, 2}}, {"x": "y" * (10 << 20)}], ids=["nan", "set", "too large"]
)
def test_a_meta_that_cannot_be_leaves_no_content_behind(meta: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "a.des"
    with Writer(str(path), digests=False) as writer:
        writer.add("before", b"1")
        with pytest.raises(Refused):
            writer.add("a", b"z" * 3_000_000, meta)
        writer.add("after", b"2")
    assert path.read_bytes()[16:18] == b"12"
    assert [found.name for found in read_back(path)] == ["before", "after"]


def test_an_exception_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Writer(str(tmp_path / "a.des")) as writer:
        writer.add("a", b"x" * 5_000_000)
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_content_that_cannot_be_read_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(Failed), Writer(str(tmp_path / "a.des")) as writer:
        writer.add("a", Broken())
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.des"
    path.write_bytes(b"mine")
    with pytest.raises(Refused):
        Writer(str(path))
    path.unlink()
    with pytest.raises(Refused), Writer(str(path)) as writer:
        writer.add("a", b"x")
        path.write_bytes(b"mine")
    assert path.read_bytes() == b"mine"
    assert hidden(tmp_path) == []


def test_two_cannot_write_the_same(tmp_path: Path) -> None:
    path = str(tmp_path / "a.des")
    with Writer(path) as writer:
        with pytest.raises(Refused, match="another program"), Writer(path):
            pass
        writer.add("a", b"x")
    assert [found.name for found in read_back(tmp_path / "a.des")] == ["a"]


def test_much_is_kept_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_KEPT", 1000)
    path = tmp_path / "many.des"
    with Writer(str(path)) as writer:
        for number in range(30_000):
            writer.add(f"member {number:>{number % 90}}", b"%d" % number, {"n": number})
    found = read_back(path)
    assert [one.meta["n"] for one in found] == list(range(30_000))
    assert all(one.content == b"%d" % number for number, one in enumerate(found))


def test_big_files_stand_beside_the_archive(tmp_path: Path) -> None:
    path = str(tmp_path / "day" / "a.des")
    with Writer(path, big_file_threshold=1000, big_files=LocalBigFiles(path)) as writer:
        writer.add("small", b"x" * 999)
        digest = writer.add("big one", io.BytesIO(b"y" * 1000), {"title": "Big"})
    small, big = read_back(Path(path))
    assert small.flags == 0
    assert (big.flags, big.meta) == (1, {"title": "Big", "size": 1000, "is_external": True, "sha256": digest})
    assert (tmp_path / "day" / "_bigFiles" / "big one").read_bytes() == b"y" * 1000


def test_big_files_of_an_archive_that_failed_go(tmp_path: Path) -> None:
    path = str(tmp_path / "a.des")
    with (
        pytest.raises(ZeroDivisionError),
        Writer(path, big_file_threshold=10, big_files=LocalBigFiles(path)) as writer,
    ):
        writer.add("big", b"y" * 10)
        raise ZeroDivisionError
    assert list((tmp_path / "_bigFiles").iterdir()) == []


@pytest.mark.parametrize("name", ["x", "..", ".", "n" * 251, "a\0b"])
def test_big_files_of_others_stay(name: str, tmp_path: Path) -> None:
    (tmp_path / "_bigFiles").mkdir()
    (tmp_path / "_bigFiles" / "x").write_bytes(b"another")
    path = str(tmp_path / "a.des")
    with Writer(path, big_file_threshold=10, big_files=LocalBigFiles(path)) as writer, pytest.raises(Refused):
        writer.add(name, b"y" * 10)
    assert (tmp_path / "_bigFiles" / "x").read_bytes() == b"another"
    assert [path.name for path in (tmp_path / "_bigFiles").iterdir()] == ["x"]


def test_the_same_big_file_is_shared_and_stays(tmp_path: Path) -> None:
    for name in ("a.des", "b.des"):
        path = str(tmp_path / name)
        with Writer(path, big_file_threshold=10, big_files=LocalBigFiles(path)) as writer:
            writer.add("x", b"y" * 10)
    path = str(tmp_path / "c.des")
    with (
        pytest.raises(ZeroDivisionError),
        Writer(path, big_file_threshold=10, big_files=LocalBigFiles(path)) as writer,
    ):
        writer.add("x", b"y" * 10)
        raise ZeroDivisionError
    assert (tmp_path / "_bigFiles" / "x").read_bytes() == b"y" * 10


def test_killed_at_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_KEPT", 400)

    def make(root: Path) -> None:
        root.mkdir()

    def write(root: Path) -> None:
        path = str(root / "day" / "a.des")
        with Writer(path, big_file_threshold=2000, big_files=LocalBigFiles(path)) as writer:
            for number in range(4):
                writer.add(f"member {number}", b"%d" % number * 100)
            writer.add("long", b"l" * 1500)
            writer.add("big", b"b" * 3000)

    def again(root: Path) -> None:
        path = root / "day" / "a.des"
        if path.exists():
            assert len(read_back(path)) == 6
        else:
            write(root)

    kills = crashing.survives(make, write, tmp_path, recovery=again)
    assert kills.lost == []
    assert kills.new >= 17


@pytest.mark.parametrize("limit", [0, 10, 500, 5000])
def test_a_file_that_may_not_grow(limit: int, tmp_path: Path) -> None:
    def make(root: Path) -> None:
        root.mkdir()

    def write(root: Path) -> None:
        with Writer(str(root / "a.des")) as writer:
            for number in range(100):
                writer.add(f"member {number}", os.urandom(100))

    assert crashing.limited(make, write, tmp_path, limit) == "old"
