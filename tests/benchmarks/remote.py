"""Archives on a server of S3 that takes 30 ms a request: time, requests and bytes beside the program they come from.

The original's figures were measured in the same way, with its own reader: each request waits for the one before.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.s3 import S3Source
from dmart_tui.core.archives.writer import Writer
from dmart_tui.core.units import format_count, format_size
from tests.benchmarks.lab import Row
from tests.support.s3 import BUCKET, S3Server, hadro_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dmart_tui.core.archives.archive import Archive
    from tests.benchmarks.lab import Lab

LATENCY_MS = 30
MEMBERS = {1_000: 101, 100_000: 374, 1_000_000: 3400}
"""Members, and the milliseconds that the original takes to open so many and list them."""
ORIGINAL_BATCH_BYTES = 26_000_000
CONTENT = 270


def remote_archives(lab: Lab) -> Iterator[Row]:
    root = lab.directory / "buckets"
    for members in MEMBERS:
        _make(root / BUCKET / f"{members}.des", members)
    with hadro_server(root, latency_ms=LATENCY_MS) as server:
        for members, theirs in MEMBERS.items():
            yield _opening(server, members, theirs, lab.runs)
        yield _batch(server, 100_000, lab.runs)


def _make(path: Path, members: int) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with Writer(str(path), digests=False) as writer:
        for number in range(members):
            writer.add(f"member_{number:07}.json", number.to_bytes(4) * (CONTENT // 4))


@contextmanager
def _opened(server: S3Server, members: int) -> Iterator[tuple[Archive, float]]:
    """An archive and the seconds that opening it took, its client ready."""
    endpoint = server.endpoint()
    list(endpoint.client.list_objects_v2(Bucket=BUCKET))
    source = S3Source(endpoint, BUCKET, f"{members}.des")
    started = time.perf_counter()
    with open_archive(source) as archive:
        yield archive, time.perf_counter() - started


def _opening(server: S3Server, members: int, theirs: int, runs: int) -> Row:
    def once() -> tuple[float, str]:
        with _opened(server, members) as (archive, seconds):
            assert len(archive) == members
            cost = archive.source.cost
            return seconds, f"{cost.requests} requests, {format_size(cost.moved)}"

    seconds, cost = _median(once, runs)
    return Row(
        f"open {format_count(members)} members at +{LATENCY_MS} ms",
        f"{seconds * 1000:.0f} ms, {cost}",
        f"the original {theirs} ms, 3 requests",
        seconds * 1000 / theirs,
    )


def _batch(server: S3Server, members: int, runs: int) -> Row:
    positions = random.Random(11).sample(range(members), 100)

    def once() -> tuple[float, str]:
        with _opened(server, members) as (archive, _seconds):
            before = archive.source.cost.requests, archive.source.cost.moved
            started = time.perf_counter()
            assert len(dict(archive.read_many(positions))) == 100
            seconds = time.perf_counter() - started
            cost = archive.source.cost
            moved.append(cost.moved - before[1])
            return seconds, f"{cost.requests - before[0]} requests, {format_size(moved[-1])}"

    moved: list[int] = []
    seconds, cost = _median(once, runs)
    return Row(
        f"100 random of {format_count(members)} members at +{LATENCY_MS} ms",
        f"{seconds * 1000:.0f} ms, {cost}",
        f"the original {format_size(ORIGINAL_BATCH_BYTES)}; the ratio is of bytes",
        moved[-1] / ORIGINAL_BATCH_BYTES,
        "300 ms",
    )


def _median(once: Callable[[], tuple[float, str]], runs: int) -> tuple[float, str]:
    return sorted(once() for _ in range(runs))[runs // 2]
