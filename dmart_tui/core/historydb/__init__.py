# ruff: noqa: I001
"""History stores: large numbers of documents by day on plain files, appended safely and read by columns.

The face is lazy: a name imports its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.core.historydb.blocks import (
        Block as Block,
        BlockRef as BlockRef,
        read_block as read_block,
    )
    from dmart_tui.core.historydb.columns import (
        MISSING as MISSING,
        Column as Column,
    )
    from dmart_tui.core.historydb.dates import (
        day_of as day_of,
        day_text as day_text,
    )
    from dmart_tui.core.historydb.locks import WriterHeld as WriterHeld
    from dmart_tui.core.historydb.sealing import Rewritten as Rewritten
    from dmart_tui.core.historydb.store import (
        Appended as Appended,
        Info as Info,
        Store as Store,
    )
    from dmart_tui.core.historydb.verifying import Finding as Finding
else:
    __all__, __getattr__ = lazy(
        __name__,
        {
            "blocks": "Block BlockRef read_block",
            "columns": "MISSING Column",
            "dates": "day_of day_text",
            "locks": "WriterHeld",
            "sealing": "Rewritten",
            "store": "Appended Info Store",
            "verifying": "Finding",
        },
    )
