"""A day/shard store as folders and files to look into, without unpacking it."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Collection, Iterator
from threading import RLock
from time import monotonic
from typing import TYPE_CHECKING, Final

from dmart_tui.core.archives.archive import Archive, open_archive
from dmart_tui.core.archives.mounted import KeptFiles, Table, key_of
from dmart_tui.core.archives.naming import shard_of
from dmart_tui.core.archives.source import LocalSource, Replaced
from dmart_tui.core.archives.trees import member_name, true_path
from dmart_tui.core.errors import DmartTuiError, NotFound, Refused

if TYPE_CHECKING:
    from dmart_tui.core.archives.index import Member
    from dmart_tui.core.archives.stores import Store
    from dmart_tui.core.disk import Kind

_OPEN: Final = 16
"""Archives that are open at once."""
_LOOK: Final = 1.0
"""Seconds until it is looked again whether something was added."""
_BITS: Final = 32
"""Of a member's number, for its position in its archive; those above tell the archive, the newest day first."""


class PackedStore(KeptFiles):
    """The files of a store on this disk; of several days that have one, it is the newest day's.

    A file is looked up by its name, in one archive a day. Only listing a folder, or asking for what is no file, costs a
    pass over all names; then 10 bytes a member beside the bytes of its path.

    Args:
        root: a folder that no symlink may lead out of.
        folders: paths that are known to be folders.

    Raises:
        NotFound: there is no such store.
        Refused: no archive in it is called as its layout says.
    """

    def __init__(self, store: Store, root: str = "/", folders: Collection[str] = ()) -> None:
        super().__init__()
        self._store = store
        self._root = root
        self._folders = folders
        self._seen = _times(store)
        self._next_look = monotonic() + _LOOK
        self._days = store.days()[::-1]
        self._shards = [found for day in self._days for found in store.shards(day)]
        if not self._shards:
            raise Refused("holds no archives of this layout", address=store.base, command="--layout says which it has")
        self._rows = {path: row for row, (_, path) in enumerate(self._shards)}
        self._archives: OrderedDict[int, Archive] = OrderedDict()
        self._versions: dict[int, str] = {}
        self._opening = RLock()

    @property
    def time(self) -> int:
        return max(self._seen)

    def kind(self, path: str) -> Kind | None:
        if path in self._folders:
            return "folder"
        return "file" if self._found(path) is not None else super().kind(path)

    @property
    def has_links(self) -> bool:
        return False

    def is_stale(self) -> bool:
        """Whether something was added to it; it is looked for once a second."""
        if not self._replaced and monotonic() >= self._next_look:
            self._next_look = monotonic() + _LOOK
            try:
                self._replaced = self._seen != _times(self._store)
            except NotFound:
                self._replaced = True
        return self._replaced

    def close(self) -> None:
        """Let go of the archives and of what is held of them."""
        super().close()
        with self._opening:
            for archive in self._archives.values():
                archive.close()
            self._archives.clear()

    def paths(self) -> Iterator[str]:
        """The paths of all files, what is in a folder together.

        Raises:
            Refused: a name is not where a store with this number of bits has it.
            Damaged, Replaced, Failed: as `open_archive`.
        """
        for row, (shard, path) in enumerate(self._shards):
            first = next(self._names(row), None)
            if first is not None and shard_of(first, self._store.bits) != shard:
                raise Refused("has another number of bits", address=path, command="--shard-bits says it")
        table = self._read_table()
        return (os.fsdecode(table.key(row).replace(b"\0", b"/")) for row in range(len(table)))

    def _read_table(self) -> Table:
        found: dict[bytes, int] = {}
        for row in range(len(self._shards) - 1, -1, -1):
            for position, name in enumerate(self._names(row)):
                path = true_path(name)
                if path is not None:
                    found[key_of(path)] = row << _BITS | position
        return Table(found.items(), {})

    def _position(self, path: str) -> int:
        found = self._found(path)
        return super()._position(path) if found is None else found

    def _found(self, path: str) -> int | None:
        """The number of a member, looked up by its name as long as no table is there."""
        if "_table" in self.__dict__:
            return self._table.position(key_of(path))
        name = member_name(path)
        shard = shard_of(name, self._store.bits)
        try:
            for day in self._days:
                row = self._rows.get(self._store.path(day, shard))
                if row is None:
                    continue
                with self._opening:
                    positions = self._archive(row).find(name)
                if positions:
                    return row << _BITS | positions[-1]
        except DmartTuiError as error:
            raise self._failed(error) from None
        return None

    def _member(self, position: int) -> Member:
        with self._opening:
            return self._archive(position >> _BITS).member(position & (1 << _BITS) - 1)

    def _pieces(self, position: int) -> Iterator[bytes]:
        with self._opening:
            yield from self._archive(position >> _BITS).pieces(position & (1 << _BITS) - 1)

    def _names(self, row: int) -> Iterator[str]:
        with self._opening:
            yield from self._archive(row).index.texts()

    def _archive(self, row: int) -> Archive:
        """One of the archives, as it was when it was opened first."""
        archive = self._archives.pop(row, None)
        if archive is None:
            path = self._shards[row][1]
            source = LocalSource(path, self._root)
            try:
                archive = open_archive(source)
            except BaseException:
                source.close()
                raise
            if self._versions.setdefault(row, archive.stamp.version) != archive.stamp.version:
                archive.close()
                raise Replaced("was replaced while it was read", address=path)
            while len(self._archives) >= _OPEN:
                self._archives.popitem(last=False)[1].close()
        self._archives[row] = archive
        return archive


def _times(store: Store) -> tuple[int, ...]:
    """When something was last put into the store and each of its days."""
    try:
        paths = [store.base, *(f"{store.base}/{day.isoformat()}" for day in store.days())]
        return tuple(os.stat(path).st_mtime_ns for path in paths)  # noqa: PTH116 - paths are text here
    except OSError:
        raise NotFound("there is no such store", address=store.base) from None
