"""Files that are crafted are named by file and offset; they never lead to other documents or a traceback."""

from __future__ import annotations

import os
import shutil
from array import array
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgpack
import msgspec
import pytest
import zstandard

from dmart_tui.core.errors import Damaged, Failed, Refused
from dmart_tui.core.historydb import Store, read_block
from dmart_tui.core.historydb.columns import Unsound, packed_column, read_column
from dmart_tui.core.historydb.footers import TRAILER, index_frame, read_index, refs
from dmart_tui.core.historydb.frames import MANIFEST, ROWS, ZSTD, frame
from dmart_tui.core.historydb.locks import READERS, WRITER
from dmart_tui.core.historydb.reading import read_local
from dmart_tui.core.historydb.values import Packing
from tests.support.histories import FIRST_DAY, documents, files, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dmart_tui.core.historydb.footers import Index


def put_rows(path: Path, runs: list[int], rows: bytes, raw: int) -> None:
    """Make a frame of rows, with a right sum, the log of a store."""
    (log,) = path.glob("*.hlog")
    payload = msgpack.packb([runs, rows])
    log.write_bytes(frame(ROWS, 2, (FIRST_DAY, FIRST_DAY), ZSTD, raw, payload))


def nested(depth: int) -> bytes:
    return b"\x92\x81\xa1a" + b"\x91" * depth + b"\x01" + b"\x80"


TWO: list[dict[str, Any]] = [{"ts": FIRST_DAY * 86_400, "id": 1}, {"ts": FIRST_DAY * 86_400, "id": 2}]


@pytest.mark.parametrize(
    ("rows", "raw", "said"),
    [
        (zstandard.compress(bytes(60 << 20)), 1000, "is larger than it says"),
        (zstandard.ZstdCompressor(write_content_size=False).compress(b"x"), 1000, "is larger than it says"),
        (b"no zstd", 1000, "cannot be decompressed"),
        (zstandard.compress(b"\xc1"), 1000, "cannot be understood"),
        (zstandard.compress(b"\xdd\xff\xff\xff\xff"), 1000, "cannot be understood"),
        (zstandard.compress(msgpack.packb([1, 2])), 1000, "cannot be understood"),
        (zstandard.compress(msgpack.packb(TWO[:1])), 1000, "has not as many documents"),
        (zstandard.compress(nested(100_000)), 200_000, "cannot be understood"),
        (zstandard.compress(msgpack.packb([{"a": msgpack.ExtType(3, b"never")}, {}])), 1000, "cannot be understood"),
        (zstandard.compress(b"\x92\x81\xa1\xff\x01\x80"), 1000, "cannot be understood"),
    ],
)
def test_rows_that_lie_are_named(tmp_path: Path, rows: bytes, raw: int, said: str) -> None:
    path = tmp_path / "s"
    Store.create(str(path)).close()
    put_rows(path, [FIRST_DAY, 2], rows, raw)
    with Store.open(str(path), write=True) as store:
        (ref,) = store.blocks()
        with pytest.raises(Damaged, match=f"{store.manifest.log}: the frame at byte 0 {said}"):
            read_block(ref).documents()
        with pytest.raises(Damaged):
            store.seal()
        assert [finding.kind for finding in store.verify()] == ["document"]


@pytest.mark.parametrize(
    "runs", [[], [FIRST_DAY, 1], [FIRST_DAY + 1, 2], [FIRST_DAY, 3, FIRST_DAY, -1], [FIRST_DAY, 2, 7]]
)
def test_days_that_lie_are_no_frame(tmp_path: Path, runs: list[int]) -> None:
    path = tmp_path / "s"
    Store.create(str(path)).close()
    put_rows(path, runs, zstandard.compress(msgpack.packb(TWO)), 1000)
    with Store.open(str(path)) as store:
        if len(runs) != 3:
            assert store.blocks() == []
            assert store.torn > 0


@pytest.mark.parametrize(
    "column",
    [
        [],
        ["any", [1]],
        ["any", 7],
        ["i8", b"1234567"],
        ["i8", bytes(8)],
        ["f8", bytes(16), b"\0"],
        ["c16", bytes(32)],
        ["dict", ["a"], b"\0\1"],
        ["dict", ["a"], b"\0"],
        ["dict", 3, b"\0\0"],
        ["dict", ["a"] * 300, b"\0\0\xff\xff"],
        7,
    ],
)
def test_columns_that_lie_are_named(tmp_path: Path, column: object) -> None:
    with Store.create(str(tmp_path / "s"), codec="none") as store:
        store.append(TWO)
        store.seal()
        (ref,) = store.blocks()
    data = msgpack.packb(column)
    lying = msgspec.structs.replace(ref, raw=10_000, fields={"id": (0, len(data), crc32(data))})

    def read(path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        return [data] if ranges[0][0] == 0 else read_local(path, ranges)

    with pytest.raises(Damaged, match="has a column 'id' that cannot be understood"):
        read_block(lying, read).columns(["id"])


def lie(path: Path, change: Callable[[Index], None]) -> None:
    """Change the index of the last segment of a store, with right sums everywhere."""
    with Store.open(str(path), write=True) as store:
        *others, entry = store.manifest.segments
        file = Path(store.segment_path(entry))
        index = read_index(str(file), entry, store.read)
        change(index)
        data = file.read_bytes()
        *_, offset = TRAILER.unpack(data[-TRAILER.size :])
        data = data[:offset] + index_frame(index, ZSTD) + data[-TRAILER.size :]
        file.write_bytes(data)
        store.swap(
            msgspec.structs.replace(store.manifest, segments=(*others, msgspec.structs.replace(entry, size=len(data))))
        )


def swap_columns(index: Index) -> None:
    fields = index.blocks[0].fields
    fields["id"], fields["ts"] = fields["ts"], fields["id"]


def swap_days(index: Index) -> None:
    index.blocks[0].runs[1], index.blocks[0].runs[3] = index.blocks[0].runs[3] + 1, index.blocks[0].runs[1] - 1


def far_future(index: Index) -> None:
    index.days[-2] = index.blocks[-1].runs[-2] = 10**9


@pytest.mark.parametrize(
    ("change", "is_read"),
    [
        (lambda index: index.blocks[0].ranges.update(amount=(1, 2)), True),
        (lambda index: index.blocks[0].ranges.update(tags=(1, 2)), True),
        (swap_columns, True),
        (lambda index: index.blocks[0].fields.pop("id"), False),
        (lambda index: index.blocks[0].fields.update(id=(10**12, 10**12, 0)), False),
        (lambda index: index.blocks[0].fields.update(id=(0, 0, 0)), False),
        (lambda index: setattr(index.blocks[0], "offset", 10**12), False),
        (lambda index: setattr(index.blocks[0], "length", 10**12), False),
        (lambda index: setattr(index.blocks[0], "raw", 10**12), False),
        (lambda index: setattr(index.blocks[0], "kind", "R"), False),
        (lambda index: setattr(index.blocks[0], "count", 10**12), False),
        (lambda index: index.blocks.append(index.blocks[0]), False),
        (lambda index: index.blocks.clear(), False),
        (swap_days, False),
        (far_future, False),
    ],
)
def test_an_index_that_lies_is_found(store_path: Path, change: Callable[[Index], None], is_read: bool) -> None:
    lie(store_path, change)
    with Store.open(str(store_path)) as store:
        assert [finding for finding in store.verify() if finding.kind != "unused"] != []
        if not is_read:
            with pytest.raises(Damaged):
                numbers(store_path)


def test_names_lead_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with Store.create(str(path)) as store:
        store.append(TWO)
        store.seal()
    manifest = path / "STORE.msgpack"
    facts = msgpack.unpackb(msgpack.unpackb(manifest.read_bytes())[-1])
    for key, value in (
        ("log", "../000001.hlog"),
        ("segments", [["../../x", 1, 0, 0, 10]]),
        ("tombstones", ["/etc/passwd"]),
        ("codec", "lzma"),
        ("version", 2),
        ("format", "x"),
        ("sequence", "x"),
        ("sequence", 2**63),
        ("days_per_segment", -1),
        ("segments", [["000002_0_0.hseg", 1, 0, 0, 2**63]]),
    ):
        payload = msgpack.packb(facts | {key: value})
        manifest.write_bytes(frame(MANIFEST, 2, (0, 0), 0, len(payload), payload))
        with pytest.raises(Damaged):
            Store.open(str(path))


def test_links_are_not_followed(tmp_path: Path, store_path: Path) -> None:
    segment = files(store_path)["segment"]
    segment.rename(tmp_path / "elsewhere")
    segment.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Failed):
        numbers(store_path)


@pytest.mark.parametrize("name", ["log", "segment", "manifest"])
def test_what_is_no_file_is_refused(store_path: Path, name: str) -> None:
    """A pipe would be waited for; what has no size would pass for an empty log."""
    file = files(store_path)[name]
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(Failed):
        numbers(store_path)
    if name == "segment":
        with Store.open(str(store_path)) as store:
            assert [finding for finding in store.verify() if finding.severity == "error"] != []


def test_a_log_of_holes_costs_what_was_written(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, log, reads = numbers(store_path), files(store_path)["log"], []
    os.truncate(log, 1 << 40)

    def counted(descriptor: int, length: int, offset: int) -> bytes:
        reads.append(length)
        return pread(descriptor, length, offset)

    pread = os.pread
    monkeypatch.setattr(os, "pread", counted)
    assert numbers(store_path) == wanted
    assert sum(reads) < 64 << 20


@pytest.mark.parametrize("write", [False, True])
def test_locks_that_are_pipes_are_not_waited_for(store_path: Path, write: bool) -> None:
    for name in (READERS, WRITER):
        (store_path / name).unlink(missing_ok=True)
        os.mkfifo(store_path / name)
    with pytest.raises(Failed, match="is no file") if write else nullcontext():
        Store.open(str(store_path), write=write).close()


@pytest.mark.parametrize("name", ["seg", "damaged"])
def test_a_link_to_the_files_of_another_store_removes_nothing_there(sound: Path, tmp_path: Path, name: str) -> None:
    other = Path(shutil.copytree(sound, tmp_path / "other"))
    with Store.create(str(tmp_path / "crafted")) as store:
        crafted = Path(store.path)
    (crafted / "seg").rmdir()
    (crafted / name).symlink_to(other / "seg")
    before = sorted(other.rglob("*"))
    with pytest.raises(Refused, match="is a link"):
        Store.open(str(crafted), write=True)
    assert sorted(other.rglob("*")) == before


def mutated(data: bytes, random: Random) -> bytes:
    """Data with some bytes changed, gone or doubled, mostly near its beginning, where its form is told."""
    broken = bytearray(data)
    for _ in range(random.randint(1, 3)):
        at = random.randrange(min(len(broken), random.choice((4, 30, 10_000))))
        match random.randrange(4):
            case 0:
                broken[at] = random.randrange(256)
            case 1:
                broken[at] ^= 1 << random.randrange(8)
            case 2:
                del broken[at : at + random.randint(1, 4)]
            case 3:
                broken[at:at] = broken[at : at + random.randint(1, 9)]
        if not broken:
            break
    return bytes(broken)


COLUMNS: list[list[Any]] = [
    [1, 2, 3] * 30,
    [10**12, None, -5] * 30,
    [1.5, None] * 40,
    [True, False, None] * 30,
    ["a", "b", None] * 30,
    [f"word {number // 5}" for number in range(2000)],
    [{"a": [1, {"b": None}]}, "x", 2**80, b"bytes", date(2024, 1, 2), datetime(2024, 1, 2, tzinfo=UTC)] * 5,
]


@pytest.mark.parametrize("values", COLUMNS, ids=lambda values: str(values[:2]))
def test_mutated_columns_are_read_or_refused(values: list[Any]) -> None:
    random = Random(len(values))
    sound, *_ = packed_column(Packing(), values)
    assert list(read_column(sound, len(values)).values) == values
    refused = 0
    for _ in range(600):
        try:
            column = read_column(mutated(sound, random), len(values))
        except Unsound:
            refused += 1
        else:
            assert len(list(column.values)) == len(values)
    assert refused > 100


def test_mutated_logs_are_read_or_refused(tmp_path: Path) -> None:
    random = Random(5)
    path = tmp_path / "s"
    with Store.create(str(path), codec="none") as store:
        store.append(documents(40, days=3))
        (ref,) = store.blocks()
    (log,) = path.glob("*.hlog")
    payload = log.read_bytes()[35:]
    refused = 0
    for _ in range(300):
        broken = mutated(payload, random)
        log.write_bytes(frame(ROWS, 40, (ref.day_min, ref.day_max), 0, ref.raw + 20, broken))
        with Store.open(str(path)) as store:
            assert store.info().logged in (0, 40)
            try:
                for found in store.blocks():
                    assert len(read_block(found).column("kind").values) == 40
                    assert len(read_block(found).documents()) == 40
                assert sum(1 for _ in store.documents()) in (0, 40)
            except Damaged:
                refused += 1
            for finding in store.verify():
                assert finding.kind in ("document", "day", "torn")
    assert refused > 5


def test_mutated_indexes_are_read_or_refused(store_path: Path) -> None:
    random = Random(6)
    with Store.open(str(store_path)) as store:
        entry = store.manifest.segments[-1]
        file = Path(store.segment_path(entry))
        data = file.read_bytes()
        index = msgspec.msgpack.encode(read_index(str(file), entry, store.read))
    *_, offset = TRAILER.unpack(data[-TRAILER.size :])
    refused = 0
    for _ in range(300):
        broken = mutated(index, random)
        made = frame("I", entry.count, (entry.day_min, entry.day_max), 0, len(broken), broken)
        file.write_bytes(data[:offset] + made + data[-TRAILER.size :])
        entry = msgspec.structs.replace(entry, size=file.stat().st_size)
        try:
            for ref in refs(str(file), entry, read_index(str(file), entry, read_local), "id"):
                block = read_block(ref)
                block.columns(["id", "kind", "tags", "note"])
                block.documents()
        except Damaged:
            refused += 1
    assert refused > 150


# -- by others --------------------------------------------------------------------------------------------------------


def test_the_page_walks_a_log(store_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__, "../../../../docs/history-store.md").resolve().read_text()
    code = page.partition("## Walking a store")[2].partition("```python\n")[2].partition("```")[0]
    assert "store.hdb/000001.hlog" in code
    exec(compile(code.replace("store.hdb/000001.hlog", str(files(store_path)["log"])), "page", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 140


def test_any_msgpack_library_can_walk_the_files(store_path: Path) -> None:
    """With nothing but `msgpack` and `zstandard`, as docs/history-store.md tells it."""
    unzip = zstandard.ZstdDecompressor().decompress
    kinds: list[str] = []
    seen: list[int] = []
    for file in [*store_path.rglob("*.h*"), store_path / "STORE.msgpack"]:
        with file.open("rb") as opened:
            for frame_or_trailer in msgpack.Unpacker(opened):
                if isinstance(frame_or_trailer, msgpack.ExtType):
                    assert file.read_bytes()[int.from_bytes(frame_or_trailer.data, "big") + 2] == ord("I")
                    continue
                kind, count, _first, _last, _codec, _raw, _crc, payload = frame_or_trailer
                kinds.append(kind)
                if kind == "R":
                    runs, rows = msgpack.unpackb(payload)
                    found = msgpack.unpackb(unzip(rows))
                    assert sum(runs[1::2]) == len(found) == count
                    seen += [document["id"] for document in found]
                elif kind == "C":
                    outline, columns = msgpack.unpackb(payload)
                    form, values = msgpack.unpackb(unzip(columns["id"]))
                    assert sum(msgpack.unpackb(unzip(outline))[0][1::2]) == count
                    seen += array({"i1": "b", "i2": "h"}[form], values)
                elif kind == "I":
                    assert sum(msgpack.unpackb(unzip(payload))["days"][1::2]) == count
    assert sorted(seen) == list(range(340))
    assert set(kinds) == {"R", "C", "I", "T", "M"}
