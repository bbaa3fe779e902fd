"""The row filter of D-MART's searches: what an indexed document says of itself, and what a user may match.

As the flat-file versions do it: all actions of a key count, not only `query`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.spaces.permissions import ALL_SPACES, ALL_SUBPATHS

if TYPE_CHECKING:
    from dmart_tui.core.spaces.model import Entry
    from dmart_tui.core.spaces.permissions import Rights

NOTHING = "__NONE__"
"""The policy D-MART searches for when a user has none: no document has it."""


def query_policies(entry: Entry) -> list[str]:
    """The `query_policies` of an entry's document in Redis."""
    space, active = entry.address.space, str(entry.is_active).lower()
    group = entry.meta.get("owner_group_shortname")
    parts = entry.address.parts if entry.type == "folder" else entry.address.parts[:-1]
    policies: list[str] = []
    for depth in range(len(parts) + 1):
        row = f"{space}:{'/'.join(parts[:depth])}:{entry.type}:{active}"
        policies += [f"{row}:{entry.owner}", f"{row}:{group}" if isinstance(group, str) else row]
        if depth != 1:
            magic = "/".join((*parts[: min(depth, 1)], ALL_SUBPATHS, *parts[2:depth]))
            policies.append(f"{space}:{magic}:{entry.type}:{active}")
    return policies


def user_policies(rights: Rights, space: str, subpath: str) -> list[str]:
    """What a search below `subpath` of `space` lets a user match, `*` standing for anything; `NOTHING` when empty."""
    owners = (*rights.groups, rights.user)
    policies: list[str] = []
    for (place, granted, type_), grant in rights.grants.items():
        if place not in (space, ALL_SPACES):
            continue
        key = f"{space}:{granted.replace(ALL_SUBPATHS, subpath.strip('/'))}:{type_}"
        if {"is_active", "own"} <= grant.conditions:
            policies += [f"{key}:true:{owner}" for owner in owners]
        elif "is_active" in grant.conditions:
            policies.append(f"{key}:true:*")
        elif "own" in grant.conditions:
            policies += [f"{key}:true:{rights.user}|{key}:false:{owner}" for owner in owners]
        else:
            policies.append(f"{key}:*")
    return policies or [NOTHING]
