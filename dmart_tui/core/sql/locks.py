"""Who has a database open: the engine locks the whole file for reading or for writing, and so do we."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from dmart_tui.core.sql.errors import LockHeld

if TYPE_CHECKING:
    from pathlib import Path

_LINUX: Final = sys.platform == "linux"
_LOCK: Final = "hhqqi4x" if _LINUX else "qqihh"
"""How the system lays out a lock: type, whence, start, length, PID; or start, length, PID, type, whence."""
# These belong to the open file: a classic lock is lost when any other handle of this process on the file is closed.
_SET: Final = getattr(fcntl, "F_OFD_SETLK", fcntl.F_SETLK)
_MAGIC: Final = b"DUCK"
_SAID: Final = re.compile(r"Conflicting lock is held in (.*?) \(PID (\d+)\)")


def share(descriptor: int, path: str) -> None:
    """Lock a file for reading when it is a database; the lock goes with the descriptor.

    Raises:
        LockHeld: somebody writes it.
    """
    if os.pread(descriptor, 4, 8) != _MAGIC:
        return
    try:
        fcntl.fcntl(descriptor, _SET, _request(fcntl.F_RDLCK))
    except OSError:
        raise LockHeld(path, *(_holder(descriptor, fcntl.F_RDLCK) or (0, ""))) from None


def check_free(path: Path, *, write: bool) -> None:
    """Look whether a database could be opened.

    Raises:
        LockHeld: somebody writes it, or with `write` somebody reads it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if held := _holder(descriptor, fcntl.F_WRLCK if write else fcntl.F_RDLCK):
            raise LockHeld(str(path), *held)
    finally:
        os.close(descriptor)


def told(said: str, path: Path) -> LockHeld | None:
    """The lock that the engine speaks of, if it does."""
    found = _SAID.search(said)
    return LockHeld(str(path), int(found[2]), found[1]) if found else None


def _request(kind: int) -> bytes:
    return struct.pack(_LOCK, kind, 0, 0, 0, 0) if _LINUX else struct.pack(_LOCK, 0, 0, 0, kind, 0)


def _holder(descriptor: int, kind: int) -> tuple[int, str] | None:
    """Who has a lock that excludes one of ours, by PID and program where the system tells."""
    answer = struct.unpack(_LOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, _request(kind)))
    held, pid = (answer[0], answer[4]) if _LINUX else (answer[3], answer[2])
    if held == fcntl.F_UNLCK:
        return None
    program = ""
    with suppress(OSError):
        program = os.readlink(f"/proc/{pid}/exe")
    return max(pid, 0), program
