"""The graph of relations: followed in the index and laid out, of as many nodes as it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmart_tui.core.address import Address
from dmart_tui.core.catalog import open_catalog
from dmart_tui.core.graphs import ROLES, Ego, Link, Node, ego, open_links
from dmart_tui.core.graphs.ego import FAN, MOST
from dmart_tui.core.spaces import Spaces
from dmart_tui.tui.panes.relations.drawing import laid_out
from tests.benchmarks.lab import Lab, Row, median, ms, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator


def graph(lab: Lab) -> Iterator[Row]:
    """Around what most links of 100,000 entries lead to; and one with all the nodes that there may be."""
    catalog = open_catalog(Spaces(lab.large), lab.directory / "catalogs")
    catalog.update()
    with open_links(catalog) as links:
        centre, count = links.most_pointed_to(1)[0]
        one = median(lambda: seconds(lambda: links.pointing_to(centre, frozenset(ROLES), 40)), lab.runs)
        yield Row(f"the first of {count:,} links to an entry", ms(one))
        around = median(lambda: seconds(lambda: ego(links, centre, "", depth=3, roles=frozenset(ROLES))), lab.runs)
        yield Row("the graph around it, three steps deep", ms(around))
    deep = _full()
    laid = median(lambda: seconds(lambda: laid_out(deep, {}, str, "boxes")), lab.runs)
    drawn = laid_out(deep, {}, str, "boxes")
    yield Row(f"a graph of {len(drawn):,} nodes laid out", ms(laid), budget="200 ms")
    key = median(lambda: seconds(lambda: [drawn.pieces(line, 0) for line in range(50)]), lab.runs)
    yield Row("50 lines of it drawn, for a key", ms(key), budget="50 ms")


def _full() -> Ego:
    """As many nodes as a graph takes, each pointing to ten."""
    addresses = [Address("shop", (f"entry_{number}",)) for number in range(MOST)]
    nodes = {addresses[0]: Node(addresses[0], 0, "content")}
    links = []
    for number, address in enumerate(addresses[1:], 1):
        above = addresses[(number - 1) // FAN]
        nodes[address] = Node(address, nodes[above].distance + 1, "content")
        links.append(Link(above, address, "relationship", "content", "content", None))
    return Ego(addresses[0], nodes, links)
