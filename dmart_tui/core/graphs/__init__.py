"""What points to what: the entries around one of them, ways between two, and drawings of that for other programs."""

from dmart_tui.core.graphs.ego import Ego, Node, ego
from dmart_tui.core.graphs.exporting import FORMATS, exported
from dmart_tui.core.graphs.indexed import IndexedLinks, open_links
from dmart_tui.core.graphs.links import ROLES, Link, Links
from dmart_tui.core.graphs.paths import Step, shortest_path

__all__ = [
    "FORMATS",
    "ROLES",
    "Ego",
    "IndexedLinks",
    "Link",
    "Links",
    "Node",
    "Step",
    "ego",
    "exported",
    "open_links",
    "shortest_path",
]
