"""What one open folder holds, packed; and what a row says about its entry, read when the row is first seen."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final

from dmart_tui.core import background, disk
from dmart_tui.core.address import Address
from dmart_tui.core.packed import PackedNames
from dmart_tui.core.spaces import FOLDER, LINK, Kind, recorded_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dmart_tui.core.spaces import Entry, Rights, Spaces
    from dmart_tui.tui.widgets.tree_rows import Path

FIRST_ROWS: Final = 500
"""Names shown before a large folder is read to its end."""
STEP: Final = 4096
"""Names between two chances to stop reading a folder."""
JUDGED: Final = 64
"""The same where the meta of each is read, to see whether a user may see it."""
WAY: Final = 128
"""Flag of a folder that a user does not see, but something below it."""
FIRST_FACTS: Final = 60
"""Rows whose facts are read with the names of their folder, so that a screenful is drawn once."""
FIRST_SECONDS: Final = 0.08
"""What reading them may take."""
FACTS_KEPT: Final = 4096
"""Rows whose facts stay in memory."""


class Level:
    """The children of one folder for the tree: names and flags in one block, about 20 bytes a row."""

    def __init__(self, names: PackedNames, hidden: int = 0) -> None:
        self.names = names
        self.hidden = hidden
        """Names that the user does not see whom the tree is viewed as."""

    def __len__(self) -> int:
        return len(self.names)

    def key(self, index: int) -> str:
        return self.names.name(index)

    def expandable(self, index: int) -> bool:
        return bool(self.names.flags(index) & FOLDER)

    def index(self, key: str) -> int:
        return self.names.index(key)


def read_levels(
    spaces: Spaces, address: Address, language: str, rights: Rights | None = None
) -> Iterator[tuple[Level, Known] | None]:
    """Read a folder: the first 500 names as soon as they are there, then all of them, sorted; None at each step.

    With each come the facts of its first rows. With `rights` only what they see, for which each meta is read.

    Raises:
        NotFound, Refused: as `Spaces.scan`.
    """
    path = address.keys
    pack = PackedNames()
    waiting: list[tuple[str, int]] = []
    hidden, step = 0, STEP if rights is None else JUDGED
    for count, (name, flags) in enumerate(spaces.scan(address), 1):
        shown = flags if rights is None else _flags_for(rights, spaces.load_child(address, name, flags), flags)
        if shown is None:
            hidden += 1
        else:
            waiting.append((name, shown))
            if len(pack) + len(waiting) == FIRST_ROWS:
                yield _with_facts(spaces, path, PackedNames(waiting).sorted(first=FOLDER), language, hidden)
        if count % step == 0:
            pack.extend(waiting)
            waiting.clear()
            yield None
    pack.extend(waiting)
    yield _with_facts(spaces, path, pack.sorted(first=FOLDER), language, hidden)


def _flags_for(rights: Rights, entry: Entry, flags: int) -> int | None:
    """The flags of a row as a user sees it; None when they do not."""
    if rights.sees(entry):
        return flags
    return flags | WAY if flags & FOLDER and rights.reaches(entry.address) else None


def read_spaces(spaces: Spaces, language: str, rights: Rights | None = None) -> tuple[Level, Known]:
    """Read the first level: the spaces, with `rights` those they see, with facts; blocks."""
    found = spaces.space_names()
    seen = found if rights is None else [name for name in found if rights.sees_space(name)]
    names = PackedNames((name, FOLDER) for name in seen).sorted(first=FOLDER)
    return _with_facts(spaces, (), names, language, len(found) - len(seen))


def _with_facts(spaces: Spaces, path: Path, names: PackedNames, language: str, hidden: int) -> tuple[Level, Known]:
    rows = range(min(FIRST_FACTS, len(names)))
    asked = [((*path, names.name(row)), names.flags(row)) for row in rows]
    return Level(names, hidden), read_facts(spaces, asked, language, until=monotonic() + FIRST_SECONDS)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a row says about its entry."""

    type: str
    title: str
    """Display name in the preferred language, else the shortname; raw."""
    active: bool
    severity: str
    """The worst of its problems, empty when there are none."""
    problem: str
    """The sentence of that problem."""
    locked: bool
    archived: bool
    """Whether it is kept in an archive that is mounted."""
    link: bool
    several: bool
    updated: float
    """Epoch seconds, 0 when not known."""
    created: float


Known = dict["Path", Facts]
"""Facts by the path of their row."""


def facts_of(spaces: Spaces, entry: Entry, language: str) -> Facts:
    """Gather what a row shows; reads the end of the entry's history when it has one."""
    worst = min(entry.problems, key=lambda p: ("error", "warning", "note").index(p.severity), default=None)
    created, updated = entry.created_at, entry.updated_at
    return Facts(
        type=entry.type,
        title=entry.displayname(language),
        active=entry.is_active or not entry.meta,
        severity=worst.severity if worst else "",
        problem=worst.detail if worst else "",
        locked=entry.kind is Kind.ENTRY and recorded_lock(spaces, entry) is not None,
        archived=disk.kept_at(entry.path) is not None,
        link=entry.link,
        several=len(entry.metas) > 1,
        updated=updated.timestamp() if updated else 0.0,
        created=created.timestamp() if created else 0.0,
    )


class FactStore:
    """Facts of rows seen lately; unknown ones are asked for and arrive in batches, newest wish first.

    Args:
        arrived: called on the event loop after each batch, so that one repaint shows it.
        spawn: runs a coroutine in the background.
    """

    BATCH: Final = 64

    def __init__(
        self, spaces: Spaces, language: str, arrived: Callable[[], None], spawn: Callable[..., object]
    ) -> None:
        self._spaces = spaces
        self._language = language
        self._arrived = arrived
        self._spawn = spawn
        self._known: OrderedDict[Path, Facts] = OrderedDict()
        self._wanted: dict[Path, int] = {}
        self._reading = False

    def get(self, path: Path, flags: int) -> Facts | None:
        """Facts of a row, or None and they will come."""
        facts = self._known.get(path)
        if facts is not None:
            self._known.move_to_end(path)
            return facts
        self._wanted[path] = flags
        if not self._reading:
            self._reading = True
            self._spawn(self._read(), group="tree-facts")
        return None

    def learn(self, found: Known) -> None:
        """Take facts that were read elsewhere."""
        self._known.update(found)
        while len(self._known) > FACTS_KEPT:
            self._known.popitem(last=False)

    def forget(self, paths: Iterable[Path] | None = None) -> None:
        """Read these (or all) again when they are next shown."""
        if paths is None:
            self._known.clear()
        else:
            for path in paths:
                self._known.pop(path, None)

    async def _read(self) -> None:
        try:
            while self._wanted:
                asked = [self._wanted.popitem() for _ in range(min(self.BATCH, len(self._wanted)))]
                self._wanted = dict(list(self._wanted.items())[-4 * self.BATCH :])
                self.learn(await background.run(read_facts, self._spaces, asked, self._language))
                self._arrived()
        finally:
            self._reading = False


def read_facts(spaces: Spaces, asked: Iterable[tuple[Path, int]], language: str, *, until: float = inf) -> Known:
    """Read the metas of rows, as many as can be begun before `until` (`time.monotonic`); blocks."""
    found = {}
    for path, flags in asked:
        if monotonic() > until:
            break
        address = Address.of_keys(path)
        parent = address.parent
        entry = spaces.load_child(parent, path[-1], flags) if parent else spaces.load(address)
        found[path] = facts_of(spaces, entry, language)
    return found


__all__ = [
    "FOLDER", "LINK", "WAY", "FactStore", "Facts", "Level", "facts_of", "read_facts", "read_levels", "read_spaces",
]  # fmt: skip
