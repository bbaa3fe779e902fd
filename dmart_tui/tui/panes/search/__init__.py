"""Searching the root: a query, what it finds, and how that is spread."""

from dmart_tui.tui.panes.search.pane import SearchPane

__all__ = ["SearchPane"]
