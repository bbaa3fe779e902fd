"""Everything as tables: what is in a root and in open archives, read when a statement names it."""

from __future__ import annotations

from dmart_tui.core.sql.tables.assets import Asset, asset
from dmart_tui.core.sql.tables.definitions import STORE
from dmart_tui.core.sql.tables.tables import Snapshot, Tables

__all__ = ["STORE", "Asset", "Snapshot", "Tables", "asset"]
