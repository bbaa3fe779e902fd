"""Sizes, counts and times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.units import format_count, format_size, format_span, format_time, parse_time


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (5 * 10**15, "5.0 PB"),
     (1000, "1.0 KB"), (1234, "1.2 KB"), (999_949, "999.9 KB"), (999_950, "1.0 MB")],
)  # fmt: skip
def test_sizes(size: int, text: str) -> None:
    assert format_size(size) == text


def test_counts_and_times_for_people() -> None:
    assert format_count(1234567) == "1,234,567"
    when = datetime(2026, 11, 21, 9, 45, 7, tzinfo=UTC)
    assert format_time(when) == "2026-11-21 09:45"
    assert format_time(when, seconds=True) == "2026-11-21 09:45:07"
    assert format_time(None) == "∅"


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2023-03-21T11:28:16.812153", "2023-03-21T11:28:16.812153+00:00"),
        ("2023-03-21T11:28:16", "2023-03-21T11:28:16+00:00"),
        ("2023-03-21 11:28:16.8121534", "2023-03-21T11:28:16.812153+00:00"),
        ("2023-03-21T11:28:16Z", "2023-03-21T11:28:16+00:00"),
        ("2023-03-21T11:28:16+03:00", "2023-03-21T08:28:16+00:00"),
        ("2023-03-21T11:28:16-0330", "2023-03-21T14:58:16+00:00"),
        ("2023-03-21", "2023-03-21T00:00:00+00:00"),
        (1676926964.5, "2023-02-20T21:02:44.500000+00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
    ],
)
def test_times_in_every_form(value: Any, iso: str) -> None:
    when = parse_time(value)
    assert when is not None
    assert when.isoformat() == iso


@pytest.mark.parametrize(
    "value",
    [None, True, "", "yesterday", "2023-13-01", "2023-02-30", "2023-01-01T25:00", 1e300,
     "0001-01-01T00:00:00+03:00", float("nan"), [], "1" * 100],
)  # fmt: skip
def test_what_is_no_time(value: Any) -> None:
    assert parse_time(value) is None


@given(st.text(max_size=70) | st.floats() | st.integers())
def test_anything_is_a_time_or_none(value: Any) -> None:
    when = parse_time(value)
    assert when is None or when.tzinfo is UTC


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (7200, "2 h"), (86_400, "1 d"), (1e9, "11,574 d")],
)
def test_spans_for_people(seconds: float, text: str) -> None:
    assert format_span(seconds) == text
