"""Data that entries carry, as a statement a worksheet can begin with."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dmart_tui.core.errors import NotFound, Refused
from dmart_tui.core.sql.values import string

if TYPE_CHECKING:
    from dmart_tui.core.address import Address
    from dmart_tui.core.spaces import Item, Spaces

_READERS: Final = {
    "csv": "read_csv",
    "tsv": "read_csv",
    "jsonl": "read_ndjson",
    "ndjson": "read_ndjson",
    "json": "read_json",
    "parquet": "read_parquet",
}
_DATABASES: Final = ("duckdb", "db", "ddb")
_WORD: Final = re.compile(r"[^a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of data.

    Args:
        path: real and absolute; below the root.
        statement: what shows it.
        alias: the name under which `path` is to be attached first, read-only, for the statement to run; may be empty.
    """

    path: Path
    statement: str
    alias: str = ""


def asset(spaces: Spaces, address: Address) -> Asset:
    """The data at an address: csv, jsonl, json, parquet or a database of DuckDB.

    Raises:
        NotFound: there is nothing, or it has no file.
        Refused: it is of a kind that the engine cannot read here, or lies in a mounted archive.
    """
    item: Item = spaces.attachment(address) if address.attachment else spaces.load(address)
    if item.payload is None or item.payload.path is None:
        raise NotFound("has no file of data", address=str(address))
    path = Path(os.path.realpath(item.payload.path))
    if not path.exists():
        raise Refused("lies in an archive", address=str(address), hint="unpack it, or open that archive")
    ending = path.suffix[1:].lower()
    kinds = [kind for kind in (ending, item.type, item.payload.content_type) if kind]
    name = string(str(path))
    if reader := next((_READERS[kind] for kind in kinds if kind in _READERS), None):
        return Asset(path, f"SELECT * FROM {reader}({name})")
    if any(kind in _DATABASES for kind in kinds):
        alias = _WORD.sub("_", item.shortname.lower()).strip("_") or "data"
        alias = f"data_{alias}" if alias[0].isdigit() else alias
        return Asset(
            path,
            "SELECT schema_name, table_name, estimated_size, column_count FROM duckdb_tables()"
            f" WHERE database_name = {string(alias)}",
            alias,
        )
    if "sqlite" in kinds:
        raise Refused("SQLite cannot be read by the engine as it comes", address=str(address), hint="export it as csv")
    raise Refused("is no table", address=str(address), hint="csv, jsonl, json, parquet and DuckDB files are")
