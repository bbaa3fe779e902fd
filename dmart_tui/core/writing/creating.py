"""Making entries, folders, spaces, users, tickets and schemas, as D-MART would."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from dmart_tui.core.address import Address
from dmart_tui.core.errors import NotFound, Refused, UsageFault
from dmart_tui.core.jsontext import encode
from dmart_tui.core.spaces import FOLDER, META_SCHEMA, Item, compile_schema
from dmart_tui.core.spaces.layout import FOLDER_META, SPACE_META, Place, child_path, meta_file, place, same_name
from dmart_tui.core.steps import NOTHING, Append, Expect, MakeFolder, Write
from dmart_tui.core.writing.documents import open_document
from dmart_tui.core.writing.passwords import hashed, is_hash, unmasked
from dmart_tui.core.writing.plan import Created, Plan, Warned, joined
from dmart_tui.core.writing.records import creation_attributes, event_steps, lines_of, stamp
from dmart_tui.core.writing.rules import (
    model_warnings,
    name_warnings,
    password_warnings,
    reference_warnings,
    schema_warnings,
    unique_warnings,
)
from dmart_tui.core.writing.saving import check_numbers, checksum, json_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from dmart_tui.core.steps import Step
    from dmart_tui.core.writing.store import Store

ENTRY_TYPES: Final = (
    "content", "folder", "group", "log", "notification", "permission", "post", "role", "schema", "space", "ticket",
    "user",
)  # fmt: skip
"""Resource types that stand on their own; all others are attached to one."""
AUTO: Final = "auto"
"""The name that D-MART replaces by the first eight digits of the uuid."""
_KEYS: Final = (
    "uuid", "shortname", "slug", "is_active", "displayname", "description", "tags", "created_at", "updated_at",
    "owner_shortname", "owner_group_shortname", "payload", "relationships", "acl",
)  # fmt: skip
"""The order in which D-MART writes the keys of every meta; those of a type come behind."""
_INLINE: Final = ("text", "markdown", "html")


@dataclass(frozen=True, slots=True)
class FileBody:
    """A body that is a file of its own, as an upload makes it."""

    extension: str
    """Without the dot."""
    content_type: str
    data: bytes


def plan_create(
    store: Store,
    address: Address,
    type: str,  # noqa: A002 - what D-MART calls it
    meta: Mapping[str, Any] | None = None,
    body: Any = None,
    *,
    parents: bool = False,
) -> Plan:
    """Make an entry, folder or space. A log that is there already gets one line more.

    Args:
        address: the last name may be `auto`.
        type: one of `ENTRY_TYPES`.
        meta: keys that go before those made here; a password becomes its hash, a ticket needs `workflow_shortname`.
        body: a JSON value, a text, which stands in the meta, or a `FileBody`; None for none.
        parents: also make the folders above that are missing.

    Raises:
        UsageFault: the type cannot stand there.
        NotFound: the space or a folder above is not there.
        Refused: something has the name already, or tickets begin nowhere in that workflow.

    Costs a scandir of the folder, and what `rules` cost.
    """
    _check_type(address, type)
    if type == "log" and (more := _log_line(store, address, body)) is not None:
        return more
    given = unmasked({key: value for key, value in (meta or {}).items() if value is not None}, {})
    uuid = given.get("uuid") or str(uuid4())
    if address.name == AUTO:
        name = str(uuid)[:8]
        address = Address(name) if type == "space" else Address(address.space, (*address.parts[:-1], name))
    above = [] if type == "space" else list(_missing_folders(store, address, parents=parents))
    plans = [_created(store, folder, "folder", {"uuid": str(uuid4())}, None, ()) for folder in above]
    warnings = _taken(store, address, type) if not above else ()
    plans.append(_created(store, address, type, {**given, "uuid": uuid}, body, warnings))
    plan = joined(f"Create {address}", address, plans)
    return replace(plan, undo=(Created((*above, address)[0]),), result=address)


def _check_type(address: Address, type_: str) -> None:
    if address.attachment is not None or type_ not in ENTRY_TYPES:
        raise UsageFault(
            f"{type_} cannot be made here",
            address=str(address),
            hint=f"one of {', '.join(ENTRY_TYPES)}; others are attached",
        )
    if (type_ == "space") != (not address.parts):
        raise UsageFault("a space stands at the root, and nothing else does", address=str(address))


def _missing_folders(store: Store, address: Address, *, parents: bool) -> Iterator[Address]:
    """The folders above an address that are to be made, from the top."""
    root = store.spaces.root
    if not os.path.isdir(place(root, Address(address.space)).directory):  # noqa: PTH112 - text paths, see layout
        raise NotFound("there is no such space", address=address.space, command="`create SPACE --type space` makes it")
    for depth in range(1, len(address.parts)):
        folder = Address(address.space, address.parts[:depth])
        if os.path.isdir(place(root, folder).directory):  # noqa: PTH112
            continue
        if not parents:
            raise NotFound("there is no such folder", address=str(folder), command="--parents makes it")
        yield folder


def _taken(store: Store, address: Address, type_: str) -> tuple[Warned, ...]:
    """What stands at names alike.

    Raises:
        Refused: something has the name, in this or another Unicode form.
    """
    where, parent = place(store.spaces.root, address), address.parent
    warnings: list[Warned] = []
    for name, flags in store.spaces.scan(parent) if parent is not None else _space_folders(store):
        if same_name(name, address.name):
            _refuse_taken(store, address, where, type_, name, flags)
            if not flags & FOLDER:
                text = f"what was called {name} before left its history or attachments: they become those of this one"
                warnings.append(Warned("name", ("shortname",), text))
        elif _folded(name) == _folded(address.name):
            text = f"{name} differs from it by capitals only"
            warnings.append(Warned("name", ("shortname",), text, deliberate=True))
    if parent is not None and os.path.lexists(f"{where.directory}.json"):
        raise Refused(f"the file {address.name}.json is there", address=str(address), hint="choose another name")
    return tuple(warnings)


def _space_folders(store: Store) -> Iterator[tuple[str, int]]:
    with os.scandir(store.spaces.root) as found:
        for entry in found:
            if entry.is_dir() and not entry.name.startswith("."):
                yield entry.name, FOLDER


def _refuse_taken(store: Store, address: Address, where: Place, type_: str, name: str, flags: int) -> None:
    other = Address.of_keys((*address.keys[:-1], name))
    if flags & FOLDER:
        meta = SPACE_META if type_ == "space" else FOLDER_META
        free = type_ in ("folder", "space") and name == address.name and not os.path.lexists(f"{where.own_dm}/{meta}")
    else:
        free = name == address.name and not store.spaces.load(other).metas
    if not free:
        raise Refused("the name is taken", address=str(other), hint="choose another one, or change what is there")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _created(
    store: Store, address: Address, type_: str, given: dict[str, Any], body: Any, taken: tuple[Warned, ...]
) -> Plan:
    when = store.now()
    meta = _meta(store, address, type_, given, when)
    where = place(store.spaces.root, address)
    space = type_ == "space"
    home = where.own_dm if space or type_ == "folder" else where.entry_folder
    path = f"{home}/{meta_file(type_)}"
    check_numbers({**meta, "payload.body": body}, address)
    file, data = _placed(meta, address.name, type_, body)
    steps: list[Step] = [MakeFolder(home)]
    expects = [Expect(path, NOTHING)]
    if file:
        body_path = child_path(where.directory if space else where.parent, file)
        if body_path is None:
            raise Refused(f"{file} is longer than a name on a disk", address=str(address), hint="choose a shorter one")
        steps.append(Write(body_path, data))
        expects.append(Expect(body_path, NOTHING))
    steps.append(Write(path, encode(meta)))
    value = None if isinstance(body, FileBody | str) else body
    steps += event_steps(store, address, type_, meta, "create", creation_attributes(meta, value), when)
    warnings = (*taken, *_warnings(store, address, type_, meta, value, str(given.get("password") or "")))
    return Plan(
        f"Create {address}",
        address,
        steps=tuple(steps),
        expects=tuple(expects),
        lines=lines_of(steps),
        warnings=warnings,
        undo=(Created(address),),
        result=address,
    )


def _meta(store: Store, address: Address, type_: str, given: dict[str, Any], when: datetime) -> dict[str, Any]:
    time = stamp(when)
    meta = {
        "shortname": address.name,
        "is_active": True,
        "tags": [],
        "owner_shortname": store.user,
        **given,
        "created_at": time,
        "updated_at": time,
    }
    if isinstance(meta.get("password"), str):
        meta["password"] = hashed(meta["password"])
    if type_ == "ticket":
        meta = {**_begin(store, address, meta), **meta}
    return {key: meta[key] for key in (*_KEYS, *meta) if key in meta}


def _begin(store: Store, address: Address, meta: dict[str, Any]) -> dict[str, Any]:
    """The state in which a ticket begins."""
    from dmart_tui.core.spaces import begin

    workflow = meta.get("workflow_shortname")
    if not isinstance(workflow, str):
        raise UsageFault("a ticket needs a workflow", address=str(address), hint="workflow_shortname=NAME")
    return begin(store.workflows.get(address.space, workflow), store.roles())


def _placed(meta: dict[str, Any], name: str, type_: str, body: Any) -> tuple[str, bytes]:
    """(name, bytes) of the file of a body, whose place is noted in the meta; empty for none."""
    payload = meta.get("payload")
    described: dict[str, Any] = payload if isinstance(payload, dict) else {}
    if type_ == "schema" and name != META_SCHEMA:
        described = {**described, "schema_shortname": META_SCHEMA}
    if body is None:
        if described:
            meta["payload"] = {"content_type": "json", **described}
        return "", b""
    if isinstance(body, FileBody):
        file, data, content_type = f"{name}.{body.extension}", body.data, body.content_type
    elif isinstance(body, str):
        content_type = described.get("content_type") or "text"
        if content_type not in _INLINE:
            raise UsageFault(f"a text cannot be a body of {content_type}", hint=f"one of {', '.join(_INLINE)}")
        file, data = "", body.encode()
    else:
        file, data, content_type = f"{name}.{'jsonl' if type_ == 'log' else 'json'}", json_text(body), "json"
    meta["payload"] = {
        "content_type": content_type,
        **{key: value for key, value in described.items() if key not in ("content_type", "checksum", "body")},
        "checksum": checksum(data),
        "body": file or body,
    }
    return file, data


def _warnings(
    store: Store, address: Address, type_: str, meta: dict[str, Any], body: Any, password: str
) -> Iterator[Warned]:
    yield from name_warnings(address.name, space=type_ == "space")
    if type_ == "user" and password and not is_hash(password):
        yield from password_warnings(password)
    yield from (warned for warned in model_warnings(type_, {}, meta) if warned.path != ("shortname",))
    yield from reference_warnings(store, address, meta, meta)
    if body is None:
        return
    yield from schema_warnings(store, address.space, address.name, type_, meta, body)
    if type_ == "schema" and (verdict := compile_schema(body).verdict) is not None:
        yield Warned("schema", ("payload", "body"), f"it cannot be used as a schema: {verdict.detail}", deliberate=True)
    if address.parts:
        yield from unique_warnings(store, address, meta, body)


def _log_line(store: Store, address: Address, body: Any) -> Plan | None:
    """One line more for a log that is there; None when it is not."""
    try:
        item: Item = store.spaces.load(address)
    except NotFound:
        return None
    if item.type != "log":
        return None
    if body is None:
        raise UsageFault("a log that is there takes one line more, and none is given", address=str(address))
    document = open_document(store, item.address)
    if document.body_path is None:
        raise Refused("the log has no file for its lines", address=str(address))
    when = store.now()
    steps = (
        Append(document.body_path, json_text(body), ended=False),
        *event_steps(store, item.address, "log", item.meta, "update", {}, when),
    )
    return Plan(f"Add a line to {address}", item.address, steps=steps, lines=lines_of(steps))
