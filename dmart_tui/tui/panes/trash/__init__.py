"""The trash: what was thrown away, what it holds, and the ways back."""

from dmart_tui.tui.panes.trash.pane import TrashPane

__all__ = ["TrashPane"]
