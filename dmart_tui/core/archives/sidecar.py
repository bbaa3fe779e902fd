"""The file `.meta` that may stand beside a DES2 archive: checksums of its members, and which of them were deleted.

What was deleted stays in the archive; only this file says that nobody may read it any more.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dmart_tui.core.errors import Damaged
from dmart_tui.core.units import format_size

if TYPE_CHECKING:
    from dmart_tui.core.archives.source import Source

_LIMIT: Final = 256 << 20
"""Bytes of it that are read; half a million members have as much."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class _Tombstone(msgspec.Struct):
    uid: str
    deleted_at: Any = None
    deleted_by: Any = None
    reason: Any = None
    ticket_id: Any = None


class _Tombstones(msgspec.Struct):
    tombstones: dict[str, _Tombstone] = {}


class _Entry(msgspec.Struct):
    uid: Any = None
    checksum: Any = None


class _Checksums(msgspec.Struct):
    index: dict[str, _Entry] = {}


def tombstones(source: Source) -> dict[bytes, str]:
    """Why members may not be read any more, a sentence of untrusted text, by their names; empty without such a file.

    Raises:
        Damaged: the file cannot be understood, so that nobody knows.
        Replaced, Failed: as `Source.read`.
    """
    raw = _read(source)
    try:
        told = msgspec.json.decode(raw, type=_Tombstones).tombstones if raw else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged(f"cannot be understood: {error}", address=_name(source)) from None
    return {one.uid.encode("utf-8", "surrogateescape"): _sentence(one) for one in told.values()}


def checksums(source: Source) -> dict[str, str]:
    """The SHA-256 of members by their names, of those that have one; empty when the file cannot be understood.

    Raises:
        Replaced, Failed: as `Source.read`.
    """
    try:
        raw = _read(source)
        entries = msgspec.json.decode(raw, type=_Checksums).index.values() if raw else ()
    except (Damaged, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    told = ((entry.uid, checked(entry.checksum)) for entry in entries)
    return {uid: digest for uid, digest in told if isinstance(uid, str) and digest}


def checked(digest: object) -> str | None:
    """A SHA-256 as hex, None for anything else."""
    return digest if isinstance(digest, str) and _SHA256.fullmatch(digest) else None


def _sentence(one: _Tombstone) -> str:
    """`was deleted 2026-01-02T03:04:05Z by ann: GDPR (T-1)`."""
    at, by, why, ticket = (
        str(told)[:100] if told else "" for told in (one.deleted_at, one.deleted_by, one.reason, one.ticket_id)
    )
    words = f"was deleted{at and f' {at}'}{by and f' by {by}'}{why and f': {why}'}"
    return f"{words} ({ticket})" if ticket else words


def _name(source: Source) -> str:
    return f"{PurePosixPath(source.label).stem}.meta"


def _read(source: Source) -> bytes:
    """All of the file; nothing when there is none."""
    beside = source.beside(_name(source))
    if beside is None:
        return b""
    with beside:
        beside.charge(source)
        if beside.stamp.size > _LIMIT:
            raise Damaged(f"is {format_size(beside.stamp.size)}, more than is read of it", address=_name(source))
        return beside.read(0, beside.stamp.size)
