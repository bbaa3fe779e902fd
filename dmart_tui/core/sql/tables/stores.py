"""History stores as tables: `historydb('store.hdb', '2024-03-26', '2024-07-03')` in a statement.

The engine knows it as a macro over tables that are made here before the statement runs, one for each range of a store
that is asked for by constants.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from dmart_tui.core.background import CancelToken
from dmart_tui.core.errors import NotFound, Refused
from dmart_tui.core.files import inside
from dmart_tui.core.sql.editing.texts import tokens
from dmart_tui.core.sql.tables.definitions import HIDDEN, STORE
from dmart_tui.core.sql.values import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from dmart_tui.core.sql.session import Session

NAME: Final = "historydb"
DATABASE: Final = f"{STORE} {NAME}"
"""Where the ranges are; what is read there is no table that people name."""
KEPT: Final = 8
"""Ranges; the one not asked for longest goes first."""
_PLACE: Final = f"{quoted(DATABASE)}.main."
_ARGUMENTS: Final = ("store", "since", "until")
_TABLE: Final = "replace(concat_ws(' ', store, since, until), '\"', '\"\"')"
MACRO: Final = (
    f"CREATE OR REPLACE MACRO scratch.main.{NAME}(store, since := '', until := '') AS TABLE"
    f" SELECT * FROM query_table('{_PLACE}\"' || {_TABLE} || '\"')"
)


class Range(NamedTuple):
    """A call in a statement, its arguments as they are written."""

    store: str
    since: str = ""
    until: str = ""

    @property
    def table(self) -> str:
        """As the macro names it."""
        return quoted(" ".join(self))


def calls(text: str) -> Iterator[Range]:
    """The calls in a statement whose arguments are texts or dates; others the engine refuses."""
    words = [token for token in tokens(text) if token.kind != "comment"]
    for at, token in enumerate(words[:-1]):
        if text[token.start : token.end].lower().strip('"') == NAME and text[words[at + 1].start] == "(":
            given: dict[str, str] = {}
            name = ""
            for inner in words[at + 2 :]:
                word = text[inner.start : inner.end]
                if word == ")":
                    break
                if inner.kind == "string" and len(given) < len(_ARGUMENTS):
                    given[name or _ARGUMENTS[len(given)]] = word[1:-1].replace("''", "'")
                    name = ""
                elif word.lower() in _ARGUMENTS:
                    name = word.lower()
            if "store" in given:
                yield Range(**given)


class Stores:
    """The ranges of history stores that a session has asked for."""

    def __init__(self) -> None:
        self._stamps: dict[Range, object] = {}

    def declare(self, cursor: DuckDBPyConnection) -> None:
        """Make the macro, with no range read."""
        self._stamps.clear()
        cursor.execute(f"ATTACH IF NOT EXISTS ':memory:' AS {quoted(DATABASE)} {HIDDEN}")
        cursor.execute(MACRO)

    def fill(self, session: Session, cursor: DuckDBPyConnection, cancel: CancelToken) -> None:
        """Read the ranges that the statement asks for, where they are not read or the store changed.

        Costs memory for the values of a range.

        Raises:
            NotFound, Refused: there is no such store, or it is not below the folders that are open.
            UsageFault: an end of the range is no date.
            Damaged, Failed: it cannot be read.
            Cancelled: the token was.
        """
        for wanted in dict.fromkeys(calls(session.asked)):
            path = _found(session, wanted.store)
            stamp = _stamp(path)
            known = self._stamps.pop(wanted, None)
            if known != stamp:
                _read(cursor, wanted, path, cancel)
            self._stamps[wanted] = stamp
            while len(self._stamps) > KEPT:
                oldest = next(iter(self._stamps))
                del self._stamps[oldest]
                cursor.execute(f"DROP TABLE IF EXISTS {_PLACE}{oldest.table}")


def _read(cursor: DuckDBPyConnection, wanted: Range, path: str, cancel: CancelToken) -> None:
    from dmart_tui.core.historydb import ArrowRange, Store, day_of

    first = day_of(wanted.since) if wanted.since else None
    last = day_of(wanted.until) if wanted.until else None
    with Store.open(path) as store:
        rows = ArrowRange(store, first, last, cancel=cancel)
        cursor.register("history_range", rows)
        try:
            cursor.execute(f"CREATE OR REPLACE TABLE {_PLACE}{wanted.table} AS SELECT * FROM history_range")
        finally:
            cursor.unregister("history_range")


def _found(session: Session, name: str) -> str:
    """The real path of a store, by its path or its name in one of the folders that are open."""
    roots = [os.path.realpath(root) for root in session.options.roots]
    for path in (os.path.realpath(f"{root}/{name}" if name[:1] != "/" else name) for root in roots):
        if not any(inside(root, path) for root in roots):
            raise Refused("is outside of the folders that are open", address=name)
        if Path(path).is_dir():
            return path
    raise NotFound("there is no such history store", address=name)


def _stamp(path: str) -> object:
    """Tells what is in a store from every other state of it; a stat a file."""
    seen = []
    with suppress(OSError), os.scandir(path) as found:
        for item in found:
            with suppress(OSError):
                status = item.stat(follow_symlinks=False)
                seen.append((item.name, status.st_ino, status.st_size, status.st_mtime_ns))
    return sorted(seen)
