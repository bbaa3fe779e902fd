"""The index of a root: entries, attachments, links and words in SQLite, a cache that can be deleted at any time.

Importing it imports SQLite: do so where it is used.
"""

from __future__ import annotations

from dmart_tui.core.catalog.building import Outcome, Progress
from dmart_tui.core.catalog.catalog import Catalog, Freshness, open_catalog, passing_catalog
from dmart_tui.core.catalog.folding import folded, normal
from dmart_tui.core.catalog.logs import known_lines
from dmart_tui.core.catalog.sources import sources

__all__ = [
    "Catalog",
    "Freshness",
    "Outcome",
    "Progress",
    "folded",
    "known_lines",
    "normal",
    "open_catalog",
    "passing_catalog",
    "sources",
]
