"""SQL worksheets over everything that is open."""

from dmart_tui.tui.panes.worksheet.pane import WorksheetPane

__all__ = ["WorksheetPane"]
