"""Writing DES v1: streamed, in bounded memory, and under its name only when it is whole.

HEADER, the contents of all members, their metas, their index entries, FOOTER; `format` has the structs. The same
members give the bytes that the original writer gives, but for `sha256` in each meta, which the original ignores.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from struct import Struct
from typing import TYPE_CHECKING, BinaryIO, Final

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.format import (
    ENTRY,
    EXTERNAL,
    FOOTER,
    FOOTER_MAGIC,
    HEADER,
    HEADER_MAGIC,
    MAX_META_BYTES,
    MAX_NAME_BYTES,
    NAME_LENGTH,
    VERSION,
)
from dmart_tui.core.archives.source import LocalSource
from dmart_tui.core.archives.staging import Spool, Staged
from dmart_tui.core.errors import DmartTuiError, Failed, Refused
from dmart_tui.core.units import format_size

if TYPE_CHECKING:
    from types import TracebackType

    from dmart_tui.core.archives.big_files import BigFiles

BIG_FILE: Final = 100 << 20
"""Bytes from which a content goes to a file of its own, where there is a place for such."""

_BLOCK: Final = 1 << 20
_KEPT: Final = 8 << 20
"""Bytes of metas, and of index entries, that are held in memory."""
_REFUSED: Final = re.compile(r'[/\\:*?"<>|]')
_OFFSET: Final = Struct("<Q")
_META_OFFSET: Final = 16
"""Where an entry's fixed part has the offset of its meta."""
_encode: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def checked_name(name: str) -> bytes:
    """The bytes of a member's name.

    Raises:
        Refused: the original would not take it.
    """
    found = _REFUSED.search(name)
    if not name or found:
        why = f"{found[0]!r} cannot be in it" if found else "it is empty"
        raise Refused(f"{name!r} cannot name a member: {why}")
    try:
        raw = name.encode()
    except UnicodeEncodeError:
        raise Refused(f"{name!r} cannot name a member: it is no text") from None
    if len(raw) > MAX_NAME_BYTES:
        raise Refused(f"a name of {len(raw):,} bytes cannot name a member: {MAX_NAME_BYTES:,} are the most")
    return raw


class Writer:
    """Writes an archive; a context manager. When its block raises, nothing has happened.

    Args:
        path: where nothing may be, unless `extend`.
        big_file_threshold: bytes from which a content is stored outside, when `big_files` is given.
        big_files: where such contents go.
        digests: put the SHA-256 of each content into its meta.
        extend: begin with the members of the archive at `path`, when there is one, and take its place.
        mode: of the file, less what the umask forbids; that of the archive that is extended.

    Raises:
        Refused: something is at `path`, or another program is writing it; the archive to extend is damaged, of another
            format, or changed meanwhile.
        Failed: the disk would not take it.

    Memory: some 20 MB, whatever is written.
    """

    def __init__(
        self,
        path: str,
        *,
        big_file_threshold: int = BIG_FILE,
        big_files: BigFiles | None = None,
        digests: bool = True,
        extend: bool = False,
        mode: int = 0o666,
    ) -> None:
        if not extend and os.path.lexists(path):
            raise _taken(path)
        self.path = path
        self.count = 0
        self._threshold = big_file_threshold
        self._big_files = big_files
        self._digests = digests
        self._extend = extend
        self._former: os.stat_result | None = None
        self._mode = mode
        self._finished = self._abandoned = False

    def __enter__(self) -> Writer:
        try:
            self._file = Staged(self.path, self._mode)
        except OSError as error:
            raise self._failed(error) from None
        self._metas = Spool(f"{self._file.staged}-meta", _KEPT)
        self._entries = Spool(f"{self._file.staged}-index", _KEPT)
        self._file.write(HEADER.pack(HEADER_MAGIC, VERSION, b""))
        if self._extend and os.path.lexists(self.path):
            try:
                self._adopt()
            except BaseException as error:
                self.__exit__(type(error), error, None)
                raise
        return self

    def _adopt(self) -> None:
        """Copy the members of the archive that is there."""
        with open_archive(LocalSource(self.path)) as former:
            layout, source = former.layout, former.source
            odd = any(member.problem or member.meta_problem for member in former.index)
            if odd or former.format != "des1" or layout.data_start != HEADER.size or former.count != len(former):
                why = "is damaged" if former.format == "des1" else "is of another format"
                raise Refused(f"{why} and cannot be added to", address=self.path, command="see `des verify`")
            self._former = os.stat(self.path)
            os.fchmod(self._file.descriptor, stat.S_IMODE(self._former.st_mode))
            for piece in source.stream(layout.data_start, layout.data_end - layout.data_start):
                self._file.write(piece)
            for piece in source.stream(layout.meta_start, layout.meta_end - layout.meta_start):
                self._metas.write(piece)
            for piece in _moved((former.index.raw[: former.index.end],), -layout.meta_start):
                self._entries.write(piece)
            self.count = len(former)

    @property
    def staged(self) -> str:
        """The path of the file until the block ends."""
        return self._file.staged

    def add(self, name: str, content: bytes | BinaryIO, meta: Mapping[str, object] | None = None) -> str:
        """Add a member and return the SHA-256 of its content, hexadecimal; one that is refused leaves nothing behind.

        Args:
            name: may be one that was added before: readers of the original then see the last one only.
            content: bytes, or a file that is read to its end.
            meta: its own keys, then those of the format: `size`, `is_external`, `external_key` and `sha256`.

        Raises:
            Refused: the original would not take this name or meta.
            Failed: the disk would not take it, or a server; nothing more can be added then.
        """
        raw = checked_name(name)
        before = self._file.size
        try:
            document = dict(meta or {})
            start, size, digest = self._stored(name, content, document)
            packed = _packed(name, document)
            entry = ENTRY.pack(start, size, self._metas.size, len(packed), 0 if start else EXTERNAL)
            self._entries.write(NAME_LENGTH.pack(len(raw)) + raw + entry)
            self._metas.write(packed)
        except OSError as error:
            raise self._failed(error) from None
        except BaseException:
            self._file.rewind(before)
            raise
        self.count += 1
        return digest

    def _stored(self, name: str, content: bytes | BinaryIO, meta: dict[str, object]) -> tuple[int, int, str]:
        """Store a content; (where, or 0 outside; its size; its digest)."""
        if isinstance(content, bytes):
            size = len(content)
        elif self._big_files is not None and content.seekable():
            size = content.seek(0, os.SEEK_END) - content.seek(0)
        else:
            size = 0
        key = None
        if self._big_files is not None and size >= self._threshold:
            big = BytesIO(content) if isinstance(content, bytes) else content
            key, digest = self._big_files.put(name, big, size)
            start = 0
        else:
            start = self._file.size
            digest = self._inline(content)
            size = self._file.size - start
        meta["size"] = size
        if key is not None:
            meta["is_external"] = True
            if key:
                meta["external_key"] = key
        if self._digests:
            meta["sha256"] = digest
        return start, size, digest

    def _inline(self, content: bytes | BinaryIO) -> str:
        if isinstance(content, bytes):
            self._file.write(content)
            return hashlib.sha256(content).hexdigest()
        digest = hashlib.sha256()
        while piece := content.read(_BLOCK):
            digest.update(piece)
            self._file.write(piece)
        return digest.hexdigest()

    def finish(self) -> None:
        """Write what follows the contents and let all of it reach the disk; the file can then be read as `staged`.

        The end of the block does it otherwise. Nothing can be added any more.
        """
        if self._finished:
            return
        file, data_end = self._file, self._file.size
        try:
            for piece in self._metas.pieces():
                file.write(piece)
            index_start = file.size
            for piece in _moved(self._entries.pieces(), data_end):
                file.write(piece)
            metas, entries = self._metas.size, self._entries.size
            regions = (HEADER.size, data_end - HEADER.size, data_end, metas, index_start, entries, self.count)
            file.write(FOOTER.pack(FOOTER_MAGIC, VERSION, b"", *regions))
            file.sync()
        except OSError as error:
            raise self._failed(error) from None
        self._finished = True

    def abandon(self) -> None:
        """Let the end of the block leave everything as it was."""
        self._abandoned = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and not self._abandoned:
                self._end()
        except BaseException:
            kind = BaseException
            raise
        finally:
            if (kind is not None or self._abandoned) and self._big_files is not None:
                self._big_files.discard()
            self._metas.close()
            self._entries.close()
            self._file.close()

    def _end(self) -> None:
        self.finish()
        try:
            if self._former is not None and _mark(os.stat(self.path)) != _mark(self._former):
                raise Refused("another program changed it meanwhile", address=self.path, hint="try again")
            self._file.publish(replace=self._former is not None)
        except FileExistsError:
            raise _taken(self.path) from None
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> DmartTuiError:
        return Failed(f"cannot be written: {error.strerror or error}", address=self.path)


def _packed(name: str, meta: dict[str, object]) -> bytes:
    try:
        packed = _encode(meta).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(f"the meta of a member cannot be JSON: {error}", address=name) from None
    if len(packed) > MAX_META_BYTES:
        raise Refused(
            f"a meta of {format_size(len(packed))} is more than the {format_size(MAX_META_BYTES)} a member may have",
            address=name,
        )
    return packed


def _moved(pieces: Iterable[bytes | bytearray], distance: int) -> Iterator[bytes]:
    """Entries of an index, in pieces cut anywhere, with their metas so many bytes further on."""
    rest = b""
    for piece in pieces:
        data = bytearray(rest + piece)
        at = 0
        while at + NAME_LENGTH.size <= len(data):
            end = at + NAME_LENGTH.size + NAME_LENGTH.unpack_from(data, at)[0] + ENTRY.size
            if end > len(data):
                break
            where = end - ENTRY.size + _META_OFFSET
            _OFFSET.pack_into(data, where, max(_OFFSET.unpack_from(data, where)[0] + distance, 0))
            at = end
        yield bytes(data[:at])
        rest = bytes(data[at:])


def _mark(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _taken(path: str) -> Refused:
    return Refused("something is there already, and nothing is written over", address=path, hint="choose another name")
