"""The tables of the index, and opening the file they are in."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any, Final

from dmart_tui.core.spaces.checks.kinds import KINDS

VERSION: Final = 6
"""Of the tables and of what is put into them: an index of another version is not read but built again."""

TABLES: Final = """
CREATE TABLE about (
    key TEXT PRIMARY KEY,
    value
) WITHOUT ROWID;

-- One name in one folder: an entry with its attachments, or a folder without what is in it.
CREATE TABLE units (
    id INTEGER PRIMARY KEY,
    parent INTEGER NOT NULL,          -- the folder it is in; 0 above the root
    name TEXT NOT NULL,               -- as on disk
    flags INTEGER NOT NULL,           -- of core.spaces: FOLDER, LINK
    paths BLOB NOT NULL,              -- what it was read from, relative to the folder it is in, with NUL between
    stamp INTEGER NOT NULL,           -- of all those files and directories
    listing INTEGER                   -- of a folder: stamp of its directory and its .dm; NULL until all in it was read
);
CREATE UNIQUE INDEX units_name ON units (parent, name);

-- Spaces, folders, entries, and attachments (which have a parent).
CREATE TABLE resources (
    id INTEGER PRIMARY KEY,
    unit INTEGER NOT NULL,
    attachment_parent INTEGER,
    address TEXT NOT NULL,            -- opens it
    place TEXT NOT NULL,              -- address in normal form, and without the .TYPE of one of several metas
    kind TEXT NOT NULL,               -- space, folder, entry, attachment
    type TEXT NOT NULL,
    space TEXT NOT NULL,
    subpath TEXT NOT NULL,            -- without slashes at its ends; of an attachment its owner's path
    shortname TEXT NOT NULL,
    uuid TEXT,
    slug TEXT,
    is_active INTEGER,
    owner TEXT,
    owner_group TEXT,
    created REAL,                     -- seconds since 1970
    updated REAL,
    displayname_en TEXT,
    displayname_ar TEXT,
    displayname_ku TEXT,
    description_en TEXT,
    description_ar TEXT,
    description_ku TEXT,
    state TEXT,
    is_open INTEGER,
    workflow TEXT,
    resolution_reason TEXT,
    priority TEXT,
    reporter TEXT,                    -- JSON
    collaborators TEXT,               -- JSON
    msisdn TEXT,
    email TEXT,
    schema TEXT,
    content_type TEXT,
    meta TEXT NOT NULL,               -- JSON, secrets masked
    payload TEXT,                     -- JSON (a text is a JSON string), masked; NULL: none, no text, or too large
    cut INTEGER NOT NULL              -- whether some of its text was too long to be taken
);
CREATE INDEX resources_unit ON resources (unit);
CREATE INDEX resources_place ON resources (place);
CREATE INDEX resources_attached ON resources (attachment_parent) WHERE attachment_parent IS NOT NULL;

CREATE TABLE tags (
    resource INTEGER NOT NULL,
    tag TEXT NOT NULL
);
CREATE INDEX tags_resource ON tags (resource);
CREATE INDEX tags_tag ON tags (tag);

-- What refers to what; whether the target is there is asked of `resources`.
CREATE TABLE links (
    resource INTEGER NOT NULL,        -- who says so: an entry, or one of its attachments
    role TEXT NOT NULL,
    target TEXT NOT NULL,             -- a place
    target_space TEXT NOT NULL,
    target_subpath TEXT NOT NULL,
    target_shortname TEXT NOT NULL,
    target_type TEXT NOT NULL,        -- wanted; empty when it is not said
    attributes TEXT                   -- of a relationship: JSON
);
CREATE INDEX links_resource ON links (resource);
CREATE INDEX links_target ON links (target);

-- What reading an entry and its attachments found to be wrong.
CREATE TABLE faults (
    resource INTEGER NOT NULL,        -- the entry, also where it is an attachment's
    severity TEXT NOT NULL,
    kind TEXT NOT NULL,               -- of core.spaces.checks
    address TEXT NOT NULL,
    path TEXT NOT NULL,               -- relative to the root
    detail TEXT NOT NULL
);
CREATE INDEX faults_resource ON faults (resource);
CREATE INDEX units_links ON units (id) WHERE flags >= 2;

-- History files of entries, folders and spaces. Those of attachments are not here: no entry's stamp tells of them.
CREATE TABLE histories (
    id INTEGER PRIMARY KEY,
    unit INTEGER NOT NULL,
    role TEXT NOT NULL,
    address TEXT NOT NULL,
    path TEXT NOT NULL                -- relative to the root
);
CREATE INDEX histories_unit ON histories (unit);
CREATE INDEX histories_address ON histories (address);

-- Where the newest lines of those files are.
CREATE TABLE lines (
    history INTEGER NOT NULL,
    nth INTEGER NOT NULL,             -- from -1, the last, downwards
    within INTEGER NOT NULL,          -- of several records glued together on it, from 0, the last
    ending INTEGER NOT NULL,          -- offset after its last byte
    at REAL NOT NULL,                 -- when, in seconds since 1970; never later than the line below it
    owner TEXT NOT NULL,              -- who; empty when it does not say
    more INTEGER NOT NULL,            -- whether older lines stand in the file and are not here
    PRIMARY KEY (history, nth, within)
) WITHOUT ROWID;
CREATE INDEX lines_newest ON lines (at DESC, history, nth DESC, within);

-- The words of spaces, folders and entries, folded by `folding.folded`; rowid = resources.id.
CREATE VIRTUAL TABLE texts USING fts5 (
    shortname, displayname, description, tags, facts, payload, attachments,
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn' tokenchars '_'"
);
INSERT INTO texts (texts, rank) VALUES ('automerge', 8);
"""

_LED: Final = {
    "relation-dangling": ("relationship", "subject"),
    "owner-missing": ("owner",),
    "user-missing": ("collaborator", "acl-user", "author"),
    "group-missing": ("owner-group", "group"),
    "role-missing": ("role",),
    "permission-missing": ("permission",),
}
"""What is wrong where a link of some roles leads to nothing. Schemas and workflows are files to D-MART, not entries."""


def _dangling(kind: str, resource: str) -> str:
    """Links that lead to nothing, as rows of `problems`; what is wrong is asked last, for few are.

    Nothing is said of spaces that are not there, of attachments, of what is reached through a symlink, and before all
    was read once: the index does not know those.

    Args:
        resource: the column with the entry that it is a problem of: `id`, or `attachment_parent` of attachments.
    """
    roles = ", ".join(f"'{role}'" for role in _LED[kind])
    of_attachments = resource == "attachment_parent"
    address = "r.address" if of_attachments else (
        "(SELECT address FROM resources AS a WHERE a.unit = r.unit AND a.attachment_parent IS NULL ORDER BY id LIMIT 1)"
    )  # fmt: skip
    return f"""
SELECT r.{resource}, '{KINDS[kind].severity}', '{kind}', {address}, '',
    'the ' || l.role || ' leads to ' || l.target || ', where nothing is: create it or correct the meta'
FROM resources AS r JOIN links AS l ON l.resource = r.id JOIN units AS u ON u.id = r.unit
WHERE r.attachment_parent IS {"NOT" * of_attachments} NULL AND l.role IN ({roles}) AND u.flags < 2
    AND NOT EXISTS (SELECT 1 FROM resources AS t WHERE t.place = l.target)
    AND EXISTS (SELECT 1 FROM resources AS s WHERE s.place = l.target_space) AND l.target NOT LIKE '%#%'
    AND NOT EXISTS (
        SELECT 1 FROM units AS ul INDEXED BY units_links CROSS JOIN resources AS rl ON rl.unit = ul.id
        WHERE ul.flags >= 2 AND l.target > rl.place || '/' AND l.target < rl.place || '0'
    )
    AND EXISTS (SELECT 1 FROM about WHERE key = 'built')"""


_PROBLEMS: Final = (
    "CREATE VIEW problems (resource, severity, kind, address, path, detail) AS"
    " SELECT resource, severity, kind, address, path, detail FROM faults"
    + "".join(f" UNION ALL {_dangling(kind, of)}" for kind in _LED for of in ("id", "attachment_parent"))
)
"""What is wrong with an entry: what was found as it was read, and what it names that is not there now (without a path).

`check` looks deeper.
"""

_WAIT: Final = 10.0
"""Seconds to wait while another process commits."""


TEXT: Final = "CAST(? AS TEXT)"
"""Stands for a text that was made `storable`."""


def storable(value: Any) -> Any:
    """A value as SQLite takes it: of names that are no UTF-8 their bytes."""
    if not isinstance(value, str):
        return value
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def make(file: Path, root: str) -> sqlite3.Connection:
    """A new, empty index, for its maker alone to read: its folder 0700, its file 0600."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    connection = _opened(file, "rwc")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(f"BEGIN; {TABLES} {_PROBLEMS}")
    say(connection, "root", os.fsencode(root))
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
    return _tuned(connection)


def open_to_write(file: Path, root: str) -> sqlite3.Connection | None:
    """The index of a root; None when there is none, or one of another version, root or kind."""
    connection = _checked(file, root, "rw")
    return _tuned(connection) if connection else None


def open_to_read(file: Path, root: str) -> sqlite3.Connection | None:
    """As `open_to_write`, read-only; may be used in another thread than it was made in, by one at a time."""
    return _checked(file, root, "ro")


def remove(file: Path) -> None:
    """Delete an index; who has it open reads on in what is gone."""
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def _opened(file: Path, mode: str) -> sqlite3.Connection:
    uri = f"{file.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=_WAIT, isolation_level=None, check_same_thread=False)
    connection.text_factory = os.fsdecode
    return connection


def _checked(file: Path, root: str, mode: str) -> sqlite3.Connection | None:
    if not file.is_file():
        return None
    connection = None
    try:
        connection = _opened(file, mode)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == VERSION and about(connection, "root") == os.fsencode(root):
            return connection
    except sqlite3.DatabaseError:
        pass
    if connection is not None:
        connection.close()
    return None


def _tuned(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Losing the last commits in a power cut is nothing to a cache, and being damaged is what WAL prevents."""
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 16000")
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def about(connection: sqlite3.Connection, key: str) -> object:
    """One thing the index says of itself; None when it does not."""
    row = connection.execute("SELECT value FROM about WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def say(connection: sqlite3.Connection, key: str, value: object) -> None:
    """Let the index say one thing of itself."""
    connection.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (key, value))
