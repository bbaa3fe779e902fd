"""A cluster of two workers gives the answers that one process gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from dmart_tui.cli import main
from dmart_tui.core.errors import Failed, UsageFault
from dmart_tui.core.historydb import Count, Distinct, Engine, F, Quantile, Store, Sum, cluster, find, own

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

distributed = pytest.importorskip("distributed")
DAY = 86_400_000


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler with two worker processes."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1", memory_limit=0
    ) as local:
        yield local.scheduler_address


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shared") / "s.hdb"
    documents = [
        {"id": f"k{number % 700}", "ts": (19_000 + number // 250) * DAY, "kind": "abc"[number % 3], "amount": number}
        for number in range(2500)
    ]
    with Store.create(str(made)) as store:
        store.append(documents[:2000])
        store.seal()
        store.append(documents[2000:])
    return made


def test_a_cluster_gives_the_same_answers(scheduler: str, path: Path) -> None:
    queries = [
        find().group("kind", hour=own("hour")).reduce(n=Count(), total=Sum("amount"), p=Quantile("amount")),
        find(19_002, 19_006).unique("id").reduce(d=Distinct("id"), n=Count()),
        find().where(F.amount % 100 == 7).order("-amount").limit(5),
    ]
    with Store.open(str(path)) as store, cluster(scheduler) as crew:
        for query in queries:
            here, there = (
                list(engine.run(store, query).documents()) or engine.run(store, query).result().rows
                for engine in (Engine(workers=1), Engine(crew=crew, documents=300))
            )
            assert here
            assert there == here


def test_the_command_line_asks_a_cluster(scheduler: str, path: Path) -> None:
    asked = ["historydb", "query", str(path), "--where", "amount >= 10", "--group", "kind", "--batch", "300"]
    here, there = (CliRunner().invoke(main, [*asked, *more]) for more in ((), ("--scheduler", scheduler)))
    assert there.exit_code == 0, there.output
    assert there.stdout == here.stdout != ""


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmart_tui.core.historydb.queries.executors.CONNECTING", "1s")
    with pytest.raises(Failed, match="does not answer"), cluster("tcp://127.0.0.1:1"):
        pass
    with pytest.raises((Failed, UsageFault)), cluster("nonsense://x"):
        pass
