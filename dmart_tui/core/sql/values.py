"""Values as text: what a cell shows, and how SQL writes them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = None | bool | int | float | Decimal | str | bytes
"""What rows hold; all types without such a value come as the engine's text, which reads back exactly."""

_PLAIN: Final = re.compile(
    r"BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|VARCHAR|JSON|BLOB"
)
_TEXT: Final = ("VARCHAR", "JSON")


def is_plain(kind: str) -> bool:
    """Whether Python has a value for each of a type, without loss; others are read as text."""
    return _PLAIN.fullmatch(kind) is not None


def is_number(kind: str) -> bool:
    """Whether a type counts or measures: such columns stand to the right, and can be drawn."""
    return is_plain(kind) and kind not in ("BOOLEAN", "BLOB", *_TEXT)


def show(value: object, kind: str = "") -> str:
    """A value of a row as text; what is NULL is for who shows it to say, here it is empty. Not yet safe to show."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes | bytearray):
        return "".join(chr(byte) if 32 <= byte < 127 and byte != 92 else f"\\x{byte:02X}" for byte in value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def quoted(name: str) -> str:
    """A name as SQL writes it, whatever it holds."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def string(text: str) -> str:
    """A text as SQL writes it."""
    if "\0" in text:
        return " || chr(0) || ".join(string(part) for part in text.split("\0"))
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def literal(value: object, kind: str = "") -> str:
    """A value of a row as SQL that makes it again.

    Args:
        kind: the type of its column; it is named for what is no number, truth or plain text.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bytes | bytearray):
        return f"from_hex('{bytes(value).hex()}')"
    if isinstance(value, bool) or (isinstance(value, int) and kind != "BIGNUM"):
        return show(value)
    if isinstance(value, float) and value - value != 0:
        return f"'{value}'::DOUBLE"
    if isinstance(value, float):
        return f"{value!r}::DOUBLE" if kind != "FLOAT" else f"{value!r}::FLOAT"
    if isinstance(value, Decimal):
        return f"{value:f}::{kind}" if kind else f"{value:f}"
    text = string(str(value))
    return text if kind in ("", "VARCHAR") else f"({text})::{kind}"


def bound(parameters: Mapping[str, object]) -> dict[str, object] | list[object]:
    """Parameters as the engine takes them: a list when they are numbered."""
    if parameters and all(name.isdigit() for name in parameters):
        return [parameters[name] for name in sorted(parameters, key=int)]
    return dict(parameters)
