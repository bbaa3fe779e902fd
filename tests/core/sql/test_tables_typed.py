"""Typed tables of schemas that anybody may have written: each is a table that the engine takes, with every row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmart_tui.core.sql.tables.definitions import ENTRIES
from dmart_tui.core.sql.tables.typed import typed_table

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = st.sampled_from(
    (
        "a", "A", "address", "title", "body_title", "body_", "payload", "x y", 'q"uote', "it's", "é", "İ", "ß",
        "select", "$ref", "a.b", "*", "\n", "\\", "", " ", "%", "{", "/", "1",
    )
) | st.text(max_size=4)  # fmt: skip
LEAVES = st.sampled_from(
    (
        {"type": "string"}, {"type": "integer"}, {"type": ["number", "null"]}, {"type": ["string", "integer"]}, {},
        True, {"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}, {"type": "boolean"},
        {"type": "nothing"}, {"type": 5}, None, [], {"enum": [1, "a"]}, {"$ref": "#"}, {"$ref": "#/definitions/x"},
    )
)  # fmt: skip
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: (
        st.dictionaries(NAMES, inner, max_size=5).map(lambda keys: {"type": "object", "properties": keys})
        | inner.map(lambda items: {"type": "array", "items": items})
        | st.lists(inner, max_size=2).map(lambda ways: {"anyOf": ways})
    ),
    max_leaves=12,
)
PAYLOADS = (
    None, '"x"', "5", "null", "[1, {}]", '{"a": 1, "A": "x"}', '{"address": {"a": [1]}, "title": [], "it\'s": true}',
    '{"a": "2024-01-01T01:02:03+05:30", "x y": 1e300, "1": 100000000000000000000000000}',
)  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("ATTACH ':memory:' AS spaces")
        connection.execute(f"CREATE TABLE spaces.main.raw ({ENTRIES.kept})")
        connection.execute(f"CREATE VIEW spaces.main.entries AS SELECT {ENTRIES.shown} FROM spaces.main.raw")
        connection.executemany(
            "INSERT INTO spaces.main.raw (address, space, schema, payload) VALUES ('x', 'it''s', 'a \"b\"', ?)",
            [(payload,) for payload in PAYLOADS],
        )
        yield connection


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(SCHEMAS, SCHEMAS)
def test_any_schema_is_a_table_of_all_its_entries(engine: duckdb.DuckDBPyConnection, schema: Any, other: Any) -> None:
    if isinstance(schema, dict):
        schema = {**schema, "definitions": {"x": other}}
    table = typed_table("it's", 'a "b"', json.loads(json.dumps(schema)))
    found = engine.execute(table.kept)
    names = [column[0].lower() for column in found.description]
    rows = found.fetchall()
    assert len(set(names)) == len(names)
    assert [row[-1] for row in rows] == list(PAYLOADS)
