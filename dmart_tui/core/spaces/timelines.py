"""Everything that happened in a subtree or a whole root, newest first: its histories and event logs merged by time.

How it scales, for F files and L lines shown: one scandir a folder and two look-ups an entry find the files; the end of
each is read once (open, one block, close), because only its last line tells where it belongs. Then a heap of F places
gives the lines in O(L log F). A file costs 1.5 KB while it waits; at most `LIVE` files keep a block in memory, any
other reads its block again when its turn comes. No descriptor stays open.

Nothing is left out as a repetition: a change that stands in a history and in the event log is shown from both.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from heapq import heapify, heappop, heappush, heapreplace
from itertools import islice
from typing import Final, NamedTuple

from dmart_tui.core import disk
from dmart_tui.core.address import META_FOLDER, Address
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.spaces import layout
from dmart_tui.core.spaces.events import event_of, events_path, unreadable_events
from dmart_tui.core.spaces.histories import (
    STRAY,
    Logged,
    Place,
    Role,
    history_places,
    newer_key,
    record_of,
    unreadable,
)
from dmart_tui.core.spaces.jsonlines import Line, LineFile, Parsed, parse
from dmart_tui.core.spaces.model import Entry, Kind
from dmart_tui.core.spaces.reading import Spaces
from dmart_tui.core.units import parse_time

LIVE: Final = 256
"""Files that keep what they read ahead."""
_BLOCK: Final = 8192
_STEP: Final = 256


def timeline(
    spaces: Spaces,
    address: Address | None = None,
    *,
    limit: int | None = None,
    events: bool = True,
    progress: Callable[[int], object] | None = None,
    live: int = LIVE,
    known: Iterable[KnownLine] | None = None,
    owner: str = "",
) -> Iterator[Logged]:
    """The lines of all histories (`Record`) and event logs (`Event`) below an address, the whole root when None.

    Each says its `address`, its `source` (the role of a history file, or `events`) and its `path`. Within a file the
    order is the file's; a damaged line stands where its neighbours do.

    Args:
        limit: lines to yield at most.
        events: also the event logs, of which only what is about the subtree.
        progress: called with the number of files found, every 256; may raise to stop.
        live: files that keep a block in memory.
        known: the lines of all histories there, newest first, those of attachments left out; their files are not
            looked for then, and each is opened when its line is wanted.
        owner: only what was done by this user; what does not say by whom is left out.

    Raises:
        NotFound, Refused: as `Spaces.load`, for an address that names nothing.
    """
    lines = _merged(spaces, address, events, progress, live, known)
    return islice((line for line in lines if line.owner == owner) if owner else lines, limit)


def _merged(
    spaces: Spaces,
    address: Address | None,
    events: bool,
    progress: Callable[[int], object] | None,
    live: int,
    known: Iterable[KnownLine] | None,
) -> Iterator[Logged]:
    readers = _Readers(live)
    heap: list[tuple[float, int, _Source]] = []
    number = 0
    for number, source in enumerate(_sources(spaces, address, events, walk=known is None)):
        if readers.prime(source):
            heap.append((source.key, number, source))
        if progress is not None and number % _STEP == 0:
            progress(number)
    heapify(heap)
    lines = iter(known or ())
    line = next(lines, None)
    while heap or line is not None:
        if line is not None and (not heap or line.key <= heap[0][0]):
            source = _of_line(spaces, line)
            if readers.prime(source):
                yield readers.take(source)
            if line.more and not source.ended:
                number += 1
                heappush(heap, (source.key, number, source))
            else:
                readers.drop(source)
            line = next(lines, None)
            continue
        _, number, source = heap[0]
        yield readers.take(source)
        if source.ended:
            heappop(heap)
        else:
            heapreplace(heap, (source.key, number, source))


class KnownLine(NamedTuple):
    """Where a record of a history stands."""

    place: Place
    key: float
    """Falls with time, as `newer_key`."""
    end: int
    """Offset after its line."""
    nth: int
    """Of its line, from -1 backwards."""
    within: int
    """Of several records on that line, from 0, the last."""
    more: bool
    """Whether older records stand in the file that are not known."""


_Found = tuple[tuple[int, int], int, tuple[Line, Parsed] | DmartTuiError]
"""(where the line is: end and index, which object of it, the object or why there is none)."""


class _Source:
    """One file of the merge, and the line of it that comes next."""

    __slots__ = ("broken", "ended", "file", "keep", "key", "make", "position", "within")

    def __init__(
        self,
        file: LineFile,
        make: Callable[[Line, Parsed], Logged],
        broken: Callable[[DmartTuiError], Logged],
        keep: Callable[[Logged], bool] | None = None,
    ) -> None:
        self.file, self.make, self.broken, self.keep = file, make, broken, keep
        self.key = float("-inf")
        self.position = (-1, -1)
        self.within = 0
        self.ended = False

    def read(self) -> Iterator[_Found]:
        """What there is from where it stands."""
        position, within = self.position, self.within
        try:
            for line in self.file.backwards(*position):
                position = (line.end, line.index)
                parts = parse(line)
                for number in range(within, len(parts)):
                    parsed = parts[-1 - number]
                    if self.keep is None or self.keep(self.make(line, parsed)):
                        yield position, number, (line, parsed)
                within = 0
        except DmartTuiError as error:
            yield position, within, error

    def item(self, found: _Found) -> Logged:
        """What was found, as it is shown; made only when its turn comes."""
        what = found[2]
        return self.broken(what) if isinstance(what, DmartTuiError) else self.make(*what)


class _Readers:
    """The sources that keep what they read ahead; the one not used for longest lets it go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._live: OrderedDict[_Source, tuple[_Found, Iterator[_Found]]] = OrderedDict()

    def prime(self, source: _Source) -> bool:
        """Find the first line of a source; False when it has none."""
        self._advance(source, source.read())
        return not source.ended

    def take(self, source: _Source) -> Logged:
        """The line that comes next, and go on to the one after it."""
        held = self._live.pop(source, None)
        if held is None:
            rest = source.read()
            held = next(rest), rest
        self._advance(source, held[1])
        return source.item(held[0])

    def drop(self, source: _Source) -> None:
        """Forget what was read ahead of a source that is not wanted further."""
        self._live.pop(source, None)

    def _advance(self, source: _Source, rest: Iterator[_Found]) -> None:
        found = next(rest, None)
        if found is None:
            source.ended = True
            return
        source.position, source.within, what = found
        value = None if isinstance(what, DmartTuiError) else what[1].value
        source.key = newer_key(parse_time(value.get("timestamp")) if value else None, source.key, source.file)
        self._live[source] = (found, rest)
        if len(self._live) > self._most:
            self._live.popitem(last=False)


# -- finding the files ------------------------------------------------------------------------------------------------


def _sources(spaces: Spaces, address: Address | None, events: bool, *, walk: bool) -> Iterator[_Source]:
    if address is None:
        for name in spaces.space_names():
            yield from _sources(spaces, Address(name), events, walk=walk)
        return
    entry = spaces.load(address)
    top = entry.address if address.attachment is None else address
    for place in _places(spaces, entry, top) if walk else _places_of_attachments(spaces, entry):
        yield _of_history(spaces, place)
    log = events_path(spaces, top.space)
    if events and disk.lexists(log):
        yield _of_events(spaces, log, top)


def history_files(spaces: Spaces, address: Address) -> Iterator[Place]:
    """The history files of what stands at an address and of all below it; one scandir a folder, two look-ups an entry.

    Raises:
        NotFound, Refused: as `Spaces.load`.
    """
    entry = spaces.load(address)
    return _places(spaces, entry, entry.address if address.attachment is None else address)


def _places(spaces: Spaces, entry: Entry, top: Address) -> Iterator[Place]:
    for place in history_places(spaces, entry):
        if top.attachment is None or place.role in ("attachments", "shared"):
            yield place
    if entry.kind is not Kind.ENTRY and top.attachment is None:
        yield from _places_below(spaces, top)
        yield from _attachments_below(spaces, top)


def _places_of_attachments(spaces: Spaces, entry: Entry) -> Iterator[Place]:
    yield from (place for place in history_places(spaces, entry) if place.role == "attachments")
    if entry.kind is not Kind.ENTRY:
        yield from _attachments_below(spaces, entry.address)


def _of_line(spaces: Spaces, line: KnownLine) -> _Source:
    source = _of_history(spaces, line.place)
    source.key, source.position, source.within = line.key, (line.end, line.nth), line.within
    return source


def _of_history(spaces: Spaces, place: Place) -> _Source:
    file, relative = LineFile(place.path, spaces.root, block=_BLOCK), spaces.relative(place.path)
    return _Source(file, partial(record_of, place, relative, file), partial(unreadable, place, relative, file))


def _of_events(spaces: Spaces, path: str, top: Address) -> _Source:
    file, relative, space = LineFile(path, spaces.root, block=_BLOCK), spaces.relative(path), Address(top.space)
    return _Source(
        file,
        partial(event_of, space, relative, file),
        partial(unreadable_events, space, relative, file),
        partial(_concerns, top) if top.parts else None,
    )


def _concerns(top: Address, item: Logged) -> bool:
    """Whether an event is about something in the subtree, or about the one attachment."""
    if top.attachment is not None:
        return item.address == top
    return item.address.space == top.space and item.address.parts[: len(top.parts)] == top.parts


def _directories(path: str) -> list[str]:
    """The names of the directories in a directory, symlinks left out; none where it cannot be read, which is for
    `check` to report."""
    try:
        with disk.scandir(path) as found:
            return [item.name for item in found if item.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _places_below(spaces: Spaces, top: Address) -> Iterator[Place]:
    """The histories of what is below a folder or space, those of nested attachments left out."""
    waiting = [top]
    while waiting:
        address = waiting.pop()
        directory = layout.place(spaces.root, address).directory
        inner = f"{directory}/{META_FOLDER}"
        folders = [name for name in _directories(directory) if name != META_FOLDER]
        waiting.extend(map(address.child, folders))
        if address is not top:
            for name in (layout.HISTORY, STRAY):
                if disk.exists(f"{inner}/{name}"):
                    yield Place(f"{inner}/{name}", "folder", address)
        side_cars = set(folders)
        for name in _directories(inner):
            if disk.exists(f"{inner}/{name}/{layout.HISTORY}"):
                role: Role = "shared" if not address.parts else "side-car" if name in side_cars else "own"
                yield Place(f"{inner}/{name}/{layout.HISTORY}", role, address.child(name))
            if disk.exists(f"{inner}/{name}/{STRAY}"):
                yield Place(f"{inner}/{name}/{STRAY}", "stray", address.child(name))


def _attachments_below(spaces: Spaces, top: Address) -> Iterator[Place]:
    """The histories that attachments of what is below share; they are nested in the `.dm` of the space."""
    waiting = [top]
    while waiting:
        address = waiting.pop()
        path = layout.attachment_history(spaces.root, address)
        if len(address.parts) > 1 and address is not top and disk.exists(path):
            yield Place(path, "attachments", address)
        names = _directories(path[: -len(layout.HISTORY) - 1])
        waiting.extend(address.child(name) for name in names if not layout.ATTACHMENT_FOLDER.match(name))
