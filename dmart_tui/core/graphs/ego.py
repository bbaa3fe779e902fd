"""The entries around one: what points to it, what it points to, and so on, to a depth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dmart_tui.core.address import Address
    from dmart_tui.core.graphs.links import Link, Links
    from dmart_tui.core.spaces.relations import Role

Side = Literal[-1, 1]
"""-1: what points to it; 1: what it points to."""

FAN: Final = 10
"""Neighbours of one entry on one side that become nodes; the others are counted."""
MOST: Final = 2000
"""Nodes altogether."""


@dataclass(slots=True)
class Node:
    """An entry in the graph."""

    address: Address
    distance: int
    """Steps from the centre; below 0: in the direction of what points to it."""
    type: str
    """Resource type; empty: nothing stands there."""
    more: dict[Side, int] = field(default_factory=dict)
    """How many neighbours of a side were left out."""
    followed: bool = False
    """Whether its neighbours were looked for."""


@dataclass(slots=True)
class Ego:
    """A graph around its centre."""

    centre: Address
    nodes: dict[Address, Node]
    """Nearest first."""
    links: list[Link]
    """Those between the nodes that were found on the way, each once."""

    def around(self, address: Address) -> tuple[list[Link], list[Link]]:
        """The links to a node and from it; one to itself is among both."""
        return [one for one in self.links if one.target == address], [
            one for one in self.links if one.source == address
        ]


def ego(
    links: Links,
    centre: Address,
    type_: str,
    *,
    depth: int = 1,
    roles: frozenset[Role],
    switched: frozenset[Address] = frozenset(),
    shows: Callable[[Address], bool] = lambda _: True,
) -> Ego:
    """Follow the links of an entry both ways; blocks, looks up the links of each node that is followed.

    Args:
        type_: of the centre; empty: nothing stands there.
        switched: nodes that are followed where the depth would end, and are not where it would go on.
        shows: tells which entries may be seen.
    """
    nodes = {centre: Node(centre, 0, type_)}
    found: dict[tuple[Address, Address, Role, str], Link] = {}
    layers: dict[Side, list[Address]] = {1: [centre], -1: [centre]}
    distance = 0
    while any(layers.values()):
        for side in layers:
            following: list[Address] = []
            for address in layers[side]:
                if (distance < depth) == (address not in switched or address == centre):
                    node = nodes[address]
                    node.followed = True
                    seen, node.more[side] = _neighbours(links, address, side, roles)
                    following += _take(nodes, found, node, side, [one for one in seen if shows(_other(one, side))])
            layers[side] = following
        distance += 1
    return Ego(centre, nodes, list(found.values()))


def _neighbours(links: Links, address: Address, side: Side, roles: frozenset[Role]) -> tuple[Sequence[Link], int]:
    if side < 0:
        found, count = links.pointing_to(address, roles, 4 * FAN)
        return found, count - len(found)
    return [one for one in links.points_from(address) if one.role in roles], 0


def _other(link: Link, side: Side) -> Address:
    return link.target if side > 0 else link.source


def _take(
    nodes: dict[Address, Node],
    found: dict[tuple[Address, Address, Role, str], Link],
    node: Node,
    side: Side,
    links: Iterable[Link],
) -> list[Address]:
    """Add the first neighbours of a node and the links to them; those that are new."""
    new: list[Address] = []
    left_out: set[Address] = set()
    for link in links:
        other = _other(link, side)
        if other not in nodes:
            if len(new) >= FAN or len(nodes) >= MOST:
                left_out.add(other)
                continue
            kind = link.target_type if side > 0 else link.source_type
            nodes[other] = Node(other, node.distance + side, kind)
            new.append(other)
        found.setdefault((link.source, link.target, link.role, repr(link.attributes)), link)
    node.more[side] += len(left_out)
    return new
