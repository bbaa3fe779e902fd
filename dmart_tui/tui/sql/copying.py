"""Copying rows of a result: which, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.core import background
from dmart_tui.core.sql import Column
from dmart_tui.core.sql.addressed import rows_at
from dmart_tui.core.sql.clippings import clip
from dmart_tui.core.units import format_count
from dmart_tui.tui.screens.dialog import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dmart_tui.core.sql import Result
    from dmart_tui.core.sql.clippings import Form
    from dmart_tui.tui.app import DmartApp
    from dmart_tui.tui.widgets.result_grid import ResultGrid

MOST: Final = 10_000
"""Rows that are copied at once; for more there is the export."""
_FORMS: Final[list[tuple[str, str, Form]]] = [
    ("c", "CSV", "csv"),
    ("t", "Tab-separated, for spreadsheets", "tsv"),
    ("j", "JSON", "json"),
    ("i", "INSERT statements", "insert"),
    ("m", "Markdown table", "markdown"),
]


def columns_of(grid: ResultGrid, result: Result | None) -> Sequence[Column]:
    """The columns of a grid, with their types where they are those of a result."""
    return result.columns if result is not None else [Column(name, "VARCHAR") for name in grid.source.columns]


async def copy_rows(
    app: DmartApp, grid: ResultGrid, result: Result | None, told: Callable[[object, int], object]
) -> None:
    """Ask for a form and copy the marked rows, or the cursor's; of them the columns that are shown.

    Args:
        told: what of a value of a column may be copied.
    """
    places = sorted(grid.marked) or [grid.cursor]
    words = f"{format_count(len(places))} marked rows" if grid.marked else "This row"
    if len(places) > MOST:
        words += f": the first {format_count(MOST)} of them, an export takes all"
    form = await app.ask(Choice("Copy as", _FORMS, words=words))
    if form is None:
        return
    columns, shown = columns_of(grid, result), grid.shown
    rows: Sequence[Sequence[object]]
    if result is not None:
        rows = await background.run(rows_at, result, places[:MOST])
    else:
        rows = [row for place in places[:MOST] if (row := grid.source.row(place)) is not None]
    app.copy_text(
        clip(form, [columns[at] for at in shown], [[told(row[at], at) for at in shown] for row in rows], "rows")
    )
