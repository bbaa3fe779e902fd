"""A session of SQL: statements run one after the other, in transactions where wanted, inside the sandbox."""

from __future__ import annotations

import json
from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import Refused, UsageFault
from dmart_tui.core.sql import databases
from dmart_tui.core.sql.editing.texts import DEEPEST, Statement, depth, parse, statements, tokens
from dmart_tui.core.sql.errors import SqlError, explained, guess_place, missing
from dmart_tui.core.sql.paths import files_read, led
from dmart_tui.core.sql.results import Result, stop, stopping
from dmart_tui.core.sql.sandbox import Engine
from dmart_tui.core.sql.transactions import IDLE, Transaction, after, target
from dmart_tui.core.sql.values import bound, string

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from dmart_tui.core.sql.databases import Database
    from dmart_tui.core.sql.options import Options
    from dmart_tui.core.sql.paths import Led

    Hook = Callable[["Session", set[tuple[str, ...]]], None]

_DONE: Final = {
    "INSERT": "inserted",
    "UPDATE": "updated",
    "DELETE": "deleted",
    "MERGE": "merged",
    "COPY": "copied",
    "CREATE": "written",
}
_EXPLAIN: Final = "EXPLAIN "
_PLANNED: Final = ("Binder", "Catalog", "IO")
"""Errors that planning a statement finds, but tells no place of when it runs."""
_ANOTHER: Final = "another statement ran"


class Session:
    """One line of work: its own transaction, temporary tables and variables.

    All calls block, and may come from any thread; one statement runs at a time, and running one ends the rows of the
    one before where they were not all read (`Result.cut` says so).

    Args:
        filesystems: more places to read, of fsspec; each must refuse to write.
        before_run: told the tables that a statement names before it runs, so that they can be made then; where it has
            a `cancel`, `interrupt` calls it.
        engine: of the session that this one shares it with.

    Costs 30 ms, and 90 ms more where the engine was not imported.
    """

    def __init__(
        self,
        options: Options,
        filesystems: Sequence[Any] = (),
        before_run: Hook | None = None,
        *,
        engine: Engine | None = None,
    ) -> None:
        self.options = options
        self.before_run = before_run
        self.asked = ""
        """The statement that runs, or ran last."""
        self.transaction: Transaction = IDLE
        self.engine = engine or Engine(options, filesystems)
        self._owns = engine is None
        self._lock = RLock()
        self._live: Result | None = None
        self._closed = False
        self._generation = self.engine.generation
        self._connection = self.engine.cursor()
        self.engine.sessions.add(self)

    def fork(self) -> Session:
        """A session beside this one, on the same databases, for another worksheet; it is closed before this one."""
        return Session(self.options, before_run=self.before_run, engine=self.engine)

    def run(
        self, text: str | Statement, parameters: Mapping[str, object] | None = None, *, keep: bool = True
    ) -> Result:
        """Run one statement, up to its first rows.

        Args:
            parameters: by name without `$`, those of `?` by their number.
            keep: whether its rows can be reached again; else it can only be exported, once, which needs no disk.

        Raises:
            UsageFault: there is no statement, or more than one, or one that is nested too deep.
            SqlError: the engine refuses it; the place is that in the statement.
            Interrupted: it was stopped.
            Others: as what is called before a run.
        """
        statement = text if isinstance(text, Statement) else _only(text)
        if depth(statement.text) > DEEPEST:
            raise UsageFault(f"brackets stand in brackets more than {DEEPEST:,} deep")
        with self._lock:
            connection = self._ready()
            self.asked = statement.text
            if self.before_run is not None:
                self.before_run(self, self.names_used(statement.text))
                connection = self._ready()
            sent = led(statement.text, self._is_file)
            writes = self._target(statement, connection)
            try:
                result = self._run(statement, sent, self._given(statement, parameters), connection, keep)
            except Exception as error:
                raise self._failed(error, statement, sent, parameters or {}) from None
            self.transaction = after(statement, self.transaction, writes)
            if statement.verb in ("SET", "RESET", "PRAGMA"):
                connection.execute("SET enable_progress_bar_print=false")
            return result

    def run_all(
        self,
        text: str,
        parameters: Mapping[str, object] | None = None,
        *,
        wrap: bool = False,
        keep: bool = True,
    ) -> Iterator[Result]:
        """Run the statements of a text one after the other, giving each answer before the next runs.

        Args:
            parameters: of all of them; each gets those it names.
            wrap: all in one transaction, committed at the end, rolled back when one fails or the iteration is left.
            keep: as in `run`.

        Raises:
            SqlError: as `run`, with the place in the whole text.
            Refused: `wrap`, and a transaction is open.
        """
        given = parameters or {}
        if wrap and self.transaction.state != "idle":
            raise Refused("a transaction is open already", hint="commit it or roll it back first")
        if wrap:
            self.begin()
        whole = False
        try:
            for statement in statements(text):
                wanted = {name: given[name] for name in statement.parameters if name in given}
                try:
                    yield self.run(statement, wanted, keep=keep)
                except SqlError as error:
                    if error.position is not None:
                        error.position += statement.start
                    raise
            whole = True
        finally:
            if wrap and self.transaction.state != "idle":
                self.commit() if whole else self.rollback()

    def begin(self, *, read_only: bool = False) -> None:
        """Begin a transaction."""
        self.run("BEGIN TRANSACTION READ ONLY" if read_only else "BEGIN TRANSACTION").close()

    def commit(self) -> None:
        """Keep what the transaction changed; raises SqlError when it cannot be, and it is gone then."""
        self.run("COMMIT").close()

    def rollback(self) -> None:
        """Take back what the transaction changed."""
        self.run("ROLLBACK").close()

    def interrupt(self) -> None:
        """Stop what runs, from any thread; it raises `Interrupted`, some milliseconds later."""
        stop(self._connection)
        cancel = getattr(self.before_run, "cancel", None)
        if cancel is not None:
            cancel()

    def attach(self, path: Path, alias: str, *, write: bool = False, key: str | None = None) -> None:
        """Attach a database.

        For writing, the engine starts anew (some 30 ms): temporary tables and variables of all sessions on it go, and
        rows that were not read yet; no transaction may be open.

        Args:
            key: of an encrypted one.

        Raises:
            NotFound, LockHeld, Refused, SqlError: as `databases.attach`.
        """
        with self._lock:
            self._settle(write)
            databases.attach(self.engine, path, alias, write=write, key=key)

    def create(self, path: Path, alias: str, *, key: str | None = None) -> None:
        """Make a database and attach it for writing; raises and costs as `attach`."""
        with self._lock:
            self._settle(True)
            databases.create(self.engine, path, alias, key=key)

    def attach_copy(self, path: Path, alias: str, *, key: str | None = None) -> None:
        """Attach a copy of a database, for reading: for one that another program has open."""
        with self._lock:
            databases.attach_copy(self.engine, path, alias, key=key)

    def detach(self, alias: str) -> None:
        """Detach a database; raises SqlError when it is in use, UsageFault when there is none."""
        with self._lock:
            self._settle(False)
            databases.detach(self.engine, alias)

    def databases(self) -> list[Database]:
        """The databases that names can begin with."""
        with self.engine.lock, self.cursor() as cursor:
            return databases.listed(cursor)

    def cursor(self) -> DuckDBPyConnection:
        """A connection in the sandbox beside this one, to look around while a statement runs; who asks closes it."""
        return self.engine.cursor()

    @property
    def generation(self) -> int:
        """Changes when the engine has started anew, and databases in memory are gone."""
        return self.engine.generation

    def names_used(self, text: str) -> set[tuple[str, ...]]:
        """The tables that a statement names, and its views name, with one to three parts; too many rather than too few.

        The engine's syntax tree tells; of statements that it gives none for, every dotted name counts.
        """
        with self.cursor() as cursor:
            found: set[tuple[str, ...]] = set()
            waiting = [text]
            while waiting:
                new = _names(cursor, waiting.pop()) - found
                found |= new
                if new:
                    waiting += _views(cursor, {name[-1] for name in new})
            return found

    def let_go(self) -> None:
        """End the rows that still come, for an engine that is about to start anew."""
        if self._live is not None:
            self._live.leave("the engine started anew")

    def close(self) -> None:
        """Stop what runs, take back an open transaction, close."""
        if self._closed:
            return
        self._closed = True
        with stopping(self._lock, self.interrupt):
            if self._live is not None:
                self._live.leave("closed")
            self._connection.close()
            self.engine.sessions.discard(self)
            if self._owns:
                self.engine.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ready(self) -> DuckDBPyConnection:
        """The connection, with nothing of the statement before in its way."""
        if self._live is not None:
            self._live.leave(_ANOTHER)
        if self._generation != self.engine.generation:
            self._generation = self.engine.generation
            self.transaction = IDLE
            self._connection = self.engine.cursor()
        return self._connection

    def _settle(self, restart: bool) -> None:
        if restart and any(session.transaction.state != "idle" for session in list(self.engine.sessions)):
            raise Refused("a transaction is open", hint="commit it or roll it back first")
        self._ready()

    def _run(
        self,
        statement: Statement,
        sent: Led,
        parameters: Mapping[str, object],
        connection: DuckDBPyConnection,
        keep: bool,
    ) -> Result:
        zone = connection.execute("SELECT current_setting('TimeZone')").fetchall()[0][0] if self._can_ask else ""
        relation: Any = connection.sql(sent.text, params=bound(parameters)) if parameters else connection.sql(sent.text)
        changed, message = None, ""
        if relation is not None and relation.type == "MATERIALIZED_RELATION":
            if relation.columns == ["Count"] and statement.verb in _DONE:
                counted = relation.fetchall()
                changed = counted[0][0] if counted else None
                message = (
                    "done"
                    if changed is None
                    else f"{changed:,} {'row' if changed == 1 else 'rows'} {_DONE[statement.verb]}"
                )
                relation = None
            elif relation.columns == ["Success"] or (relation.columns == ["Count"] and not len(relation)):
                message = "done"
                relation = None
        result = Result(
            statement,
            connection,
            relation,
            self.engine.results(),
            changed=changed,
            message=message,
            zone=zone,
            keeps=keep,
            left=self._forget,
        )
        if not result.done:
            self._live = result
        return result

    def _given(self, statement: Statement, parameters: Mapping[str, object] | None) -> dict[str, object]:
        """Parameters, and for those that were not given the session's variables of their names."""
        given = dict(parameters or {})
        for name in statement.parameters:
            if name not in given and not name.isdigit():
                found = self._connection.execute("SELECT getvariable($1)", [name]).fetchall()[0][0]
                if found is not None:
                    given[name] = found
        return given

    @property
    def _can_ask(self) -> bool:
        return self.transaction.state != "aborted"

    def _forget(self, result: Result) -> None:
        if self._live is result:
            self._live = None

    def _target(self, statement: Statement, connection: DuckDBPyConnection) -> str | None:
        """The database that a statement will change, asked only where that matters."""
        if self.transaction.state != "active" or self.transaction.writes:
            return None
        current = connection.execute("SELECT current_database()").fetchall()[0][0]
        return target(statement, list(self.engine.attached), current)

    def _failed(self, error: Exception, statement: Statement, sent: Led, parameters: Mapping[str, object]) -> SqlError:
        found = error if isinstance(error, SqlError) else explained(error, sent.text)
        for name, start, end in files_read(sent.text) if found.kind == "Permission" else ():
            if f'file "{name}"' in found.message and self.engine.files.is_missing(name):
                found = missing(name, start, end - start)
        if found.position is None and found.kind in _PLANNED and self.transaction.state == "idle":
            found = self._placed(found, sent, parameters)
        if found.position is None:
            guess_place(found, sent.text)
        if found.position is not None:
            found.position = sent.back(found.position)
        if self.transaction.state == "active":
            try:
                self._connection.execute("SELECT 1").fetchall()
            except Exception:
                self.transaction = replace(self.transaction, state="aborted")
        if statement.verb in ("COMMIT", "ROLLBACK") and self.transaction.state == "aborted":
            self.transaction = IDLE
        return found

    def _placed(self, found: SqlError, sent: Led, parameters: Mapping[str, object]) -> SqlError:
        """The error with its place: the engine tells it where a statement is only planned."""
        try:
            self._connection.execute(_EXPLAIN + sent.text, bound(parameters)).fetchall()
        except Exception as error:
            told = explained(error, _EXPLAIN + sent.text)
            if told.position is not None and told.message == found.message:
                told.position -= len(_EXPLAIN)
                return told
        return found

    def _is_file(self, name: str) -> bool:
        return bool(self.engine.files.glob(name))


def _names(cursor: DuckDBPyConnection, text: str) -> set[tuple[str, ...]]:
    try:
        return _tables(json.loads(cursor.execute(f"SELECT json_serialize_sql({string(text)})").fetchall()[0][0]))
    except Exception:
        return _dotted(text)


def _views(cursor: DuckDBPyConnection, names: set[str]) -> list[str]:
    """The statements that make the views of some names."""
    found = cursor.execute(
        "SELECT sql FROM duckdb_views() WHERE NOT internal AND list_contains($1, view_name)", [sorted(names)]
    ).fetchall()
    return [sql for (sql,) in found if sql]


def _only(text: str) -> Statement:
    found = statements(text)
    if len(found) > 1:
        raise UsageFault("there is more than one statement", hint="run them one by one, or all of them")
    statement = parse(text)
    if not statement.text:
        raise UsageFault("there is no statement to run")
    return statement


def _tables(tree: Any) -> set[tuple[str, ...]]:
    """The tables of a syntax tree."""
    if isinstance(tree, dict) and tree.get("error") is True:
        raise ValueError(tree.get("error_message"))
    found: set[tuple[str, ...]] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if node.get("type") == "BASE_TABLE":
                parts = (node.get("catalog_name"), node.get("schema_name"), node.get("table_name"))
                found.add(tuple(str(part) for part in parts if part))
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return found


def _dotted(text: str) -> set[tuple[str, ...]]:
    """Every dotted name of a text, and every name alone."""
    found: set[tuple[str, ...]] = set()
    parts: list[str] = []
    joined = False
    for token in tokens(text):
        word = text[token.start : token.end]
        if token.kind in ("identifier", "keyword"):
            name = word[1:-1].replace('""', '"') if word.startswith('"') else word
            parts = [*parts, name] if joined else [name]
            found.add(tuple(parts))
            joined = False
        else:
            joined = word == "." and bool(parts)
    return found
