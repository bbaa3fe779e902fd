"""Who may refer to something, by the index: candidates, whose metas tell."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from dmart_tui.core.address import Address
from dmart_tui.core.catalog.folding import normal
from dmart_tui.core.catalog.schema import TEXT, storable
from dmart_tui.core.errors import Failed, NotFound
from dmart_tui.core.spaces.layout import MANAGEMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.catalog.building import Progress
    from dmart_tui.core.catalog.catalog import Catalog

_SOURCES = f"""
    SELECT DISTINCT resources.id, resources.address FROM links JOIN resources ON resources.id = links.resource
    WHERE (links.target = {TEXT} OR (links.target >= {TEXT} AND links.target < {TEXT})
        OR (links.target >= {TEXT} AND links.target < {TEXT}))
"""


def sources(
    catalog: Catalog,
    targets: Iterable[Address],
    progress: Callable[[Progress], None] | None = None,
    cancel: CancelToken | None = None,
) -> list[Address] | None:
    """Entries and attachments that refer to some things, to what is below them or attached to them.

    The index is brought up to date first, which costs a look at every stamp. None where there is no whole index, or
    where another process writes it.

    Raises:
        Cancelled: the token was.
    """
    try:
        if not catalog.state.complete or catalog.update(progress, cancel, wait=False) is None:
            return None
        with closing(catalog.connect()) as connection:
            found: dict[int, str] = {}
            for target in targets:
                found.update(connection.execute(_SOURCES, _limits(target)))
                if target.space == MANAGEMENT:  # D-MART looks there first for the schemas that other spaces name
                    for space in catalog.spaces.space_names():
                        limits = _limits(Address(space, target.parts))
                        found.update(connection.execute(f"{_SOURCES} AND links.role = 'schema'", limits))
    except (Failed, NotFound, sqlite3.DatabaseError):
        return None
    return [Address.parse(found[number]) for number in sorted(found)]


def _limits(target: Address) -> list[object]:
    """The place itself, what is below it, and what is attached to it; `0` follows `/`, and `$` follows `#`."""
    place = normal(str(target))
    return [storable(text) for text in (place, f"{place}/", f"{place}0", f"{place}#", f"{place}$")]
