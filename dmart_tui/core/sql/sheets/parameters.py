"""Values that parameters of statements were given, remembered by name. Secrets are not."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, Final, NamedTuple

from dmart_tui.core.secrets import is_secret, mask
from dmart_tui.core.sql.sheets.keep import Keep

if TYPE_CHECKING:
    from pathlib import Path

REMEMBERED: Final = 20
"""Values of one name; those used longest ago go first."""
LONGEST: Final = 10_000
"""Characters of a value that is remembered."""


class Remembered(NamedTuple):
    """A value as it was typed."""

    value: str
    type: str
    """Of DuckDB; empty: as the engine takes it."""


class Parameters:
    """The values in a file of `keep_file`; raises as `Worksheets`."""

    def __init__(self, path: Path) -> None:
        self._keep = Keep(path)

    def close(self) -> None:
        """Let the file go."""
        self._keep.close()

    def values(self, name: str) -> list[Remembered]:
        """The values a parameter had, the last used first."""
        with self._keep.reading() as connection:
            rows = connection.execute(
                "SELECT value, type FROM parameter_values WHERE name = ? ORDER BY used DESC", (name,)
            )
            return [Remembered(*row) for row in rows]

    def remember(self, name: str, value: str, type: str = "") -> bool:  # noqa: A002
        """Whether the value was kept: not what a secret's name has, nor what looks like one."""
        if is_secret(name) or mask(value) != value or len(value) > LONGEST:
            return False
        with self._keep.changing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO parameter_values VALUES (?, ?, ?, ?)",
                (name, value.encode("utf-8", "replace").decode(), type, time()),
            )
            connection.execute(
                "DELETE FROM parameter_values WHERE name = ? AND value NOT IN"
                " (SELECT value FROM parameter_values WHERE name = ? ORDER BY used DESC LIMIT ?)",
                (name, name, REMEMBERED),
            )
        return True

    def forget(self, name: str = "") -> None:
        """Forget the values of a parameter, of all when empty."""
        with self._keep.changing() as connection:
            connection.execute("DELETE FROM parameter_values WHERE name = ? OR ? = ''", (name, name))
