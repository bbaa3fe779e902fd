"""What a change of one thing does to its files: the smallest edits, the times and checksums, the lines it leaves."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.errors import Damaged, NotFound, Refused, UsageFault
from dmart_tui.core.files import read_bounded
from dmart_tui.core.jsontext import rewrite
from dmart_tui.core.merging import ABSENT, differences, value_at, with_value
from dmart_tui.core.spaces import PAYLOAD_LIMIT, Change, decode, resolve, whole
from dmart_tui.core.spaces.layout import child_path
from dmart_tui.core.steps import Expect, Write, digest
from dmart_tui.core.writing.documents import KEEP, Document, body_folder, open_document
from dmart_tui.core.writing.passwords import hashed, is_hash, unmasked
from dmart_tui.core.writing.plan import Edited, Plan, Warned
from dmart_tui.core.writing.records import changes_of, diff, event_steps, history_steps, lines_of, stamp
from dmart_tui.core.writing.rules import password_warnings, saving_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dmart_tui.core.address import Address
    from dmart_tui.core.steps import Step
    from dmart_tui.core.writing.store import Store

_DIGESTS: Final = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
"""Length of a stored checksum -> how it was made."""
BODY: Final = ("payload", "body")


@dataclass(frozen=True, slots=True)
class Members:
    """A value for `plan_set`: members that go out of a list and into it; what is there already is not put in twice."""

    added: tuple[Any, ...] = ()
    removed: tuple[Any, ...] = ()


def json_text(value: Any) -> bytes:
    """A new JSON payload as D-MART writes it: one line, a space after commas and colons, ASCII."""
    return json.dumps(value).encode()


def checksum(data: bytes, former: str = "") -> str:
    """The checksum of a body: SHA-1 as D-MART's flat files have it, or of the kind that `former` is of."""
    prefix, colon, digits = former.rpartition(":")
    kind = _DIGESTS.get(len(digits), "sha1")
    return f"{prefix}{colon}{hashlib.new(kind, data, usedforsecurity=False).hexdigest()}"


@dataclass(slots=True)
class _Body:
    """What becomes of a body."""

    value: Any
    """For diffs and schemas; None when it is no JSON in a file."""
    path: str | None = None
    """The file to write; None for none."""
    data: bytes = b""
    before: bytes | None = None
    """What the file holds now."""


def plan_save(store: Store, document: Document, meta: dict[str, Any], body: Any = KEEP, *, title: str = "") -> Plan:
    """The smallest edits of a document's files after which it holds `meta` and `body`.

    Saving what did not change is a plan without steps. `updated_at`, the checksum of a changed body and the lines of
    history and event log follow of themselves; a new password becomes its hash, and a mask in place of a secret leaves
    the secret as it is.

    Args:
        body: as `Document.body`; bytes are the file as it is to be. A first body goes where D-MART would put it.

    Raises:
        Refused: a mask stands where no secret was, or bytes are to be a text and are none.
        UsageFault: a new number is infinite or none.
        Damaged: something is nested over 500 levels, or bytes are to be JSON in the meta and are none.
    """
    title = title or f"Change {document.address}"
    new: dict[str, Any] = unmasked(meta, document.meta)
    warnings: tuple[Warned, ...] = ()
    password = new.get("password")
    if document.type == "user" and isinstance(password, str) and not is_hash(password):
        warnings = tuple(password_warnings(password))
        new = {**new, "password": hashed(password)}
    try:
        new, made = _with_body(store, document, new, body)
    except Damaged as error:
        raise Damaged(f"the body {error.message}", address=str(document.address)) from None
    changed = [found for found in differences(document.meta, new) if found.path != ("updated_at",)]
    if not changed and made.path is None:
        return Plan(title, document.address)
    when = store.now()
    new["updated_at"] = stamp(when, document.meta.get("updated_at"))
    data = rewrite(document.meta_data, new)
    before = (document.body if document.body_data is not None else {}) if document.body_kind == "json" else None
    found = diff(whole(document.meta, before), whole(new, made.value))
    check_numbers({key: change["new"] for key, change in found.items()}, document.address)
    steps: list[Step] = []
    expects = list(document.digests)
    if made.path is not None:
        steps.append(Write(made.path, made.data))
        if all(expect.path != made.path for expect in expects):
            expects.append(Expect(made.path, digest(made.before)))
    steps.append(Write(document.meta_path, data))
    if found:
        steps += history_steps(store, document.item, found, when)
        steps += event_steps(store, document.address, document.type, new, "update", found, when)
    found_odd = saving_warnings(store, document, new, made.value, set(found))
    bodies = (made.before, made.data) if made.path is not None else (None, None)
    return Plan(
        title,
        document.address,
        steps=tuple(steps),
        expects=tuple(expects),
        changes=(*changes_of(found), *_changed_text(document, made)),
        lines=lines_of(steps),
        warnings=(*warnings, *_lost_files(document, new), *found_odd),
        undo=(Edited(document.address, (document.meta_data, data), bodies),),
    )


def plan_set(
    store: Store,
    address: Address,
    assignments: Sequence[tuple[str, Any]],
    *,
    removed: Iterable[str] = (),
    body: Any = KEEP,
) -> Plan:
    """Set and remove keys of what stands at an address; arguments and errors as `plan_save`.

    Args:
        assignments: dotted keys of the meta, those of the payload below `payload.body`, with their values; `Members`
            changes a list, ABSENT removes the key.
        removed: dotted keys that go.
        body: a whole new body, which the keys are then set in.

    Raises:
        UsageFault: a key leads through something that is no object, or there is no JSON payload to hold it.
        NotFound, Refused, Damaged: as `open_document`.
    """
    document = open_document(store, address)
    meta, value = document.meta, document.body if body is KEEP else body
    for key, wanted in (*assignments, *((key, ABSENT) for key in removed)):
        separate = document.body_kind == "json" or isinstance(body, dict | list)
        path, _ = resolve(whole(meta, value if separate else None), key)
        if path[:2] != BODY or not separate:
            meta = with_value(meta, path, _assigned(value_at(meta, path), wanted, key))
        else:
            value = with_value(value, path[2:], _assigned(value_at(value, path[2:]), wanted, key))
            body = value
    return plan_save(store, document, meta, body)


def check_numbers(values: dict[str, Any], address: Address) -> None:
    """Refuse what Python reads and writes as JSON and others do not: infinite numbers and NaN.

    Raises:
        UsageFault: a value, or one in it, is such a number.
    """
    for key, value in values.items():
        rest = [value]
        while rest:
            one = rest.pop()
            if isinstance(one, dict | list):
                rest.extend(one.values() if isinstance(one, dict) else one)
            elif isinstance(one, float) and not isfinite(one):
                raise UsageFault(f"{key}: {one} is no number in JSON", address=str(address))


def _assigned(current: Any, wanted: Any, key: str) -> Any:
    if not isinstance(wanted, Members):
        return wanted
    members = [] if current is ABSENT or current is None else current
    if not isinstance(members, list):
        raise UsageFault(f"{key} is no list: it has no members")
    left = [member for member in members if all(differences(member, gone) for gone in wanted.removed)]
    return [*left, *(new for new in wanted.added if all(differences(new, member) for member in left))]


# -- bodies -----------------------------------------------------------------------------------------------------------


def _changed_text(document: Document, made: _Body) -> list[Change]:
    """A new text in a file: D-MART's histories tell no more of it than its checksum."""
    if document.body_kind != "text" or made.path is None:
        return []
    try:
        old, new = (made.before or b"").decode(), made.data.decode()
    except UnicodeDecodeError:
        return []
    return [Change("payload.body", old, new, "changed")]


def _with_body(store: Store, document: Document, meta: dict[str, Any], body: Any) -> tuple[dict[str, Any], _Body]:
    """(the meta that goes with a body, what becomes of its file); the meta given is not changed."""
    meta = dict(meta)
    kept = _Body(document.body if document.body_kind == "json" else None)
    if body is KEEP:
        return meta, kept
    if not isinstance(body, bytes):
        body = unmasked(body, document.body)
    if document.body_kind in ("inline-text", "inline-json"):
        if isinstance(body, bytes):
            body = _text_of(document, body) if document.body_kind == "inline-text" else decode(body)
        return _inline(meta, body), _Body(None)
    if document.body_kind == "none":
        return _first_body(store, document, meta, body)
    path, before = document.body_path, document.body_data
    assert path is not None
    if document.body_kind == "binary":
        before = _bytes_of(store, path)
    value = body if document.body_kind == "json" else None
    if isinstance(body, bytes):
        data = body
        value = _decoded(body) if document.body_kind == "json" else None
    elif document.body_kind == "json":
        data = json_text(body) if before is None else rewrite(before, body)
    else:
        data = body.encode() if isinstance(body, str) else json_text(body)
    if data == before:
        return meta, kept
    return _with_checksum(meta, data, always=document.body_kind != "json"), _Body(value, path, data, before)


def _bytes_of(store: Store, path: str) -> bytes | None:
    try:
        return read_bounded(path, store.spaces.root, PAYLOAD_LIMIT)
    except NotFound:
        return None


def _decoded(data: bytes) -> Any:
    try:
        return decode(data)
    except Damaged:
        return None


def _inline(meta: dict[str, Any], body: Any) -> dict[str, Any]:
    payload = meta.get("payload")
    if not isinstance(payload, dict):
        payload = {"content_type": "text" if isinstance(body, str) else "json"}
    if not differences(payload.get("body"), body):
        return meta
    data = body.encode() if isinstance(body, str) else json_text(body)
    return _with_checksum({**meta, "payload": {**payload, "body": body}}, data)


def _with_checksum(meta: dict[str, Any], data: bytes, *, always: bool = False) -> dict[str, Any]:
    """The meta with the checksum of a new body, where it had one; D-MART gives uploads one `always`."""
    payload = meta.get("payload")
    if not isinstance(payload, dict):
        return meta
    former = payload.get("checksum")
    if not isinstance(former, str):
        if not always:
            return meta
        former = ""
    return {**meta, "payload": {**payload, "checksum": checksum(data, former)}}


def _text_of(document: Document, data: bytes) -> str:
    """What is to stand in the meta."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused("is no text that a meta could hold", address=str(document.address), hint="attach it") from None


def _first_body(store: Store, document: Document, meta: dict[str, Any], body: Any) -> tuple[dict[str, Any], _Body]:
    """A body for something that had none: text in the meta, JSON in a file of its own."""
    if isinstance(body, bytes):
        body = _text_of(document, body)
    if body is None:
        return meta, _Body(None)
    if isinstance(body, str):
        return _inline(meta, body), _Body(None)
    payload = meta.get("payload")
    name = f"{document.address.name}.json"
    path = child_path(body_folder(store, document.item), name)
    assert path is not None
    before = _bytes_of(store, path)
    if before is not None:
        raise Refused(f"{name} is there already and belongs to nothing", address=str(document.address))
    data = json_text(body)
    described = {"content_type": "json", **(payload if isinstance(payload, dict) else {}), "body": name}
    meta["payload"] = {**described, "checksum": checksum(data)}
    return meta, _Body(body, path, data, None)


def _lost_files(document: Document, new: dict[str, Any]) -> tuple[Warned, ...]:
    """A warning where the meta lets go of the file of its body."""
    before, after = value_at(document.meta, BODY), value_at(new, BODY)
    if document.body_path is None or document.body_data is None or before == after:
        return ()
    return (Warned("loss", BODY, f"the file {before} stays behind and belongs to nothing", deliberate=True),)
