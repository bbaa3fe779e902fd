"""What is told about a result beside its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.core.units import format_count

if TYPE_CHECKING:
    from dmart_tui.core.sql import Result
    from dmart_tui.core.sql.reshaping import Shape
    from dmart_tui.tui.widgets.result_grid import ResultGrid

_DIGITS: Final = 18
_KIND: Final = 40
"""Characters of a type that are shown; that of a nested value has no end."""


def facts(grid: ResultGrid, result: Result | None, total: int | None, shape: Shape) -> str:
    """Where the cursor is, of how many rows, in which column, and how they are filtered.

    Args:
        total: how many rows there are, where that was counted.
    """
    source = grid.source
    if not source.columns:
        return ""
    known = format_count(source.known) + ("" if source.done else "+") if total is None else format_count(total)
    empty = source.known == 0 and source.done
    told = ["no row" if empty else f"row {format_count(grid.cursor + 1)} of {known}"]
    if grid.marked:
        told.append(f"{format_count(len(grid.marked))} marked")
    if result is not None and result.cut:
        told.append(f"! {result.cut}")
    at = grid.source_column
    kind = result.columns[at].type[:_KIND] if result is not None else ""
    told.append(f"{source.columns[at]} {kind}".rstrip())
    here = shape.condition_on(at)
    told += [f"is {here.words}"] if here else []
    return " · ".join(told)


def signs(shape: Shape) -> dict[int, str]:
    """What stands before the names of columns: `▲`, `▼` with the rank of several, `⊂` where rows are filtered."""
    found: dict[int, str] = {}
    for rank, order in enumerate(shape.order, 1):
        found[order.column] = ("▼" if order.descending else "▲") + (str(rank) if len(shape.order) > 1 else "")
    for one in shape.where:
        found[one.column] = found.get(one.column, "") + "⊂"
    return found


def why_no_row(typed: str) -> str | None:
    """What is wrong with a typed number of a row; None: nothing."""
    digits = typed.replace(",", "").strip()
    return None if digits.isdecimal() and len(digits) <= _DIGITS else "Type the number of a row."
