"""A graph in columns from left to right: where its nodes stand, and what is drawn in each line.

Edges lead from one column to the next. Those that share their inner end, the one nearer to the middle column, share a
lane between the two columns; lanes are ordered so that neighbouring ones do not cross. Where two cross all the same,
the upright one is drawn whole. No edge passes through a node.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from dmart_tui.core.text import cell_width, fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Zoom = Literal["boxes", "labels", "dots"]
Piece = tuple[int, str, str]
"""Where it begins, text, tone."""

HEAD, BACK_HEAD = "►", "◄"
_UP, _RIGHT, _DOWN, _LEFT = 1, 2, 4, 8
_UPRIGHT, _LEVEL = _UP | _DOWN, _RIGHT | _LEFT
_SIGNS: Final = " ╵╶╰╷│╭├╴╯─┴╮┤┬┼"
"""By the directions in which a cell is connected."""
_MIDDLE: Final = {"boxes": 1, "labels": 0, "dots": 0}
_STEP: Final = {"boxes": 3, "labels": 1, "dots": 1}
_WIDEST: Final = 34
"""Cells of a label."""
_ROOM: Final = 3
"""Cells between two columns beside the lanes."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node; its texts are safe."""

    key: str
    label: str
    column: int
    """0 is the middle; nodes of a column stand in the order they are given, near what they hang on."""
    dot: str = "●"
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge between the nodes of two neighbouring columns, by their keys; its head is at the right unless `back`."""

    left: str
    right: str
    back: bool = False


@dataclass(slots=True)
class Placed:
    """A node in its place."""

    node: Node
    order: int
    """In its column, from 0."""
    line: int = 0
    """The line of its label."""
    left: int = 0
    width: int = 0


@dataclass(slots=True)
class _Net:
    """Edges that share their inner end."""

    inner: int
    """Its line."""
    outer: set[int]
    """Lines of the others."""
    lane: int = 0
    first: int = 0
    last: int = 0

    @property
    def straight(self) -> bool:
        return self.first == self.last


@dataclass(slots=True)
class _Channel:
    """What is between two columns."""

    left: int
    right: int
    inner_left: bool
    nets: list[_Net]
    heads: dict[int, str] = field(default_factory=dict)
    """In the last cell, by the line."""
    back_heads: dict[int, str] = field(default_factory=dict)
    """In the first cell."""


class Layered:
    """A graph that was laid out; 2,000 nodes take some 20 ms.

    Args:
        nodes: edges that name others, or lead not to the next column, are left out.
    """

    def __init__(self, nodes: Sequence[Node], edges: Iterable[Edge], zoom: Zoom = "labels") -> None:
        self.zoom: Zoom = zoom
        self.nodes: list[Placed] = []
        self.columns: dict[int, list[Placed]] = {}
        self.at: dict[str, int] = {}
        """Where in `nodes` one is."""
        self.height = 0
        self.width = 0
        self._channels: list[_Channel] = []
        self._of_line: dict[int, list[Placed]] = defaultdict(list)
        column_of = {node.key: node.column for node in nodes}
        known = [
            edge
            for edge in dict.fromkeys(edges)
            if edge.left in column_of and column_of.get(edge.right) == column_of[edge.left] + 1
        ]
        self._neighbours: dict[str, list[str]] = defaultdict(list)
        for edge in known:
            self._neighbours[edge.left].append(edge.right)
            self._neighbours[edge.right].append(edge.left)
        self._stand(nodes)
        self._spread(known)

    def __len__(self) -> int:
        return len(self.nodes)

    # -- walking -----------------------------------------------------------------------------------------

    def beside(self, index: int, step: int) -> int:
        """The node that lies so many steps below this one in its column."""
        placed = self.nodes[index]
        column = self.columns[placed.node.column]
        return self.at[column[max(0, min(placed.order + step, len(column) - 1))].node.key]

    def along(self, index: int, side: Literal[-1, 1]) -> int:
        """The nearest node that an edge leads to on one side, else this one."""
        placed = self.nodes[index]
        found = [self.nodes[self.at[key]] for key in self._neighbours[placed.node.key]]
        found = [other for other in found if other.node.column == placed.node.column + side]
        if not found:
            return index
        return self.at[min(found, key=lambda other: abs(other.line - placed.line)).node.key]

    def node_at(self, line: int, cell: int) -> int | None:
        """The node that shows at a place."""
        reach = _MIDDLE[self.zoom]
        for near in range(line - reach, line + reach + 1):
            for placed in self._of_line.get(near, ()):
                if placed.left <= cell < placed.left + placed.width:
                    return self.at[placed.node.key]
        return None

    # -- places ------------------------------------------------------------------------------------------

    def _stand(self, nodes: Sequence[Node]) -> None:
        """Give each node its column, its order there and its line."""
        step = _STEP[self.zoom]
        by_column: dict[int, list[Node]] = defaultdict(list)
        for node in nodes:
            by_column[node.column].append(node)
        line_of: dict[str, float] = {}
        for column in sorted(by_column, key=abs):
            wanted: dict[str, float] = {}
            for number, node in enumerate(by_column[column]):
                inner = [line_of[key] for key in self._neighbours[node.key] if key in line_of]
                wanted[node.key] = sum(inner) / len(inner) if inner else number * step
            ordered = sorted(by_column[column], key=lambda node: wanted[node.key])
            lines = _settled([wanted[node.key] for node in ordered], step)
            self.columns[column] = [
                Placed(node, order, line) for order, (node, line) in enumerate(zip(ordered, lines, strict=True))
            ]
            line_of |= {placed.node.key: placed.line for placed in self.columns[column]}
        self.columns = {column: self.columns[column] for column in sorted(self.columns)}
        top = min((placed.line for column in self.columns.values() for placed in column), default=0)
        for stack in self.columns.values():
            for placed in stack:
                placed.line += _MIDDLE[self.zoom] - top
                self.height = max(self.height, placed.line + step - _MIDDLE[self.zoom])
                self.at[placed.node.key] = len(self.nodes)
                self.nodes.append(placed)
                self._of_line[placed.line].append(placed)

    def _spread(self, edges: Sequence[Edge]) -> None:
        """Give each column its place from left to right, with room for the lanes between them."""
        by_column: dict[int, list[Edge]] = defaultdict(list)
        for edge in edges:
            by_column[self.nodes[self.at[edge.left]].node.column].append(edge)
        left = 0
        for column, stack in self.columns.items():
            for placed in stack:
                placed.left = left
                placed.width = self._width_of(placed.node)
            left += max(placed.width for placed in stack)
            if column + 1 in self.columns:
                channel = self._channel(left, column >= 0, by_column[column])
                self._channels.append(channel)
                left = channel.right + 1
        self.width = left

    def _channel(self, left: int, inner_left: bool, edges: Sequence[Edge]) -> _Channel:
        nets: dict[str, _Net] = {}
        channel = _Channel(left, left, inner_left, [])
        for edge in edges:
            here, there = self.nodes[self.at[edge.left]].line, self.nodes[self.at[edge.right]].line
            key, inner, outer = (edge.left, here, there) if inner_left else (edge.right, there, here)
            nets.setdefault(key, _Net(inner, set())).outer.add(outer)
            (channel.back_heads if edge.back else channel.heads)[here if edge.back else there] = (
                BACK_HEAD if edge.back else HEAD
            )
        channel.nets = list(nets.values())
        lanes = _give_lanes(channel.nets)
        channel.right = left + _ROOM + lanes - 1
        for net in channel.nets:
            net.lane = left + 1 + net.lane if inner_left else channel.right - 1 - net.lane
        return channel

    def _width_of(self, node: Node) -> int:
        if self.zoom == "dots":
            return cell_width(node.dot) + 1
        return min(cell_width(node.label), _WIDEST) + (4 if self.zoom == "boxes" else 2)

    # -- drawing -----------------------------------------------------------------------------------------

    def pieces(self, line: int, cursor: int = -1) -> list[Piece]:
        """What stands in a line, from left to right; the node under the cursor has the tone `cursor`."""
        found: list[Piece] = []
        for near in (line - 1, line, line + 1) if self.zoom == "boxes" else (line,):
            for placed in self._of_line.get(near, ()):
                found += self._node_pieces(placed, line - near, cursor)
        for channel in self._channels:
            found += _channel_pieces(channel, line)
        for placed in self._of_line.get(line, ()):
            found += self._tail(placed)
        return sorted(found)

    def _node_pieces(self, placed: Placed, part: int, cursor: int) -> list[Piece]:
        node, width = placed.node, placed.width
        here = self.at[node.key] == cursor
        tone = "cursor" if here else node.tone
        if self.zoom == "dots":
            return [(placed.left, f"{node.dot}{'‹' if here else ' '}", tone)]
        label = fit(node.label, width - (4 if self.zoom == "boxes" else 2))
        if self.zoom == "labels":
            return [(placed.left, f"{'›' if here else ' '}{label} ", tone)]
        if part:
            ends = "╭╮" if part < 0 else "╰╯"
            return [(placed.left, f"{ends[0]}{'─' * (width - 2)}{ends[1]}", "guide")]
        right = placed.left + width - 1
        inside = f"{'›' if here else ' '}{label} "
        return [(placed.left, "│", "guide"), (placed.left + 1, inside, tone), (right, "│", "guide")]

    def _tail(self, placed: Placed) -> list[Piece]:
        """The line from the end of a node to the channel at its right, where an edge begins there."""
        column = placed.node.column
        if not any(self.nodes[self.at[key]].node.column > column for key in self._neighbours[placed.node.key]):
            return []
        start = placed.left + placed.width
        end = next(channel.left for channel in self._channels if channel.left >= start)
        return [(start, "─" * (end - start), "guide")] if end > start else []


def _settled(wanted: Sequence[float], step: int) -> list[int]:
    """Lines near to the wanted ones, which rise, at least `step` apart."""
    blocks: list[tuple[float, int]] = []
    """Mean and size of runs that stand close together, with the steps between them taken out."""
    for number, line in enumerate(wanted):
        mean, size = line - number * step, 1
        while blocks and blocks[-1][0] >= mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    means = [round(mean) for mean, size in blocks for _ in range(size)]
    return [mean + number * step for number, mean in enumerate(means)]


def _give_lanes(nets: Sequence[_Net]) -> int:
    """Give each net that needs one a lane, from the inner side outwards; how many there are."""
    for net in nets:
        net.first, net.last = min(net.inner, *net.outer), max(net.inner, *net.outer)

    def nearest_first(net: _Net) -> tuple[bool, int]:
        """Of nets that lead down the lower one lies further in, of those that lead up the upper one."""
        up = sum(net.outer) < net.inner * len(net.outer)
        return up, net.inner if up else -net.inner

    ends: list[list[tuple[int, int]]] = []
    for net in sorted((net for net in nets if not net.straight), key=nearest_first):
        lane = len(ends)
        while lane and all(net.last < first or net.first > last for first, last in ends[lane - 1]):
            lane -= 1
        if lane == len(ends):
            ends.append([])
        ends[lane].append((net.first, net.last))
        net.lane = lane
    return len(ends)


def _channel_pieces(channel: _Channel, line: int) -> list[Piece]:
    cells: dict[int, list[int]] = defaultdict(list)

    def add(first: int, last: int, directions: int) -> None:
        for cell in range(first, last + 1):
            cells[cell].append(directions)

    for net in channel.nets:
        if not net.first <= line <= net.last:
            continue
        inner, outer = line == net.inner, line in net.outer
        if net.straight:
            add(channel.left, channel.right, _LEVEL)
            continue
        to_left, to_right = (inner, outer) if channel.inner_left else (outer, inner)
        add(channel.left, net.lane - 1, _LEVEL) if to_left else None
        add(net.lane + 1, channel.right, _LEVEL) if to_right else None
        up, down = _UP * (line > net.first), _DOWN * (line < net.last)
        cells[net.lane].append(up | down | _LEFT * to_left | _RIGHT * to_right)
    if not cells:
        return []
    signs = {cell: _sign(found) for cell, found in cells.items()}
    if line in channel.heads:
        signs[channel.right] = channel.heads[line]
    if line in channel.back_heads:
        signs[channel.left] = channel.back_heads[line]
    pieces: list[Piece] = []
    for cell in sorted(signs):
        if pieces and pieces[-1][0] + len(pieces[-1][1]) == cell:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + signs[cell], "guide")
        else:
            pieces.append((cell, signs[cell], "guide"))
    return pieces


def _sign(found: Sequence[int]) -> str:
    """The sign of a cell that one net or several go through."""
    if {*found} == {_UPRIGHT, _LEVEL}:
        return "│"
    united = 0
    for directions in found:
        united |= directions
    return _SIGNS[united]
