"""The databases of a session: what is attached, made, copied to be read."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dmart_tui.core.errors import Damaged, Failed, NotFound, Refused, UsageFault
from dmart_tui.core.sql.errors import explained
from dmart_tui.core.sql.locks import check_free, told
from dmart_tui.core.sql.sandbox import SCRATCH, Attached

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from dmart_tui.core.sql.sandbox import Engine

_UNSOUND: Final = re.compile(
    "not a valid DuckDB|Corrupt database|enough bytes|Failed to read|external extensions|sqlite_scanner"
)
_NO_DATABASE: Final = "is no database of DuckDB, or is damaged"
_INTERNAL: Final = ("system", "temp", "memory")
_TAKEN: Final = (*_INTERNAL, SCRATCH)


@dataclass(frozen=True, slots=True)
class Database:
    """One that names in SQL can begin with.

    Args:
        path: its file; empty: it has none that is a person's.
        internal: the engine's own.
    """

    name: str
    path: str
    read_only: bool
    encrypted: bool
    internal: bool


def listed(cursor: DuckDBPyConnection) -> list[Database]:
    """All that are attached, those of the engine last."""
    found = cursor.execute(
        "SELECT database_name, path, readonly, encrypted, internal FROM duckdb_databases() ORDER BY database_name"
    ).fetchall()
    made = [
        Database(
            name,
            "" if name == SCRATCH else str(path or "").removeprefix("files://"),
            bool(read_only),
            bool(encrypted),
            bool(internal) or name in _INTERNAL,
        )
        for name, path, read_only, encrypted, internal in found
    ]
    return sorted(made, key=lambda database: database.internal)


def attach(engine: Engine, path: Path, alias: str, *, write: bool, key: str | None) -> None:
    """Attach a file that is there.

    Raises:
        NotFound: it is not.
        LockHeld: another program has it open.
        Refused: this session writes nothing, or not there.
        SqlError: the engine cannot read it, or the alias is taken.
    """
    path = Path(path).expanduser().resolve()
    if not path.is_file():
        raise NotFound("no such database", address=str(path))
    _check(engine, path, alias, write=write)
    check_free(path, write=write)
    _attach(engine, path, alias, write=write, key=key)


def create(engine: Engine, path: Path, alias: str, *, key: str | None) -> None:
    """Make a new database and attach it for writing.

    Raises:
        Refused: there is a file, or this session writes nothing, or not there.
        SqlError: the engine cannot make it.
    """
    path = Path(path).expanduser().resolve()
    _check(engine, path, alias, write=True)
    if path.exists():
        raise Refused("a file is there already", address=str(path), hint="attach it, or choose another name")
    if not path.parent.is_dir():
        raise NotFound("no such folder", address=str(path.parent))
    _attach(engine, path, alias, write=True, key=key)


def attach_copy(engine: Engine, path: Path, alias: str, *, key: str | None) -> None:
    """Attach a copy of a file, for reading, as it is now; the copy goes with the session.

    What another program writes while it is copied can make the copy unreadable.

    Raises:
        NotFound, SqlError: as `attach`.
        Failed: it cannot be copied.
    """
    path = Path(path).expanduser().resolve()
    if not path.is_file():
        raise NotFound("no such database", address=str(path))
    _check(engine, path, alias, write=False)
    folder = engine.folder / "copies" / f"{alias}-{engine.generation}-{len(engine.attached)}"
    copy = folder / path.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        log = path.with_name(f"{path.name}.wal")
        if log.exists():
            shutil.copyfile(log, copy.with_name(log.name))
    except OSError as error:
        raise Failed(f"cannot be copied: {error.strerror}", address=str(path)) from None
    _attach(engine, copy, alias, write=False, key=key)


def detach(engine: Engine, alias: str) -> None:
    """Detach a database.

    Raises:
        UsageFault: it is one of the engine's own, or not attached.
        SqlError: it is in use.
    """
    if alias in _TAKEN:
        raise UsageFault(f"{alias} stays attached", hint="it is the session's own")
    if alias not in engine.names():
        raise UsageFault(f"no database {alias} is attached")
    try:
        engine.detach(alias)
    except Exception as error:
        raise explained(error, "") from None


def _check(engine: Engine, path: Path, alias: str, *, write: bool) -> None:
    if write and engine.options.read_only:
        raise Refused("this session writes nothing", hint="start without --read-only to write a database")
    if write:
        engine.options.check_target(path)
    if not alias or alias.casefold() in _TAKEN:
        raise UsageFault(f"a database cannot be called {alias or 'nothing'}", hint="give it another alias")
    if alias.casefold() in (name.casefold() for name in engine.names()):
        raise UsageFault(f"a database {alias} is attached already", hint="detach it, or use another alias")


def _attach(engine: Engine, path: Path, alias: str, *, write: bool, key: str | None) -> None:
    where = str(path) if write else engine.files.grant(path)
    try:
        engine.attach(Attached(alias, where, write, key))
    except Exception as error:
        if held := told(str(error), path):
            raise held from None
        found = explained(error, "")
        if _UNSOUND.search(found.message):
            found.message, found.address, found.exit_code = _NO_DATABASE, str(path), Damaged.exit_code
        raise found from None
