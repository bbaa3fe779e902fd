"""What a query that is being typed may become: fields, and values that are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dmart_tui.core.search.fields import FIELDS, field_of
from dmart_tui.tui.panes.search.rows import term

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIELD: Final = re.compile(r"@(\w*)\Z")
_VALUE: Final = re.compile(r"@([\w.]+):\{?([^\s{}()|\[\]]*)\Z")
_ALIASES: Final = {"owner_shortname": "owner", "schema_shortname": "schema", "workflow_shortname": "workflow"}
NAMES: Final = tuple(
    dict.fromkeys(_ALIASES.get(one.name, one.name) for one in FIELDS if "*" not in one.name and "." not in one.name)
)
"""The names of fields that are offered, the shortest of each."""


def completed(text: str, values: Mapping[str, Sequence[str]]) -> str | None:
    """The text with its last field or value whole; None when nothing is known that goes on from it.

    Args:
        values: known ones of a field, by the names of facets, the most frequent first.
    """
    if match := _FIELD.search(text):
        names = (name for name in NAMES if name.startswith(match[1]))
        return next((f"{text[: match.start()]}@{name}:" for name in names), None)
    if match := _VALUE.search(text):
        known = next((found for name, found in values.items() if field_of(name) == field_of(match[1])), ())
        for value in known:
            whole = text[: match.start()] + term(match[1], value)
            if value.startswith(match[2]) and whole.startswith(text):
                return whole
    return None
