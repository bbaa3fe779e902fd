"""Searches with names, kept for each root among the program's own files."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Final

from dmart_tui.core import config
from dmart_tui.core.errors import UsageFault
from dmart_tui.core.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES: Final = 1_000_000
_LONGEST_NAME: Final = 80


def saved_searches(root: str) -> dict[str, str]:
    """Queries by name, sorted; none when the file is missing or damaged."""
    try:
        with _file(root).open("rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: query for name, query in sorted(found.items()) if isinstance(query, str)}


def save_search(root: str, name: str, query: str) -> None:
    """Keep a query under a name, in place of another one of that name.

    Raises:
        UsageFault: that is no name.
        Failed: the disk would not take it.
    """
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise UsageFault(f"a saved search needs a name of at most {_LONGEST_NAME} characters")
    _write(root, saved_searches(root) | {name: query})


def forget_search(root: str, name: str) -> bool:
    """Whether there was one of that name; raises Failed when the disk would not take it."""
    found = saved_searches(root)
    if name not in found:
        return False
    del found[name]
    _write(root, found)
    return True


def _write(root: str, searches: dict[str, str]) -> None:
    write_atomic(_file(root), json.dumps(searches, ensure_ascii=True, indent=1).encode())


def _file(root: str) -> Path:
    return config.paths().state / "searches" / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:32]}.json"
