"""A line of a history or event log as documents: one for each key that it changed, or one when it names none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from dmart_tui.core.secrets import mask
from dmart_tui.core.spaces import Change, Event, Logged, Missing, Record

DATE: Final = "ts"
"""The date field: milliseconds since 1970, UTC as all times of D-MART are taken."""
KEY: Final = "id"
"""The key field: a number made of the line and the change, so that the same change has it in every import."""
QUOTED: Final = 120
"""Characters of a text that is kept as it is; of a longer one only the size."""
_LONGEST: Final = 512
"""Characters of any other text."""
_REQUESTS: Final = {"create": "added", "delete": "removed"}


def documents_of(item: Logged, raw: bytes, when: int, type_: str = "") -> Iterator[dict[str, Any]]:
    """The changes of a line, secrets masked.

    Args:
        item: the line as read.
        raw: its bytes; with its path they make the ids.
        when: milliseconds since 1970.
        type_: the resource type of what its file belongs to; an event names its own.

    Each has `id`, `ts`, `at` (the time as written), `who`, `space`, `subpath`, `shortname`, `entry` (the address),
    `type`, `kind` (added, removed, changed, list, event), `request`, `source`, and `old_size` and `new_size` (bytes as
    JSON; 0: absent). Where there is one it has `attachment` (type/name), `key`, `agent`, and `old` and `new` where
    these are short and plain.
    """
    item = item.masked() if isinstance(item, Record | Event) else item
    entry = item.address.parent if item.address.attachment is not None else item.address
    assert entry is not None
    common: dict[str, Any] = {
        "ts": when,
        "at": _text(item.timestamp),
        "who": _text(item.owner),
        "space": _text(entry.space),
        "subpath": _text(entry.subpath),
        "shortname": _text(entry.name) if entry.parts else "",
        "entry": _text(str(entry)),
        "type": _text(item.type) if isinstance(item, Event) else type_,
        "request": _text(_request(item)),
        "source": item.source,
    }
    if item.address.attachment is not None:
        common["attachment"] = _text("/".join(item.address.attachment))
    if agent := _agent(item.request_headers):
        common["agent"] = agent
    seed = hashlib.blake2b(item.path.encode("utf-8", "surrogateescape") + b"\0" + raw, digest_size=8)
    for number, change in enumerate(item.changes or (None,)):
        digest = seed.copy()
        digest.update(number.to_bytes(4, "big"))
        document = {"id": int.from_bytes(digest.digest(), "big") >> 1, **common}
        yield document | (_of(change) if change is not None else _of_line(item))


def _of(change: Change) -> dict[str, Any]:
    told = {
        "key": _text(change.key),
        "kind": change.kind,
        "old_size": _size(change.old),
        "new_size": _size(change.new),
    }
    for side in ("old", "new"):
        value = getattr(change, side)
        if isinstance(value, bool | int | float):
            told[side] = value
        elif isinstance(value, str) and len(value) <= QUOTED:
            told[side] = _text(value)
    return told


def _of_line(item: Logged) -> dict[str, Any]:
    made = _size(item.attributes) if isinstance(item, Event) and item.request == "create" else 0
    return {"kind": _REQUESTS.get(_request(item), "event"), "old_size": 0, "new_size": made}


def _request(item: Logged) -> str:
    """What was asked for, in D-MART's words."""
    if isinstance(item, Event):
        return item.request
    return (item.event if isinstance(item, Record) else "") or "update"


def _size(value: Any) -> int:
    if isinstance(value, Missing):
        return 0
    try:
        return len(msgspec.json.encode(value))
    except (TypeError, ValueError, RecursionError):
        return 0


def _agent(headers: dict[str, Any]) -> str:
    for name, value in headers.items():
        if name.lower().replace("_", "-") == "user-agent" and isinstance(value, str):
            return _text(str(mask(value)))
    return ""


def _text(text: str) -> str:
    """A text that UTF-8 can hold: strangers write half characters, and disks names that are no text."""
    return text[:_LONGEST] if text.isascii() else text[:_LONGEST].encode("utf-8", "replace").decode()
