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
    from dmart_tui.core.sql.sheets.keep import keep_file as keep_file
    from dmart_tui.core.sql.exporting import (
        ENDINGS as ENDINGS,
        FORMATS as FORMATS,
        Format as Format,
        export as export,
        export_arrow as export_arrow,
    )
    from dmart_tui.core.sql.importing import (
        Sniffed as Sniffed,
        load as load,
        sniff as sniff,
    )
    from dmart_tui.core.sql.options import Options as Options
    from dmart_tui.core.sql.sheets.parameters import (
        Parameters as Parameters,
        Remembered as Remembered,
    )
    from dmart_tui.core.sql.sheets.past import (
        Past as Past,
        Ran as Ran,
    )
    from dmart_tui.core.sql.results import (
        Column as Column,
        Result as Result,
    )
    from dmart_tui.core.sql.session import Session as Session
    from dmart_tui.core.sql.sheets.rows import (
        Revision as Revision,
        Sheet as Sheet,
    )
    from dmart_tui.core.sql.tables import (
        Asset as Asset,
        Snapshot as Snapshot,
        Tables as Tables,
        asset as asset,
    )
    from dmart_tui.core.sql.editing.texts import (
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
    from dmart_tui.core.sql.sheets.worksheets import Worksheets as Worksheets
else:
    __all__, __getattr__ = lazy(
        __name__,
        {
            "catalogue": "Constraint Schema Table TableColumn columns_of constraints_of describe schemas_of summarize"
            " tables_of",
            "databases": "Database",
            "errors": "Interrupted LockHeld SqlError",
            "sheets.keep": "keep_file",
            "exporting": "ENDINGS FORMATS Format export export_arrow",
            "importing": "Sniffed load sniff",
            "options": "Options",
            "sheets.parameters": "Parameters Remembered",
            "sheets.past": "Past Ran",
            "results": "Column Result",
            "session": "Session",
            "sheets.rows": "Revision Sheet",
            "tables": "Asset Snapshot Tables asset",
            "editing.texts": "Statement Token parse statement_at statements tokens",
            "transactions": "Transaction",
            "values": "is_number literal quoted show",
            "sheets.worksheets": "Worksheets",
        },
    )
