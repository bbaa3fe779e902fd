"""Making an index and bringing it up to date: what changed is read, in transactions that a kill cannot break."""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from time import time
from typing import TYPE_CHECKING, Any, Final, cast

from dmart_tui.core import disk
from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.catalog.reading import Name, Reader, Work
from dmart_tui.core.catalog.rows import COLUMNS, Rows, Words, no_rows
from dmart_tui.core.catalog.schema import TEXT, about, say, storable
from dmart_tui.core.catalog.stamps import Folder
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces import FOLDER, LINK, Spaces

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken

ROOT: Final = 1
"""The unit of the root itself."""
_LISTED: Final = (b".", META_FOLDER.encode())
"""What says which names are in a folder."""
_BATCH: Final = 6000
"""Units in one transaction."""
_WRITTEN: Final = 200
"""Units whose rows are written at once: no longer than the other process has work for."""
_KEPT: Final = 2000
"""Names that are left to be read while the next folders are listed."""
_TOLD: Final = 256
"""Units between two tellings of the progress."""
_LOOKED: Final = 64
"""Units between two looks at whether it was cancelled."""
_MANY: Final = 50
"""Changed names in one folder from which on all that is in it is compared."""
_LIKE_NUMBERS: Final = frozenset(
    (
        "id", "unit", "attachment_parent", "is_active", "is_open", "created", "updated", "cut", "resource", "parent",
        "flags", "paths", "stamp", "history", "nth", "within", "ending", "at", "more", "rowid",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Progress:
    """How far bringing up to date is."""

    seen: int
    """Entries and folders looked at that were in it already."""
    read: int
    """Those that were read, for they are new or changed."""
    total: int | None
    """How many there were the last time; None when that is not known."""


@dataclass(slots=True)
class Outcome:
    """What bringing up to date found."""

    seen: int = 0
    read: int = 0
    removed: int = 0
    """Entries and folders that are gone."""


_COLUMNS: Final[dict[str, Sequence[str]]] = {
    "units": ("id", "parent", "name", "flags", "paths", "stamp"),
    "resources": COLUMNS,
    "tags": ("resource", "tag"),
    "links": (
        "resource", "role", "target", "target_space", "target_subpath", "target_shortname", "target_type", "attributes",
    ),
    "faults": ("resource", "severity", "kind", "address", "path", "detail"),
    "histories": ("id", "unit", "role", "address", "path"),
    "lines": ("history", "nth", "within", "ending", "at", "owner", "more"),
    "texts": ("rowid", *Words._fields),
}  # fmt: skip


@dataclass(slots=True, eq=False)
class _Listed(Work):
    """What is read in a folder that was listed."""

    former: frozenset[int] = frozenset()
    """Units that are known already, and have changed."""
    listing: int | None = None
    """Stamp of the folder, for when all in it was read; None: it was not listed anew."""
    unread: int = 0
    found: deque[tuple[Sequence[Name], Rows]] = field(default_factory=deque)
    """What was read of it while folders before it were not done."""


def _insert(table: str, *, storable: bool = False) -> str:
    """Puts rows into a table.

    Args:
        storable: of texts made `storable`, which takes longer.
    """
    columns = _COLUMNS[table]
    values = ", ".join(TEXT if storable and name not in _LIKE_NUMBERS else "?" for name in columns)
    again = " ON CONFLICT (id) DO UPDATE SET paths = excluded.paths, stamp = excluded.stamp" * (table == "units")
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values}){again}"


class Builder:
    """Brings an index up to date. For the one process that writes.

    Args:
        texts: take payloads and words; else metas alone.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        spaces: Spaces,
        *,
        texts: bool = True,
        progress: Callable[[Progress], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        self.outcome = Outcome()
        self._connection = connection
        self._spaces = spaces
        self._progress = progress
        self._cancel = cancel
        self._rows = no_rows()
        self._pending = self._unwritten = 0
        self._works: deque[_Listed] = deque()
        self._listings: list[tuple[int, int]] = []
        self._last_unit = self._one("SELECT max(id) FROM units") or ROOT
        free = [(self._one(f"SELECT max(id) FROM {table}") or 0) + 1 for table in ("resources", "histories")]
        self._reader = Reader(spaces, (free[0], free[1]), texts=texts, cancel=cancel)
        self._total: int | None = self._one("SELECT count(*) FROM units") or None
        self._all = False

    def update(self) -> Outcome:
        """Look at everything and read what is new or changed.

        What was done until it was cancelled or killed stays, and is not done again.

        Raises:
            Cancelled: the token was.
        """
        mounts = self._mounts()
        self._all = about(self._connection, "mounts") != mounts
        with self._reader, self._transactions():
            self._connection.execute("INSERT OR IGNORE INTO units VALUES (?, 0, '', ?, x'', 0, NULL)", (ROOT, FOLDER))
            self._descend([(ROOT, None)])
            say(self._connection, "mounts", mounts)
            say(self._connection, "built", time())
        return self.outcome

    def changed(self, paths: Iterable[str]) -> Outcome:
        """Read again what some absolute paths belong to; costs a look-up a name on the way, and what changed is read.

        Raises:
            Cancelled: the token was.
        """
        with self._reader, self._transactions():
            for folder, address, names in self._affected(paths):
                self._descend(self._visit(folder, address, names))
        return self.outcome

    # -- folders -----------------------------------------------------------------------------------------

    def _descend(self, folders: list[tuple[int, Address | None]]) -> None:
        while folders:
            folders += self._visit(*folders.pop())
            self._read(_KEPT)
        self._read()
        self._write()

    def _visit(
        self, folder: int, address: Address | None, only: AbstractSet[bytes] | None = None
    ) -> list[tuple[int, Address | None]]:
        """Bring one folder up to date, and return the folders in it that are to be visited.

        Args:
            only: compare what is in it by these names alone, or by files of these names; of folders in it only new ones
                are returned.
        """
        directory = self._directory(address)
        inner: list[tuple[int, Address | None]] = []
        with Folder(self._spaces.root, directory) as files:
            began = time()
            former = self._one("SELECT listing FROM units WHERE id = ?", folder)
            listed = files.stamp(_LISTED)
            known: dict[str, tuple[int, int]] = {}
            stale: list[tuple[int, str, int]] = []
            relist = listed != former or address is None or self._all
            seen = 0
            for unit, raw, flags, paths, stamp in self._known(folder, None if relist else only):
                if relist:
                    known[os.fsdecode(raw)] = unit, flags
                if only is None or raw in only or not only.isdisjoint(paths.split(b"\0")):
                    seen += 1
                    if not seen % _LOOKED:
                        self._step(seen=_LOOKED)
                    if files.stamp(paths.split(b"\0")) != stamp:
                        stale.append((unit, os.fsdecode(raw), flags))
                if only is None and flags & FOLDER and not flags & LINK:
                    inner.append((unit, _child(address, os.fsdecode(raw))))
            self._step(seen=seen % _LOOKED)
            names = self._names(address) if relist else None
            gone = {name: was for name, was in known.items() if names is not None and names.get(name) != was[1]}
            for unit, _ in gone.values():
                self._remove(unit)
            wanted = [one for one in stale if one[1] not in gone]
            former_units = frozenset(unit for unit, _, _ in wanted)
            for name, flags in (names or {}).items():
                if name not in known or name in gone:
                    self._last_unit += 1
                    wanted.append((self._last_unit, name, flags))
                    if flags & FOLDER and not flags & LINK:
                        inner.append((self._last_unit, _child(address, name)))
            if wanted or relist:
                settled = files.stamp(_LISTED, began) if relist else None
                work = _Listed(address, folder, wanted, former=former_units, listing=settled, unread=len(wanted))
                self._works.append(work)
                self._reader.put(work)
        removed = {unit for unit, _ in gone.values()}
        return [one for one in inner if one[0] not in removed]

    def _known(self, folder: int, only: AbstractSet[bytes] | None) -> Iterator[tuple[int, bytes, int, bytes, int]]:
        """What is known of a folder; names as bytes, for few are needed as text."""
        sql = "SELECT id, CAST(name AS BLOB), flags, paths, stamp FROM units WHERE parent = ?"
        values: list[Any] = [folder]
        if only is not None and len(only) <= _MANY:
            either = " OR ".join("name = CAST(? AS TEXT) OR instr(paths, ?)" for _ in only)
            sql += f" AND ({either})"
            for name in only:
                values += (name, name)
        return self._connection.execute(sql, values)

    def _names(self, address: Address | None) -> dict[str, int]:
        """What is in a folder, with flags; entries first, so that a name that stands for both is a folder."""
        try:
            if address is None:
                return dict.fromkeys(self._spaces.space_names(), FOLDER)
            return dict(self._spaces.scan(address))
        except DmartTuiError:
            return {}

    def _directory(self, address: Address | None) -> str:
        return "/".join((self._spaces.root, *(address.keys if address else ())))

    def _read(self, left: int = 0) -> None:
        """Read what is in the folders that were listed, but for so many names."""
        for work, read, rows in self._reader.take(left):
            cast("_Listed", work).found.append((read, rows))
            self._settle()
        self._settle()

    def _settle(self) -> None:
        """Hold what was read, one folder after the other: what is in a folder is never kept without it."""
        while self._works:
            work = self._works[0]
            while work.found:
                read, rows = work.found.popleft()
                for _ in read:
                    self._step(read=1)
                for unit in work.former.intersection(unit for unit, _, _ in read):
                    self._forget(unit)
                self._hold(len(read), rows)
                work.unread -= len(read)
            if work.unread:
                break
            self._works.popleft()
            if work.listing is not None:
                self._listings.append((work.listing, work.folder))

    # -- units -------------------------------------------------------------------------------------------

    def _hold(self, count: int, rows: Rows) -> None:
        """Hold the rows of so many units to be written."""
        for table, found in rows.items():
            self._rows[table] += found
        self._pending += count
        self._unwritten += count
        if self._pending >= _BATCH:
            self._commit()
        elif self._unwritten >= _WRITTEN:
            self._write()

    def _remove(self, unit: int) -> None:
        """Forget a unit and all below it."""
        below = [
            row[0]
            for row in self._execute(
                "WITH RECURSIVE below (id) AS (VALUES (?) UNION ALL SELECT units.id FROM units, below"
                " WHERE units.parent = below.id) SELECT id FROM below",
                unit,
            ).fetchall()
        ]
        for one in below:
            self._forget(one)
            self._execute("DELETE FROM units WHERE id = ?", one)
        self.outcome.removed += len(below)

    def _forget(self, unit: int) -> None:
        self._flush()
        for sql in (
            "DELETE FROM texts WHERE rowid IN (SELECT id FROM resources WHERE unit = ?)",
            "DELETE FROM tags WHERE resource IN (SELECT id FROM resources WHERE unit = ?)",
            "DELETE FROM links WHERE resource IN (SELECT id FROM resources WHERE unit = ?)",
            "DELETE FROM faults WHERE resource IN (SELECT id FROM resources WHERE unit = ?)",
            "DELETE FROM resources WHERE unit = ?",
            "DELETE FROM lines WHERE history IN (SELECT id FROM histories WHERE unit = ?)",
            "DELETE FROM histories WHERE unit = ?",
        ):
            self._execute(sql, unit)

    # -- changed paths -----------------------------------------------------------------------------------

    def _affected(self, paths: Iterable[str]) -> Iterator[tuple[int, Address | None, set[bytes]]]:
        """The folders that some paths are about, each with the names in it that may have changed."""
        found: dict[int, tuple[Address | None, set[bytes]]] = {}

        def concern(folder: int, address: Address | None, name: str) -> None:
            found.setdefault(folder, (address, set()))[1].add(os.fsencode(name))

        for path in paths:
            names = [name for name in self._spaces.relative(path).split("/") if name]
            folder, address = ROOT, None
            for name in names:
                unit = self._one(
                    "SELECT id FROM units WHERE parent = ? AND name = CAST(? AS TEXT) AND flags = ?",
                    folder, os.fsencode(name), FOLDER,
                )  # fmt: skip
                if unit is None:
                    break
                concern(folder, address, name)
                folder, address = unit, _child(address, name)
            rest = names[len(address.keys) if address else 0 :]
            if rest[:1] == [META_FOLDER]:
                rest = rest[1:]
            if rest or address is not None:
                concern(folder, address, rest[0] if rest else META_FOLDER)
        for folder, (address, names_in) in found.items():
            yield folder, address, names_in

    # -- rows --------------------------------------------------------------------------------------------

    def _step(self, *, seen: int = 0, read: int = 0) -> None:
        if self._cancel is not None:
            self._cancel.check()
        self.outcome.read += read
        self.outcome.seen += seen
        done = self.outcome.seen + self.outcome.read
        if self._progress is not None and done // _TOLD != (done - seen - read) // _TOLD:
            self._progress(Progress(self.outcome.seen, self.outcome.read, self._total))

    def _transactions(self) -> _Transactions:
        return _Transactions(self._connection, self._flush)

    def _commit(self) -> None:
        self._flush()
        self._pending = 0
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN IMMEDIATE")

    def _flush(self) -> None:
        """Write all rows that are held."""
        self._write()
        if words := self._rows["texts"]:
            words.sort()  # FTS5 begins a new piece at each number that is lower than the one before
            self._insert("texts", words)
            words.clear()

    def _write(self) -> None:
        """Write the rows that are held, but for words: FTS5 makes a piece of them, and the fewer the better."""
        self._unwritten = 0
        for table, rows in self._rows.items():
            if rows and table != "texts":
                self._insert(table, rows)
                rows.clear()
        self._connection.executemany("UPDATE units SET listing = ? WHERE id = ?", self._listings)
        self._listings.clear()

    def _insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        self._connection.execute("SAVEPOINT rows")
        try:
            self._connection.executemany(_insert(table), rows)
        except UnicodeEncodeError:  # a name that is no UTF-8, or half of a pair in a text
            self._connection.execute("ROLLBACK TO rows")
            every = ([storable(value) for value in row] for row in rows)
            self._connection.executemany(_insert(table, storable=True), every)
        self._connection.execute("RELEASE rows")

    def _execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return self._connection.execute(sql, values)

    def _one(self, sql: str, *values: Any) -> Any:
        row = self._execute(sql, *values).fetchone()
        return row[0] if row else None

    def _mounts(self) -> int:
        with Folder(self._spaces.root, self._spaces.root) as files:
            return files.stamp((disk.MOUNTS.encode(),))


def count_stale(connection: sqlite3.Connection, root: str, cancel: CancelToken | None = None) -> int:
    """How many units are not as they were read; raises Cancelled."""
    count = 0
    folders: list[tuple[int, str]] = [(ROOT, root)]
    while folders:
        folder, path = folders.pop()
        with Folder(root, path) as files:
            listing = connection.execute("SELECT listing FROM units WHERE id = ?", (folder,)).fetchone()
            count += listing is None or files.stamp(_LISTED) != listing[0]
            rows = connection.execute("SELECT id, name, flags, paths, stamp FROM units WHERE parent = ?", (folder,))
            for unit, name, flags, paths, stamp in rows:
                if cancel is not None:
                    cancel.check()
                count += files.stamp(paths.split(b"\0")) != stamp
                if flags & FOLDER and not flags & LINK:
                    folders.append((unit, f"{path}/{name}"))
    return count


class _Transactions:
    """One transaction after the other; what is held is kept also when the block raises, for it is true."""

    def __init__(self, connection: sqlite3.Connection, flush: Callable[[], None]) -> None:
        self._connection = connection
        self._flush = flush

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or not issubclass(kind, sqlite3.Error):
            self._flush()
            self._connection.execute("COMMIT")
        elif self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _child(parent: Address | None, name: str) -> Address:
    return parent.child(name) if parent is not None else Address(name)
