"""Worksheets: SQL texts in folders of any depth, every save a revision, what is removed in a trash."""

from __future__ import annotations

import sqlite3
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from dmart_tui.core.diffing import TextDiff, diff_text
from dmart_tui.core.errors import NotFound, Refused, UsageFault
from dmart_tui.core.sql.keep import TOP, Keep
from dmart_tui.core.units import format_size

if TYPE_CHECKING:
    from pathlib import Path

    from dmart_tui.core.sql.sheet_files import Exchanged

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

_FIELDS: Final = "id, parent, name, is_folder, text, created, changed, trashed"
_ABOVE: Final = """
WITH RECURSIVE above (id, parent, name, trashed, height) AS (
    SELECT id, parent, name, trashed, 0 FROM sheets WHERE id = ?
    UNION ALL
    SELECT s.id, s.parent, s.name, s.trashed, height + 1 FROM above JOIN sheets AS s ON s.id = above.parent
)
"""
_BELOW: Final = """
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


class Worksheets:
    """The tree of worksheets in a file of `keep_file`, for any thread; every call blocks, every change is on the disk.

    All raise Failed when the disk would not, and Damaged when the file is none of ours.
    """

    def __init__(self, path: Path) -> None:
        self._keep = Keep(path)

    def close(self) -> None:
        """Let the file go."""
        self._keep.close()

    # -- looking -----------------------------------------------------------------------------------------

    def get(self, id: int) -> Sheet:  # noqa: A002 - the name it has everywhere
        """A worksheet or folder, in the trash or not; raises NotFound."""
        with self._keep.reading() as connection:
            return _get(connection, id)

    def children(self, parent: int = TOP) -> list[Sheet]:
        """What is in a folder, folders first, by name; raises NotFound."""
        with self._keep.reading() as connection:
            _folder(connection, parent)
            rows = connection.execute(
                f"SELECT {_FIELDS} FROM sheets WHERE parent = ? AND trashed IS NULL"
                " ORDER BY is_folder DESC, name COLLATE NOCASE, name",
                (parent,),
            )
            return [_sheet(row) for row in rows]

    def tree(self, parent: int = TOP) -> list[tuple[int, Sheet]]:
        """All below a folder with its depth from 0, each folder before what is in it; raises NotFound."""
        found: list[tuple[int, Sheet]] = []
        waiting = [(0, sheet) for sheet in reversed(self.children(parent))]
        while waiting:
            depth, sheet = waiting.pop()
            found.append((depth, sheet))
            if sheet.is_folder:
                waiting += [(depth + 1, inner) for inner in reversed(self.children(sheet.id))]
        return found

    def find(self, path: str) -> Sheet:
        """What stands at a path such as `reports/by month`; the empty path is the top. Raises NotFound."""
        with self._keep.reading() as connection:
            sheet = _get(connection, TOP)
            for name in _names(path):
                sheet = _child(connection, sheet.id, name) or _missing(path)
            return sheet

    def path(self, id: int) -> str:  # noqa: A002
        """The names from the top down, with slashes between; raises NotFound."""
        with self._keep.reading() as connection:
            _get(connection, id)
            rows = connection.execute(
                f"{_ABOVE} SELECT name FROM above WHERE parent IS NOT NULL ORDER BY height DESC", (id,)
            )
            return "/".join(name for (name,) in rows)

    def trash_list(self) -> list[Sheet]:
        """What was moved to the trash and can be restored, the last first."""
        with self._keep.reading() as connection:
            rows = connection.execute(
                f"SELECT {_FIELDS} FROM sheets WHERE trashed IS NOT NULL ORDER BY trashed DESC, id DESC"
            )
            return [_sheet(row) for row in rows]

    def search(self, words: str, limit: int = 100) -> list[Sheet]:
        """Worksheets and folders whose name or text holds all the words, those changed last first.

        Costs a look at every text.
        """
        wanted = [f"%{_literally(word)}%" for word in words.split()]
        with self._keep.reading() as connection:
            holds = " AND ".join(["(name LIKE ? ESCAPE '\\' OR text LIKE ? ESCAPE '\\')"] * len(wanted)) or "1"
            rows = connection.execute(
                f"{_BELOW.format('AND s.trashed IS NULL')} SELECT {_FIELDS} FROM sheets"
                f" WHERE id IN (SELECT id FROM below WHERE depth > 0) AND {holds}"
                " ORDER BY changed DESC, id DESC LIMIT ?",
                (TOP, *(word for word in wanted for _ in range(2)), limit),
            )
            return [_sheet(row) for row in rows]

    # -- changing ----------------------------------------------------------------------------------------

    def folder(self, parent: int, name: str) -> Sheet:
        """Make a folder; raises UsageFault for what is no name, NotFound, Refused when the name is taken."""
        return self._make(parent, name, "", is_folder=True)

    def new(self, parent: int, name: str, text: str = "") -> Sheet:
        """Make a worksheet; raises as `folder`."""
        return self._make(parent, name, text, is_folder=False)

    def new_at(self, path: str, text: str = "") -> Sheet:
        """Make a worksheet at a path, and the folders on the way to it; raises as `folder`."""
        *above, name = _names(path) or [""]
        with self._keep.changing() as connection:
            return _insert(connection, _folders(connection, TOP, above), name, text, is_folder=False)

    def save(self, id: int, text: str) -> Revision:  # noqa: A002
        """Replace the text of a worksheet, which makes a revision unless nothing changed.

        Raises:
            NotFound: it is no worksheet, or was deleted for good.
            Refused: the text is too large.
        """
        with self._keep.changing() as connection:
            if _get(connection, id).is_folder:
                raise NotFound("is a folder", address=_get(connection, id).name)
            return _save(connection, id, text)

    def rename(self, id: int, name: str) -> Sheet:  # noqa: A002
        """Give another name; raises as `folder`."""
        with self._keep.changing() as connection:
            sheet = _changeable(connection, id)
            return _placed(connection, sheet, sheet.parent, name)

    def move(self, id: int, parent: int, name: str = "") -> Sheet:  # noqa: A002
        """Put into another folder, with another name where one is given; raises as `folder`.

        Raises:
            Refused: also when a folder would come to be in itself.
        """
        with self._keep.changing() as connection:
            sheet = _changeable(connection, id)
            _folder(connection, parent)
            _not_in_itself(connection, sheet, parent)
            return _placed(connection, sheet, parent, name or sheet.name)

    def copy(self, id: int, parent: int, name: str = "") -> Sheet:  # noqa: A002
        """Copy a worksheet, or a folder with all in it, without revisions, under a free name; raises as `move`."""
        with self._keep.changing() as connection:
            sheet = _changeable(connection, id)
            _folder(connection, parent)
            _not_in_itself(connection, sheet, parent)
            free = _free(connection, parent, name or sheet.name)
            copied = _insert(connection, parent, free, sheet.text, is_folder=sheet.is_folder)
            waiting = [(sheet.id, copied.id)]
            while waiting:
                old, new = waiting.pop()
                rows = connection.execute(
                    f"SELECT {_FIELDS} FROM sheets WHERE parent = ? AND trashed IS NULL", (old,)
                ).fetchall()
                for inner in map(_sheet, rows):
                    made = _insert(connection, new, inner.name, inner.text, is_folder=inner.is_folder)
                    waiting.append((inner.id, made.id))
            return copied

    def trash(self, id: int) -> None:  # noqa: A002
        """Move to the trash with all in it; raises NotFound, Refused for the top."""
        with self._keep.changing() as connection:
            _changeable(connection, id)
            connection.execute("UPDATE sheets SET trashed = ? WHERE id = ? AND trashed IS NULL", (time(), id))

    def restore_from_trash(self, id: int) -> Sheet:  # noqa: A002
        """Put back where it was, at the top when that folder is in the trash too, under a free name.

        Raises:
            NotFound: it is not in the trash.
        """
        with self._keep.changing() as connection:
            sheet = _get(connection, id)
            if sheet.trashed is None:
                raise NotFound("is not in the trash", address=sheet.name)
            gone = connection.execute(
                f"{_ABOVE} SELECT count(*) FROM above WHERE trashed IS NOT NULL AND height > 0", (id,)
            ).fetchone()[0]
            parent = TOP if gone else sheet.parent
            name = _free(connection, parent, sheet.name)
            connection.execute(
                "UPDATE sheets SET trashed = NULL, parent = ?, name = ? WHERE id = ?", (parent, name, id)
            )
            return _get(connection, id)

    def purge(self, id: int | None = None) -> int:  # noqa: A002
        """Delete for good what is in the trash, all of it when None, with what is in it; how many there were.

        What was trashed by itself before the folder it was in stays in the trash.

        Raises:
            NotFound: it is not in the trash.
        """
        with self._keep.changing() as connection:
            if id is None:
                trashed = connection.execute("SELECT id FROM sheets WHERE trashed IS NOT NULL").fetchall()
            elif _get(connection, id).trashed is None:
                raise NotFound("is not in the trash", address=_get(connection, id).name)
            else:
                trashed = [(id,)]
                connection.execute(
                    f"{_BELOW.format('')} UPDATE sheets SET parent = ? WHERE trashed IS NOT NULL AND id <> ?"
                    " AND id IN (SELECT id FROM below)",
                    (id, TOP, id),
                )
            connection.executemany("DELETE FROM sheets WHERE id = ?", trashed)
            return len(trashed)

    # -- revisions ---------------------------------------------------------------------------------------

    def revisions(self, id: int) -> list[Revision]:  # noqa: A002
        """The saves of a worksheet, the last first; raises NotFound."""
        with self._keep.reading() as connection:
            _get(connection, id)
            rows = connection.execute(
                "SELECT id, sheet, saved, size FROM revisions WHERE sheet = ? ORDER BY id DESC", (id,)
            )
            return [_revision(row) for row in rows]

    def text(self, revision: int) -> str:
        """The text of a revision; raises NotFound."""
        with self._keep.reading() as connection:
            return _text_of(connection, revision)

    def diff(self, revision: int, other: int | None = None) -> TextDiff:
        """What changed from one revision to another, to the text as it is now when None; raises NotFound."""
        with self._keep.reading() as connection:
            if other is None:
                row = connection.execute("SELECT sheet FROM revisions WHERE id = ?", (revision,)).fetchone()
                after = _get(connection, row[0]).text if row else ""
            else:
                after = _text_of(connection, other)
            return diff_text(_text_of(connection, revision), after)

    def restore(self, id: int, revision: int) -> Revision:  # noqa: A002
        """Make the text what it was, as a new revision; raises NotFound."""
        with self._keep.changing() as connection:
            owner = connection.execute("SELECT sheet FROM revisions WHERE id = ?", (revision,)).fetchone()
            if owner != (id,):
                raise NotFound("the worksheet has no such revision", address=str(revision))
            return _save(connection, id, _text_of(connection, revision))

    # -- files -------------------------------------------------------------------------------------------

    def take(self, parent: int, below: Sequence[str], name: str, text: str) -> Literal["new", "saved", "same"]:
        """Make a worksheet in folders below another, or save the text in the one that is there; raises as `folder`."""
        with self._keep.changing() as connection:
            folder = _folders(connection, parent, below)
            found = _child(connection, folder, checked_name(name))
            if found is None or found.is_folder:
                _insert(connection, folder, _free(connection, folder, name), text, is_folder=False)
                return "new"
            if found.text == text:
                return "same"
            _save(connection, found.id, text)
            return "saved"

    def import_files(self, folder: Path, parent: int = TOP) -> Exchanged:
        """Take in the `.sql` files of a folder and those below it; see `sheet_files`."""
        from dmart_tui.core.sql.sheet_files import import_files

        return import_files(self, folder, parent)

    def export_files(self, folder: Path, parent: int = TOP, *, replace: bool = False) -> Exchanged:
        """Give out worksheets as `.sql` files in folders; see `sheet_files`."""
        from dmart_tui.core.sql.sheet_files import export_files

        return export_files(self, folder, parent, replace=replace)

    def _make(self, parent: int, name: str, text: str, *, is_folder: bool) -> Sheet:
        with self._keep.changing() as connection:
            _folder(connection, parent)
            return _insert(connection, parent, name, text, is_folder=is_folder)


def checked_name(name: str) -> str:
    """A name as it is kept; raises UsageFault for what can be none."""
    name = unicodedata.normalize("NFC", name.strip())
    if not name or "/" in name or name in (".", "..") or not name.isprintable():
        raise UsageFault(f"{name!r} cannot be the name of a worksheet")
    if len(name.encode()) > LONGEST_NAME:
        raise UsageFault(f"a name has {LONGEST_NAME} bytes at most", address=name)
    return name


def _names(path: str) -> list[str]:
    names = [checked_name(name) for name in path.split("/") if name.strip()]
    if len(names) > DEEPEST:
        raise UsageFault(f"a path has {DEEPEST:,} names at most")
    return names


def _missing(path: str) -> Sheet:
    raise NotFound("there is no such worksheet", address=path, command="`worksheet ls` lists them")


def _sheet(row: tuple[Any, ...]) -> Sheet:
    id_, parent, name, is_folder, text, created, changed, trashed = row
    gone = None if trashed is None else _moment(trashed)
    return Sheet(
        id_, TOP if parent is None else parent, name, bool(is_folder), text, _moment(created), _moment(changed), gone
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _revision(row: tuple[Any, ...]) -> Revision:
    id_, sheet, saved, size = row
    return Revision(id_, sheet, _moment(saved), size)


def _get(connection: sqlite3.Connection, id_: int) -> Sheet:
    row = connection.execute(f"SELECT {_FIELDS} FROM sheets WHERE id = ?", (id_,)).fetchone()
    if row is None:
        raise NotFound("there is no such worksheet", address=str(id_))
    return _sheet(row)


def _child(connection: sqlite3.Connection, parent: int, name: str) -> Sheet | None:
    row = connection.execute(
        f"SELECT {_FIELDS} FROM sheets WHERE parent = ? AND name = ? AND trashed IS NULL", (parent, name)
    ).fetchone()
    return None if row is None else _sheet(row)


def _folder(connection: sqlite3.Connection, id_: int) -> Sheet:
    sheet = _get(connection, id_)
    if not sheet.is_folder:
        raise Refused("is no folder", address=sheet.name)
    return sheet


def _folders(connection: sqlite3.Connection, parent: int, names: Sequence[str]) -> int:
    """The folder that names lead to, made where it is missing."""
    for name in names:
        found = _child(connection, parent, checked_name(name))
        if found is None:
            found = _insert(connection, parent, name, "", is_folder=True)
        parent = _folder(connection, found.id).id
    return parent


def _changeable(connection: sqlite3.Connection, id_: int) -> Sheet:
    if id_ == TOP:
        raise Refused("the top folder stays as it is")
    return _get(connection, id_)


def _not_in_itself(connection: sqlite3.Connection, sheet: Sheet, parent: int) -> None:
    above = connection.execute(f"{_ABOVE} SELECT count(*) FROM above WHERE id = ?", (parent, sheet.id)).fetchone()[0]
    if above:
        raise Refused("a folder cannot be in itself", address=sheet.name)


@contextmanager
def _taken(name: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise Refused("the name is taken", address=name, hint="give another one") from None


def _insert(connection: sqlite3.Connection, parent: int, name: str, text: str, *, is_folder: bool) -> Sheet:
    name, now = checked_name(name), time()
    with _taken(name):
        made = connection.execute(
            "INSERT INTO sheets (parent, name, is_folder, created, changed) VALUES (?, ?, ?, ?, ?)",
            (parent, name, is_folder, now, now),
        ).lastrowid
    assert made is not None
    if text:
        _save(connection, made, text)
    return _get(connection, made)


def _placed(connection: sqlite3.Connection, sheet: Sheet, parent: int, name: str) -> Sheet:
    name = checked_name(name)
    with _taken(name):
        connection.execute(
            "UPDATE sheets SET parent = ?, name = ?, changed = ? WHERE id = ?", (parent, name, time(), sheet.id)
        )
    return _get(connection, sheet.id)


def _free(connection: sqlite3.Connection, parent: int, name: str) -> str:
    """The name, or where it is taken the first of `name 2`, `name 3`, ..."""
    name, number = checked_name(name), 1
    free = name
    while _child(connection, parent, free) is not None:
        number += 1
        ending = f" {number}"
        free = name.encode()[: LONGEST_NAME - len(ending)].decode("utf-8", "ignore").rstrip() + ending
    return free


def _save(connection: sqlite3.Connection, id_: int, text: str) -> Revision:
    data = text.encode("utf-8", "replace")
    if len(data) > TEXT_LIMIT:
        raise Refused(
            f"is {format_size(len(data))}, more than the {format_size(TEXT_LIMIT)} of a worksheet",
            address=_get(connection, id_).name,
        )
    text = data.decode()
    last = connection.execute(
        "SELECT id, sheet, saved, size FROM revisions WHERE sheet = ? ORDER BY id DESC LIMIT 1", (id_,)
    ).fetchone()
    if last and _text_of(connection, last[0]) == text:
        return _revision(last)
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
    return _revision((made, id_, now, len(text)))


def _text_of(connection: sqlite3.Connection, revision: int) -> str:
    row = connection.execute("SELECT text FROM revisions WHERE id = ?", (revision,)).fetchone()
    if row is None:
        raise NotFound("there is no such revision", address=str(revision))
    unpacker = zlib.decompressobj()
    return unpacker.decompress(row[0], TEXT_LIMIT).decode("utf-8", "replace")


def _literally(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
