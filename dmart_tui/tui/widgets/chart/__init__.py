"""Charts in character cells: bars, columns, histograms, curves, clouds of points and heat maps.

Each can have the focus; its cursor stands on one bar, column, point or cell and tells so with `Chart.Highlighted`,
`enter` with `Chart.Activated`. Other numbers are shown in place: only what looks different is drawn again.
"""

from __future__ import annotations

from dmart_tui.tui.widgets.chart.bars import BarChart
from dmart_tui.tui.widgets.chart.columns import ColumnChart, Histogram
from dmart_tui.tui.widgets.chart.heat import HeatMap
from dmart_tui.tui.widgets.chart.plot import Chart
from dmart_tui.tui.widgets.chart.points import LineChart, ScatterChart

__all__ = ["BarChart", "Chart", "ColumnChart", "HeatMap", "Histogram", "LineChart", "ScatterChart"]
