"""Entries, attachments and what points to what, from the index of the root."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.background import Cancelled
from dmart_tui.core.catalog import open_catalog
from dmart_tui.core.errors import Failed, NotFound
from dmart_tui.core.sql.tables.cells import clean_json
from dmart_tui.core.sql.tables.definitions import ATTACHMENTS, ENTRIES, RELATIONSHIPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.catalog import Catalog
    from dmart_tui.core.spaces import Spaces
    from dmart_tui.core.sql.tables.definitions import Table

_COLUMNS: Final = """
    r.kind, r.type, r.space, r.subpath, r.shortname, r.uuid, r.slug, r.is_active, r.owner, r.owner_group, r.created,
    r.updated, r.displayname_en, r.displayname_ar, r.displayname_ku, r.description_en, r.description_ar,
    r.description_ku, r.state, r.is_open, r.workflow, r.resolution_reason, r.priority, r.reporter, r.collaborators,
    r.msisdn, r.email, r.schema, r.content_type,
    (SELECT json_group_array(tag) FROM tags WHERE resource = r.id HAVING count(*) > 0), r.meta, r.payload
"""
_QUERIES: Final = {
    ENTRIES.name: f"SELECT r.address, {_COLUMNS} FROM resources AS r WHERE r.attachment_parent IS NULL",
    ATTACHMENTS.name: f"SELECT r.address, e.address, {_COLUMNS} FROM resources AS r"
    " JOIN resources AS e ON e.id = r.attachment_parent",
    # D-MART looks for the schemas that a space names in management first.
    RELATIONSHIPS.name: "WITH shared AS MATERIALIZED (SELECT DISTINCT place FROM resources"
    " WHERE space = 'management' AND subpath = 'schema' AND attachment_parent IS NULL)"
    " SELECT r.address, r.space, r.type, l.role, coalesce(s.place, l.target),"
    " CASE WHEN s.place IS NULL THEN l.target_space ELSE 'management' END, l.target_subpath, l.target_shortname,"
    " l.target_type, s.place IS NOT NULL OR EXISTS (SELECT 1 FROM resources AS t WHERE t.place = l.target),"
    " l.attributes"
    " FROM links AS l CROSS JOIN resources AS r ON r.id = l.resource"
    " LEFT JOIN shared AS s ON l.role = 'schema' AND s.place = 'management/schema/' || l.target_shortname",
}
_HALF: Final = "\\ud"
"""How the escape of half a pair begins, in JSON that has such; the engine takes none."""
_decoded: Final = partial(str, encoding="utf-8", errors="replace")
_BATCH: Final = 2000
_STEPS: Final = 100_000
"""Of SQLite, between two looks at whether to stop."""


class Indexed:
    """The index as rows. Strings that are no UTF-8 have U+FFFD; secrets were masked when they were indexed."""

    tables = (ENTRIES, ATTACHMENTS, RELATIONSHIPS)

    def __init__(self, spaces: Spaces, catalog: Catalog | None = None) -> None:
        self._catalog = catalog or open_catalog(spaces)

    def stamp(self, told: Callable[[str], None], cancel: CancelToken) -> object:
        """Bring the index up to date, unless another process does so, and tell it from every other state of it.

        Costs a stat of every file, and at the first time the reading of all of them.

        Raises:
            Cancelled: the token was.
            Failed: the disk would not take it.
        """
        catalog = self._catalog
        outcome = catalog.update(
            lambda progress: told(f"looking at the root: {progress.seen:,} entries"), cancel, wait=False
        )
        if outcome is None and not catalog.state.complete:
            catalog.update(cancel=cancel)
        with closing(catalog.connect()) as connection:
            return connection.execute("SELECT count(*), sum(stamp & 0xFFFFFFFF), max(id) FROM units").fetchone()

    def rows(self, table: Table, cancel: CancelToken) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a table, some thousand at once; raises NotFound where there is no index, Cancelled, Failed."""
        with closing(self._catalog.connect()) as connection:
            connection.set_progress_handler(lambda: cancel.cancelled, _STEPS)
            try:
                connection.execute("BEGIN")
                yield from _read(connection, _QUERIES[table.name])
            except sqlite3.DatabaseError as error:
                if cancel.cancelled:
                    raise Cancelled from None
                raise Failed(f"the index cannot be read: {error}", address=str(self._catalog.file)) from None

    def pairs(self) -> set[tuple[str, str]]:
        """Which schemas are used in which spaces, as far as the index knows."""
        with suppress(NotFound, sqlite3.DatabaseError), closing(self._catalog.connect()) as connection:
            connection.text_factory = _decoded
            return set(
                connection.execute(
                    "SELECT DISTINCT space, schema FROM resources WHERE schema <> '' AND attachment_parent IS NULL"
                )
            )
        return set()


def _read(connection: sqlite3.Connection, query: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a query; once a text is no UTF-8 each is decoded in Python, which takes as long as all the rest."""
    connection.text_factory, done = str, 0
    try:
        for rows in _batches(connection.execute(query)):
            done += len(rows)
            yield rows
    except sqlite3.OperationalError as error:
        if "UTF-8" not in str(error):
            raise
    else:
        return
    connection.text_factory = _decoded
    for rows in _batches(connection.execute(f"{query} LIMIT -1 OFFSET {done}")):
        yield rows


def _batches(found: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    while rows := found.fetchmany(_BATCH):
        yield [(*row[:-2], _whole(row[-2]), _whole(row[-1])) if _has_half(row) else row for row in rows]


def _has_half(row: tuple[Any, ...]) -> bool:
    return any(isinstance(text, str) and _HALF in text for text in row[-2:])


def _whole(value: Any) -> Any:
    return clean_json(value) if isinstance(value, str) else value
