"""Query history: what was run, on what, how it ended. Secrets are masked before they are written."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from dmart_tui.core.diffing import TextDiff, diff_text
from dmart_tui.core.errors import NotFound
from dmart_tui.core.secrets import MARK, is_secret, mask
from dmart_tui.core.sql.sheets.keep import Keep

if TYPE_CHECKING:
    from pathlib import Path

KEPT: Final = 10_000
"""Runs; the oldest that are not pinned go first."""
LONGEST: Final = 200_000
"""Characters of a text that are kept."""

Status = Literal["done", "failed", "cancelled"]

_FIELDS: Final = "id, started, text, databases, parameters, rows, seconds, status, error, pinned"
_TEXT: Final = (
    r"""(?:[eE]'(?:\\.|''|[^'\\])*(?:'|\Z)|'(?:[^']|'')*(?:'|\Z)|\$(?P<tag>[A-Za-z_]*)\$.*?(?:\$(?P=tag)\$|\Z))"""
)
_NAME: Final = r"""(?:(?![eE]')[A-Za-z_][A-Za-z_0-9$]*|"(?:[^"]|"")*")"""
_SAID: Final = r"(?:\s*(?:=>|:=|=|:)?\s*(?=[eE]?'|\$))?"
"""What may stand between a name and a text that it says the meaning of: `SECRET 'x'`, `password = 'x'`."""
_SQL: Final = re.compile(
    rf"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))|(?P<key>{_NAME}|{_TEXT}){_SAID}",
    re.DOTALL,
)
_PROSE: Final = re.compile(rf"(?P<key>[A-Za-z_][A-Za-z_0-9$]*)[\"']?{_SAID}")
_ANY_TEXT: Final = re.compile(_TEXT, re.DOTALL)


class Ran(NamedTuple):
    """One run of one statement."""

    id: int
    started: datetime
    text: str
    """Secrets masked."""
    databases: tuple[str, ...]
    parameters: tuple[str, ...]
    """Names only."""
    rows: int | None
    """Those of the result that were seen, or changed; None when it has none."""
    seconds: float
    status: Status
    error: str
    pinned: bool


class Comparison(NamedTuple):
    """Two runs beside each other."""

    text: TextDiff
    facts: tuple[tuple[str, Any, Any], ...]
    """What differs besides the text: a field of `Ran`, of the one, of the other."""


class Past:
    """The history in a file of `keep_file`; raises as `Worksheets`."""

    def __init__(self, path: Path) -> None:
        self._keep = Keep(path)

    def close(self) -> None:
        """Let the file go."""
        self._keep.close()

    def add(
        self,
        text: str,
        *,
        started: datetime,
        seconds: float,
        status: Status = "done",
        rows: int | None = None,
        error: str = "",
        databases: Sequence[str] = (),
        parameters: Collection[str] = (),
    ) -> int:
        """Note a run; its number.

        Args:
            parameters: names, whose values are not kept here.
        """
        with self._keep.changing() as connection:
            made = connection.execute(
                "INSERT INTO past (started, text, databases, parameters, rows, seconds, status, error)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    started.timestamp(), _storable(without_secrets(text[:LONGEST])), json.dumps(list(databases)),
                    json.dumps(sorted(parameters)), rows, seconds, status, _storable(_masked_prose(error[:LONGEST])),
                ),
            ).lastrowid  # fmt: skip
            connection.execute(
                "DELETE FROM past WHERE pinned = 0 AND id <="
                " (SELECT id FROM past WHERE pinned = 0 ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (KEPT,),
            )
            assert made is not None
            return made

    def get(self, id: int) -> Ran:  # noqa: A002
        """One run; raises NotFound."""
        with self._keep.reading() as connection:
            row = connection.execute(f"SELECT {_FIELDS} FROM past WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound("there is no such run", address=str(id))
        return _ran(row)

    def search(
        self, words: str = "", *, status: Status | None = None, pinned: bool = False, limit: int = 100, offset: int = 0
    ) -> list[Ran]:
        """Runs whose text or error holds all the words, the last first.

        Args:
            pinned: only those.
        """
        wanted = words.casefold().split()
        found: list[Ran] = []
        with self._keep.reading() as connection:
            rows = connection.execute(
                f"SELECT {_FIELDS} FROM past WHERE (? IS NULL OR status = ?) AND pinned >= ? ORDER BY id DESC",
                (status, status, pinned),
            )
            for row in rows:
                if wanted:
                    held = f"{row[2]}\n{row[8]}".casefold()
                    if not all(word in held for word in wanted):
                        continue
                if offset:
                    offset -= 1
                    continue
                if len(found) == limit:
                    break
                found.append(_ran(row))
        return found

    def pin(self, id: int, pinned: bool = True) -> None:  # noqa: A002
        """Keep a run for good, or no more; raises NotFound."""
        with self._keep.changing() as connection:
            if not connection.execute("UPDATE past SET pinned = ? WHERE id = ?", (pinned, id)).rowcount:
                raise NotFound("there is no such run", address=str(id))

    def compare(self, one: int, other: int) -> Comparison:
        """How two runs differ; raises NotFound."""
        left, right = self.get(one), self.get(other)
        facts = tuple(
            (name, getattr(left, name), getattr(right, name))
            for name in ("databases", "parameters", "rows", "seconds", "status", "error")
            if getattr(left, name) != getattr(right, name)
        )
        return Comparison(diff_text(left.text, right.text), facts)

    def clear(self) -> int:
        """Forget all runs that are not pinned; how many there were."""
        with self._keep.changing() as connection:
            return connection.execute("DELETE FROM past WHERE pinned = 0").rowcount


def without_secrets(text: str) -> str:
    """A statement whose quoted secrets are masked: those that follow a word for one, and those that look like one."""
    return _masked(_SQL, text)


def _masked_prose(text: str) -> str:
    """As `without_secrets` for what is no SQL, where an apostrophe may be one; rather too much is masked."""
    return _masked(_PROSE, text)


def _masked(words: re.Pattern[str], text: str) -> str:
    parts, at = [], 0
    while found := words.search(text, at):
        said = found.groupdict()
        parts.append(text[at : found.start()])
        parts.append(_masked_prose(found[0]) if said.get("comment") else found[0])
        at = found.end()
        if said["key"] and is_secret(said["key"].strip("\"'")) and (value := _ANY_TEXT.match(text, at)):
            parts.append(f"'{MARK}'")
            at = value.end()
    return str(mask("".join(parts) + text[at:]))


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _ran(row: tuple[Any, ...]) -> Ran:
    id_, started, text, databases, parameters, rows, seconds, status, error, pinned = row
    return Ran(
        id_, datetime.fromtimestamp(started, UTC), text, tuple(json.loads(databases)), tuple(json.loads(parameters)),
        rows, seconds, status, error, bool(pinned),
    )  # fmt: skip
