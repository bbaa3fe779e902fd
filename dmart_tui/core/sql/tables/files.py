"""Members of the archives that are open, as files the engine reads in place: `des://NAME/member`."""

from __future__ import annotations

import hashlib
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
from dmart_tui.core.sql.reading import SharedFile

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
        self._globbed: dict[str, tuple[Archive, dict[str, int]]] = {}
        """Where the members are that were last found by a pattern: looking for each takes a look at all names."""
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
        """Another time for each state of an archive, so that the engine keeps nothing of one that was replaced."""
        archive, _position, _name = self._member(path)
        digest = hashlib.sha256(archive.source.cache_key.encode("utf-8", "surrogateescape"))
        return datetime.fromtimestamp(int.from_bytes(digest.digest()[:4], "big"))

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
            archive = self.archive(name)
            found = {text: position for position, text in enumerate(archive.index.texts()) if like.match(text)}
        self._globbed[name] = archive, found
        return [f"{SCHEME}{name}/{text}" for text in found]

    def open(self, path: str, mode: str = "rb", *_args: Any, **_options: Any) -> RawIOBase:
        if mode != "rb":
            raise PermissionError("archives are only read")
        archive, position, _name = self._member(path)
        return Reading(archive, position)

    def _member(self, path: str) -> tuple[Archive, int, str]:
        name, _slash, member = self._strip_protocol(path).partition("/")
        with _failures():
            archive = self.archive(name)
            known, found = self._globbed.get(name, (None, {}))
            positions = [found[member]] if known is archive and member in found else archive.find(member)
        if not positions:
            raise FileNotFoundError(f"{name} has no member {member}")
        return archive, positions[-1], member

    def _url(self, path: str) -> str:
        return SCHEME + str(self._strip_protocol(path))


class Reading(SharedFile):
    """A member."""

    def __init__(self, archive: Archive, position: int) -> None:
        with _failures():
            self._file = archive.open(position)
        super().__init__(archive.member(position).size)
        self._one = threading.Lock()

    def read_at(self, start: int, length: int) -> bytes:
        with self._one, _failures():
            self._file.seek(start)
            return self._file.read(length)

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
