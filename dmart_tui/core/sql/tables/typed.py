"""One table a schema: columns of the types that its JSON Schema says, and those of the meta.

A value that is not of its type is NULL; `payload` holds what was written.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from dmart_tui.core.sql.tables.definitions import ARCHIVES, ENTRIES, SPACES, Table
from dmart_tui.core.sql.values import quoted, string
from dmart_tui.core.subschemas import Subschemas, item, mapping, type_of

RESERVED: Final = frozenset(
    (SPACES, ARCHIVES, "main", "memory", "scratch", "system", "temp", "information_schema", "pg_catalog")
)
"""Names that are databases or schemas already."""
_COLUMNS: Final = 400
"""Of one table, and fields in it; further ones are found in `payload`."""
_DEEPEST: Final = 5
_SCALARS: Final = {"integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "string": "VARCHAR"}
_BEFORE: Final = ("address", "shortname", "subpath", "title")
_AFTER: Final = ("is_active", "owner_shortname", "created_at", "updated_at", "state", "tags", "payload")

Shape = str | list["Shape"] | dict[str, "Shape"]
"""A type as `json_transform` takes it."""


class _Shapes:
    """The types of a schema document, which may be anybody's; stops looking after `_COLUMNS` fields."""

    def __init__(self, document: Any) -> None:
        self._subschemas = Subschemas(document)
        self._left = _COLUMNS

    def columns(self, document: Any) -> dict[str, tuple[Shape, str]]:
        """Name -> type and format, of the keys at the top."""
        found: dict[str, tuple[Shape, str]] = {}
        for way in self._subschemas.alternatives(document):
            for name, schema in _fields(way):
                if name.lower() not in {known.lower() for known in found} and self._left > 0:
                    found[name] = (self._shape(schema, 0), self._format(schema))
        return found

    def _shape(self, schema: Any, depth: int) -> Shape:
        self._left -= 1
        ways = [way for way in self._subschemas.alternatives(schema) if type_of(way) != "null"]
        kinds = {type_of(way) for way in ways}
        if kinds == {"integer", "number"}:
            return "DOUBLE"
        if len(kinds) != 1 or depth >= _DEEPEST or self._left <= 0:
            return "JSON"
        kind = kinds.pop()
        if kind == "array" and len(ways) == 1 and isinstance(ways[0].get("items"), dict):
            return [self._shape(item(ways[0], 0), depth + 1)]
        if kind == "object" and len(ways) == 1:
            fields = dict(_fields(ways[0]))
            if fields and len({name.lower() for name in fields}) == len(mapping(ways[0], "properties")):
                return {name: self._shape(inner, depth + 1) for name, inner in fields.items()}
        return _SCALARS.get(kind or "", "JSON")

    def _format(self, schema: Any) -> str:
        formats = {
            str(way.get("format", "")) for way in self._subschemas.alternatives(schema) if type_of(way) != "null"
        }
        return formats.pop() if len(formats) == 1 else ""


def _fields(node: dict[str, Any]) -> list[tuple[str, Any]]:
    """The keys that can be names of columns."""
    return [
        (name, schema)
        for name, schema in mapping(node, "properties").items()
        if name and "\0" not in name and not any("\ud800" <= letter <= "\udfff" for letter in name)
    ]


def typed_table(space: str, name: str, document: Any) -> Table:
    """The table of a schema as seen from a space, made of `spaces.entries`."""
    shapes = _Shapes(document).columns(document)
    taken = {*_BEFORE, *_AFTER}
    columns, structure = [], {}
    for key, (shape, form) in shapes.items():
        title = key
        while title.lower() in taken:
            title = f"body_{title}"
        taken.add(title.lower())
        columns.append(f"{_value(key, shape, form)} AS {quoted(title)}")
        structure[key] = shape
    body = string(msgspec.json.encode(structure).decode())
    inner = f"SELECT *, json_transform(payload, {body}) AS body_" if structure else "SELECT *"
    select = ", ".join((*_BEFORE, *columns, *_AFTER))
    where = f"space = {string(space)} AND schema_shortname = {string(name)}"
    return Table(
        database_of(space),
        name,
        f"SELECT {select} FROM ({inner} FROM {ENTRIES.view} WHERE {where})",
        "*",
        f"Entries of {space} whose payload has the schema {name}.",
        space,
    )


def database_of(space: str) -> str:
    """The database of a space's tables: its name, with `_` behind where that is the name of another."""
    return f"{space}_" if space.lower() in RESERVED else space


def _value(key: str, shape: Shape, form: str) -> str:
    field = f"body_.{quoted(key)}"
    if shape == "VARCHAR" and form == "date":
        return f"TRY_CAST({field} AS DATE)"
    if shape == "VARCHAR" and form == "date-time":
        # The engine leaves an offset out of account when it reads a time without a zone.
        zoned = f"TRY_CAST({field} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
        return (
            f"CASE WHEN {field} SIMILAR TO '.*[+-]\\d\\d:?\\d\\d' THEN {zoned} ELSE TRY_CAST({field} AS TIMESTAMP) END"
        )
    return field
