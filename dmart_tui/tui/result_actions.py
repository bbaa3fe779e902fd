"""The actions of the result of a query: its grid, its charts, its cells."""

from __future__ import annotations

from typing import Final

from dmart_tui.tui.action import Action, Context

CONTEXTS: Final = (
    Context("result", "Result of a query", ("worksheet", "entry", "list")),
    Context("cell", "Cell", ("values", "dialog")),
    Context("columns", "Columns of a result", ("dialog",)),
)

ACTIONS: Final = (
    Action("result.open", "Cell", "Show the whole value; of a bar, the rows behind it.", ("enter",), True),
    Action("result.entry", "Open entry", "Open the entry whose address is in the row.", ("o",), True),
    Action("result.sort", "Sort", "Sort by the column: up, down, no longer.", ("s",), True),
    Action("result.sort-more", "Also sort", "Sort by the column behind those it is sorted by.", ("a",)),
    Action("result.filter", "Filter", "Say what the column must be: > 5, ~ part, 1..9, not null.", ("slash",), True),
    Action("result.plain", "As it came", "Take all filters and sorting away.", ("u",)),
    Action("result.chart", "Chart", "Draw the result as its columns suggest, or show its rows again.", ("v",), True),
    Action("result.other-chart", "Other chart", "Choose another kind of chart, other columns, another sum.", ("V",)),
    Action("result.freeze", "Freeze", "Let the columns up to this one stay while others scroll.", ("z",)),
    Action("result.hide", "Hide column", "Hide the column.", ("minus",)),
    Action("result.columns", "Columns", "Go to a column by its name; hide and show columns.", ("n",)),
    Action("result.narrower", "Narrower", "Make the column narrower.", ("left_parenthesis",)),
    Action("result.wider", "Wider", "Make the column wider.", ("right_parenthesis",)),
    Action("result.fit", "Fit", "Make the column as wide as what is in view of it.", ("equals_sign",)),
    Action("result.first-column", "First column", "Go to the first column.", ("ctrl+left",)),
    Action("result.last-column", "Last column", "Go to the last column.", ("ctrl+right",)),
    Action("result.row", "Go to row", "Go to a row by its number.", ("comma",)),
    Action("result.mark", "Mark", "Mark the row and go to the next.", ("space",)),
    Action("result.unmark", "Unmark", "Take all marks away.", ("Z",)),
    Action("result.copy-value", "Copy cell", "Copy the whole value.", ("c",)),
    Action("result.copy-rows", "Copy rows", "Copy the marked rows, or this one: CSV, JSON, INSERT, Markdown.", ("C",)),
    Action("result.count", "Count", "Count all rows.", ("e",)),
    Action("result.export", "Export", "Write all rows to a file.", ("W",)),
    Action("cell.copy", "Copy", "Copy the whole value.", ("y", "c"), True),
    Action("cell.mode", "Other view", "Show the value as a tree, as text or as bytes.", ("v",), True),
    Action("columns.hide", "Hide or show", "Hide the column under the cursor, or show it again.", ("f2",), True),
    Action("columns.show-all", "Show all", "Show every column.", ("f3",), True),
)
