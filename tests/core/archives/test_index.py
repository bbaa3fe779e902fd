"""The index: found by walking, in runs where it can be, whatever the entries are like."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.archives.archive import open_archive
from tests.support.archives import Made, Memory, des1, des2

if TYPE_CHECKING:
    from dmart_tui.core.archives.archive import Archive

LENGTHS = st.sampled_from([0, 1, 1, 1, 1, 2, 8, 254, 255, 256, 300])
RUNS = st.lists(st.tuples(LENGTHS, st.integers(1, 150)), max_size=8)
"""Names of so many bytes, so many one after the other: what is walked in runs, and what is not."""
KINDS = {
    "des1": lambda members: des1(*members),
    "des2": lambda members: des2(*members),
    "des2-v1": lambda members: des2(*members, version=1),
    "des2-bare": lambda members: des2(*members, version=1, bare=True),
}


def opened(kind: str, members: list[Made]) -> Archive:
    return open_archive(Memory(KINDS[kind](members)))


def made(runs: list[tuple[int, int]]) -> list[Made]:
    names = [bytes([65 + i % 50]) * length for i, (length, count) in enumerate(runs) for _ in range(count)]
    return [Made(name, b"%d" % i, b'{"i":%d}' % (i % 3 * 5)) for i, name in enumerate(names)]


@pytest.mark.parametrize("kind", KINDS)
@given(runs=RUNS)
def test_every_entry_is_found_where_it_is(kind: str, runs: list[tuple[int, int]]) -> None:
    members = made(runs)
    archive = opened(kind, members)
    assert archive.index.kind == kind or not members
    assert list(archive.index.names()) == [member.name for member in members]
    assert list(archive.index.texts()) == [member.name.decode() for member in members]
    assert [member.size for member in archive.index] == [len(member.content) for member in members]
    assert [archive.index.raw_name(i) for i in range(len(members))] == [member.name for member in members]
    lengths = [len(archive.index.entry_bytes(i)) for i in range(len(members))]
    assert sum(lengths) + (0 if kind == "des1" else 4) == archive.layout.index_length


@given(runs=RUNS, digests=st.lists(st.booleans(), min_size=8, max_size=8))
def test_big_files_of_des2_stand_between_other_entries(runs: list[tuple[int, int]], digests: list[bool]) -> None:
    members = [
        Made(bytes([65 + i]) * length, b"x" * i, b"", digest=b"0" * 64 if big else None)
        for i, ((length, count), big) in enumerate(zip(runs, digests, strict=False))
        for _ in range(count)
    ]
    archive = opened("des2", members)
    assert [member.raw_name for member in archive.index] == [member.name for member in members]
    assert [member.external for member in archive.index] == [member.digest is not None for member in members]


@given(st.lists(st.binary(max_size=3), max_size=60), st.binary(max_size=3))
def test_finding_agrees_with_looking_at_each_name(names: list[bytes], other: bytes) -> None:
    archive = opened("des1", [Made(name) for name in names])
    for name in {*names, other}:
        assert archive.index.find(name) == [i for i, found in enumerate(names) if found == name]
    groups = [[i for i, found in enumerate(names) if found == name] for name in dict.fromkeys(names)]
    assert archive.index.repeated() == [group for group in groups if len(group) > 1]


def test_a_name_inside_of_another_entry_is_not_found() -> None:
    inner = b"\x01\x00b"
    archive = opened("des1", [Made(b"x" + inner + b"y"), Made(b"b")])
    assert archive.index.find(b"b") == [1]


def test_an_index_grows_while_it_comes() -> None:
    members = made([(30, 2000), (5, 3000), (31, 2000), (7, 1), (8, 1), (9, 1)])
    seen: list[int] = []

    def on_rows(archive: Archive) -> None:
        seen.append(len(archive))
        assert archive.member(len(archive) - 1).raw_name == members[len(archive) - 1].name

    archive = open_archive(Memory(des1(*members)), on_rows=on_rows)
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] < len(members) == len(archive)


def test_an_entry_takes_four_bytes_beside_its_own() -> None:
    lengths = [17, 17, 17, 23, 5] * 2000
    archive = opened("des1", [Made(b"n" * length) for length in lengths])
    assert archive.index.nbytes == 4 * len(archive)
    offsets = [0, *accumulate(38 + length for length in lengths)]
    assert [archive.index.entry_bytes(i)[:2] for i in (0, 9999)] == [b"\x11\0", b"\5\0"]
    assert offsets[-1] == archive.layout.index_length


def test_positions_out_of_range_are_errors() -> None:
    archive = opened("des1", [Made(b"a")])
    for position in (1, -1):
        with pytest.raises(IndexError):
            archive.member(position)
