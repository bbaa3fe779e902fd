"""Names are made once, in order, and tell when, where and as what they were made."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest

from dmart_tui.core.archives.naming import Names, Ticks, created_at, day_of, decode, new_names, shard_of
from dmart_tui.core.errors import UsageFault

KNOWN = {
    "DES_20250115_(FD3228020700_60)": (85, 5),
    "DES_20250115_(FD3228020701_61)": (112, 7),
    "DES_20250115_(FD3228030700_61)": (168, 10),
    "DES_20250115_(FD3228030701_62)": (197, 12),
}
"""Names that the original made, with their shards of 8 and 4 bits."""


class Clock:
    """A clock that is set by hand; whoever waits for it moves it on."""

    def __init__(self, milliseconds: int) -> None:
        self.now = milliseconds
        self.waited = 0.0

    def read(self) -> int:
        return self.now * 1_000_000

    def wait(self, seconds: float) -> None:
        self.waited += seconds
        self.now += round(seconds * 1000)

    def names(self) -> Names:
        return Names("DES", 7, Ticks(self.read, self.wait))


@pytest.mark.parametrize("name", KNOWN)
def test_shards_are_those_of_the_original(name: str) -> None:
    assert (shard_of(name, 8), shard_of(name, 4)) == KNOWN[name]


def test_a_name_of_the_original_decodes() -> None:
    found = decode("DES_20261121_(FD2FB17B0700_5F).jpg")
    assert found is not None
    assert (found.prefix, found.day, found.node, found.sequence) == ("DES", date(2026, 11, 21), 7, 0)
    assert found.sound
    assert found.suffix == ".jpg"
    assert abs(found.created - datetime(2026, 11, 21, 12, tzinfo=UTC)) < timedelta(hours=26)


def test_a_wrong_checksum_is_told() -> None:
    found = decode("DES_20250115_(FD3228020700_61)")
    assert found is not None
    assert not found.sound


@pytest.mark.parametrize(
    "name",
    [
        "",
        "report.pdf",
        "SF_20250115_ABC123",
        "DES_20250115_FD3228020700_60",
        "DES_20251315_(FD3228020700_60)",
        "DES_20250115_(fd3228020700_60)",
        "DES_20250115_(FD3228020700_60)x",
        "DES_20250115_(FD3228020700_60).a/b",
        "_20250115_(FD3228020700_60)",
        "DES_٢٠٢٥٠١١٥_(FD3228020700_60)",
    ],
)
def test_other_names_are_no_snowflakes(name: str) -> None:
    assert decode(name) is None
    assert created_at(name) is None


def test_the_moment_alone_is_that_of_the_whole() -> None:
    for name in islice(Clock(1_763_740_000_123).names(), 300):
        found = decode(name)
        assert found is not None
        assert created_at(name) == round(found.created.timestamp() * 1000)
    assert created_at("DES_20250115_(FD3228020700_61)") is None


def test_new_names_tell_when_they_were_made() -> None:
    clock = Clock(1_763_740_000_123)
    found = decode(next(clock.names()))
    assert found is not None
    assert found.created == datetime.fromtimestamp(1_763_740_000, UTC) + timedelta(milliseconds=123)
    assert (found.node, found.sequence, found.sound) == (7, 0, True)


def test_more_than_a_millisecond_holds_waits_for_the_next() -> None:
    clock = Clock(1_763_740_000_000)
    made = [decode(name) for name in islice(clock.names(), 600)]
    pairs = [(found.created, found.sequence) for found in made if found]
    assert pairs == sorted(set(pairs))
    assert len(pairs) == 600
    assert clock.waited == pytest.approx(0.002)


def test_a_clock_that_goes_back_is_not_waited_for() -> None:
    clock = Clock(1_763_740_000_000)
    names = clock.names()
    before = decode(next(names))
    clock.now -= 3_600_000
    made = [decode(name) for name in islice(names, 1000)]
    pairs = [(found.created, found.sequence) for found in (before, *made) if found]
    assert pairs == sorted(set(pairs))
    assert clock.waited == 0


def test_threads_share_what_a_node_counts() -> None:
    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(lambda _: list(islice(new_names(node=9), 12_500)), range(8)))
    assert len({name for part in parts for name in part}) == 100_000
    for part in parts:
        order = [(found.created, found.sequence) for name in part if (found := decode(name))]
        assert order == sorted(order)


def test_processes_with_nodes_of_their_own_make_no_name_twice() -> None:
    program = (
        "import sys\nfrom itertools import islice\nfrom dmart_tui.core.archives.naming import new_names\n"
        "print('\\n'.join(islice(new_names(node=int(sys.argv[1])), 25_000)))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(node)], stdout=subprocess.PIPE, text=True)
        for node in range(4)
    ]
    made = [name for process in running for name in process.communicate(timeout=120)[0].split()]
    assert len(made) == len(set(made)) == 100_000


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("IMG_20250115_(FD323AFF0300_6B).jpg", date(2025, 1, 15)),
        ("scan_20240229_7", date(2024, 2, 29)),
        ("scan_20230229_7", None),
        ("x", None),
    ],
)
def test_the_day_of_a_name(name: str, day: date | None) -> None:
    assert day_of(name) == day


@pytest.mark.parametrize(("prefix", "node"), [("", 0), ("a_b", 0), ("é", 0), ("DES", -1), ("DES", 256)])
def test_what_can_begin_no_name(prefix: str, node: int) -> None:
    with pytest.raises(UsageFault):
        new_names(prefix, node)


@pytest.mark.parametrize("bits", [0, 33])
def test_no_such_shards(bits: int) -> None:
    with pytest.raises(UsageFault):
        shard_of("x", bits)
