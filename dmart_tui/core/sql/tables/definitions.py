"""What the tables of a root look like: how they are kept in the engine, and the views that people see of them.

The views are made when a session begins, on empty tables; what they show is read when a statement names them.
Times are in UTC. A view cannot be written to, so nobody takes one for the data itself.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from dmart_tui.core.sql.values import quoted

SPACES: Final = "spaces"
"""The database of the tables that every root has."""
ARCHIVES: Final = "archives"
"""The database of the archives that are open."""
STORE: Final = "dmart_snapshot"
"""How the names of the databases begin in which is kept what was read; nothing that people look for is in them."""
HIDDEN: Final = "(HIDDEN)"
"""How they are attached: the engine lists neither them nor what is in them."""


class Table(NamedTuple):
    """One table."""

    database: str
    name: str
    kept: str
    """Columns with their types, as they are filled; of a typed table the query that fills it."""
    shown: str
    """What is selected from them."""
    about: str
    space: str = ""
    """Whose schema a typed table is of; of others empty."""

    @property
    def store(self) -> str:
        """The database of its rows, quoted: one for each, so that a transaction sees what was read before it looked."""
        return quoted(f"{STORE} {self.database}.{self.name}")

    @property
    def place(self) -> str:
        """Where its rows are, quoted."""
        return f"{self.store}.main.kept"

    @property
    def view(self) -> str:
        """What people name, quoted."""
        return f"{quoted(self.database)}.main.{quoted(self.name)}"


def moment(column: str, name: str) -> str:
    """Seconds since 1970 as a time."""
    return f"make_timestamp(CAST({column} * 1000000 AS BIGINT)) AS {name}"


def _translated(name: str) -> str:
    languages = [f"{name}_{language}" for language in ("en", "ar", "ku")]
    some = " OR ".join(f"{column} IS NOT NULL" for column in languages)
    fields = ", ".join(f"{column[-2:]} := {column}" for column in languages)
    return f"CASE WHEN {some} THEN struct_pack({fields}) END AS {name}"


_KEPT: Final = """
    address VARCHAR, {0} kind VARCHAR, type VARCHAR, space VARCHAR, subpath VARCHAR, shortname VARCHAR, uuid VARCHAR,
    slug VARCHAR, is_active BOOLEAN, owner VARCHAR, owner_group VARCHAR, created DOUBLE, updated DOUBLE,
    displayname_en VARCHAR, displayname_ar VARCHAR, displayname_ku VARCHAR, description_en VARCHAR,
    description_ar VARCHAR, description_ku VARCHAR, state VARCHAR, is_open BOOLEAN, workflow VARCHAR,
    resolution_reason VARCHAR, priority VARCHAR, reporter VARCHAR, collaborators VARCHAR, msisdn VARCHAR, email VARCHAR,
    schema VARCHAR, content_type VARCHAR, tags VARCHAR, meta VARCHAR, payload VARCHAR
"""
_TITLE: Final = (
    "coalesce(nullif(displayname_en, ''), nullif(displayname_ar, ''), nullif(displayname_ku, ''), shortname) AS title"
)
_PAYLOAD: Final = (
    "schema AS schema_shortname, content_type, CAST(payload AS JSON) AS payload, CAST(meta AS JSON) AS meta"
)
"""That a text is JSON is looked at where it is asked for: for all of them it would take as long as the reading."""
_WHO_AND_WHEN: Final = (
    "uuid, slug, is_active, owner AS owner_shortname, owner_group AS owner_group_shortname,"
    f" {moment('created', 'created_at')}, {moment('updated', 'updated_at')},"
    f" {_translated('displayname')}, {_translated('description')}, from_json(tags, '[\"VARCHAR\"]') AS tags"
)

ENTRIES: Final = Table(
    SPACES,
    "entries",
    _KEPT.format(""),
    f"address, kind, type, space, subpath, shortname, {_TITLE}, {_WHO_AND_WHEN}, state, is_open,"
    " workflow AS workflow_shortname, resolution_reason, priority, TRY_CAST(reporter AS JSON) AS reporter,"
    " TRY_CAST(collaborators AS JSON) AS collaborators, msisdn, email,"
    f" {_PAYLOAD}",
    "Spaces, folders and entries.",
)
ATTACHMENTS: Final = Table(
    SPACES,
    "attachments",
    _KEPT.format("entry VARCHAR,"),
    f"address, entry, type, space, subpath, shortname, {_TITLE}, {_WHO_AND_WHEN}, state, {_PAYLOAD}",
    "What hangs on entries: comments, media, files of data.",
)
RELATIONSHIPS: Final = Table(
    SPACES,
    "relationships",
    """address VARCHAR, space VARCHAR, type VARCHAR, role VARCHAR, target VARCHAR, target_space VARCHAR,
    target_subpath VARCHAR, target_shortname VARCHAR, target_type VARCHAR, target_exists BOOLEAN, attributes JSON""",
    "*",
    "What points to what, and whether that is there: relationships, owners, schemas, workflows, roles and groups.",
)
HISTORY: Final = Table(
    SPACES,
    "history",
    """address VARCHAR, space VARCHAR, source VARCHAR, path VARCHAR, line BIGINT, written DOUBLE,
    owner_shortname VARCHAR, event VARCHAR, key VARCHAR, change VARCHAR, old JSON, new JSON""",
    f"address, space, source, path, line, {moment('written', 'timestamp')}, owner_shortname, event, key, change,"
    " old, new",
    "What changed, one row a key; a record without changes has one row without a key.",
)
EVENTS: Final = Table(
    SPACES,
    "events",
    """address VARCHAR, space VARCHAR, path VARCHAR, line BIGINT, written DOUBLE, owner_shortname VARCHAR,
    request VARCHAR, type VARCHAR, attributes JSON""",
    f"address, space, path, line, {moment('written', 'timestamp')}, owner_shortname, request, type, attributes",
    "The event logs of the spaces, one row an event.",
)
OF_ROOT: Final = (ENTRIES, ATTACHMENTS, RELATIONSHIPS, HISTORY, EVENTS)


def of_archive(name: str, label: str) -> Table:
    """The table of an archive's members.

    Args:
        label: where the archive is.
    """
    return Table(
        ARCHIVES,
        name,
        """position BIGINT, name VARCHAR, size BIGINT, stored BIGINT, "offset" BIGINT, flags BIGINT, codec VARCHAR,
        external BOOLEAN, deleted BOOLEAN, sha256 VARCHAR, problem VARCHAR, url VARCHAR, meta JSON""",
        "*",
        f"The members of {label}; read_csv(url), read_parquet(url), … read one.",
    )
