"""Everything as tables: what is in a root and in open archives, read when a statement names it.

The face is lazy: a name imports its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.core.sql.tables.assets import Asset as Asset
    from dmart_tui.core.sql.tables.assets import asset as asset
    from dmart_tui.core.sql.tables.tables import Snapshot as Snapshot
    from dmart_tui.core.sql.tables.tables import Tables as Tables
else:
    __all__, __getattr__ = lazy(__name__, {"assets": "Asset asset", "tables": "Snapshot Tables"})
