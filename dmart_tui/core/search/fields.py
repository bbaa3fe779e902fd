"""The fields of queries: D-MART's own names and short ones, what kind they are, and where each engine has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from typing import Final

_MOST_UNDERLINES: Final = 4


class Kind(StrEnum):
    """How values of a field are compared."""

    TEXT = "text"
    """By words."""
    TAG = "tag"
    """Whole, in any case."""
    TRUTH = "truth"
    """`true` or `false`."""
    NUMERIC = "numeric"
    DATE = "date"
    ANY = "any"
    """A key of a payload or meta: each value by what it is."""


@dataclass(frozen=True, slots=True)
class KnownField:
    """A field, and where it is."""

    name: str
    kind: Kind
    about: str = ""
    attributes: tuple[str, ...] = ()
    """Of D-MART's indexes in Redis; the query matches when one of them does."""
    columns: tuple[str, ...] = ()
    """Of `resources`."""
    words: str = ""
    """Column of `texts` that holds just the words of all of it; empty: none."""
    among: str = ""
    """Column of `texts` that holds its words beside others; empty: none."""
    table: str = ""
    """Of the index, that holds values of it beside `resources`, of which any may match; empty: none."""
    listed: tuple[str, ...] = ()
    """Columns of that table."""
    documents: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(column of `resources` that holds JSON, keys in it); `*` stands for any keys at all."""
    aliases: tuple[str, ...] = field(default=(), compare=False)


def _text(
    name: str, about: str, column: str = "", *aliases: str, attribute: str = "", among: str = "facts"
) -> KnownField:
    return KnownField(name, Kind.TEXT, about, (attribute or name,), (column or name,), among=among, aliases=aliases)


def _translated(name: str, about: str) -> tuple[KnownField, ...]:
    languages = (("en", "en"), ("ar", "ar"), ("ku", "kd"))
    columns = tuple(f"{name}_{code}" for code, _ in languages)
    attributes = tuple(f"{name}_{code}" for _, code in languages)
    one = KnownField(name, Kind.TEXT, about, attributes, columns, name)
    return (
        one,
        *(
            _text(
                column, f"{about}, {code}", column, f"{name}.{code}", *_old(name, code), attribute=attribute, among=name
            )
            for column, attribute, (code, _) in zip(columns, attributes, languages, strict=True)
        ),
    )


def _old(name: str, code: str) -> tuple[str, ...]:
    return (f"{name}_kd", f"{name}.kd") if code == "ku" else ()


FIELDS: Final = (
    KnownField(
        "shortname", Kind.TEXT, "the name on disk", ("shortname",), ("shortname",), "shortname", aliases=("name",)
    ),
    *_translated("displayname", "the title"),
    *_translated("description", "the description"),
    KnownField("tags", Kind.TAG, "its tags, whole", ("tags",), table="tags", listed=("tag",), aliases=("tag",)),
    KnownField(
        "type", Kind.TEXT, "the resource type, or what kind of user or notification",
        ("resource_type", "type"), ("type",), among="facts", documents=(("meta", ("type",)),),
    ),
    _text("resource_type", "the resource type", "type"),
    _text("schema_shortname", "the schema of the payload", "schema", "schema", "payload.schema_shortname"),
    _text(
        "payload_content_type", "the content type of the payload", "content_type",
        "content_type", "payload.content_type",
    ),
    _text("owner_shortname", "who owns it", "owner", "owner"),
    KnownField(
        "owner_group_shortname", Kind.TEXT, "the group that owns it", columns=("owner_group",), aliases=("owner_group",)
    ),
    KnownField("space", Kind.TAG, "the space", columns=("space",), aliases=("space_name",)),
    _text("subpath", "words of the folders above it", "", "folder", "path"),
    KnownField("exact_subpath", Kind.TAG, "the folders above it, whole", ("exact_subpath",), ("subpath",)),
    KnownField("created_at", Kind.DATE, "when it was made", ("created_at",), ("created",), aliases=("created",)),
    KnownField("updated_at", Kind.DATE, "when it last changed", ("updated_at",), ("updated",), aliases=("updated",)),
    KnownField("is_active", Kind.TRUTH, "whether it is active", ("is_active",), ("is_active",), aliases=("active",)),
    _text("state", "the state of a ticket"),
    KnownField("is_open", Kind.TRUTH, "whether a ticket is open", ("is_open",), ("is_open",), aliases=("open",)),
    _text("workflow_shortname", "the workflow of a ticket", "workflow", "workflow"),
    _text("resolution_reason", "why a ticket was closed", "", "resolution"),
    KnownField(
        "collaborators", Kind.TEXT, "who works on a ticket",
        ("collaborators_delivered_by", "collaborators_processed_by"),
        among="facts", documents=(("collaborators", ("*",)),),
    ),
    *(
        KnownField(
            f"collaborators_{key}", Kind.TEXT, f"who works on a ticket, {key}", (f"collaborators_{key}",),
            among="facts", documents=(("collaborators", (key,)),), aliases=(f"collaborators.{key}",),
        )
        for key in ("delivered_by", "processed_by")
    ),
    KnownField(
        "reporter", Kind.TEXT, "who reported a ticket",
        tuple(f"reporter_{key}" for key in ("type", "name", "channel", "distributor", "governorate", "msisdn")),
        among="facts", documents=(("reporter", ("*",)),),
    ),
    *(
        KnownField(
            f"reporter_{key}", Kind.TEXT, f"who reported a ticket, {key}", (f"reporter_{key}",),
            among="facts", documents=(("reporter", (key,)),), aliases=(f"reporter.{key}",),
        )
        for key in ("type", "name", "channel", "distributor", "governorate", "msisdn")
    ),
    _text("priority", "the priority of a notification"),
    _text("msisdn", "the telephone number of a user"),
    _text("email", "the address of a user"),
    _text("uuid", "the number no other has"),
    _text("slug", "the name in addresses of the web"),
    KnownField(
        "problems", Kind.TAG, "what is wrong with it: a kind, or error, warning, note",
        table="problems", listed=("kind", "severity"), aliases=("problem",),
    ),
    KnownField(
        "payload.*", Kind.ANY, "anything in the payload", ("payload_string",), words="payload",
        documents=(("payload", ("*",)),), aliases=("payload", "payload.body", "payload.body.*", "payload_string"),
    ),
)  # fmt: skip
"""In the order in which they are offered."""

_BY_NAME: Final = {name: known for known in FIELDS for name in (known.name, *known.aliases)}


def field_of(name: str) -> KnownField:
    """The field of a name; one that D-MART does not know is a key of the payload or the meta.

    `payload.body.a.b`, `payload.a.b` and, as D-MART's indexes write it, `a_b` mean the key b in a, which may be a list
    of objects.
    """
    if known := _BY_NAME.get(name):
        return known
    top, _, rest = name.partition(".")
    if top == "payload" and rest:
        path = rest.removeprefix("body.")
        paths = {path, rest}
        return KnownField(
            name,
            Kind.ANY,
            attributes=(path.replace(".", "_"),),
            documents=tuple(("payload", _keys(one)) for one in sorted(paths)),
        )
    if top == "meta" and rest:
        return KnownField(name, Kind.ANY, attributes=(rest.replace(".", "_"),), documents=(("meta", _keys(rest)),))
    places = tuple((column, keys) for column in ("payload", "meta") for keys in _readings(name))
    return KnownField(name, Kind.ANY, attributes=(name.replace(".", "_"),), documents=places)


def _keys(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _readings(name: str) -> list[tuple[str, ...]]:
    """A name with each of its underlines as it is or as a step into an object; only as it is when there are many."""
    parts = name.split("_")
    if not 1 < len(parts) <= _MOST_UNDERLINES + 1:
        return [_keys(name)]
    joints = product("_.", repeat=len(parts) - 1)
    return [_keys(parts[0] + "".join(map("".join, zip(joint, parts[1:], strict=True)))) for joint in joints]
