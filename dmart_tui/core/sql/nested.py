"""Nested values of a result as JSON values."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dmart_tui.core.sql.session import Session


def as_json(session: Session, text: str, kind: str) -> str | None:
    """The JSON of a nested value that a result gave as the engine's text; None where the engine has none for it.

    Args:
        kind: the type of its column, as the engine writes it.
    """
    import duckdb

    with suppress(duckdb.Error), session.cursor() as cursor:
        found = cursor.execute(f"SELECT to_json(($1)::{kind})::VARCHAR", [text]).fetchall()
        return str(found[0][0]) if found and found[0][0] is not None else None
    return None
