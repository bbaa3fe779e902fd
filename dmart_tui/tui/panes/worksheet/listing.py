"""What the catalogue lists, asked of the engine; all calls block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.sql.catalogue import columns_of, constraints_of, schemas_of, tables_of
from dmart_tui.core.units import format_count
from dmart_tui.tui.panes.worksheet.side import Item, Items

if TYPE_CHECKING:
    from dmart_tui.core.sql.catalogue import Table
    from dmart_tui.core.sql.session import Session
    from dmart_tui.tui.panes.worksheet.bench import Bench
    from dmart_tui.tui.widgets.tree_rows import Path


def databases(bench: Bench) -> Items:
    """All that are attached but the engine's own."""
    quoted = bench.names().quoted
    return Items(
        [
            Item(
                one.name,
                "database",
                name=quoted(one.name),
                about="" if one.read_only or not one.path else "written",
                right=one.path.rpartition("/")[2],
            )
            for one in bench.session.databases()
            if not one.internal
        ]
    )


def below(bench: Bench, path: Path) -> Items:
    """What is in a database, a schema or a table; of a database with one schema its tables."""
    session = bench.session
    schemas = [schema.name for schema in schemas_of(session, path[0])]
    if len(schemas) == 1 and path[1:2] != (schemas[0],):
        path = (path[0], schemas[0], *path[1:])
    if len(path) == 1:
        quoted = bench.names().quoted
        return Items([Item(name, "schema", name=f"{quoted(path[0])}.{quoted(name)}") for name in schemas])
    if len(path) == 2:
        return Items([_table(bench, table) for table in tables_of(session, path[0], path[1])])
    return _columns(bench, session, path)


def _table(bench: Bench, table: Table) -> Item:
    names = bench.names()
    above = [] if table.database == names.database else [table.database]
    above += [] if table.schema == "main" else [table.schema]
    return Item(
        table.name,
        "view" if table.is_view else "table",
        name=".".join(map(names.quoted, (*above, table.name))),
        about="view" if table.is_view else "",
        right=f"{format_count(table.rows)} rows" if table.rows is not None else f"{table.columns} columns",
        table=table,
    )


def _columns(bench: Bench, session: Session, path: Path) -> Items:
    quoted = bench.names().quoted
    told: dict[str, list[str]] = {}
    for constraint in constraints_of(session, *path[:3]):
        for column in constraint.columns:
            told.setdefault(column, []).append(constraint.kind.lower())
    return Items(
        [
            Item(
                column.name,
                "column",
                name=quoted(column.name),
                about=column.type,
                right=", ".join(dict.fromkeys(told.get(column.name, ()))),
            )
            for column in columns_of(session, *path[:3])
        ]
    )
