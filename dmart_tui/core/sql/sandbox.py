"""The engine of a session, closed in: SQL reads the folders that are open and writes where it was told to, no more.

Nothing here looks at statements. The engine refuses what is forbidden: its local files are off but for the folder of
exports, other files come through file systems that cannot write, databases are attached for reading through the same,
and its settings are locked. A database that is open for writing was attached before the doors were closed, so opening
one more means a new engine: what is in `scratch` stays, temporary tables and variables go.

Results do not live in it: what they hold lies in an engine of its own, out of reach of SQL.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from threading import RLock
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from dmart_tui.core.errors import Failed
from dmart_tui.core.sql.values import quoted, string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from dmart_tui.core.sql.options import Options
    from dmart_tui.core.sql.session import Session

SCRATCH: Final = "scratch"
"""The database that is there to work in; it goes with the session."""
_RESULTS_MEMORY: Final = "256MB"
_CLOSED: Final[dict[str, Any]] = {
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "arrow_lossless_conversion": "true",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "errors_as_json": "true",
    "python_enable_replacements": "false",
}
_FREE: Final = (
    "Calendar",
    "TimeZone",
    "default_null_order",
    "default_order",
    "enable_progress_bar",
    "enable_progress_bar_print",
    "max_execution_time",
    "preserve_insertion_order",
)
"""Settings that stay open: none of them reaches a file."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A database that the engine attaches whenever it starts.

    Args:
        where: its path, or a URL of a file system that only reads.
    """

    alias: str
    where: str
    write: bool
    key: str | None = field(default=None, repr=False)


class Engine:
    """An engine in the sandbox, which several sessions may share.

    Args:
        filesystems: more places to read; each must refuse to write.

    Raises:
        Refused: the folder for exports is in the spaces folder, or above it.
        Failed: the folder for its temporary files cannot be made.
    """

    def __init__(self, options: Options, filesystems: Sequence[Any] = ()) -> None:
        from dmart_tui.core.sql.filesystem import RootFiles

        if options.exports is not None:
            options.check_target(options.exports)
        self.options = options
        self.files = RootFiles(options.roots)
        self.lock = RLock()
        self.attached: dict[str, Attached] = {}
        self.generation = 0
        """Goes up when the engine starts anew, and with it all that was not in a file."""
        self._filesystems = [self.files, *filesystems]
        self._cursors: WeakSet[DuckDBPyConnection] = WeakSet()
        self.sessions: WeakSet[Session] = WeakSet()
        """Those that share it."""
        self.folder = _folder(options.state)
        self._scratch = Attached(SCRATCH, str(self.folder / "scratch.duckdb"), write=True)
        self._root = self._start()
        self._results = self._start_results()

    def cursor(self) -> DuckDBPyConnection:
        """A connection of its own, with its own transaction and temporary tables; who asks closes it."""
        import duckdb

        with self.lock:
            cursor = self._root.cursor()
            self._cursors.add(cursor)
        cursor.execute("SET enable_progress_bar=true; SET enable_progress_bar_print=false")
        try:
            cursor.execute(f"USE {SCRATCH}")
        except duckdb.Error:  # a statement detached it
            _attach(cursor, self._scratch)
            cursor.execute(f"USE {SCRATCH}")
        return cursor

    def results(self) -> DuckDBPyConnection:
        """A connection for the rows of one result, outside of the sandbox: no SQL of a person's runs in it."""
        with self.lock:
            return self._results.cursor()

    def attach(self, database: Attached) -> None:
        """Attach a database; one for writing starts the engine anew.

        Raises:
            duckdb.Error: it cannot be.
        """
        with self.lock:
            if not database.write:
                _attach(self._root, database)
                self.attached[database.alias] = database
                return
            before = self.attached = self._still_attached()
            self.attached = before | {database.alias: database}
            try:
                self._restart()
            except Exception:
                self.attached = before
                self._restart()
                raise

    def detach(self, alias: str) -> None:
        """Detach a database.

        Raises:
            duckdb.Error: it is not attached, or in use.
        """
        with self.lock:
            self._root.execute(f"DETACH {quoted(alias)}")
            self.attached.pop(alias, None)

    def close(self) -> None:
        """Close everything and remove the temporary files."""
        with self.lock:
            self._stop()
            self._results.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _still_attached(self) -> dict[str, Attached]:
        """The databases as statements left them, which attach and detach, too."""
        there = dict(self._root.execute("SELECT database_name, path FROM duckdb_databases()").fetchall())
        read = {name: Attached(name, path, write=False) for name, path in there.items() if path and "://" in path}
        return read | {name: database for name, database in self.attached.items() if name in there}

    def names(self) -> list[str]:
        """What the databases are called that are attached."""
        with self.lock:
            return [name for (name,) in self._root.execute("SELECT database_name FROM duckdb_databases()").fetchall()]

    def _restart(self) -> None:
        self._stop()
        self._root = self._start()
        self.generation += 1

    def _stop(self) -> None:
        import duckdb

        for session in list(self.sessions):
            session.let_go()
        for cursor in list(self._cursors):
            with suppress(duckdb.ConnectionException):
                cursor.interrupt()
                cursor.close()
        self._cursors.clear()
        self._root.close()

    def _start(self) -> DuckDBPyConnection:
        import duckdb

        options = self.options
        limits: dict[str, Any] = {
            "memory_limit": options.memory_limit,
            "temp_directory": str(self.folder / "spill"),
            "max_temp_directory_size": options.spill_limit,
            "threads": str(options.threads),
            "max_execution_time": str(options.timeout_ms),
        }
        root = duckdb.connect(":memory:", config=_CLOSED | limits)
        try:
            _attach(root, self._scratch)
            for database in self.attached.values():
                if database.write:
                    _attach(root, database)
            places = []
            for filesystem in self._filesystems:
                root.register_filesystem(filesystem)
                protocol = filesystem.protocol
                names = (protocol,) if isinstance(protocol, str) else protocol
                places += [f"{name}://" for name in names]
            if options.exports and not options.read_only:
                places.append(os.path.realpath(options.exports))
            root.execute(f"SET allowed_directories=[{', '.join(map(string, places))}]")
            root.execute(f"SET allowed_configs=[{', '.join(map(string, _FREE))}]")
            root.execute("SET enable_external_access=false")
            root.execute("SET lock_configuration=true")
            for database in self.attached.values():
                if not database.write:
                    _attach(root, database)
        except BaseException:
            root.close()
            raise
        return root

    def _start_results(self) -> DuckDBPyConnection:
        import duckdb

        limits: dict[str, Any] = {
            "memory_limit": _RESULTS_MEMORY,
            "temp_directory": str(self.folder / "results"),
            "max_temp_directory_size": self.options.spill_limit,
            "threads": str(self.options.threads),
        }
        return duckdb.connect(":memory:", config=_CLOSED | {"errors_as_json": "false"} | limits)


def _attach(connection: DuckDBPyConnection, database: Attached) -> None:
    options = [] if database.write else ["READ_ONLY"]
    parameters = []
    if database.key is not None:
        options.append("ENCRYPTION_KEY $1")
        parameters = [database.key]
    told = f" ({', '.join(options)})" if options else ""
    connection.execute(f"ATTACH {string(database.where)} AS {quoted(database.alias)}{told}", parameters)


def _folder(state: Path) -> Path:
    """A folder of this process alone; what processes left that are no more is removed."""
    above = state / "sql"
    try:
        above.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in above.glob("session-*"):
            pid = left.name.split("-")[1]
            if pid.isdigit() and not _runs(int(pid)):
                shutil.rmtree(left, ignore_errors=True)
        return Path(mkdtemp(prefix=f"session-{os.getpid()}-", dir=above))
    except OSError as error:
        raise Failed(f"cannot be made: {error.strerror}", address=str(above)) from None


def _runs(pid: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
