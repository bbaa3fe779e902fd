"""Expressions: as data and as text they stay what they are, and nothing else is ever read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.historydb import F, TextFault, own, parse, split
from dmart_tui.core.historydb.queries.compiling import compiled, reads
from dmart_tui.core.historydb.queries.expressions import MOST_DEPTH, Call, Expression, Field, Value, from_data
from dmart_tui.core.historydb.queries.text import MOST_CHARACTERS, named, parse_call

names = st.sampled_from(["a", "amount", "F", "and", "user agent", "é", "lower", "x.y", "0", "'\"\\"]) | st.text(
    min_size=1
)
values = st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary()
leaves = (
    st.tuples(names, st.lists(names | st.integers(-3, 3), max_size=2)).map(lambda one: Field((one[0], *one[1])))
    | values.map(Value)
    | st.sampled_from(["time", "hour", "day", "month"]).map(own)
)
two = st.sampled_from(["==", "!=", "<", ">=", "+", "-", "*", "/", "//", "%", "and", "or", "startswith", "contains"])
one = st.sampled_from(["not", "lower", "upper", "length", "exists", "hour", "weekday"])
trees = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Call, two, inner, inner)
        | st.builds(Call, one, inner)
        | inner.map(lambda node: -node)
        | st.builds(lambda node, constants: node.isin(*constants), inner, st.lists(values, max_size=3))
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(trees)
def test_text_and_data_say_the_same(tree: Expression) -> None:
    assert from_data(tree.to_data()).to_data() == tree.to_data()
    if len(told := tree.to_text()) <= MOST_CHARACTERS:
        assert parse(told).to_data() == tree.to_data()


@pytest.mark.parametrize(
    ("built", "text"),
    [
        ((F.amount > 20) & F.kind.isin("a", "b") & ~F.path.startswith("/p"), None),
        (F.request.agent.contains("Moz"), 'request.agent.contains("Moz")'),
        (F.request.agent.contains("Moz"), '"Moz" in request.agent'),
        (F["user agent"].exists(), 'F["user agent"] is not None'),
        (~F.a.exists(), "a is None"),
        (F.tags[0] == "x", "tags[0] == 'x'"),
        (~F.kind.isin("a"), "kind not in {'a'}"),
        ((F.a < F.b) & (F.b < 3), "a < b < 3"),
        ((F.a == 1) | (F.b == -2), "(a == 1) | (b == -2)"),
        (own("hour") + 1, "hour() + 1"),
        (F.ts // 3_600_000 % 24, "ts // 3600000 % 24"),
    ],
)
def test_what_people_write_is_what_programs_build(built: Expression, text: str | None) -> None:
    assert parse(text or built.to_text()).to_data() == built.to_data()


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("", 0),
        ("   ", 3),
        ("a >", 3),
        ("  a > $", 6),
        ("a and __import__('os')", 6),
        ("a.b.__class__()", 0),
        ("(lambda: 1)()", 1),
        ("é == ü == eval('1')", 10),
        ("[x for x in y]", 0),
        ("a[b]", 0),
        ("a[1:2]", 0),
        ("f'{a}'", 0),
        ("a if b else c", 0),
        ("a := 1", 2),
        ("a ** 2", 0),
        ("a << 2", 0),
        ("a == None", 5),
        ("a == 1j", 5),
        ("a == ...", 5),
        ("a is b", 5),
        ("a == 99999999999999999999", 5),
        ("a in (b, c)", 0),
        ("day(1, 2)", 0),
        ("hour(zone=1)", 10),
        ("a > 1 & b < 2", 4),
        ("~a == 1", 0),
        ("a" * 5000, MOST_CHARACTERS),
        ("(" * 300 + "a" + ")" * 300, 200),
        ("a\0b", 1),
        ("a;b", 1),
        ("a\n=1", 2),
    ],
)
def test_all_else_is_refused_with_its_place(text: str, start: int) -> None:
    with pytest.raises(TextFault) as fault:
        parse(text)
    assert fault.value.start == start


@pytest.mark.parametrize(
    "text", ["-" * 3000 + "a", "not " * 900 + "a", "a" + ".b" * 1900, "a" + "+a" * 1900, "a" + "[0]" * 1300]
)
def test_deep_texts_are_refused_quickly(text: str) -> None:
    with pytest.raises(TextFault):
        parse(text)


def nested(depth: int) -> Any:
    made: Any = ["field", "a"]
    for _ in range(depth):
        made = ["not", made]
    return made


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        ["field"],
        ["field", 1],
        ["field", "a", 1.5],
        ["value"],
        ["value", None],
        ["value", [1]],
        ["value", 2**64],
        ["nothing", ["field", "a"]],
        ["==", ["field", "a"]],
        ["in", ["field", "a"], ["field", "b"]],
        [["field", "a"]],
        nested(MOST_DEPTH),
        nested(5000),
        ["in", ["field", "a"], *([["value", 1]] * 3000)],
    ],
)
def test_data_that_is_no_expression_is_refused(data: Any) -> None:
    with pytest.raises(UsageFault):
        from_data(data)


def test_an_expression_is_not_taken_for_true_by_mistake() -> None:
    with pytest.raises(UsageFault, match="neither true nor false"):
        _ = F.a > 1 and F.b > 2


def test_the_deepest_expression_compiles() -> None:
    made: Expression = F.a
    for at in range(MOST_DEPTH - 2):
        made = -made if at % 2 else made + 1
    assert compiled(made, "ts")([1]) == [-2]
    for grown in (lambda node: ~(node & F.b), lambda node: (node == F.b) | F.a):
        tree: Expression = F.a
        while tree.depth < MOST_DEPTH - 3:
            tree = grown(tree)
        assert len(compiled(tree, "ts", test=True)([1], [2])) == 1
    with pytest.raises(UsageFault, match="too large"):
        for _ in range(3):
            made = made + 1


@pytest.mark.parametrize(
    ("text", "document", "value"),
    [
        ("a % 3", {"a": "%999999999d"}, None),
        ("a * 1000000000", {"a": "x"}, None),
        ("a + b", {"a": [1], "b": [2]}, None),
        ("a + b", {"a": "x", "b": "y"}, None),
        ("a / b", {"a": 1, "b": 0}, None),
        ("a < b", {"a": 1, "b": "x"}, None),
        ("not (a > 1)", {}, None),
        ("a > 1 or b == 2", {"b": 2}, True),
        ("a > 1 and b == 2", {"b": 3}, False),
        ("a.b.c", {"a": {"b": {"c": 5}}}, 5),
        ("a[1]", {"a": [1, 2]}, 2),
        ("a[5]", {"a": [1, 2]}, None),
        ("hour(a)", {"a": "2024-03-26T17:30:00+02:00"}, 15),
        ("day(a)", {"a": 1_711_411_200}, "2024-03-26"),
        ("day(a)", {"a": "never"}, None),
        ("time(a) > time('2024-01-01')", {"a": 1_711_411_200_000}, True),
        ("weekday()", {"\0day": 19808}, 2),
        ("a.contains(1)", {"a": [1, 2]}, True),
        ("a.exists()", {"a": False}, True),
    ],
)
def test_values_of_other_kinds_are_missing_and_cost_nothing(text: str, document: dict[str, Any], value: Any) -> None:
    tree = parse(text)
    columns = [[document.get(name)] for name in reads(tree, "ts")]
    assert compiled(tree, "ts")(*columns) == [value]
    assert [bool(found) for found in compiled(tree, "ts", test=True)(*columns)] == [bool(value)]


def test_one_odd_value_does_not_change_the_others() -> None:
    assert compiled(F.a + 1, "ts")([1, "x", None, 4]) == [2, None, None, 5]
    assert list(map(bool, compiled(~(F.a > 2), "ts", test=True)([1, "x", None, 4]))) == [True, False, False, False]


def test_calls_and_lists_are_read() -> None:
    assert parse_call("Count") == ("Count", [], {})
    name, given, named_ = parse_call("my.module:Class(amount, 'x', n=3)")
    assert (name, str(given[0]), given[1:], named_) == ("my.module:Class", "amount", ["x"], {"n": 3})
    assert split("a, f(b, c), 'd,e' , [f, g]") == ["a", "f(b, c)", "'d,e'", "[f, g]"]
    assert named("total=Sum(a)") == ("total", "Sum(a)")
    assert named("a == b") == ("a == b", "a == b")
    for text in ("Sum(**a)", "Sum(a=b)", "a(b)(c)", "1", "x y:Class()"):
        with pytest.raises(TextFault):
            parse_call(text)
