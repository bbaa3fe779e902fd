"""Files that are broken are named by file and offset, and what is sound of them is read."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.errors import Damaged, DmartTuiError, Failed, NotFound
from dmart_tui.core.historydb import Store, read_block
from tests.support.histories import FIRST_DAY, documents, files, numbers

if TYPE_CHECKING:
    pass


def places(data: bytes, seed: int) -> list[int]:
    """The bytes of all heads of frames and some of what is between them, and the last ones."""
    heads = [place for place in range(len(data)) if data.startswith(b"\x98\xa1", place)]
    chosen = {head + byte for head in heads for byte in range(0, 40, 3)}
    chosen |= {Random(seed).randrange(len(data)) for _ in range(15)} | set(range(len(data) - 12, len(data), 3))
    return sorted(place for place in chosen if place < len(data))


@pytest.mark.parametrize("name", ["segment", "tombstones", "log", "manifest"])
def test_a_flipped_bit_is_found(store_path: Path, name: str) -> None:
    wanted = numbers(store_path)
    file = files(store_path)[name]
    data = file.read_bytes()
    for place in places(data, 1):
        broken = bytearray(data)
        broken[place] ^= 1 << place % 8
        file.write_bytes(broken)
        try:
            found = numbers(store_path)
        except Damaged as error:
            assert error.address
        else:
            # A broken last batch is one that was not written to its end; heads of frames are not read by the index.
            assert found == wanted or (name == "log" and set(found) < set(wanted))
        try:
            with Store.open(str(store_path)) as store:
                assert list(store.verify()) != []
        except Damaged:
            pass
    file.write_bytes(data)
    assert numbers(store_path) == wanted


@pytest.mark.parametrize("name", ["segment", "tombstones", "log", "manifest"])
def test_a_file_that_is_cut_is_found(store_path: Path, name: str) -> None:
    wanted = numbers(store_path)
    file = files(store_path)[name]
    data = file.read_bytes()
    for size in [0, 1, *places(data, 2)]:
        file.write_bytes(data[:size])
        try:
            found = numbers(store_path)
        except (Damaged, Failed):
            continue
        if name == "tombstones":
            assert size == 0 or found == wanted
        else:
            assert name == "log"
            assert set(found) < set(wanted)
    file.unlink()
    with pytest.raises(DmartTuiError):
        numbers(store_path)


def test_a_torn_tail_is_cut_and_told(store_path: Path) -> None:
    wanted = numbers(store_path)
    log = files(store_path)["log"]
    whole = log.read_bytes()
    log.write_bytes(whole + whole[:1000])
    with Store.open(str(store_path)) as reader:
        assert reader.torn == 1000
        assert [finding.kind for finding in reader.verify()] == ["torn"]
    with Store.open(str(store_path), write=True) as store:
        assert store.cut == 1000
        assert log.read_bytes() == whole
    assert numbers(store_path) == wanted


def test_a_gap_in_the_log_loses_nothing_behind_it(store_path: Path) -> None:
    log = files(store_path)["log"]
    data = bytearray(log.read_bytes())
    with Store.open(str(store_path)) as store:
        first, second, *_ = [ref for ref in store.blocks() if ref.path == str(log)]
        before = [one["id"] for one in store.documents()]
        lost = [one["id"] for one in read_block(first).documents()]
    data[first.offset + 50] ^= 255
    log.write_bytes(data)
    with pytest.raises(Damaged, match=rf"the {first.length:,} bytes from byte {first.offset} are no frames"):
        numbers(store_path)
    with Store.open(str(store_path), write=True) as store:
        assert store.gaps == [(first.offset, second.offset)]
        assert [(one.kind, one.offset) for one in store.verify()] == [("gap", first.offset)]
        store.append([{"ts": 0, "id": 1000}])
        (aside,) = store.seal().aside
        assert Path(aside).read_bytes() == data[first.offset : second.offset]
        assert sorted(one["id"] for one in store.documents()) == sorted([*(set(before) - set(lost)), 1000])


@pytest.mark.parametrize("where", ["a column", "the index", "the trailer", "a head", "a head and the index"])
def test_what_is_sound_of_a_segment_is_saved(tmp_path: Path, where: str) -> None:
    path = tmp_path / "s"
    wanted = documents(20_000, days=100)
    with Store.create(str(path)) as store:
        store.append(wanted)
        store.append([{"ts": FIRST_DAY * 86_400, "id": 20_000 + number, f"field {number}": 1} for number in range(300)])
        store.seal()
        store.erase([19_999])
        first, second, third = store.blocks()
        (entry,) = store.manifest.segments
        index = third.offset + third.length + 50
        places = {
            "a column": [second.fields["id"][0] + 5],
            "the index": [index],
            "the trailer": [entry.size - 3],
            "a head": [second.offset + 3],
            "a head and the index": [second.offset + 3, index],
        }[where]
        lost = second if where in ("a column", "a head and the index") else None
        left = {one["id"] for ref in (first, second, third) if ref != lost for one in read_block(ref).documents()}
        file = Path(store.segment_path(entry))
        data = bytearray(file.read_bytes())
        for place in places:
            data[place] ^= 255
        file.write_bytes(data)
    with Store.open(str(path), write=True) as store:
        assert [finding for finding in store.verify() if finding.severity == "error"] != []
        done = store.compact(salvage=True)
        assert {one["id"] for one in store.documents()} == left
        assert done.removed == 20_300 - len(left)
        if lost:
            aside = Path(done.aside[0])
            assert aside.read_bytes() == data[lost.offset : lost.offset + lost.length]
        assert list(store.verify()) == []
        assert store.compact(salvage=True).documents == 0


def test_a_segment_that_is_gone_is_given_up(store_path: Path) -> None:
    files(store_path)["segment"].unlink()
    with Store.open(str(store_path), write=True) as store:
        with pytest.raises(NotFound):
            store.compact()
        with pytest.raises(NotFound):
            list(store.documents())
        store.compact(salvage=True)
        assert list(store.verify()) == []
