# ruff: noqa: I001
"""Data in and out of a spaces folder: D-MART's interchange zip, tables and JSON lines. The face is lazy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

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

_WHERE: Final = {
    "exporting": "Exported export_zip",
    "findings": "Findings",
    "importing": "Imported OnExisting import_zip",
    "packages": "Package read_zip",
    "rows": "ImportedRows RowColumn import_csv",
    "tables": "Table TableColumn default_columns export_csv export_ndjson export_parquet folder_columns",
}
_MODULE_OF: Final = {name: module for module, names in _WHERE.items() for name in names.split()}
__all__ = list(_MODULE_OF)


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value
