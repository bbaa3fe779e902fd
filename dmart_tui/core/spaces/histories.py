"""Histories of all eras: where they are, and their lines as records of changes (D-MART layout, history)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Final, Literal

from dmart_tui.core import disk
from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.merging import Missing as Missing
from dmart_tui.core.secrets import mask, mask_change
from dmart_tui.core.spaces import layout
from dmart_tui.core.spaces.jsonlines import BLOCK, Damage, Line, LineFile, Parsed
from dmart_tui.core.spaces.model import Entry, Kind, Problem
from dmart_tui.core.spaces.reading import Spaces
from dmart_tui.core.units import parse_time

STRAY: Final = "meta.history.jsonl"
"""The name of a history before 2022."""

ChangeKind = Literal["added", "removed", "changed", "list", "event"]
Role = Literal["own", "stray", "side-car", "folder", "space", "attachments", "shared"]
"""What the lines of a history file are about.

own: an entry. stray: an entry, before 2022. side-car: a folder. folder: a folder, kept inside it. space: a space.
attachments: the attachments of an entry; no line says which. shared: an entry at the root of a space and its
attachments; no line says which of them.
"""


ABSENT: Final = Missing.ABSENT
UNRECORDED: Final = Missing.UNRECORDED

_REQUEST: Final = "x_request_data"
_LOCK: Final = "lock_type"
_PROGRESS: Final = frozenset({"state", "is_open", "resolution_reason", "comment"})
_PAIR: Final = frozenset({"old", "new"})
_DEEPEST: Final = 32


@dataclass(frozen=True, slots=True)
class Change:
    """One key before and after."""

    key: str
    """Names joined by dots; those of a JSON payload start with `payload.body.`."""
    old: Any
    new: Any
    kind: ChangeKind
    ambiguous: bool = False
    """Absence is written as the text "null", which a real text "null" would be too."""
    removed: tuple[Any, ...] = ()
    """Of a list change: members only in `old`."""
    added: tuple[Any, ...] = ()
    """Of a list change: members only in `new`."""


@dataclass(slots=True, kw_only=True)
class Logged:
    """One line of a log: who did what to which address, and when."""

    address: Address
    """What it is about: of a history the entry its file belongs to, of an event log the resource it names."""
    path: str
    """Of the file; relative to the root, as on disk."""
    timestamp: str = ""
    """As written; empty when there is none."""
    when: datetime | None = None
    owner: str = ""
    """Who did it."""
    changes: tuple[Change, ...] = ()
    request_headers: dict[str, Any] = field(default_factory=dict)
    """Also what the old dialect kept as `x_request_data` inside the diff."""
    problems: tuple[Problem, ...] = ()
    file: LineFile = field(repr=False, compare=False)
    index: int
    """Of its line: from 0 when read forwards, from -1 when read backwards."""
    is_record: bool = True
    """False for a line that holds none: blank, damaged; its problems say so."""

    @property
    def line(self) -> int:
        """The 1-based number of its line; reads the file once when that is larger than a block."""
        return self.file.number(self.index)

    @property
    def source(self) -> str:
        """What kind of file it stands in."""
        raise NotImplementedError


@dataclass(slots=True, kw_only=True)
class Record(Logged):
    """One line of a history."""

    role: Role

    @property
    def source(self) -> str:
        return self.role

    @property
    def event(self) -> str:
        """`lock`, `extend`, `unlock`, `cancel` or `progress` when the line tells of that, else empty."""
        for change in self.changes:
            if change.key == _LOCK and isinstance(change.new, str):
                return change.new
            if change.kind == "event":
                return "progress"
        return ""

    def masked(self, reveal: Collection[str] = ()) -> Record:
        """A copy with its secrets masked, except the keys named in `reveal`."""
        return replace(
            self,
            changes=tuple(mask_change(change, reveal) for change in self.changes),
            request_headers=mask(self.request_headers, reveal),
        )


# -- the diff ---------------------------------------------------------------------------------------------


def member_token(member: Any) -> str:
    """A text that equal members of lists share, whatever the order of their keys."""
    try:
        return json.dumps(member, sort_keys=True)
    except (ValueError, RecursionError):
        return f"too deep {id(member)}"


def list_change(old: list[Any], new: list[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The members removed and the members added, repeated ones counted, each in its list's order."""
    spare_new, spare_old = Counter(map(member_token, new)), Counter(map(member_token, old))
    return _without(old, spare_new), _without(new, spare_old)


def _without(members: list[Any], spare: Counter[str]) -> tuple[Any, ...]:
    left = []
    for member in members:
        token = member_token(member)
        if spare[token] > 0:
            spare[token] -= 1
        else:
            left.append(member)
    return tuple(left)


def _change(key: str, old: Any, new: Any) -> Change:
    ambiguous = old == "null" or new == "null"
    old = ABSENT if old is None or old == "null" else old
    new = ABSENT if new is None or new == "null" else new
    if key == _LOCK:
        return Change(key, old, new, "event", ambiguous)
    if isinstance(old, list) and isinstance(new, list):
        removed, added = list_change(old, new)
        return Change(key, old, new, "list", ambiguous, removed, added)
    kind: ChangeKind = "changed"
    if (old is ABSENT) != (new is ABSENT):
        kind = "added" if old is ABSENT else "removed"
    return Change(key, old, new, kind, ambiguous)


def _is_pair(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and value.keys() <= _PAIR


def _pairs(prefix: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The (key, pair) of a diff nested by its keys, as before 2022; a pair that is none is of some other shape."""
    if _is_pair(value) or not isinstance(value, dict) or depth > _DEEPEST:
        yield prefix, value
        return
    for key, inner in value.items():
        yield from _pairs(f"{prefix}.{key}" if prefix else key, inner, depth + 1)


def read_diff(diff: dict[str, Any]) -> tuple[tuple[Change, ...], dict[str, Any], list[str]]:
    """A diff as (changes, request headers kept in it, keys whose value is no pair of old and new).

    A value of another shape is kept as a change whose old side is `UNRECORDED`.
    """
    changes: list[Change] = []
    odd: list[str] = []
    headers: dict[str, Any] = {}
    for key, value in diff.items():
        if key in (_REQUEST, "request_headers") and isinstance(value, dict) and not _is_pair(value):
            headers = value
            continue
        if _is_pair(value):
            changes.append(_change(key, value.get("old", UNRECORDED), value.get("new", UNRECORDED)))
            continue
        nested = list(_pairs(key, value))
        if nested and all(_is_pair(pair) for _, pair in nested):
            changes.extend(_change(k, pair.get("old", UNRECORDED), pair.get("new", UNRECORDED)) for k, pair in nested)
        else:
            odd.append(key)
            changes.append(Change(key, UNRECORDED, value, "changed"))
    keys = {change.key for change in changes}
    if keys <= _PROGRESS and ("state" in keys or "resolution_reason" in keys):
        changes = [replace(change, kind="event") for change in changes]
    return tuple(changes), headers, odd


# -- records ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A history file."""

    path: str
    """Absolute."""
    role: Role
    address: Address


def owner_of(value: dict[str, Any]) -> str:
    """Who did what a line tells of; empty when it does not say."""
    for key in ("owner_shortname", "actor_locator"):
        owner = value.get(key)
        if isinstance(owner, dict):
            owner = owner.get("shortname")
        if isinstance(owner, str) and owner:
            return owner
    return ""


def line_problems(
    address: Address, relative: str, file: LineFile, index: int, damage: Iterable[Damage]
) -> tuple[Problem, ...]:
    """The damage of a line as problems that name the line."""
    return tuple(
        Problem(severity, kind, str(address), relative, f"line {file.number(index):,} {detail}")
        for severity, kind, detail in damage
    )


def read_time(value: dict[str, Any], damage: list[Damage]) -> tuple[str, datetime | None]:
    """The timestamp as written and as a time; noted as damage when it is none."""
    written = value.get("timestamp")
    when = parse_time(written)
    if when is None:
        damage.append(Damage("warning", "time-unreadable", "has no time that can be read"))
    return written if isinstance(written, str) else "" if written is None else str(written)[:64], when


def record_of(place: Place, relative: str, file: LineFile, line: Line, parsed: Parsed) -> Record:
    """One object of a line as a record; a line that holds none as a record that says so."""
    damage = list(parsed.damage)
    record = Record(address=place.address, role=place.role, path=relative, file=file, index=line.index)
    if parsed.value is None:
        record.is_record = False
    else:
        _fill(record, parsed.value, damage)
    if damage:
        record.problems = line_problems(place.address, relative, file, line.index, damage)
    return record


def _fill(record: Record, value: dict[str, Any], damage: list[Damage]) -> None:
    diff = value.get("diff")
    if isinstance(diff, dict):
        record.changes, record.request_headers, odd = read_diff(diff)
        if odd:
            damage.append(Damage("note", "diff-shape", f"has no old and new for {', '.join(odd[:5])}"))
    elif diff is not None or "timestamp" not in value:
        damage.append(Damage("warning", "diff-shape", "has no diff that can be read"))
    request = value.get("request_headers")
    if isinstance(request, dict):
        record.request_headers = {**record.request_headers, **request}
    record.timestamp, record.when = read_time(value, damage)
    record.owner = owner_of(value)


def unreadable(place: Place, relative: str, file: LineFile, error: DmartTuiError) -> Record:
    """The row that stands for the rest of a file that cannot be read."""
    problem = Problem("error", "history-unreadable", str(place.address), relative, f"the history {error.message}")
    return Record(
        address=place.address, role=place.role, path=relative, problems=(problem,), file=file, index=0, is_record=False
    )


def read_history(spaces: Spaces, place: Place, *, forwards: bool = False, block: int = BLOCK) -> Iterator[Record]:
    """The records of one file in its order, newest (last) first unless `forwards`; never raises for what is in it.

    A line that holds no record is yielded too, with its problem, so that nothing disappears.
    Memory: one block, or one line when that is larger; no descriptor is held between blocks.
    """
    file = LineFile(place.path, spaces.root, block=block)
    relative = spaces.relative(place.path)
    try:
        for line, parsed in file.objects(forwards=forwards):
            yield record_of(place, relative, file, line, parsed)
    except DmartTuiError as error:
        yield unreadable(place, relative, file, error)


# -- places -----------------------------------------------------------------------------------------------


def history_places(spaces: Spaces, entry: Entry, *, attachments: bool = True) -> list[Place]:
    """The history files of an entry, folder or space that exist; at most three lstats.

    Args:
        attachments: also the one file that all its attachments share.
    """
    address, places = entry.address, []
    shared = layout.attachment_history(spaces.root, address)
    own = f"{entry.folder}/{layout.HISTORY}"
    if entry.kind is Kind.SPACE:
        return [Place(own, "space", address)] if layout.HISTORY in entry.files else []
    if layout.HISTORY in entry.files:
        role: Role = "shared" if own == shared else "side-car" if entry.kind is Kind.FOLDER else "own"
        places.append(Place(own, role, address))
    if STRAY in entry.files:
        places.append(Place(f"{entry.folder}/{STRAY}", "stray", address))
    if entry.kind is Kind.FOLDER:
        inner = layout.place(spaces.root, address).own_dm
        places.extend(
            Place(f"{inner}/{name}", "folder", address)
            for name in (layout.HISTORY, STRAY)
            if disk.lexists(f"{inner}/{name}")
        )
    if attachments and own != shared and disk.lexists(shared):
        places.append(Place(shared, "attachments", address))
    return places


def newer_key(when: datetime | None, newer: float, file: LineFile) -> float:
    """A sort key that falls with time and keeps the order of a file.

    Args:
        when: the time of a line read newest first.
        newer: the key of the line read before it; minus infinity for the first.
        file: where it stands, read from.

    A line without a time, or with a later one than the line below it, takes that one's key; the last line of a file
    takes the time the file was written.
    """
    if when is not None:
        return max(newer, -when.timestamp())
    return newer if newer > float("-inf") else -file.written


def _keyed(records: Iterator[Record]) -> Iterator[tuple[float, Record]]:
    key = float("-inf")
    for record in records:
        key = newer_key(record.when, key, record.file)
        yield key, record


def history(
    spaces: Spaces,
    address: Address,
    *,
    skip: int = 0,
    limit: int | None = None,
    attachments: bool = True,
    block: int = BLOCK,
) -> Iterator[Record]:
    """The records of what stands at an address, newest first, from all its places merged by time.

    Args:
        skip: records to leave out first (they are read and dropped).
        limit: records to yield at most.
        attachments: also those of its attachments; each record's `role` tells. The history of one attachment
            cannot be told from its siblings': its address gives all of them.

    Raises:
        NotFound, Refused: as `Spaces.load`.
    """
    entry = spaces.load(address)
    places = history_places(spaces, entry, attachments=attachments or address.attachment is not None)
    if address.attachment is not None:
        places = [place for place in places if place.role in ("attachments", "shared")]
    files = [_keyed(read_history(spaces, place, block=block)) for place in places]
    merged = merge(*files, key=lambda pair: pair[0])
    stop = None if limit is None else skip + limit
    return (record for _, record in islice(merged, skip, stop))
