"""What is known of a transaction: the engine does not tell, so it is followed from one statement to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from dmart_tui.core.sql.editing.texts import tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dmart_tui.core.sql.editing.texts import Statement

State = Literal["idle", "active", "aborted"]

_WRITES: Final = {
    "INSERT": "INTO",
    "UPDATE": "",
    "DELETE": "FROM",
    "MERGE": "INTO",
    "CREATE": "",
    "DROP": "",
    "ALTER": "",
    "TRUNCATE": "",
}
_PASSED: Final = frozenset(
    (
        "OR",
        "REPLACE",
        "TABLE",
        "VIEW",
        "INDEX",
        "UNIQUE",
        "SCHEMA",
        "SEQUENCE",
        "TYPE",
        "MACRO",
        "FUNCTION",
        "TRIGGER",
        "IF",
        "NOT",
        "EXISTS",
        "INTO",
        "FROM",
        "MATERIALIZED",
        "IGNORE",
        "RECURSIVE",
        "PERSISTENT",
        "ONLY",
    )
)
_TEMPORARY: Final = frozenset({"TEMP", "TEMPORARY", "LOCAL"})


@dataclass(frozen=True, slots=True)
class Transaction:
    """Where a session stands.

    Args:
        state: `idle` where each statement is its own; `aborted` until it is rolled back.
        writes: the one database it has changed; None: none yet.
        read_only: it may not change any.
    """

    state: State = "idle"
    writes: str | None = None
    read_only: bool = False


IDLE: Final = Transaction()


def after(statement: Statement, before: Transaction, writes: str | None) -> Transaction:
    """The transaction after a statement that ran.

    Args:
        writes: the database it changed, if it did.
    """
    words = statement.text.upper().split()
    if statement.verb in ("BEGIN", "START"):
        return Transaction("active", read_only="ONLY" in words)
    if statement.verb in ("COMMIT", "END", "ROLLBACK", "ABORT"):
        return IDLE
    if before.state == "active" and writes and not before.writes:
        return replace(before, writes=writes)
    return before


def target(statement: Statement, databases: Collection[str], current: str) -> str | None:
    """The database that a statement changes, as far as its words tell.

    Args:
        databases: names of those that are attached.
        current: the one that names without a database mean.
    """
    words = [
        (statement.text[token.start : token.end], token.kind)
        for token in tokens(statement.text)
        if token.kind != "comment"
    ]
    for at, (word, kind) in enumerate(words):
        if kind == "keyword" and word.upper() in _WRITES:
            name = _name(words[at + 1 :])
            if name is None:
                return None
            known = {database.casefold(): database for database in databases}
            return known.get(name[0].casefold(), current) if len(name) > 1 else current
    return None


def _name(words: Sequence[tuple[str, str]]) -> list[str] | None:
    """The dotted name that words begin with, once those are passed that say what it is; None: it is temporary."""
    parts: list[str] = []
    wanted = True
    for word, kind in words:
        upper = word.upper()
        if not parts and kind == "keyword" and upper in _TEMPORARY:
            return None
        if not parts and upper in _PASSED and kind == "keyword":
            continue
        if wanted and kind in ("identifier", "keyword"):
            parts.append(word[1:-1].replace('""', '"') if word.startswith('"') else word)
            wanted = False
        elif word == "." and parts:
            wanted = True
        else:
            break
    return None if parts and parts[0].casefold() == "temp" else parts or None
