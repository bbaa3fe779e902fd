"""What is appended to a store is what comes back, whatever is done to the store meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import Failed, NotFound, Refused, UsageFault
from dmart_tui.core.historydb import MISSING, Store, WriterHeld, day_of, day_text, read_block
from dmart_tui.core.historydb.manifest import write_manifest
from dmart_tui.core.historydb.reading import read_ranges
from tests.support.histories import DOCUMENTS, FIRST_DAY, documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dmart_tui.core.historydb.manifest import Manifest


def by_day(given: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The order in which a store tells documents."""
    return sorted(given, key=lambda document: day_of(document["ts"]))


def test_documents_come_back_by_day(tmp_path: Path) -> None:
    wanted = documents(30_000)
    with Store.create(str(tmp_path / "a store.hdb")) as store:
        first = store.append(wanted[:20_000])
        second = store.append(wanted[20_000:])
        assert (first.count, first.late, first.frames) == (20_000, 0, 3)
        assert second.late == sum(day_of(one["ts"]) < day_of(wanted[19_999]["ts"]) for one in wanted[20_000:]) > 0
        assert second.frames == 3
        assert list(store.documents()) == by_day(wanted)
        done = store.seal()
        assert (done.documents, done.segments, done.removed) == (30_000, 1, 0)
        assert list(map(repr, store.documents())) == list(map(repr, by_day(wanted)))
        few = list(store.documents(FIRST_DAY + 10, FIRST_DAY + 12))
        assert few == [one for one in by_day(wanted) if 10 <= day_of(one["ts"]) - FIRST_DAY <= 12]
        assert list(store.verify()) == []


@settings(max_examples=30, deadline=None)
@given(batches=st.lists(st.lists(DOCUMENTS, max_size=6), min_size=1, max_size=4), days=st.sampled_from([0, 1, 400]))
def test_any_documents_come_back_exactly(batches: list[list[dict[str, Any]]], days: int) -> None:
    wanted = list(map(repr, by_day(document for batch in batches for document in batch)))
    with TemporaryDirectory() as folder, Store.create(f"{folder}/s", days_per_segment=days) as store:
        for place, batch in enumerate(batches):
            assert store.append(batch).count == len(batch)
            compare_columns(store)
            if place % 2:
                store.seal()
        assert list(map(repr, store.documents())) == wanted
        store.seal()
        assert list(map(repr, store.documents())) == wanted
        store.compact()
        assert list(map(repr, store.documents())) == wanted
        assert sum(store.day_counts().values()) == len(wanted)
        assert list(store.verify()) == []
        compare_columns(store)


def compare_columns(store: Store) -> None:
    """Compare what columns hold with what documents hold."""
    for ref in store.blocks():
        block = read_block(ref)
        found = block.documents()
        names = [*{name for document in found for name in document}, "no such field"]
        for name, column in block.read(names * 2).items():
            values = list(column.values)
            assert repr(values) == repr([document.get(name, MISSING) for document in found])
            assert not column.whole or (MISSING not in values and None not in values)
            if column.kind == "dict" and len(column.codes):
                assert [column.words[code] for code in column.codes] == values
            if name in ref.ranges:
                there = [value for value in values if value is not None and value is not MISSING]
                assert (min(there), max(there)) == tuple(ref.ranges[name])


def test_columns_of_rows_and_of_columns_are_the_same(tmp_path: Path) -> None:
    wanted = documents(9000, days=30)
    with Store.create(str(tmp_path / "s")) as store:
        store.append(wanted)
        compare_columns(store)
        store.seal()
        assert {ref.kind for ref in store.blocks()} == {"C"}
        compare_columns(store)
        block = read_block(store.blocks(FIRST_DAY + 3, FIRST_DAY + 4)[0])
        span = block.span(FIRST_DAY + 3, FIRST_DAY + 4)
        assert set(block.days[span]) == {FIRST_DAY + 3, FIRST_DAY + 4}
        assert block.days.count(FIRST_DAY + 3) + block.days.count(FIRST_DAY + 4) == span.stop - span.start
        kinds = block.column("kind")
        assert (kinds.kind, sorted(kinds.words)) == ("dict", ["create", "delete", "move", "update"])
        amount = block.column("amount")
        assert (amount.kind, amount.whole, amount.values.format) == ("float", True, "d")  # type: ignore[attr-defined]
        assert block.column("note").kind == "any"
        assert block.column("nowhere").kind == "missing"


def test_documents_with_little_in_common_stay_rows(tmp_path: Path) -> None:
    wanted = [{"ts": day_text(FIRST_DAY), f"field {place}": place} for place in range(300)]
    with Store.create(str(tmp_path / "s")) as store:
        store.append(wanted)
        store.seal()
        assert [ref.kind for ref in store.blocks()] == ["R"]
        assert list(store.documents()) == wanted


def test_large_documents_make_small_blocks(tmp_path: Path) -> None:
    wanted = [{"ts": 1_700_000_000, "text": os.urandom(3_000_000)} for _ in range(3)]
    with Store.create(str(tmp_path / "s")) as store:
        assert store.append(wanted).frames == 3
        store.seal()
        assert [ref.count for ref in store.blocks()] == [1, 1, 1]
        assert list(store.documents()) == wanted
        with pytest.raises(UsageFault, match="larger than 16 MB"):
            store.append([{"ts": 1, "text": bytes(17 << 20)}])


def test_no_frame_is_written_that_could_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = documents(500)
    with Store.create(str(tmp_path / "s")) as store:
        store.append(wanted)
        with monkeypatch.context() as patch:
            patch.setattr("dmart_tui.core.historydb.frames.LARGEST", 2000)
            with pytest.raises(Refused, match="more than a frame may hold"):
                store.append(wanted)
        assert store.unused() == []
        assert list(store.documents()) == by_day(wanted)


def test_segments_end_with_a_day(tmp_path: Path) -> None:
    with Store.create(str(tmp_path / "s"), days_per_segment=7) as store:
        store.append(documents(2000, days=50))
        store.seal()
        for entry in store.manifest.segments:
            assert entry.day_min // 7 == entry.day_max // 7
        assert store.compact().segments == 0
        store.append(documents(2000, days=50, seed=1))
        store.seal()
        before = len(store.manifest.segments)
        assert store.compact().replaced == before
        assert len(store.manifest.segments) == before // 2
        days = [day for entry in store.manifest.segments for day in (entry.day_min, entry.day_max)]
        assert days == sorted(days)


def test_what_is_merged_leaves_alone_what_is_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("segments", "sealing"):
        monkeypatch.setattr(f"dmart_tui.core.historydb.{module}.SEGMENT", 100)
    days = [FIRST_DAY, FIRST_DAY + 50, FIRST_DAY + 90]
    with Store.create(str(tmp_path / "s")) as store:
        for number in (0, 1):
            for day in days[::2] if number else days:
                store.append([{"ts": day * 86_400 + place} for place in range(70)])
                store.seal()
        done = store.compact()
        assert (done.documents, done.replaced) == (280, 4)
        assert sorted(entry.day_min for entry in store.manifest.segments) == days
        assert all(entry.day_min == entry.day_max for entry in store.manifest.segments)
        assert store.compact().documents == 0


def test_a_day_is_counted_from_the_footers(tmp_path: Path) -> None:
    wanted = documents(5000)
    with Store.create(str(tmp_path / "s")) as store:
        store.append(wanted[:4000])
        store.seal()
        store.append(wanted[4000:])
        counts = store.day_counts(FIRST_DAY + 70, FIRST_DAY + 90)
    found = [day_of(one["ts"]) for one in wanted]
    assert counts == {day: found.count(day) for day in range(FIRST_DAY + 70, FIRST_DAY + 91)}


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with Store.create(path) as store:
        store.append(documents(20_000))
        store.seal()
    read: list[int] = []

    def counting(path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        found = read_ranges(path, ranges)
        read.extend(map(len, found))
        return found

    with Store.open(path, read=counting) as store:
        size = store.info().sealed_bytes
        assert sum(store.day_counts().values()) == 20_000
        assert sum(read) < size / 50
        read.clear()
        for ref in store.blocks(FIRST_DAY + 40, FIRST_DAY + 44):
            read_block(ref, counting).columns(["kind"])
        assert sum(read) < size / 20


def test_a_day_of_any_size_is_sealed_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmart_tui.core.historydb.queries.ordering._DOCUMENTS", 100)
    wanted = documents(3000, days=3)
    with Store.create(str(tmp_path / "s")) as store:
        for start in range(0, 3000, 70):
            store.append(wanted[start : start + 70])
        assert list(store.documents()) == by_day(wanted)
        most = 0

        def progress(done: int, total: int) -> None:
            nonlocal most
            assert 0 < done - most <= 100
            most = done

        assert store.seal(progress).documents == most == 3000
        assert list(store.documents()) == by_day(wanted)


# -- erasing and dropping ---------------------------------------------------------------------------------------------


def test_what_is_erased_is_hidden_and_then_gone(tmp_path: Path) -> None:
    wanted = documents(3000)
    keys = {3, 1500, 2999, 1_000_000}
    left = [one for one in by_day(wanted) if one["id"] not in keys]
    with Store.create(str(tmp_path / "s")) as store:
        store.append(wanted[:2000])
        store.seal()
        store.append(wanted[2000:])
        assert store.erase(keys) == 3
        assert store.erase(keys) == 0
        assert list(store.documents()) == left
        assert sum(store.day_counts().values()) == store.info().documents == len(left)
        again = [wanted[3], wanted[1500]]
        store.append(again)
        whole = by_day(left + again)
        for rewrite in (store.seal, store.compact):
            assert list(store.documents()) == whole
            rewrite()
        assert list(store.documents()) == whole
        assert (store.info().erased, store.info().documents) == (0, len(whole))
        assert store.compact().documents == 0
        assert list(store.verify()) == []


def test_all_may_be_erased(tmp_path: Path) -> None:
    wanted = documents(100)
    with Store.create(str(tmp_path / "s")) as store:
        for rewrite in (store.seal, store.compact):
            store.append(wanted)
            assert store.erase(range(100)) == 100
            rewrite()
            assert list(store.documents()) == []
            assert store.day_counts() == {}
            store.seal()
        store.compact()
        assert store.info().sealed_bytes == store.info().erased == 0


def test_compacting_leaves_what_the_log_holds_erased(tmp_path: Path) -> None:
    wanted = documents(1000)
    with Store.create(str(tmp_path / "s")) as store:
        store.append(wanted)
        store.seal()
        store.append(wanted)
        assert store.erase([7]) == 2
        store.compact()
        assert store.info().erased == 1
        assert all(one["id"] != 7 for one in store.documents())
        store.seal()
        assert store.info().erased == 0
        assert store.info().documents == 1998


@pytest.mark.parametrize("sealed", [True, False])
def test_old_days_are_dropped(tmp_path: Path, sealed: bool) -> None:
    wanted = documents(2000, days=60)
    with Store.create(str(tmp_path / "s"), days_per_segment=10) as store:
        store.append(wanted)
        if sealed:
            store.seal()
        store.erase([0, 1999])
        left = [one for one in by_day(wanted[1:-1]) if day_of(one["ts"]) >= FIRST_DAY + 25]
        done = store.drop_before(FIRST_DAY + 25)
        assert list(store.documents()) == left
        assert sum(store.day_counts().values()) == len(left)
        assert done.removed == 2000 - len(left) - sealed
        assert store.drop_before(FIRST_DAY + 25).removed == 0
        assert list(store.verify()) == []


def test_cancelling_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    wanted = documents(3000)
    token = CancelToken()
    with Store.create(str(tmp_path / "s")) as store:
        store.append(wanted)
        with pytest.raises(Cancelled):
            store.seal(lambda done, total: token.cancel(), token)
        assert store.unused() == []
        assert store.info().logged == 3000
        assert list(store.documents()) == by_day(wanted)


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"id": 1}, "document 2 of the batch has no 'ts'"),
        ({"ts": "yesterday"}, "document 2 of the batch: ts 'yesterday' is no date"),
        ({"ts": "2026-01-05 or so"}, "ts '2026-01-05 or so' is no date"),
        ({"ts": "2026-01-05T25:00:00"}, "is no date"),
        ({"ts": True}, "is no date"),
        ({"ts": float("nan")}, "is no date"),
        ({"ts": 10**30}, "is no date"),
        ({"ts": None}, "is no date"),
        ({"ts": 0, 7: 1}, "7 cannot name a field"),
        ({"ts": 0, "x": {1, 2}}, "set cannot be stored"),
        ({"ts": 0, "x": "\ud800"}, "is not Unicode"),
        (["ts"], "a document is none"),
    ],
)
def test_what_cannot_be_stored_is_told_and_nothing_is(tmp_path: Path, document: Any, said: str) -> None:
    with Store.create(str(tmp_path / "s")) as store:
        with pytest.raises(UsageFault, match=said):
            store.append([{"ts": 0}, document])
        assert list(store.documents()) == []


def test_a_document_in_itself_is_refused(tmp_path: Path) -> None:
    document: dict[str, Any] = {"ts": 0}
    document["self"] = document
    with Store.create(str(tmp_path / "s")) as store, pytest.raises(UsageFault, match="recursion"):
        store.append([document])


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2024-03-26", "2024-03-26"),
        ("2024-03-26T23:59:59", "2024-03-26"),
        ("2024-03-26 23:59:59.5Z", "2024-03-26"),
        ("2024-03-26T23:59:59-02:00", "2024-03-27"),
        ("2024-03-26T00:30:00+02:00", "2024-03-25"),
        (datetime(2024, 3, 26, 23, tzinfo=UTC), "2024-03-26"),
        (datetime(2024, 3, 26, 23), "2024-03-26"),
        (date(2024, 3, 26), "2024-03-26"),
        (1_711_450_000, "2024-03-26"),
        (1_711_450_000.5, "2024-03-26"),
        (1_711_450_000_000, "2024-03-26"),
        (1_711_450_000_000_000, "2024-03-26"),
        (1_711_450_000_000_000_000, "2024-03-26"),
        (-1, "1969-12-31"),
    ],
)
def test_dates_in_all_forms(value: Any, day: str) -> None:
    assert day_text(day_of(value)) == day


def test_where_something_is_no_store_is_made(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="something is there"):
        Store.create(str(tmp_path))
    with pytest.raises(NotFound, match="is no history store"):
        Store.open(str(tmp_path))
    with pytest.raises(NotFound, match="is no history store"):
        Store.open(str(tmp_path / "nowhere"))
    with pytest.raises(UsageFault):
        Store.create(str(tmp_path / "s"), codec="rar")


# -- one writer, many readers -----------------------------------------------------------------------------------------


def test_the_holder_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    Store.create(path).close()
    code = (
        "import sys; from dmart_tui.core.historydb import Store; store = Store.open(sys.argv[1], write=True);"
        "print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(WriterHeld, match=f"process {other.pid} of"):
            Store.open(path, write=True)
        with Store.open(path) as reader, pytest.raises(Refused, match="open for reading"):
            reader.append([{"ts": 0}])
        other.kill()
    Store.open(path, write=True).close()


def test_a_reader_sees_what_is_written_meanwhile(tmp_path: Path) -> None:
    wanted = documents(3000)
    path = str(tmp_path / "s")
    with Store.create(path) as store, Store.open(path) as reader:
        for start in range(0, 3000, 1000):
            store.append(wanted[start : start + 1000])
            assert list(reader.documents()) == by_day(wanted[: start + 1000])
        before = reader.blocks()
        store.seal()
        store.erase([5])
        store.compact()
        assert [one for ref in before for one in read_block(ref).documents()] != []
        assert store.unused() != []
        assert list(reader.documents()) == [one for one in by_day(wanted) if one["id"] != 5]
    with Store.open(path, write=True) as store:
        assert store.unused() == []
        names = {"STORE.msgpack", store.manifest.log, "readers.lock", "seg", "writer.lock"}
        assert {entry.name for entry in Path(path).iterdir()} == names


@pytest.mark.parametrize("rewrite", [Store.seal, lambda store: store.erase([1])])
def test_a_store_in_doubt_is_written_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rewrite: Callable[[Store], object]
) -> None:
    wanted = documents(100)
    path = str(tmp_path / "s")

    def replaced(folder: str, manifest: Manifest) -> None:
        write_manifest(folder, manifest)
        raise Failed("the power of the disk went")

    with Store.create(path) as store:
        store.append(wanted)
        with monkeypatch.context() as patch:
            patch.setattr("dmart_tui.core.historydb.store.write_manifest", replaced)
            with pytest.raises(Failed, match="the power"):
                rewrite(store)
        with pytest.raises(Failed, match="open it again"):
            store.append(wanted)
    with Store.open(path, write=True) as store:
        store.append(documents(10, start=100))
        found = [one["id"] for one in store.documents()]
        assert sorted(found) == [number for number in range(110) if number != 1 or rewrite is Store.seal]


def test_what_a_crash_left_is_removed_when_nobody_reads(tmp_path: Path) -> None:
    wanted = documents(300)
    path = tmp_path / "s"
    with Store.create(str(path)) as store:
        store.append(wanted)
    left = [path / "seg" / "000002.tmp", path / "seg" / "000002_0_9.hseg", path / "000003.hlog"]
    for file in left:
        file.write_bytes(b"half")
    (path / "seg" / "notes.txt").write_text("not ours")
    with Store.open(str(path)), Store.open(str(path), write=True) as store:
        assert store.unused() == sorted(map(str, left))
        assert store.seal().documents == 300
        assert list(store.documents()) == by_day(wanted)
    with Store.open(str(path), write=True) as store:
        assert store.unused() == []
        assert list(store.documents()) == by_day(wanted)
    assert (path / "seg" / "notes.txt").exists()


def test_a_full_disk_leaves_what_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = documents(2000)
    with Store.create(str(tmp_path / "s")) as store:
        store.append(wanted[:1000])
        real = os.write

        def half(descriptor: int, data: bytes) -> int:
            if len(data) > 1:
                return real(descriptor, data[: len(data) // 2])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", half)
        with pytest.raises(Failed, match="No space left"):
            store.append(wanted[1000:])
        with pytest.raises(Failed, match="No space left"):
            store.seal()
        monkeypatch.undo()
        store.append(wanted[1000:])
        store.seal()
        assert list(store.documents()) == by_day(wanted)
        assert store.unused() == []
