"""The lines of histories, newest first, from the index: none of the files is looked for or opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.address import Address
from dmart_tui.core.catalog.schema import TEXT, storable
from dmart_tui.core.errors import Failed, NotFound
from dmart_tui.core.spaces.histories import Place
from dmart_tui.core.spaces.timelines import KnownLine

if TYPE_CHECKING:
    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.catalog.building import Progress
    from dmart_tui.core.catalog.catalog import Catalog

_COLUMNS: Final = "h.path, h.role, h.address, -l.at, l.ending, l.nth, l.within, l.more"
_ORDER: Final = "ORDER BY l.at DESC, l.history, l.nth DESC, l.within"
_EVERYWHERE: Final = f"SELECT {_COLUMNS} FROM lines AS l CROSS JOIN histories AS h ON h.id = l.history"
_BELOW: Final = (
    f"SELECT {_COLUMNS} FROM histories AS h CROSS JOIN lines AS l ON l.history = h.id"
    f" WHERE (h.address = {TEXT} OR (h.address >= {TEXT} AND h.address < {TEXT}))"
)


def known_lines(
    catalog: Catalog,
    address: Address | None = None,
    *,
    owner: str = "",
    progress: Callable[[Progress], None] | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[KnownLine] | None:
    """What `timeline` may be given for an address, the whole root when None.

    The index is brought up to date first, which costs a look at every stamp. None where there is no whole index, where
    another process writes it, and for an attachment.

    Args:
        owner: leave out what others did.

    Raises:
        NotFound, Refused: as `Spaces.load`, for an address that names nothing.
        Cancelled: the token was.
    """
    top = catalog.spaces.load(address).address if address is not None and address.attachment is None else None
    if address is not None and top is None:
        return None
    try:
        if not catalog.state.complete or catalog.update(progress, cancel, wait=False) is None:
            return None
        connection = catalog.connect()
    except (Failed, NotFound, sqlite3.DatabaseError):
        return None
    return _lines(catalog, connection, top, owner)


def _lines(catalog: Catalog, connection: sqlite3.Connection, top: Address | None, owner: str) -> Iterator[KnownLine]:
    sql, values = _EVERYWHERE, list[Any]()
    if top is not None:
        place = str(top)
        sql, values = _BELOW, [storable(text) for text in (place, f"{place}/", f"{place}0")]  # `0` follows `/`
    if owner:
        sql += f" {'WHERE' if top is None else 'AND'} (l.owner = {TEXT} OR l.more)"
        values.append(storable(owner))
    with closing(connection):
        for path, role, address, *line in connection.execute(f"{sql} {_ORDER}", values):
            yield KnownLine(Place(f"{catalog.spaces.root}/{path}", role, Address.parse(address)), *line)
