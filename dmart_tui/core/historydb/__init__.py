# ruff: noqa: I001
"""History stores: large numbers of documents by day on plain files, appended safely and read by columns.

The face is lazy: a name imports its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.core.historydb.queries.aggregates import (
        ApproxDistinct as ApproxDistinct,
        Collect as Collect,
        Count as Count,
        Distinct as Distinct,
        First as First,
        Histogram as Histogram,
        Last as Last,
        load as load,
        Max as Max,
        Mean as Mean,
        Min as Min,
        Quantile as Quantile,
        Rate as Rate,
        SHIPPED as SHIPPED,
        Std as Std,
        Sum as Sum,
        TopK as TopK,
        Var as Var,
    )
    from dmart_tui.core.historydb.queries.answers import Table as Table
    from dmart_tui.core.historydb.queries.arrow import ArrowRange as ArrowRange, ArrowRows as ArrowRows
    from dmart_tui.core.historydb.blocks import (
        Block as Block,
        BlockRef as BlockRef,
        read_block as read_block,
    )
    from dmart_tui.core.historydb.columns import (
        Column as Column,
        MISSING as MISSING,
    )
    from dmart_tui.core.historydb.dates import (
        day_of as day_of,
        day_text as day_text,
    )
    from dmart_tui.core.historydb.queries.executors import (
        cluster as cluster,
        Executing as Executing,
    )
    from dmart_tui.core.historydb.queries.expressions import (
        Expression as Expression,
        F as F,
        MAKERS as MAKERS,
        own as own,
        TESTS as TESTS,
        TIMES as TIMES,
    )
    from dmart_tui.core.historydb.queries.kinds import moment as moment
    from dmart_tui.core.historydb.information import Info as Info
    from dmart_tui.core.historydb.locks import WriterHeld as WriterHeld
    from dmart_tui.core.historydb.queries.query import (
        find as find,
        Query as Query,
    )
    from dmart_tui.core.historydb.queries.reducing import (
        Aggregate as Aggregate,
        self_test as self_test,
    )
    from dmart_tui.core.historydb.queries.running import (
        Engine as Engine,
        Progress as Progress,
        Run as Run,
    )
    from dmart_tui.core.historydb.sealing import Rewritten as Rewritten
    from dmart_tui.core.historydb.store import (
        Appended as Appended,
        Store as Store,
    )
    from dmart_tui.core.historydb.queries.text import (
        parse as parse,
        split as split,
        TextFault as TextFault,
    )
    from dmart_tui.core.historydb.verifying import Finding as Finding
else:
    __all__, __getattr__ = lazy(
        __name__,
        {
            "queries.aggregates": (
                "ApproxDistinct Collect Count Distinct First Histogram Last load Max Mean Min Quantile Rate SHIPPED "
                "Std Sum TopK Var"
            ),
            "queries.answers": "Table",
            "queries.arrow": "ArrowRange ArrowRows",
            "blocks": "Block BlockRef read_block",
            "columns": "Column MISSING",
            "dates": "day_of day_text",
            "queries.executors": "cluster Executing",
            "queries.expressions": "Expression F MAKERS own TESTS TIMES",
            "queries.kinds": "moment",
            "information": "Info",
            "locks": "WriterHeld",
            "queries.query": "find Query",
            "queries.reducing": "Aggregate self_test",
            "queries.running": "Engine Progress Run",
            "sealing": "Rewritten",
            "store": "Appended Store",
            "queries.text": "parse split TextFault",
            "verifying": "Finding",
        },
    )
