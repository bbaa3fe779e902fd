"""The tree of spaces, folders and entries."""

from dmart_tui.tui.panes.tree.pane import TreePane

__all__ = ["TreePane"]
