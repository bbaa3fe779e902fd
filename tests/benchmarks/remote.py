"""Archives on a server of S3 that takes 30 ms a request: time, requests and bytes beside the program they come from.

The original's figures were measured at the same latency with its own reader, on another day.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.s3 import S3Source
from dmart_tui.core.archives.source import Cost
from dmart_tui.core.archives.writer import Writer
from dmart_tui.core.units import format_count, format_size
from tests.benchmarks.lab import Row
from tests.support.s3 import BUCKET, S3Server, hadro_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.archives.remote import Endpoint
    from tests.benchmarks.lab import Lab

LATENCY_MS = 30
ORIGINAL = {1_000: 101, 100_000: 374, 1_000_000: 3400}
"""Members, and the milliseconds that the original took to open and list so many."""
CONTENT = 270
WANTED = 100


def remote_archives(lab: Lab) -> Iterator[Row]:
    root = lab.directory / "buckets"
    for members in ORIGINAL:
        _make(root / BUCKET / f"{members}.des", members)
    with hadro_server(root, latency_ms=LATENCY_MS) as server:
        for members in ORIGINAL:
            yield _opening(server, members, lab.runs)
        yield _batch(server, 100_000, lab.runs)


def _make(path: Path, members: int) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with Writer(str(path), digests=False) as writer:
        for number in range(members):
            writer.add(f"member_{number:07}.json", number.to_bytes(4) * (CONTENT // 4))


@contextmanager
def _opened(endpoint: Endpoint, members: int) -> Iterator[tuple[Archive, float]]:
    """An archive and the seconds that opening it took."""
    source = S3Source(endpoint, BUCKET, f"{members}.des")
    started = time.perf_counter()
    with open_archive(source) as archive:
        yield archive, time.perf_counter() - started


def _opening(server: S3Server, members: int, runs: int) -> Row:
    """Beside the bare requests of the original, one after the other, its parsing left out."""
    endpoint = server.endpoint()
    ours, theirs, cost = [], [], ""
    for _ in range(runs):
        with _opened(endpoint, members) as (archive, seconds):
            assert len(archive) == members
            ours.append(seconds)
            cost = _told(archive.source.cost)
            size, start, length = archive.stamp.size, archive.layout.index_start, archive.layout.index_length
        started = time.perf_counter()
        endpoint.client.head_object(Bucket=BUCKET, Key=f"{members}.des")
        for first, last in ((size - 72, size), (start, start + length)):
            _bare(endpoint, members, first, last)
        theirs.append(time.perf_counter() - started)
    return _row(
        f"open {format_count(members)} members at +{LATENCY_MS} ms",
        ours,
        theirs,
        cost,
        f"three bare requests; the original took {ORIGINAL[members]} ms",
    )


def _batch(server: S3Server, members: int, runs: int) -> Row:
    """Beside one request from the first member to the last, as the original reads them."""
    endpoint = server.endpoint()
    positions = random.Random(11).sample(range(members), WANTED)
    ours, theirs, cost = [], [], ""
    moved = 0
    for _ in range(runs):
        with _opened(endpoint, members) as (archive, _seconds):
            before = replace(archive.source.cost)
            started = time.perf_counter()
            assert len(dict(archive.read_many(positions))) == WANTED
            ours.append(time.perf_counter() - started)
            after = archive.source.cost
            cost = _told(Cost(after.requests - before.requests, after.moved - before.moved))
            first, last = archive.member(min(positions)), archive.member(max(positions))
            moved = last.offset + last.stored - first.offset
        started = time.perf_counter()
        _bare(endpoint, members, first.offset, first.offset + moved)
        theirs.append(time.perf_counter() - started)
    what = f"{WANTED} random of {format_count(members)} members at +{LATENCY_MS} ms"
    return _row(what, ours, theirs, cost, f"one bare request for {format_size(moved)}, as the original", "300 ms")


def _bare(endpoint: Endpoint, members: int, first: int, last: int) -> None:
    reply = endpoint.client.get_object(Bucket=BUCKET, Key=f"{members}.des", Range=f"bytes={first}-{last - 1}")
    reply["Body"].read()


def _told(cost: Cost) -> str:
    return f"{cost.requests} requests, {format_size(cost.moved)}"


def _row(what: str, ours: list[float], theirs: list[float], cost: str, beside: str, budget: str = "") -> Row:
    mine, other = median(ours), median(theirs)
    return Row(what, f"{mine * 1000:.0f} ms, {cost}", f"{other * 1000:.0f} ms: {beside}", mine / other, budget)
