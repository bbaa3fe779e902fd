"""JSON from files that strangers wrote: bounded, tolerant of BOM and NaN, never an uncaught error."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from dmart_tui.core.errors import Damaged
from dmart_tui.core.files import read_bounded

META_LIMIT: Final = 16_000_000
"""Bytes of a meta that are read; inline bodies make some large."""
PAYLOAD_LIMIT: Final = 64_000_000
"""Bytes of a JSON payload that are parsed at once."""

_BOM: Final = b"\xef\xbb\xbf"


def decode(raw: bytes) -> Any:
    """The value of a JSON document.

    Raises:
        Damaged: it is empty, not UTF-8, not JSON, or nested too deeply; the message says which and where.
    """
    data = raw[3:] if raw.startswith(_BOM) else raw
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_slowly(data)


def _decode_slowly(data: bytes) -> Any:
    """What msgspec refuses and json may still read (NaN, huge integers); its errors name line and column."""
    if not data.strip(b" \t\r\n\0"):
        raise Damaged("is empty")
    import json  # 1.4 ms that few files need

    try:
        return json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Damaged(f"is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        reason = error.msg.removesuffix(" at")
        raise Damaged(f"is not JSON: {reason} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise Damaged("is nested too deeply to read") from None
    except ValueError:
        raise Damaged("holds a number too long to read") from None


def read_json(path: str, root: str, limit: int = PAYLOAD_LIMIT) -> Any:
    """Read and decode a JSON file; raises as `read_bounded` and `decode`."""
    return decode(read_bounded(path, root, limit))
