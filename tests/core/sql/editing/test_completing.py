"""What a word of SQL may become, by its place in the statement."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.sql.editing.completing import Column, Names, Table, complete

COLUMNS = {
    "entries": [Column("shortname", "VARCHAR"), Column("created_at", "TIMESTAMP"), Column("order", "INTEGER")],
    "pears": [Column("weight", "DOUBLE"), Column("is_ripe", "BOOLEAN")],
}
NAMES = Names(
    keywords=("select", "from", "where", "order", "join", "on", "inner"),
    reserved=frozenset({"select", "from", "where", "order"}),
    functions=(("count", "arg"), ("sum", "arg"), ("read_csv", "table")),
    databases=("memory", "shop"),
    tables=(
        Table("memory", "spaces", "entries", "view", "spaces.entries"),
        Table("shop", "main", "pears", "table", "shop.pears"),
        Table("memory", "main", "My Table", "table", '"My Table"'),
    ),
    columns=lambda table: COLUMNS.get(table.name, []),
)


def offered(text: str) -> list[str]:
    """What is offered at the `|` of a text."""
    at = text.index("|")
    return [offer.text for offer in complete(text.replace("|", "", 1), at, NAMES).offers]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("sel|", "select"),
        ("SEL|", "SELECT"),
        ("select cou|", "count("),
        ("select sh| from spaces.entries", "shortname"),
        ("select * from spaces.entries where cr|", "created_at"),
        ("select e.| from spaces.entries as e", "shortname"),
        ("select entries.c| from spaces.entries", "created_at"),
        ("select ord| from spaces.entries", '"order"'),
        ("select * from ent|", "spaces.entries"),
        ("select * from spaces.|", "entries"),
        ("select * from shop.|", "pears"),
        ("select * from shop.main.p|", "pears"),
        ("select * from My|", '"My Table"'),
        ('select * from "My|', '"My Table"'),
        ("select * from spaces.entries e, sh|", "shop.pears"),
        ("select * from spaces.entries e join shop.pears p on p.|", "weight"),
        ("with ripe as (select weight as grams from shop.pears) select * from ri|", "ripe"),
        ("with ripe as (select weight as grams from shop.pears) select gr| from ripe", "grams"),
        ("with ripe as (select * from shop.pears) select is| from ripe", "is_ripe"),
        ("select x.| from (select weight w from shop.pears) x", "w"),
        ("select * from read|", "read_csv("),
        ("select 1; select wei| from shop.pears; select 2", "weight"),
        ("update shop.pears set we|", "weight"),
        ("select * from spaces.entries wh|", "where"),
        ("select 'é漢' as a, sh| from spaces.entries", "shortname"),
    ],
)
def test_the_first_offer(text: str, first: str) -> None:
    assert offered(text)[:1] == [first]


@pytest.mark.parametrize(
    "text",
    [
        "select 'sel|",
        "select 'sel|'",
        "-- sel|",
        "/* sel| */",
        "select 12|",
        "select shortname as |",
        "select nothing_such|",
    ],
)
def test_nothing_is_offered_where_nothing_can_stand(text: str) -> None:
    assert offered(text) == []


def test_a_subquery_does_not_see_what_stands_beside_it() -> None:
    found = offered("select * from spaces.entries where exists (select | from shop.pears)")
    assert "weight" in found and "shortname" in found
    assert "weight" not in offered("select | from spaces.entries where exists (select 1 from shop.pears)")


def test_what_is_replaced_is_the_word_before_the_cursor() -> None:
    text = "select * from spaces.ent where 1"
    found = complete(text, text.index(" where"), NAMES)
    assert text[found.start : found.end] == "ent"


@given(st.text(alphabet="select from\".,();-*'\n$é漢 with as 1", max_size=60), st.data())
@settings(max_examples=150, deadline=None)
def test_any_text_is_answered(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    found = complete(text, at, NAMES)
    assert 0 <= found.start <= found.end == at
