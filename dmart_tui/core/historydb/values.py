"""Documents as msgpack, and back as exactly what they were."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgpack
import msgspec

from dmart_tui.core.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Sequence

BIG_INTEGER: Final = 1
"""Extension: an integer of more than 64 bits, big-endian two's complement."""
MOMENT: Final = 2
"""Extension: a time that is not in UTC, as ISO 8601 text; one in UTC is the timestamp of msgpack itself."""
DATE: Final = 3
"""Extension: a date, as ISO 8601 text."""

UNREADABLE: Final = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
"""What decoding raises when the bytes are not what they should be."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ODD: Final = re.compile(r'["\\\x00-\x1f]')
_BASES: Final[tuple[type[Any], ...]] = (dict, list, tuple, str, int, float, bytes)


def _extended(value: Any) -> Any:
    """What msgpack has no form for, in one that it has."""
    kind = type(value)
    if kind is int:
        return msgpack.ExtType(BIG_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
    if kind is tuple:
        return list(value)
    if isinstance(value, datetime):
        if value.utcoffset() == timedelta(0):
            since = value - _EPOCH
            return msgpack.Timestamp(since.days * 86_400 + since.seconds, since.microseconds * 1000)
        return msgpack.ExtType(MOMENT, value.isoformat().encode())
    if isinstance(value, date):
        return msgpack.ExtType(DATE, value.isoformat().encode())
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    for base in _BASES:
        if isinstance(value, base):
            return list(value) if base is tuple else base(value)
    raise TypeError(f"{kind.__name__} cannot be stored")


def _restored(code: int, data: memoryview) -> Any:
    if code == BIG_INTEGER:
        return int.from_bytes(data, "big", signed=True)
    if code == MOMENT:
        return datetime.fromisoformat(str(data, "ascii"))
    if code == DATE:
        return date.fromisoformat(str(data, "ascii"))
    return msgpack.ExtType(code, bytes(data))


class Packing:
    """Encodes values; not for several threads at once."""

    def __init__(self) -> None:
        self._pack = msgpack.Packer(strict_types=True, default=_extended).pack

    def pack(self, value: Any) -> bytes:
        """One value as msgpack.

        Raises:
            UsageFault: something in it has no form in msgpack.
        """
        try:
            packed: bytes = self._pack(value)
        except UnicodeEncodeError:
            raise UsageFault("a text in it is not Unicode") from None
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise UsageFault(f"it cannot be stored: {error}") from None
        return packed


decoder: Final = msgspec.msgpack.Decoder(ext_hook=_restored)
documents_decoder: Final = msgspec.msgpack.Decoder(list[dict[str, Any]], ext_hook=_restored)
raws_decoder: Final = msgspec.msgpack.Decoder(list[msgspec.Raw])


def fields_decoder(names: Sequence[str]) -> msgspec.msgpack.Decoder[Any] | None:
    """A decoder of documents that reads these of their fields only, into attributes f0, f1 and so on.

    What a document lacks is `msgspec.UNSET`. Reading three of eleven fields is eight times as fast as reading all. None
    when a name has a quote, a backslash or a control character in it, which msgspec takes for no name.
    """
    if any(map(_ODD.search, names)):
        return None
    form = msgspec.defstruct(
        "Fields",
        [(f"f{place}", Any, msgspec.UNSET) for place in range(len(names))],
        rename={f"f{place}": name for place, name in enumerate(names)},
        gc=False,
    )
    return msgspec.msgpack.Decoder(list[form], ext_hook=_restored)  # type: ignore[valid-type]


def joined(packed: Sequence[bytes]) -> bytes:
    """An array of values that are packed already."""
    return b"".join((b"\xdd", len(packed).to_bytes(4, "big"), *packed))
