# ruff: noqa: I001
"""SQL over everything: the engine in a sandbox, results of any size, transactions, databases, imports and exports.

The face is lazy: a name imports its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.core.sql.catalogue import (
        Constraint as Constraint,
        Schema as Schema,
        Table as Table,
        TableColumn as TableColumn,
        columns_of as columns_of,
        constraints_of as constraints_of,
        describe as describe,
        schemas_of as schemas_of,
        summarize as summarize,
        tables_of as tables_of,
    )
    from dmart_tui.core.sql.databases import Database as Database
    from dmart_tui.core.sql.errors import (
        Interrupted as Interrupted,
        LockHeld as LockHeld,
        SqlError as SqlError,
    )
    from dmart_tui.core.sql.options import Options as Options
    from dmart_tui.core.sql.results import (
        Column as Column,
        Result as Result,
    )
    from dmart_tui.core.sql.session import Session as Session
    from dmart_tui.core.sql.texts import (
        Statement as Statement,
        Token as Token,
        parse as parse,
        statement_at as statement_at,
        statements as statements,
        tokens as tokens,
    )
    from dmart_tui.core.sql.transactions import Transaction as Transaction
    from dmart_tui.core.sql.values import (
        is_number as is_number,
        literal as literal,
        quoted as quoted,
        show as show,
    )
else:
    __all__, __getattr__ = lazy(
        __name__,
        {
            "catalogue": "Constraint Schema Table TableColumn columns_of constraints_of describe schemas_of summarize"
            " tables_of",
            "databases": "Database",
            "errors": "Interrupted LockHeld SqlError",
            "options": "Options",
            "results": "Column Result",
            "session": "Session",
            "texts": "Statement Token parse statement_at statements tokens",
            "transactions": "Transaction",
            "values": "is_number literal quoted show",
        },
    )
