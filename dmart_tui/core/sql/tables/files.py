"""Members of the archives that are open, as files the engine reads in place: `des://NAME/member`."""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager
from datetime import datetime
from io import RawIOBase
from typing import TYPE_CHECKING, Any, Final

from fsspec import AbstractFileSystem
from fsspec.utils import glob_translate

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.source import open_source
from dmart_tui.core.config import load
from dmart_tui.core.errors import DmartTuiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dmart_tui.core.archives.archive import Archive

SCHEME: Final = "des://"
_WILD: Final = frozenset("*?[")


class ArchiveFiles(AbstractFileSystem):  # type: ignore[misc]
    """Some archives, each by a name, for reading. Of several members with one name the last is read.

    Args:
        archives: paths or `s3://` addresses; nothing else can be reached. They are opened when first named.
    """

    protocol = "des"
    root_marker = ""
    cachable = False

    def __init__(self, archives: Iterable[str] = ()) -> None:
        super().__init__()
        self._where = _named(archives)
        self._opened: dict[str, Archive] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> dict[str, str]:
        """Where each archive is, by its name."""
        return dict(self._where)

    def add(self, archive: str) -> str:
        """Have one more; its name, and those of the others stay."""
        with self._lock:
            self._where = _named([*self._where.values(), archive])
            return list(self._where)[-1]

    def archive(self, name: str) -> Archive:
        """An archive by its name, opened.

        Raises:
            FileNotFoundError: none of that name is open.
            DmartTuiError: it cannot be opened.
        """
        with self._lock:
            if name in self._opened and self._opened[name].source.was_replaced():
                self._opened.pop(name).close()
            if name not in self._opened:
                if name not in self._where:
                    raise FileNotFoundError(f"no archive {name} is open")
                where = self._where[name]
                self._opened[name] = open_archive(open_source(where, load() if where.startswith("s3://") else None))
            return self._opened[name]

    def close(self) -> None:
        """Close the archives."""
        with self._lock:
            for archive in self._opened.values():
                archive.close()
            self._opened.clear()

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return str(path).removeprefix(SCHEME)

    def info(self, path: str, **_options: Any) -> dict[str, Any]:
        archive, member, _name = self._member(path)
        return {"name": self._url(path), "size": archive.member(member).size, "type": "file"}

    def modified(self, path: str) -> Any:
        """The same for as long as an archive is open: a replaced one is noticed, and refused, by its reader."""
        return datetime(1970, 1, 1)

    def exists(self, path: str, **_options: Any) -> bool:
        try:
            self._member(path)
        except OSError:
            return False
        return True

    def ls(self, path: str, detail: bool = True, **_options: Any) -> list[Any]:
        found = self.glob(f"{self._strip_protocol(path).rstrip('/')}/*")
        return [self.info(name) for name in found] if detail else found

    def glob(self, path: str, maxdepth: int | None = None, **_options: Any) -> list[str]:
        """The members like a pattern, in the order of the archive; a name that is one is itself, whatever it holds."""
        name, _slash, pattern = self._strip_protocol(path).partition("/")
        if _WILD.isdisjoint(pattern) or self.exists(path):
            self._member(path)
            return [self._url(path)]
        like = re.compile(glob_translate(pattern))
        with _failures():
            texts = list(self.archive(name).index.texts())
        return list(dict.fromkeys(f"{SCHEME}{name}/{text}" for text in texts if like.match(text)))

    def open(self, path: str, mode: str = "rb", *_args: Any, **_options: Any) -> RawIOBase:
        if mode != "rb":
            raise PermissionError("archives are only read")
        archive, position, _name = self._member(path)
        return Reading(archive, position)

    def _member(self, path: str) -> tuple[Archive, int, str]:
        name, _slash, member = self._strip_protocol(path).partition("/")
        with _failures():
            archive = self.archive(name)
            positions = archive.find(member)
        if not positions:
            raise FileNotFoundError(f"{name} has no member {member}")
        return archive, positions[-1], member

    def _url(self, path: str) -> str:
        return SCHEME + str(self._strip_protocol(path))


class Reading(RawIOBase):
    """A member whose place is each thread's own: the engine seeks and reads from several at once."""

    def __init__(self, archive: Archive, position: int) -> None:
        super().__init__()
        with _failures():
            self._file = archive.open(position)
        self._size = archive.member(position).size
        self._place = threading.local()
        self._lock = threading.Lock()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}[whence]
        self._place.at = base + offset
        return base + offset

    def tell(self) -> int:
        return getattr(self._place, "at", 0)

    def read(self, size: int | None = -1) -> bytes:
        at = self.tell()
        wanted = max(0, self._size - at) if size is None or size < 0 else size
        with self._lock, _failures():
            self._file.seek(at)
            data = self._file.read(wanted)
        self._place.at = at + len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _named(archives: Iterable[str]) -> dict[str, str]:
    """A name for each: of its file without `.des`, with a number where several have one."""
    found: dict[str, str] = {}
    for where in archives:
        stem = where.rstrip("/").rpartition("/")[2].removesuffix(".des") or "archive"
        stem = stem.encode("utf-8", "replace").decode()
        name, number = stem, 1
        while name.lower() in {known.lower() for known in found}:
            number += 1
            name = f"{stem}_{number}"
        found[name] = where
    return found


@contextmanager
def _failures() -> Iterator[None]:
    """Errors of the core as those that the engine expects of a file system."""
    try:
        yield
    except DmartTuiError as error:
        raise OSError(str(error)) from None
