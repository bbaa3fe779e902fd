"""Where Redis and the files differ: indexes and documents missing, documents stale or of nothing, keys of another era,
locks left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from dmart_tui.core.address import Address
from dmart_tui.core.errors import DmartTuiError, UsageFault
from dmart_tui.core.redisearch.building import BATCH, batched, encoded, made_keys, make_index, wanted_indexes
from dmart_tui.core.redisearch.documents import Document, Documents, indexed_spaces, is_indexed
from dmart_tui.core.redisearch.indexes import META, list_indexes
from dmart_tui.core.redisearch.updating import stored
from dmart_tui.core.spaces import Problem
from dmart_tui.core.spaces.checks import KINDS
from dmart_tui.core.spaces.layout import checked_name
from dmart_tui.core.units import format_span

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.redisearch.connecting import Server
    from dmart_tui.core.spaces import Spaces

DriftKind = Literal["no-index", "missing", "stale", "ghost", "other-era", "long-lock"]

_PROBLEMS: Final[dict[DriftKind, str]] = {
    "no-index": "redis-index",
    "missing": "redis-missing",
    "stale": "redis-stale",
    "ghost": "redis-ghost",
    "other-era": "redis-era",
    "long-lock": "redis-lock",
}
LONG_LOCK: Final = timedelta(hours=1)
"""D-MART's locks last five minutes; one this old was left behind or is held on purpose."""
_QUARTER: Final = 900
"""Seconds that time zones differ by, or a multiple."""
_ZONES: Final = timedelta(hours=14).total_seconds()
_TIMES: Final = ("created_at", "updated_at")
_UNORDERED: Final = ("query_policies", "view_acl", "tags")
_DEFAULTS: Final[dict[str, tuple[Any, ...]]] = {
    "is_open": (True,),
    "force_password_change": (True,),
    "type": ("web",),
    "language": ("arabic",),
    "languages": (["english"],),
}
"""What D-MART puts into documents of metas that do not say it, besides empty values."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference."""

    kind: DriftKind
    key: str
    address: Address | None
    """None when the key names none."""
    detail: str
    """A sentence without a final stop."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How far the comparison is; comes after each batch."""

    space: str
    documents: int


def find_drift(
    server: Server,
    spaces: Spaces,
    names: Iterable[str] | None = None,
    *,
    cancel: CancelToken | None = None,
) -> Iterator[Drift | Compared]:
    """Hold the documents of spaces against the files; blocks and streams.

    Costs a walk over the files, a look at every key there is, and 70 bytes of memory a document.

    Args:
        names: spaces; those that D-MART indexes when None.

    Raises:
        Failed: the server does not answer.
        Cancelled: the token was cancelled.
    """
    documents = Documents(spaces, server.branch())
    there = set(server.call("FT._LIST"))
    done = 0
    for space in indexed_spaces(spaces) if names is None else names:
        for name in wanted_indexes(spaces, space, documents.branch):
            if name not in there:
                yield Drift("no-index", name, Address(space), "D-MART's index is not there")
        expected: set[int] = set()
        for batch in batched(documents.of_space(space), BATCH):
            if cancel is not None:
                cancel.check()
            yield from _differences(server, batch)
            expected.update(hash(one.key) for one in batch)
            done += len(batch)
            yield Compared(space, done)
        yield from _unexpected(server, documents, space, expected)


def drift_problems(server: Server, spaces: Spaces, cancel: CancelToken | None = None) -> Iterator[Problem | Compared]:
    """The differences as problems of a check, in those indexed spaces that the server has an index of."""
    there = {index.space for index in list_indexes(server) if index.schema == META}
    names = [name for name in indexed_spaces(spaces) if name in there]
    for found in find_drift(server, spaces, names, cancel=cancel):
        if isinstance(found, Compared):
            yield found
        else:
            kind = _PROBLEMS[found.kind]
            address = str(found.address) if found.address else ""
            yield Problem(KINDS[kind].severity, kind, address, "", f"{found.key}: {found.detail}")


def repair(server: Server, spaces: Spaces, found: Iterable[Drift]) -> Counter[str]:
    """Make and write what is missing or stale and remove ghosts, each looked at again; gives how many of each kind.

    Keys of another era and locks stay: who reads the ones and holds the others is not known here.
    """
    documents = Documents(spaces, server.branch())
    repaired: Counter[str] = Counter()
    for drift in found:
        if drift.address is None or drift.kind in ("other-era", "long-lock"):
            continue
        if drift.kind == "no-index":
            repaired[drift.kind] += make_index(server, spaces, drift.address.space, documents.branch, drift.key)
            continue
        now = {one.key: one for one in documents.at(drift.address)}
        made = made_keys(f"{drift.address.space}{documents.branch}")
        if drift.kind == "ghost":
            if drift.key in now or _is_live(documents, drift.key, drift.address):
                continue
            if server.call("TYPE", drift.key) != "ReJSON-RL":
                continue
            server.call("UNLINK", drift.key)
            server.call("SREM", made, drift.key)
        elif drift.key in now:
            is_new = not server.call("EXISTS", drift.key)
            server.call("JSON.SET", drift.key, "$", encoded(now[drift.key].value))
            if is_new:
                server.call("SADD", made, drift.key)
        else:
            continue
        repaired[drift.kind] += 1
    return repaired


def _differences(server: Server, batch: list[Document]) -> Iterator[Drift]:
    for document, there in zip(batch, stored(server, [one.key for one in batch]), strict=True):
        if there is None:
            what = "the entry" if document.schema == "meta" else "the payload"
            yield Drift("missing", document.key, document.address, f"{what} has no document")
        elif keys := different_keys(document.value, there):
            listed = ", ".join(keys[:4]) + (f" and {len(keys) - 4} more" if len(keys) > 4 else "")
            yield Drift("stale", document.key, document.address, f"the file has another {listed}")


def different_keys(wanted: dict[str, Any], there: dict[str, Any]) -> list[str]:
    """The keys whose values differ where it matters.

    Nulls, defaults, the order of sets, and slashes around subpaths say nothing; times may be off by the hours between
    UTC and the server's clock, all of a document by the same, for D-MART reads times without a zone as its own.
    """
    shift = _shift(wanted, there)
    found = []
    for key in sorted(wanted.keys() | there.keys()):
        one, other = wanted.get(key), there.get(key)
        if key in _TIMES and (ours := _seconds(one)) is not None and (theirs := _seconds(other)) is not None:
            same = abs(theirs - ours - shift) < 0.001
        else:
            same = _plain(key, one) == _plain(key, other) or (one is None and other in _DEFAULTS.get(key, ()))
        if not same:
            found.append(key)
    return found


def _shift(wanted: dict[str, Any], there: dict[str, Any]) -> float:
    """By how much the times of a document are off, all by the same and by what two zones can be apart; else 0."""
    shifts = set()
    for key in _TIMES:
        one, other = _seconds(wanted.get(key)), _seconds(there.get(key))
        if one is None or other is None:
            return 0.0
        shifts.add(round(other - one, 3))
    shift = shifts.pop()
    return 0.0 if shifts or abs(shift) > _ZONES or shift % _QUARTER else shift


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _plain(key: str, value: Any) -> Any:
    """A value in the form in which those that mean the same are equal."""
    if value in (None, "", [], {}, False):
        return None
    if key == "payload_string" and isinstance(value, str):
        return sorted(set(value.split(",")))
    if key in _UNORDERED and isinstance(value, list):
        return sorted(map(str, value))
    if key == "subpath" and isinstance(value, str):
        return value.strip("/") or None
    return _bare(value)


def _bare(value: Any) -> Any:
    """Without nulls; whole numbers as such."""
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items() if inner is not None}
    return [_bare(inner) for inner in value] if isinstance(value, list) else value


def _unexpected(server: Server, documents: Documents, space: str, expected: set[int]) -> Iterator[Drift]:
    """Ghosts, keys of the other era and long locks among the keys of a space."""
    branch = documents.branch
    prefix = f"{space}{branch}:"
    for batch in batched(_once(server.keys(f"{space}:")), BATCH):
        locks = []
        for key in batch:
            colons = key.count(":")
            if colons == (2 if branch else 3):
                yield Drift("other-era", key, None, "it is named as other versions of D-MART name keys")
            elif colons != (3 if branch else 2) or not key.startswith(prefix):
                continue
            elif key.startswith(f"{prefix}lock:"):
                locks.append(key)
            elif hash(key) not in expected and not _is_live(documents, key, address := _address(space, key)):
                yield Drift("ghost", key, address, "nothing in the files makes this document")
        yield from _long_locks(server, space, locks)


def _is_live(documents: Documents, key: str, address: Address | None) -> bool:
    """Whether a document is of an entry that D-MART's loader passes over: it makes those when they are saved."""
    try:
        entry = documents.spaces.load(address) if address else None
    except DmartTuiError:
        return False
    if entry is None or not entry.meta or is_indexed(entry):
        return False
    schema = key.rsplit(":", 2)[-2]
    return schema == META or (entry.payload is not None and entry.payload.schema == schema)


def _once(keys: Iterator[str]) -> Iterator[str]:
    """A scan may give a key more than once."""
    seen: set[int] = set()
    for key in keys:
        if hash(key) not in seen:
            seen.add(hash(key))
            yield key


def _long_locks(server: Server, space: str, keys: list[str]) -> Iterator[Drift]:
    now = datetime.now(UTC)
    for key, lock in zip(keys, stored(server, keys), strict=True):
        taken = (lock or {}).get("lock_time")
        try:
            age = now - datetime.fromisoformat(str(taken)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if age >= LONG_LOCK:
            owner = (lock or {}).get("owner_shortname") or "somebody"
            detail = f"{owner} locked it {format_span(age.total_seconds())} ago"
            yield Drift("long-lock", key, _address(space, key), detail)


def _address(space: str, key: str) -> Address | None:
    try:
        return Address(space, tuple(map(checked_name, key.rpartition(":")[2].strip("/").split("/"))))
    except UsageFault:
        return None
