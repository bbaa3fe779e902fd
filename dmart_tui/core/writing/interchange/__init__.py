# ruff: noqa: I001
"""Data in and out of a spaces folder: D-MART's interchange zip, tables and JSON lines. The face is lazy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.faces import lazy

if TYPE_CHECKING:
    from dmart_tui.core.writing.interchange.exporting import (
        Exported as Exported,
        export_zip as export_zip,
    )
    from dmart_tui.core.writing.interchange.findings import Findings as Findings
    from dmart_tui.core.writing.interchange.importing import (
        Imported as Imported,
        OnExisting as OnExisting,
        import_zip as import_zip,
    )
    from dmart_tui.core.writing.interchange.packages import (
        Package as Package,
        read_zip as read_zip,
    )
    from dmart_tui.core.writing.interchange.rows import (
        ImportedRows as ImportedRows,
        RowColumn as RowColumn,
        check_columns as check_columns,
        csv_columns as csv_columns,
        import_csv as import_csv,
    )
    from dmart_tui.core.writing.interchange.tables import (
        Table as Table,
        TableColumn as TableColumn,
        default_columns as default_columns,
        export_csv as export_csv,
        export_ndjson as export_ndjson,
        export_parquet as export_parquet,
        folder_columns as folder_columns,
    )
else:
    __all__, __getattr__ = lazy(
        __name__,
        {
            "exporting": "Exported export_zip",
            "findings": "Findings",
            "importing": "Imported OnExisting import_zip",
            "packages": "Package read_zip",
            "rows": "ImportedRows RowColumn check_columns csv_columns import_csv",
            "tables": "Table TableColumn default_columns export_csv export_ndjson export_parquet folder_columns",
        },
    )
