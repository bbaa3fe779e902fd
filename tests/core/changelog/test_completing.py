"""What a part of a query may become: names that are there, and the values that were seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.changelog import complete, words_of

WORDS = words_of(
    [
        {"kind": "update", "amount": 1, "request": {"agent": "firefox"}, "who": "mia"},
        {"kind": "delete", "who": 'no"quotes', "odd name": 1},
    ]
)


@pytest.mark.parametrize(
    ("part", "text", "whole"),
    [
        ("where", "am", "amount"),
        ("where", "amount > 20 and ki", "amount > 20 and kind"),
        ("where", "request.", None),
        ("where", "request.a", "request.agent"),
        ("where", "kind.st", "kind.startswith("),
        ("where", 'kind == "up', 'kind == "update"'),
        ("where", "kind in ('update', 'd", "kind in ('update', 'delete'"),
        ("where", 'who == "no', None),  # a quote inside would end it
        ("derive", "at=mo", "at=month("),
        ("group", "kind, hou", "kind, hour2"),
        ("unique", "w", "who"),
        ("reduce", "n=Cou", "n=Count("),
        ("reduce", "total=Sum(am", "total=Sum(amount"),
        ("order", "-to", "-total"),
        ("having", "to", "total"),
        ("limit", "1", None),
        ("first", "2024", None),
        ("where", "", None),
        ("where", "kind ", None),
        ("where", "kind", None),
    ],
)
def test_the_end_of_a_part_is_completed(part: str, text: str, whole: str | None) -> None:
    parts = {"derive": "hour2=hour()", "group": "kind, hour2", "reduce": "total=Sum(amount)"}
    assert complete(part, text, WORDS, parts) == whole


def test_fields_and_values_are_learnt_from_documents() -> None:
    assert list(WORDS.fields) == ["kind", "amount", "request.agent", "who"]
    assert dict(WORDS.values) == {"kind": ["update", "delete"], "request.agent": ["firefox"], "who": ["mia"]}


@given(st.sampled_from(["where", "derive", "group", "reduce", "having", "order"]), st.text(max_size=30))
def test_whatever_is_typed_is_only_added_to(part: str, text: str) -> None:
    whole = complete(part, text, WORDS, {})
    assert whole is None or (whole.startswith(text) and len(whole) > len(text))
