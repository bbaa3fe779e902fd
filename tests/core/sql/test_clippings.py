from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmart_tui.core.sql.clippings import clip, unlike


@dataclass(frozen=True)
class Column:
    name: str
    type: str


COLUMNS: Any = [Column("n", "INTEGER"), Column('te"xt', "VARCHAR"), Column("n", "DECIMAL(4,2)")]
ROWS = [(1, "a|b\nc", Decimal("1.50")), (None, "", None), (-2, 'say "hi", you', Decimal("0.00"))]


def test_csv_tells_null_from_the_empty_text() -> None:
    assert clip("csv", COLUMNS, ROWS) == 'n,"te""xt",n\n1,"a|b\nc",1.50\n,"",\n-2,"say ""hi"", you",0.00\n'
    assert clip("tsv", COLUMNS, [(1, "a b", None)]) == 'n\t"te""xt"\tn\n1\ta b\t\n'


def test_json_has_each_name_once() -> None:
    rows = json.loads(clip("json", COLUMNS, ROWS))
    assert rows[0] == {"n": 1, 'te"xt': "a|b\nc", "n_1": 1.5}
    assert rows[1] == {"n": None, 'te"xt': "", "n_1": None}
    assert json.loads(clip("json", [Column("x", "DOUBLE")], [(float("nan"),), (True,), (b"a\x00",)])) == [
        {"x": None},
        {"x": True},
        {"x": "a\\x00"},
    ]
    assert clip("json", COLUMNS, []) == "[]\n"


def test_markdown_keeps_its_cells_apart() -> None:
    assert (
        clip("markdown", COLUMNS, ROWS[:1]) == '| n | te"xt | n |\n| ---: | --- | ---: |\n| 1 | a\\|b<br>c | 1.50 |\n'
    )


def test_insert_statements_make_the_rows_again() -> None:
    import duckdb

    with duckdb.connect(":memory:") as connection:
        connection.execute('CREATE TABLE "my ""table"(n INTEGER, "te""xt" VARCHAR, n_1 DECIMAL(4,2))')
        connection.execute(clip("insert", COLUMNS, ROWS, 'my "table'))
        assert connection.execute('FROM "my ""table"').fetchall() == ROWS
    assert clip("insert", COLUMNS, [], "t") == ""


@pytest.mark.parametrize(
    ("names", "found"),
    [(["a", "a", "a"], ["a", "a_1", "a_2"]), (["a", "a", "a_1"], ["a", "a_2", "a_1"]), ([], [])],
)
def test_names_that_come_twice_get_numbers(names: list[str], found: list[str]) -> None:
    assert unlike(names) == found


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1), min_size=1))
@settings(max_examples=60)
def test_csv_reads_back(texts: list[str]) -> None:
    columns: Any = [Column(f"c{at}", "VARCHAR") for at in range(len(texts))]
    read = list(csv.reader(io.StringIO(clip("csv", columns, [texts]), newline="")))
    assert read[1] == texts
