"""The tables of a session: declared when it begins, filled when a statement names them, filled anew when files changed.

What is declared is a view on an empty table, so that the engine knows its columns and refuses to write to it. Filling
is one short transaction of its own on a connection of its own: who reads meanwhile reads on in what was there before.
"""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol

from dmart_tui.core.address import Address
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import DmartTuiError, Failed
from dmart_tui.core.spaces import Schemas
from dmart_tui.core.sql.errors import Interrupted, explained
from dmart_tui.core.sql.tables.archived import Archived
from dmart_tui.core.sql.tables.definitions import ARCHIVES, ENTRIES, HIDDEN, SPACES, Table
from dmart_tui.core.sql.tables.files import ArchiveFiles
from dmart_tui.core.sql.tables.indexed import Indexed
from dmart_tui.core.sql.tables.logs import Events, Histories
from dmart_tui.core.sql.tables.stores import Stores
from dmart_tui.core.sql.tables.typed import database_of, typed_table
from dmart_tui.core.sql.values import quoted, string

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from dmart_tui.core.catalog import Catalog
    from dmart_tui.core.spaces import Schema, Spaces
    from dmart_tui.core.sql.session import Session

_NOT_READ: Final = "was not read when this transaction began to look: commit it or roll it back, then run this again"
_REST: Final = 20.0
"""How many times as long as looking for changes took is waited before it is done again."""
_LEAST: Final = 2.0
"""Seconds to wait at least."""

Name = tuple[str, ...]


class Source(Protocol):
    """Where the rows of some tables come from."""

    @property
    def tables(self) -> Sequence[Table]:
        """Those tables."""

    def stamp(self, told: Callable[[str], None], cancel: CancelToken) -> object:
        """Equal as long as nothing changed."""

    def rows(self, table: Table, cancel: CancelToken) -> Iterator[Sequence[tuple[Any, ...]]]:
        """The rows of a table, some at once."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a table holds."""

    rows: int
    time: datetime
    """When its files were last found to be as they were read."""
    seconds: float
    """It took to read them."""


@dataclass(slots=True)
class _Looked:
    """What is known of a source."""

    stamp: object = None
    time: datetime | None = None
    due: float = 0.0


class Tables:
    """The tables of a root and of open archives in one session; give it to the session as what is called before a run.

    Args:
        spaces: the root; None: there is none.
        archives: paths or `s3://` addresses of the archives that are open.
        catalog: the index of the root; the person's own when None.
        told: what is being done just now, in words; called from whatever thread runs the statement.
    """

    def __init__(
        self,
        spaces: Spaces | None,
        archives: Iterable[str] = (),
        *,
        catalog: Catalog | None = None,
        told: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.filesystem = ArchiveFiles(archives)
        self._spaces = spaces
        self._schemas = Schemas(spaces) if spaces else None
        self._told = told
        self._lock = threading.RLock()
        self._cancel = CancelToken()
        self._cursor: DuckDBPyConnection | None = None
        self._generation = -1
        self._stores = Stores()
        self._indexed = Indexed(spaces, catalog) if spaces else None
        sources: list[Source] = [Archived(self.filesystem, name) for name in self.filesystem.names]
        if spaces and self._indexed:
            sources += [self._indexed, Histories(spaces), Events(spaces)]
        self._looked = {id(source): _Looked() for source in sources}
        self._sources = {table.place: source for source in sources for table in source.tables}
        self._databases: set[str] = set()
        self._declared: dict[tuple[str, str], Table] = {}
        self._typed: dict[str, Schema] = {}
        self._snapshots: dict[str, tuple[object, Snapshot]] = {}

    # -- looking -----------------------------------------------------------------------------------------

    @property
    def snapshot_time(self) -> datetime | None:
        """How old the oldest is of what is loaded; None when nothing is."""
        return min((snapshot.time for _, snapshot in self._snapshots.values()), default=None)

    def snapshots(self) -> dict[str, Snapshot]:
        """What is loaded, by `database.table`."""
        by_place = {table.place: f"{table.database}.{table.name}" for table in self._declared.values()}
        return {by_place[place]: snapshot for place, (_, snapshot) in self._snapshots.items()}

    def names(self) -> list[tuple[str, str, str]]:
        """Database, name, and what it is, of every table there is."""
        return [(table.database, table.name, table.about) for table in self._declared.values()]

    # -- what a session calls ----------------------------------------------------------------------------

    def declare(self, session: Session) -> None:
        """Make the views anew, empty, in databases `spaces`, `archives` and one a space; costs a millisecond a table.

        A space whose name is that of a database somebody attached gets none.
        """
        with self._lock, closing(session.cursor()) as cursor:
            if self._generation != session.generation:
                self._databases.clear()
            self._generation = session.generation
            for known in (self._declared, self._typed, self._snapshots):
                known.clear()
            for database in (SPACES, ARCHIVES):
                self._attach(cursor, database)
            self._stores.declare(cursor)
            for source in dict.fromkeys(self._sources.values()):
                for table in source.tables:
                    self._make(cursor, table, f"({table.kept})")
            for space, name in self._schema_names():
                self._declare_typed(cursor, space, name)

    def __call__(self, session: Session, names: Iterable[Name]) -> None:
        """Fill what a statement names, where it is not filled or its files changed; all is declared where it was not.

        Raises:
            Interrupted: `cancel` was called meanwhile.
            DmartTuiError: something cannot be read.
        """
        with self._lock:
            if self._generation != session.generation:
                self.declare(session)
            self._cancel = CancelToken()
            with closing(session.cursor()) as cursor:
                self._cursor = cursor
                wanted = dict.fromkeys(table for name in sorted(names) if (table := self._find(cursor, name)))
                try:
                    self._stores.fill(session, cursor, self._cancel)
                    for table in sorted(wanted, key=lambda table: bool(table.space)):
                        self._fill(cursor, table)
                except Cancelled:
                    raise Interrupted("was interrupted", timed_out=False) from None

    def add(self, session: Session, archive: str) -> None:
        """Make one more open archive a table, unless it is one."""
        with self._lock:
            if archive in self.filesystem.names.values():
                return
            source = Archived(self.filesystem, self.filesystem.add(archive))
            self._looked[id(source)] = _Looked()
            self._sources |= {table.place: source for table in source.tables}
            with closing(session.cursor()) as cursor:
                for table in source.tables:
                    self._make(cursor, table, f"({table.kept})")

    def cancel(self) -> None:
        """Stop filling, from any thread; the statement does not run."""
        from duckdb import Error

        self._cancel.cancel()
        if self._cursor is not None:
            with suppress(Error):  # it is closed: nothing is filled just now
                self._cursor.interrupt()

    def refresh(self) -> None:
        """Look for changes the next time, however short ago it was done."""
        for looked in self._looked.values():
            looked.due = 0.0

    def close(self) -> None:
        """Close the archives."""
        self.filesystem.close()

    # -- declaring ---------------------------------------------------------------------------------------

    def _schema_names(self) -> list[tuple[str, str]]:
        """The schemas of each space, and those that its entries use as far as the index knows."""
        if self._spaces is None or self._indexed is None:
            return []
        found = self._indexed.pairs()
        for space in self._spaces.space_names():
            found |= {(space, name) for name in _own_schemas(self._spaces, space)}
        return sorted(found)

    def _declare_typed(self, cursor: DuckDBPyConnection, space: str, name: str) -> Table | None:
        """Declare the table of a schema; None when there is no schema, or no table can be made of it."""
        assert self._schemas is not None
        schema = self._schemas.get(space, name)
        if schema.document is None:
            return None
        table = typed_table(space, name, schema.document)
        if self._typed.get(table.place) is schema:
            return table
        from duckdb import Error

        try:
            self._attach(cursor, quoted(table.database))
            self._make(cursor, table, f"AS {table.kept} LIMIT 0")
        except Error:  # its name is that of a database somebody attached
            return None
        self._typed[table.place] = schema
        self._snapshots.pop(table.place, None)
        return table

    def _attach(self, cursor: DuckDBPyConnection, database: str, options: str = "") -> None:
        """Make a database; one that is there and was not made here is somebody's, and the engine refuses."""
        if database.lower() not in self._databases:
            cursor.execute(f"ATTACH ':memory:' AS {database} {options}")
            self._databases.add(database.lower())

    def _make(self, cursor: DuckDBPyConnection, table: Table, content: str) -> None:
        """Make a table that is not read yet, and fails when it is looked at all the same."""
        store, failing = table.store, string(f"{table.database}.{table.name} {_NOT_READ}")
        nothing = f"(SELECT error({failing}) AS e) AS g LEFT JOIN {table.place} AS k ON true WHERE g.e IS NULL"
        self._attach(cursor, store, HIDDEN)
        cursor.execute(f"CREATE OR REPLACE TABLE {table.place} {content}")
        cursor.execute(f"CREATE OR REPLACE VIEW {store}.main.rows AS SELECT k.* FROM {nothing}")
        cursor.execute(f"CREATE OR REPLACE VIEW {table.view} AS SELECT {table.shown} FROM {store}.main.rows")
        cursor.execute(f"COMMENT ON VIEW {table.view} IS {string(table.about)}")
        self._declared[_folded(table.database, table.name)] = table

    # -- filling -----------------------------------------------------------------------------------------

    def _find(self, cursor: DuckDBPyConnection, name: Name) -> Table | None:
        """The table that a name means; the last two parts tell, but for the schema `main` between them."""
        above = [part for part in name[:-1] if part.lower() != "main"]
        if not above:
            return None
        parts = above[-1], name[-1]
        found = self._declared.get(_folded(*parts))
        if self._spaces is None or (found is not None and not found.space):
            return found
        if found is not None:
            return self._declare_typed(cursor, found.space, found.name)
        space = next((space for space in self._spaces.space_names() if database_of(space) == parts[0]), None)
        return self._declare_typed(cursor, space, parts[1]) if space else None

    def _fill(self, cursor: DuckDBPyConnection, table: Table) -> _Looked:
        """Let a table hold what its source has; how old that is."""
        source = None if table.space else self._sources[table.place]
        looked = self._look(source) if source else self._fill(cursor, ENTRIES)
        assert looked.time is not None
        known = self._snapshots.get(table.place)
        if known is not None and known[0] == looked.stamp:
            self._snapshots[table.place] = known[0], replace(known[1], time=looked.time)
            return looked
        began = monotonic()
        rows = self._fill_from(cursor, table, source)
        snapshot = Snapshot(rows, looked.time, monotonic() - began)
        self._snapshots[table.place] = looked.stamp, snapshot
        return looked

    def _look(self, source: Source) -> _Looked:
        """Whether a source changed, asked no more often than is cheap."""
        looked = self._looked[id(source)]
        if looked.time is None or monotonic() >= looked.due:
            began, time = monotonic(), datetime.now(UTC)
            looked.stamp = source.stamp(self._told, self._cancel)
            looked.time = time
            looked.due = monotonic() + max(_LEAST, _REST * (monotonic() - began))
        return looked

    def _fill_from(self, cursor: DuckDBPyConnection, table: Table, source: Source | None) -> int:
        from duckdb import Error

        try:
            cursor.execute("BEGIN")
            try:
                if source is None:
                    cursor.execute(f"CREATE OR REPLACE TABLE {table.place} AS {table.kept}")
                else:
                    cursor.execute(f"CREATE OR REPLACE TABLE {table.place} ({table.kept})")
                    self._append(cursor, table, source)
                cursor.execute(f"CREATE OR REPLACE VIEW {table.store}.main.rows AS SELECT * FROM {table.place}")
                self._cancel.check()
                rows = cursor.execute(f"SELECT count(*) FROM {table.place}").fetchall()[0][0]
                cursor.execute("COMMIT")
            except BaseException:
                with suppress(Error):
                    cursor.execute("ROLLBACK")
                raise
        except Error as error:
            self._cancel.check()
            reason = explained(error, "").message
            raise Failed(f"cannot be read into a table: {reason}", address=f"{table.database}.{table.name}") from None
        return int(rows)

    def _append(self, cursor: DuckDBPyConnection, table: Table, source: Source) -> None:
        appender, done = cursor.appender(table.place), 0
        try:
            for rows in source.rows(table, self._cancel):
                appender.append_rows(rows)
                done += len(rows)
                self._told(f"reading {table.database}.{table.name}: {done:,} rows")
            appender.flush()
        except BaseException:
            appender.clear()
            raise


def _folded(database: str, name: str) -> tuple[str, str]:
    """As the engine compares names."""
    return database.lower(), name.lower()


def _own_schemas(spaces: Spaces, space: str) -> Iterator[str]:
    """The names of the schemas that a space keeps."""
    with suppress(DmartTuiError):
        for name, _flags in spaces.scan(Address(space, ("schema",))):
            yield name
