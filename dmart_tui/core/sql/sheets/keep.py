"""The file of what a person keeps about a root's SQL: worksheets, query history and values of parameters.

SQLite in the state folder. Every change is one transaction that is on the disk when the call returns, so that whatever
stops the program loses nothing that was saved. Several programs may have it open.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from dmart_tui.core import config
from dmart_tui.core.errors import Damaged, Failed

VERSION: Final = 1
TOP: Final = 0
"""The folder that all others are in."""

_TABLES: Final = f"""
CREATE TABLE sheets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent INTEGER REFERENCES sheets (id) ON DELETE CASCADE,   -- NULL of the top alone
    name TEXT NOT NULL,
    is_folder INTEGER NOT NULL,
    text TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL,            -- seconds since 1970
    changed REAL NOT NULL,
    trashed REAL                      -- what is in a trashed folder stays in it and is not trashed itself
);
CREATE UNIQUE INDEX sheets_name ON sheets (parent, name) WHERE trashed IS NULL;
CREATE INDEX sheets_parent ON sheets (parent);
INSERT INTO sheets (id, name, is_folder, created, changed) VALUES ({TOP}, '', 1, 0, 0);

CREATE TABLE revisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sheet INTEGER NOT NULL REFERENCES sheets (id) ON DELETE CASCADE,
    saved REAL NOT NULL,
    size INTEGER NOT NULL,            -- characters of the text
    text BLOB NOT NULL                -- zlib
);
CREATE INDEX revisions_sheet ON revisions (sheet);

CREATE TABLE past (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started REAL NOT NULL,
    text TEXT NOT NULL,               -- secrets masked
    databases TEXT NOT NULL,          -- JSON
    parameters TEXT NOT NULL,         -- JSON; names only
    rows INTEGER,
    seconds REAL NOT NULL,
    status TEXT NOT NULL,
    error TEXT NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX past_pinned ON past (pinned, id);

CREATE TABLE parameter_values (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    type TEXT NOT NULL,
    used REAL NOT NULL,
    PRIMARY KEY (name, value)
) WITHOUT ROWID;
"""
_WAIT: Final = 10.0
"""Seconds to wait while another program commits."""


def keep_file(root: str, state: Path | None = None) -> Path:
    """Where it is for a root; without one what belongs to none.

    Args:
        root: real path, may be empty.
        state: the program's state folder; the person's when None.
    """
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return (state or config.paths().state) / "worksheets" / f"{digest}.sqlite3"


class Keep:
    """One connection to the file, made when first used, for any thread, one at a time."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read what was committed.

        Raises:
            Damaged: the file is none of ours.
            Failed: the disk would not.
        """
        with self._lock, self._failures():
            yield self._opened()

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Change things in one transaction, synced to the disk at its end; raises as `reading`."""
        with self._lock, self._failures():
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Let the file go; it is opened again by what is asked next."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _open(self.file)
        return self._connection

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise Failed(f"the worksheets cannot be kept: {error}", address=str(self.file)) from None
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise Damaged(
                f"is no file of worksheets: {error}", address=str(self.file), hint="move it away to begin anew"
            ) from None
        except OSError as error:
            raise Failed(f"the worksheets cannot be kept: {error.strerror}", address=str(self.file)) from None


def _open(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    connection = sqlite3.connect(file, timeout=_WAIT, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _prepare(connection, file)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, file: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise Damaged("was made by a newer version of the program", address=str(file), hint="use that one")
    if version < VERSION:
        for statement in _TABLES.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
