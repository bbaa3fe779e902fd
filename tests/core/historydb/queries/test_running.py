"""Running: workers give the same answers, stop at once, and say what they were reading when they die."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import Damaged, DmartTuiError, Failed, UsageFault
from dmart_tui.core.historydb import (
    ApproxDistinct,
    Count,
    Distinct,
    Engine,
    Executing,
    F,
    Quantile,
    Query,
    Store,
    Sum,
    TopK,
    find,
    own,
)
from dmart_tui.core.historydb.queries.aggregates import make
from dmart_tui.core.historydb.queries.pool import Pool
from tests.support.s3 import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, moto_server

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = 86_400_000
FIRST = 19_000
COUNT = 20_000
OWN = '''
import os, time
from dmart_tui.core.historydb import Aggregate, F

class Own(Aggregate):
    """Counts, and does what it is told with what it reads."""
    def __init__(self, what):
        self.fields = (F.number,)
        self.what = what
        if what == "make":
            raise ValueError("by me")
    def init(self):
        return 0
    def step(self, state, *values):
        print("a print must not break the messages")
        if values[0] == 15_000:
            if self.what == "raise":
                raise ZeroDivisionError("by me")
            if self.what == "exit":
                os._exit(7)
            if self.what == "kill":
                os.kill(os.getpid(), 9)
            if self.what == "sleep":
                time.sleep(600)
        return state + 1
    def merge(self, a, b):
        if self.what == "merge":
            raise ValueError("by me")
        return a + b
    def final(self, state):
        if self.what == "final":
            raise ValueError("by me")
        return state
'''


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    chance = random.Random(1)
    documents = [
        {
            "id": f"k{chance.randrange(COUNT)}",
            "number": number,
            "ts": (FIRST + number * 20 // COUNT) * DAY + chance.randrange(DAY),
            "kind": chance.choice("abcd"),
            "amount": chance.randrange(100),
        }
        for number in range(COUNT)
    ]
    place = str(tmp_path_factory.mktemp("a folder") / "s.hdb")
    with Store.create(place, days_per_segment=5) as store:
        for start in range(0, 15_000, 1000):
            store.append(documents[start : start + 1000])
        store.seal()
        store.append(documents[15_000:])
    return place


@pytest.fixture
def store(path: str) -> Iterator[Store]:
    with Store.open(path) as opened:
        yield opened


@pytest.fixture
def own_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_aggregates.py").write_text(OWN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))


QUERIES = {
    "grouped": find().group("kind", hour=own("hour")).reduce(n=Count(), total=Sum("amount"), p=Quantile("amount", 0.9)),
    "filtered": find(FIRST + 3, FIRST + 17).where((F.amount > 20) & ~F.kind.isin("a")).reduce(n=Count("number")),
    "sketches": find().group("kind").reduce(d=Distinct("id"), a=ApproxDistinct("id"), top=TopK("amount", 3)),
    "unique by day": find().unique("id").reduce(n=Count(), total=Sum("number")),
    "unique in the range": find().unique("id", keep="last", scope="range").reduce(n=Count(), total=Sum("number")),
    "documents": find().where(F.amount == 3),
    "ordered": find().where(F.amount > 90).derive(half=F.amount // 2).order("-half", "number").limit(25),
    "limited": find().where(F.kind == "b").limit(7),
    "none": find().where(F.kind == "z").group("kind"),
    "counted": find().group(own("month")),
}


def answer(engine: Engine, store: Store, query: Query) -> Any:
    run = engine.run(store, query)
    return run.result().rows if query.reduces else list(run.documents())


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[str, Engine]]:
    with (
        Engine(workers=2, small=0, documents=3000) as pool,
        ThreadPoolExecutor(2) as threads,
        ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as processes,
        Engine(crew=Executing(threads), documents=3000) as by_threads,
        Engine(crew=Executing(processes), documents=3000) as by_processes,
    ):
        yield {"pool": pool, "threads": by_threads, "processes": by_processes}


@pytest.mark.parametrize("who", ["pool", "threads", "processes"])
@pytest.mark.parametrize("name", QUERIES)
def test_whoever_works_gives_the_same_answer(engines: dict[str, Engine], store: Store, who: str, name: str) -> None:
    here = answer(Engine(workers=1), store, QUERIES[name])
    assert here or name == "none"
    assert answer(engines[who], store, QUERIES[name]) == here


def test_parts_come_before_the_whole_and_progress_grows(engines: dict[str, Engine], store: Store) -> None:
    run = engines["pool"].run(store, find().reduce(n=Count("number")))
    told = [(progress, run.table().rows[0][0]) for progress in run]
    days = [progress.days for progress, _ in told]
    assert days == sorted(days)
    assert (days[0], days[-1], told[-1][0].all_days) == (0, 20, 20)
    assert told[-1][1] == COUNT
    assert len({count for _, count in told}) > 3
    assert told[-1][0].documents >= COUNT
    assert told[-1][0].read > 0
    assert run.result().rows == [(COUNT,)]


def test_documents_come_before_all_are_read(store: Store) -> None:
    run = Engine(workers=1, documents=1000).run(store, find())
    documents = run.documents()
    assert next(documents)["number"] >= 0
    assert not run.table().rows or len(run.table().rows) < COUNT


def test_workers_stay_and_end_with_their_engine(store: Store) -> None:
    before, hired = children(), []
    with Engine(workers=2, small=0, documents=3000, niceness=7) as engine:
        for _ in range(2):
            answer(engine, store, QUERIES["grouped"])
            hired.append(children() - before)
        assert len(hired[0]) == 2
        assert hired[0] == hired[1]
        assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in hired[0]} == {min(19, os.nice(0) + 7)}
    assert not children() & hired[0]


def test_workers_that_die_while_they_are_idle_are_replaced(store: Store) -> None:
    before = children()
    with Engine(workers=2, small=0, documents=3000) as engine:
        first = answer(engine, store, QUERIES["grouped"])
        hired = children() - before
        for pid in hired:
            os.kill(pid, signal.SIGKILL)
        while children() & hired:
            time.sleep(0.001)
        assert answer(engine, store, QUERIES["grouped"]) == first


def test_small_queries_start_no_worker(store: Store) -> None:
    before = children()
    with Engine(workers=2) as engine:
        answer(engine, store, QUERIES["grouped"])
        assert children() == before


@pytest.mark.usefixtures("own_class")
@pytest.mark.parametrize("workers", [1, 2])
def test_an_aggregate_of_ones_own_runs_and_its_faults_are_named(store: Store, workers: int) -> None:
    with Engine(workers=workers, small=0, documents=3000) as engine:
        query = find().reduce(n=make("own_aggregates:Own", ["nothing"], {}))
        assert answer(engine, store, query) == [(COUNT,)]
        with pytest.raises(Failed, match=r"s\.hdb.*frame at byte \d.*ZeroDivisionError: by me"):
            answer(engine, store, find().reduce(n=make("own_aggregates:Own", ["raise"], {})))
        assert answer(engine, store, query) == [(COUNT,)]


@pytest.mark.usefixtures("own_class")
@pytest.mark.parametrize("what", ["make", "merge", "final"])
def test_what_an_aggregate_of_ones_own_raises_here_is_told(store: Store, what: str) -> None:
    with Engine(workers=2, small=0, documents=3000) as engine, pytest.raises(DmartTuiError, match="by me"):
        answer(engine, store, find().reduce(n=make("own_aggregates:Own", [what], {})))


@pytest.mark.usefixtures("own_class")
@pytest.mark.parametrize(("how", "told"), [("exit", "exit code 7"), ("kill", "signal 9")])
def test_a_worker_that_dies_is_named_and_replaced(store: Store, how: str, told: str) -> None:
    with Engine(workers=2, small=0, documents=3000) as engine:
        with pytest.raises(Failed, match=rf"s\.hdb/.*frame at byte \d.*a worker died reading it \({told}\)"):
            answer(engine, store, find().reduce(n=make("own_aggregates:Own", [how], {})))
        assert answer(engine, store, find().reduce(n=Sum("number"))) == [(COUNT * (COUNT - 1) // 2,)]


@pytest.mark.usefixtures("own_class")
def test_a_query_can_be_left_while_a_worker_hangs(store: Store) -> None:
    before = children()
    with Engine(workers=2, small=0, documents=3000) as engine:
        for progress in engine.run(store, find().reduce(n=make("own_aggregates:Own", ["sleep"], {}))):
            hired = children() - before
            if progress.days == 17:  # of 20: the other worker has done all but the three that one hangs in
                break
        assert len(hired) == 2
        assert len(children() & hired) < 2


@pytest.mark.parametrize("small", [0, 10**9])
def test_cancelling_ends_the_iteration_at_its_next_step(store: Store, small: int) -> None:
    cancel = CancelToken()
    with Engine(workers=2, small=small, documents=1000) as engine:
        run = iter(engine.run(store, QUERIES["grouped"], cancel=cancel))
        next(run)
        cancel.cancel()
        with pytest.raises(Cancelled):
            next(run)
        assert answer(engine, store, QUERIES["filtered"])


def test_many_groups_can_be_left_before_all_are_worked_off(store: Store) -> None:
    query = find().unique("number").group("number").reduce(n=Distinct("amount"))
    with Engine(workers=1, documents=10**9) as engine:
        read = [progress.read for progress in engine.run(store, query)]
    assert read.count(read[-1]) > 10


def test_two_queries_at_once_do_not_mix(store: Store) -> None:
    with Engine(workers=2, small=0, documents=3000) as engine:
        one, two = (engine.run(store, QUERIES[name]) for name in ("grouped", "filtered"))
        for _ in zip(one, two, strict=False):
            pass
        found = [run.table().rows for run in (one, two)]
        left = [engine.run(store, QUERIES[name]).result().rows for name in ("grouped", "filtered")]
        assert sorted(map(len, found)) == sorted(map(len, left))


def test_workers_end_when_whoever_asked_dies(path: str) -> None:
    code = (
        "import sys, os\n"
        "from dmart_tui.core.historydb import *\n"
        "with Store.open(sys.argv[1]) as store:\n"
        "    engine = Engine(workers=2, small=0, documents=3000)\n"
        "    engine.run(store, find().reduce(n=Sum('number'))).result()\n"
        "    print(*(worker._process.pid for worker in engine._pool._idle), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert len(pids) == 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()
    until = time.monotonic() + 20
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_damage_is_named_whoever_reads(tmp_path: Path) -> None:
    with Store.create(str(tmp_path / "s.hdb"), codec="none") as store:
        store.append({"ts": FIRST * DAY + at * DAY, "n": at} for at in range(500))
        store.seal()
        (segment,) = (tmp_path / "s.hdb").rglob("*.hseg")
        ref = store.blocks()[0]
        offset, length, _ = ref.fields["n"]
        data = bytearray(segment.read_bytes())
        data[offset + length - 1] ^= 1
        segment.chmod(0o644)
        segment.write_bytes(data)
        for workers in (1, 2):
            with Engine(workers=workers, small=0, documents=100) as engine, pytest.raises(Damaged) as fault:
                engine.run(store, find().reduce(n=Sum("n"))).result()
            assert fault.value.address.startswith(str(segment))


def test_workers_read_a_store_on_s3_themselves(path: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmart_tui.core.archives.remote._endpoints", {})
    monkeypatch.setattr("dmart_tui.core.historydb.reading._sources", {})
    with moto_server() as server:
        for name, value in (
            ("ENDPOINT_URL", server.url),
            ("ACCESS_KEY_ID", ACCESS_KEY),
            ("SECRET_ACCESS_KEY", SECRET_KEY),
            ("DEFAULT_REGION", REGION),
        ):
            monkeypatch.setenv(f"AWS_{name}", value)
        for file in Path(path).rglob("*"):
            if file.is_file():
                server.put(f"s.hdb/{file.relative_to(path)}", file.read_bytes())
        with Store.open(f"s3://{BUCKET}/s.hdb") as remote, Engine(workers=2, small=0, documents=8000) as engine:
            assert answer(engine, remote, QUERIES["filtered"]) == answer(Engine(workers=1), store, QUERIES["filtered"])


def test_counting_days_reads_no_block(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmart_tui.core.historydb.queries.plans.selected", None)
    found = Engine().run(store, find(FIRST + 1, FIRST + 4).group(own("day")).having(F.n > 0)).result()
    assert found.columns == ("day()", "n")
    assert sum(count for _, count in found.rows) == COUNT // 20 * 4


def test_what_was_erased_is_not_counted(tmp_path: Path) -> None:
    with Store.create(str(tmp_path / "s.hdb")) as store:
        store.append({"ts": FIRST * DAY, "id": number} for number in range(10))
        store.erase([3, 4])
        assert Engine().run(store, find().reduce(n=Count())).result().rows == [(8,)]


@pytest.mark.parametrize(
    "query",
    [
        find().group("a").reduce(a=Count()),
        find().group("a").order("b"),
        find().having(F.a > 1),
        find().group("a").having(F.b > 1),
        find().group("a").having(own("day") == "x"),
    ],
    ids=str,
)
def test_parts_that_do_not_fit_together_are_refused(store: Store, query: Query) -> None:
    with pytest.raises(UsageFault):
        Engine().run(store, query)


def test_a_pool_that_cannot_start_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with (
        Engine(workers=2, small=0, documents=3000) as engine,
        pytest.raises(Failed, match="no worker could be started"),
    ):
        answer(engine, store, QUERIES["grouped"])
    Pool(2, 0).close()


def children() -> set[int]:
    """The processes that this one has started and that are no zombies."""
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return {pid for pid in map(int, file.read().split()) if alive(pid)}


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
