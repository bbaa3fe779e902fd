from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.archives.ranges import Line, coalesce

RANGES = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 800)), max_size=60)
LINES = st.builds(
    Line,
    latency=st.floats(0, 1),
    bandwidth=st.floats(1, 1e9),
    in_flight=st.integers(1, 16),
    cap=st.integers(1, 4000),
    spare=st.integers(0, 3000),
)
SLOW = Line(latency=10, bandwidth=1e9)


@given(RANGES, LINES)
def test_every_wanted_range_lies_whole_in_exactly_one_span(ranges: list[tuple[int, int]], line: Line) -> None:
    spans = coalesce(ranges, line)
    covered = [place for span in spans for place in span.positions]
    assert sorted(covered) == [place for place, (_, length) in enumerate(ranges) if length]
    for span in spans:
        for place in span.positions:
            start, length = ranges[place]
            assert span.start <= start
            assert start + length <= span.end


@given(RANGES, LINES)
def test_no_more_is_read_than_the_bounds_allow(ranges: list[tuple[int, int]], line: Line) -> None:
    spans = coalesce(ranges, line)
    wanted = sum(length for _, length in ranges)
    assert sum(span.end - span.start for span in spans) <= 2 * wanted + line.spare
    for span in spans:
        assert span.end - span.start <= max(line.cap, *(ranges[place][1] for place in span.positions))
        assert span.start == min(ranges[place][0] for place in span.positions)
        assert span.end == max(sum(ranges[place]) for place in span.positions)


@given(RANGES, LINES)
def test_spans_come_in_the_order_of_the_file(ranges: list[tuple[int, int]], line: Line) -> None:
    starts = [span.start for span in coalesce(ranges, line)]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("ranges", "spans"),
    [
        ([], []),
        ([(7, 0)], []),
        ([(10, 100), (30, 10)], [(10, 110)]),
        ([(30, 10), (10, 100)], [(10, 110)]),
        ([(0, 10), (5, 10), (10, 10)], [(0, 20)]),
        ([(0, 10), (10, 10)], [(0, 20)]),
        ([(4, 4), (4, 4)], [(4, 8)]),
    ],
)
def test_nested_overlapping_equal_and_touching_ranges_are_one_span(
    ranges: list[tuple[int, int]], spans: list[tuple[int, int]]
) -> None:
    assert [(span.start, span.end) for span in coalesce(ranges, SLOW)] == spans


def test_a_gap_is_read_along_where_the_round_trip_costs_more() -> None:
    ranges = [(0, 10), (100_000, 10)]
    one_at_a_time = Line(latency=0.03, bandwidth=100e6, in_flight=1)
    assert len(coalesce(ranges, one_at_a_time)) == 1
    near = Line(latency=0.0001, bandwidth=1e6, overhead=0, in_flight=1)
    assert len(coalesce(ranges, near)) == 2


def test_what_fits_in_flight_at_once_gains_nothing_from_a_long_gap() -> None:
    ranges = [(at * 10_000_000, 100) for at in range(16)]
    assert len(coalesce(ranges, Line(spare=1 << 40, cap=1 << 40))) == 16


def test_a_hundred_of_a_hundred_thousand_read_little_more_than_wanted() -> None:
    rng = random.Random(7)
    ranges = [(place * 270, 270) for place in rng.sample(range(100_000), 100)]
    spans = coalesce(ranges, Line())
    assert len(spans) < 75
    assert sum(span.end - span.start for span in spans) < 2_600_000
