"""The history store beside DuckDB, Polars, TinyDB and a plain loop over msgpack, all of the same documents."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import msgpack

from dmart_tui.core.changelog import Imported, import_spaces
from dmart_tui.core.historydb import Count, Distinct, Engine, F, Quantile, Store, Sum, day_of, find
from dmart_tui.core.spaces import Spaces
from tests.benchmarks.lab import Lab, Row, median, ms, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.core.historydb import Query

DAYS: Final = 1000
FIRST: Final = day_of("2022-07-01")
DAY: Final = 86_400_000
BATCHES: Final = 50
KINDS: Final = ("update", "create", "delete", "move", "progress", "lock", "unlock", "attach")
TINY: Final = 100_000
TENTH: Final = (FIRST + 450, FIRST + 549)
"""A tenth of the days."""


def documents(count: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Documents of 1,000 days with 11 fields, a map and a list in each; 1 % come late, 5 % are exact duplicates."""
    chance = random.Random(seed)
    actors = [f"person{number:03}" for number in range(200)]
    agents = [f"Mozilla/5.0 (X11; Linux x86_64; rv:{number}.0) Gecko/20100101" for number in range(90, 110)]
    earlier: list[dict[str, Any]] = []
    for number in range(count):
        if earlier and chance.random() < 0.05:
            yield chance.choice(earlier)
            continue
        day = FIRST + number * DAYS // count
        if chance.random() < 0.01:
            day = max(FIRST, day - chance.randrange(1, 30))
        document = {
            "id": f"{number:08x}-{chance.getrandbits(32):08x}",
            "ts": day * DAY + chance.randrange(DAY),
            "space": f"space{chance.randrange(12)}",
            "path": f"/area{chance.randrange(40)}/folder{chance.randrange(200)}",
            "kind": KINDS[min(int(chance.expovariate(0.7)), len(KINDS) - 1)],
            "actor": actors[min(int(chance.expovariate(0.03)), 199)],
            "amount": chance.randrange(1000),
            "score": round(chance.gauss(50, 15), 3),
            "ok": chance.random() < 0.97,
            "request": {"agent": chance.choice(agents), "ip": f"10.0.{chance.randrange(256)}.{chance.randrange(256)}"},
            "tags": [f"t{chance.randrange(30)}" for _ in range(chance.randrange(4))],
        }
        earlier = [*earlier[-20:], document]
        yield document


def history(lab: Lab) -> Iterator[Row]:
    """The four queries of the design, and more of our own."""
    grounds = Grounds(lab)
    yield from grounds.made()
    tenth, every = find(*TENTH), find()
    grouped = tenth.group("kind").reduce(n=Count(), total=Sum("amount"))
    asked: dict[str, Query] = {
        "count of a tenth of the days": tenth.reduce(n=Count()),
        "sum and count by kind, a tenth of the days": grouped,
        "distinct ids of all": every.reduce(n=Distinct("id")),
        "sum and count by kind, all": every.group("kind").reduce(n=Count(), total=Sum("amount")),
    }
    sql = [
        "SELECT count(*) FROM {0} WHERE day BETWEEN {1} AND {2}",
        "SELECT kind, count(*), sum(amount) FROM {0} WHERE day BETWEEN {1} AND {2} GROUP BY kind",
        "SELECT count(DISTINCT id) FROM {0}",
        "SELECT kind, count(*), sum(amount) FROM {0} GROUP BY kind",
    ]
    with Store.open(str(grounds.store)) as store, Engine(workers=1) as one, Engine(workers=2, small=0) as two:
        two.run(store, asked["sum and count by kind, all"]).result()  # the workers start
        for at, (name, query) in enumerate(asked.items()):
            ours = median(lambda query=query: seconds(lambda: one.run(store, query).result()), lab.runs)  # type: ignore[misc]
            parquet = grounds.duckdb(sql[at], "parquet", lab.runs)
            yield Row(name, ms(ours), f"DuckDB on Parquet {ms(parquet)}", ours / parquet, "3" if at == 1 else "")
            if at:
                both = median(lambda query=query: seconds(lambda: two.run(store, query).result()), lab.runs)  # type: ignore[misc]
                yield Row("  the same, two workers", ms(both), "one process", both / ours)
            lines = grounds.duckdb(sql[at], "ndjson", min(lab.runs, 2))
            yield Row("  beside DuckDB on NDJSON", ms(ours), ms(lines), ours / lines)
            if (polars := grounds.polars(at, lab.runs)) is not None:
                yield Row("  beside Polars on Parquet", ms(ours), ms(polars), ours / polars)
            plain = median(lambda at=at: seconds(lambda: grounds.plain(at)), 1)  # type: ignore[misc]
            yield Row("  beside a loop over msgpack", ms(ours), ms(plain), ours / plain, "0.01" if at == 1 else "")
            if (tiny := grounds.tinydb(at)) is not None:
                yield Row("  beside TinyDB, of a tenth as many documents", ms(ours), ms(tiny), ours / tiny)
        parts = (
            tenth.where((F.amount > 20) & F.kind.isin("update", "delete") & ~F.path.startswith("/area1/"))
            .derive(hour=F.ts // 3_600_000 % 24)
            .unique("id")
            .group("kind", "hour")
            .reduce(n=Count(), total=Sum("amount"), p95=Quantile("score", 0.95))
        )
        for name, query in {
            "filter of three parts, two keys, duplicates dropped": parts,
            "duplicates dropped by day, counted, all": every.unique("id").reduce(n=Count()),
        }.items():
            ours = median(lambda query=query: seconds(lambda: one.run(store, query).result()), lab.runs)  # type: ignore[misc]
            both = median(lambda query=query: seconds(lambda: two.run(store, query).result()), lab.runs)  # type: ignore[misc]
            yield Row(name, ms(ours))
            yield Row("  the same, two workers", ms(both), "one process", both / ours)
    yield Row("memory of a worker at most", grounds.worker_memory(), budget="64 MB")


def imported(lab: Lab) -> Iterator[Row]:
    """All histories and event logs of the large demo taken into a store, beside decoding their lines."""
    spaces = Spaces(lab.large)
    lines = [path for path in lab.large.rglob("*.jsonl") if path.name in ("history.jsonl", "events.jsonl")]

    def decode() -> None:
        for path in lines:
            with path.open("rb") as file:
                for line in file:
                    with suppress(ValueError):
                        json.loads(line)

    with TemporaryDirectory(dir=lab.directory) as folder:
        store = Path(folder, "imported.hdb")
        decode()
        done: list[Imported] = []
        took = seconds(lambda: done.append(import_spaces(spaces, store)))
        plain = median(lambda: seconds(decode), lab.runs)
        count = done[0].documents
        told = f"{count:,} changes of {done[0].files:,} files into a store"
        yield Row(told, ms(took), f"decoding their lines {ms(plain)}", took / plain)
        again = median(lambda: seconds(lambda: done.append(import_spaces(spaces, store))), lab.runs)
        yield Row("  again, when nothing is new", ms(again), f"the first time {ms(took)}", again / took)


class Grounds:
    """The same documents in every form, made when first asked for."""

    def __init__(self, lab: Lab) -> None:
        self.count = lab.documents
        self.folder = lab.directory / f"history-{self.count}"
        self.folder.mkdir(exist_ok=True, parents=True)
        self.store = self.folder / "store.hdb"
        self.rows = self.folder / "rows.msgpack"
        self.lines = self.folder / "rows.ndjson"
        self.parquet = self.folder / "rows.parquet"
        self.tiny = self.folder / "tiny.json"

    def made(self) -> Iterator[Row]:
        """Make them; what that took and how large they are."""
        if not self.parquet.exists():
            found = list(documents(self.count))
            packer = msgpack.Packer()
            encoded = seconds(lambda: [packer.pack(one) for one in found])
            self.rows.write_bytes(b"".join(map(packer.pack, found)))
            self.lines.write_text("".join(json.dumps(one) + "\n" for one in found))
            size = max(1, -(-len(found) // BATCHES))
            with Store.create(str(self.store)) as store:
                batches = [found[at : at + size] for at in range(0, len(found), size)]
                appended = seconds(lambda: [store.append(batch) for batch in batches])
                sealed = seconds(store.seal)
            yield Row("appended, in 50 batches", ms(appended), f"encoded {ms(encoded)}", appended / encoded, "3")
            yield Row("sealed", ms(sealed), f"encoded {ms(encoded)}", sealed / encoded)
            self._parquet()
        store_size = sum(path.stat().st_size for path in self.store.rglob("*") if path.is_file())
        parquet_size = self.parquet.stat().st_size
        told = f"Parquet {parquet_size / 1e6:.1f} MB"
        yield Row("size, sealed", f"{store_size / 1e6:.1f} MB", told, store_size / parquet_size, "1.3")
        plain = self.rows.stat().st_size
        yield Row("  beside plain msgpack", f"{store_size / 1e6:.1f} MB", f"{plain / 1e6:.1f} MB", store_size / plain)

    def _parquet(self) -> None:
        import duckdb

        making = self.parquet.with_suffix(".making")
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT *, ts // {DAY} AS day FROM read_json('{self.lines}') ORDER BY day) TO '{making}' "
                "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480)"
            )
        making.rename(self.parquet)

    def duckdb(self, sql: str, form: str, runs: int) -> float:
        """The median of a query in one connection that is warm."""
        import duckdb

        table = f"read_parquet('{self.parquet}')"
        if form == "ndjson":
            table = f"(SELECT *, ts // {DAY} AS day FROM read_json('{self.lines}'))"
        told = sql.format(table, *TENTH)
        with duckdb.connect() as connection:
            ask: Callable[[], Any] = lambda: connection.execute(told).fetchall()  # noqa: E731
            ask()
            return median(lambda: seconds(ask), runs)

    def polars(self, at: int, runs: int) -> float | None:
        """The same by Polars, where it is installed."""
        with suppress(ImportError):
            import polars

            rows = polars.scan_parquet(self.parquet)
            if at < 2:
                rows = rows.filter(polars.col("day").is_between(*TENTH))
            grouped = rows.group_by("kind").agg(polars.len(), polars.col("amount").sum())
            asked = {0: rows.select(polars.len()), 2: rows.select(polars.col("id").n_unique())}.get(at, grouped)
            asked.collect()
            return median(lambda: seconds(asked.collect), runs)
        return None

    def plain(self, at: int) -> Any:
        """The same by a loop over all documents."""
        first, last = (TENTH[0] * DAY, (TENTH[1] + 1) * DAY) if at < 2 else (0, 1 << 62)
        sums: dict[str, list[int]] = {}
        ids = set()
        with self.rows.open("rb") as file:
            for one in msgpack.Unpacker(file):
                if first <= one["ts"] < last:
                    if at == 2:
                        ids.add(one["id"])
                    group = sums.setdefault(one["kind"], [0, 0])
                    group[0] += 1
                    group[1] += one["amount"]
        return sums or ids

    def tinydb(self, at: int) -> float | None:
        """The same by TinyDB on a tenth of the documents, where it is installed."""
        with suppress(ImportError):
            from tinydb import TinyDB

            if at != 1:
                return None
            if not self.tiny.exists():
                with TinyDB(self.tiny) as made:
                    made.insert_multiple(documents(self.count // 10))

            def ask() -> dict[str, list[int]]:
                sums: dict[str, list[int]] = {}
                with TinyDB(self.tiny) as base:
                    first, last = TENTH[0] * DAY, (TENTH[1] + 1) * DAY
                    for one in base.search(lambda one: first <= one["ts"] < last):
                        group = sums.setdefault(one["kind"], [0, 0])
                        group[0] += 1
                        group[1] += one["amount"]
                return sums

            return seconds(ask)
        return None

    def worker_memory(self) -> str:
        """The peak of what a worker process holds while it groups, in a process of its own."""
        code = (
            "import os, resource, sys\n"
            "from dmart_tui.core.historydb import *\n"
            "query = find().group('kind').reduce(n=Count(), total=Sum('amount'), p=Quantile('score', 0.9))\n"
            "with Store.open(sys.argv[1]) as store, Engine(workers=2, small=0) as engine:\n"
            "    engine.run(store, query).result()\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
        )
        argv = [sys.executable, "-c", code, str(self.store)]
        told = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
        return f"{int(told.stdout) / 1024:.0f} MB"
