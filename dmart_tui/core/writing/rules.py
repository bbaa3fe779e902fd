"""What a person should know before a change is made: names, schemas, models, references, uniqueness, workflows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.secrets import is_secret, mask_raw
from dmart_tui.core.spaces import FOLDER, META_SCHEMA, PAYLOAD_LIMIT, Attachment, Kind, decode, flatten, whole
from dmart_tui.core.spaces.layout import MANAGEMENT, same_name, workflow_file
from dmart_tui.core.writing.plan import Warned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dmart_tui.core.spaces import Spaces, Violation
    from dmart_tui.core.writing.documents import Document
    from dmart_tui.core.writing.store import Store

_LETTERS: Final = "a-zA-Z\u0621-\u064a0-9\u0660-\u0669_"
_SHORTNAME: Final = re.compile(f"[{_LETTERS}]{{1,64}}")
_SPACENAME: Final = re.compile(f"[{_LETTERS}]{{1,32}}")
_PASSWORD: Final = re.compile(r"(?=.*[0-9\u0660-\u0669])(?=.*[A-Z\u0621-\u064a]).{8,24}", re.DOTALL)
_SHOWN: Final = 20
"""Violations of a schema that are told."""


def name_warnings(name: str, *, space: bool = False) -> Iterator[Warned]:
    """What is wrong with a name that is to be given; D-MART 1.4 neither lists nor takes others."""
    if not (_SPACENAME if space else _SHORTNAME).fullmatch(name):
        most = 32 if space else 64
        yield Warned(
            "name",
            ("shortname",),
            f"{name!r} is no name for D-MART: it takes 1 to {most} letters (English or Arabic), digits and _",
            deliberate=True,
        )


def password_warnings(password: str) -> Iterator[Warned]:
    """What is wrong with a password that is no hash yet."""
    if not _PASSWORD.fullmatch(password):
        text = "the password needs 8 to 24 characters, a digit and a capital or Arabic letter"
        yield Warned("model", ("password",), text, deliberate=True)


def schema_warnings(store: Store, space: str, name: str, type_: str, meta: dict[str, Any], body: Any) -> list[Warned]:
    """Where a JSON body breaks the schema that its meta names, and a schema that cannot be used.

    Args:
        name: of what it is the body.
    """
    payload = meta.get("payload")
    schema = payload.get("schema_shortname") if isinstance(payload, dict) else None
    if not isinstance(schema, str) or not schema:
        return []
    if type_ == "schema" and name == META_SCHEMA:  # D-MART does not hold the schema of schemas to itself
        return []
    verdict = store.schemas.validate(space, schema, body, _SHOWN)
    if verdict.state == "missing":
        return [Warned("reference", ("payload", "schema_shortname"), verdict.detail, deliberate=True)]
    if verdict.state in ("broken", "costly"):
        text = f"the schema {schema} cannot be used: {verdict.detail}"
        return [Warned("schema", ("payload", "schema_shortname"), text)]
    return [
        Warned("schema", ("payload", "body", *found.path), f"{found.where or 'the body'}: {_told(found)}", True)
        for found in verdict.violations
    ]


def _told(found: Violation) -> str:
    """The message of a violation, which may hold the value, without secrets."""
    if any(is_secret(str(name)) for name in found.path):
        return f"breaks the {found.keyword} of its schema"
    return mask_raw(found.message)


def reference_warnings(store: Store, address: Address, meta: dict[str, Any], keys: Iterable[str]) -> Iterator[Warned]:
    """Names in a meta of things that are not there.

    Args:
        keys: the dotted keys to look at.

    Costs at most a few stats a name.
    """
    spaces, space = store.spaces, address.space
    for key in keys:
        value = meta.get(key)
        if key in ("owner_shortname", "owner_group_shortname", "roles", "groups", "permissions"):
            folder = _KEPT_IN[key]
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str) and name and not _stands(spaces, Address(MANAGEMENT, (folder, name))):
                    yield Warned("reference", (key,), f"there is no {folder.removesuffix('s')} {name}")
        elif key == "workflow_shortname" and isinstance(value, str):
            path = workflow_file(spaces.root, space, value)
            if path is None or not _is_file(path):
                yield Warned("reference", (key,), f"the space {space} has no workflow {value}", deliberate=True)


_KEPT_IN: Final = {
    "owner_shortname": "users",
    "owner_group_shortname": "groups",
    "roles": "roles",
    "groups": "groups",
    "permissions": "permissions",
}


def _stands(spaces: Spaces, address: Address) -> bool:
    try:
        return bool(spaces.load(address).metas)
    except DmartTuiError:
        return False


def _is_file(path: str) -> bool:
    import os

    return os.path.isfile(path)  # noqa: PTH113 - text paths throughout, see layout


def saving_warnings(
    store: Store, document: Document, new: dict[str, Any], body: Any, changed: set[str]
) -> Iterator[Warned]:
    """What should be known before a document is saved; only what the change concerns is looked at.

    Args:
        body: the JSON value of the body as it will be; None when there is none in a file.
        changed: dotted keys.
    """
    yield from _own_name(document, new)
    old, address = document.meta, document.address
    if any(key.startswith(("payload.body", "payload.schema_shortname", "payload.content_type")) for key in changed):
        held = body if document.body_kind == "json" or body is not None else _inline_json(new)
        if held is not None or document.body_kind == "json":
            yield from schema_warnings(store, address.space, address.name, document.type, new, held)
    yield from reference_warnings(store, address, new, [key for key in _REFERENCES if old.get(key) != new.get(key)])
    yield from model_warnings(document.type, old, new)
    if document.type == "ticket" and {"state", "is_open"} & changed:
        yield Warned("workflow", ("state",), "the state changes without a step of its workflow", deliberate=True)
    if not isinstance(document.item, Attachment) and document.kind is not Kind.SPACE:
        yield from unique_warnings(store, address, new, body, changed)


_REFERENCES: Final = (*_KEPT_IN, "workflow_shortname")


def _own_name(document: Document, new: dict[str, Any]) -> Iterator[Warned]:
    name = new.get("shortname")
    if name == document.meta.get("shortname"):
        return
    if not isinstance(name, str) or not same_name(name, document.address.name):
        text = f"it is called {document.address.name} on disk: moving it renames it"
        yield Warned("name", ("shortname",), text, deliberate=True)


def _inline_json(meta: dict[str, Any]) -> Any:
    payload = meta.get("payload")
    body = payload.get("body") if isinstance(payload, dict) else None
    return body if isinstance(body, dict) else None


def model_warnings(type_: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Warned]:
    """Where a meta breaks D-MART's model of its type and did not before."""
    from dmart_tui.core.spaces.metaforms import meta_violations

    known = set(meta_violations(type_, old)) if old else set()
    for path, message in meta_violations(type_, new):
        if (path, message) not in known:
            yield Warned("model", path, f"{'.'.join(map(str, path)) or 'the meta'}: {message}", deliberate=True)


# -- uniqueness -------------------------------------------------------------------------------------------------------


def unique_warnings(
    store: Store, address: Address, meta: dict[str, Any], body: Any, changed: set[str] | None = None
) -> Iterator[Warned]:
    """Entries of the same folder that hold the same values under keys which the folder wants to be unique.

    Args:
        changed: dotted keys; None looks at all.

    Costs one read of the folder's payload, and, when the change concerns such a key, one of each sibling.
    """
    wanted = [keys for keys in unique_fields(store, address) if changed is None or not changed.isdisjoint(keys)]
    if not wanted:
        return
    mine = _values(wanted, whole(meta, body))
    left = {at for at, values in enumerate(mine) if any(value is not None for value in values)}
    separate = any(key.startswith("payload.body") for keys in wanted for key in keys)
    parent = address.parent
    assert parent is not None
    for name, flags in store.spaces.scan(parent):
        if not left:
            return
        if flags & FOLDER or same_name(name, address.name):
            continue
        other = store.spaces.load_child(parent, name, flags)
        theirs = _values(wanted, whole(other.meta, _json_body(store.spaces, other) if separate else None))
        for at in sorted(left):
            if mine[at] == theirs[at]:
                left.discard(at)
                keys = wanted[at]
                told = ", ".join(keys)
                text = f"{other.address.name} has the same {told}, which the folder wants to be unique"
                yield Warned("schema", tuple(keys[0].split(".")), text, deliberate=True)


def unique_fields(store: Store, address: Address) -> list[list[str]]:
    """The keys whose values no two entries of the folder above may share; each is one or several taken together."""
    parent = address.parent
    if parent is None:
        return []
    try:
        rules = _json_body(store.spaces, store.spaces.load(parent))
    except DmartTuiError:
        return []
    fields = rules.get("unique_fields") if isinstance(rules, dict) else None
    if not isinstance(fields, list):
        return []
    return [
        [key.removesuffix("_unescaped") for key in keys]
        for keys in fields
        if isinstance(keys, list) and keys and all(isinstance(key, str) for key in keys)
    ]


def _json_body(spaces: Spaces, item: Any) -> Any:
    payload = item.payload
    if payload is None or payload.content_type != "json":
        return None
    try:
        return decode(spaces.payload_bytes(item, PAYLOAD_LIMIT))
    except DmartTuiError:
        return None


def _values(wanted: list[list[str]], document: dict[str, Any]) -> list[tuple[Any, ...]]:
    flat = dict(flatten(document))
    return [tuple(flat.get(key) for key in keys) for keys in wanted]
