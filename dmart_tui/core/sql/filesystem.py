"""The folders a session may read, as the engine sees them: nothing outside of them, and nothing written.

The engine's own local files are closed to SQL, because where it lets them be read it lets them be written, too.
"""

from __future__ import annotations

import fnmatch
import os
import re
from contextlib import suppress
from io import RawIOBase
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, Any, Final

from fsspec import AbstractFileSystem

from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.files import inside, open_regular
from dmart_tui.core.sql.locks import share
from dmart_tui.core.sql.reading import SharedFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SCHEME: Final = "files://"
_WILD: Final = frozenset("*?[")


class RootFiles(AbstractFileSystem):  # type: ignore[misc]
    """Files of some folders, and single files that were granted, for reading.

    Args:
        roots: the folders; names that are not absolute are looked for in one after the other.
    """

    protocol = "files"
    root_marker = ""
    cachable = False

    def __init__(self, roots: Iterable[Path]) -> None:
        super().__init__()
        self._roots = [os.path.realpath(root) for root in roots]
        self._granted: set[str] = set()

    def grant(self, path: Path) -> str:
        """Let one more file, and the log a database writes beside it, be read; its URL."""
        real = os.path.realpath(path)
        self._granted |= {real, f"{real}.wal"}
        return SCHEME + real

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return str(path).removeprefix(SCHEME)

    def real(self, path: str) -> tuple[str, str]:
        """The real path of a file and the folder that it is allowed by.

        Raises:
            FileNotFoundError: no folder has it.
            PermissionError: it is in none of the folders.
        """
        path = self._strip_protocol(path)
        names = [path] if os.path.isabs(path) else [f"{root}/{path}" for root in self._roots]
        outside = False
        for name in names:
            real = os.path.realpath(name)
            if real in self._granted:
                return real, os.path.dirname(real)
            root = next((root for root in self._roots if inside(root, real)), None)
            if root is None:
                outside = True
            elif os.path.lexists(real):
                return real, root
        if outside:
            raise PermissionError(f"{path} is outside of the folders that are open")
        raise FileNotFoundError(f"no file {path}")

    def is_missing(self, path: str) -> bool:
        """Whether nothing has this name in the folders, though it would be in one of them."""
        try:
            self.real(path)
        except FileNotFoundError:
            return True
        except OSError:
            pass
        return False

    def info(self, path: str, **_options: Any) -> dict[str, Any]:
        real, _root = self.real(path)
        found = os.stat(real)
        kind = "file" if S_ISREG(found.st_mode) else "directory" if S_ISDIR(found.st_mode) else "other"
        return {"name": SCHEME + real, "size": found.st_size, "type": kind, "mtime": found.st_mtime}

    def modified(self, path: str) -> Any:
        from datetime import datetime

        return datetime.fromtimestamp(self.info(path)["mtime"])

    def ls(self, path: str, detail: bool = True, **_options: Any) -> list[Any]:
        real, _root = self.real(path)
        listed = []
        for name in sorted(os.listdir(real)):
            with suppress(OSError):
                listed.append(self.info(f"{real}/{name}"))
        return listed if detail else [item["name"] for item in listed]

    def glob(self, path: str, maxdepth: int | None = None, **_options: Any) -> list[str]:
        """Files like a pattern, sorted; a name that exists is itself, whatever it holds.

        Only what is below the folders is looked at, each folder of a `**` once.
        """
        path = self._strip_protocol(path)
        with suppress(OSError):
            return [SCHEME + self.real(path)[0]]
        found = set()
        wild = min((at for char in _WILD if (at := path.find(char)) >= 0), default=len(path))
        fixed = path.rfind("/", 0, wild) + 1
        parts = [part for part in path[fixed:].split("/") if part]
        for above in [""] if os.path.isabs(path) else [f"{root}/" for root in self._roots]:
            folder = os.path.realpath(above + path[:fixed])
            if not parts or ".." in parts or not any(inside(root, folder) for root in self._roots):
                continue
            for name in _like(folder, *parts):
                with suppress(OSError):
                    real, _root = self.real(name)
                    if os.path.isfile(real):
                        found.add(SCHEME + real)
        return sorted(found)

    def open(self, path: str, mode: str = "rb", *_args: Any, **_options: Any) -> RawIOBase:
        if mode != "rb":
            raise PermissionError("files here are only read: to write a database, open it for writing by its name")
        real, root = self.real(path)
        try:
            return Reading(open_regular(real, root), real)
        except DmartTuiError as error:
            raise OSError(str(error)) from None


def _like(folder: str, part: str, *rest: str) -> Iterator[str]:
    """What is in a folder like the parts of a pattern; `**` follows no links, which may lead in circles."""
    if _WILD.isdisjoint(part):
        yield from _like(f"{folder}/{part}", *rest) if rest else [f"{folder}/{part}"]
        return
    if part == "**" and rest:
        yield from _like(folder, *rest)
    like = re.compile(fnmatch.translate(part)).match
    with suppress(OSError), os.scandir(folder) as found:
        for item in found:
            if item.name.startswith(".") and not part.startswith("."):
                continue
            if part == "**" and item.is_dir(follow_symlinks=False):
                yield from _like(item.path, part, *rest)
            elif like(item.name) and part != "**" and rest:
                yield from _like(item.path, *rest)
            elif like(item.name) and not rest:
                yield item.path


class Reading(SharedFile):
    """A file on the disk; a database is locked as the engine would lock it, so that no other program writes it."""

    def __init__(self, descriptor: int, path: str) -> None:
        super().__init__(os.fstat(descriptor).st_size)
        self._descriptor = descriptor
        try:
            share(descriptor, path)
        except BaseException:
            os.close(descriptor)
            raise

    def read_at(self, start: int, length: int) -> bytes:
        pieces = []
        while length and (piece := os.pread(self._descriptor, length, start)):
            pieces.append(piece)
            start += len(piece)
            length -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
