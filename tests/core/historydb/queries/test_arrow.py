"""Ranges of days as Arrow: what DuckDB reads is what was appended."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.historydb import ArrowRange, Store, day_of

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = datetime(2024, 3, 26, 10, 30, tzinfo=UTC)
DOCUMENTS: list[dict[str, Any]] = [
    {"ts": "2024-03-26", "n": 1, "real": 1, "text": "é", "yes": True, "at": MOMENT, "raw": b"\0\xff", "mixed": 1},
    {"ts": "2024-03-26", "n": None, "real": 2.5, "text": None, "yes": None, "at": None, "raw": None, "mixed": "a"},
    {"ts": "2024-03-27", "n": -5, "deep": {"a": [1, "b"]}, "on": date(2024, 1, 2), "large": 10**30},
    {"ts": "2024-03-28", "n": 7, "text": "", "none": None},
]


@pytest.fixture(params=[0, 2, 4])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """So many documents sealed, the others in the log."""
    made = Store.create(str(tmp_path / "s.hdb"))
    made.append(DOCUMENTS[: request.param])
    made.seal()
    made.append(DOCUMENTS[request.param :])
    request.addfinalizer(made.close)
    return made


def read(found: ArrowRange, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("history", found)
        # As text: times with a zone would need pytz.
        return connection.execute(sql).fetchall()


def test_columns_keep_their_kind_and_all_else_is_json(store: Store) -> None:
    found = ArrowRange(store)
    kinds = dict(read(found, "SELECT column_name, column_type FROM (DESCRIBE history)"))
    assert kinds == {
        "ts": "VARCHAR",
        "n": "BIGINT",
        "real": "DOUBLE",
        "text": "VARCHAR",
        "yes": "BOOLEAN",
        "at": "TIMESTAMP WITH TIME ZONE",
        "raw": "BLOB",
        "mixed": "VARCHAR",
        "deep": "VARCHAR",
        "on": "DATE",
        "large": "VARCHAR",
        "none": "VARCHAR",
        "_day": "DATE",
    }
    rows = read(found, 'SELECT n, "real", text, yes, "at"::VARCHAR, raw, mixed FROM history ORDER BY ts, n')
    assert rows[0] == (1, 1.0, "é", True, "2024-03-26 10:30:00+00", b"\0\xff", "1")
    assert rows[1] == (None, 2.5, None, None, None, None, '"a"')
    (deep, on, large, day), *_ = read(found, 'SELECT deep, "on", large, _day FROM history WHERE n = -5')
    assert (json.loads(deep), on, json.loads(large), day) == (
        {"a": [1, "b"]},
        date(2024, 1, 2),
        10**30,
        date(2024, 3, 27),
    )


def test_only_the_days_and_columns_asked_for_are_there(store: Store) -> None:
    found = ArrowRange(store, day_of("2024-03-26"), day_of("2024-03-27"), ["n", "none", "unheard"])
    assert sorted(read(found, "SELECT * FROM history"), key=str) == [(-5, None, None), (1, None, None), (None,) * 3]


def test_what_was_erased_is_not_there(tmp_path: Path) -> None:
    with Store.create(str(tmp_path / "s.hdb"), key_field="n") as store:
        store.append(DOCUMENTS)
        store.erase([1])
        assert read(ArrowRange(store), "SELECT n FROM history ORDER BY n") == [(-5,), (7,), (None,)]


def test_a_range_without_documents_has_the_columns_asked_for(store: Store) -> None:
    found = ArrowRange(store, day_of("2030-01-01"), None, ["n"])
    assert read(found, "SELECT count(n) FROM history") == [(0,)]


def test_reading_stops_when_it_is_cancelled(store: Store) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        ArrowRange(store, cancel=cancel).__arrow_c_stream__()
