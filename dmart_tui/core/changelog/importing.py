"""From the histories and event logs of a spaces folder into a history store, each line once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core import config, disk
from dmart_tui.core.address import Address
from dmart_tui.core.changelog.documents import DATE, KEY, documents_of
from dmart_tui.core.changelog.memory import Memory, Seen
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.files import open_regular
from dmart_tui.core.historydb import Store, read_block
from dmart_tui.core.spaces import (
    LineFile,
    Logged,
    Place,
    event_of,
    events_path,
    history_files,
    layout,
    record_of,
)

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Spaces

BATCH: Final = 16_384
"""Documents that are appended at once."""
SEALED_FROM: Final = 2048
"""New documents after which an import seals: columns are read faster than rows."""
_TAIL: Final = 256
"""Bytes before the place read to that must still be the same."""
_EARLIEST: Final = 10**11
_LATEST: Final = 10**14
"""Between these two, from 1973 to 5138, a number is read as milliseconds."""
_STEP: Final = 64
"""Files between two tellings of the progress."""


@dataclass(slots=True)
class Progress:
    """How far an import is."""

    files: int = 0
    read: int = 0
    """Bytes of new lines."""
    documents: int = 0
    """Changes added."""


@dataclass(slots=True)
class Imported(Progress):
    """What an import did."""

    known: int = 0
    """Changes that were in the store already, where that had to be looked up."""
    damaged: int = 0
    """Lines that hold no record."""
    undated: int = 0
    """Lines without a time, or with an absurd one: they have that of the line before, or of their file."""
    unread: int = 0
    """Files that could not be read."""


def store_of(root: str, folder: Path | None = None) -> Path:
    """The store that the interface keeps of a root; it may be deleted at any time.

    Args:
        root: the real path of the spaces folder.
        folder: where such stores are; in the cache folder of the person when None.
    """
    folder = folder or config.paths().cache / "histories"
    return folder / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:32]}.hdb"


def import_spaces(
    spaces: Spaces,
    path: Path,
    *,
    progress: Callable[[Progress], object] | None = None,
    cancel: CancelToken | None = None,
) -> Imported:
    """Take what is new in all histories and event logs of a root into a store, which is made when there is none.

    A file is read on from where the last import ended, when what stands before that place is still the same; from its
    beginning when not, and what the store holds already is left out by its id. A file that was moved is read on, too.
    When it is stopped or fails, what was appended stays, and the next import goes on.

    Args:
        progress: called with the same object as it goes.

    Raises:
        Refused: somebody else writes the store.
        Cancelled: it was stopped.

    Costs a stat for a file without news, one decode a new line; memory: a batch of documents, and 8 bytes for each
    document of the store where ids must be compared.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _opened(path) as store:
        run = _Import(spaces, store, path, progress or (lambda _: None), cancel)
        return run.run()


def _opened(path: Path) -> Store:
    if path.exists():
        return Store.open(str(path), write=True)
    return Store.create(str(path), date_field=DATE, key_field=KEY)


class _Import:
    def __init__(
        self,
        spaces: Spaces,
        store: Store,
        path: Path,
        progress: Callable[[Progress], object],
        cancel: CancelToken | None,
    ) -> None:
        self.spaces, self.store = spaces, store
        self.memory = Memory(path, spaces.root)
        self.done = Imported()
        self._tell, self._cancel = progress, cancel
        self._batch: list[dict[str, Any]] = []
        self._read: list[tuple[str, Seen]] = []
        self._begun = False
        self._compare_all = not self.memory.whole
        self._whole = True

    @cached_property
    def known(self) -> set[int]:
        """The ids of all that was in the store when first asked."""
        self._flush()
        blocks = map(read_block, self.store.blocks())
        return {key for block in blocks for key in block.columns([KEY])[KEY] if isinstance(key, int)}

    def run(self) -> Imported:
        for name in self.spaces.space_names():
            for place in history_files(self.spaces, Address(name)):
                self._take(place.path, place)
            self._take(events_path(self.spaces, name), Address(name))
        self._flush()
        self.memory.keep(whole=self._whole)
        self._tell(self.done)
        if self._cancel is not None:
            self._cancel.check()
        if self.done.documents >= SEALED_FROM:
            self.store.seal(cancel=self._cancel)
        return self.done

    @property
    def _stopped(self) -> bool:
        return self._cancel is not None and self._cancel.cancelled

    def _take(self, path: str, about: Place | Address) -> None:
        """Take what is new in one file."""
        if self._stopped:
            return
        try:
            status = disk.stat(path)
        except OSError:
            return
        self.done.files += 1
        if self.done.files % _STEP == 0:
            self._tell(self.done)
        relative = self.spaces.relative(path)
        seen = self.memory.of(relative)
        if seen and (seen.inode, seen.size, seen.written) == (status.st_ino, status.st_size, status.st_mtime_ns):
            return
        try:
            self._read_on(path, relative, about, seen or self.memory.moved(status.st_ino), status)
        except DmartTuiError:
            self.done.unread += 1
            self._whole = False  # what was read of it may be in the batch

    def _read_on(
        self, path: str, relative: str, about: Place | Address, seen: Seen | None, status: os.stat_result
    ) -> None:
        start = seen.offset if seen and seen.tail == self._tail(path, seen.offset) else 0
        compare = self._compare_all or (seen is not None and not start)
        file = LineFile(path, self.spaces.root)
        type_ = _type_of(about, path)
        when = max(_EARLIEST, int(status.st_mtime * 1000))
        offset = start
        for line, parsed in file.objects(forwards=True, start=start):
            if parsed.value is None:
                if line.end == file.size and line.raw:
                    break  # not written to its end yet
                self.done.damaged += bool(line.raw.strip())
                offset = line.end + 1
                continue
            item: Logged = (
                event_of(about, relative, file, line, parsed)
                if isinstance(about, Address)
                else record_of(about, relative, file, line, parsed)
            )
            told = int(item.when.timestamp() * 1000) if item.when is not None else 0
            if _EARLIEST <= told < _LATEST:
                when = told
            else:
                self.done.undated += 1
            self._add(documents_of(item, line.raw, when, type_), compare)
            offset = line.end + 1
            if self._stopped:
                break
        offset = min(offset, max(file.size, 0))
        self.done.read += offset - start
        size = offset if self._stopped else status.st_size
        seen = Seen(status.st_ino, size, status.st_mtime_ns, offset, self._tail(path, offset))
        self._read.append((relative, seen))

    def _add(self, documents: Iterator[dict[str, Any]], compare: bool) -> None:
        for document in documents:
            if compare and document[KEY] in self.known:
                self.done.known += 1
            else:
                self._batch.append(document)
        if len(self._batch) >= BATCH:
            self._flush()
            self._tell(self.done)

    def _flush(self) -> None:
        """Append what is gathered; files read to their end before are remembered with it."""
        if self._batch:
            if not self._begun:
                self._begun = True
                self.memory.keep(whole=False)
            self.store.append(self._batch)
            self.done.documents += len(self._batch)
            self._batch = []
        for relative, seen in self._read:
            self.memory.put(relative, seen)
        self._read = []

    def _tail(self, path: str, offset: int) -> bytes:
        """A digest of what stands before an offset."""
        start = max(0, offset - _TAIL)
        descriptor = open_regular(path, self.spaces.root)
        try:
            return hashlib.blake2b(os.pread(descriptor, offset - start, start), digest_size=8).digest()
        finally:
            os.close(descriptor)


def _type_of(about: Place | Address, path: str) -> str:
    """The resource type of what a history belongs to, by the meta beside it; empty where no line can tell."""
    if isinstance(about, Address) or about.role == "attachments":
        return ""
    if about.role in ("folder", "side-car", "space"):
        return "space" if about.role == "space" else "folder"
    try:
        with disk.scandir(path.rpartition("/")[0]) as found:
            return next((match[1] for item in found if (match := layout.META_FILE.match(item.name))), "")
    except OSError:
        return ""
