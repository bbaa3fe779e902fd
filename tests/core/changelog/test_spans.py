"""Spans of days: what is typed, how they grow, shrink and move, and how counts lie over them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.changelog import Span, calendar, over_time, parse_span, span_of
from dmart_tui.core.changelog.spans import UNITS
from dmart_tui.core.errors import UsageFault

WHOLE = Span(date(2023, 2, 20), date(2025, 6, 30))
days = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("", "2023-02-20", "2025-06-30"),
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2024-03-26", "2024-03-26", "2024-03-26"),
        ("2024-03-26..2024-07", "2024-03-26", "2024-07-31"),
        ("2024-12..", "2024-12-01", "2025-06-30"),
        ("..2023", "2023-02-20", "2023-12-31"),
        ("2024 … 2024-02", "2024-01-01", "2024-02-29"),
        ("30d", "2025-06-01", "2025-06-30"),
    ],
)
def test_a_range_is_typed_in_few_characters(text: str, first: str, last: str) -> None:
    assert parse_span(text, WHOLE) == Span(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "text", ["yesterday", "2024-13", "2024-02-30", "2025..2024", "0000", "2024-03-26..x", ".."[:1]]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(UsageFault):
        parse_span(text, WHOLE)


@given(days)
def test_each_unit_holds_its_day_and_follows_the_one_before(day: date) -> None:
    for unit in UNITS:
        span = span_of(unit, day)
        assert day in span
        assert span.unit == unit
        assert span.moved(1).first == span.last + timedelta(days=1)
        assert span.moved(1).moved(-1) == span


@given(days, st.integers(1, 2000))
def test_a_closer_span_is_shorter_and_a_wider_one_longer(day: date, length: int) -> None:
    span = Span(day, day + timedelta(days=length))
    closer = span.closer(day)
    assert day in closer
    assert closer.days < span.days
    wider = span.wider()
    assert wider is None or wider.days > span.days


@given(days, st.integers(0, 800), st.data())
def test_a_calendar_has_each_day_in_its_cell(first: date, length: int, data: st.DataObject) -> None:
    span = Span(first, first + timedelta(days=length))
    day = first + timedelta(days=data.draw(st.integers(0, length)))
    made = calendar({day: 7}, span)
    index = made.index(day)
    assert made.day(index) == day
    assert made.values[index // made.weeks][index % made.weeks] == 7
    shown = [value for row in made.values for value in row if value is not None]
    assert (len(shown), sum(shown)) == (span.days, 7)
    assert len(made.columns) == made.weeks


@given(days, st.integers(0, 2000), st.lists(st.integers(0, 2000), max_size=20))
def test_columns_over_time_cover_the_span_and_count_every_day(first: date, length: int, offsets: list[int]) -> None:
    span = Span(first, first + timedelta(days=length))
    counts = {first + timedelta(days=offset): 3 for offset in offsets if offset <= length}
    parts = over_time(counts, span)
    assert (parts[0][0].first, parts[-1][0].last) == (span.first, span.last)
    assert sum(part.days for part, _, _ in parts) == span.days
    assert sum(count for _, _, count in parts) == 3 * len(counts)
