"""The text of statements: where they begin and end, and what they name."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dmart_tui.core.sql import parse, statement_at, statements, tokens


def test_statements_with_their_places() -> None:
    text = "-- über alles\nSELECT 'é;' ; /* ; */ WITH a AS (SELECT $$;$$) INSERT INTO t FROM a;;\nselct \"x;"
    found = statements(text)
    assert [statement.text for statement in found] == [
        "SELECT 'é;'",
        "WITH a AS (SELECT $$;$$) INSERT INTO t FROM a",
        'selct "x;',
    ]
    assert [text[statement.start : statement.end] for statement in found] == [statement.text for statement in found]
    assert [statement.verb for statement in found] == ["SELECT", "INSERT", "SELCT"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT $a, $b + $a", ("a", "b")),
        ("SELECT ?, ?", ("1", "2")),
        ("SELECT $2, $1", ("2", "1")),
        ("SELECT '$a', $$ $b $$ -- $c", ()),
    ],
)
def test_parameters(text: str, names: tuple[str, ...]) -> None:
    assert parse(text).parameters == names


def test_the_statement_where_the_cursor_is() -> None:
    text = "SELECT 1;  SELECT 2;\n"
    found = {place: (at.text if (at := statement_at(text, place)) else None) for place in (0, 5, 9, 11, 15, 21)}
    assert found == {0: "SELECT 1", 5: "SELECT 1", 9: "SELECT 1", 11: "SELECT 2", 15: "SELECT 2", 21: "SELECT 2"}
    assert statement_at("", 0) is None
    assert statement_at("  -- nothing", 3) is None


@given(st.text(max_size=60))
@example("SELECT $, 1")
def test_any_text_has_tokens_within_it_in_their_order(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert end <= token.start < token.end <= max(len(text), token.start + 1)
        end = token.end
    for statement in statements(text):
        assert text[statement.start : statement.end] == statement.text


@given(st.lists(st.sampled_from(["SELECT 1", "FROM 'a;b'", 'SELECT "x;"', "/* ; */ SELECT 2", "'", "é"]), max_size=4))
def test_splitting_loses_nothing(parts: list[str]) -> None:
    text = ";".join(parts)
    kept = "".join(statement.text for statement in statements(text))
    assert all(word in kept for word in ("SELECT 1",) if parts[:1] == [word])
