"""The engine's catalogue: schemas, tables, columns, constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.sql import columns_of, constraints_of, describe, schemas_of, summarize, tables_of

if TYPE_CHECKING:
    from dmart_tui.core.sql import Session


def test_what_a_database_holds(session: Session) -> None:
    session.run('CREATE SCHEMA "my schema"')
    session.run("CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL DEFAULT 'x', CHECK (id > 0))")
    session.run("INSERT INTO people SELECT i, 'p' FROM range(1, 11) t(i)")
    session.run('CREATE VIEW "my schema"."a view" AS SELECT name FROM people')
    assert [schema.name for schema in schemas_of(session, "scratch")] == ["main", "my schema"]
    (people,) = tables_of(session, "scratch", "main")
    assert (people.name, people.is_view, people.rows, people.columns) == ("people", False, 10, 2)
    assert people.qualified == '"scratch"."main"."people"'
    (view,) = tables_of(session, "scratch", "my schema")
    assert (view.is_view, view.rows, "CREATE VIEW" in view.sql) == (True, None, True)
    found = [
        (column.name, column.type, column.nullable, column.default)
        for column in columns_of(session, "scratch", "main", "people")
    ]
    assert found == [("id", "INTEGER", False, ""), ("name", "VARCHAR", False, "'x'")]
    kinds = {constraint.kind: constraint.columns for constraint in constraints_of(session, "scratch", "main", "people")}
    assert kinds["PRIMARY KEY"] == ("id",)
    assert "CHECK" in kinds
    assert session.run(describe(people)).count() == 2
    assert session.run(summarize(view)).count() == 1


def test_it_is_read_while_a_statement_runs(session: Session) -> None:
    session.run("CREATE TABLE t (a INTEGER)")
    result = session.run("SELECT i FROM range(100000000000) t(i)")
    assert [table.name for table in tables_of(session, "scratch", "main")] == ["t"]
    assert not result.done


def test_many_tables_come_by_the_page(session: Session) -> None:
    for result in session.run_all(";".join(f"CREATE TABLE t{at:03} (a INTEGER)" for at in range(120)), wrap=True):
        result.close()
    assert [table.name for table in tables_of(session, "scratch", "main", offset=100, limit=5)] == [
        f"t{at}" for at in range(100, 105)
    ]
