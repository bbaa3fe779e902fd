"""SQL: first rows, memory, the end of a long result, stopping, the event loop meanwhile, the catalogue.

Beside the plain duckdb module always, and beside harlequin's adapter where there is one. Each side
works in a process of its own, so that memory is its own, too.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmart_tui.core.units import format_size
from tests.benchmarks.lab import PROJECT, Lab, Row, ms

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL, LARGE = 1_000_000, 100_000_000
TABLES = 10_000
HEAVY = "SELECT count(*) FROM range(3000000000) t(i) WHERE hash(i) % 7 = 1"
MEMORY = "1GB"

_COMMON = """
import json, resource, sys, threading, time
from pathlib import Path
folder = Path(sys.argv[1]); rows = int(sys.argv[2])
query = f"SELECT i, hash(i) AS h, 'name ' || i AS name, i / 7 AS d FROM range({rows}) t(i)"
def told(**found):
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(found), flush=True)
now = time.perf_counter
"""
_OURS = """
from dmart_tui.core.sql import Interrupted, Options, Session, tables_of
session = Session(Options(folder))
"""
_PLAIN = f"""
import duckdb
limits = {{"memory_limit": "{MEMORY}", "temp_directory": str(folder / "spill"), "threads": 2}}
connection = duckdb.connect(config=limits)
"""
_STOPPED = """
def later():
    time.sleep(0.5); asked.append(now()); {stop}
asked = []
threading.Thread(target=later).start()
try:
    {heavy}
except Exception:
    told(stop=now() - asked[0])
"""

SCRIPTS = {
    "ours first": _OURS + "start = now(); session.run(query).rows(0, 50); told(first=now() - start); session.close()",
    "duckdb first": _PLAIN + "start = now(); connection.execute(query).fetchmany(50); told(first=now() - start)",
    "ours end": _OURS
    + "start = now(); result = session.run(query); result.rows(rows - 50, 50); end = now() - start\n"
    + "start = now(); result.rows(rows // 3, 256); told(end=end, page=now() - start); session.close()",
    "duckdb end": _PLAIN
    + "start = now(); connection.execute(query)\nwhile connection.fetchmany(10_000): pass\n"
    + "told(end=now() - start, page=None)",
    "ours stop": _OURS
    + _STOPPED.format(stop="session.interrupt()", heavy=f"session.run({HEAVY!r})")
    + "session.close()",
    "duckdb stop": _PLAIN + _STOPPED.format(stop="connection.interrupt()", heavy=f"connection.execute({HEAVY!r})"),
    "harlequin first": """
from harlequin_duckdb import DuckDbAdapter
connection = DuckDbAdapter(conn_str=(":memory:",)).connect()
start = now(); cursor = connection.execute(query); cursor.set_limit(50).fetchall(); told(first=now() - start)
""",
    "harlequin end": """
from harlequin_duckdb import DuckDbAdapter
connection = DuckDbAdapter(conn_str=(":memory:",)).connect()
start = now(); connection.execute(query).fetchall(); told(end=now() - start, page=None)
""",
}


def measured(lab: Lab, name: str, rows: int, python: str = sys.executable) -> dict[str, Any]:
    """What a script tells; empty when it fails, of memory mostly."""
    folder = lab.directory / "sql"
    folder.mkdir(parents=True, exist_ok=True)
    command = [python, "-c", _COMMON + SCRIPTS[name], str(folder), str(rows)]
    done = subprocess.run(command, capture_output=True, cwd=PROJECT, check=False, timeout=1800)
    lines = done.stdout.splitlines()
    return json.loads(lines[-1]) if lines else {}


def sql(lab: Lab) -> Iterator[Row]:
    """All of it."""
    harlequin = _harlequin(lab)
    for rows in (SMALL, LARGE):
        yield from _first(lab, rows, harlequin)
    yield from _end(lab, SMALL, harlequin)
    yield from _end(lab, LARGE, harlequin="")  # all rows at once in memory, as it takes them, would be 10 GB
    ours, plain = measured(lab, "ours stop", 0), measured(lab, "duckdb stop", 0)
    yield Row("stop a heavy statement", ms(ours["stop"]), f"duckdb {ms(plain['stop'])}", budget="100 ms")
    yield from _lag(lab)
    yield from _catalogue(lab)


def _harlequin(lab: Lab) -> str:
    """The interpreter of an environment with harlequin, which needs another Textual: that of `--peer`, else ours."""
    if "harlequin" in lab.peers:
        return str(Path(lab.peers["harlequin"][0]).with_name("python"))
    return sys.executable if find_spec("harlequin") else ""


def _first(lab: Lab, rows: int, harlequin: str) -> Iterator[Row]:
    ours, plain = measured(lab, "ours first", rows), measured(lab, "duckdb first", rows)
    beside = f"duckdb {ms(plain['first'])}, {format_size(plain['memory'])}"
    if harlequin:
        peer = measured(lab, "harlequin first", rows, harlequin)
        beside += f"; harlequin {ms(peer['first'])}, {format_size(peer['memory'])}" if peer else "; harlequin failed"
    what = f"first rows of {rows:,}, and memory then"
    yield Row(what, f"{ms(ours['first'])}, {format_size(ours['memory'])}", beside, ours["first"] / plain["first"])


def _end(lab: Lab, rows: int, harlequin: str) -> Iterator[Row]:
    ours, plain = measured(lab, "ours end", rows), measured(lab, "duckdb end", rows)
    beside = f"duckdb {plain['end']:.1f} s, {format_size(plain['memory'])}, forward only"
    if harlequin:
        peer = measured(lab, "harlequin end", rows, harlequin)
        beside += f"; harlequin {peer['end']:.1f} s, {format_size(peer['memory'])}" if peer else "; harlequin failed"
    yield Row(
        f"to the end of {rows:,} rows, and memory then",
        f"{ours['end']:.1f} s, {format_size(ours['memory'])}",
        beside,
        ours["end"] / plain["end"],
    )
    yield Row("  a page in the middle of them, then", ms(ours["page"]))


def _lag(lab: Lab) -> Iterator[Row]:
    """How late a sleep of 5 ms is while a heavy statement runs and its rows are paged through."""
    from dmart_tui.core import background
    from dmart_tui.core.sql import Options, Session

    step = 0.005

    async def lags() -> list[float]:
        found: list[float] = []
        working = True

        async def watch() -> None:
            loop = asyncio.get_running_loop()
            while working:
                start = loop.time()
                await asyncio.sleep(step)
                found.append(loop.time() - start - step)

        with Session(Options(lab.directory / "sql")) as session:
            watching = asyncio.create_task(watch())
            heavy = "SELECT i, 'name ' || i AS name FROM range(3000000) t(i) ORDER BY hash(i)"
            result = await background.run(session.run, heavy)
            for at in range(0, 3_000_000, 50_000):
                await background.run(result.rows, at, 256)
            working = False
            await watching
        return sorted(found)

    found = asyncio.run(lags())
    yield Row("event loop lag meanwhile, p99", ms(found[int(len(found) * 0.99)]), budget="16 ms")


def _catalogue(lab: Lab) -> Iterator[Row]:
    from dmart_tui.core.sql import Options, Session, tables_of
    from tests.benchmarks.lab import median, seconds

    with Session(Options(lab.directory / "sql")) as session:
        with session.cursor() as cursor:
            cursor.execute(
                ";".join(["BEGIN", *(f"CREATE TABLE t{at} (a INTEGER, b VARCHAR)" for at in range(TABLES)), "COMMIT"])
            )
            plain = median(lambda: seconds(lambda: cursor.execute("SHOW ALL TABLES").fetchall()), lab.runs)
        ours = median(lambda: seconds(lambda: tables_of(session, "scratch", "main")), lab.runs)
        page = median(lambda: seconds(lambda: tables_of(session, "scratch", "main", offset=5000, limit=100)), lab.runs)
    yield Row(f"catalogue of {TABLES:,} tables", ms(ours), f"SHOW ALL TABLES {ms(plain)}", ours / plain)
    yield Row("  a page of 100 of them", ms(page))
