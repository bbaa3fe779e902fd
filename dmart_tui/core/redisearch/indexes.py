"""D-MART's indexes on a server, of both eras, as the server describes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.redisearch.fields import Field

if TYPE_CHECKING:
    from dmart_tui.core.redisearch.connecting import Server

META: Final = "meta"
"""The schema part in the names of indexes and keys of metas."""
_NAME: Final = re.compile(r"(?P<space>[^:]+)(?::(?P<branch>[^:]+))?:(?P<schema>[^:]+)\Z")


@dataclass(frozen=True, slots=True)
class Index:
    """An index of a space's metas, or of the payloads of one schema."""

    name: str
    space: str
    branch: str
    """Empty for later versions."""
    schema: str
    """`meta`, or the shortname of a schema."""
    documents: int
    fields: dict[str, Field]
    """By name, in the order of the index."""
    prefixes: tuple[str, ...]
    failures: int
    """Documents that the server could not index."""
    indexing: bool
    """Whether the server is still reading documents into it."""


def list_indexes(server: Server) -> list[Index]:
    """D-MART's indexes, sorted by name; the others on the server are left out. One question an index.

    An index is D-MART's when it is on JSON documents whose keys begin with its name.
    """
    found = (read_index(server, name) for name in sorted(server.call("FT._LIST")))
    return [index for index in found if index is not None]


def read_index(server: Server, name: str) -> Index | None:
    """One index; None when there is none of this name or it is not D-MART's."""
    from redis.exceptions import ResponseError

    match = _NAME.match(name)
    if match is None:
        return None
    with server.asking():
        try:
            info = _pairs(server.client.execute_command("FT.INFO", name))
        except ResponseError:  # dropped since it was listed
            return None
    definition = _pairs(info.get("index_definition", []))
    prefixes = tuple(definition.get("prefixes", ()))
    if definition.get("key_type") != "JSON" or f"{name}:" not in prefixes:
        return None
    fields = [_field(row) for row in info.get("attributes", ())]
    return Index(
        name,
        match["space"],
        match["branch"] or "",
        match["schema"],
        int(float(info.get("num_docs", 0))),
        {field.name: field for field in fields},
        prefixes,
        int(float(info.get("hash_indexing_failures", 0))),
        float(info.get("percent_indexed", 1)) < 1,
    )


def _pairs(row: Any) -> dict[str, Any]:
    return row if isinstance(row, dict) else dict(zip(row[::2], row[1::2], strict=False))


def _field(row: list[Any]) -> Field:
    """Pairs, then bare words."""
    known = dict(zip(row[:6:2], row[1:6:2], strict=True))
    flags = {str(word) for word in row[6:]}
    return Field(
        known["attribute"], known["identifier"], str(known["type"]).lower(), "SORTABLE" in flags, "NOSTEM" in flags
    )
