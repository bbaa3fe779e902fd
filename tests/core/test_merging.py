from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.merging import ABSENT, Clash, Difference, differences, merge, value_at, with_value

SCALARS = st.none() | st.booleans() | st.integers(-1, 1) | st.sampled_from([0.0, 1.0, "a", "b"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=15,
)
LEAVES = SCALARS | st.lists(SCALARS, max_size=3)
PATHS = st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.sampled_from("abc"))


def exact(value: Any) -> str:
    """What tells two JSON values apart: True is not 1, 1 is not 1.0; the order of keys does not count."""
    return "absent" if value is ABSENT else json.dumps(value, sort_keys=True)


def walked(document: Any, found: list[Difference]) -> Any:
    for difference in found:
        document = with_value(document, difference.path, difference.new)
    return document


@given(VALUES, VALUES)
def test_differences_lead_from_one_document_to_the_other(old: Any, new: Any) -> None:
    found = differences(old, new)
    assert exact(walked(old, found)) == exact(new)
    assert all(exact(value_at(old, each.path)) == exact(each.old) for each in found)
    assert differences(new, copy.deepcopy(new)) == []


def test_differences_stand_in_document_order_and_take_lists_whole() -> None:
    old = {"z": 1, "payload": {"body": {"b": 1, "a": [1, 2]}, "sha": "x"}, "gone": {"deep": 1}, "same": None}
    new = {"same": None, "new": {"deep": 1}, "payload": {"body": {"b": 1.0, "a": [1]}, "sha": "x"}, "z": True}
    assert differences(old, new) == [
        Difference(("z",), 1, True),
        Difference(("payload", "body", "b"), 1, 1.0),
        Difference(("payload", "body", "a"), [1, 2], [1]),
        Difference(("gone",), {"deep": 1}, ABSENT),
        Difference(("new",), ABSENT, {"deep": 1}),
    ]


@given(VALUES, VALUES)
def test_what_one_side_alone_changed_is_taken(base: Any, other: Any) -> None:
    took, kept = merge(base, base, other), merge(base, other, base)
    assert exact(took.value) == exact(kept.value) == exact(other)
    assert took.clashes == kept.clashes == ()
    assert kept.theirs == ()
    assert exact(walked(base, list(took.theirs))) == exact(other)


@given(VALUES, VALUES, VALUES)
def test_sides_clash_alike_whoever_asks(base: Any, mine: Any, theirs: Any) -> None:
    ours, other = merge(base, mine, theirs), merge(base, theirs, mine)
    assert sorted((clash.path, exact(clash.mine), exact(clash.theirs)) for clash in ours.clashes) == sorted(
        (clash.path, exact(clash.theirs), exact(clash.mine)) for clash in other.clashes
    )
    assert merge(base, mine, copy.deepcopy(mine)).clashes == ()
    for clash in ours.clashes:
        assert exact(value_at(ours.value, clash.path)) == exact(clash.mine)


@settings(max_examples=300)
@given(
    st.dictionaries(PATHS, LEAVES, max_size=8), st.dictionaries(PATHS, LEAVES | st.just(ABSENT), max_size=8), st.data()
)
def test_changes_of_different_keys_never_clash_and_lose_nothing(
    start: dict[tuple[str, ...], Any], changes: dict[tuple[str, ...], Any], data: st.DataObject
) -> None:
    whose = {path: data.draw(st.booleans()) for path in changes}
    base: Any = {}
    for path, value in start.items():
        base = with_value(base, path, value)
    mine = theirs = both = base
    for path, value in changes.items():
        both = with_value(both, path, value)
        if whose[path]:
            mine = with_value(mine, path, value)
        else:
            theirs = with_value(theirs, path, value)
    merged = merge(base, mine, theirs)
    assert merged.clashes == ()
    assert exact(merged.value) == exact(both)
    assert exact(walked(base, list(merged.theirs))) == exact(theirs)


@given(*[st.lists(st.sampled_from("abcde"), unique=True)] * 3)
def test_lists_keep_what_either_side_added_and_lose_what_either_removed(
    base: list[str], mine: list[str], theirs: list[str]
) -> None:
    merged = merge({"tags": base}, {"tags": mine}, {"tags": theirs})
    if not merged.clashes:
        kept = {tag for tag in base if tag in mine and tag in theirs}
        added = {tag for tag in (*mine, *theirs) if tag not in base}
        assert sorted(merged.value["tags"]) == sorted(kept | added)


ONE, TWO, THREE, EDITED = {"id": 1}, {"id": 2}, {"id": 3}, {"id": 1, "name": "x"}


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "value"),
    [
        (["a", "b"], ["a", "b", "mine"], ["theirs", "a", "b"], ["theirs", "a", "b", "mine"]),
        (["a", "b", "c"], ["b", "c"], ["a", "b"], ["b"]),
        (["a"], ["a", "same"], ["a", "same", "more"], ["a", "same", "more"]),
        (["a", "a"], ["a"], ["a", "a", "a"], ["a", "a"]),
        (["a", "b", "c"], ["c", "b", "a"], ["a", "b", "c", "d"], ["c", "b", "a", "d"]),
        (["a", "b", "c", "x"], ["c", "b", "a"], ["c", "b", "a", "x", "d"], ["c", "b", "a", "d"]),
        ([1], [1, True], [1, 1.0], [1, 1.0, True]),
        (ABSENT, ["mine"], ["theirs"], ["theirs", "mine"]),
        ([ONE, TWO], [EDITED, TWO], [ONE, TWO, THREE], [EDITED, TWO, THREE]),
        ([ONE, TWO], [ONE, TWO, THREE], [EDITED, TWO], [EDITED, TWO, THREE]),
        ([ONE, TWO], [TWO], [ONE, TWO, THREE], [TWO, THREE]),
        ([ONE, TWO], [TWO], [ONE], []),
    ],
)
def test_lists_merge_member_by_member(base: Any, mine: Any, theirs: Any, value: Any) -> None:
    merged = merge(with_value({}, ("k",), base), {"k": mine}, {"k": theirs})
    assert exact(merged.value) == exact({"k": value})
    assert merged.clashes == ()
    assert merged.theirs == (Difference(("k",), base, theirs),)


@pytest.mark.parametrize(
    ("base", "mine", "theirs"),
    [
        (1, 2, 3),
        (1, True, 1.0),
        (1, ABSENT, 2),
        (1, 2, ABSENT),
        (ABSENT, 1, 2),
        ({"a": 1}, ABSENT, {"a": 2}),
        ({"a": 1}, {"a": 2}, None),
        (["a"], ["a", "b"], "a"),
        (["a", "b", "c"], ["c", "b", "a"], ["b", "a", "c"]),
        ([ONE, TWO], [EDITED, TWO], [{"id": 1, "name": "y"}, TWO]),
        ([ONE, TWO], [TWO], [EDITED, TWO]),
    ],
)
def test_contradictions_clash_and_leave_mine(base: Any, mine: Any, theirs: Any) -> None:
    beside = [with_value({"at": {"kept": 0}}, ("at", "k"), value) for value in (base, mine, theirs)]
    merged = merge(*beside)
    assert merged.clashes == (Clash(("at", "k"), base, mine, theirs),)
    assert exact(merged.value) == exact(beside[1])
    assert merged.theirs == ()


def test_objects_that_both_sides_made_merge_key_by_key() -> None:
    merged = merge({"name": None}, {"name": {"en": "a", "ku": "b"}}, {"name": {"en": "a", "ar": "c"}})
    assert exact(merged.value) == exact({"name": {"en": "a", "ku": "b", "ar": "c"}})
    assert merged.theirs == (Difference(("name", "ar"), ABSENT, "c"),)


def test_a_value_is_set_and_removed_without_touching_the_document() -> None:
    document = {"payload": None, "a": {"b": 1, "c": []}}
    before = copy.deepcopy(document)
    assert with_value(document, ("payload", "body", "x"), 1) == {**document, "payload": {"body": {"x": 1}}}
    assert with_value(document, ("a", "b"), ABSENT) == {"payload": None, "a": {"c": []}}
    assert with_value(document, ("a", "none", "x"), ABSENT) == document
    assert with_value(document, ("a", "c", "x"), ABSENT) == document
    assert with_value(document, (), 5) == 5
    assert document == before
    assert value_at(document, ("a", "b")) == 1
    assert value_at(document, ("a", "c", "0")) is ABSENT
    with pytest.raises(UsageFault, match=r"a\.c is not an object"):
        with_value(document, ("a", "c", "x"), 1)


def test_depth_is_no_limit() -> None:
    def deep(value: Any) -> Any:
        for _ in range(3_000):
            value = {"a": value}
        return value

    base, mine, theirs = deep(1), deep(2), deep(3)
    assert len(differences(base, mine)) == len(merge(base, mine, theirs).clashes) == 1
    assert value_at(with_value(base, ("a",) * 3_000, 4), ("a",) * 3_000) == 4
