"""Bytes of a file as rows of sixteen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dmart_tui.core.viewing.bytesource import FileBytes

if TYPE_CHECKING:
    import os

    from dmart_tui.core.viewing.bytesource import ByteSource

ROW_BYTES: Final = 16
_PAGE: Final = 4096
_HALF: Final = ROW_BYTES // 2
_HEX_WIDTH: Final = ROW_BYTES * 3


class HexRow(NamedTuple):
    """One row: where it starts and its bytes (sixteen, fewer at the end)."""

    offset: int
    data: bytes

    @property
    def hex(self) -> str:
        """Two groups of eight, padded to the same width for every row."""
        return f"{self.data[:_HALF].hex(' ')}  {self.data[_HALF:].hex(' ')}".ljust(_HEX_WIDTH)

    @property
    def ascii(self) -> str:
        """The printable ASCII characters, a middle dot for the rest."""
        return "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in self.data)


class HexDump:
    """Rows of a source by number; a row costs at most one read of 4 KB."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._page = (-1, b"")
        self.size = source.size
        self.row_count = -(-source.size // ROW_BYTES)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> HexDump:
        """Open a file; raises what `FileBytes` raises."""
        return cls(FileBytes(path))

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def row(self, number: int) -> HexRow:
        """Row `number` from 0; without bytes past the end."""
        offset = number * ROW_BYTES
        page, at = divmod(offset, _PAGE)
        if self._page[0] != page:
            self._page = (page, self._source.read(page * _PAGE, _PAGE))
        return HexRow(offset, self._page[1][at : at + ROW_BYTES])
