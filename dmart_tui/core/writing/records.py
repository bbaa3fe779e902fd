"""The lines a change leaves: in the history of what was changed, and in the event log of a space that keeps one.

As D-MART 1.2 to 1.4, the last that wrote flat files, does: compact JSON in UTF-8, keys in the order of its models. A
history line leaves out what has no value, an event line writes null. D-MART before 2024-07 put a space after each comma
and colon and escaped what is not ASCII; real folders hold both. Of the diff: keys are joined by dots, lists are values
and hold only the members that came or went, the text "null" stands for absence, `updated_at` is left out. D-MART
compares only the keys that its request named and the change of a checksum is none of them; here all keys are compared.
Secrets are masked on both sides, where D-MART writes the hashes of passwords.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from dmart_tui import __version__
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.files import open_regular
from dmart_tui.core.jsontext import encode
from dmart_tui.core.merging import differences
from dmart_tui.core.secrets import MARK, mask, mask_change
from dmart_tui.core.spaces import ABSENT, Attachment, Change, Entry, Item, events_path, flatten, list_change
from dmart_tui.core.spaces.histories import read_diff
from dmart_tui.core.spaces.layout import HISTORY, attachment_history
from dmart_tui.core.steps import Append, MakeFolder, Step
from dmart_tui.core.units import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dmart_tui.core.address import Address
    from dmart_tui.core.writing.store import Store

ACTION_LOG: Final = "action_log"
"""The plugin of D-MART that keeps the event log of a space."""
HEADERS: Final = {"user-agent": f"dmart-tui/{__version__}"}
_ZONE: Final = re.compile(r"(?:[Zz]|[+-]\d\d:?\d\d)\Z")
_CHECKSUM: Final = "payload.checksum"
MASKED: Final = "********"
"""What a line holds for a secret."""


def stamp(when: datetime, former: Any = None) -> Any:
    """A naive local time as D-MART writes it, or in the way of the time it replaces, and later than that.

    Args:
        former: a text with `Z`, an offset or a space, or epoch seconds, is followed; anything else is not.
    """
    before = parse_time(former)
    if isinstance(former, int | float) and not isinstance(former, bool):
        return max(when.timestamp(), former + 1e-6)
    zone = _ZONE.search(former) if isinstance(former, str) and before is not None else None
    moment = when if zone is None else when.astimezone(datetime.strptime(zone[0].upper(), "%z").tzinfo)
    if before is not None:
        least = before.astimezone(moment.tzinfo) if zone else before.replace(tzinfo=None)
        moment = max(moment, least + timedelta(microseconds=1))
    separator = " " if isinstance(former, str) and " " in former else "T"
    text = moment.isoformat(separator)
    return text.replace("+00:00", zone[0]) if zone and zone[0] in "Zz" else text


def diff(old: dict[str, Any], new: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The diff of a history line between two documents as `whole` gives them, not yet masked."""
    before, after = dict(flatten(old)), dict(flatten(new))
    found: dict[str, dict[str, Any]] = {}
    for key in dict.fromkeys((*before, *after)):
        one, other = before.get(key, ABSENT), after.get(key, ABSENT)
        one, other = _side(one), _side(other)
        if key == "updated_at" or not differences(one, other):
            continue
        if isinstance(one, list) and isinstance(other, list):
            removed, added = list_change(one, other)
            if removed or added:
                one, other = list(removed), list(added)
        found[key] = {"old": one, "new": other}
    if _CHECKSUM in found:  # it follows from the rest, which tells more
        found[_CHECKSUM] = found.pop(_CHECKSUM)
    return found


def _side(value: Any) -> Any:
    return "null" if value is ABSENT or value is None else value


def changes_of(found: dict[str, dict[str, Any]]) -> tuple[Change, ...]:
    """A diff as the changes that a reader of its line sees, secrets masked."""
    return tuple(mask_change(change) for change in read_diff(found)[0])


def history_line(store: Store, found: Mapping[str, Any], when: datetime) -> bytes:
    """One line of a history, without its end; secrets in the diff are masked."""
    time = stamp(when)
    return encode(
        {
            "uuid": str(uuid4()),
            "shortname": "history",
            "is_active": False,
            "tags": [],
            "created_at": time,
            "updated_at": time,
            "owner_shortname": store.user,
            "timestamp": time,
            "request_headers": HEADERS,
            "diff": _masked(found),
        }
    )


def history_path(store: Store, item: Item) -> str:
    """Where changes of something are recorded: its own history, of an attachment the one that all of them share."""
    if isinstance(item, Attachment):
        return attachment_history(store.spaces.root, item.address)
    assert isinstance(item, Entry)
    return f"{item.folder}/{HISTORY}"


def history_steps(store: Store, item: Item, found: Mapping[str, Any], when: datetime) -> tuple[Step, ...]:
    """The steps that append the line of a change to the history of what was changed."""
    path = history_path(store, item)
    folder = path.rpartition("/")[0]
    made = () if os.path.isdir(folder) else (MakeFolder(folder),)  # noqa: PTH112 - text paths, see layout
    return (*made, Append(path, history_line(store, found, when)))


def event_steps(
    store: Store,
    address: Address,
    type_: str,
    meta: Mapping[str, Any],
    request: str,
    attributes: Mapping[str, Any],
    when: datetime,
) -> tuple[Append, ...]:
    """The step that appends a line to the event log; none where the space keeps no log.

    Args:
        request: `create`, `update`, `delete`, `move`, `progress_ticket`, ...
        attributes: of an update the diff, of a create the fields of its type and the payload; masked here.

    Costs the read of the space's meta.
    """
    space = store.spaces.load(type(address)(address.space)).meta if address.parts or address.attachment else meta
    plugins = space.get("active_plugins")
    if not isinstance(plugins, list) or ACTION_LOG not in plugins:
        return ()
    locator = {
        "uuid": meta.get("uuid"),
        "domain": None,
        "type": type_,
        "space_name": address.space,
        "subpath": address.subpath or "/",
        "shortname": address.name,
        "schema_shortname": None,
        "displayname": meta.get("displayname"),
        "description": meta.get("description"),
        "tags": meta.get("tags", []),
    }
    line = {
        "resource": locator,
        "user_shortname": store.user,
        "request": request,
        "timestamp": stamp(when),
        "attributes": {**_masked(attributes), "request_headers": HEADERS},
    }
    path = events_path(store.spaces, address.space)
    return (Append(path, encode(line), ended=_is_ended(store, path)),)


def _is_ended(store: Store, path: str) -> bool:
    """Whether lines of a log end with a line end; D-MART's before 1.2 begin with one, and the last has none."""
    try:
        descriptor = open_regular(path, store.spaces.root)
    except DmartTuiError:
        return True
    try:
        size = os.fstat(descriptor).st_size
        return not size or os.pread(descriptor, 1, size - 1) == b"\n"
    finally:
        os.close(descriptor)


def lines_of(steps: Iterable[Step]) -> tuple[bytes, ...]:
    """The lines that steps append, for the preview."""
    return tuple(step.line for step in steps if isinstance(step, Append))


def creation_attributes(meta: Mapping[str, Any], body: Any) -> dict[str, Any]:
    """What the event of a creation tells: the fields that only this type has, and the payload with its body."""
    told = {key: value for key, value in meta.items() if key not in COMMON_KEYS}
    payload = meta.get("payload")
    if isinstance(payload, dict):
        told["payload"] = {**payload, "body": body if isinstance(body, dict | list) else payload.get("body")}
    return told


COMMON_KEYS: Final = frozenset(
    (
        "uuid", "shortname", "slug", "is_active", "displayname", "description", "tags", "created_at", "updated_at",
        "owner_shortname", "owner_group_shortname", "payload", "relationships", "acl", "last_checksum_history",
    )
)  # fmt: skip
"""Keys that every meta may have."""


def _masked(found: Mapping[str, Any]) -> dict[str, Any]:
    starred: dict[str, Any] = _starred(mask(dict(found)))
    return starred


def _starred(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(MARK, MASKED)
    if isinstance(value, dict):
        return {key: _starred(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_starred(inner) for inner in value]
    return value
