"""An entry as it was, from what it is and its history walked backwards; and who touched each key last.

What a history cannot give is named, not guessed: D-MART records neither moves nor `updated_at`, of a list only the
members that came and went, and of an update only the keys that its request named. An object emptied and one that was
never there look the same and are dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from dmart_tui.core.spaces.histories import ABSENT, UNRECORDED, Change, Record, member_token
from dmart_tui.core.spaces.model import Attachment, Item
from dmart_tui.core.units import format_time

_NO_KEYS: Final = frozenset({"lock_type", "comment", "updated_at"})
"""Keys of diffs that are no keys of the entry, or are treated apart."""
_DEEPEST: Final = 128
_FOREIGN: Final = "may be of an attachment or of the entry: they share a history file"
_ORDER: Final = "the members are known, their order is not: a history holds only those that came and went"


@dataclass(slots=True)
class Version:
    """An entry as it was."""

    when: datetime | None
    """The time asked for, or that of the line."""
    existed: bool | None
    """False: it was made later, and `meta` is empty. None: that cannot be told."""
    meta: dict[str, Any]
    body: Any
    """The JSON payload; None when there was none in a file of its own."""
    unknown: dict[str, str] = field(default_factory=dict)
    """Keys whose value cannot be known or only in part, each with the reason; their value here is the best guess."""
    undone: int = 0
    """Records newer than this version."""

    @property
    def exact(self) -> bool:
        """Whether every key is what the history says; changes that it never recorded cannot be seen."""
        return self.existed is not False and not self.unknown


@dataclass(frozen=True, slots=True)
class Blame:
    """Who gave a key its value."""

    owner: str
    when: datetime | None
    record: Record | None
    """None for a key that no record touched: the value is from the creation, as far as the history tells."""
    change: Change | None


def as_of(item: Item, body: Any, records: Iterable[Record], when: datetime) -> Version:
    """The entry as it was at a time.

    Args:
        item: as it is now; neither it nor `body` is changed.
        body: its JSON payload when that is in a file, else None.
        records: its whole history, newest first, as `history` yields it.
        when: aware.

    Costs one pass over `records`, kept one at a time, and a copy of the objects on the way to each key undone.
    """
    walk = _Walk(item, body)
    walk.run(records, lambda record: record.when is not None and record.when <= when)
    created = item.created_at
    existed = None if created is None else created <= when
    if existed is False and walk.older is not None:
        existed = None
        walk.unknown["created_at"] = "is later than a change in the history"
    if existed is False:
        return Version(when, False, {}, None, {}, walk.undone)
    return walk.version(when, existed)


def as_of_line(item: Item, body: Any, records: Iterable[Record], line: int) -> Version:
    """The entry as a line of its own history file left it; line 0 is before the first. Arguments as `as_of`."""
    walk = _Walk(item, body)
    roles = ("attachments", "shared") if isinstance(item, Attachment) else ("own", "side-car", "shared", "space")
    walk.run(records, lambda record: record.role in roles and record.line <= line)
    return walk.version(walk.older.when if walk.older else item.created_at, True)


def blame(item: Item, body: Any, records: Iterable[Record]) -> dict[str, Blame]:
    """The last change of each key of the entry as it is, and of those removed since; dotted keys, sorted.

    Keys that no record touched are the creator's. Arguments as `as_of`.
    """
    touched: dict[str, Blame] = {}
    for record in records:
        if not _concerns(item, record):
            continue
        for change in record.changes:
            if change.key in ("lock_type", "comment"):
                continue
            last = Blame(record.owner, record.when, record, change)
            touched.setdefault(change.key, last)
            parent, _, index = change.key.rpartition(".")
            if index.isdecimal():
                touched.setdefault(parent, last)
    first = Blame(item.owner, item.created_at, None, None)
    keys = {*(key for key, _ in flatten(whole(item.meta, body))), *touched}
    return {key: touched.get(key, first) for key in sorted(keys)}


def flatten(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The (dotted key, value) pairs that D-MART compares: lists are values, an empty object yields nothing."""
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((f"{key}.{name}" if key else name, inner) for name, inner in reversed(value.items()))
        else:
            yield key, value


# -- documents --------------------------------------------------------------------------------------------------------


def whole(meta: dict[str, Any], body: Any) -> dict[str, Any]:
    """Meta and JSON payload as one document, the way diffs name their keys."""
    payload = meta.get("payload")
    if isinstance(body, dict | list) and isinstance(payload, dict):
        return {**meta, "payload": {**payload, "body": body}}
    return meta


def resolve(document: Any, key: str) -> tuple[tuple[str, ...], bool]:
    """(path, whether another path fits too) of a dotted key; names that hold dots are found in the document."""
    path: list[str] = []
    node, parts, several = document, key.split("."), False
    if len(parts) > _DEEPEST:
        return (key,), True
    while parts:
        count, name = 1, parts[0]
        if isinstance(node, dict):
            fits = [
                (n, whole)
                for n in range(1, len(parts) + 1)
                if (whole := ".".join(parts[:n])) in node and (n == len(parts) or isinstance(node[whole], dict | list))
            ]
            several |= len(fits) > 1
            count, name = fits[0] if fits else (count, name)
        path.append(name)
        node, parts = _step(node, name), parts[count:]
    return tuple(path), several


def _step(node: Any, name: str) -> Any:
    """What stands under a name, or an index of a list; ABSENT for nothing."""
    if isinstance(node, dict):
        return node.get(name, ABSENT)
    if isinstance(node, list) and name.isdecimal() and len(name) < 10 and int(name) < len(node):
        return node[int(name)]
    return ABSENT


def _get(document: Any, path: tuple[str, ...]) -> Any:
    node = document
    for name in path:
        node = _step(node, name)
    return ABSENT if node is None or node == {} else node


def _put(document: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A document with one value set, or removed when it is ABSENT; shares with the old one what is not on the way."""
    top: dict[str, Any] = dict(document)
    node: Any = top
    chain: list[tuple[Any, str]] = []
    for name in path[:-1]:
        if value is ABSENT and _step(node, name) is ABSENT:
            return document
        inner = _step(node, name)
        copied: Any = dict(inner) if isinstance(inner, dict) else list(inner) if isinstance(inner, list) else {}
        _assign(node, name, copied)
        chain.append((node, name))
        node = copied
    if value is not ABSENT:
        _assign(node, path[-1], value)
        return top
    _assign(node, path[-1], ABSENT)
    for parent, name in reversed(chain):
        if not isinstance(parent, dict) or parent[name]:
            break
        del parent[name]
    return top


def _assign(node: Any, name: str, value: Any) -> None:
    if isinstance(node, dict):
        if value is ABSENT:
            node.pop(name, None)
        else:
            node[name] = value
    elif name.isdecimal() and len(name) < 10:
        at = int(name)
        node[at : at + 1] = [] if value is ABSENT else [value]


# -- walking back -----------------------------------------------------------------------------------------------------


def _concerns(item: Item, record: Record) -> bool:
    return record.role in ("attachments", "shared") if isinstance(item, Attachment) else record.role != "attachments"


def _tokens(members: Iterable[Any]) -> Counter[str]:
    return Counter(map(member_token, members))


class _Walk:
    def __init__(self, item: Item, body: Any) -> None:
        self.item = item
        self.document = whole(item.meta, body)
        self._separate = isinstance(body, dict | list)
        self.unknown: dict[str, str] = {}
        self.undone = 0
        self.older: Record | None = None
        self._updated: Any = UNRECORDED

    def run(self, records: Iterable[Record], reached: Callable[[Record], bool]) -> None:
        """Undo records until one is `reached`; then see whether the older ones agree with what is left."""
        seen: set[str] = set()
        for record in records:
            if not record.is_record or not _concerns(self.item, record):
                continue
            if self.older is None and not reached(record):
                self._undo(record)
                continue
            self.older = self.older or record
            for change in record.changes:
                if change.key not in seen and change.key not in _NO_KEYS:
                    seen.add(change.key)
                    self._verify(record, change)

    def version(self, when: datetime | None, existed: bool | None) -> Version:
        meta, body = dict(self.document), None
        if self.undone:
            self._guess_unrecorded(meta)
        payload, now = meta.get("payload"), self.item.meta.get("payload")
        named = now.get("body") if isinstance(now, dict) else None
        if isinstance(payload, dict) and not isinstance(named, dict | list):
            inner = payload.get("body", {} if self._separate else None)
            if isinstance(inner, dict | list):
                body = inner
                meta["payload"] = {**payload, "body": named}
        return Version(when, existed, meta, body, self.unknown, self.undone)

    def _guess_unrecorded(self, meta: dict[str, Any]) -> None:
        if "last_checksum_history" in meta:
            self.unknown["last_checksum_history"] = "changes with every record and is not recorded"
        if "updated_at" not in meta:
            return
        if self._updated not in (UNRECORDED, ABSENT):
            meta["updated_at"] = self._updated
            return
        meta["updated_at"] = self.older.timestamp if self.older else meta.get("created_at")
        self.unknown["updated_at"] = "is not recorded: this is the time of the last change before"

    def _undo(self, record: Record) -> None:
        self.undone += 1
        keys = {change.key for change in record.changes}
        self._updated = UNRECORDED
        for change in sorted(record.changes, key=lambda change: change.old is not ABSENT):
            if change.key == "updated_at":
                self._updated = change.old
            elif change.key not in _NO_KEYS:
                self._undo_change(record, change)
        if "state" in keys and "is_open" not in keys and "is_open" in self.document:
            self.unknown["is_open"] = "changes with the state of a ticket without being recorded"

    def _undo_change(self, record: Record, change: Change) -> None:
        path, several = resolve(self.document, change.key)
        current = _get(self.document, path)
        if record.role in ("shared", "attachments") and not _fits(current, change):
            self.unknown[change.key] = f"the change of {_at(record)} {_FOREIGN}"
            return
        if change.old is UNRECORDED:
            self.unknown[change.key] = f"the change of {_at(record)} does not say what was before"
            return
        self.unknown.pop(change.key, None)
        value = change.old
        if change.kind == "list":
            value = self._undo_list(change, current)
        self.document = _put(self.document, path, value)
        if several:
            self.unknown[change.key] = "names with dots make this key ambiguous"

    def _undo_list(self, change: Change, current: Any) -> Any:
        members = [] if current is ABSENT else current
        whole = len(change.removed) < len(change.old)  # lists with a member in common were written whole
        if whole or (isinstance(members, list) and _tokens(members) == _tokens(change.new)):
            return change.old
        if not isinstance(members, list) or _tokens(change.added) - _tokens(members):
            self.unknown[change.key] = "the list after the change is not the one recorded"
            return change.old
        spare = _tokens(change.added)
        kept = []
        for member in members:
            token = member_token(member)
            if spare[token]:
                spare[token] -= 1
            else:
                kept.append(member)
        value = kept + list(change.removed)
        if len(value) > 1:
            self.unknown[change.key] = _ORDER
        return value

    def _verify(self, record: Record, change: Change) -> None:
        path, _ = resolve(self.document, change.key)
        if record.role in ("own", "stray", "side-car", "folder", "space") and not _fits(
            _get(self.document, path), change
        ):
            reason = f"was changed after {_at(record)} without a record"
            self.unknown.setdefault(change.key, reason)


def _at(record: Record) -> str:
    return format_time(record.when, seconds=True)


def _fits(current: Any, change: Change) -> bool:
    """Whether a value may be what a change left."""
    if change.new is UNRECORDED:
        return True
    if isinstance(current, list) and isinstance(change.new, list):
        missing = _tokens(change.added if change.kind == "list" else change.new) - _tokens(current)
        return not missing and (change.kind == "list" or len(current) == len(change.new))
    if change.new in ([], {}) and current is ABSENT:
        return True
    return bool(current == change.new)
