from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.viewing import (
    Annotations,
    JsonRows,
    container_text,
    format_path,
    kind_of,
    parse_path,
    preview_text,
    scalar_text,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=30,
)
Path = tuple[str | int, ...]


def walk(value: Any, unfolded: set[Path], path: Path = ()) -> list[Path]:
    """Every row's path, the slow way."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    out: list[Path] = []
    for key, member in members:
        here = (*path, key)
        out.append(here)
        if here in unfolded:
            out.extend(walk(member, unfolded, here))
    return out


@settings(max_examples=150, deadline=None)
@given(VALUES.filter(lambda value: isinstance(value, dict | list) and value), st.data())
def test_rows_agree_with_brute_force(value: Any, data: st.DataObject) -> None:
    rows = JsonRows(value)
    unfolded: set[Path] = set()
    for _ in range(data.draw(st.integers(0, 12))):
        row = data.draw(st.integers(0, rows.row_count - 1))
        path = rows.path(row)
        if rows.row(row).unfolded:
            assert rows.fold(row)
            unfolded = {other for other in unfolded if other[: len(path)] != path}
        elif rows.unfold(row):
            unfolded.add(path)
        expected = walk(value, unfolded)
        assert rows.row_count == len(expected)
        assert [rows.path(number) for number in range(rows.row_count)] == expected
        for number, here in enumerate(expected):
            assert rows.row(number).depth == len(here) - 1
            assert rows.parent(number) == (expected.index(here[:-1]) if len(here) > 1 else None)


@settings(deadline=None)
@given(VALUES.filter(lambda value: isinstance(value, dict | list) and value), st.data())
def test_search_visits_members_in_document_order_and_wraps(value: Any, data: st.DataObject) -> None:
    rows = JsonRows(value)
    rows.unfold_to()
    every = walk(value, {rows.path(row) for row in range(rows.row_count) if rows.row(row).unfolded})
    row = data.draw(st.integers(0, len(every) - 1))
    order = every[row + 1 :] + every[: row + 1]
    hits = [path for path in order if path[-1] == every[0][-1]]

    def same_key(key: str | int | None, _: Any) -> bool:
        return key == every[0][-1]

    if isinstance(every[0][-1], str):
        assert rows.search(same_key, rows.positions(row)) == hits[0]
        back = every[:row][::-1] + every[row:][::-1]
        assert rows.search(same_key, rows.positions(row), backwards=True) == next(
            p for p in back if p[-1] == every[0][-1]
        )


@settings(deadline=None)
@given(st.lists(st.text(max_size=6) | st.integers(0, 99), max_size=5).map(tuple))
def test_a_path_survives_being_written(steps: Path) -> None:
    assert parse_path(format_path(steps)) == steps


def test_paths_read_well() -> None:
    assert format_path(("payload", "items", 3, "price")) == "payload.items[3].price"
    assert format_path(("a.b", "0")) == '["a.b"]["0"]'


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value, {"k": 2}]
    return value


def test_ten_thousand_levels_unfold_search_and_fold() -> None:
    rows = JsonRows(deep(10_000))
    assert not rows.unfold_to() or rows.row_count > 10_000
    last = rows.row_count - 1
    assert rows.row(last).depth >= 0
    path = rows.search(lambda key, value: value == 1, rows.positions(0))
    assert path is not None
    assert len(path) == 10_000
    assert rows.reveal(path) is not None
    rows.fold(0)
    assert rows.row_count <= 4


def test_unfolding_levels() -> None:
    rows = JsonRows({"a": {"b": {"c": 1}}, "d": 2})
    assert rows.row_count == 2
    assert rows.unfold_to(2)
    assert rows.row_count == 3
    assert rows.unfold_to()
    assert rows.row_count == 4
    rows.fold_all()
    assert rows.row_count == 2


def test_unfolding_everything_stops_at_a_limit_and_says_so() -> None:
    rows = JsonRows([[[]] for _ in range(30_000)])
    assert not rows.unfold_to()
    assert rows.row_count == 50_000


def test_a_path_that_leads_nowhere_is_not_revealed() -> None:
    rows = JsonRows({"a": [1]})
    assert rows.reveal(("a", 0)) == 1
    assert rows.reveal(("a", 7)) is None
    assert rows.reveal(("a", 0, "x")) is None
    assert rows.reveal(("b",)) is None


def test_a_lone_scalar_is_one_row() -> None:
    rows = JsonRows(5)
    assert rows.row_count == 1
    assert rows.row(0).value == 5
    assert rows.path(0) == ()
    assert not rows.unfold(0)


def test_values_are_told_apart_without_colour_and_safe() -> None:
    assert scalar_text("1") == '"1"'
    assert scalar_text(1) == "1"
    assert scalar_text(None) == "null"
    assert scalar_text(True) == "true"
    assert scalar_text("a\x1b\u202e\n") == '"a\\u001b⟨RLO⟩\\n"'
    assert scalar_text("x" * 5000).endswith('…" (5,000 characters)')
    assert "digits" in scalar_text(10**100_000)
    assert [kind_of(value) for value in ("", 0, True, None, {}, [], object())] == [
        "string",
        "number",
        "bool",
        "null",
        "object",
        "array",
        "other",
    ]


def test_folded_containers_show_their_size_and_a_beginning() -> None:
    value = {"a": 1, "b": "x" * 100, "c": {"d": 1}, "e": []}
    assert container_text(value) == "{4 keys}"
    assert container_text({"a": 1}) == "{1 key}"
    assert container_text([0] * 1200) == "[1,200]"
    assert preview_text(value).startswith("a: 1, b: ")
    assert len(preview_text({f"key {n}": "v" * 90 for n in range(9)})) < 90
    assert preview_text([{"a": 1}, [], {}, [1]]) == "{…}, [], {}, […]"


def test_annotations_are_found_and_counted_below_folded_values() -> None:
    notes = Annotations({"a.b[0]": "✗ one", "a.b[10]": "✗ two", 'a["x.y"]': "✗ three", "ab": "✗ four"})
    assert notes.at(("a", "b", 0)) == "✗ one"
    assert notes.at(("a", "x.y")) == "✗ three"
    assert notes.below(("a",)) == 3
    assert notes.below(("a", "b")) == 2
    assert notes.below(("ab",)) == 0


@settings(deadline=None)
@given(VALUES, st.lists(st.lists(st.text(max_size=2) | st.integers(0, 3), max_size=4).map(tuple), max_size=8))
def test_counts_below_agree_with_brute_force(value: Any, paths: list[Path]) -> None:
    notes = Annotations({format_path(path): json.dumps(value) for path in paths})
    for path in paths:
        inside = {other for other in paths if len(other) > len(path) and other[: len(path)] == path}
        assert notes.below(path) == len(inside)
