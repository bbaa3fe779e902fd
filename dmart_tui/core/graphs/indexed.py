"""Links as the index of the root knows them."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from dmart_tui.core import disk
from dmart_tui.core.address import Address
from dmart_tui.core.catalog.schema import TEXT, storable
from dmart_tui.core.errors import DmartTuiError, NotFound
from dmart_tui.core.graphs.links import Link
from dmart_tui.core.secrets import mask
from dmart_tui.core.spaces import Kind, Reference, Targets, implied_references, layout, payload_value, references
from dmart_tui.core.spaces.layout import MANAGEMENT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from dmart_tui.core.catalog import Catalog
    from dmart_tui.core.spaces import Entry, Item, Spaces
    from dmart_tui.core.spaces.relations import Role

_LINKS: Final = """
    SELECT coalesce(owner.address, resource.address), coalesce(owner.type, resource.type),
        links.role, links.target, links.target_type, links.attributes
    FROM links JOIN resources AS resource ON resource.id = links.resource
    LEFT JOIN resources AS owner ON owner.id = resource.attachment_parent
"""
_SCHEMAS: Final = "('schema', 'folder-schema')"
_ORPHANS: Final = f"""
    SELECT address FROM resources AS entry
    WHERE kind = 'entry' AND attachment_parent IS NULL
    AND NOT EXISTS (SELECT 1 FROM links WHERE target = entry.place)
    AND NOT EXISTS (
        SELECT 1 FROM resources AS own JOIN links ON links.resource = own.id
        WHERE (own.id = entry.id OR own.attachment_parent = entry.id) AND links.role = 'relationship'
    )
    AND (type != 'schema' OR shortname NOT IN (SELECT target_shortname FROM links WHERE role IN {_SCHEMAS}))
"""


class IndexedLinks:
    """What points to something comes from the index, what an entry names from its files. Attributes are masked.

    Args:
        connection: to the index; None: there is none, and nothing is known to point anywhere.
    """

    def __init__(self, spaces: Spaces, connection: sqlite3.Connection | None) -> None:
        self._spaces = spaces
        self._connection = connection
        self._targets = Targets(spaces)

    def points_from(self, address: Address) -> list[Link]:
        try:
            entry = self._spaces.load(address)
        except DmartTuiError:
            return []
        return list(self._links(entry))

    def pointing_to(self, address: Address, roles: frozenset[Role], most: int) -> tuple[list[Link], int]:
        places = [_place(address)]
        if address.space == MANAGEMENT and address.parts[:1] == ("schema",):  # of schemas it is asked first
            places = [_place(Address(space, address.parts)) for space in self._spaces.space_names()]
        # Sorts behind the names of all that is attached to it, as # is followed by $.
        attached = f"{places[0]}#", f"{places[0]}$"
        where = (
            f" WHERE (links.target IN ({_marks(places)}) OR (links.target >= {TEXT} AND links.target < {TEXT}))"
            f" AND links.role IN ({_marks(roles)})"
        )
        told = (*places, *attached, *roles)
        count = next(self._rows(f"SELECT count(*) FROM links {where}", *told), (0,))[0]
        kind = next(self._rows(f"SELECT type FROM resources WHERE place = {TEXT}", _place(address)), ("",))[0]
        rows = self._rows(f"{_LINKS} {where} LIMIT ?", *told, most)
        return [self._link(row, address, kind) for row in rows], count

    def most_pointed_to(self, most: int) -> list[tuple[Address, int]]:
        """What most links lead to, and how many do; those to a schema of management count there, not in their space."""
        found: Counter[Address] = Counter()
        for place, count in self._rows(f"SELECT target, count(*) FROM links WHERE role IN {_SCHEMAS} GROUP BY 1"):
            found[self._schema(Address.parse(place))] += count
        others = f"SELECT target, count(*) FROM links WHERE role NOT IN {_SCHEMAS}"
        places = [_place(address) for address in found]
        named = list(self._rows(f"{others} AND target IN ({_marks(places)}) GROUP BY 1", *places))
        top = self._rows(f"{others} GROUP BY 1 ORDER BY 2 DESC LIMIT ?", most + len(places))
        for place, count in dict([*named, *top]).items():
            found[Address.parse(place)] += count
        return found.most_common(most)

    def orphans(self) -> Iterator[Address]:
        """Entries that no relationship leads to or from, and that no other link leads to."""
        return (Address.parse(address) for (address,) in self._rows(_ORPHANS))

    def dangling(self) -> Iterator[Link]:
        """Links to what is not there."""
        missing = " WHERE NOT EXISTS (SELECT 1 FROM resources AS known WHERE known.place = links.target)"
        for row in self._rows(_LINKS + missing):
            target = Address.parse(row[3])
            if self._targets.type_of(Reference(cast("Role", row[2]), target, row[4])) is None:
                yield self._link(row, target, "")

    def _rows(self, query: str, *values: object) -> Iterator[Any]:
        if self._connection is None:
            return iter(())
        return self._connection.execute(query, [storable(value) for value in values])

    def _link(self, row: Any, target: Address, kind: str) -> Link:
        source, type_, role, _, _, attributes = row
        return Link(Address.parse(source), target, role, type_, kind, json.loads(attributes) if attributes else None)

    def _links(self, entry: Entry) -> Iterator[Link]:
        for item in (entry, *self._spaces.attachments(entry)):
            for reference in (*references(item), *implied_references(item, self._rules(item))):
                if isinstance(reference, Reference):
                    target, found = self._target(reference)
                    said = None if reference.attributes is None else mask(reference.attributes)
                    yield Link(entry.address, target, reference.role, entry.type, found or "", said)

    def _rules(self, item: Item) -> Any:
        return payload_value(self._spaces, item, []) if item.kind is Kind.FOLDER else None

    def _target(self, reference: Reference) -> tuple[Address, str | None]:
        """Where a reference leads, and the type of what stands there; D-MART looks for schemas in management first."""
        target = reference.target
        found = self._targets.type_of(reference)
        if found == "schema":
            target = self._schema(target)
        if target.attachment is not None:
            target = Address(target.space, target.parts)
        return target, found

    def _schema(self, named: Address) -> Address:
        """The schema that a space names: management is looked into first."""
        first = next(layout.schema_files(self._spaces.root, MANAGEMENT, named.name), None)
        return Address(MANAGEMENT, named.parts) if first is not None and disk.isfile(first) else named


@contextmanager
def open_links(catalog: Catalog) -> Iterator[IndexedLinks]:
    """The links of a root for a moment and for one thread."""
    try:
        connection = catalog.connect()
    except NotFound:
        connection = None
    try:
        yield IndexedLinks(catalog.spaces, connection)
    finally:
        if connection is not None:
            connection.close()


def _place(address: Address) -> str:
    return unicodedata.normalize("NFC", str(address))


def _marks(values: Any) -> str:
    return ", ".join([TEXT] * len(values))
