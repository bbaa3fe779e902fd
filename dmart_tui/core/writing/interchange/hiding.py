"""Password hashes kept out of what leaves the house; everything else of a line stays byte for byte."""

from __future__ import annotations

from typing import Any, Final

from dmart_tui.core.errors import Damaged
from dmart_tui.core.jsontext import rewrite
from dmart_tui.core.spaces import decode

HIDDEN: Final = "********"
"""What stands for a secret in D-MART's own histories."""
_HASHES: Final = (b"password", b"$argon2", b"$2a$", b"$2b$", b"$2y$")


def mentions_password(data: bytes) -> bool:
    """Whether a file or line may hold a password hash."""
    return any(part in data for part in _HASHES)


def without_passwords(line: bytes) -> bytes | None:
    """A JSON line whose values under `password` (plain or dotted) are masked; None when it cannot be read."""
    try:
        value = decode(line)
        return rewrite(line, _cleared(value, secret=False))
    except (Damaged, RecursionError):
        return None


def _cleared(value: Any, *, secret: bool) -> Any:
    if isinstance(value, dict):
        return {
            key: _cleared(inner, secret=secret or key.rpartition(".")[2] == "password") for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_cleared(inner, secret=secret) for inner in value]
    return HIDDEN if secret and isinstance(value, str) and value not in ("", "null") else value
