"""Users with permissions, and entries to look at, in a spaces folder of a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dmart_tui.core.spaces import Permissions, Rights, Spaces

Json = dict[str, Any]
EVERYWHERE: Json = {"__all_spaces__": ["__all_subpaths__"]}


def put_record(root: Path, kind: str, name: str, meta: Any) -> None:
    """The meta of a user, group, role or permission; a text is written as it is."""
    folder = root / f"management/{kind}s/.dm" / name
    folder.mkdir(parents=True, exist_ok=True)
    text = meta if isinstance(meta, str) else json.dumps(meta)
    (folder / f"meta.{kind}.json").write_text(text, encoding="utf-8")


def permission(subpaths: Any, actions: str = "view", types: str = "content", **more: Any) -> Json:
    """The meta of a permission; actions and types are words in one text."""
    return {
        "is_active": True,
        "subpaths": subpaths,
        "resource_types": types.split(),
        "actions": actions.split(),
        "conditions": [],
    } | more


def rights_with(root: Path, *permissions: Json, groups: tuple[str, ...] = (), user: str = "ali") -> Rights:
    """The rights of `user`, who has one role with these permissions."""
    for number, permission in enumerate(permissions):
        put_record(root, "permission", f"p{number}", permission)
    names = [f"p{number}" for number in range(len(permissions))]
    put_record(root, "role", "clerk", {"is_active": True, "permissions": names})
    put_record(root, "user", user, {"is_active": True, "roles": ["clerk"], "groups": list(groups)})
    return Permissions(Spaces(root)).of(user)


def put_entry(root: Path, at: str, type_: str = "content", **meta: Any) -> None:
    """The meta of an entry, folder or space."""
    *folders, name = at.split("/")
    inside = [*folders, name, ".dm"] if type_ in ("folder", "space") else [*folders, ".dm", name]
    folder = root.joinpath(*inside)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"meta.{type_}.json").write_text(json.dumps({"shortname": name, "is_active": True} | meta))
