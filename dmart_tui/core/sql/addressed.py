"""Rows of a result that are about an entry: which one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.core.address import Address
from dmart_tui.core.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.sql.results import Result

_ADDRESSES: Final = ("address", "entry", "target")
_SPACES: Final = ("space", "space_name")


def address_in(columns: Sequence[str], row: Sequence[object], at: int = 0) -> Address | None:
    """The entry that a row names: in an address of its own, or as space, subpath and shortname; None when in none.

    Args:
        at: the column whose address goes before that of others.
    """
    names = [name.casefold() for name in columns]
    places = [place for name in _ADDRESSES for place, found in enumerate(names) if found == name]
    for place in sorted(places, key=lambda place: place != at):
        if (found := _parsed(row[place])) is not None:
            return found
    values = dict(zip(names, row, strict=True))
    space = next((values[name] for name in _SPACES if values.get(name)), None)
    if space is None or not values.get("shortname"):
        return None
    parts = [str(part).strip("/") for part in (space, values.get("subpath") or "", values["shortname"])]
    return _parsed("/".join(part for part in parts if part))


def addresses_in(result: Result, places: Sequence[int], at: int = 0) -> list[Address]:
    """The entries that rows at ascending places name, each once. Blocks, and raises as `Result.rows`."""
    names = [column.name for column in result.columns]
    found = (address_in(names, row, at) for row in rows_at(result, places))
    return list(dict.fromkeys(address for address in found if address is not None))


def rows_at(result: Result, places: Sequence[int]) -> list[tuple[object, ...]]:
    """Rows at ascending places; those that stand together are read together. Blocks, and raises as `Result.rows`."""
    rows: list[tuple[object, ...]] = []
    start = 0
    for end in range(1, len(places) + 1):
        if end == len(places) or places[end] != places[end - 1] + 1:
            rows += result.rows(places[start], places[end - 1] - places[start] + 1)
            start = end
    return rows


def _parsed(value: object) -> Address | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        return Address.parse(value)
    except UsageFault:
        return None
