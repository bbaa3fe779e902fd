"""A small root that shows each rule of what D-MART indexes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dmart_tui.core.redisearch import Build

if TYPE_CHECKING:
    from pathlib import Path

    from dmart_tui.core.redisearch import Server
    from dmart_tui.core.spaces import Spaces


def build(server: Server, spaces: Spaces, **options: Any) -> Build:
    """Build and be done."""
    made = Build(server, spaces, **options)
    for _ in made.run():
        pass
    return made


def put(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def meta(name: str, **more: Any) -> dict[str, Any]:
    return {
        "uuid": "11111111-1111-4111-8111-111111111111",
        "shortname": name,
        "is_active": True,
        "tags": [],
        "created_at": "2024-01-01T10:00:00.500000",
        "updated_at": "2024-02-01T10:00:00",
        "owner_shortname": "ali",
        **more,
    }


def payload(body: str, schema: str | None = None) -> dict[str, Any]:
    return {"content_type": "json", "body": body, **({"schema_shortname": schema} if schema else {})}


SCHEMA = {
    "type": "object",
    "required": ["title"],
    "properties": {
        "title": {"type": "string"},
        "price": {"type": "number"},
        "in_stock": {"type": "boolean"},
        "words": {"type": "array", "items": {"type": "string"}},
        "parts": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "place": {"$ref": "#/definitions/place"},
        "either": {"type": ["string", "null"]},
        "odd-key": {"type": "string"},
    },
    "definitions": {"place": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def write_root(root: Path) -> None:
    """`blog` is indexed and has a folder `posts`; `quiet` is not indexed."""
    blog = root / "blog"
    put(blog / ".dm/meta.space.json", meta("blog", indexing_enabled=True))
    put(root / "quiet/.dm/meta.space.json", meta("quiet"))
    put(root / "quiet/notes/.dm/meta.folder.json", meta("notes"))
    put(blog / "schema/.dm/meta.folder.json", meta("schema"))
    put(blog / "schema/.dm/item/meta.schema.json", meta("item", payload=payload("item.json")))
    put(blog / "schema/item.json", SCHEMA)
    put(blog / ".dm/loose/meta.content.json", meta("loose"))
    posts = blog / "posts"
    put(posts / ".dm/meta.folder.json", meta("posts", displayname={"en": "Posts", "ar": "مقالات"}))
    put(
        posts / ".dm/tea/meta.content.json",
        meta(
            "tea",
            displayname={"en": "Tea running low", "ku": "چا"},
            tags=["a-b", "green tea"],
            payload=payload("tea.json", "item"),
            acl=[
                {"user_shortname": "sara", "allowed_actions": ["view"]},
                {"user_shortname": "omar", "allowed_actions": ["delete"]},
            ],
            slug=None,
        ),
    )
    put(
        posts / "tea.json",
        {
            "title": "Tea",
            "price": 3.5,
            "in_stock": True,
            "words": ["hot", "Tea"],
            "parts": [{"name": "leaf"}],
            "place": {"city": "Erbil"},
            "owner_shortname": "not me",
        },
    )
    put(
        posts / ".dm/tea/attachments.comment/meta.c1.json",
        meta("c1", body="lovely", owner_shortname="sara"),
    )
    put(posts / ".dm/coffee/meta.content.json", meta("coffee", payload=payload("coffee.json", "item"), is_active=False))
    put(posts / "coffee.json", {"price": 4})  # it breaks the schema
    put(posts / ".dm/case/meta.ticket.json", meta("case", state="new", is_open=True, workflow_shortname="flow"))
    put(posts / ".dm/said/meta.log.json", meta("said"))
    put(posts / "deep/.dm/meta.folder.json", meta("deep"))
    put(posts / "deep/.dm/leaf/meta.content.json", meta("leaf", owner_shortname="omar", tags=["green tea"]))
