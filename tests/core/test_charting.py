from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.charting import (
    Dots,
    axis,
    classes,
    eighths,
    keep_in_view,
    level,
    number,
    number_text,
    time_text,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (3, 3.0),
        (Decimal("1.50"), 1.5),
        ("12.5", 12.5),
        (datetime(1970, 1, 2), 86_400.0),
        (datetime(1970, 1, 2, tzinfo=UTC), 86_400.0),
        (date(1970, 1, 2), 86_400.0),
        (timedelta(minutes=2), 120.0),
        (1e-310, 0.0),
        (None, None),
        (True, None),
        ("twelve", None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (1e305, None),
        ([1], None),
        (b"1", None),
    ],
)
def test_what_can_be_drawn_is_a_finite_number(value: object, found: float | None) -> None:
    assert number(value) == found


@pytest.mark.parametrize(
    ("low", "high", "most", "options", "labels"),
    [
        (0, 97, 5, {}, ["0", "20", "40", "60", "80", "100"]),
        (-3, 4, 5, {}, ["-4", "-2", "0", "2", "4"]),
        (0, 1_234_567, 6, {}, ["0", "0.5M", "1.0M", "1.5M"]),
        (0.001, 0.0042, 6, {}, ["0.001", "0.002", "0.003", "0.004", "0.005"]),
        (1, 3, 8, {"whole": True}, ["1", "2", "3"]),
        (0, 0, 1, {}, ["0", "1"]),
        (3, 11, 4, {"tight": True}, ["4", "6", "8", "10"]),
        (0, 86_400, 4, {"time": True}, ["01-01 00:00", "01-01 06:00", "01-01 12:00", "01-01 18:00", "01-02 00:00"]),
        (0, 5 * 86_400, 3, {"time": True}, ["1970-01-01", "1970-01-03", "1970-01-05", "1970-01-07"]),
    ],
)
def test_ticks_are_round_numbers(
    low: float, high: float, most: int, options: dict[str, bool], labels: list[str]
) -> None:
    found = axis(low, high, most, **options)
    assert [found.text(tick) for tick in found.ticks] == labels


@given(NUMBERS, NUMBERS, st.integers(1, 40), st.booleans(), st.booleans())
@settings(max_examples=200)
def test_any_two_numbers_make_an_axis(a: float, b: float, most: int, time: bool, tight: bool) -> None:
    low, high = sorted(number(value) or 0.0 for value in (a, b))
    found = axis(low, high, most, time=time, tight=tight)
    slack = found.step * 1e-6
    assert found.low - slack <= low <= high <= found.high + slack
    assert found.low < found.high
    assert len(found.ticks) <= most + 3
    assert all(found.low - slack <= tick <= found.high + slack for tick in found.ticks)
    assert all(map(found.text, found.ticks))
    assert 0.0 <= found.part(low) <= found.part(high) <= 1.0


@given(st.lists(NUMBERS, max_size=60), st.integers(1, 30))
@settings(max_examples=100)
def test_each_number_is_in_one_class(values: list[float], most: int) -> None:
    numbers = [number(value) or 0.0 for value in values]
    found = classes(numbers, most)
    assert sum(found.counts) == len(values)
    assert len(found.counts) == found.axis.steps <= most + 2


def test_classes_tell_where_they_begin_and_end() -> None:
    found = classes([1, 2, 2, 3, 9], 4)
    assert [(found.label(index), count) for index, count in enumerate(found.counts)] == [
        ("0 to 2", 1),
        ("2 to 4", 3),
        ("4 to 6", 0),
        ("6 to 8", 0),
        ("8 to 10", 1),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234567, "1,234,567"), (-0.25, "-0.25"), (1234.5, "1,234.50"), (1e20, "1e+20"), (1e-9, "1e-09")],
)
def test_numbers_in_full(value: float, text: str) -> None:
    assert number_text(value) == text


def test_a_time_beyond_the_calendar_is_a_number() -> None:
    assert time_text(1e18) == "1e+18"


@pytest.mark.parametrize(("part", "found"), [(0.0, 0), (0.000001, 1), (0.5, 40), (1.0, 80)])
def test_what_is_more_than_nothing_has_a_bar(part: float, found: int) -> None:
    assert eighths(part, 10) == found


@pytest.mark.parametrize(("value", "found"), [(None, 0), (0, 0), (-1, 0), (1, 1), (25, 3), (100, 5)])
def test_small_numbers_show_beside_large_ones(value: float | None, found: int) -> None:
    assert level(value, 100, 5) == found


@pytest.mark.parametrize(
    ("cursor", "first", "room", "count", "found"),
    [(0, 5, 10, 100, 0), (12, 0, 10, 100, 3), (99, 0, 10, 100, 90), (2, 2, 10, 5, 0), (3, 1, 10, 100, 1)],
)
def test_the_cursor_stays_in_view(cursor: int, first: int, room: int, count: int, found: int) -> None:
    assert keep_in_view(cursor, first, room, count) == found


def test_dots_and_lines() -> None:
    dots = Dots(4, 2)
    dots.line(0, 7, 7, 0)
    assert dots.texts() == ["  ⡠⠊", "⡠⠊  "]
    assert dots.texts(plain=True) == ["  .'", ".'  "]
