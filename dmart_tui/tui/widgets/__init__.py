"""Widgets that know no D-MART: virtual tree, list and grid, tabs; others are imported from their own modules."""

from __future__ import annotations

from dmart_tui.tui.widgets.grid import Grid, GridSource, cell_text
from dmart_tui.tui.widgets.lines import LineView, fit_segments, spread
from dmart_tui.tui.widgets.movement import MOVEMENT
from dmart_tui.tui.widgets.tab_strip import Tab, TabStrip
from dmart_tui.tui.widgets.tree_rows import Children, Path, TreeRow
from dmart_tui.tui.widgets.virtual_list import Rows, VirtualList
from dmart_tui.tui.widgets.virtual_tree import Loader, RowRenderer, TreeState, VirtualTree

__all__ = [
    "MOVEMENT",
    "Children",
    "Grid",
    "GridSource",
    "LineView",
    "Loader",
    "Path",
    "RowRenderer",
    "Rows",
    "Tab",
    "TabStrip",
    "TreeRow",
    "TreeState",
    "VirtualList",
    "VirtualTree",
    "cell_text",
    "fit_segments",
    "spread",
]
