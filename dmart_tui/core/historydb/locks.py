"""Who writes a store, and who reads it: locks of the system, which end with the process that holds them."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from datetime import UTC, datetime
from typing import Final

from dmart_tui.core.errors import Failed, Refused

WRITER: Final = "writer.lock"
READERS: Final = "readers.lock"
_KEPT: Final = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""That nothing waits for a pipe of that name, and no link leads to a file of somebody else."""
_FLAGS: Final = os.O_RDWR | os.O_CREAT | _KEPT
_TOLD: Final = 200


class WriterHeld(Refused):
    """Somebody else writes the store."""


def lock_writer(folder: str) -> int:
    """Become the writer of a store; the descriptor whose closing ends it.

    Raises:
        WriterHeld: naming the holder.
        Failed: the folder cannot be written.
    """
    try:
        descriptor = os.open(f"{folder}/{WRITER}", _FLAGS, 0o666)
    except OSError as error:
        raise Failed(f"cannot be written: {error.strerror}", address=folder) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Failed(f"cannot be written: its {WRITER} is no file", address=folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, _TOLD, 0).decode(errors="replace") or "another process"
        os.close(descriptor)
        raise WriterHeld(f"is being written by {holder}", address=folder, hint="one at a time writes a store") from None
    os.ftruncate(descriptor, 0)
    told = f"process {os.getpid()} of {socket.gethostname()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    os.pwrite(descriptor, told.encode(), 0)
    return descriptor


def lock_readers(folder: str) -> int | None:
    """Keep files of a store from being removed until the descriptor is closed; None where nothing can be locked."""
    try:
        descriptor = os.open(f"{folder}/{READERS}", os.O_RDONLY | _KEPT)
    except OSError:
        return None
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def is_read(folder: str) -> bool:
    """Whether a reader keeps the files of a store."""
    descriptor = os.open(f"{folder}/{READERS}", _FLAGS, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
