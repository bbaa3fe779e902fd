"""What a change does to files, as data: the journal carries it out, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

NOTHING: Final = ""
"""The digest of a file that is not there."""


def digest(data: bytes | None) -> str:
    """The content hash a file is remembered by; `NOTHING` for None."""
    return NOTHING if data is None else sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Expect:
    """A file that must still be what was read, or still not be there."""

    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """A directory, and those above it, where there is none."""

    path: str


@dataclass(frozen=True, slots=True)
class Write:
    """A whole file, new or replaced."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Copy:
    """A new file with the bytes of another, which may be large and outside of the root."""

    source: str
    path: str


@dataclass(frozen=True, slots=True)
class Move:
    """A file or directory to a name where nothing is; only the spelling of a name may change too (case, NFC)."""

    source: str
    path: str


@dataclass(frozen=True, slots=True)
class Discard:
    """A file, or a directory and all in it, for ever: freed when everything else has happened."""

    path: str


@dataclass(frozen=True, slots=True)
class RemoveFolder:
    """A directory, if it is empty by then."""

    path: str


@dataclass(frozen=True, slots=True)
class Append:
    """One line, without its end, after the last line of a file, which is made where there is none."""

    path: str
    line: bytes
    ended: bool = True
    """Whether a line end follows it; the next line otherwise begins with one, as D-MART's event log does."""


Step = MakeFolder | Write | Copy | Move | Discard | RemoveFolder | Append
