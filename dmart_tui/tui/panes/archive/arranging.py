"""Which members of an archive show, and in what order: found, sorted and grouped in a thread."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from fnmatch import translate
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.archives.naming import created_at, day_of, decode, shard_of
from dmart_tui.core.archives.trees import LISTING, true_path
from dmart_tui.core.units import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.background import CancelToken

    Progress = Callable[[int, int], None]

ORDERS: Final = {
    "index": ("o", "As they stand in the archive"),
    "name": ("n", "By name"),
    "largest": ("l", "Largest first"),
    "newest": ("t", "Newest first"),
}
"""The letters and words of the orders of members."""
GROUPS: Final = {
    "": ("n", "Not grouped"),
    "day": ("d", "By day, as their names tell"),
    "shard": ("s", "By shard"),
    "folder": ("f", "By folder"),
    "kind": ("k", "By kind of file"),
}

HIDDEN, LAST, ERROR, WARNING = 1, 2, 4, 8
"""What is known of a member: a later one has its name, it is the last of several; what checks found."""

_LOOK: Final = 4096
"""Members between two looks at whether to stop."""
_TIMES: Final = ("mtime", "modified_at", "created_at", "updated_at")
"""Keys of metadata that writers put times into."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants to see.

    Args:
        needle: words that names have, or a pattern with `*`, `?` and `[`.
        odd: only members of which something is known (see `HIDDEN`).
    """

    needle: str = ""
    order: str = "index"
    group: str = ""
    odd: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Members that stand together: the row of their heading, what it says, and how many they are."""

    row: int
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Arranged:
    """What shows.

    Args:
        positions: of members in their order; None: all as they stand.
        groups: their headings, whose rows count.
    """

    positions: array[int] | None = None
    groups: tuple[Group, ...] = ()


def is_tree(archive: Archive) -> bool:
    """Whether files of a tree were packed into it, so that names are paths."""
    return bool(archive.find(LISTING))


def shown_name(name: str, tree: bool) -> str:
    """What a member is called on the screen, untrusted text: of a packed tree its path."""
    return (true_path(name) or name) if tree else name


def time_of(name: str, meta: dict[str, Any] | None) -> datetime | None:
    """When a member was made, as its name or its metadata tell; aware."""
    told = decode(name)
    if told is not None and told.sound:
        return told.created
    if not meta:
        return None
    nanoseconds = meta.get("mtime_ns")
    if isinstance(nanoseconds, int) and (found := parse_time(nanoseconds / 1e9)):
        return found
    return next((found for key in _TIMES if (found := parse_time(meta.get(key)))), None)


def fits(needle: str) -> Callable[[str], object]:
    """Whether a name has what was typed; capitals matter where there are some."""
    exact = needle != needle.lower()
    if any(char in needle for char in "*?["):
        return re.compile(translate(needle), 0 if exact else re.IGNORECASE).match
    words = needle.split()
    if len(words) == 1 and not exact:
        (word,) = words
        return lambda name: word in name.lower()
    if exact:
        return lambda name: all(word in name for word in words)
    return lambda name: all(word in name.lower() for word in words)


def matching(
    archive: Archive, needle: str, tree: bool, cancel: CancelToken, among: Iterable[int] | None = None
) -> array[int]:
    """The positions of members whose names have what was typed, in order; 0.3 s for a million.

    Args:
        tree: names are paths.
        among: only these positions are looked at.
    """
    good = fits(needle)
    found = array("I")
    names = archive.index.texts() if among is None else map(archive.name, among)
    for number, position, name in zip(count(), among or count(), names, strict=False):
        if not number % _LOOK:
            cancel.check()
        if good(name.replace("%2F", "/") if tree else name):
            found.append(position)
    return found


def ordered(archive: Archive, order: str, progress: Progress, cancel: CancelToken) -> array[int] | None:
    """All positions in an order; None: as they stand. Reads the metadata of all members whose names tell no time."""
    total = len(archive)
    if order == "name":
        names = list(archive.index.names())
        cancel.check()
        return array("I", sorted(range(total), key=names.__getitem__))
    if order == "largest":
        sizes = array("Q", bytes(8 * total))
        for position in range(total):
            if not position % _LOOK:
                cancel.check()
                progress(position, total)
            sizes[position] = archive.member(position).size
        return array("I", sorted(range(total), key=sizes.__getitem__, reverse=True))
    if order == "newest":
        times = _times(archive, progress, cancel)
        return array("I", sorted(range(total), key=times.__getitem__, reverse=True))
    return None


def _times(archive: Archive, progress: Progress, cancel: CancelToken) -> array[float]:
    total = len(archive)
    times = array("d", bytes(8 * total))
    rest = array("I")
    for position, name in enumerate(archive.index.texts()):
        if not position % _LOOK:
            cancel.check()
            progress(position - len(rest), total)
        if told := created_at(name):
            times[position] = told / 1000
        else:
            rest.append(position)
    for number, (position, meta) in enumerate(archive.metas(rest, cancel)):
        if not number % _LOOK:
            cancel.check()
            progress(total - len(rest) + number, total)
        if isinstance(meta, dict) and (found := time_of("", meta)):
            times[position] = found.timestamp()
    return times


def grouped(archive: Archive, positions: Iterable[int], group: str, tree: bool, cancel: CancelToken) -> Arranged:
    """The same members under headings, the order within them kept."""
    key = _KEYS[group]
    groups: dict[str, array[int]] = {}
    for number, position in enumerate(positions):
        if not number % _LOOK:
            cancel.check()
        groups.setdefault(key(shown_name(archive.name(position), tree)), array("I")).append(position)
    together = array("I")
    headings: list[Group] = []
    for title, some in sorted(groups.items()):
        headings.append(Group(len(together) + len(headings), title, len(some)))
        together += some
    return Arranged(together, tuple(headings))


def _day(name: str) -> str:
    day = day_of(name)
    return day.isoformat() if day else "no day"


def _kind(name: str) -> str:
    stem, dot, extension = name.rpartition("/")[2].rpartition(".")
    return extension.lower() if stem and dot and len(extension) < 12 else "no extension"


_KEYS: Final[dict[str, Callable[[str], str]]] = {
    "day": _day,
    "shard": lambda name: f"shard {shard_of(name):02x}",
    "folder": lambda name: name.rpartition("/")[0] or "/",
    "kind": _kind,
}


def repeated(archive: Archive, known: bytearray) -> int:
    """Note which members have a name that others have too; how many later ones hide."""
    hidden = 0
    for group in archive.index.repeated():
        for position in group[:-1]:
            known[position] |= HIDDEN
            hidden += 1
        known[group[-1]] |= LAST
    return hidden


def unsound(archive: Archive, known: bytearray, progress: Progress, cancel: CancelToken) -> None:
    """Note which entries cannot be true, or are what no writer writes."""
    for position in range(len(archive)):
        if not position % _LOOK:
            cancel.check()
            progress(position, len(archive))
        member = archive.member(position)
        if member.problem or member.meta_problem:
            known[position] |= ERROR
        elif member.oddity or member.deleted:
            known[position] |= WARNING


def arranged(
    archive: Archive,
    wanted: Wanted,
    tree: bool,
    cancel: CancelToken,
    *,
    known: bytearray,
    base: array[int] | None = None,
    narrowed: array[int] | None = None,
) -> Arranged:
    """What shows of an archive.

    Args:
        known: what is known of each member.
        base: all positions in the wanted order, from `ordered`.
        narrowed: what showed when less of the needle was typed: nothing else can match.
    """
    positions = base if narrowed is None else narrowed
    if wanted.odd and narrowed is None:
        every = range(len(archive)) if positions is None else positions
        positions = array("I", (position for position in every if known[position]))
    if wanted.needle:
        positions = matching(archive, wanted.needle, tree, cancel, positions)
    if wanted.group:
        return grouped(archive, range(len(archive)) if positions is None else positions, wanted.group, tree, cancel)
    return Arranged(positions)
