# ruff: noqa: I001
"""History stores: large numbers of documents by day on plain files, appended safely and read by columns.

The face is lazy: a name imports its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.core.historydb.aggregates import (
        Count as Count,
        SHIPPED as SHIPPED,
    )
    from dmart_tui.core.historydb.answers import Table as Table
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
    from dmart_tui.core.historydb.expressions import (
        Expression as Expression,
        F as F,
        MAKERS as MAKERS,
        TESTS as TESTS,
        TIMES as TIMES,
        own as own,
    )
    from dmart_tui.core.historydb.kinds import moment as moment
    from dmart_tui.core.historydb.locks import WriterHeld as WriterHeld
    from dmart_tui.core.historydb.query import (
        Query as Query,
        find as find,
    )
    from dmart_tui.core.historydb.running import (
        Engine as Engine,
        Progress as Progress,
        Run as Run,
    )
    from dmart_tui.core.historydb.sealing import Rewritten as Rewritten
    from dmart_tui.core.historydb.store import (
        Appended as Appended,
        Info as Info,
        Store as Store,
    )
    from dmart_tui.core.historydb.text import split as split
    from dmart_tui.core.historydb.verifying import Finding as Finding
else:
    __all__, __getattr__ = lazy(
        __name__,
        {
            "aggregates": "Count SHIPPED",
            "answers": "Table",
            "blocks": "Block BlockRef read_block",
            "columns": "MISSING Column",
            "dates": "day_of day_text",
            "expressions": "Expression F MAKERS TESTS TIMES own",
            "kinds": "moment",
            "locks": "WriterHeld",
            "query": "Query find",
            "running": "Engine Progress Run",
            "sealing": "Rewritten",
            "store": "Appended Info Store",
            "text": "split",
            "verifying": "Finding",
        },
    )
