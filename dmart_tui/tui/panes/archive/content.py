"""What a member holds, opened by ranges to be shown, and all that is known of it."""

from __future__ import annotations

import os
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.archives.naming import decode, shard_of
from dmart_tui.core.archives.source import Source
from dmart_tui.core.durable import write_all
from dmart_tui.core.errors import DmartTuiError
from dmart_tui.core.units import format_count, format_size
from dmart_tui.core.viewing import SNIFF_BYTES, FileBytes, sniff
from dmart_tui.tui.showing import open_bytes
from dmart_tui.tui.widgets.field_list import Field

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dmart_tui.core.archives.archive import Archive
    from dmart_tui.core.archives.index import Member
    from dmart_tui.tui.showing import Opened

_COPIED: Final = 64 << 20
"""Bytes of a database that is copied to be looked into: the libraries that do so want a file."""
_BLOCK, _BLOCKS = 256 << 10, 8
"""Bytes that are read at once, and how many such blocks are kept."""
_WHOLE: Final = 1_000_000
"""Bytes up to which a content is read whole: it is masked as a whole too."""
_DATABASES: Final = ("sqlite", "duckdb", "parquet")
_LONGEST: Final = 2000
"""Letters of a value of metadata that are shown."""
_MOST: Final = 200


class MemberBytes:
    """A member's content, read where it is looked at; what goes wrong is raised unless `failed` is set."""

    def __init__(self, archive: Archive, position: int) -> None:
        member = archive.member(position)
        self.size = member.size
        self.failed: Callable[[DmartTuiError], object] | None = None
        """Told what went wrong, in the thread that read, which goes on with nothing."""
        self.told: Callable[[], object] = lambda: None
        """Called after each read, in the thread that read."""
        self._file = archive.open(position)
        self._plain = member.codec == "none" and not member.external
        self._ranges = partial(archive.read, position)
        self._lock = Lock()
        self._block_size = self.size if self.size <= _WHOLE else _BLOCK
        self._blocks: dict[int, bytes] = {}

    def read(self, offset: int, length: int) -> bytes:
        """As `ByteSource.read`."""
        end, size = min(offset + length, self.size), self._block_size
        try:
            with self._lock:
                if self._file.closed or offset >= end:
                    return b""
                first, last = offset // size, (end - 1) // size
                read = b"".join(self._block(number) for number in range(first, last + 1))
            return read[offset - first * size : end - first * size]
        except DmartTuiError as error:
            if self.failed is None:
                raise
            self.failed(error)
            return b""

    def _block(self, number: int) -> bytes:
        """A block of the content; those seen last are kept, for views go to and fro and each may be a request."""
        found = self._blocks.pop(number, None)
        if found is None:
            start, length = number * self._block_size, self._block_size
            if self._plain:
                found = self._ranges(start, length)
            else:
                self._file.seek(start)
                found = self._file.read(length)
            self.told()
        self._blocks[number] = found
        if len(self._blocks) > _BLOCKS:
            del self._blocks[next(iter(self._blocks))]
        return found

    def close(self) -> None:
        """Let go of it; there is nothing to read from then on."""
        with self._lock:
            self._file.close()


def open_member(
    archive: Archive,
    position: int,
    name: str,
    *,
    secrets: bool,
    failed: Callable[[DmartTuiError], object],
    told: Callable[[], object],
) -> Opened:
    """Open a member's content as what its name and bytes say it is; reads its beginning only.

    Args:
        failed: told what goes wrong while it is shown.
        told: called when more of it was read to be shown.

    Raises:
        Damaged, NotFound, Replaced, Failed: as `Archive.open`.
    """

    def again() -> MemberBytes:
        return MemberBytes(archive, position)

    source = MemberBytes(archive, position)
    try:
        kind = sniff("", name, source.read(0, SNIFF_BYTES))
        if kind.kind == "table" and kind.detail in _DATABASES and source.size <= _COPIED:
            copy = _copied(archive, position)
            source.close()
            return open_bytes(FileBytes(fd=copy), again, name, path=f"/dev/fd/{copy}", secrets=secrets)
        opened = open_bytes(source, again, name, secrets=secrets)
    except BaseException:
        source.close()
        raise
    source.failed, source.told = failed, told
    return opened


def _copied(archive: Archive, position: int) -> int:
    """A descriptor of a file without a name that holds a member."""
    import tempfile

    with tempfile.TemporaryFile() as file:
        for piece in archive.pieces(position):
            write_all(file.fileno(), piece)
        return os.dup(file.fileno())


def fields_of(
    member: Member, meta: dict[str, Any] | DmartTuiError, when: datetime | None, findings: list[str]
) -> list[Field]:
    """All that is known of a member: what is wrong, what its name tells, its metadata, its entry as it stands."""
    fields = [Field(heading=True, label="Member"), Field("name", member.name)]
    wrong = dict.fromkeys(text for text in (member.problem, member.meta_problem, *findings) if text)
    fields += [Field("wrong", text, tone="error") for text in wrong]
    if member.oddity:
        fields.append(Field("odd", member.oddity, tone="warning"))
    fields.append(Field("size", f"{format_size(member.size)} ({format_count(member.size)} bytes)"))
    fields.append(Field("shard", f"{shard_of(member.name):02x} of 256"))
    if (told := decode(member.name)) is not None:
        fields += [
            Field(heading=True),
            Field(heading=True, label="Told by its name"),
            Field("made", told.created.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"),
            Field("day", told.day.isoformat()),
            Field("node, number", f"{told.node}, {told.sequence}"),
            Field("checksum", "right" if told.sound else "wrong", tone="" if told.sound else "error"),
        ]
    elif when is not None:
        fields.append(Field("made", when.strftime("%Y-%m-%d %H:%M:%S UTC")))
    fields += [Field(heading=True), Field(heading=True, label="Metadata")]
    if isinstance(meta, DmartTuiError):
        fields.append(Field("", meta.message, tone="error"))
    elif not meta:
        fields.append(Field("", "none", tone="muted"))
    else:
        fields += [Field(str(key), _told(value)) for key, value in list(meta.items())[:_MOST]]
    fields += [
        Field(heading=True),
        Field(heading=True, label="Entry"),
        Field("position", format_count(member.position)),
        Field("content", _place(member)),
        Field("metadata", f"{format_count(member.meta_length)} bytes at {format_count(member.meta_offset)}"),
        Field("flags", f"{member.flags:#x}"),
        Field("codec", member.codec),
    ]
    if member.digest:
        fields.append(Field("SHA-256", member.digest))
    return fields


def _place(member: Member) -> str:
    if member.external:
        return "a file of its own in _bigFiles/"
    return f"{format_count(member.stored)} bytes at {format_count(member.offset)}"


def _told(value: object) -> str:
    import json

    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def cost_of(source: Source, size: int) -> str:
    """What reading has cost so far: `2 requests · 84.0 KB of 2.1 GB`."""
    requests = source.cost.requests
    word = "request" if source.label.startswith("s3://") else "read"
    asked = f"{format_count(requests)} {word}{'s' * (requests != 1)}"
    return f"{asked} · {format_size(source.cost.moved)} of {format_size(size)}"
