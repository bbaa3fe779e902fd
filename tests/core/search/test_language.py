"""The query language: what texts mean, what is wrong with them, and that a tree's text means the tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.search.language import MOST_CHARACTERS, MOST_DEPTH, MOST_PARTS, parse
from dmart_tui.core.search.tree import (
    And,
    Bound,
    Everything,
    Exists,
    Field,
    Fuzzy,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Tags,
    Word,
)
from tests.support.queries import trees

A, B, C = Word("a"), Word("b"), Word("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Everything()),
        ("  ", Everything()),
        ("*", Everything()),
        ("a", A),
        ("a b", And((A, B))),
        ("a b | c", Or((And((A, B)), C))),
        ("a (b | c)", And((A, Or((B, C))))),
        ("a (b c)", And((A, B, C))),
        ("-a b", And((Not(A), B))),
        ("-(a b)", Not(And((A, B)))),
        ("--a", Not(Not(A))),
        ("a-b", Word("a-b")),
        ('"a b"', Phrase("a b")),
        (r'"a \"b\" \\"', Phrase('a "b" \\')),
        ("pre*", Prefix("pre")),
        (r"a\*b\|c\ d", Word("a*b|c d")),
        ("%a%", Fuzzy("a")),
        ("%%%a%%%", Fuzzy("a", 3)),
        ("@f:a", Field("f", A)),
        ("@f:a b", And((Field("f", A), B))),
        ("@f:a|b", Field("f", Or((A, B)))),
        ("@f:a | b", Or((Field("f", A), B))),
        ("@f:(a|b)", Field("f", Or((A, B)))),
        ("@f:(a -b)", Field("f", And((A, Not(B))))),
        ("-@f:a", Not(Field("f", A))),
        ("@f:!a", Not(Field("f", A))),
        ("@f:*", Field("f", Exists())),
        ("@f:pre*", Field("f", Prefix("pre"))),
        ('@f:"a b"', Field("f", Phrase("a b"))),
        ("@f:%a%", Field("f", Fuzzy("a"))),
        ("@f|g:a", Or((Field("f", A), Field("g", A)))),
        ("@payload.body.k:a", Field("payload.body.k", A)),
        ("@payload.*:a", Field("payload.*", A)),
        ("@tags:{a}", Field("tags", Tags((A,)))),
        ("@tags:{ a | b c|pre* }", Field("tags", Tags((A, Word("b c"), Prefix("pre"))))),
        (r"@tags:{a\|b\}|c\*}", Field("tags", Tags((Word("a|b}"), Word("c*"))))),
        ("@n:[1 2]", Field("n", Range(Bound("1"), Bound("2")))),
        ("@n:[1,2]", Field("n", Range(Bound("1"), Bound("2")))),
        ("@n:[(1 (2.5]", Field("n", Range(Bound("1", False), Bound("2.5", False)))),
        ("@n:[-inf 2]", Field("n", Range(None, Bound("2")))),
        ("@n:[5]", Field("n", Range(Bound("5"), Bound("5")))),
        ("@n:>=5", Field("n", Range(Bound("5"), None))),
        ("@n:<5", Field("n", Range(None, Bound("5", False)))),
        ("@created_at:[2025-04 2025-06]", Field("created_at", Range(Bound("2025-04"), Bound("2025-06")))),
        ("@created_at:2025-04", Field("created_at", Word("2025-04"))),
        ("@created_at:>2025-04-01T10:30", Field("created_at", Range(Bound("2025-04-01T10:30", False), None))),
        ("who@where.org", Word("who@where.org")),
        ("@nobody", Word("@nobody")),
        ("مرحبا بغداد", And((Word("مرحبا"), Word("بغداد")))),
    ],
)
def test_what_texts_mean(text: str, tree: Node) -> None:
    query = parse(text)
    assert query.tree == tree
    assert query.faults == ()


@pytest.mark.parametrize(
    ("text", "start", "end", "said", "tree"),
    [
        ('a "b c', 2, 3, "is not closed", And((A, Phrase("b c")))),
        ("a (b", 2, 3, "is not closed", And((A, B))),
        ("a) b", 1, 2, "closes no group", And((A, B))),
        ("a |", 2, 3, "one side of this |", A),
        ("| a", 0, 1, "one side of this |", A),
        ("a ()", 2, 4, "nothing stands in this group", A),
        ('a ""', 2, 4, "between the quotes", A),
        ("a -", 2, 3, "a minus", A),
        ("a*b", 1, 2, "at the end of a word", Word("a*b")),
        ("@f: a", 2, 3, "say what f should be", A),
        ("@f:", 2, 3, "say what f should be", Everything()),
        ("@f:{a", 3, 4, "is not closed", Field("f", Tags((A,)))),
        ("@f:{}", 3, 5, "a tag stands between", Everything()),
        ("@f:[1 x]", 3, 8, "x is neither a number nor a date", Everything()),
        ("@f:[1 2 3]", 3, 10, "two ends", Everything()),
        ("@f:[2025-13 2026]", 3, 17, "2025-13 is neither", Everything()),
        ("@f:>", 3, 4, "neither a number nor a date", Everything()),
        ("%a", 0, 2, "like-words", A),
        ("%%%%a%%%%", 0, 9, "like-words", Word("a%%%%")),
    ],
)
def test_what_is_wrong_with_texts(text: str, start: int, end: int, said: str, tree: Node) -> None:
    query = parse(text)
    (fault,) = query.faults
    assert (fault.start, fault.end) == (start, end)
    assert said in fault.message
    assert query.tree == tree


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(" * 5000, "stand at most"),
        ("-" * 1000 + "a", "stand at most"),
        ("@f:" + "(" * 1000 + "a", "stand at most"),
        ("a " * (MOST_PARTS + 1), "at most 200 words"),
        ("a" * (MOST_CHARACTERS + 1), "at most 4,096 characters"),
    ],
)
def test_the_size_of_a_query_is_bounded(text: str, said: str) -> None:
    assert any(said in fault.message for fault in parse(text).faults)
    assert str(parse(text).tree).count("(") <= MOST_DEPTH


@given(trees())
def test_the_text_of_a_tree_means_the_tree(tree: Node) -> None:
    query = parse(str(tree))
    assert query.tree == tree
    assert query.faults == ()


@given(st.text(max_size=200) | st.text(alphabet='ab @:|()-"{}[]*%\\!<>=,.25', max_size=60))
def test_any_text_has_a_tree_whose_text_means_the_same(text: str) -> None:
    query = parse(text)
    assert parse(str(query.tree)).tree == query.tree
    assert all(0 <= fault.start <= fault.end <= len(text) and fault.message for fault in query.faults)
