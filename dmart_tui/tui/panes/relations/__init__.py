"""What points to an entry and what it points to: a graph to walk, a list, and the lists of the whole root."""

from dmart_tui.tui.panes.relations.pane import RelationsPane
from dmart_tui.tui.panes.relations.whole_root import RootLinksPane

__all__ = ["RelationsPane", "RootLinksPane"]
