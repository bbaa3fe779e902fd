from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.forms import Field, fields
from dmart_tui.core.spaces import (
    FOLDER_RENDERING,
    RESOURCE_TYPES,
    compile_schema,
    meta_schema,
    meta_violations,
)

if TYPE_CHECKING:
    from pathlib import Path

META: dict[str, Any] = {
    "uuid": "b3a1f3a4-7d5c-4a9e-9f0e-0123456789ab",
    "shortname": "pear",
    "is_active": True,
    "tags": [],
    "created_at": "2024-01-01T10:00:00.123456",
    "updated_at": 1704103200.5,
    "owner_shortname": "dmart",
}
TICKET = META | {"state": "new", "workflow_shortname": "flow", "is_open": True}
PERMISSION = META | {"subpaths": {"shop": ["/"]}, "resource_types": ["content"], "actions": ["view"]}


def form(resource_type: str, meta: dict[str, Any]) -> dict[tuple[str | int, ...], Field]:
    return {field.path: field for field in fields(meta_schema(resource_type), meta, open=lambda _path: True)}


@pytest.mark.parametrize("resource_type", [*sorted(RESOURCE_TYPES), "unheard_of"])
def test_every_type_has_a_schema_that_compiles(resource_type: str) -> None:
    assert compile_schema(meta_schema(resource_type)).verdict is None
    shown = form(resource_type, {})
    assert shown["shortname",].required and shown["shortname",].read_only
    assert not shown["is_active",].read_only


def test_what_may_not_be_edited_or_shown() -> None:
    shown = form("user", META | {"payload": {"content_type": "json", "body": "x.json", "checksum": "0"}})
    fixed = {".".join(map(str, path)) for path, field in shown.items() if field.read_only}
    assert fixed == {
        "uuid", "shortname", "created_at", "updated_at", "owner_shortname", "last_checksum_history", "last_login",
        "payload.content_type", "payload.client_checksum", "payload.checksum", "payload.body",
    }  # fmt: skip
    assert {path for path, field in shown.items() if field.secret} == {("password",), ("firebase_token",)}


@pytest.mark.parametrize(
    ("resource_type", "path", "kind"),
    [
        ("content", ("displayname",), "translation"),
        ("content", ("tags",), "list"),
        ("content", ("created_at",), "datetime"),
        ("user", ("type",), "choice"),
        ("user", ("force_password_change",), "boolean"),
        ("permission", ("actions",), "choices"),
        ("permission", ("subpaths",), "object"),
        ("space", ("languages",), "choices"),
        ("space", ("ordinal",), "integer"),
        ("comment", ("body",), "long"),
        ("ticket", ("collaborators",), "object"),
        ("notification", ("entry",), "object"),
    ],
)
def test_kinds_of_fields(resource_type: str, path: tuple[str, ...], kind: str) -> None:
    assert form(resource_type, META)[path].kind == kind


def test_lists_of_objects_and_objects_of_lists_take_members() -> None:
    acl = form("content", META | {"acl": [{"user_shortname": "ali", "allowed_actions": ["view"]}]})
    assert [field.kind for field in acl["acl",].adds] == ["object"]
    assert acl["acl", 0, "allowed_actions"].kind == "choices"
    subpaths = form("permission", PERMISSION)
    assert [field.kind for field in subpaths["subpaths",].adds] == ["list"]
    assert [field.kind for field in subpaths["subpaths", "shop"].adds] == ["text"]


def test_a_translation_keeps_the_older_key_of_kurdish() -> None:
    languages = form("content", META | {"displayname": {"kd": "هەرمێ"}})["displayname",].parts
    assert [part.title for part in languages] == ["en", "ar", "kd"]


@pytest.mark.parametrize(
    ("resource_type", "meta"),
    [
        ("content", META),
        ("content", META | {"unknown": [1], "displayname": None, "updated_at": "2024-01-01 10:00:00+03:00"}),
        ("folder", META | {"displayname": {"en": "Pear", "kd": None, "other": 3}}),
        ("ticket", TICKET | {"collaborators": {"processed_by": "ali"}}),
        ("permission", PERMISSION | {"allowed_fields_values": {"is_active": ["a", ["b"]]}}),
    ],
)
def test_what_d_mart_loads(resource_type: str, meta: dict[str, Any]) -> None:
    assert meta_violations(resource_type, meta) == []


@pytest.mark.parametrize(
    ("resource_type", "meta", "where", "says"),
    [
        ("content", META | {"uuid": "b3a1f3a4-7d5c-5a9e-9f0e-0123456789ab"}, "uuid", "no UUID of version 4"),
        ("content", META | {"shortname": "a b"}, "shortname", "1 to 64 letters"),
        ("content", META | {"shortname": "a\n"}, "shortname", "1 to 64 letters"),
        ("content", META | {"slug": "ä"}, "slug", "- and _"),
        ("content", META | {"tags": None}, "tags", "null and should be a list"),
        ("content", META | {"tags": ["a", 1]}, "tags.1", "a number and should be a text"),
        ("content", META | {"created_at": "soon"}, "created_at", "no time"),
        ("content", META | {"displayname": "Pear"}, "displayname", "a text and should be an object"),
        ("content", META | {"payload": {"body": "x"}}, "payload.content_type", "without content_type"),
        ("content", META | {"relationships": [{}]}, "relationships.0.related_to", "without related_to"),
        ("ticket", META | {"state": "new"}, "workflow_shortname", "without workflow_shortname"),
        ("user", META | {"type": "robot"}, "type", "web, mobile, bot"),
        ("permission", PERMISSION | {"actions": ["fly"]}, "actions.0", "no such value"),
        ("permission", PERMISSION | {"subpaths": {"shop": "/"}}, "subpaths.shop", "should be a list"),
        ("permission", PERMISSION | {"allowed_fields_values": {"k": [1]}}, "allowed_fields_values.k.0", "no type"),
        ("content", [], "", "should be an object"),
    ],
)
def test_what_d_mart_would_refuse(resource_type: str, meta: Any, where: str, says: str) -> None:
    [(path, sentence)] = meta_violations(resource_type, meta)
    assert ".".join(map(str, path)) == where
    assert says in sentence


@given(
    st.sampled_from(sorted(RESOURCE_TYPES)),
    st.dictionaries(
        st.sampled_from(sorted({key for name in RESOURCE_TYPES for key in meta_schema(name)["properties"]})),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["related_to", "type", "en", "body"]), inner, max_size=3)
            ),
            max_leaves=6,
        ),
        max_size=6,
    ),
)
def test_any_meta_is_told_about_and_shown(resource_type: str, meta: dict[str, Any]) -> None:
    for path, sentence in meta_violations(resource_type, meta):
        assert path[:1] and sentence
    assert meta.keys() <= {path[0] for path in form(resource_type, meta)}


def metas(root: Path) -> list[tuple[str, str, Any]]:
    found = []
    for file in root.rglob("meta.*.json"):
        try:
            meta = json.loads(file.read_bytes())
        except ValueError:
            continue
        parent = file.parent.name
        name = parent.rpartition(".")[2] if parent.startswith("attachments.") else file.name.split(".")[1]
        found.append((name, str(file.relative_to(root)), meta))
    return found


def test_what_a_real_d_mart_wrote_has_no_violation(real_root: Path) -> None:
    found = metas(real_root)
    assert len(found) > 50
    assert [(file, told) for name, file, meta in found for told in meta_violations(name, meta)] == []


def test_the_demo_has_violations_where_they_were_planted_only(demo_root: Path) -> None:
    found = metas(demo_root)
    refused = {file for name, file, meta in found if meta_violations(name, meta)}
    assert len(found) > 500
    assert {file.split("/", 1)[0] for file in refused} == {"attic", "legacy"}


def test_the_folder_schema_knows_the_keys_of_real_folders(real_root: Path) -> None:
    theirs = json.loads((real_root / "management/schema/folder_rendering.json").read_bytes())
    assert theirs["properties"].keys() <= FOLDER_RENDERING["properties"].keys()
