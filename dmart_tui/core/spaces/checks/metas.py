"""What D-MART's models ask of a meta, and what its scans ask of names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dmart_tui.core.spaces.layout import META_FILE, same_name
from dmart_tui.core.spaces.model import RESOURCE_TYPES, Entry, Item, Kind
from dmart_tui.core.spaces.relations import ATTACHED
from dmart_tui.core.units import is_time

Fault = tuple[str, str]
"""A kind and a sentence."""

_UUID: Final = re.compile(r"(?:urn:uuid:)?\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?\Z", re.IGNORECASE)
# The letters of D-MART's own file patterns, with the Arabic diacritics that 2025 added.
_LISTED: Final = re.compile(r"[a-zA-Z0-9_\u0621-\u065F\u0660-\u0669]*\Z")
_TEXTS: Final = (str,)
_OBJECTS: Final = (dict,)
_LISTS: Final = (list,)
_FLAGS: Final = (bool,)
_COMMON: Final[dict[str, tuple[type, ...]]] = {
    "is_active": _FLAGS,
    "slug": _TEXTS,
    "displayname": (dict, str),
    "description": (dict, str),
    "tags": _LISTS,
    "owner_shortname": _TEXTS,
    "owner_group_shortname": _TEXTS,
    "relationships": _LISTS,
    "acl": _LISTS,
}
_OWN: Final[dict[str, dict[str, tuple[type, ...]]]] = {
    "space": {
        "languages": _LISTS,
        "active_plugins": _LISTS,
        "hide_folders": _LISTS,
        "mirrors": _LISTS,
        "indexing_enabled": _FLAGS,
        "check_health": _FLAGS,
        "capture_misses": _FLAGS,
    },
    "ticket": {
        "state": _TEXTS,
        "workflow_shortname": _TEXTS,
        "is_open": _FLAGS,
        "collaborators": _OBJECTS,
        "reporter": _OBJECTS,
        "resolution_reason": _TEXTS,
    },
    "user": {"roles": _LISTS, "groups": _LISTS, "type": _TEXTS, "force_password_change": _FLAGS},
    "group": {"roles": _LISTS},
    "role": {"permissions": _LISTS},
    "permission": {
        "subpaths": _OBJECTS,
        "resource_types": _LISTS,
        "actions": _LISTS,
        "conditions": _LISTS,
        "restricted_fields": _LISTS,
        "allowed_fields_values": _OBJECTS,
    },
    "notification": {"type": _TEXTS, "priority": _TEXTS, "is_read": _FLAGS, "entry": _OBJECTS},
    "alteration": {"requested_update": _OBJECTS},
}
_FIELDS: Final = {type_: _COMMON | own for type_, own in _OWN.items()}
_REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "ticket": ("state", "workflow_shortname"),
    "role": ("permissions",),
    "permission": ("subpaths", "resource_types", "actions"),
    "notification": ("type", "priority"),
    "alteration": ("requested_update",),
}
_ALWAYS: Final = ("shortname", "owner_shortname")
_UNLISTED_TYPES: Final = frozenset({"plugin_wrapper", "data_asset"})
_WORDS: Final = {str: "a text", dict: "an object", list: "a list", bool: "true or false"}


def meta_faults(item: Item) -> Iterator[Fault]:
    """What keeps D-MART from loading the meta of an item, and what it would make up."""
    meta = item.meta
    fields = _FIELDS.get(item.type, _COMMON)
    for key, value in meta.items():
        wanted = fields.get(key)
        if wanted is not None and value is not None and not isinstance(value, wanted):
            yield "field-type", f"{key} is {_word(value)} and should be {_WORDS[wanted[0]]}: correct the meta"
    for key in (*_ALWAYS, *_REQUIRED.get(item.type, ())):
        if meta.get(key) in (None, ""):
            yield "field-missing", f"the meta has no {key}, without which D-MART does not load it: add it"
    described = meta.get("payload")
    if isinstance(described, dict) and not described.get("content_type"):
        yield "field-missing", "the payload has no content_type, without which D-MART does not load it: add it"
    yield from _identity(meta)


def _identity(meta: dict[str, Any]) -> Iterator[Fault]:
    uuid = meta.get("uuid")
    if uuid is not None and not (isinstance(uuid, str) and _UUID.match(uuid)):
        yield "uuid-malformed", "the uuid is not one: replace it"
    for key in ("created_at", "updated_at"):
        value = meta.get(key)
        if value is not None and not is_time(value):
            yield "time-malformed", f"{key} is no time: write it as 2026-11-21T09:45:00"
    absent = [key for key in ("uuid", "created_at", "updated_at") if meta.get(key) is None]
    if absent:
        yield "field-absent", f"the meta has no {', '.join(absent)}: D-MART makes up another one at each load, add it"


def name_faults(item: Item) -> Iterator[Fault]:
    """What is odd about an item's name and type, beside what its meta says."""
    name = item.address.name
    own = item.meta.get("shortname")
    if own != name and isinstance(own, str) and own:
        if same_name(own, name):
            yield (
                "name-form",
                "the name on disk and the shortname are two Unicode forms of one text: D-MART may find only one",
            )
        else:
            yield "name-mismatch", f"the meta says its shortname is {own!r:.80}: rename the one or the other"
    if not _LISTED.match(name):
        yield "name-unlisted", "D-MART passes over names with other characters than letters, digits and _: rename it"
    if not item.type:
        return
    if item.type not in RESOURCE_TYPES:
        yield "type-unknown", f"D-MART knows no resource type {item.type!r:.80}: rename the meta's file"
    elif item.type in _UNLISTED_TYPES and item.kind is Kind.ENTRY:
        yield "type-unlisted", f"D-MART lists no {item.type} since 1.1: read it here"
    elif item.kind is Kind.ENTRY and (item.type in ATTACHED or item.type in ("folder", "space", "branch")):
        yield "type-misplaced", f"a meta of type {item.type} does not stand in an entry's directory: move or remove it"
    elif item.kind is Kind.ATTACHMENT and item.type not in ATTACHED:
        yield "type-misplaced", f"{item.type} is no type of attachment: move or remove it"
    if isinstance(item, Entry):
        file = item.path.rpartition("/")[2]
        match = META_FILE.match(file)
        if match and match[1] != match[1].lower():
            yield "type-case", f"the meta's file is {file}: D-MART expects the type in lower case, rename it"


def _word(value: Any) -> str:
    for kind, word in _WORDS.items():
        if isinstance(value, kind):
            return word
    return "a number" if isinstance(value, int | float) else "something else"
