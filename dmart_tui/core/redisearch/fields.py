"""The fields of D-MART's indexes: those of every document, those of management, and those a JSON Schema gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

FieldKind = Literal["text", "tag", "numeric"]

_TEXT_MOST: Final = 128
"""Text fields that an index can have."""
_FIELDS_MOST: Final = 1000
_DEEPEST: Final = 12
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_]\w*\Z")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an index."""

    name: str
    path: str
    """The JSONPath of its values in a document."""
    kind: str
    """`FieldKind`, or what else the server says in lower case."""
    sortable: bool = False
    nostem: bool = False

    def words(self) -> list[str]:
        """The field as `FT.CREATE` wants it."""
        words = [self.path, "AS", self.name, self.kind.upper()]
        return words + ["NOSTEM"] * self.nostem + ["SORTABLE"] * self.sortable


def _fields(kind: FieldKind, names: str, *, sortable: bool = False, nostem: bool = False) -> list[Field]:
    """Fields of top-level keys; `a=b.c` is the field a of the path b.c."""
    found = []
    for one in names.split():
        name, _, path = one.partition("=")
        found.append(Field(name, f"$.{path or name}", kind, sortable, nostem))
    return found


META_FIELDS: Final = (
    *_fields("text", "uuid", nostem=True),
    *_fields("text", "shortname slug subpath", sortable=True, nostem=True),
    *_fields("tag", "exact_subpath=subpath"),
    *_fields("text", "resource_type", sortable=True, nostem=True),
    *_fields(
        "text",
        "displayname_en=displayname.en displayname_ar=displayname.ar displayname_kd=displayname.ku"
        " description_en=description.en description_ar=description.ar description_kd=description.ku",
        sortable=True,
    ),
    *_fields("tag", "is_active"),
    *_fields(
        "text", "payload_content_type=payload.content_type schema_shortname=payload.schema_shortname", nostem=True
    ),
    *_fields("numeric", "created_at updated_at", sortable=True),
    *_fields("tag", "view_acl=view_acl.* tags=tags.*"),
    *_fields("text", "owner_shortname", sortable=True, nostem=True),
    *_fields("tag", "query_policies=query_policies.*"),
    *_fields("text", "msisdn email", sortable=True),
    *_fields("tag", "email_unescaped=email"),
    *_fields("text", "state", sortable=True, nostem=True),
    *_fields("tag", "is_open"),
    *_fields(
        "text",
        "workflow_shortname collaborators_delivered_by=collaborators.delivered_by"
        " collaborators_processed_by=collaborators.processed_by resolution_reason type",
        sortable=True,
        nostem=True,
    ),
    *_fields("tag", "is_read"),
    *_fields("text", "priority", sortable=True, nostem=True),
    *_fields(
        "text",
        "reporter_type=reporter.type reporter_name=reporter.name reporter_channel=reporter.channel"
        " reporter_distributor=reporter.distributor reporter_governorate=reporter.governorate"
        " reporter_msisdn=reporter.msisdn",
        sortable=True,
    ),
    *_fields("text", "payload_string"),
)
"""Those of every index, as 1.1 made them; Kurdish under its key of 2024, by the name D-MART kept."""
_BRANCH_FIELD: Final = Field("branch_name", "$.branch_name", "text", nostem=True)
_MANAGEMENT: Final = (
    *_fields("text", "owner_group_shortname language google_id facebook_id social_avatar_url"),
    *_fields("tag", "permissions=permissions.* roles=roles.* groups=groups.*"),
)
"""Of roles, groups, users and permissions. D-MART has `acl` and `relationships` too, lists of objects, for which a
server refuses the whole document, and tokens, which nobody should search."""
_PAYLOAD: Final = Field("meta_doc_id", "$.meta_doc_id", "text", nostem=True)


def meta_fields(*, branch: bool = False, management: bool = False) -> tuple[Field, ...]:
    """The fields of a space's `meta` index.

    Args:
        branch: of the era with branches.
        management: of the management space.
    """
    return (*META_FIELDS, *((_BRANCH_FIELD,) if branch else ()), *(_MANAGEMENT if management else ()))


def schema_fields(document: Any, *, branch: bool = False) -> tuple[Field, ...]:
    """The fields of the index of a schema: those of metas, and those of its properties.

    A name that two paths give is the first one's, and there are no more fields than a server takes.
    """
    found = {field.name: field for field in meta_fields(branch=branch)}
    texts = sum(field.kind == "text" for field in found.values()) + 1
    for field in _of_schema(document):
        if field.name in found or len(found) >= _FIELDS_MOST:
            continue
        if field.kind == "text":
            if texts >= _TEXT_MOST:
                continue
            texts += 1
        found[field.name] = field
    return (*found.values(), _PAYLOAD)


def missing_fields(wanted: Iterable[Field], there: Iterable[Field]) -> list[Field]:
    """The wanted fields that an index has not, or has of another kind; paths differ from version to version."""
    known = {(field.name, field.kind) for field in there}
    return [field for field in wanted if (field.name, field.kind) not in known]


def _of_schema(document: Any) -> Iterator[Field]:
    if not isinstance(document, dict):
        return
    variants = [document] if "properties" in document else document.get("oneOf")
    for variant in variants if isinstance(variants, list) else ():
        for key, inner in _properties(_resolved(variant, document)):
            yield from _of_property(inner, (key,), document)


def _of_property(node: Any, keys: tuple[str, ...], document: Any) -> Iterator[Field]:
    node = _resolved(node, document)
    if not isinstance(node, dict) or len(keys) > _DEEPEST:
        return
    kind = node.get("type", "object")
    if kind == "object":
        variants = node.get("oneOf")
        for variant in variants if isinstance(variants, list) else ():
            yield from _of_property(variant, keys, document)
        if not isinstance(variants, list):
            for key, inner in _properties(node):
                yield from _of_property(inner, (*keys, key), document)
    elif kind == "array":
        items = _resolved(node.get("items"), document)
        if isinstance(items, dict) and items.get("type") == "object":
            for key, inner in _properties(items):
                if isinstance(inner, dict) and inner.get("type") == "string":
                    yield Field("_".join((*keys, key)), f"{_path(keys)}.*{_step(key)}", "tag")
        elif not isinstance(items, dict) or items.get("type") in ("string", "boolean", None):
            yield Field("_".join(keys), f"{_path(keys)}.*", "tag")
    elif kind == "string":
        yield Field("_".join(keys), _path(keys), "text", sortable=True)
    elif kind in ("integer", "number"):
        yield Field("_".join(keys), _path(keys), "numeric", sortable=True)
    elif kind == "boolean":
        yield Field("_".join(keys), _path(keys), "tag", sortable=True)


def _properties(node: Any) -> Iterator[tuple[str, Any]]:
    properties = node.get("properties") if isinstance(node, dict) else None
    for key, inner in properties.items() if isinstance(properties, dict) else ():
        if key.isprintable() or key.isascii():  # half of a pair, which is no UTF-8, is not
            yield key, inner


def _resolved(node: Any, document: Any) -> Any:
    """What a reference within the document leads to; the node itself when it is none."""
    for _ in range(_DEEPEST):
        reference = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return node
        node = document
        for part in reference[2:].split("/"):
            node = node.get(part) if isinstance(node, dict) else None
    return None


def _path(keys: tuple[str, ...]) -> str:
    return "$" + "".join(map(_step, keys))


def _step(key: str) -> str:
    if _PLAIN_KEY.match(key):
        return f".{key}"
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'["{escaped}"]'
