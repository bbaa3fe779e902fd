"""Reading archives: what it costs, and that every byte is the right one."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.archives import archive as archive_module
from dmart_tui.core.archives.archive import TAIL, open_archive
from dmart_tui.core.archives.source import LocalSource, Replaced
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import Damaged, Failed, NotFound, Refused
from tests.support.archives import ONE, TWO, Made, Memory, cases, des1, des2, lz4, zstd

if TYPE_CHECKING:
    from pathlib import Path

MANY = [Made(b"member_%d.txt" % i, b"content %d" % i, b'{"i":%d}' % i) for i in range(9000)]
LONG = bytes(range(256)) * 5000


class Kept(dict[str, bytes]):
    """A cache of indexes."""

    def put(self, key: str, raw: bytes) -> None:
        self[key] = raw

    def forget(self, key: str) -> None:
        del self[key]


def test_a_small_archive_costs_one_request_and_no_more_for_all_that_is_in_it() -> None:
    source = Memory(des1(*TWO))
    archive = open_archive(source)
    assert [archive.read(0), archive.read(1)] == [b"0123456789", b"abcdefghij"]
    assert archive.meta(0) == {"size": 10}
    assert dict(archive.read_many([1, 0])) == {0: b"0123456789", 1: b"abcdefghij"}
    assert source.cost.requests == 1


def test_a_large_index_costs_a_second_request_and_a_cached_one_none() -> None:
    data = des1(*MANY)
    cache = Kept()
    first = Memory(data)
    with open_archive(first, cache=cache) as archive:
        assert archive.layout.index_length > TAIL
    assert first.cost.requests == 2
    again = Memory(data)
    with open_archive(again, cache=cache) as archive:
        assert archive.read(8999) == b"content 8999"
        assert again.cost.requests == 2


@pytest.mark.parametrize(
    ("version", "bare", "requests"), [(2, False, 2), (1, False, 3), (1, True, 3)], ids=["2", "1", "1 bare"]
)
def test_the_version_of_a_large_des2_is_asked_for_only_when_it_is_not_the_usual_one(
    version: int, bare: bool, requests: int
) -> None:
    members = [replace(member, name=member.name * 4) for member in MANY]
    source = Memory(des2(*members, version=version, bare=bare))
    archive = open_archive(source)
    assert list(archive.index.names()) == [member.name for member in members]
    assert source.cost.requests == requests
    assert archive.read(7) == b"content 7"


@pytest.mark.parametrize("poison", [b"", b"x" * 10, None], ids=["empty", "short", "other"])
def test_a_cached_index_that_is_not_the_right_one_is_dropped(poison: bytes | None) -> None:
    source = Memory(des1(*MANY))
    index = bytearray(open_archive(source).index.raw)
    index[0] += 1
    cache = Kept({source.cache_key: bytes(index) if poison is None else poison})
    archive = open_archive(source, cache=cache)
    assert archive.name(0) == "member_0.txt"
    assert cache[source.cache_key] == archive.index.raw


def test_metadata_next_to_each_other_are_read_together() -> None:
    source = Memory(des1(*MANY))
    archive = open_archive(source)
    found = dict(archive.metas(range(9000)))
    assert [found[i] for i in range(9000)] == [{"i": i} for i in range(9000)]


def test_a_member_without_content_is_never_asked_for() -> None:
    source = Memory(des1(*(Made(b"empty%d" % i) for i in range(9000)), Made(b"gone", flags=1)))
    archive = open_archive(source)
    before = source.cost.requests
    assert archive.read(0) == b""
    assert archive.read(9000) == b""
    assert dict(archive.read_many(range(100))) == dict.fromkeys(range(100), b"")
    assert source.cost.requests == before


def test_overlapping_and_nested_members_give_their_own_bytes() -> None:
    data = bytes(range(200))
    members = [Made(b"all", data)] + [Made(b"%d" % i, b"", offset=16 + i, length=50) for i in range(0, 150, 7)]
    archive = open_archive(Memory(des1(*members)))
    for position, content in archive.read_many(range(len(members))):
        member = archive.member(position)
        assert content == data[member.offset - 16 : member.offset - 16 + member.size]


@pytest.mark.parametrize(("codec", "pack"), [(0, bytes), (1, zstd), (2, lz4)], ids=["none", "zstd", "lz4"])
def test_contents_are_read_in_parts_and_as_files(codec: int, pack: object) -> None:
    stored = pack(LONG)  # type: ignore[operator]
    archive = open_archive(Memory(des2(Made(b"long", stored, codec=codec, size=len(LONG)), *TWO)))
    assert archive.read(0) == b"".join(archive.pieces(0)) == LONG
    assert archive.read(0, 1000, 10) == LONG[1000:1010]
    assert archive.read(0, len(LONG) - 5, 100) == LONG[-5:]
    assert archive.read(0, len(LONG) + 5) == b""
    with archive.open(0) as file:
        assert file.seek(-3, os.SEEK_END) == len(LONG) - 3
        assert file.read() == LONG[-3:]
        file.seek(500_000)
        assert file.read(7) == LONG[500_000:500_007]
        assert file.seek(0) == 0
        assert file.read() == LONG


def test_what_is_too_large_to_be_held_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MOST_AT_ONCE", 1000)
    archive = open_archive(Memory(des2(Made(b"long", zstd(LONG), codec=1, size=len(LONG)), Made(b"l", LONG), ONE)))
    for position in (0, 1):
        with pytest.raises(Refused):
            archive.read(position)
        assert archive.read(position, 5, 10) == LONG[5:15]
    found = dict(archive.read_many([0, 1, 2]))
    assert [type(found[position]) for position in range(3)] == [Refused, Refused, bytes]


EXTERNAL = Made(b"big (1).bin", b"y" * 30, b'{"external_key":"2025/_bigFiles/big (1).bin"}', flags=1)


@pytest.mark.parametrize(
    ("files", "right"),
    [
        ({"2025/_bigFiles/big (1).bin": 30, "_bigFiles/big (1).bin": 30}, "2025/_bigFiles/big (1).bin"),
        ({"2025/_bigFiles/big (1).bin": 31, "_bigFiles/big (1).bin": 30}, "_bigFiles/big (1).bin"),
        ({"memory/_bigFiles/big (1).bin": 30}, "memory/_bigFiles/big (1).bin"),
        ({"/_bigFiles/big (1).bin": 30}, "/_bigFiles/big (1).bin"),
        ({"_bigFiles/big (1).bin": 29}, None),
        ({"elsewhere/big (1).bin": 30}, None),
    ],
)
def test_what_is_kept_outside_is_found_in_order_and_only_by_its_size(files: dict[str, int], right: str | None) -> None:
    archive = open_archive(Memory(des1(EXTERNAL), {key: key.encode().ljust(n)[:n] for key, n in files.items()}))
    if right is None:
        with pytest.raises(NotFound):
            archive.read(0)
    else:
        assert archive.read(0) == right.encode().ljust(30)[:30]


def test_a_key_that_names_another_member_is_not_followed() -> None:
    member = Made(b"a", b"y" * 30, b'{"external_key":"secret/passwords"}', flags=1)
    archive = open_archive(Memory(des1(member), {"secret/passwords": b"s" * 30}))
    with pytest.raises(NotFound):
        archive.read(0)


def test_big_files_of_des2_are_proven_by_their_names() -> None:
    content = b"y" * 30
    digest = sha256(content).hexdigest()
    data = des2(Made(b"a", content, digest=digest.encode()))
    assert open_archive(Memory(data, {f"_bigFiles/{digest}": content})).read(0) == content
    with pytest.raises(Damaged, match="SHA-256"):
        open_archive(Memory(data, {f"_bigFiles/{digest}": b"z" * 30})).read(0)


class TestFiles:
    """What only a file on a disk has."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "2025" / "an archive#1.des"
        path.parent.mkdir()
        path.write_bytes(des1(EXTERNAL, Made(b"../out", b"z" * 30, flags=1), *MANY))
        return path

    @pytest.mark.parametrize("change", [b"x", None], ids=["written", "cut"])
    def test_a_file_that_changes_is_never_mixed(self, path: Path, change: bytes | None) -> None:
        with open_archive(LocalSource(str(path))) as archive:
            assert archive.read(5)
            os.truncate(path, 1000) if change is None else path.write_bytes(path.read_bytes() + change)
            for read in (
                lambda: archive.read(5),
                lambda: list(archive.pieces(5)),
                lambda: list(archive.read_many([5, 6])),
                lambda: list(archive.metas([5])),
            ):
                with pytest.raises(Replaced):
                    read()

    def test_a_file_that_is_replaced_is_read_on_as_it_was(self, path: Path, tmp_path: Path) -> None:
        with open_archive(LocalSource(str(path))) as archive:
            other = tmp_path / "other"
            other.write_bytes(des1(*TWO))
            other.replace(path)
            assert archive.read(5) == MANY[3].content

    def test_outside_files_are_those_below_the_folder_of_the_archive(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "out").write_bytes(b"s" * 30)
        (path.parent / "_bigFiles").mkdir()
        with open_archive(LocalSource(str(path))) as archive:
            (path.parent / "_bigFiles" / "big (1).bin").symlink_to(tmp_path / "out")
            for position in (0, 1):
                with pytest.raises(NotFound):
                    archive.read(position)
            (path.parent / "_bigFiles" / "big (1).bin").unlink()
            (path.parent / "_bigFiles" / "big (1).bin").write_bytes(b"r" * 30)
            assert archive.read(0) == b"r" * 30

    def test_reading_can_be_cancelled(self, path: Path) -> None:
        token = CancelToken()
        token.cancel()
        with LocalSource(str(path)) as source, pytest.raises(Cancelled):
            open_archive(source, cancel=token)
        with open_archive(LocalSource(str(path))) as archive, pytest.raises(Cancelled):
            list(archive.read_many(range(10), token))

    def test_a_closed_archive_fails(self, path: Path) -> None:
        archive = open_archive(LocalSource(str(path)))
        archive.close()
        with pytest.raises(Failed):
            archive.read(5)


def test_a_damaged_index_gives_what_is_understood_when_asked_to() -> None:
    data = cases()["index-trailing"][1]
    archive = open_archive(Memory(data), tolerant=True)
    assert [archive.read(i) for i in range(len(archive))] == [b"0123456789", b"abcdefghij"]
    assert [finding.kind for finding in archive.findings] == ["index"]
