"""Three-way merge of JSON values, and the differences between two, key by key."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.diffing import digest, opcodes
from dmart_tui.core.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DEEPEST: Final = 200
"""Objects inside each other that are walked; what is deeper is compared whole."""


class Missing(Enum):
    """What stands where there is no value."""

    ABSENT = "absent"
    """The key is not there."""
    UNRECORDED = "unrecorded"
    """Nothing says whether it was."""


ABSENT: Final = Missing.ABSENT


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that differs between two documents."""

    path: tuple[str, ...]
    """Empty for documents that are not both objects."""
    old: Any
    """ABSENT when the key was not there."""
    new: Any
    """ABSENT when the key is no longer there."""


@dataclass(frozen=True, slots=True)
class Clash:
    """One key that two people changed in different ways; ABSENT where it is not there."""

    path: tuple[str, ...]
    base: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """What two people made of one document."""

    value: Any
    """Both their changes; at a clash: mine."""
    clashes: tuple[Clash, ...]
    theirs: tuple[Difference, ...]
    """What was taken over from theirs, as it differs from the base."""


def differences(old: Any, new: Any) -> list[Difference]:
    """The keys that differ, in document order: objects are walked, lists are compared whole.

    True is not 1 and 1 is not 1.0. The order of keys is no difference.
    """
    return list(_differences((), old, new, {}))


def merge(base: Any, mine: Any, theirs: Any) -> Merged:
    """Both changes of one document, as far as they do not contradict each other.

    Objects merge key by key. Lists merge member by member: what either side added or removed is, in theirs' order
    (mine's when only mine was rearranged) with the additions of the other behind; a list with objects or lists in it
    clashes whole when both sides changed or removed the same member differently. The same change on both sides is no
    clash; one side removing what the other changed is one.
    """
    merging = _Merging()
    value = merging.merge((), base, mine, theirs)
    return Merged(value, tuple(merging.clashes), tuple(merging.taken))


def value_at(document: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path through objects; ABSENT when there is nothing."""
    for name in path:
        if not isinstance(document, dict) or name not in document:
            return ABSENT
        document = document[name]
    return document


def with_value(document: Any, path: tuple[str, ...], value: Any) -> Any:
    """A copy with one key set, or removed when the value is ABSENT; shares what is not on the way.

    Objects that are missing or null on the way are made.

    Raises:
        UsageFault: something on the way is neither an object nor null.
    """
    holders: list[dict[str, Any]] = []
    node = document
    for depth, name in enumerate(path):
        if not isinstance(node, dict):
            if value is ABSENT:
                return document
            if node is not ABSENT and node is not None:
                raise UsageFault(f"{'.'.join(path[:depth]) or 'the document'} is not an object: it has no {name}")
            node = {}
        holders.append(dict(node))
        node = node.get(name, ABSENT)
    for holder, name in zip(reversed(holders), reversed(path), strict=True):
        if value is ABSENT:
            holder.pop(name, None)
        else:
            holder[name] = value
        value = holder
    return value


def _differences(path: tuple[str, ...], old: Any, new: Any, known: dict[int, int]) -> Iterator[Difference]:
    waiting = [(path, old, new)]
    while waiting:
        path, old, new = waiting.pop()
        if digest(old, known, limit=None) == digest(new, known, limit=None):
            continue
        if isinstance(old, dict) and isinstance(new, dict) and len(path) < _DEEPEST:
            waiting.extend(
                ((*path, key), old.get(key, ABSENT), new.get(key, ABSENT)) for key in reversed(list({**old, **new}))
            )
        else:
            yield Difference(path, old, new)


class _Merging:
    def __init__(self) -> None:
        self.clashes: list[Clash] = []
        self.taken: list[Difference] = []
        self._known: dict[int, int] = {}

    def merge(self, path: tuple[str, ...], base: Any, mine: Any, theirs: Any) -> Any:
        was, ours, other = (self._digest(value) for value in (base, mine, theirs))
        if ours == other or was == other:
            return mine
        if was == ours:
            self.taken += _differences(path, base, theirs, self._known)
            return theirs
        if isinstance(mine, dict) and isinstance(theirs, dict) and len(path) < _DEEPEST:
            return self._objects(path, base if isinstance(base, dict) else {}, mine, theirs)
        if isinstance(mine, list) and isinstance(theirs, list):
            merged = self._lists(base if isinstance(base, list) else [], mine, theirs)
            if merged is not None:
                self.taken.append(Difference(path, base, theirs))
                return merged
        self.clashes.append(Clash(path, base, mine, theirs))
        return mine

    def _objects(
        self, path: tuple[str, ...], base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
    ) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key in {**base, **theirs, **mine}:
            sides = (side.get(key, ABSENT) for side in (base, mine, theirs))
            value = self.merge((*path, key), *sides)
            if value is not ABSENT:
                out[key] = value
        return out

    def _lists(self, base: list[Any], mine: list[Any], theirs: list[Any]) -> list[Any] | None:
        """Members of both, or None when they contradict each other."""
        values = {self._digest(member): member for member in (*base, *mine, *theirs)}
        was, ours, other = ([self._digest(member) for member in side] for side in (base, mine, theirs))
        before, here, there = Counter(was), Counter(ours), Counter(other)
        nested = any(isinstance(member, dict | list) for member in values.values())
        if nested and (before - here) & (before - there) and (here - before) != (there - before):
            return None
        rearranged = not _in_order(was, ours)
        if rearranged and not _in_order(was, other):
            if not _in_order(ours, other):
                return None
            rearranged = False
        first, second = (ours, other) if rearranged else (other, ours)
        left = Counter({key: _count(before[key], here[key], there[key]) for key in values})
        instead = _replaced(was, second) if nested else {}
        out = []
        for key in (*(place for member in first for place in (member, instead.get(member, member))), *second):
            if left[key]:
                left[key] -= 1
                out.append(values[key])
        return out

    def _digest(self, value: Any) -> int:
        return digest(value, self._known, limit=None)


def _count(base: int, mine: int, theirs: int) -> int:
    """How often a member stands in a merged list: what both sides did counts once."""
    ours, other = mine - base, theirs - base
    if (ours < 0) == (other < 0):
        return base + max(ours, other, key=abs)
    return base + ours + other


def _in_order(left: Sequence[int], right: Sequence[int]) -> bool:
    """Whether the members that two lists share stand in the same order in both."""
    return _shared(left, right) == _shared(right, left)


def _shared(members: Sequence[int], others: Sequence[int]) -> list[int]:
    left = Counter(others)
    out = []
    for member in members:
        if left[member]:
            left[member] -= 1
            out.append(member)
    return out


def _replaced(old: Sequence[int], new: Sequence[int]) -> dict[int, int]:
    """Members of a list that were changed in their place, and into what."""
    return {
        old[i1 + at]: new[j1 + at]
        for tag, i1, i2, j1, j2 in opcodes(old, new)
        if tag == "replace" and i2 - i1 == j2 - j1
        for at in range(i2 - i1)
    }
