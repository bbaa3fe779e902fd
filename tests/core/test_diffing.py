from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core import diffing
from dmart_tui.core.diffing import DiffRow, diff_json, diff_members, diff_text

LINES = st.lists(st.sampled_from(["", "a", "b b", "b c", "same line", "the quick fox", "the slow fox"]), max_size=14)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, "a", "b"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=20,
)


def side(rows: tuple[DiffRow, ...], name: str) -> str:
    spans = [getattr(row, name) for row in rows]
    return "\n".join("".join(span.text for span in line) for line in spans if line is not None)


def numbers(rows: tuple[DiffRow, ...], name: str) -> list[int]:
    return [number for row in rows if (number := getattr(row, name)) is not None]


def check(old: str, new: str) -> diffing.TextDiff:
    diff = diff_text(old, new)
    assert side(diff.rows, "left") == old
    assert side(diff.rows, "right") == new
    assert numbers(diff.rows, "left_number") == list(range(1, old.count("\n") + 2))
    assert numbers(diff.rows, "right_number") == list(range(1, new.count("\n") + 2))
    for row in diff.rows:
        if row.kind == "same":
            assert row.left == row.right
    return diff


@settings(deadline=None)
@given(LINES, LINES)
def test_rows_hold_both_texts(old: list[str], new: list[str]) -> None:
    diff = check("\n".join(old), "\n".join(new))
    assert (diff.changes == 0) == (old == new or "\n".join(old) == "\n".join(new))


@settings(deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_rows_hold_both_texts_whatever_is_in_them(old: str, new: str) -> None:
    check(old, new)


def test_only_the_words_that_changed_are_marked() -> None:
    (row,) = diff_text("the quick brown fox", "the slow brown fox").rows
    assert row.kind == "changed"
    assert [span.text for span in row.left or () if span.changed] == ["quick"]
    assert [span.text for span in row.right or () if span.changed] == ["slow"]


def test_lines_with_nothing_in_common_are_marked_whole() -> None:
    (row,) = diff_text("alpha", "1234567").rows
    assert row.left == (("alpha", True),)
    assert row.right == (("1234567", True),)


def test_an_inserted_line_is_added_and_the_rest_stays() -> None:
    assert [row.kind for row in diff_text("a\nb\nc", "a\nx\nb\nc").rows] == ["same", "added", "same", "same"]


def test_big_texts_are_aligned_by_their_unique_lines() -> None:
    old = [f"line {number}" for number in range(15_000)]
    new = [*old[:100], "inserted", *old[100:9000], *old[9001:], "end"]
    diff = check("\n".join(old), "\n".join(new))
    assert diff.changes == 3
    assert not diff.note


def test_big_texts_with_nothing_unique_are_replaced_whole_and_limits_are_said() -> None:
    diff = check("\n".join("ab"[n % 2] for n in range(8000)), "\n".join("cd"[n % 2] for n in range(9000)))
    assert diff.changes == 9000
    assert "words are compared" in diff.note
    cut = diff_text("x\n" * 30_000, "y\n" * 10)
    assert "first 20,000 lines" in cut.note
    assert len(cut.rows) == diffing.MAX_LINES


def test_a_block_of_few_different_lines_is_still_held_whole() -> None:
    old = "\n".join("ab"[n % 2] for n in range(900))
    new = "\n".join("ba"[n * 7 % 3 % 2] for n in range(900))
    assert check(old, new).changes


def test_very_long_lines_are_not_compared_by_word() -> None:
    old = "a b " * 5000
    check(old, old + "c")
    assert diff_text(old, old + "c").rows[0].right == ((old + "c", True),)


def apply(old: Any, changes: tuple[diffing.JsonChange, ...]) -> Any:
    """The new value made from the old one by the changes alone."""
    if changes and changes[0].path == ():
        return changes[0].new
    value = copy.deepcopy(old)

    def at(path: tuple[Any, ...]) -> Any:
        here = value
        for step in path:
            here = here[step]
        return here

    for change in changes:
        parent = change.path[:-1]
        if change.kind == "changed":
            at(parent)[change.path[-1]] = copy.deepcopy(change.new)
        elif isinstance(change.path[-1], str):
            if change.kind == "removed":
                del at(parent)[change.path[-1]]
            else:
                at(parent)[change.path[-1]] = copy.deepcopy(change.new)
    return value


def no_lists_differ(changes: tuple[diffing.JsonChange, ...]) -> bool:
    return all(isinstance(step, str) for change in changes for step in change.path)


@settings(max_examples=300, deadline=None)
@given(VALUES, VALUES)
def test_changes_turn_the_old_value_into_the_new_one(old: Any, new: Any) -> None:
    changes = diff_json(old, new).changes
    if no_lists_differ(changes):
        assert apply(old, changes) == new
    if repr(old) == repr(new):
        assert not changes


@settings(deadline=None)
@given(st.lists(VALUES, max_size=6), st.lists(VALUES, max_size=6))
def test_with_context_a_list_can_be_read_back_on_both_sides(old: list[Any], new: list[Any]) -> None:
    if repr(old) == repr(new):
        return
    changes = diff_json(old, new, context=True).changes
    left = {change.path[0] for change in changes if change.kind == "removed" and len(change.path) == 1}
    right = {change.path[0] for change in changes if change.kind != "removed"}
    right |= {change.path[0] for change in changes if len(change.path) > 1}
    assert right == set(range(len(new)))
    assert all(
        old[index] == change.old
        for index in left
        for change in changes
        if change.path == (index,) and change.kind == "removed"
    )


def kinds(old: Any, new: Any, *, context: bool = False) -> list[tuple[tuple[Any, ...], str]]:
    return [(change.path, change.kind) for change in diff_json(old, new, context=context).changes]


def test_what_a_reader_sees() -> None:
    old = {"a": 1, "b": {"c": [1, 2, 3]}, "d": None}
    new = {"a": 1, "b": {"c": [1, 9, 2, 3]}, "e": None}
    assert kinds(old, new) == [(("b", "c", 1), "added"), (("d",), "removed"), (("e",), "added")]
    assert kinds(old, new, context=True)[0] == (("a",), "same")


def test_kinds_of_values_are_told_apart() -> None:
    assert kinds({"a": 1}, {"a": True}) == [(("a",), "changed")]
    assert kinds({"a": 1}, {"a": 1.0}) == [(("a",), "changed")]
    assert kinds({"a": -1}, {"a": -2}) == [(("a",), "changed")]
    assert kinds({"a": 10**9000}, {"a": 10**9001}) == [(("a",), "changed")]
    assert kinds([], {}) == [((), "changed")]
    assert kinds({"a": 1, "b": 2}, {"b": 2, "a": 1}) == []


def test_values_of_ten_thousand_levels_are_compared() -> None:
    def deep(leaf: int) -> Any:
        value: Any = leaf
        for _ in range(10_000):
            value = [value]
        return value

    ((path, kind),) = kinds(deep(1), deep(2))
    assert (len(path), kind) == (10_000, "changed")
    assert kinds(deep(1), deep(1)) == []


def test_a_huge_value_is_not_compared_and_that_is_said() -> None:
    huge = [[] for _ in range(diffing.MAX_NODES + 1)]
    assert "not compared" in diff_json(huge, []).note


def test_members_that_left_and_came() -> None:
    assert diff_members(["a", "b", "b"], ["b", "c"]) == (["a", "b"], ["c"])
    assert diff_members([1, {"a": 1}], [{"a": 1}, True]) == ([1], [True])
    assert diff_members([], []) == ([], [])
