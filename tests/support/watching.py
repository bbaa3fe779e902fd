"""Proof that a folder was left alone: what it looked like, and every call of this process that would change it."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Look = dict[str, tuple[object, ...]]

_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NAMING: Final = {
    "os.chmod": [(0, 2)], "os.chown": [(0, 3)], "os.link": [(0, 2), (1, 3)], "os.mkdir": [(0, 2)],
    "os.remove": [(0, 1)], "os.removexattr": [(0, None)], "os.rename": [(0, 2), (1, 3)], "os.rmdir": [(0, 1)],
    "os.setxattr": [(0, None)], "os.symlink": [(1, 2)], "os.truncate": [(0, None)], "os.utime": [(0, 3)],
    "sqlite3.connect": [(0, None)],
}  # fmt: skip
"""Event of the interpreter -> which of its arguments is changed, and which is the directory it is relative to."""
_watched: list[tuple[str, list[str]]] = []
_hooked: list[bool] = []


def look(root: Path) -> Look:
    """All names at and below a folder, with mode, owner, inode, times of change, and a hash of what they hold."""
    found: Look = {}
    for folder, folders, files in os.walk(root):
        for path in (folder, *(f"{folder}/{name}" for name in (*folders, *files))):
            status = os.lstat(path)
            held = ""
            if stat.S_ISLNK(status.st_mode):
                held = os.readlink(path)  # noqa: PTH115 - names need not be UTF-8
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    held = hashlib.file_digest(file, "sha256").hexdigest()
            times = status.st_mtime_ns, status.st_ctime_ns
            found[path] = (status.st_mode, status.st_uid, status.st_gid, status.st_ino, status.st_nlink, *times, held)
    return found


@contextmanager
def left_alone(root: Path) -> Iterator[list[str]]:
    """Gives what this process does to a folder while the block runs; fails when the folder differs afterwards."""
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    before, done = look(root), []
    _watched.append((os.path.realpath(root), done))
    try:
        yield done
    finally:
        _watched.pop()
    assert done == [], done
    after = look(root)
    assert after.keys() ^ before.keys() == set()
    assert [path for path in after if after[path] != before[path]] == []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watched:
        return
    if event == "open":
        places = [(0, None)] if isinstance(args[2], int) and args[2] & _WRITING else []
    else:
        places = _NAMING.get(event, [])
    for at, relative in places:
        paths = set(_paths(args[at], -1 if relative is None else args[relative]))
        for root, done in _watched:
            if any(path == root or path.startswith(f"{root}/") for path in paths):
                done.append(f"{event} {args}")


def _paths(name: Any, folder: int) -> Iterator[str]:
    """What is meant, were it a symlink or what that leads to."""
    text = f"/proc/self/fd/{name}" if isinstance(name, int) else os.fsdecode(name)
    if text.startswith("file:///"):  # of SQLite
        text = unquote(urlsplit(text).path)
    if folder >= 0 and not text.startswith("/"):
        text = f"/proc/self/fd/{folder}/{text}"
    above, last = os.path.split(text)
    yield f"{os.path.realpath(above)}/{last}"
    yield os.path.realpath(text)
