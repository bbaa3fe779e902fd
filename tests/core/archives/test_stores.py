"""A name tells where it is; days grow without ever losing what they hold."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
from collections.abc import Callable
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from dmart_tui.core.archives import stores, writer
from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.naming import new_names
from dmart_tui.core.archives.source import LocalSource
from dmart_tui.core.archives.stores import Incoming, Store
from dmart_tui.core.archives.writer import Writer
from dmart_tui.core.errors import Damaged, NotFound, Refused, UsageFault
from tests.core.archives.test_writer import ORIGINALS, hidden, read_back
from tests.support import crashing

DAY = date(2026, 11, 21)


def incoming(name: str, content: bytes | None = None) -> Incoming:
    data = name.encode() * 3 if content is None else content
    return Incoming(name, lambda: io.BytesIO(data), {"n": len(name)})


def held(store: Store, day: date = DAY) -> dict[str, bytes]:
    return {archive.name(position): archive.read(position) for archive, position in store.members(day)}


@pytest.mark.parametrize(
    ("bits", "layout", "shard", "name"),
    [
        (8, "hex", 10, "0a.des"),
        (4, "hex", 10, "a.des"),
        (10, "hex", 63, "03f.des"),
        (1, "hex", 1, "1.des"),
        (8, "shard", 7, "shard_07.des"),
        (8, "shard", 255, "shard_255.des"),
    ],
)
def test_where_shards_are(bits: int, layout: stores.Layout, shard: int, name: str) -> None:
    assert Store("/base/", bits=bits, layout=layout).path(DAY, shard) == f"/base/2026-11-21/{name}"


def test_a_name_tells_its_place() -> None:
    store = Store("s3://bucket/prefix", bits=8, layout="shard")
    assert store.place("DES_20250115_(FD3228020700_60)") == "s3://bucket/prefix/2025-01-15/shard_85.des"
    assert store.place("x", DAY).startswith("s3://bucket/prefix/2026-11-21/shard_")
    with pytest.raises(UsageFault):
        store.place("x")


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason="no archives of the original")
def test_the_store_of_the_original() -> None:
    told = json.loads((ORIGINALS / "manifest.json").read_text())["daily"]
    store = Store(str(ORIGINALS / told["root"]), bits=told["shard_bits"])
    day = date(2025, 1, 15)
    assert store.days() == [day]
    assert [shard for shard, _ in store.shards(day)] == list(range(16))
    for file in told["files"]:
        assert store.place(file["name"]) == str(ORIGINALS / file["path"])
        archive, position = store.find(file["name"])
        with archive:
            assert hashlib.sha256(archive.read(position)).hexdigest() == file["sha256"]
    assert len(list(store.members(day))) == len(told["files"])


def test_days_grow(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"), bits=2)
    names = list(islice(new_names("IMG", 3), 40))
    assert store.days() == []
    first = store.append(DAY, [incoming(name) for name in names[:25]])
    assert (first.added, first.same, first.shards) == (25, 0, 4)
    second = store.append(DAY, [incoming(name) for name in names[20:]])
    assert (second.added, second.same) == (15, 5)
    assert held(store) == {name: name.encode() * 3 for name in names}
    for _, path in store.shards(DAY):  # what a reader of the original finds
        assert all(found.meta["size"] == len(found.content) for found in read_back(Path(path)))
        assert hidden(Path(path).parent) == []
    for name in names:
        archive, _ = store.find(name, DAY)
        archive.close()


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    store = Store(str(tmp_path), bits=1)
    store.append(DAY, [incoming("a")])
    [(_, path)] = store.shards(DAY)
    before = Path(path).stat()
    assert store.append(DAY, [incoming("a")]).shards == 0
    assert Path(path).stat() == before
    assert hidden(Path(path).parent) == []


def test_another_content_under_a_name_is_refused(tmp_path: Path) -> None:
    store = Store(str(tmp_path), bits=1)
    store.append(DAY, [incoming("a"), incoming("b")])
    before = {path: Path(path).read_bytes() for _, path in store.shards(DAY)}
    with pytest.raises(Refused, match="another content"):
        store.append(DAY, [incoming("a", b"other")])
    with pytest.raises(Refused, match="twice"):
        store.append(DAY, [incoming("x"), incoming("x")])
    assert {path: Path(path).read_bytes() for _, path in store.shards(DAY)} == before


def test_what_was_there_keeps_its_bytes(tmp_path: Path) -> None:
    """Extending an archive of the original, metas without digests and duplicates included."""
    store = Store(str(tmp_path), bits=1)
    path = Path(store.path(DAY, 0))
    with Writer(str(path), digests=False, mode=0o640) as written:
        written.add("one", b"1" * 100_000, {"title": "One"})
        written.add("one", b"2")
        written.add("empty", b"")
    os.chmod(path, 0o640)  # noqa: PTH101 - the umask took some
    former = path.read_bytes()
    name = next(name for name in map(str, range(100)) if store.place(name, DAY) == str(path))
    store.append(DAY, [incoming(name)])
    found = read_back(path)
    assert [one.name for one in found] == ["one", "one", "empty", name]
    assert found[0].meta == {"title": "One", "size": 100_000}
    assert path.read_bytes()[: 16 + 100_001] == former[: 16 + 100_001]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    archive, position = store.find(name, DAY)
    with archive:
        assert position == 3


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: b"DES2" + data[4:-72], lambda data: b""])
def test_a_damaged_shard_is_not_added_to(spoil: Callable[[bytes], bytes], tmp_path: Path) -> None:
    store = Store(str(tmp_path), bits=1)
    store.append(DAY, [incoming("a")])
    [(shard, path)] = store.shards(DAY)
    Path(path).write_bytes(spoil(Path(path).read_bytes()))
    before = Path(path).read_bytes()
    names = [name for name in map(str, range(50)) if store.place(name, DAY) == store.path(DAY, shard)]
    with pytest.raises((Damaged, Refused)):
        store.append(DAY, [incoming(name) for name in names])
    assert Path(path).read_bytes() == before
    assert hidden(Path(path).parent) == []


def test_a_shard_that_another_program_changed_is_kept(tmp_path: Path) -> None:
    store = Store(str(tmp_path), bits=1)
    store.append(DAY, [incoming("a")])
    [(_, path)] = store.shards(DAY)
    with pytest.raises(Refused, match="meanwhile"), Writer(path, extend=True) as extending:
        extending.add("b", b"x")
        Path(path).write_bytes(b"written by another program")
    assert Path(path).read_bytes() == b"written by another program"
    assert hidden(Path(path).parent) == []


def test_what_the_disk_did_not_keep_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(tmp_path), bits=1)
    store.append(DAY, [incoming("a")])
    [(shard, path)] = store.shards(DAY)
    before = Path(path).read_bytes()
    finish = Writer.finish

    def flipping(written: Writer) -> None:
        finish(written)
        with open(written.staged, "r+b") as file:
            file.seek(17)
            file.write(b"\xff")

    monkeypatch.setattr(Writer, "finish", flipping)
    name = next(name for name in map(str, range(50)) if store.place(name, DAY) == store.path(DAY, shard))
    with pytest.raises(Damaged):
        store.append(DAY, [incoming(name)])
    assert Path(path).read_bytes() == before


def test_big_files_of_a_day(tmp_path: Path) -> None:
    store = Store(str(tmp_path), bits=1)
    store.append(DAY, [incoming("big", b"x" * 5000), incoming("a")], big_file_threshold=1000)
    assert (tmp_path / "2026-11-21/_bigFiles/big").read_bytes() == b"x" * 5000
    assert held(store)["big"] == b"x" * 5000
    assert store.append(DAY, [incoming("big", b"x" * 5000)]).same == 1


@pytest.mark.parametrize(("name", "day"), [("nothing", DAY), ("nothing", date(2020, 1, 1))])
def test_what_is_not_there(name: str, day: date, tmp_path: Path) -> None:
    store = Store(str(tmp_path), bits=1)
    store.append(DAY, [incoming("a"), incoming("b"), incoming("c")])
    with pytest.raises(NotFound):
        store.find(name, day)


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    store = Store(str(tmp_path), bits=4)
    store.append(DAY, [incoming("a")])
    folder = tmp_path / "2026-11-21"
    for name in ("notes.txt", "00.des", "g.des", ".0.des.part", "shard_00.des"):
        (folder / name).write_bytes(b"")
    (tmp_path / "2026-13-41").mkdir()
    (tmp_path / "other").mkdir()
    assert store.days() == [DAY]
    assert len(store.shards(DAY)) == 1


def test_killed_at_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_KEPT", 300)
    late = [incoming(f"late {number}") for number in range(6)]

    def make(root: Path) -> None:
        Store(str(root), bits=1).append(DAY, [incoming(f"early {number}") for number in range(6)])

    def run(root: Path) -> None:
        Store(str(root), bits=1).append(DAY, late)

    def again(root: Path) -> None:
        store = Store(str(root), bits=1)
        for _, path in store.shards(DAY):
            with open_archive(LocalSource(path)) as archive:
                assert len(archive) >= 1
        assert {f"early {number}" for number in range(6)} <= held(store).keys()
        run(root)

    kills = crashing.survives(make, run, tmp_path, recovery=again)
    assert kills.lost == []
    assert kills.new >= 20
