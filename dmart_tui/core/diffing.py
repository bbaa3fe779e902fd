"""Differences between two texts, two JSON values and two lists, at a bounded cost."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

RowKind = Literal["same", "changed", "added", "removed"]
ChangeKind = Literal["same", "changed", "added", "removed"]
Step = str | int

MAX_LINES: Final = 20_000
MAX_BLOCK: Final = 1_000
MAX_PAIRS: Final = 20_000
MAX_REFINED: Final = 1_000
MAX_TOKENS: Final = 300
MAX_NODES: Final = 200_000
_ALIKE: Final = 0.3
_TOKEN: Final = re.compile(r"\w+|\s+|[^\w\s]")


class Span(NamedTuple):
    """A piece of a line, and whether it is what changed in it."""

    text: str
    changed: bool


class DiffRow(NamedTuple):
    """One row of a side-by-side diff; a side without a line is None. Numbers count from 1."""

    kind: RowKind
    left: tuple[Span, ...] | None
    right: tuple[Span, ...] | None
    left_number: int | None
    right_number: int | None


@dataclass(frozen=True, slots=True)
class TextDiff:
    """Rows of two texts side by side. Left spans joined are the old text, right ones the new text."""

    rows: tuple[DiffRow, ...]
    note: str = ""
    """A limit that was met, as a sentence part."""

    @property
    def changes(self) -> int:
        """Rows that are not the same."""
        return sum(row.kind != "same" for row in self.rows)


@dataclass(frozen=True, slots=True)
class JsonChange:
    """One difference of two JSON values; an absent side is None, the kind tells it from a null."""

    path: tuple[Step, ...]
    """Steps in the new value; for what was removed, in the old one."""
    kind: ChangeKind
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class JsonDiff:
    """Differences in document order."""

    changes: tuple[JsonChange, ...]
    note: str = ""


def diff_text(old: str, new: str) -> TextDiff:
    """Compare two texts line by line, and word by word inside lines that changed.

    Only the first 20,000 lines of a side are compared, and `note` says so; words are not compared after 1,000 pairs of
    lines (`note` says so) or in lines over 300 words. Blocks over 1,000 lines without a unique line in common are
    taken as replaced whole.
    """
    left, right = old.split("\n"), new.split("\n")
    notes: list[str] = []
    if len(left) > MAX_LINES or len(right) > MAX_LINES:
        notes.append(f"only the first {MAX_LINES:,} lines are compared")
        left, right = left[:MAX_LINES], right[:MAX_LINES]
    rows: list[DiffRow] = []
    refined = 0
    for tag, i1, i2, j1, j2 in opcodes(left, right):
        if tag == "equal":
            rows.extend(
                DiffRow("same", (Span(left[i], False),), (Span(right[j], False),), i + 1, j + 1)
                for i, j in zip(range(i1, i2), range(j1, j2), strict=True)
            )
            continue
        pairs = min(i2 - i1, j2 - j1)
        for i, j in zip(range(i1, i1 + pairs), range(j1, j1 + pairs), strict=True):
            refine = refined < MAX_REFINED
            refined += 1
            before, after = diff_words(left[i], right[j]) if refine else _whole(left[i], right[j])
            rows.append(DiffRow("changed", before, after, i + 1, j + 1))
        rows.extend(DiffRow("removed", (Span(left[i], True),), None, i + 1, None) for i in range(i1 + pairs, i2))
        rows.extend(DiffRow("added", None, (Span(right[j], True),), None, j + 1) for j in range(j1 + pairs, j2))
    if refined > MAX_REFINED:
        notes.append(f"words are compared in the first {MAX_REFINED:,} changed lines")
    return TextDiff(tuple(rows), "; ".join(notes))


def diff_words(old: str, new: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Spans of two lines, the words that differ marked; lines with little in common are marked whole."""
    left, right = _TOKEN.findall(old), _TOKEN.findall(new)
    if len(left) > MAX_TOKENS or len(right) > MAX_TOKENS:
        return _whole(old, new)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return _whole(old, new)
    before: list[Span] = []
    after: list[Span] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if i2 > i1:
            before.append(Span("".join(left[i1:i2]), tag != "equal"))
        if j2 > j1:
            after.append(Span("".join(right[j1:j2]), tag != "equal"))
    return tuple(before), tuple(after)


def diff_json(old: object, new: object, *, context: bool = False) -> JsonDiff:
    """Compare two parsed JSON values member by member.

    List members are aligned first (what was inserted is added, not a change of all that follows). True is not 1 and
    1 is not 1.0. With `context`, the equal members of containers that differ are listed as `same`. Values deeper than
    any recursion limit are fine; values over 200,000 members are told to be different or equal, no more.
    """
    digests: dict[int, int] = {}
    try:
        left, right = digest(old, digests), digest(new, digests)
    except _TooMany:
        return JsonDiff((JsonChange((), "changed", old, new),), f"over {MAX_NODES:,} members: not compared")
    if left == right:
        return JsonDiff((JsonChange((), "same", old, new),) if context else ())
    changes: list[JsonChange] = []
    stack: list[JsonChange] = [JsonChange((), "changed", old, new)]
    while stack:
        change = stack.pop()
        members = _members(change, digests) if change.kind == "changed" else None
        if members is not None:
            stack.extend(reversed(members))
        elif change.kind != "same" or context:
            changes.append(change)
    return JsonDiff(tuple(changes))


def diff_members(old: Sequence[Any], new: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """What left a list and what came, whatever the order: (removed, added). Compares as `diff_json` does."""
    digests: dict[int, int] = {}
    left = [digest(member, digests, limit=None) for member in old]
    right = [digest(member, digests, limit=None) for member in new]
    return list(_beyond(old, left, Counter(right))), list(_beyond(new, right, Counter(left)))


def _beyond(members: Sequence[Any], keys: list[int], there: Counter[int]) -> Iterator[Any]:
    for member, key in zip(members, keys, strict=True):
        if there[key]:
            there[key] -= 1
        else:
            yield member


def _whole(old: str, new: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    return (Span(old, True),), (Span(new, True),)


Opcode = tuple[str, int, int, int, int]


def opcodes(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Opcode]:
    """What `SequenceMatcher.get_opcodes` gives, its cost bounded by anchors: lines that occur once on either side."""
    anchors = _anchors(left, right)
    out: list[Opcode] = []
    i = j = 0
    for next_i, next_j in [*anchors, (len(left), len(right))]:
        out.extend(_gap(left, right, i, next_i, j, next_j))
        if next_i < len(left) and next_j < len(right):
            out.append(("equal", next_i, next_i + 1, next_j, next_j + 1))
        i, j = next_i + 1, next_j + 1
    return out


def _gap(left: Sequence[Hashable], right: Sequence[Hashable], i1: int, i2: int, j1: int, j2: int) -> Iterable[Opcode]:
    head = 0
    while i1 + head < i2 and j1 + head < j2 and left[i1 + head] == right[j1 + head]:
        head += 1
    tail = 0
    while i2 - tail > i1 + head and j2 - tail > j1 + head and left[i2 - tail - 1] == right[j2 - tail - 1]:
        tail += 1
    if head:
        yield "equal", i1, i1 + head, j1, j1 + head
    a1, a2, b1, b2 = i1 + head, i2 - tail, j1 + head, j2 - tail
    if a1 < a2 and b1 < b2 and max(a2 - a1, b2 - b1) <= MAX_BLOCK:
        # Lines that repeat make the matcher cubic: with many of them it may pass over the popular ones.
        counts = Counter(left[a1:a2])
        pairs = sum(counts[line] for line in right[b1:b2])
        matcher = SequenceMatcher(None, left[a1:a2], right[b1:b2], autojunk=pairs > MAX_PAIRS)
        for tag, x1, x2, y1, y2 in matcher.get_opcodes():
            yield tag, a1 + x1, a1 + x2, b1 + y1, b1 + y2
    elif a1 < a2 or b1 < b2:
        yield "replace", a1, a2, b1, b2
    if tail:
        yield "equal", i2 - tail, i2, j2 - tail, j2


def _anchors(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The longest run of pairs, rising on both sides, of lines unique in each (patience diff)."""
    if max(len(left), len(right)) <= MAX_BLOCK:
        return []
    counts_left, counts_right = Counter(left), Counter(right)
    where = {line: j for j, line in enumerate(right) if counts_right[line] == 1}
    pairs = [(i, where[line]) for i, line in enumerate(left) if counts_left[line] == 1 and line in where]
    tops: list[int] = []
    top_at: list[int] = []
    before: list[int] = []
    for at, (_, j) in enumerate(pairs):
        pile = bisect_left(tops, j)
        before.append(top_at[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [j]
        top_at[pile : pile + 1] = [at]
    out: list[tuple[int, int]] = []
    at = top_at[-1] if top_at else -1
    while at >= 0:
        out.append(pairs[at])
        at = before[at]
    return out[::-1]


def _members(change: JsonChange, digests: dict[int, int]) -> list[JsonChange] | None:
    """The differences one level below, or None when the two are not both objects or both lists."""
    path, old, new = change.path, change.old, change.new
    if isinstance(old, dict) and isinstance(new, dict):
        out = []
        for key in [*old, *(key for key in new if key not in old)]:
            kind: ChangeKind = "removed" if key not in new else "added" if key not in old else "changed"
            if kind == "changed" and digest(old[key], digests) == digest(new[key], digests):
                kind = "same"
            out.append(JsonChange((*path, key), kind, old.get(key), new.get(key)))
        return out
    if isinstance(old, list) and isinstance(new, list):
        return _list_members(path, old, new, digests)
    return None


def _list_members(path: tuple[Step, ...], old: list[Any], new: list[Any], digests: dict[int, int]) -> list[JsonChange]:
    left = [digest(member, digests) for member in old]
    right = [digest(member, digests) for member in new]
    out: list[JsonChange] = []
    for tag, i1, i2, j1, j2 in opcodes(left, right):
        pairs = min(i2 - i1, j2 - j1)
        kind: ChangeKind = "same" if tag == "equal" else "changed"
        out.extend(JsonChange((*path, j1 + n), kind, old[i1 + n], new[j1 + n]) for n in range(pairs))
        out.extend(JsonChange((*path, i), "removed", old[i], None) for i in range(i1 + pairs, i2))
        out.extend(JsonChange((*path, j), "added", None, new[j]) for j in range(j1 + pairs, j2))
    return out


class _TooMany(Exception):
    """More members than can be compared."""


def digest(value: object, known: dict[int, int], *, limit: int | None = MAX_NODES) -> int:
    """A number equal for equal JSON values; those of containers are kept by identity in `known`. Not recursive.

    True is not 1 and 1 is not 1.0; a NaN equals itself. The values must live as long as `known`.
    """
    if not isinstance(value, dict | list):
        # Not hash(value): -1 and -2 have the same. Not repr of an int: it refuses thousands of digits.
        return hash((type(value).__name__, hex(value) if isinstance(value, int) else repr(value)))
    if (found := known.get(id(value))) is not None:
        return found
    order: list[dict[str, Any] | list[Any]] = []
    stack: list[dict[str, Any] | list[Any]] = [value]
    while stack:
        container = stack.pop()
        order.append(container)
        members = container.values() if isinstance(container, dict) else container
        stack.extend(member for member in members if isinstance(member, dict | list) and id(member) not in known)
        if limit is not None and len(order) + len(stack) > limit:
            raise _TooMany
    for container in reversed(order):
        if isinstance(container, dict):
            pairs = frozenset((key, digest(member, known)) for key, member in container.items())
            known[id(container)] = hash(("object", pairs))
        else:
            known[id(container)] = hash(("array", tuple(digest(member, known) for member in container)))
    return known[id(value)]
