"""Worksheets: SQL texts in folders of any depth, every save a revision, what is removed in a trash."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, Literal

from dmart_tui.core.diffing import TextDiff, diff_text
from dmart_tui.core.errors import NotFound
from dmart_tui.core.sql.sheets import rows as sheet_rows
from dmart_tui.core.sql.sheets.keep import TOP, Keep
from dmart_tui.core.sql.sheets.rows import ABOVE, BELOW, FIELDS, Revision, Sheet, checked_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dmart_tui.core.sql.sheets.files import Exchanged

__all__ = ["Revision", "Sheet", "Worksheets", "checked_name"]


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
            return sheet_rows.get(connection, id)

    def children(self, parent: int = TOP) -> list[Sheet]:
        """What is in a folder, folders first, by name; raises NotFound."""
        with self._keep.reading() as connection:
            sheet_rows.folder(connection, parent)
            rows = connection.execute(
                f"SELECT {FIELDS} FROM sheets WHERE parent = ? AND trashed IS NULL"
                " ORDER BY is_folder DESC, name COLLATE NOCASE, name",
                (parent,),
            )
            return [sheet_rows.sheet_of(row) for row in rows]

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
            sheet = sheet_rows.get(connection, TOP)
            for name in sheet_rows.names_of(path):
                sheet = sheet_rows.child(connection, sheet.id, name) or sheet_rows.missing(path)
            return sheet

    def path(self, id: int) -> str:  # noqa: A002
        """The names from the top down, with slashes between; raises NotFound."""
        with self._keep.reading() as connection:
            sheet_rows.get(connection, id)
            rows = connection.execute(
                f"{ABOVE} SELECT name FROM above WHERE parent IS NOT NULL ORDER BY height DESC", (id,)
            )
            return "/".join(name for (name,) in rows)

    def trash_list(self) -> list[Sheet]:
        """What was moved to the trash and can be restored, the last first."""
        with self._keep.reading() as connection:
            rows = connection.execute(
                f"SELECT {FIELDS} FROM sheets WHERE trashed IS NOT NULL ORDER BY trashed DESC, id DESC"
            )
            return [sheet_rows.sheet_of(row) for row in rows]

    def search(self, words: str, limit: int = 100) -> list[Sheet]:
        """Worksheets and folders whose name or text holds all the words, those changed last first.

        Costs a look at every text.
        """
        wanted = [f"%{sheet_rows.literally(word)}%" for word in words.split()]
        with self._keep.reading() as connection:
            holds = " AND ".join(["(name LIKE ? ESCAPE '\\' OR text LIKE ? ESCAPE '\\')"] * len(wanted)) or "1"
            rows = connection.execute(
                f"{BELOW.format('AND s.trashed IS NULL')} SELECT {FIELDS} FROM sheets"
                f" WHERE id IN (SELECT id FROM below WHERE depth > 0) AND {holds}"
                " ORDER BY changed DESC, id DESC LIMIT ?",
                (TOP, *(word for word in wanted for _ in range(2)), limit),
            )
            return [sheet_rows.sheet_of(row) for row in rows]

    # -- changing ----------------------------------------------------------------------------------------

    def folder(self, parent: int, name: str) -> Sheet:
        """Make a folder; raises UsageFault for what is no name, NotFound, Refused when the name is taken."""
        return self._make(parent, name, "", is_folder=True)

    def new(self, parent: int, name: str, text: str = "") -> Sheet:
        """Make a worksheet; raises as `folder`."""
        return self._make(parent, name, text, is_folder=False)

    def new_at(self, path: str, text: str = "") -> Sheet:
        """Make a worksheet at a path, and the folders on the way to it; raises as `folder`."""
        *above, name = sheet_rows.names_of(path) or [""]
        with self._keep.changing() as connection:
            return sheet_rows.insert(
                connection, sheet_rows.folders(connection, TOP, above), name, text, is_folder=False
            )

    def folder_at(self, path: str) -> Sheet:
        """Make a folder at a path, and those on the way to it; raises as `folder`."""
        *above, name = sheet_rows.names_of(path) or [""]
        with self._keep.changing() as connection:
            parent = sheet_rows.folders(connection, TOP, above)
            return sheet_rows.insert(connection, parent, name, "", is_folder=True)

    def save(self, id: int, text: str) -> Revision:  # noqa: A002
        """Replace the text of a worksheet, which makes a revision unless nothing changed.

        Raises:
            NotFound: it is no worksheet, or was deleted for good.
            Refused: the text is too large.
        """
        with self._keep.changing() as connection:
            if sheet_rows.get(connection, id).is_folder:
                raise NotFound("is a folder", address=sheet_rows.get(connection, id).name)
            return sheet_rows.save(connection, id, text)

    def rename(self, id: int, name: str) -> Sheet:  # noqa: A002
        """Give another name; raises as `folder`."""
        with self._keep.changing() as connection:
            sheet = sheet_rows.changeable(connection, id)
            return sheet_rows.placed(connection, sheet, sheet.parent, name)

    def move(self, id: int, parent: int, name: str = "") -> Sheet:  # noqa: A002
        """Put into another folder, with another name where one is given; raises as `folder`.

        Raises:
            Refused: also when a folder would come to be in itself.
        """
        with self._keep.changing() as connection:
            sheet = sheet_rows.changeable(connection, id)
            sheet_rows.folder(connection, parent)
            sheet_rows.check_not_in_itself(connection, sheet, parent)
            return sheet_rows.placed(connection, sheet, parent, name or sheet.name)

    def copy(self, id: int, parent: int, name: str = "") -> Sheet:  # noqa: A002
        """Copy a worksheet, or a folder with all in it, without revisions, under a free name; raises as `move`."""
        with self._keep.changing() as connection:
            sheet = sheet_rows.changeable(connection, id)
            sheet_rows.folder(connection, parent)
            sheet_rows.check_not_in_itself(connection, sheet, parent)
            free = sheet_rows.free_name(connection, parent, name or sheet.name)
            copied = sheet_rows.insert(connection, parent, free, sheet.text, is_folder=sheet.is_folder)
            waiting = [(sheet.id, copied.id)]
            while waiting:
                old, new = waiting.pop()
                rows = connection.execute(
                    f"SELECT {FIELDS} FROM sheets WHERE parent = ? AND trashed IS NULL", (old,)
                ).fetchall()
                for inner in map(sheet_rows.sheet_of, rows):
                    made = sheet_rows.insert(connection, new, inner.name, inner.text, is_folder=inner.is_folder)
                    waiting.append((inner.id, made.id))
            return copied

    def trash(self, id: int) -> None:  # noqa: A002
        """Move to the trash with all in it; raises NotFound, Refused for the top."""
        with self._keep.changing() as connection:
            sheet_rows.changeable(connection, id)
            connection.execute("UPDATE sheets SET trashed = ? WHERE id = ? AND trashed IS NULL", (time(), id))

    def restore_from_trash(self, id: int) -> Sheet:  # noqa: A002
        """Put back where it was, at the top when that folder is in the trash too, under a free name.

        Raises:
            NotFound: it is not in the trash.
        """
        with self._keep.changing() as connection:
            sheet = sheet_rows.get(connection, id)
            if sheet.trashed is None:
                raise NotFound("is not in the trash", address=sheet.name)
            gone = connection.execute(
                f"{ABOVE} SELECT count(*) FROM above WHERE trashed IS NOT NULL AND height > 0", (id,)
            ).fetchone()[0]
            parent = TOP if gone else sheet.parent
            name = sheet_rows.free_name(connection, parent, sheet.name)
            connection.execute(
                "UPDATE sheets SET trashed = NULL, parent = ?, name = ? WHERE id = ?", (parent, name, id)
            )
            return sheet_rows.get(connection, id)

    def purge(self, id: int | None = None) -> int:  # noqa: A002
        """Delete for good what is in the trash, all of it when None, with what is in it; how many there were.

        What was trashed by itself before the folder it was in stays in the trash.

        Raises:
            NotFound: it is not in the trash.
        """
        with self._keep.changing() as connection:
            if id is None:
                trashed = connection.execute("SELECT id FROM sheets WHERE trashed IS NOT NULL").fetchall()
            elif sheet_rows.get(connection, id).trashed is None:
                raise NotFound("is not in the trash", address=sheet_rows.get(connection, id).name)
            else:
                trashed = [(id,)]
                connection.execute(
                    f"{BELOW.format('')} UPDATE sheets SET parent = ? WHERE trashed IS NOT NULL AND id <> ?"
                    " AND id IN (SELECT id FROM below)",
                    (id, TOP, id),
                )
            connection.executemany("DELETE FROM sheets WHERE id = ?", trashed)
            return len(trashed)

    # -- revisions ---------------------------------------------------------------------------------------

    def revisions(self, id: int) -> list[Revision]:  # noqa: A002
        """The saves of a worksheet, the last first; raises NotFound."""
        with self._keep.reading() as connection:
            sheet_rows.get(connection, id)
            rows = connection.execute(
                "SELECT id, sheet, saved, size FROM revisions WHERE sheet = ? ORDER BY id DESC", (id,)
            )
            return [sheet_rows.revision_of(row) for row in rows]

    def text(self, revision: int) -> str:
        """The text of a revision; raises NotFound."""
        with self._keep.reading() as connection:
            return sheet_rows.text_of(connection, revision)

    def diff(self, revision: int, other: int | None = None) -> TextDiff:
        """What changed from one revision to another, to the text as it is now when None; raises NotFound."""
        with self._keep.reading() as connection:
            if other is None:
                row = connection.execute("SELECT sheet FROM revisions WHERE id = ?", (revision,)).fetchone()
                after = sheet_rows.get(connection, row[0]).text if row else ""
            else:
                after = sheet_rows.text_of(connection, other)
            return diff_text(sheet_rows.text_of(connection, revision), after)

    def restore(self, id: int, revision: int) -> Revision:  # noqa: A002
        """Make the text what it was, as a new revision; raises NotFound."""
        with self._keep.changing() as connection:
            owner = connection.execute("SELECT sheet FROM revisions WHERE id = ?", (revision,)).fetchone()
            if owner != (id,):
                raise NotFound("the worksheet has no such revision", address=str(revision))
            return sheet_rows.save(connection, id, sheet_rows.text_of(connection, revision))

    # -- files -------------------------------------------------------------------------------------------

    def take(self, parent: int, below: Sequence[str], name: str, text: str) -> Literal["new", "saved", "same"]:
        """Make a worksheet in folders below another, or save the text in the one that is there; raises as `folder`."""
        with self._keep.changing() as connection:
            folder = sheet_rows.folders(connection, parent, below)
            found = sheet_rows.child(connection, folder, checked_name(name))
            if found is None or found.is_folder:
                sheet_rows.insert(
                    connection, folder, sheet_rows.free_name(connection, folder, name), text, is_folder=False
                )
                return "new"
            if found.text == text:
                return "same"
            sheet_rows.save(connection, found.id, text)
            return "saved"

    def import_files(self, folder: Path, parent: int = TOP) -> Exchanged:
        """Take in the `.sql` files of a folder and those below it; see `sheet_files`."""
        from dmart_tui.core.sql.sheets.files import import_files

        return import_files(self, folder, parent)

    def export_files(self, folder: Path, parent: int = TOP, *, replace: bool = False) -> Exchanged:
        """Give out worksheets as `.sql` files in folders; see `sheet_files`."""
        from dmart_tui.core.sql.sheets.files import export_files

        return export_files(self, folder, parent, replace=replace)

    def _make(self, parent: int, name: str, text: str, *, is_folder: bool) -> Sheet:
        with self._keep.changing() as connection:
            sheet_rows.folder(connection, parent)
            return sheet_rows.insert(connection, parent, name, text, is_folder=is_folder)
