"""A graph of entries as the widget draws it, and what a link is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dmart_tui.core.text import safe
from dmart_tui.core.units import format_count
from dmart_tui.tui.changes.words import value_text
from dmart_tui.tui.widgets.layered import Edge, Layered, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dmart_tui.core.address import Address
    from dmart_tui.core.graphs import Ego, Link, Step
    from dmart_tui.tui.widgets.layered import Zoom

MORE: Final = "\0more "
"""Begins the key of what stands for neighbours that were left out; no address has it."""
_LOOPED: Final = " ↻"
"""After the label of a node that has links which are not drawn: to itself, back, or to one beside it."""
_WIDEST: Final = 60


def laid_out(graph: Ego, names: Mapping[Address, str], icon: Callable[[str], str], zoom: Zoom) -> Layered:
    """The graph with what points to the centre at the left; blocks, 20 ms for 2,000 nodes."""
    distance = {address: node.distance for address, node in graph.nodes.items()}
    edges, looped = [], set()
    for link in graph.links:
        if distance[link.source] + 1 == distance[link.target]:
            edges.append(Edge(str(link.source), str(link.target)))
        else:
            looped |= {link.source, link.target}
    nodes, folded = [], []
    for address, node in graph.nodes.items():
        key = str(address)
        sign = icon(node.type) if node.type else icon("broken")
        tone = "strong" if address == graph.centre else "" if node.type else "error"
        label = f"{sign} {safe(names.get(address) or address.name)}{_LOOPED if address in looped else ''}"
        nodes.append(Node(key, label, node.distance, sign, tone))
        for side, count in node.more.items():
            if count and node.distance * side >= 0:
                more = f"{MORE}{side} {key}"
                folded.append(Node(more, f"+ {format_count(count)} more", node.distance + side, "…", "muted"))
                edges.append(Edge(key, more) if side > 0 else Edge(more, key))
    return Layered(nodes + folded, edges, zoom)


def way_laid_out(
    start: Address, steps: Sequence[Step], names: Mapping[Address, str], icon: Callable[[str], str], zoom: Zoom
) -> Layered:
    """A way between two entries, from left to right."""
    ends = [start, *(step.end for step in steps)]
    types = {link.source: link.source_type for link in (step.link for step in steps)}
    types |= {step.link.target: step.link.target_type for step in steps}
    nodes = []
    for column, address in enumerate(ends):
        sign = icon(types[address]) if types.get(address) else icon("broken")
        nodes.append(Node(str(address), f"{sign} {safe(names.get(address) or address.name)}", column, sign))
    edges = [Edge(str(before), str(step.end), back=not step.forward) for before, step in zip(ends, steps, strict=False)]
    return Layered(nodes, edges, zoom)


def about(link: Link) -> str:
    """What a relationship says about itself, safe to show."""
    if not isinstance(link.attributes, dict):
        return ""
    return safe(", ".join(f"{key} {value_text(value, _WIDEST)}" for key, value in link.attributes.items()))
