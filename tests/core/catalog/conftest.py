"""A root of some entries, its index, and how to look into it."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dmart_tui.core.catalog import Catalog, open_catalog, stamps
from dmart_tui.core.spaces import Spaces

HASH = "$argon2id$v=19$m=1,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo"


def put(path: Path, document: object) -> None:
    """Write a file, JSON unless it is bytes, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())


def entry(folder: Path, name: str, body: object = None, kind: str = "content", **meta: object) -> None:
    """Make an entry, with a payload in a file beside it when there is a body."""
    payload = {} if body is None else {"payload": {"content_type": "json", "body": f"{name}.json"}}
    put(folder / f".dm/{name}/meta.{kind}.json", {"shortname": name, "owner_shortname": "ann", **payload, **meta})
    if body is not None:
        put(folder / f"{name}.json", body)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A space of some entries, one of them with a comment, and the users."""
    top = tmp_path / "my spaces"
    put(top / "management/.dm/meta.space.json", {"shortname": "management"})
    put(top / "management/users/.dm/meta.folder.json", {"shortname": "users"})
    entry(top / "management/users", "ann", kind="user", password=HASH, displayname={"en": "Ann", "ku": "ئان"})
    put(top / "blog/.dm/meta.space.json", {"shortname": "blog"})
    put(top / "blog/posts/.dm/meta.folder.json", {"shortname": "posts"})
    to_b = {"related_to": {"type": "content", "space_name": "blog", "subpath": "posts", "shortname": "b"}}
    entry(top / "blog/posts", "a", {"title": "Sunlight", "token": "sesame"}, tags=["x", "y"], relationships=[to_b])
    entry(top / "blog/posts", "b", {"title": "Rain"})
    put(top / "blog/posts/.dm/a/attachments.comment/meta.one.json", {"shortname": "one", "body": "well said"})
    put(top / "blog/posts/old/.dm/meta.folder.json", {"shortname": "old"})
    entry(top / "blog/posts/old", "c", {"title": "Fog"})
    return top


@pytest.fixture
def catalog(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """An index that trusts the stamps of files made just now."""
    monkeypatch.setattr(stamps, "_SHORTLY", -1e9)
    return open_catalog(Spaces(root), tmp_path / "cache")


def found(catalog: Catalog, words: str) -> list[str]:
    with closing(catalog.connect()) as connection:
        rows = connection.execute(
            "SELECT address FROM texts JOIN resources ON id = texts.rowid WHERE texts MATCH ? ORDER BY 1", (words,)
        )
        return [row[0] for row in rows]


def held(catalog: Catalog) -> list[Any]:
    """All that an index holds of the files, without the numbers it gave them."""
    with closing(catalog.connect()) as connection:
        connection.row_factory = lambda cursor, row: dict(
            zip((column[0] for column in cursor.description), row, strict=True)
        )
        rows = connection.execute("SELECT * FROM resources ORDER BY address").fetchall()
        names = {row["id"]: row["address"] for row in rows}
        found: list[Any] = [
            {**row, "id": 0, "unit": 0, "attachment_parent": names.get(row["attachment_parent"])} for row in rows
        ]
        for table in ("tags", "links", "texts", "problems"):
            of = "rowid AS resource, *" if table == "texts" else "*"
            held_rows = (
                {**row, "resource": names[row["resource"]]} for row in connection.execute(f"SELECT {of} FROM {table}")
            )
            found.append(sorted(held_rows, key=str))
        found += connection.execute(
            "SELECT role, address, path, nth, within, ending, at, lines.owner, more FROM lines"
            " JOIN histories ON histories.id = history ORDER BY path, nth, within"
        )
        return found


def fresh(catalog: Catalog, folder: Path) -> list[Any]:
    """What a new index of the same files holds."""
    new = open_catalog(catalog.spaces, folder / "fresh")
    new.update()
    return held(new)
