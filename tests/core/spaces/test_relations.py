"""What entries refer to, in every spelling, and whether it is there."""

# ruff: noqa: E501  (a row of a table stays on one line)
from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.spaces import BadReference, Reference, Spaces, Targets, references


def put(root: Path, path: str, meta: dict[str, Any]) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(meta))


def of(tmp_path: Path, type_: str, meta: dict[str, Any]) -> list[Reference | BadReference]:
    put(tmp_path, "shop/.dm/meta.space.json", {})
    put(tmp_path, f"shop/f/.dm/x/meta.{type_}.json", meta)
    return list(references(Spaces(tmp_path).load(Address("shop", ("f", "x")))))


def related(**locator: Any) -> dict[str, Any]:
    return {"relationships": [{"related_to": locator, "attributes": {"note": 1}}]}


@pytest.mark.parametrize(
    ("locator", "target", "type_"),
    [
        ({"type": "content", "space_name": "shop", "subpath": "a/b", "shortname": "y"}, "shop/a/b/y", "content"),
        ({"resource_type": "ticket", "space_name": "shop", "subpath": "/a/b/", "shortname": "y"}, "shop/a/b/y", "ticket"),
        ({"type": "folder", "space_name": "shop", "subpath": "/", "shortname": "a"}, "shop/a", "folder"),
        ({"subpath": "a", "shortname": "y"}, "shop/a/y", ""),
        ({"type": "space", "space_name": "other", "subpath": "/", "shortname": "other"}, "other", "space"),
        ({"type": "media", "space_name": "shop", "subpath": "a/y", "shortname": "pic.1"}, "shop/a/y#media/pic.1", "media"),
    ],
)  # fmt: skip
def test_relationships_in_every_spelling(tmp_path: Path, locator: Any, target: str, type_: str) -> None:
    assert of(tmp_path, "content", related(**locator)) == [
        Reference("relationship", Address.parse(target), type_, {"note": 1})
    ]


@pytest.mark.parametrize(
    "relationship",
    [7, {}, {"related_to": None}, {"related_to": {"subpath": "a"}}, {"related_to": {"subpath": "../..", "shortname": "x"}},
     {"related_to": {"space_name": "a/b", "shortname": "x"}}, {"related_to": {"shortname": "a\0b"}}],
)  # fmt: skip
def test_relationships_that_name_nothing(tmp_path: Path, relationship: Any) -> None:
    (found,) = of(tmp_path, "content", {"relationships": [relationship]})
    assert isinstance(found, BadReference)


@pytest.mark.parametrize(
    ("type_", "meta", "found"),
    [
        ("content", {"owner_shortname": "ann"}, [("owner", "management/users/ann")]),
        ("content", {"owner_group_shortname": "g"}, [("owner-group", "management/groups/g")]),
        ("content", {"acl": [{"user_shortname": "bob"}, 3]}, [("acl-user", "management/users/bob")]),
        ("content", {"payload": {"content_type": "json", "schema_shortname": "s", "body": {}}}, [("schema", "shop/schema/s")]),
        ("user", {"roles": ["r", 1], "groups": ["g"]}, [("role", "management/roles/r"), ("group", "management/groups/g")]),
        ("group", {"roles": ["r"], "groups": ["no"]}, [("role", "management/roles/r")]),
        ("role", {"permissions": ["p"]}, [("permission", "management/permissions/p")]),
        ("permission", {"subpaths": {"__all_spaces__": [], "shop": []}}, [("space", "shop")]),
        ("ticket", {"workflow_shortname": "w", "collaborators": {"a": "ann", "b": "ann"}},
         [("workflow", "shop/workflows/w"), ("collaborator", "management/users/ann")]),
        ("notification", {"entry": {"space_name": "s", "subpath": "/a", "shortname": "n", "type": "ticket"}}, [("subject", "s/a/n")]),
    ],
)  # fmt: skip
def test_what_each_type_refers_to(tmp_path: Path, type_: str, meta: Any, found: Any) -> None:
    got = of(tmp_path, type_, meta)
    assert [(one.role, str(one.target)) for one in got if isinstance(one, Reference)] == found
    assert len(got) == len(found)


def test_a_relationship_attachment_of_the_first_version(tmp_path: Path) -> None:
    put(tmp_path, "shop/.dm/meta.space.json", {})
    put(tmp_path, "shop/.dm/x/meta.content.json", {})
    meta = {"related_to": {"type": "content", "space_name": "shop", "subpath": "/", "shortname": "y"}, "attributes": {}}
    put(tmp_path, "shop/.dm/x/attachments.relationship/meta.r.json", meta)
    spaces = Spaces(tmp_path)
    (attachment,) = spaces.attachments(spaces.load(Address("shop", ("x",))))
    assert list(references(attachment)) == [Reference("relationship", Address("shop", ("y",)), "content", {})]


def reference(address: str, type_: str = "") -> Reference:
    return Reference("relationship", Address.parse(address), type_)


def test_what_stands_at_a_target(tmp_path: Path) -> None:
    put(tmp_path, "shop/.dm/meta.space.json", {})
    put(tmp_path, "shop/a/.dm/meta.folder.json", {})
    put(tmp_path, "shop/a/.dm/y/meta.content.json", {})
    put(tmp_path, "shop/a/.dm/y/meta.ticket.json", {})
    put(tmp_path, "shop/a/.dm/y/attachments.schema.json/meta.j.json", {})
    put(tmp_path, "shop/a/.dm/gone/history.jsonl", {})
    put(tmp_path, f"shop/a/.dm/{normalize('NFD', 'آلات')}/meta.content.json", {})
    targets = Targets(Spaces(tmp_path))
    expected = {
        ("shop", "space"): "space",
        ("shop/a", "folder"): "folder",
        ("shop/a", "content"): "folder",
        ("shop/a/y", "ticket"): "ticket",
        ("shop/a/y", "post"): "content",
        ("shop/a/y", ""): "content",
        ("shop/a/y#json/j", "json"): "json",
        ("shop/a/y#media/j", "media"): None,
        ("shop/a/gone", ""): None,
        ("shop/a/none", ""): None,
        ("none", "space"): None,
        (f"shop/a/{normalize('NFC', 'آلات')}", "content"): "content",
    }
    assert {key: targets.type_of(reference(*key)) for key in expected} == expected


def test_targets_outside_the_root_are_not_there(tmp_path: Path) -> None:
    put(tmp_path, "out/.dm/x/meta.content.json", {})
    put(tmp_path, "root/shop/.dm/meta.space.json", {})
    (tmp_path / "root/shop/link").symlink_to(tmp_path / "out")
    assert Targets(Spaces(tmp_path / "root")).type_of(reference("shop/link/x", "content")) is None
