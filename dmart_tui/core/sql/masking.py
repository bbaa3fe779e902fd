"""Values of a result with what is secret in them masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.secrets import MARK, is_secret, mask_raw, mask_value

if TYPE_CHECKING:
    from dmart_tui.core.sql.results import Column


def masked(value: object, column: Column) -> object:
    """A value without secrets: those of a column or a member with the name of one, and texts that look like one.

    A nested value with a secret member is masked whole, for its text is the engine's own.
    """
    if isinstance(value, str):
        if column.type == "JSON":
            value = mask_raw(value)
        elif "(" in column.type and is_secret(column.type):
            return MARK
    elif isinstance(value, bytes):
        return MARK.encode() if value and is_secret(column.name) else value
    return mask_value(column.name, value)
