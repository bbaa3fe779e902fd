"""What an entry refers to, and whether it is there."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core import disk
from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.errors import DmartTuiError, UsageFault
from dmart_tui.core.files import inside
from dmart_tui.core.spaces import layout
from dmart_tui.core.spaces.layout import MANAGEMENT
from dmart_tui.core.spaces.model import Attachment, Item, Kind, Payload

if TYPE_CHECKING:
    from dmart_tui.core.spaces.reading import Spaces

Path = tuple[str | int, ...]
Role = Literal[
    "relationship", "schema", "workflow", "owner", "owner-group", "role", "group", "permission", "collaborator",
    "acl-user", "subject", "author", "space", "personal", "folder-schema", "folder-workflow",
]  # fmt: skip
"""What a reference is for.

`subject` is what a notification tells of, `space` one that a permission opens, `personal` the user of a personal
folder; `folder-schema` and `folder-workflow` are those that a folder's rules name for what is in it.
"""

ATTACHED: Final = frozenset(
    (
        "comment", "reaction", "reply", "share", "media", "json", "lock", "alteration", "csv", "jsonl", "parquet",
        "sqlite", "duckdb", "data_asset", "relationship",
    )
)  # fmt: skip
"""Resource types that hang on an entry; a locator of one names its owner as the last part of its subpath."""
EVERY_SPACE: Final = "__all_spaces__"
_SCHEMAS: Final = ("schema", "folder-schema")
_PEOPLE: Final = ("personal", ("people",))
_CACHED: Final = 50_000


@dataclass(frozen=True, slots=True)
class Reference:
    """One thing that an entry names."""

    role: Role
    target: Address
    type: str
    """Resource type that the target should have; empty when it is not said."""
    attributes: Any = None
    """Of a relationship: what it says about itself."""


@dataclass(frozen=True, slots=True)
class BadReference:
    """A relationship, locator or list that names nothing."""

    role: Role
    detail: str


def relationship_values(item: Item) -> list[Any]:
    """The relationships of an item as they stand in its meta; a relationship attachment of v1.0 is one itself."""
    return [value for _, value in _relationships(item)]


def _relationships(item: Item) -> Iterator[tuple[Path, Any]]:
    for number, value in enumerate(_listed(item.meta.get("relationships"))):
        yield ("relationships", number), value
    if isinstance(item, Attachment) and item.type == "relationship":
        yield (), item.meta


def references(item: Item) -> Iterator[Reference | BadReference]:
    """Everything that an entry or attachment refers to, from its meta alone; nothing is looked up."""
    return (reference for _, reference in placed_references(item))


def placed_references(item: Item) -> Iterator[tuple[Path, Reference | BadReference]]:
    """As `references`, each with where it stands in the meta: the path of a locator, or of a name."""
    meta = item.meta
    space = item.address.space
    for path, value in _relationships(item):
        yield (*path, "related_to"), _related(value, space)
    if item.payload is not None and item.payload.schema:
        yield from _schema(item.payload, space)
    yield from _named(meta, "owner_shortname", "owner", "user")
    yield from _named(meta, "owner_group_shortname", "owner-group", "group")
    if meta.get("acl"):
        for number, grant in enumerate(_listed(meta["acl"])):
            for path, reference in _named(grant, "user_shortname", "acl-user", "user"):
                yield ("acl", number, *path), reference
    if meta.get("author_locator"):
        yield ("author_locator",), _located("author", meta["author_locator"], space, "user")
    match item.type:
        case "user" | "group":
            yield from _many(meta, "roles", "role", "role")
            if item.type == "user":
                yield from _many(meta, "groups", "group", "group")
        case "role":
            yield from _many(meta, "permissions", "permission", "permission")
        case "permission":
            if isinstance(subpaths := meta.get("subpaths"), dict):
                for name in subpaths:
                    if name != EVERY_SPACE:
                        yield ("subpaths", name), _at("space", name, (), "space")
        case "ticket":
            if name := _text(meta.get("workflow_shortname")):
                yield ("workflow_shortname",), _at("workflow", space, ("workflows", name), "content")
            if isinstance(collaborators := meta.get("collaborators"), dict):
                known = set()
                for key, name in collaborators.items():
                    if _text(name) and name not in known:
                        known.add(name)
                        yield ("collaborators", key), _at("collaborator", MANAGEMENT, ("users", name), "user")
        case "notification":
            if meta.get("entry"):
                yield ("entry",), _located("subject", meta["entry"], space, "")
        case _:
            pass


def implied_references(item: Item, rules: Any = None) -> Iterator[Reference]:
    """What else an entry is tied to: the user whose personal folder it is, and what a folder's rules name.

    Args:
        rules: the payload of a folder, decoded.
    """
    if item.kind is Kind.FOLDER:
        found = _of_folder(item.address, rules if isinstance(rules, dict) else {})
        yield from (one for one in found if isinstance(one, Reference))


def _of_folder(address: Address, rules: dict[str, Any]) -> Iterator[Reference | BadReference]:
    if (address.space, address.parts[:-1]) == _PEOPLE:
        yield _by_name("personal", MANAGEMENT, ("users", address.name), "user")
    for name in filter(None, map(_text, _listed(rules.get("content_schema_shortnames")))):
        yield _by_name("folder-schema", address.space, ("schema", name), "schema")
    for name in filter(None, map(_text, _listed(rules.get("workflow_shortnames")))):
        yield _by_name("folder-workflow", address.space, ("workflows", name), "content")


class Targets:
    """Looks up whether things exist, in one to three stats; remembers 50,000 answers of about 200 bytes each."""

    def __init__(self, spaces: Spaces) -> None:
        self._root = spaces.root
        self._known: OrderedDict[tuple[Address, str], str | None] = OrderedDict()

    def has_management(self) -> bool:
        """Whether the root holds the space of users, roles, groups and permissions."""
        return disk.isdir(f"{self._root}/{MANAGEMENT}/{META_FOLDER}")

    def type_of(self, reference: Reference) -> str | None:
        """The resource type of what stands at the target, the one that is wanted where several share the name.

        None when nothing is there. A schema or workflow counts by its document, as in D-MART.
        """
        key = (reference.target, reference.type)
        if key in self._known:
            return self._known[key]
        try:
            found = self._find(reference)
        except (DmartTuiError, OSError, ValueError):  # hostile names: too long, no path at all
            found = None
        self._known[key] = found
        if len(self._known) > _CACHED:
            self._known.popitem(last=False)
        return found

    def _find(self, reference: Reference) -> str | None:
        target = reference.target
        if reference.role in _SCHEMAS:
            files = layout.schema_files(self._root, target.space, target.name)
            return "schema" if any(map(disk.isfile, files)) else None
        if reference.role in ("workflow", "folder-workflow"):
            file = layout.workflow_file(self._root, target.space, target.name)
            return "content" if file and disk.isfile(file) else None
        for spelled in _spellings(target):
            try:
                if found := self._stands(spelled, reference.type):
                    return found
            except OSError:
                continue
        return None

    def _stands(self, target: Address, wanted: str) -> str | None:
        place = layout.place(self._root, target)
        if not inside(self._root, os.path.realpath(place.parent)):
            return None
        if target.attachment is not None:
            return self._attached(place.entry_folder, place.own_dm if not target.parts else "", target.attachment)
        if wanted not in ("", "folder", "space") and disk.isfile(f"{place.entry_folder}/{layout.meta_file(wanted)}"):
            return wanted
        if disk.isdir(place.directory):
            return "folder" if target.parts else "space"
        return _first_type(place.entry_folder) if target.parts else None

    @staticmethod
    def _attached(folder: str, space_folder: str, attachment: tuple[str, str]) -> str | None:
        kind, name = attachment
        for directory in filter(None, (folder, space_folder)):
            with disk.scandir(directory) as found:
                for entry in found:
                    if layout.attachment_type(entry.name) == kind and disk.isfile(
                        f"{entry.path}/{layout.meta_file(name)}"
                    ):
                        return kind
        return None


def _spellings(target: Address) -> Iterator[Address]:
    yield target
    if not all(name.isascii() for name in target.keys):
        for form in range(1, 3):
            keys = tuple(layout.spellings(name)[min(form, len(layout.spellings(name)) - 1)] for name in target.keys)
            yield Address(keys[0], keys[1:], target.attachment)


def _first_type(folder: str) -> str | None:
    with disk.scandir(folder) as found:
        types = sorted(match[1].lower() for entry in found if (match := layout.META_FILE.match(entry.name)))
    return types[0] if types else None


def _related(value: Any, space: str) -> Reference | BadReference:
    if not isinstance(value, dict):
        return BadReference("relationship", "a relationship is not an object")
    attributes = value.get("attributes")
    return _located("relationship", value.get("related_to"), space, "", attributes)


def _located(role: Role, locator: Any, space: str, type_: str, attributes: Any = None) -> Reference | BadReference:
    if not isinstance(locator, dict):
        return BadReference(role, f"the {role} has no locator")
    name = _text(locator.get("shortname"))
    wanted = _text(locator.get("type")) or _text(locator.get("resource_type")) or type_
    subpath = _text(locator.get("subpath")).strip("/")
    parts = tuple(subpath.split("/")) if subpath else ()
    where = _text(locator.get("space_name")) or space
    if wanted == "space" and not parts:
        return _at(role, name or where, (), wanted, attributes)
    if not name:
        return BadReference(role, f"the {role} names no shortname")
    if wanted in ATTACHED and parts:
        return _at(role, where, parts, wanted, attributes, (wanted, name))
    return _at(role, where, (*parts, name), wanted, attributes)


@lru_cache(4096)
def _by_name(role: Role, space: str, parts: tuple[str, ...], type_: str) -> Reference | BadReference:
    """As `_at`; most entries name the same few owners and schemas."""
    return _at(role, space, parts, type_)


def _at(
    role: Role,
    space: str,
    parts: tuple[str, ...],
    type_: str,
    attributes: Any = None,
    attachment: tuple[str, str] | None = None,
) -> Reference | BadReference:
    try:
        for name in (space, *parts, *(attachment or ())):
            layout.checked_name(name)
    except UsageFault as error:
        return BadReference(role, f"the {role} leads nowhere: {error.message}")
    return Reference(role, Address(space, parts, attachment), type_, attributes)


def _schema(payload: Payload, space: str) -> Iterator[tuple[Path, Reference | BadReference]]:
    yield ("payload", "schema_shortname"), _by_name("schema", space, ("schema", payload.schema or ""), "schema")


def _named(holder: Any, key: str, role: Role, type_: str) -> Iterator[tuple[Path, Reference | BadReference]]:
    name = _text(holder.get(key)) if isinstance(holder, dict) else ""
    if name:
        yield (key,), _by_name(role, MANAGEMENT, (f"{type_}s", name), type_)


def _many(meta: dict[str, Any], key: str, role: Role, type_: str) -> Iterator[tuple[Path, Reference | BadReference]]:
    for number, name in enumerate(_listed(meta.get(key))):
        if _text(name):
            yield (key, number), _by_name(role, MANAGEMENT, (f"{type_}s", name), type_)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
