"""The index of one root: where it is, how fresh, who may write it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dmart_tui.core import config
from dmart_tui.core.catalog import schema
from dmart_tui.core.catalog.building import Builder, Outcome, Progress, count_stale
from dmart_tui.core.errors import Failed, NotFound

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.spaces import Spaces

_POLL: Final = 0.05
"""Seconds between two looks at whether another process still writes."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far an index can be trusted."""

    built: datetime | None
    """When it was last brought up to date as a whole; None when it never was."""
    entries: int = 0
    """Spaces, folders and entries in it."""
    attachments: int = 0
    links: int = 0
    size: int = 0
    """Bytes on the disk."""
    writing: bool = False
    """Whether somebody is bringing it up to date just now."""

    @property
    def complete(self) -> bool:
        """Whether everything was read at least once."""
        return self.built is not None


class Catalog:
    """The index of a root: a database in the cache folder, which may be deleted at any time. Everything here blocks.

    Several processes may have it open: one writes at a time, the others read what was committed. An index that is
    damaged or was made by another version is deleted and built again.

    Args:
        file: of the database.
        texts: take payloads and words; else metas alone.
    """

    def __init__(self, spaces: Spaces, file: Path, *, texts: bool = True) -> None:
        self.spaces = spaces
        self.file = file
        self._texts = texts

    @property
    def state(self) -> Freshness:
        """How fresh it is; three look-ups."""
        try:
            with closing(self.connect()) as connection:
                built = schema.about(connection, "built")
                counts = connection.execute(
                    "SELECT (SELECT count(*) FROM resources), (SELECT count(*) FROM links),"
                    " (SELECT count(*) FROM resources WHERE attachment_parent IS NOT NULL)"
                ).fetchone()
        except (NotFound, sqlite3.DatabaseError):
            return Freshness(None, writing=self._is_written())
        return Freshness(
            datetime.fromtimestamp(built, UTC) if isinstance(built, float) else None,
            counts[0] - counts[2],
            counts[2],
            counts[1],
            sum(file.stat().st_size for file in self._files() if file.exists()),
            self._is_written(),
        )

    def connect(self) -> sqlite3.Connection:
        """A new connection that only reads, for its caller to close; texts may hold lone surrogates, as names do.

        It may go from thread to thread, used by one at a time; `interrupt()` stops a query from any.

        Raises:
            NotFound: there is no index, or none that can be read.
        """
        connection = schema.open_to_read(self.file, self.spaces.root)
        if connection is None:
            raise NotFound("there is no index of this root", address=self.spaces.root, command="`index build` makes it")
        return connection

    def update(
        self,
        progress: Callable[[Progress], None] | None = None,
        cancel: CancelToken | None = None,
        *,
        wait: bool = True,
    ) -> Outcome | None:
        """Build it, or bring it up to date: every file is held against its stamp, and read when it changed.

        What was done before it was cancelled or killed is kept.

        Args:
            wait: for another process that writes; else None is returned at once.

        Raises:
            Cancelled: the token was.
            Failed: the disk would not take it.
        """
        return self._write(lambda builder: builder.update(), progress, cancel, wait)

    def changed(self, paths: Iterable[str], cancel: CancelToken | None = None) -> Outcome | None:
        """Read again what some absolute paths belong to, as watching tells them; None where there is no index yet.

        Raises:
            Cancelled, Failed: as `update`.
        """
        if not self.file.exists():
            return None
        told = list(paths)
        return self._write(lambda builder: builder.changed(told), None, cancel, wait=True)

    def stale(self, cancel: CancelToken | None = None) -> int:
        """How many entries and folders changed, or may have, since they were read; nothing is opened.

        Raises:
            NotFound: as `connect`.
            Cancelled: the token was.
        """
        with closing(self.connect()) as connection:
            return count_stale(connection, self.spaces.root, cancel)

    def drop(self) -> bool:
        """Delete it; False when there was none."""
        found = self.file.exists()
        if found:
            with self._writer(None, wait=True):
                schema.remove(self.file)
        return found

    # -- writing -----------------------------------------------------------------------------------------

    def _write(
        self,
        work: Callable[[Builder], Outcome],
        progress: Callable[[Progress], None] | None,
        cancel: CancelToken | None,
        wait: bool,
    ) -> Outcome | None:
        try:
            with self._writer(cancel, wait=wait) as mine:
                if not mine:
                    return None
                try:
                    return self._work(work, progress, cancel)
                except sqlite3.DatabaseError as error:
                    if isinstance(error, sqlite3.OperationalError):
                        raise
                    schema.remove(self.file)  # damaged
                    return self._work(lambda builder: builder.update(), progress, cancel)
        except (OSError, sqlite3.OperationalError) as error:
            raise Failed(f"the index cannot be written: {error}", address=str(self.file)) from None

    def _work(
        self,
        work: Callable[[Builder], Outcome],
        progress: Callable[[Progress], None] | None,
        cancel: CancelToken | None,
    ) -> Outcome:
        root = self.spaces.root
        connection = schema.open_to_write(self.file, root)
        if connection is None:
            schema.remove(self.file)
            connection = schema.make(self.file, root)
        with closing(connection):
            return work(Builder(connection, self.spaces, texts=self._texts, progress=progress, cancel=cancel))

    @contextmanager
    def _writer(self, cancel: CancelToken | None, *, wait: bool) -> Iterator[bool]:
        """Whether this process, and in it this thread, is the one that writes now."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.file.parent.chmod(0o700)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            while not (mine := _locked(descriptor)) and wait:
                if cancel is not None:
                    cancel.check()
                time.sleep(_POLL)
            yield mine
        finally:
            os.close(descriptor)

    def _is_written(self) -> bool:
        try:
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            return not _locked(descriptor)
        finally:
            os.close(descriptor)

    @property
    def _lock(self) -> Path:
        return self.file.with_suffix(".lock")

    def _files(self) -> list[Path]:
        return [self.file, self.file.with_name(f"{self.file.name}-wal")]


@contextmanager
def passing_catalog(
    spaces: Spaces,
    progress: Callable[[Progress], None] | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[Catalog]:
    """An index of the metas of a root for a moment, where there is no other; reads all of them.

    Raises:
        Cancelled, Failed: as `Catalog.update`.
    """
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix=f"{config.PROGRAM}-") as folder:
        catalog = Catalog(spaces, Path(folder) / "metas.sqlite3", texts=False)
        catalog.update(progress, cancel)
        yield catalog


def open_catalog(spaces: Spaces, folder: Path | None = None) -> Catalog:
    """The index of a root, whether or not there is one yet; reads and writes nothing.

    Args:
        folder: where indexes are; the cache folder of the person when None.
    """
    folder = folder or config.paths().cache / "catalogs"
    digest = hashlib.sha256(os.fsencode(spaces.root)).hexdigest()[:32]
    return Catalog(spaces, folder / f"{digest}.sqlite3")


def _locked(descriptor: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
