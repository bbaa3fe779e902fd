"""The history of an entry: its changes, the entry as it was, who changed what last."""

from dmart_tui.tui.panes.history.pane import HistoryPane

__all__ = ["HistoryPane"]
