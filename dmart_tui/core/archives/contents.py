"""Contents of members: decompressed within bounds, proven where a digest is known, and as files to read anywhere in."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from dmart_tui.core.archives.source import PIECE
from dmart_tui.core.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed import WriteableBuffer

_WINDOW: Final = 128 << 20
"""Memory a zstd frame may ask for: what the program `zstd` allows too."""
_AHEAD: Final = 256 << 10
"""Bytes read at once by a file that is read in small steps."""


def decoded(codec: str, pieces: Iterable[bytes], size: int, address: str) -> Iterator[bytes]:
    """The content of a member from its stored pieces, at most `PIECE` bytes at once and never more than `size`.

    Args:
        codec: `none`, `zstd` or `lz4`.
        size: bytes the content must have.

    Raises:
        Damaged: it does not, or cannot be decompressed.
    """
    left = size
    for piece in _DECODERS[codec](pieces, address):
        left -= len(piece)
        if left < 0:
            raise Damaged(f"its content is larger than the {size:,} bytes that the index promises", address=address)
        yield piece
    if left:
        raise Damaged(f"its content has {left:,} bytes less than the {size:,} that the index promises", address=address)


def proven(pieces: Iterable[bytes], digest: str, address: str) -> Iterator[bytes]:
    """The same pieces; raises Damaged after the last when their SHA-256 is another."""
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
        yield piece
    if found.hexdigest() != digest:
        raise Damaged("its content is not the one that was stored: the SHA-256 differs", address=address)


def _plain(pieces: Iterable[bytes], address: str) -> Iterator[bytes]:
    yield from pieces


def _zstd(pieces: Iterable[bytes], address: str) -> Iterator[bytes]:
    import zstandard

    reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(
        cast("BinaryIO", Pipe(pieces)), read_across_frames=False
    )
    try:
        while piece := reader.read(PIECE):
            yield piece
    except zstandard.ZstdError:
        raise Damaged("its content cannot be decompressed: it is no zstd", address=address) from None


def _lz4(pieces: Iterable[bytes], address: str) -> Iterator[bytes]:
    from lz4.frame import LZ4FrameDecompressor

    decompressor = LZ4FrameDecompressor()
    try:
        for piece in pieces:
            given = piece
            while given or not decompressor.needs_input:
                if part := decompressor.decompress(given, PIECE):
                    yield part
                if decompressor.eof:
                    return
                given = b""
    except RuntimeError:
        raise Damaged("its content cannot be decompressed: it is no lz4", address=address) from None


_DECODERS: Final[dict[str, Callable[[Iterable[bytes], str], Iterator[bytes]]]] = {
    "none": _plain,
    "zstd": _zstd,
    "lz4": _lz4,
}


class Pipe(io.RawIOBase):
    """Pieces as a file that can only be read on."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer).cast("B")
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        taken = min(len(room), len(self._rest))
        room[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken


class _Ranges(io.RawIOBase):
    """Bytes that can be read anywhere, as a file."""

    def __init__(self, read: Callable[[int, int], bytes], size: int, closing: Callable[[], None]) -> None:
        self._read = read
        self._size = size
        self._closing = closing
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a file has no bytes before its first")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer).cast("B")
        data = self._read(self._at, max(0, min(len(room), self._size - self._at)))
        room[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._closing()
        super().close()


class _Again:
    """Reads anywhere in what can only be made from the front: on from where it is, from the front again to go back."""

    def __init__(self, pieces: Callable[[], Iterator[bytes]]) -> None:
        self._make = pieces
        self._pieces = pieces()
        self._start = 0
        self._piece = b""

    def __call__(self, start: int, length: int) -> bytes:
        if start < self._start:
            self._pieces = self._make()
            self._start, self._piece = 0, b""
        parts = []
        while length:
            at = start - self._start
            if at >= len(self._piece):
                self._start += len(self._piece)
                self._piece = next(self._pieces, b"")
                if not self._piece:
                    break
                continue
            part = self._piece[at : at + length]
            parts.append(part)
            start += len(part)
            length -= len(part)
        return b"".join(parts)


def ranged_file(
    read: Callable[[int, int], bytes], size: int, closing: Callable[[], None] = lambda: None
) -> io.BufferedReader:
    """A seekable file of `size` bytes over a function that reads a range; `closing` is called when it is closed."""
    return io.BufferedReader(_Ranges(read, size, closing), _AHEAD)


def streamed_file(pieces: Callable[[], Iterator[bytes]], size: int) -> io.BufferedReader:
    """A seekable file of `size` bytes over pieces that are made anew to go back."""
    return ranged_file(_Again(pieces), size)
