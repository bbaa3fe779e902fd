"""Plans as trees, estimated and measured, from the real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.errors import Damaged
from dmart_tui.core.sql.editing.explaining import plan, read_plan
from dmart_tui.core.sql.editing.naming import read_names
from dmart_tui.core.sql.errors import SqlError
from dmart_tui.core.sql.options import Options
from dmart_tui.core.sql.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUERY = "select t.k, count(*) from t join u on t.k = u.k where t.n > $least group by t.k order by 2"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(Options(tmp_path)) as session:
        for statement in (
            "create table t as select range n, range % 10 k from range(20000)",
            "create table u as select range k, 'x' as \"a b\" from range(10)",
            "create view v as select k from u",
        ):
            session.run(statement).close()
        yield session


def test_an_estimated_plan_has_no_times(session: Session) -> None:
    root = plan(session, QUERY, {"least": 5})
    names = [node.name for node in root.walk()]
    assert names.count("SEQ_SCAN") == 2 and "HASH_JOIN" in names
    scan = next(node for node in root.walk() if dict(node.extra).get("Table", "").endswith("main.u"))
    assert scan.estimated == 10 and scan.rows is None and scan.seconds is None
    assert not any(node.hot for node in root.walk())


def test_a_measured_plan_tells_rows_and_marks_where_the_time_goes(session: Session) -> None:
    root = plan(session, "select count(*) from t a, u b where sqrt(a.n) > b.k", analyze=True)
    assert root.name not in ("RESULT_COLLECTOR", "EXPLAIN_ANALYZE")
    nodes = list(root.walk())
    assert all(node.rows is not None and node.seconds is not None for node in nodes)
    assert sum(node.part for node in nodes) == pytest.approx(1, abs=0.01)
    assert any(node.hot for node in nodes)
    assert any(node.rows == 20000 for node in nodes if "SCAN" in node.name)


@pytest.mark.parametrize("analyze", [False, True])
def test_an_error_has_its_place_in_the_statement(session: Session, analyze: bool) -> None:
    text = "select nope from t"
    with pytest.raises(SqlError) as caught:
        plan(session, text, analyze=analyze)
    assert caught.value.position is not None
    assert text[caught.value.position :].startswith("nope")


@pytest.mark.parametrize("told", ["", "[1]", '{"operator": 3}', '[{"children": [4]}]', "null"])
def test_a_plan_that_is_none(told: str) -> None:
    with pytest.raises(Damaged):
        read_plan(told)


def test_what_can_be_named(session: Session) -> None:
    names = read_names(session)
    assert {(table.name, table.kind) for table in names.tables} >= {("t", "table"), ("v", "view")}
    table = names.find(("u",))
    assert table is not None and table.shortest == "u"
    assert [(column.name, column.type) for column in names.columns(table)] == [("k", "BIGINT"), ("a b", "VARCHAR")]
    assert ("read_csv", "table") in names.functions
    assert {"select", "qualify"} <= set(names.keywords) and "select" in names.reserved
    assert "scratch" in names.databases and "system" not in names.databases
