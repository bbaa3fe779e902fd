"""Worksheets as rows of SQLite: what they are, and the steps that changes of them are made of.

All take a connection, inside a transaction of `Keep`.
"""

from __future__ import annotations

import sqlite3
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from time import time
from typing import Any, Final, NamedTuple

from dmart_tui.core.errors import NotFound, Refused, UsageFault
from dmart_tui.core.sql.sheets.keep import TOP
from dmart_tui.core.units import format_size

LONGEST_NAME: Final = 200
"""Bytes, so that a name and `.sql` are a file name anywhere."""
TEXT_LIMIT: Final = 4_000_000
"""Bytes of one text."""
REVISIONS: Final = 500
"""Of one worksheet; the oldest go first."""
REVISION_BYTES: Final = 32_000_000
"""Of the compressed revisions of one worksheet; the oldest go first, the last one never."""
DEEPEST: Final = 1000
"""Folders in folders that a path may name; what is in the file may be deeper."""

FIELDS: Final = "id, parent, name, is_folder, text, created, changed, trashed"
ABOVE: Final = """
WITH RECURSIVE above (id, parent, name, trashed, height) AS (
    SELECT id, parent, name, trashed, 0 FROM sheets WHERE id = ?
    UNION ALL
    SELECT s.id, s.parent, s.name, s.trashed, height + 1 FROM above JOIN sheets AS s ON s.id = above.parent
)
"""
BELOW: Final = """
WITH RECURSIVE below (id, depth) AS (
    SELECT ?, 0
    UNION ALL
    SELECT s.id, depth + 1 FROM below JOIN sheets AS s ON s.parent = below.id {}
)
"""


class Sheet(NamedTuple):
    """A worksheet or a folder of worksheets."""

    id: int
    parent: int
    name: str
    is_folder: bool
    text: str
    """Empty of a folder."""
    created: datetime
    changed: datetime
    """When the text was last saved, or the name or place changed."""
    trashed: datetime | None


class Revision(NamedTuple):
    """One save of a worksheet."""

    id: int
    sheet: int
    saved: datetime
    size: int
    """Characters."""


def checked_name(name: str) -> str:
    """A name as it is kept; raises UsageFault for what can be none."""
    name = unicodedata.normalize("NFC", name.strip())
    if not name or "/" in name or name in (".", "..") or not name.isprintable():
        raise UsageFault(f"{name!r} cannot be the name of a worksheet")
    if len(name.encode()) > LONGEST_NAME:
        raise UsageFault(f"a name has {LONGEST_NAME} bytes at most", address=name)
    return name


def names_of(path: str) -> list[str]:
    names = [checked_name(name) for name in path.split("/") if name.strip()]
    if len(names) > DEEPEST:
        raise UsageFault(f"a path has {DEEPEST:,} names at most")
    return names


def missing(path: str) -> Sheet:
    raise NotFound("there is no such worksheet", address=path, command="`worksheet ls` lists them")


def sheet_of(row: tuple[Any, ...]) -> Sheet:
    id_, parent, name, is_folder, text, created, changed, trashed = row
    gone = None if trashed is None else _moment(trashed)
    return Sheet(
        id_, TOP if parent is None else parent, name, bool(is_folder), text, _moment(created), _moment(changed), gone
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def revision_of(row: tuple[Any, ...]) -> Revision:
    id_, sheet, saved, size = row
    return Revision(id_, sheet, _moment(saved), size)


def get(connection: sqlite3.Connection, id_: int) -> Sheet:
    row = connection.execute(f"SELECT {FIELDS} FROM sheets WHERE id = ?", (id_,)).fetchone()
    if row is None:
        raise NotFound("there is no such worksheet", address=str(id_))
    return sheet_of(row)


def child(connection: sqlite3.Connection, parent: int, name: str) -> Sheet | None:
    row = connection.execute(
        f"SELECT {FIELDS} FROM sheets WHERE parent = ? AND name = ? AND trashed IS NULL", (parent, name)
    ).fetchone()
    return None if row is None else sheet_of(row)


def folder(connection: sqlite3.Connection, id_: int) -> Sheet:
    sheet = get(connection, id_)
    if not sheet.is_folder:
        raise Refused("is no folder", address=sheet.name)
    return sheet


def folders(connection: sqlite3.Connection, parent: int, names: Sequence[str]) -> int:
    """The folder that names lead to, made where it is missing."""
    for name in names:
        found = child(connection, parent, checked_name(name))
        if found is None:
            found = insert(connection, parent, name, "", is_folder=True)
        parent = folder(connection, found.id).id
    return parent


def changeable(connection: sqlite3.Connection, id_: int) -> Sheet:
    if id_ == TOP:
        raise Refused("the top folder stays as it is")
    return get(connection, id_)


def check_not_in_itself(connection: sqlite3.Connection, sheet: Sheet, parent: int) -> None:
    above = connection.execute(f"{ABOVE} SELECT count(*) FROM above WHERE id = ?", (parent, sheet.id)).fetchone()[0]
    if above:
        raise Refused("a folder cannot be in itself", address=sheet.name)


@contextmanager
def _taken(name: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise Refused("the name is taken", address=name, hint="give another one") from None


def insert(connection: sqlite3.Connection, parent: int, name: str, text: str, *, is_folder: bool) -> Sheet:
    name, now = checked_name(name), time()
    with _taken(name):
        made = connection.execute(
            "INSERT INTO sheets (parent, name, is_folder, created, changed) VALUES (?, ?, ?, ?, ?)",
            (parent, name, is_folder, now, now),
        ).lastrowid
    assert made is not None
    if text:
        save(connection, made, text)
    return get(connection, made)


def placed(connection: sqlite3.Connection, sheet: Sheet, parent: int, name: str) -> Sheet:
    name = checked_name(name)
    with _taken(name):
        connection.execute(
            "UPDATE sheets SET parent = ?, name = ?, changed = ? WHERE id = ?", (parent, name, time(), sheet.id)
        )
    return get(connection, sheet.id)


def free_name(connection: sqlite3.Connection, parent: int, name: str) -> str:
    """The name, or where it is taken the first of `name 2`, `name 3`, ..."""
    name, number = checked_name(name), 1
    free = name
    while child(connection, parent, free) is not None:
        number += 1
        ending = f" {number}"
        free = name.encode()[: LONGEST_NAME - len(ending)].decode("utf-8", "ignore").rstrip() + ending
    return free


def save(connection: sqlite3.Connection, id_: int, text: str) -> Revision:
    data = text.encode("utf-8", "replace")
    if len(data) > TEXT_LIMIT:
        raise Refused(
            f"is {format_size(len(data))}, more than the {format_size(TEXT_LIMIT)} of a worksheet",
            address=get(connection, id_).name,
        )
    text = data.decode()
    last = connection.execute(
        "SELECT id, sheet, saved, size FROM revisions WHERE sheet = ? ORDER BY id DESC LIMIT 1", (id_,)
    ).fetchone()
    if last and text_of(connection, last[0]) == text:
        return revision_of(last)
    now = time()
    connection.execute("UPDATE sheets SET text = ?, changed = ? WHERE id = ?", (text, now, id_))
    made = connection.execute(
        "INSERT INTO revisions (sheet, saved, size, text) VALUES (?, ?, ?, ?)",
        (id_, now, len(text), zlib.compress(data)),
    ).lastrowid
    connection.execute(
        "DELETE FROM revisions WHERE id IN (SELECT id FROM ("
        " SELECT id, row_number() OVER last AS nth, sum(length(text)) OVER last AS bytes"
        " FROM revisions WHERE sheet = ? WINDOW last AS (ORDER BY id DESC)"
        ") WHERE nth > ? OR nth > 1 AND bytes > ?)",
        (id_, REVISIONS, REVISION_BYTES),
    )
    return revision_of((made, id_, now, len(text)))


def text_of(connection: sqlite3.Connection, revision: int) -> str:
    row = connection.execute("SELECT text FROM revisions WHERE id = ?", (revision,)).fetchone()
    if row is None:
        raise NotFound("there is no such revision", address=str(revision))
    unpacker = zlib.decompressobj()
    return unpacker.decompress(row[0], TEXT_LIMIT).decode("utf-8", "replace")


def literally(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
