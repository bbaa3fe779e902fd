"""The problems pane: what a check finds, as it finds it."""

from dmart_tui.tui.panes.problems.pane import ProblemsPane

__all__ = ["ProblemsPane"]
