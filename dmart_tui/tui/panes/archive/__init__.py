"""Archives: their members and what these hold, and the places where archives are."""

from dmart_tui.tui.panes.archive.pane import ArchivePane

__all__ = ["ArchivePane"]
