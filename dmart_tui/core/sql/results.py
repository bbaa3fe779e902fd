"""What a statement answered: rows that stream in and can all be reached again, in bounded memory.

A statement runs once. Its rows come in pieces, as fast as they are asked for, and lie in a table of an engine of their
own, which spills to the disk; a page is read there by its place. Leaving a result stops its statement.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.background import Cancelled
from dmart_tui.core.sql.errors import Interrupted, SqlError, explained
from dmart_tui.core.sql.values import is_plain, string

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import RLock

    from duckdb import DuckDBPyConnection

    from dmart_tui.core.sql.editing.texts import Statement

_BATCH: Final = 2048
"""Rows that the engine hands over at once, as many as it works on: where few rows match, more would come late."""
_TOGETHER: Final = 65_536
"""Rows that are kept at once where many are wanted."""
_HELD: Final = 32 << 20
"""Bytes of rows that wait to be kept together."""
_TOLD_AGAIN: Final = 0.05
"""Seconds until a statement is told again to stop."""
_SHOWN_AFTER: Final = 0.05
"""Seconds after which rows are kept though more were wanted."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result: its name, and its type as the engine writes it."""

    name: str
    type: str


class _Batches:
    """A relation as a stream of batches of so many rows."""

    def __init__(self, relation: Any, size: int) -> None:
        self._relation = relation
        self._size = size

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._relation._submit("stream", self._size).arrow_capsule()


class _Once:
    """A stream that an engine reads to its end, as it comes."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._schema = stream.get_schema()

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._stream.__arrow_c_stream__()


class _Piece:
    """Arrow batches that an engine can read, more than once."""

    def __init__(self, batches: list[Any], schema: Any) -> None:
        self._batches = batches
        self._schema = schema

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        from nanoarrow.c_array_stream import CArrayStream

        stream = CArrayStream.from_c_arrays(self._batches, self._schema, move=False, validate=False)
        return stream.__arrow_c_stream__()


def stop(connection: DuckDBPyConnection) -> None:
    """Interrupt what a connection does, from any thread; one that the engine closed meanwhile does nothing."""
    from duckdb import ConnectionException

    with suppress(ConnectionException):
        connection.interrupt()


@contextmanager
def stopping(lock: Lock | RLock, stop: Callable[[], None]) -> Iterator[None]:
    """Hold a lock, and stop whoever has it; a statement that has not begun does not hear it, so it is told again."""
    stop()
    while not lock.acquire(timeout=_TOLD_AGAIN):
        stop()
    try:
        yield
    finally:
        lock.release()


class Result:
    """The answer to one statement.

    `rows` may be called from several threads; `interrupt` from any. A page already known costs about a millisecond.

    Args:
        statement: what was run.
        connection: where it runs.
        relation: its answer, not yet read; None: it has none.
        spool: a connection for its rows, which becomes the result's own.
        changed: rows that were changed, where the statement tells.
        zone: the time zone in which times are told.
        keeps: whether rows stay to be reached again; else they can only be exported, once.
        left: called once when no more rows are to come.
    """

    def __init__(
        self,
        statement: Statement,
        connection: DuckDBPyConnection,
        relation: Any,
        spool: DuckDBPyConnection,
        *,
        changed: int | None = None,
        message: str = "",
        zone: str = "",
        keeps: bool = True,
        left: Callable[[Result], None] = lambda result: None,
    ) -> None:
        self.statement = statement
        self.columns: tuple[Column, ...] = ()
        self.known = 0
        """Rows that can be read without the statement going on."""
        self.done = relation is None
        """Whether no more rows will come."""
        self.cut = ""
        """Why rows are missing at the end; empty: none are."""
        self.changed = changed
        self.message = message
        self.keeps = keeps
        self._connection = connection
        self._spool = spool
        self._pulling = Lock()
        self._reading = Lock()
        self._stream: Any = None
        self._left = left
        self._spent = 0.0
        self._since: float | None = None
        if relation is not None:
            names, kinds = relation.columns, map(str, relation.types)
            self.columns = tuple(Column(name, kind) for name, kind in zip(names, kinds, strict=True))
            self._begin(relation, zone)
        else:
            spool.close()

    def rows(self, start: int, count: int) -> list[tuple[Any, ...]]:
        """Rows from a place on: fewer where the result ends, none behind it.

        Values are numbers, truths, texts and bytes, None for NULL; all other types come as the engine's text.

        Raises:
            Interrupted: the statement was stopped while it was waited for.
            SqlError: the statement failed while it was waited for, or memory or disk are too small for so many rows.
        """
        from duckdb import Error

        self._pull(start + count)
        if start >= self.known or not self.columns:
            return []
        shown = ", ".join(
            f"c{at}" if is_plain(column.type) else f"c{at}::VARCHAR" for at, column in enumerate(self.columns)
        )
        # The engine keeps the order in which rows came; to ask for it takes minutes where there are 20,000 columns.
        asked = f"SELECT {shown} FROM rows WHERE rowid BETWEEN $1 AND $2"
        try:
            with self._reading:
                found: list[tuple[Any, ...]] = self._spool.execute(
                    asked, [start, min(start + count, self.known) - 1]
                ).fetchall()
        except Error as error:
            raise explained(error, "") from None
        return found

    def count(self, progress: Callable[[int], None] | None = None) -> int:
        """How many rows there are in all; the statement runs to its end. Raises as `rows`."""
        while not self.done:
            self._pull(self.known + _TOGETHER)
            if progress is not None:
                progress(self.known)
        return self.known

    @contextmanager
    def source(self, *, cancel: Callable[[], bool] = lambda: False) -> Iterator[tuple[DuckDBPyConnection, str]]:
        """A connection, and what stands behind FROM there to be all rows, with the columns `c0`, `c1`, …

        Where the result does not keep its rows that may be used once, in one statement. Raises as `rows`.
        """
        if self.keeps:
            while not self.done and not cancel():
                self._pull(self.known + _TOGETHER)
            with self._reading, self._working():
                yield self._spool, "rows"
            return
        names = ", ".join(f"c{at}" for at in range(len(self.columns)))
        with self._pulling, self._working():
            self._spool.register("stream", _Once(self._stream))
            yield self._spool, f"stream AS rows({names})"
            self._end()

    def interrupt(self) -> None:
        """Stop the statement within some milliseconds, from any thread; what is known stays."""
        stop(self._connection)

    def progress(self) -> float | None:
        """How far the statement is, from 0 to 1, where the engine can tell."""
        with suppress(Exception):
            told = float(self._connection.query_progress())
            return told / 100 if told >= 0 else None
        return None

    @property
    def elapsed(self) -> float:
        """Seconds that the statement has run; waiting to be asked for more does not count."""
        since = self._since
        return self._spent + (perf_counter() - since if since is not None else 0.0)

    def leave(self, why: str) -> None:
        """Stop the statement where it has not ended, and say why rows are missing; what is known stays."""
        if not self.done:
            self.cut = self.cut or why
            with stopping(self._pulling, self.interrupt):
                self._end()

    def close(self) -> None:
        """Stop the statement and forget the rows."""
        self.leave("closed")
        with self._reading:
            self._spool.close()

    def __enter__(self) -> Result:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, relation: Any, zone: str) -> None:
        """Run the statement up to its first rows."""
        from nanoarrow import c_array_stream

        with self._working():
            self._stream = c_array_stream(_Batches(relation, _BATCH if self.keeps else _TOGETHER))
            self._schema = self._stream.get_schema()
        if zone:
            self._spool.execute(f"SET TimeZone={string(zone)}")
        if self.keeps:
            kinds = ", ".join(f"c{at} {column.type}" for at, column in enumerate(self.columns))
            self._spool.execute(f"CREATE TEMP TABLE rows({kinds})")
            self._pull(1)

    def _pull(self, wanted: int) -> None:
        """Let the statement go on until so many rows are known, or it ends."""
        while self.known < wanted and not self.done:
            with self._pulling:
                if self.known >= wanted or self.done:
                    return
                with self._working():
                    self._take(min(wanted - self.known, _TOGETHER))

    def _take(self, wanted: int) -> None:
        """Keep some more rows; those that come slowly are not held back for others."""
        taken: list[Any] = []
        rows = held = 0
        due = perf_counter() + _SHOWN_AFTER
        ended = False
        while rows < wanted and held < _HELD and (not taken or perf_counter() < due):
            try:
                batch = self._stream.get_next()
            except StopIteration:
                ended = True
                break
            taken.append(batch)
            rows += len(batch)
            held += _size(batch.view())
        for piece in _pieces(taken, held):
            with self._reading:
                self._spool.register("piece", _Piece(piece, self._schema))
                self._spool.execute("INSERT INTO rows SELECT * FROM piece")
                self._spool.unregister("piece")
            self.known += sum(map(len, piece))
        if ended:
            self._end()

    def _end(self) -> None:
        self._stream = None
        if not self.done:
            self.done = True
            self._left(self)

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Time what the statement takes; an error ends it, and is told in our words."""
        self._since = perf_counter()
        try:
            yield
        except Cancelled:
            raise
        except Exception as raised:
            error = raised if isinstance(raised, SqlError) else explained(raised, self.statement.text)
            self.cut = self.cut or ("interrupted" if isinstance(error, Interrupted) else error.message)
            self._end()
            raise error from None
        finally:
            self._spent += perf_counter() - self._since
            self._since = None


def _pieces(batches: list[Any], size: int) -> Iterator[list[Any]]:
    """Batches of so many bytes in lists that can be kept at once: one list, but for very long rows."""
    if size <= 2 * _HELD:
        if batches:
            yield batches
        return
    rows = sum(map(len, batches))
    step = max(1, rows * _HELD // size)
    for batch in batches:
        for start in range(0, len(batch), step):
            yield [batch[start : min(start + step, len(batch))]]


def _size(view: Any) -> int:
    """The bytes that an Arrow array takes."""
    own: int = sum(view.buffer(at).size_bytes for at in range(view.n_buffers))
    return own + sum(map(_size, view.children))
