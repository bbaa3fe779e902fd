"""D-MART's metas as JSON Schemas: what a form for each resource type shows, and what D-MART's models would refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from dmart_tui.core.spaces.model import LANGUAGES, RESOURCE_TYPES
from dmart_tui.core.spaces.relations import ATTACHED
from dmart_tui.core.subschemas import is_type, one_of
from dmart_tui.core.units import is_time

Json = dict[str, Any]
Path = tuple[str | int, ...]

_ACTIONS: Final = (
    "query", "view", "create", "update", "delete", "attach", "assign", "move", "progress_ticket", "lock", "unlock",
)  # fmt: skip
_CONTENT_TYPES: Final = (
    "text", "markdown", "html", "json", "image", "python", "pdf", "audio", "video", "csv", "parquet", "jsonl", "duckdb",
    "sqlite", "comment", "reaction", "apk", "image_jpeg", "image_png", "image_svg", "image_gif", "image_webp",
)  # fmt: skip

_LETTERS: Final = "a-zA-Z\u0621-\u064a0-9\u0660-\u0669_"
_NAME: Final = f"^[{_LETTERS}]{{1,64}}$"
_SLUG: Final = "^[a-zA-Z0-9_-]{1,64}$"
_SAYS: Final = {
    _NAME: "D-MART takes 1 to 64 letters (English or Arabic), digits and _ here",
    _SLUG: "D-MART takes 1 to 64 English letters, digits, - and _ here",
}
_UUID: Final = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}\Z", re.IGNORECASE | re.ASCII
)


def _field(kind: str, title: str, help_: str = "", /, **more: Any) -> Json:
    made: Json = {"type": kind, "title": title}
    if help_:
        made["description"] = help_
    return made | more


def _text(title: str, help_: str = "", /, **more: Any) -> Json:
    return _field("string", title, help_, **more)


def _flag(title: str, help_: str = "", /, **more: Any) -> Json:
    return _field("boolean", title, help_, **more)


def _many(member: Json, title: str, help_: str = "", /, **more: Any) -> Json:
    return _field("array", title, help_, items=member, **more)


def _shape(title: str, help_: str = "", required: str = "", /, **properties: Json) -> Json:
    made = _field("object", title, help_, properties=properties)
    return made | {"required": required.split()} if required else made


def _or_none(schema: Json) -> Json:
    """The same, or null, which D-MART leaves out when it writes."""
    made = schema | {"type": [schema["type"], "null"]}
    return made | {"enum": [*schema["enum"], None]} if "enum" in schema else made


_WORD: Final[Json] = {"type": "string"}
_TYPES: Final[Json] = {"type": "string", "enum": sorted(RESOURCE_TYPES)}
_ACTION: Final[Json] = {"type": "string", "enum": list(_ACTIONS)}


def _translation(title: str, help_: str = "") -> Json:
    languages = {code: {"type": ["string", "null"]} for code in ("en", "ar", "ku")}
    return _field("object", title, help_, format="translation", properties=languages)


def _locator(title: str, help_: str = "") -> Json:
    return _shape(
        title,
        help_,
        "type space_name subpath shortname",
        type=_text("Type", "The resource type of what it leads to", enum=_TYPES["enum"]),
        space_name=_text("Space"),
        subpath=_text("Subpath", "The folder; / for the root of the space"),
        shortname=_text("Shortname"),
        schema_shortname=_or_none(_text("Schema")),
        uuid=_or_none(_text("UUID", format="uuid")),
        domain=_or_none(_text("Domain", "Another D-MART that it is kept on")),
        displayname=_or_none(_translation("Name")),
        description=_or_none(_translation("Description")),
        tags=_or_none(_many(_WORD, "Tags")),
    )


_PAYLOAD: Final = _shape(
    "Payload",
    "What the body is and where it lies",
    "content_type",
    content_type=_text("Content type", enum=list(_CONTENT_TYPES), readOnly=True),
    content_sub_type=_or_none(_text("Content sub-type")),
    schema_shortname=_or_none(_text("Schema", "What a JSON body is held to")),
    client_checksum=_or_none(_text("Client's checksum", readOnly=True)),
    checksum=_or_none(_text("Checksum", readOnly=True)),
    body={"type": ["string", "object", "null"], "title": "Body", "readOnly": True},
)

_COMMON: Final[Json] = {
    "uuid": _text("UUID", "The identifier in all spaces; made once", format="uuid4", readOnly=True),
    "shortname": _text("Shortname", "The name on disk; rename the entry to change it", pattern=_NAME, readOnly=True),
    "slug": _or_none(_text("Slug", "A second name for web addresses", pattern=_SLUG)),
    "is_active": _flag("Active", "What is not active is hidden from those who may only see active entries"),
    "displayname": _or_none(_translation("Name", "Shown instead of the shortname")),
    "description": _or_none(_translation("Description")),
    "tags": _many(_WORD, "Tags"),
    "created_at": _text("Created", format="date-time", readOnly=True),
    "updated_at": _text("Updated", "Set when the entry is saved", format="date-time", readOnly=True),
    "owner_shortname": _text("Owner", "Assign the entry to change it", readOnly=True),
    "owner_group_shortname": _or_none(_text("Owner group")),
    "payload": _or_none(_PAYLOAD),
    "relationships": _or_none(
        _many(
            _shape(
                "Relationship",
                "",
                "related_to",
                related_to=_locator("Leads to"),
                attributes=_field("object", "About it", "Free keys that say what the relationship is"),
            ),
            "Relationships",
            "What this entry leads to",
        )
    ),
    "acl": _or_none(
        _many(
            _shape(
                "Access",
                "",
                "user_shortname allowed_actions",
                user_shortname=_text("User"),
                allowed_actions=_many(_ACTION, "Allowed"),
            ),
            "Access list",
            "Users who may do more here than their roles allow",
        )
    ),
    "last_checksum_history": _or_none(_text("History checksum", readOnly=True)),
}

_REPORTER: Final = _shape(
    "Reporter",
    "Who reported it, and where",
    **{key: _or_none(_text(key.capitalize())) for key in "type name channel distributor governorate msisdn".split()},  # noqa: SIM905
    channel_address=_or_none(_field("object", "Channel address")),
)
_ROLES: Final = _many(_WORD, "Roles")

_OWN: Final[dict[str, tuple[str, Json]]] = {
    "space": (
        "",
        {
            "root_registration_signature": _text("Registration signature"),
            "primary_website": _text("Website"),
            "indexing_enabled": _flag("Indexed", "Entries can be searched for"),
            "capture_misses": _flag("Capture misses"),
            "check_health": _flag("Checked", "D-MART's health check looks at this space"),
            "languages": _many({"type": "string", "enum": list(LANGUAGES)}, "Languages"),
            "icon": _text("Icon"),
            "mirrors": _many(_WORD, "Mirrors"),
            "hide_folders": _many(_WORD, "Hidden folders", "Folders that D-MART's own interface leaves out"),
            "hide_space": _or_none(_flag("Hidden", "D-MART's own interface leaves the space out")),
            "active_plugins": _many(_WORD, "Plugins"),
            "ordinal": _or_none(_field("integer", "Place", "Where the space stands in a list of spaces")),
        },
    ),
    "ticket": (
        "state workflow_shortname",
        {
            "state": _text("State", "Progress the ticket to change it", readOnly=True),
            "is_open": _flag("Open", "Follows from the state", readOnly=True),
            "workflow_shortname": _text("Workflow"),
            "resolution_reason": _or_none(_text("Resolution")),
            "reporter": _or_none(_REPORTER),
            "collaborators": _or_none(
                _field(
                    "object", "Collaborators", "Users by what they do: processed_by, delivered_by",
                    additionalProperties=_WORD,
                )
            ),
        },
    ),
    "user": (
        "",
        {
            "password": _or_none(_text("Password", "Kept as a hash only", format="password")),
            "email": _or_none(_text("E-mail", format="email")),
            "msisdn": _or_none(_text("Phone", "10 to 15 digits without a leading 0")),
            "is_email_verified": _flag("E-mail verified"),
            "is_msisdn_verified": _flag("Phone verified"),
            "force_password_change": _flag("Must change password", "At the next login"),
            "type": _text("Kind", enum=["web", "mobile", "bot"]),
            "roles": _ROLES,
            "groups": _many(_WORD, "Groups"),
            "language": _text("Language", enum=list(LANGUAGES)),
            "firebase_token": _or_none(_text("Firebase token", format="password")),
            "google_id": _or_none(_text("Google account")),
            "facebook_id": _or_none(_text("Facebook account")),
            "apple_id": _or_none(_text("Apple account")),
            "social_avatar_url": _or_none(_text("Avatar", format="uri")),
            "device_id": _or_none(_text("Device")),
            "locked_to_device": _or_none(_flag("Locked to its device")),
            "last_login": _or_none(_field("object", "Last login", readOnly=True)),
            "notes": _or_none(_text("Notes")),
        },
    ),
    "group": ("", {"roles": _ROLES}),
    "role": ("permissions", {"permissions": _many(_WORD, "Permissions")}),
    "permission": (
        "subpaths resource_types actions",
        {
            "subpaths": _field(
                "object", "Subpaths", "By space, or __all_spaces__; a grant on a folder holds for all below it",
                additionalProperties=_many(_WORD, ""),
            ),
            "resource_types": _many(_TYPES, "Resource types"),
            "actions": _many(_ACTION, "Actions"),
            "conditions": _many({"type": "string", "enum": ["own", "is_active"]}, "Conditions", "All must hold"),
            "restricted_fields": _many(_WORD, "Restricted fields", "Keys that may not be written"),
            "allowed_fields_values": _field(
                "object", "Allowed values", "By key: the values that may be written",
                additionalProperties=_many(
                    {"anyOf": [_WORD, _many(_WORD, "Set of values")]}, ""
                ),
            ),
            "filter_fields_values": _or_none(_text("Row filter", "A search that every row must match")),
        },
    ),
    "notification": (
        "type priority",
        {
            "type": _text("Kind", enum=["admin", "system"]),
            "priority": _text("Priority", enum=["high", "medium", "low"]),
            "is_read": _flag("Read"),
            "entry": _or_none(_locator("About", "The entry it tells of")),
        },
    ),
    "comment": ("", {"body": _or_none(_text("Text", format="textarea")), "state": _or_none(_text("State"))}),
    "reaction": (
        "", {"type": _or_none(_text("Reaction", enum=["like", "dislike", "love", "care", "laughing", "sad"]))}
    ),
    "alteration": ("requested_update", {"requested_update": _field("object", "Asked for", "The body as it should be")}),
    "relationship": (
        "related_to", {"related_to": _locator("Leads to"), "attributes": _field("object", "About it")}
    ),
}  # fmt: skip
"""By resource type: the keys it must have, and its own fields."""

_COLUMN: Final = _shape(
    "Column", "", "key name", key=_text("Key", "A meta field, or a dotted path in the body"), name=_text("Title")
)
FOLDER_RENDERING: Final[Json] = _shape(
    "Folder view",
    "How a folder shows and what it takes",
    "index_attributes",
    shortname_title=_text("Title of the shortname"),
    index_attributes=_many(_COLUMN, "Columns"),
    search_columns=_many(_COLUMN, "Search columns"),
    csv_columns=_many(_COLUMN, "CSV columns"),
    sort_by=_text("Sort by", "A key of the columns"),
    sort_type=_text("Order", enum=["ascending", "descending"]),
    query=_shape(
        "Query",
        "What it lists",
        type=_text("Kind", enum=["subpath", "search"]),
        search=_text("Search"),
        filter_types=_many(_TYPES, "Types"),
    ),
    filter=_many({}, "Filter"),
    append_subpath=_text("Append subpath"),
    expand_children=_flag("Show children"),
    disable_filter=_flag("No filter"),
    stream=_flag("Live", "Shows changes as they are made"),
    icon=_text("Icon"),
    icon_opened=_text("Icon, opened"),
    icon_closed=_text("Icon, closed"),
    content_resource_types=_many(_TYPES, "Takes types"),
    content_schema_shortnames=_many(_WORD, "Takes schemas"),
    workflow_shortnames=_many(_WORD, "Takes workflows"),
    unique_fields=_many(_many(_WORD, "Keys"), "Unique", "Keys that no two entries may have alike, together"),
    enable_pdf_schema_shortnames=_many(_WORD, "PDF for schemas"),
    allow_view=_flag("May view"),
    allow_create=_flag("May create"),
    allow_create_category=_flag("May create folders"),
    allow_update=_flag("May update"),
    allow_delete=_flag("May delete"),
    allow_csv=_flag("May download CSV"),
    allow_upload_csv=_flag("May upload CSV"),
    use_media=_flag("Has media"),
)
"""The body of a folder's payload, as the schema `folder_rendering` has it."""


@cache
def meta_schema(resource_type: str) -> dict[str, Any]:
    """The JSON Schema of a meta; of an unknown type the common fields. Not to be changed.

    Formats beyond JSON Schema's own: `translation`, `uuid4`, `textarea`.
    """
    required, own = _OWN.get(resource_type, ("", {}))
    extra = {"author_locator": _or_none(_locator("Author"))} if resource_type in ATTACHED else {}
    head = ("uuid", "shortname", "slug", "is_active", "displayname", "description", "tags")
    rest = {key: field for key, field in _COMMON.items() if key not in head}
    return {
        "title": resource_type,
        "type": "object",
        "properties": {**{key: _COMMON[key] for key in head}, **own, **extra, **rest},
        "required": ["shortname", "owner_shortname", *required.split()],
        "additionalProperties": False,
    }


def meta_violations(resource_type: str, meta: Any) -> list[tuple[Path, str]]:
    """What D-MART's own model of a resource type would refuse to load, as the path of a value and a sentence.

    Keys that the model does not know are no fault: D-MART passes over them. Of texts that pydantic would read as a
    number or true, none are let pass: D-MART never writes them.
    """
    return list(_refused(meta_schema(resource_type), meta, ()))


def _refused(schema: Json, value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if "anyOf" in schema:
        tried = [list(_refused(way, value, path)) for way in schema["anyOf"]]
        if all(tried):
            yield path, "this is of no type that D-MART takes here"
        return
    given = schema.get("type", [])
    names = given if isinstance(given, list) else [given]
    if schema.get("format") == "date-time":  # which takes more than texts: seconds of the epoch
        if not is_time(value):
            yield path, "this is no time: write it as 2026-11-21T09:45:00"
        return
    if names and not any(is_type(value, name) for name in names):
        yield path, f"this is {_WORDS[_name(value)]} and should be {_WORDS[names[0]]}"
        return
    if "enum" in schema and not one_of(schema["enum"], value):
        options = [option for option in schema["enum"] if option is not None]
        among = f": it is one of {', '.join(options)}" if len(options) < 12 else ""
        yield path, f"D-MART knows no such value{among}"
    elif "pattern" in schema and isinstance(value, str) and not re.fullmatch(schema["pattern"], value):
        yield path, _SAYS[schema["pattern"]]
    elif schema.get("format") == "uuid4" and not _UUID.match(value):
        yield path, "this is no UUID of version 4"
    if isinstance(value, dict):
        yield from _refused_members(schema, value, path)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _refused(schema.get("items", {}), member, (*path, index))


def _refused_members(schema: Json, value: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    for key in schema.get("required", ()):
        if key not in value:
            yield (*path, key), f"D-MART does not load it without {key}"
    known = schema.get("properties", {})
    others = schema.get("additionalProperties")
    for key, member in value.items():
        inner = known.get(key, others if isinstance(others, dict) else None)
        if inner is not None:
            yield from _refused(inner, member, (*path, key))


_WORDS: Final = {
    "null": "null", "boolean": "true or false", "number": "a number", "integer": "a whole number", "string": "a text",
    "array": "a list", "object": "an object",
}  # fmt: skip


def _name(value: Any) -> str:
    return next(name for name in _WORDS if is_type(value, name))
