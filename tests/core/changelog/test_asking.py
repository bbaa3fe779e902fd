"""Asking for people who watch: answers, the newest documents, queries that were kept, and rows in files."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.changelog import KeptQueries, ask, below, newest, subject_of, write_rows
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.historydb import Count, Engine, F, Store, find

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = 3_600_000
DAYS = 40


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store.hdb"
    entries = ("a", "a/b", "a/bc", "a/b/c", "z")
    with Store.create(str(path)) as made:
        made.append(
            {
                "id": at,
                "ts": int(FIRST.timestamp()) * 1000 + at * 12 * HOUR,
                "entry": entries[at % 5],
                "space": entries[at % 5][0],
                "note": f"n{at}",
            }
            for at in range(2 * DAYS)
        )
    return path


def test_the_last_answer_is_whole(store: Path) -> None:
    answers = list(ask(Engine(workers=1), store, find().group("space").reduce(n=Count()).order("space")))
    assert answers[-1].done
    assert answers[-1].table.rows == [("a", 64), ("z", 16)]
    assert answers[-1].progress.days == DAYS


def test_the_newest_come_first_with_their_times(store: Path) -> None:
    found = newest(Engine(workers=1), store, find(), 3)
    assert [document["id"] for _, document in found] == [79, 78, 77]
    assert found[0][0] == FIRST + timedelta(days=39, hours=12)


@pytest.mark.parametrize("most", [1, 2, 7, 63, 64, 200])
@pytest.mark.parametrize("first", [None, FIRST.date() + timedelta(days=30)])
def test_the_newest_are_those_of_the_whole_range(store: Path, most: int, first: date | None) -> None:
    query = find(first).where(F.space == "a")
    with Store.open(str(store)) as opened:
        whole = [one for one in opened.documents() if one["space"] == "a" and (first is None or one["id"] >= 60)]
    found = newest(Engine(workers=1), store, query, most)
    assert [document["id"] for _, document in found] == [one["id"] for one in reversed(whole)][:most]


@pytest.mark.parametrize(("address", "entries"), [("a", {"a", "a/b", "a/bc", "a/b/c"}), ("a/b", {"a/b", "a/b/c"})])
def test_below_an_address_is_what_its_branch_has(store: Path, address: str, entries: set[str]) -> None:
    found = newest(Engine(workers=1), store, find().where(below(Address.parse(address))), 1000)
    assert {document["entry"] for _, document in found} == entries


def test_a_store_tells_what_charts_can_be_of_it(store: Path, tmp_path: Path) -> None:
    subject = subject_of(store)
    assert subject.span is not None
    assert (str(subject.span), subject.documents, subject.changes) == ("2024-01-01 … 2024-02-09", 80, False)
    assert subject.fields == ("entry", "space")  # each note is another one: no bars are made of them
    with Store.create(str(tmp_path / "empty.hdb")):
        pass
    assert subject_of(tmp_path / "empty.hdb").span is None


def test_queries_are_kept_by_name(tmp_path: Path) -> None:
    kept = KeptQueries(tmp_path / "state")
    assert kept.all() == {}
    kept.keep(" busy days ", {"group": "who", "where": ""})
    kept.keep("another", {"limit": "3"})
    assert KeptQueries(tmp_path / "state").all() == {"another": {"limit": "3"}, "busy days": {"group": "who"}}
    kept.forget("another")
    assert list(kept.all()) == ["busy days"]
    with pytest.raises(UsageFault):
        kept.keep("\x1b[2J", {})


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1, "b": {"where": 2, "group": "x"}}'])
def test_a_damaged_file_of_queries_is_no_harm(tmp_path: Path, text: str) -> None:
    (tmp_path / "history-queries.json").write_text(text)
    assert all(isinstance(parts, dict) for parts in KeptQueries(tmp_path).all().values())


ROWS: list[dict[str, Any]] = [{"who": 'a "b"\n', "n": 3, "more": {"x": [1]}}, {"who": "ö\ud800", "n": None}]


def test_rows_are_written_in_each_format(tmp_path: Path) -> None:
    for name in ("out.csv", "out.json", "out.ndjson"):
        write_rows(tmp_path / name, ("who", "n", "more"), ROWS)
    with (tmp_path / "out.csv").open(newline="") as file:
        table = list(csv.reader(file))
    assert table[:2] == [["who", "n", "more"], ['a "b"\n', "3", '{"x": [1]}']]
    whole = json.loads((tmp_path / "out.json").read_text())
    lines = [json.loads(line) for line in (tmp_path / "out.ndjson").read_text().splitlines()]
    assert whole == lines == [ROWS[0], {"who": "ö?", "n": None}]
    write_rows(tmp_path / "none.json", (), [])
    assert json.loads((tmp_path / "none.json").read_text()) == []
    with pytest.raises(UsageFault):
        write_rows(tmp_path / "out.xlsx", (), [])
