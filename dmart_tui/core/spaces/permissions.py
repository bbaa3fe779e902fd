"""Who may do what, by D-MART's own rules, read from the users, groups, roles and permissions of `management`.

The rules are those of the last flat-file versions (1.1.14 to 1.4), where later ones differ as follows. The role
`logged_in` counts for `anonymous` too (from 2025 on for others only); a permission called `world` is not given to
everyone (from 2025 on it is); `filter_fields_values` is not looked at. Restricted fields and allowed values are taken
as the newest of these versions do: a restricted field forbids the fields below it, and any list of allowed values will
do for a list. Two habits of D-MART's are kept because they decide what people see: permissions with the same key
unite their conditions, which makes both stricter, and a space is seen by whoever has a key of a space whose name
begins with its name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias, cast

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError, NotFound
from dmart_tui.core.spaces.layout import MANAGEMENT, same_name
from dmart_tui.core.spaces.model import Entry, Item, Kind
from dmart_tui.core.spaces.reading import FOLDER, Spaces
from dmart_tui.core.spaces.versions import flatten

ALL_SPACES: Final = "__all_spaces__"
ALL_SUBPATHS: Final = "__all_subpaths__"
CURRENT_USER: Final = "__current_user__"
ROOT: Final = "/"
ANONYMOUS: Final = "anonymous"
WORLD: Final = "world"
LOGGED_IN: Final = "logged_in"
ACTIONS: Final = (
    "query", "view", "update", "create", "delete", "attach", "assign", "move", "progress_ticket", "lock", "unlock",
)  # fmt: skip

_UNCONDITIONAL: Final = frozenset({"create", "query"})
_WITH_FIELDS: Final = frozenset({"create", "update"})
_READING: Final = frozenset({"query", "view"})

Key: TypeAlias = tuple[str, str, str]
"""(space, subpath, resource type), with the magic words for spaces and subpaths as they stand in permissions."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one key gives a user, united over all permissions that have it; or what an entry's own list gives."""

    key: Key
    permissions: tuple[str, ...]
    """Empty for an entry's own access list."""
    roles: tuple[str, ...]
    """The roles that hold those permissions."""
    actions: frozenset[str]
    conditions: frozenset[str] = frozenset()
    restricted_fields: tuple[str, ...] = ()
    """Of the last permission with this key, as are the allowed values."""
    allowed_values: Mapping[str, list[Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.permissions:
            return "the entry's own access list"
        return f"{', '.join(self.permissions)} at {':'.join(self.key)}, by {', '.join(self.roles)}"


@dataclass(frozen=True)
class Rights:
    """What one user may do; nothing is read to answer."""

    user: str
    roles: tuple[str, ...] = ()
    """The active ones: the user's own, `logged_in`, then those of the groups."""
    groups: tuple[str, ...] = ()
    """As the user's file names them; a group that is not active gives no roles but still owns."""
    is_active: bool = True
    grants: Mapping[Key, Grant] = field(default_factory=dict, repr=False)
    given_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The groups that give a role."""

    def why_not(
        self,
        action: str,
        address: Address,
        type: str,  # noqa: A002 - what D-MART calls it
        *,
        is_active: bool = True,
        owner: str = "",
        owner_group: str = "",
        acl: Any = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> str | None:
        """Which rule forbids an action, in a sentence without a final stop; None when it is allowed.

        Args:
            action: one of `ACTIONS`.
            address: of the entry, folder, attachment or space; for `create` the one to be.
            type: its resource type.
            is_active, owner, owner_group, acl: as its meta has them.
            attributes: what `create` or `update` sets, nested as in a request.
        """
        found = self._decide(action, address, type, is_active, owner, owner_group, acl, attributes)
        return found if isinstance(found, str) else None

    def allows(self, action: str, address: Address, type: str, **about: Any) -> bool:  # noqa: A002
        """Whether an action is allowed; takes what `why_not` takes."""
        return self.why_not(action, address, type, **about) is None

    def grant(
        self,
        action: str,
        address: Address,
        type: str,  # noqa: A002
        *,
        is_active: bool = True,
        owner: str = "",
        owner_group: str = "",
        acl: Any = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Grant | None:
        """What allows an action; None when nothing does. Takes what `why_not` takes."""
        found = self._decide(action, address, type, is_active, owner, owner_group, acl, attributes)
        return None if isinstance(found, str) else found

    def rulings(self, item: Item) -> list[tuple[str, Grant | str]]:
        """Each action on what stands there, with what allows it or the sentence why nothing does."""
        known = about(item)
        return [
            (action, self.grant(action, item.address, item.type, **known)
             or cast("str", self.why_not(action, item.address, item.type, **known)))
            for action in ACTIONS
        ]  # fmt: skip

    def sees(self, entry: Entry) -> bool:
        """Whether D-MART lists or finds an entry for this user: entries need `view`, folders `query`.

        What has no meta is listed for nobody.
        """
        if not entry.metas:
            return False
        if not entry.address.parts:
            return self.sees_space(entry.address.space)
        action = "query" if entry.type == "folder" else "view"
        listed = _READING & _listed(entry.meta.get("acl"), self.user)
        return (self.is_active and bool(listed)) or self.allows(action, entry.address, entry.type, **about(entry))

    def shows(self, entry: Entry) -> bool:
        """Whether a tree shows an entry to this user: they see it, or something below it."""
        return self.sees(entry) or (entry.kind is not Kind.ENTRY and self.reaches(entry.address))

    def sees_space(self, space: str) -> bool:
        """Whether a space is listed: the user has any key for it, for all spaces, or for one whose name begins so."""
        return self._space_grant(space) is not None

    def reaches(self, folder: Address) -> bool:
        """Whether something at or below a folder may be visible, so that a tree must keep the way to it."""
        for (space, subpath, _type), grant in self.grants.items():
            if space in (ALL_SPACES, folder.space) and grant.actions & _READING:
                wanted = () if subpath == ROOT else subpath.split("/")
                if all(one in (name, ALL_SUBPATHS) for one, name in zip(wanted, _plain(folder.parts), strict=False)):
                    return True
        return False

    def _decide(
        self,
        action: str,
        address: Address,
        type_: str,
        is_active: bool,
        owner: str,
        owner_group: str,
        acl: Any,
        attributes: Mapping[str, Any] | None,
    ) -> Grant | str:
        if not self.is_active:
            return f"{self.user} is not active and cannot log in"
        space, parts = address.space, _plain(address.parts)
        if type_ == "space":
            if action in _READING:
                return self._space_grant(space) or f"{self.user} has no permission in the space {space}"
            # D-MART asks for a right in all spaces, and does not look at whose the space is.
            space, parts, is_active, owner, owner_group = ALL_SPACES, (), False, "", ""
        elif type_ != "folder" and address.attachment is None:
            parts = parts[:-1]
        met = {"is_active"} if is_active else set()
        if (owner and owner == self.user) or (owner_group and owner_group in self.groups):
            met.add("own")
        fields = dict(flatten(dict(attributes or {}))) if action in _WITH_FIELDS else {}
        where = "/".join((address.space, *parts))
        refusal = f"no permission lets {self.user} {action} what is a {type_} at {where}"
        for grant in self._on_the_way(space, parts, type_):
            if action in grant.actions:
                missing = grant.conditions - met if action not in _UNCONDITIONAL else frozenset()
                reason = _unmet(missing) or _forbidden(grant, fields)
                if not reason:
                    return grant
                refusal = f"{', '.join(grant.permissions)} at {':'.join(grant.key)} {reason}"
        if type_ != "space" and action in (listed := _listed(acl, self.user)):
            return Grant((address.space, "/".join(parts) or ROOT, type_), (), (), listed)
        return refusal

    def _on_the_way(self, space: str, parts: tuple[str, ...], type_: str) -> Iterator[Grant]:
        """What is granted at the root and at each folder on the way, in the order in which D-MART tries it."""
        for depth in range(len(parts) + 1):
            subpath = "/".join(parts[:depth]) or ROOT
            magic = "/".join((*parts[: depth - 2], ALL_SUBPATHS, parts[depth - 1])) if depth > 1 else ALL_SUBPATHS
            for key in ((ALL_SPACES, subpath, type_), (space, magic, type_), (ALL_SPACES, magic, type_)):
                if key in self.grants:
                    yield self.grants[key]
                    break
            if (space, subpath, type_) in self.grants:
                yield self.grants[space, subpath, type_]

    def _space_grant(self, space: str) -> Grant | None:
        return next((grant for key, grant in self.grants.items() if key[0].startswith((space, ALL_SPACES))), None)


def about(item: Item) -> dict[str, Any]:
    """What `Rights` asks of the meta of something that stands there: active, owner, owner group, own access list."""
    group = item.meta.get("owner_group_shortname")
    return {
        "is_active": item.is_active,
        "owner": item.owner,
        "owner_group": group if isinstance(group, str) else "",
        "acl": item.meta.get("acl"),
    }


class Permissions:
    """The permission model of a spaces folder. Reads a file when it is first asked about and keeps what it said.

    What is broken or misshapen grants nothing and is told in `problems`.
    """

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces
        self._metas: dict[tuple[str, str], dict[str, Any] | None] = {}
        self._rights: dict[str, Rights] = {}
        self.problems: dict[str, str] = {}
        """By address: what is wrong with a file that was read."""

    def forget(self) -> None:
        """Read everything again when next asked: files of the management space changed."""
        self._metas.clear()
        self._rights.clear()
        self.problems.clear()

    def users(self) -> Iterator[str]:
        """The names of users in the order the disk gives; opens nothing but where a folder has a user's name."""
        try:
            for name, flags in self._spaces.scan(Address(MANAGEMENT, ("users",))):
                if not flags & FOLDER or self._meta("user", name) is not None:
                    yield name
        except NotFound:
            return

    def of(self, user: str) -> Rights:
        """What a user may do.

        Raises:
            NotFound: there is no such user; `anonymous` is always there, with the role `world` unless a file says else.

        Costs some ten system calls a role, group and permission that no user was asked about before.
        """
        if user not in self._rights:
            self._rights[user] = self._make(user)
        return self._rights[user]

    def _make(self, user: str) -> Rights:
        own = self._meta("user", user)
        if own is None:
            if user != ANONYMOUS:
                raise NotFound(f"there is no user {user}", address=f"{MANAGEMENT}/users/{user}")
            own = {"is_active": True, "roles": [WORLD]}
        groups = _texts(own.get("groups")) or ()
        names = [*(_texts(own.get("roles")) or ()), LOGGED_IN]
        given_by: dict[str, tuple[str, ...]] = {}
        for group in groups:
            for role in _texts((self._active("group", group) or {}).get("roles")) or ():
                names.append(role)
                given_by[role] = (*given_by.get(role, ()), group)
        roles = {name: meta for name in dict.fromkeys(names) if (meta := self._active("role", name)) is not None}
        grants: dict[Key, Grant] = {}
        for role, content in roles.items():
            for name in _texts(content.get("permissions")) or ():
                if permission := self._active("permission", name):
                    self._unite(grants, permission, name, role, user)
        is_active = own.get("is_active") is True
        return Rights(user, tuple(roles), groups, is_active, grants if is_active else {}, given_by)

    def _unite(self, grants: dict[Key, Grant], permission: dict[str, Any], name: str, role: str, user: str) -> None:
        read = _read_permission(permission)
        if isinstance(read, str):
            self._note("permission", name, f"{read}; it grants nothing")
            return
        places, types, template = read
        for space, subpath in places:
            for type_ in types:
                key = (space, _resolved(subpath, user), type_)
                old = grants.get(key, template)
                grants[key] = replace(
                    template,
                    key=key,
                    permissions=tuple(dict.fromkeys((*old.permissions, name))),
                    roles=tuple(dict.fromkeys((*old.roles, role))),
                    actions=template.actions | old.actions,
                    conditions=template.conditions | old.conditions,
                )

    def _active(self, kind: str, name: str) -> dict[str, Any] | None:
        meta = self._meta(kind, name)
        return meta if meta is not None and meta.get("is_active") is True else None

    def _meta(self, kind: str, name: str) -> dict[str, Any] | None:
        """The meta of a user, group, role or permission; None when there is none, empty when it cannot be read."""
        if (kind, name) not in self._metas:
            self._metas[kind, name] = self._load(kind, name)
        return self._metas[kind, name]

    def _load(self, kind: str, name: str) -> dict[str, Any] | None:
        try:  # the suffix asks for the meta of that type, whatever else has the name
            entry = self._spaces.load(Address(MANAGEMENT, (f"{kind}s", f"{name}.{kind}")))
        except NotFound:
            return None
        except DmartTuiError as error:
            self._note(kind, name, error.message)
            return None
        if entry.type != kind or not same_name(entry.address.name, name):
            return None
        if not entry.meta:
            self._note(kind, name, entry.problems[0].detail if entry.problems else "its meta is empty")
        return entry.meta

    def _note(self, kind: str, name: str, problem: str) -> None:
        self.problems[f"{MANAGEMENT}/{kind}s/{name}"] = problem


def _read_permission(meta: dict[str, Any]) -> tuple[list[tuple[str, str]], tuple[str, ...], Grant] | str:
    """((space, subpath) each, resource types, what is granted there); a sentence when a part has a shape that is none.

    A misshapen part must not be passed over: without its conditions a permission would grant more.
    """
    subpaths = meta.get("subpaths")
    if not isinstance(subpaths, dict):
        return "its subpaths are no object of spaces"
    places: list[tuple[str, str]] = []
    for space, listed in subpaths.items():
        inside = _texts(listed)
        if inside is None:
            return f"its subpaths of {space} are no list of texts"
        places += [(space, subpath) for subpath in inside]
    parts = {}
    for part in ("resource_types", "actions", "conditions", "restricted_fields"):
        texts = _texts(meta.get(part))
        if texts is None:
            return f"its {part} are no list of texts"
        parts[part] = texts
    values = meta.get("allowed_fields_values")
    if values is None:
        values = {}
    if not isinstance(values, dict) or not all(isinstance(allowed, list) for allowed in values.values()):
        return "its allowed_fields_values are no object of lists"
    grant = Grant(
        ("", "", ""),
        (),
        (),
        frozenset(parts["actions"]),
        frozenset(parts["conditions"]),
        parts["restricted_fields"],
        values,
    )
    return places, parts["resource_types"], grant


def _texts(value: Any) -> tuple[str, ...] | None:
    """A list of texts; empty for nothing, None for any other shape."""
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    return None


def _resolved(subpath: str, user: str) -> str:
    """A permission's subpath as D-MART keeps it: the user's name in place, one slash away at either end."""
    subpath = subpath.replace(CURRENT_USER, user).replace("//", "/")
    subpath = subpath.removeprefix("/").removesuffix("/")
    return unicodedata.normalize("NFC", subpath) or ROOT


def _plain(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Names as permissions spell them, whatever normal form the disk has."""
    return parts if all(map(str.isascii, parts)) else tuple(unicodedata.normalize("NFC", part) for part in parts)


def _listed(acl: Any, user: str) -> frozenset[str]:
    """The actions an entry's own list gives a user: the first place with the name counts."""
    for one in acl if isinstance(acl, list) else ():
        if isinstance(one, dict) and one.get("user_shortname") == user:
            return frozenset(_texts(one.get("allowed_actions")) or ())
    return frozenset()


def _unmet(conditions: frozenset[str]) -> str:
    words = {"own": "one's own", "is_active": "active"}
    return (
        f"is only for what is {' and '.join(words.get(one, one) for one in sorted(conditions))}" if conditions else ""
    )


def _forbidden(grant: Grant, fields: Mapping[str, Any]) -> str:
    for restricted in grant.restricted_fields:
        for key in fields:
            if key == restricted or key.startswith(f"{restricted}."):
                return f"does not let {key} be set"
    for key, allowed in grant.allowed_values.items():
        if key in fields and not _allowed(fields[key], allowed):
            return f"does not allow this value of {key}"
    return ""


def _allowed(value: Any, allowed: list[Any]) -> bool:
    """One value must be in the list; a list must be within one of the lists, and where there are none it may be any."""
    if not isinstance(value, list):
        return value in allowed
    if not allowed:  # D-MART fails here
        return False
    if not isinstance(allowed[0], list):
        return True
    return any(all(one in within for one in value) for within in allowed if isinstance(within, list))
