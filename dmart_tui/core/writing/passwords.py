"""Secrets on their way into a file: passwords become hashes, and what only stands for a secret never replaces one."""

from __future__ import annotations

import re
from typing import Any, Final

from dmart_tui.core.errors import Refused
from dmart_tui.core.secrets import MARK, mask_value

_HASH: Final = re.compile(r"\$2[abxy]?\$\d\d\$|\$argon2(?:id|i|d)\$|[0-9a-f]{64}\Z")
_MEMORY: Final = 102_400
_PASSES: Final = 3
_LANES: Final = 8


def is_hash(password: str) -> bool:
    """Whether a text is the hash of a password in one of the ways D-MART stored them."""
    return _HASH.match(password) is not None


def hashed(password: str) -> str:
    """The hash that D-MART stores since 2024-12 (argon2id with 100 MB); a hash is given back as it is. 0.1 s."""
    if not password or is_hash(password):
        return password
    from argon2 import PasswordHasher

    return PasswordHasher(memory_cost=_MEMORY, time_cost=_PASSES, parallelism=_LANES).hash(password)


def unmasked(value: Any, base: Any) -> Any:
    """`value` with the secrets of `base` where it has what masking shows of them.

    Raises:
        Refused: a mask stands where it cannot be told for which secret.
    """
    return _unmasked("", value, base)


def _unmasked(key: str, value: Any, base: Any) -> Any:
    if not _holds_mark(value):
        return value
    if value == base or value == mask_value(key, base):
        return base
    if isinstance(value, dict):
        names = base if isinstance(base, dict) else {}
        return {name: _unmasked(name, inner, names.get(name)) for name, inner in value.items()}
    if isinstance(value, list):
        members = base if isinstance(base, list) else []
        return [_member(key, at, inner, members) for at, inner in enumerate(value)]
    raise Refused(
        f"{key or 'the text'} holds {MARK}, which stands for a secret",
        hint="write the secret itself, or leave what is there as it was",
    )


def _member(key: str, at: int, value: Any, before: list[Any]) -> Any:
    """A member of a list: the one at its place goes first, then any that looks the same."""
    for base in (*before[at : at + 1], *before):
        if value == mask_value(key, base):
            return base
    return _unmasked(key, value, before[at] if at < len(before) else None)


def _holds_mark(value: Any) -> bool:
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            if MARK in node:
                return True
        elif isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return False
