"""A small spaces folder to change, and what is on disk after it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.spaces import ACTIONS, RESOURCE_TYPES, Spaces
from dmart_tui.core.writing import Store
from tests.support.rights import EVERYWHERE, permission, put_record

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, 30, 0, 5)


def put(path: Path, document: object) -> None:
    """Write a file, JSON unless it is bytes, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())


def meta(shortname: str, **others: Any) -> dict[str, Any]:
    """The least of a meta that D-MART loads."""
    return {
        "uuid": "0b2d5e7e-7a57-4d6c-9d0b-5d7a4a1f0c11",
        "shortname": shortname,
        "is_active": True,
        "tags": [],
        "created_at": "2024-01-02T03:04:05.000006",
        "updated_at": "2024-02-03T04:05:06.000007",
        "owner_shortname": "dmart",
    } | others


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a log; none when it is not there."""
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def loaded(path: Path) -> Any:
    """The JSON in a file."""
    return json.loads(path.read_bytes())


class Clock:
    """A clock that goes on by a second each time it is looked at."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A management space whose users may do everything, and a blog with a folder of posts: JSON and texts."""
    top = tmp_path / "my spaces"
    put(top / "management/.dm/meta.space.json", meta("management"))
    put(top / "management/users/.dm/meta.folder.json", meta("users"))
    put(top / "management/users/.dm/dmart/meta.user.json", meta("dmart", password="$2b$12$" + "x" * 53, roles=[]))
    put(top / "management/users/.dm/ann/meta.user.json", meta("ann", roles=[]))
    put_record(top, "role", "logged_in", {"is_active": True, "permissions": ["everything"]})
    put_record(top, "permission", "everything", permission(EVERYWHERE, " ".join(ACTIONS), " ".join(RESOURCE_TYPES)))
    put(top / "blog/.dm/meta.space.json", meta("blog", active_plugins=["action_log"]))
    put(top / "blog/posts/.dm/meta.folder.json", meta("posts"))
    put(
        top / "blog/schema/.dm/post/meta.schema.json",
        meta("post", payload={"content_type": "json", "schema_shortname": "meta_schema", "body": "post.json"}),
    )
    put(top / "blog/schema/post.json", {"properties": {"title": {"type": "string"}, "views": {"type": "integer"}}})
    put(
        top / "blog/posts/.dm/hello/meta.content.json",
        meta("hello", payload={"content_type": "json", "schema_shortname": "post", "body": "hello.json"}),
    )
    put(top / "blog/posts/hello.json", {"title": "Hello", "views": 3, "token": "sesame"})
    put(
        top / "blog/posts/.dm/note/meta.content.json",
        meta("note", payload={"content_type": "markdown", "body": "# Inline"}),
    )
    put(
        top / "blog/posts/.dm/page/meta.content.json",
        meta("page", payload={"content_type": "html", "body": "page.html", "checksum": "0" * 64}),
    )
    put(top / "blog/posts/page.html", b"<p>\r\nHello</p>\r\n")
    put(
        top / "blog/posts/.dm/hello/attachments.comment/meta.first.json",
        meta("first", payload={"content_type": "comment", "body": {"body": "well said", "state": "on"}}),
    )
    return top


@pytest.fixture
def store(root: Path) -> Store:
    """The folder opened by Ann."""
    return Store(Spaces(root), user="ann", now=Clock())


HELLO = Address("blog", ("posts", "hello"))
