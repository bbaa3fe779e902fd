"""Bytes with their secrets masked one for one, wherever they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.core.secrets import mask_bytes

if TYPE_CHECKING:
    from dmart_tui.core.viewing.bytesource import ByteSource

_WHOLE: Final = 1_000_000
_BEFORE: Final = 64 * 1024
_AFTER: Final = 1024


class MaskedBytes:
    """A source whose secrets show as stars; every other byte stays at its offset. Closing it closes the source.

    Up to 1 MB is masked at once, when it is made. Of more each read is masked with 64 KB before it: a secret object or
    list longer than that shows its end.
    """

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self.size = source.size
        self._whole = mask_bytes(source.read(0, source.size)) if source.size <= _WHOLE else None

    def read(self, offset: int, length: int) -> bytes:
        if self._whole is not None:
            return self._whole[offset : offset + length]
        before = min(offset, _BEFORE)
        window = mask_bytes(self._source.read(offset - before, before + length + _AFTER))
        return window[before : before + length]

    def close(self) -> None:
        self._source.close()
