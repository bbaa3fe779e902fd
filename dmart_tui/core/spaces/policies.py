"""The row filter of D-MART's searches: what an indexed document says of itself, and what a user may match.

As the flat-file versions do it: all actions of a key count, not only `query`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.spaces.permissions import ALL_SPACES, ALL_SUBPATHS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dmart_tui.core.spaces.model import Entry
    from dmart_tui.core.spaces.permissions import Rights

NOTHING = "__NONE__"
"""The policy D-MART searches for when a user has none: no document has it."""


def query_policies(entry: Entry) -> list[str]:
    """The `query_policies` of an entry's document in Redis."""
    group = entry.meta.get("owner_group_shortname")
    parts = entry.address.parts if entry.type == "folder" else entry.address.parts[:-1]
    return policies_of(
        entry.address.space, parts, entry.type, entry.is_active, entry.owner, group if isinstance(group, str) else None
    )


def policies_of(
    space: str, parts: tuple[str, ...], type_: str, is_active: bool, owner: str, group: str | None
) -> list[str]:
    """As `query_policies`, of what an index knows; `parts` are the folders above, for a folder with itself."""
    active = str(is_active).lower()
    policies: list[str] = []
    for depth in range(len(parts) + 1):
        row = f"{space}:{'/'.join(parts[:depth])}:{type_}:{active}"
        policies += [f"{row}:{owner}", row if group is None else f"{row}:{group}"]
        if depth != 1:
            magic = "/".join((*parts[: min(depth, 1)], ALL_SUBPATHS, *parts[2:depth]))
            policies.append(f"{space}:{magic}:{type_}:{active}")
    return policies


def matches(wanted: Iterable[str], policies: Iterable[str]) -> bool:
    """Whether a document with these policies is found by a user with those, as RediSearch compares tags."""
    found = [policy.lower() for policy in policies]
    for one in "|".join(wanted).lower().split("|"):
        if one.endswith("*"):
            if any(policy.startswith(one[:-1]) for policy in found):
                return True
        elif one in found:
            return True
    return False


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
