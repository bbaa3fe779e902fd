"""Queries with names, kept among the program's own files for all history stores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from dmart_tui.core.errors import UsageFault
from dmart_tui.core.files import write_atomic

_MOST_BYTES: Final = 1_000_000
_LONGEST_NAME: Final = 80


class KeptQueries:
    """The queries of a person: the texts of their parts by name.

    Args:
        state: the folder of the program's own files.
    """

    def __init__(self, state: Path) -> None:
        self._file = state / "history-queries.json"

    def all(self) -> dict[str, dict[str, str]]:
        """By name, sorted; none when the file is missing or damaged."""
        try:
            with self._file.open("rb") as file:
                found = json.loads(file.read(_MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {
            name: {part: text for part, text in parts.items() if isinstance(text, str)}
            for name, parts in sorted(found.items())
            if isinstance(parts, dict)
        }

    def keep(self, name: str, parts: dict[str, str]) -> None:
        """Keep a query under a name, in place of another one of that name.

        Raises:
            UsageFault: that is no name.
            Failed: the disk would not take it.
        """
        name = name.strip()
        if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
            raise UsageFault(f"a query needs a name of at most {_LONGEST_NAME} characters")
        self._write(self.all() | {name: {part: text for part, text in parts.items() if text}})

    def forget(self, name: str) -> None:
        """Take one away, if it is there; raises Failed when the disk would not take it."""
        self._write({other: parts for other, parts in self.all().items() if other != name})

    def _write(self, queries: dict[str, dict[str, str]]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(self._file, json.dumps(queries, indent=1).encode())
