"""What databases hold, as the engine's own catalogue tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dmart_tui.core.sql.errors import explained
from dmart_tui.core.sql.values import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.sql.session import Session


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema of a database."""

    database: str
    name: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view.

    Args:
        rows: about how many it has; None for views.
        sql: the statement that makes it.
    """

    database: str
    schema: str
    name: str
    is_view: bool
    rows: int | None
    columns: int
    sql: str

    @property
    def qualified(self) -> str:
        """Its name as SQL writes it."""
        return ".".join(map(quoted, (self.database, self.schema, self.name)))


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table or view."""

    name: str
    type: str
    nullable: bool
    default: str


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a table asks of its rows, with the columns it is about."""

    kind: str
    text: str
    columns: tuple[str, ...]


def schemas_of(session: Session, database: str) -> list[Schema]:
    """The schemas of a database, without the engine's own."""
    found = _ask(
        session,
        "SELECT database_name, schema_name FROM duckdb_schemas()"
        " WHERE database_name = $1 AND (NOT internal OR schema_name = 'main') ORDER BY ALL",
        [database],
    )
    return [Schema(*row) for row in found]


def tables_of(session: Session, database: str, schema: str, *, offset: int = 0, limit: int = 20_000) -> list[Table]:
    """Tables and views of a schema by name, a page of them; where there are 10,000 any page takes some 100 ms."""
    found = _ask(
        session,
        "SELECT database_name, schema_name, table_name, false, estimated_size, column_count, coalesce(sql, '')"
        " FROM duckdb_tables()"
        " WHERE database_name = $1 AND schema_name = $2 UNION ALL"
        " SELECT database_name, schema_name, view_name, true, NULL, column_count, coalesce(sql, '') FROM duckdb_views()"
        " WHERE database_name = $1 AND schema_name = $2 AND NOT internal"
        " ORDER BY 3 LIMIT $3 OFFSET $4",
        [database, schema, limit, offset],
    )
    return [Table(*row) for row in found]


def columns_of(session: Session, database: str, schema: str, table: str) -> list[TableColumn]:
    """The columns of a table or view, in their order."""
    found = _ask(
        session,
        "SELECT column_name, data_type, is_nullable, column_default FROM duckdb_columns()"
        " WHERE database_name = $1 AND schema_name = $2 AND table_name = $3 ORDER BY column_index",
        [database, schema, table],
    )
    return [TableColumn(name, kind, bool(nullable), default or "") for name, kind, nullable, default in found]


def constraints_of(session: Session, database: str, schema: str, table: str) -> list[Constraint]:
    """The constraints of a table."""
    found = _ask(
        session,
        "SELECT constraint_type, constraint_text, constraint_column_names FROM duckdb_constraints()"
        " WHERE database_name = $1 AND schema_name = $2 AND table_name = $3 ORDER BY constraint_index",
        [database, schema, table],
    )
    return [Constraint(kind, text or "", tuple(names or ())) for kind, text, names in found]


def describe(table: Table) -> str:
    """The statement that tells a table's columns."""
    return f"DESCRIBE {table.qualified}"


def summarize(table: Table) -> str:
    """The statement that measures a table's columns: least, most, distinct, mean, quartiles, how many are NULL."""
    return f"SUMMARIZE {table.qualified}"


def _ask(session: Session, sql: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
    with session.cursor() as cursor:
        try:
            found: list[tuple[Any, ...]] = cursor.execute(sql, list(parameters)).fetchall()
            return found
        except Exception as error:
            raise explained(error, sql) from None
