"""What can be named in a session, as the engine tells it."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final

from dmart_tui.core.sql.editing.completing import Column, Names, Table
from dmart_tui.core.sql.sandbox import SCRATCH
from dmart_tui.core.sql.values import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.sql.session import Session

_FUNCTIONS: Final = """
SELECT function_name, CASE WHEN bool_or(function_type LIKE 'table%') THEN 'table'
    ELSE coalesce(any_value(array_to_string(parameters[:4], ', ')), '') END
FROM duckdb_functions()
WHERE function_type <> 'pragma' AND regexp_full_match(function_name, '[a-z_][a-z0-9_]*')
GROUP BY 1 ORDER BY starts_with(function_name, '_'), 1
"""
_TABLES: Final = """
SELECT database_name, schema_name, table_name, 'table' FROM duckdb_tables() WHERE NOT internal
UNION ALL SELECT database_name, schema_name, view_name, 'view' FROM duckdb_views() WHERE NOT internal
ORDER BY ALL
"""


def read_names(session: Session) -> Names:
    """All that there is to name; some 30 ms, and 10 ms for each 10,000 tables. Columns are asked for when needed."""
    known: dict[Table, Sequence[Column]] = {}

    def columns(table: Table) -> Sequence[Column]:
        if table not in known:
            known[table] = _columns(session, table)
        return known[table]

    with closing(session.cursor()) as cursor:
        words = cursor.execute("SELECT keyword_name, keyword_category FROM duckdb_keywords() ORDER BY 1").fetchall()
        functions = cursor.execute(_FUNCTIONS).fetchall()
        tables = cursor.execute(_TABLES).fetchall()
    reserved = frozenset(word for word, category in words if category != "unreserved")
    names = Names(
        keywords=[word for word, _ in words],
        reserved=reserved,
        functions=functions,
        databases=[one.name for one in session.databases() if not one.internal],
        columns=columns,
        database=SCRATCH,
    )
    names.take(
        [
            Table(database, schema, name, kind, _shortest(names, database, schema, name))
            for database, schema, name, kind in tables
        ]
    )
    return names


def _shortest(names: Names, database: str, schema: str, name: str) -> str:
    above = [] if database == names.database else [database]
    above += [] if schema == "main" else [schema]
    return ".".join(map(names.quoted, (*above, name)))


def _columns(session: Session, table: Table) -> Sequence[Column]:
    import duckdb

    path = ".".join(map(quoted, (table.database, table.schema, table.name)))
    with suppress(duckdb.Error), closing(session.cursor()) as cursor:
        return [Column(row[0], row[1]) for row in cursor.execute(f"DESCRIBE {path}").fetchall()]
    return ()
