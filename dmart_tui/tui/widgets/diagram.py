"""A small directed graph as lines of box characters: layers from top to bottom, edges in lanes between them.

Edges that close a circle lead upwards, with a port of their own, so that no two edges that have nothing in common ever
share a piece of a line; where they cross, the upright one is drawn whole.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rich.segment import Segment

from dmart_tui.core.text import cell_width, fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dmart_tui.tui.widgets.built_lines import Styles

MOST_NODES: Final = 60
"""Nodes that are drawn; of a larger graph the first ones."""
_LEAST: Final = 7
"""Cells of a node at least: room for its four ports."""
_BEND: Final = 3
"""Cells in which an edge passes a layer."""
_GAP: Final = 2
_SWEEPS: Final = 9
_NORTH, _EAST, _SOUTH, _WEST = 1, 2, 4, 8
_UPRIGHT, _LEVEL = _NORTH | _SOUTH, _EAST | _WEST
_SIGNS: Final = " ╵╶╰╷│╭├╴╯─┴╮┤┬┼"
"""By the directions in which a cell is connected."""
_FAINT: Final = ("guide", "muted", "")


@dataclass(frozen=True, slots=True)
class Node:
    """One node; its label is safe text."""

    key: str
    label: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge; where edges share a line, the strongest tone shows: `guide`, `muted`, plain, then any other."""

    source: str
    target: str
    tone: str = "guide"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A graph that was laid out."""

    lines: list[list[tuple[str, str]]]
    """Pieces of text with their tones."""
    line_of: dict[str, int]
    """In which line a node stands."""

    def segments(self, style: Styles) -> list[list[Segment]]:
        """The lines as a widget draws them."""
        return [[Segment(text, style(tone)) for text, tone in line] for line in self.lines]


@dataclass(slots=True, eq=False)
class _Box:
    """A node in its layer, or the place where an edge passes a layer."""

    node: Node | None
    width: int
    left: int = 0
    down: int = 0
    """Columns of its ports: where edges leave below, come from below, come from above and leave above."""
    from_below: int = 0
    into: int = 0
    upwards: int = 0
    above: list[_Link] = field(default_factory=list)
    below: list[_Link] = field(default_factory=list)

    @property
    def centre(self) -> int:
        return self.left + self.width // 2


@dataclass(slots=True, eq=False)
class _Link:
    """The part of an edge between two layers."""

    upper: _Box
    lower: _Box
    up: bool
    tone: str

    @property
    def net(self) -> tuple[int, bool]:
        """Links that leave by the same port share their lane."""
        return id(self.lower if self.up else self.upper), self.up

    @property
    def top(self) -> int:
        return self.upper.from_below if self.up else self.upper.down

    @property
    def bottom(self) -> int:
        return self.lower.upwards if self.up else self.lower.into


def draw(nodes: Sequence[Node], edges: Iterable[Edge], width: int) -> Drawing:
    """Lay a graph out in at most `width` cells as far as its labels can be cut for that.

    Args:
        nodes: those that come first stand at the top; edges that name others are left out.
    """
    shown = nodes[:MOST_NODES]
    layers = _layers(shown, list(edges), width)
    _place(layers, width)
    canvas = _Canvas()
    line = 0
    line_of: dict[str, int] = {}
    for number, layer in enumerate(layers):
        for box in layer:
            if box.node is None:
                canvas.pass_through(line, box)
            else:
                canvas.write(line, box)
                line_of[box.node.key] = line
        if number + 1 < len(layers):
            line = _route(canvas, line + 1, layer, layers[number + 1])
    lines = canvas.lines(line + 1 if layers else 0)
    if len(nodes) > len(shown):
        lines.append([(f"⋯ {len(nodes) - len(shown):,} more", "muted")])
    return Drawing(lines, line_of)


def _layers(nodes: Sequence[Node], edges: list[Edge], width: int) -> list[list[_Box]]:
    """Boxes by layer, linked with those of the next one, in an order with few crossings."""
    strongest: dict[tuple[str, str], str] = {}
    known = {node.key for node in nodes}
    for edge in edges:
        ends = edge.source, edge.target
        if known.issuperset(ends) and edge.source != edge.target:
            strongest[ends] = max(strongest.get(ends, edge.tone), edge.tone, key=_strength)
    looped = {edge.source for edge in edges if edge.source == edge.target}
    depth, backwards = _depths([node.key for node in nodes], strongest)
    layers: list[list[_Box]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    boxes: dict[str, _Box] = {}
    for node in nodes:
        label = f"{node.label} ↻" if node.key in looped else node.label
        named = Node(node.key, label, node.tone)
        boxes[node.key] = _Box(named, max(_LEAST, cell_width(label) + 2))
        layers[depth[node.key]].append(boxes[node.key])
    for (source, target), tone in strongest.items():
        up = (source, target) in backwards
        upper, lower = (target, source) if up else (source, target)
        last = boxes[upper]
        for level in range(depth[upper] + 1, depth[lower]):
            bend = _Box(None, _BEND)
            layers[level].append(bend)
            _link(last, bend, up, tone)
            last = bend
        _link(last, boxes[lower], up, tone)
    _uncross(layers)
    _cut(layers, width)
    return layers


def _strength(tone: str) -> int:
    return _FAINT.index(tone) if tone in _FAINT else len(_FAINT)


def _link(upper: _Box, lower: _Box, up: bool, tone: str) -> None:
    link = _Link(upper, lower, up, tone)
    upper.below.append(link)
    lower.above.append(link)


def _depths(keys: list[str], edges: Iterable[tuple[str, str]]) -> tuple[dict[str, int], set[tuple[str, str]]]:
    """How deep each node lies (the longest way to it), and the edges that lead back."""
    ways: dict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        ways[source].append(target)
    backwards: set[tuple[str, str]] = set()
    finished: list[str] = []
    state: dict[str, bool] = {}
    """True while a node is on the way that is being followed."""
    for first in keys:
        if first in state:
            continue
        state[first] = True
        way = [(first, iter(ways[first]))]
        while way:
            key, rest = way[-1]
            following = next(rest, None)
            if following is None:
                state[key] = False
                finished.append(key)
                way.pop()
            elif following not in state:
                state[following] = True
                way.append((following, iter(ways[following])))
            elif state[following]:
                backwards.add((key, following))
    depth = dict.fromkeys(keys, 0)
    for key in reversed(finished):
        for following in ways[key]:
            if (key, following) not in backwards:
                depth[following] = max(depth[following], depth[key] + 1)
    return depth, backwards


def _uncross(layers: list[list[_Box]]) -> None:
    """Put each box near the middle of those it is linked with, downwards and upwards in turn."""
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for number in range(1, len(layers)) if down else range(len(layers) - 2, -1, -1):
            beside = {id(box): at for at, box in enumerate(layers[number - 1 if down else number + 1])}
            middle = {}
            for at, box in enumerate(layers[number]):
                places = [beside[id(other)] for other in _linked(box, down)]
                middle[id(box)] = sum(places) / len(places) if places else at
            layers[number].sort(key=lambda box: middle[id(box)])


def _linked(box: _Box, above: bool) -> list[_Box]:
    return [link.upper for link in box.above] if above else [link.lower for link in box.below]


def _cut(layers: list[list[_Box]], width: int) -> None:
    """Cut labels until the widest layer fits, as far as that goes."""
    for layer in layers:
        most = max((box.width for box in layer), default=0)
        while most > _LEAST and sum(min(box.width, most) + _GAP for box in layer) - _GAP > width:
            most -= 1
        for box in layer:
            box.width = min(box.width, most)


def _place(layers: list[list[_Box]], width: int) -> None:
    """Columns of the boxes and of their ports."""
    for layer in layers:
        _pack(layer, [0] * len(layer))
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            wishes = []
            for box in layer:
                others = [other.centre for other in _linked(box, down)]
                middle = round(sum(others) / len(others)) if others else box.centre
                wishes.append(middle - box.width // 2)
            _pack(layer, wishes)
    first = min((box.left for layer in layers for box in layer), default=0)
    last = max((box.left + box.width for layer in layers for box in layer), default=0)
    if last - first > width:
        for layer in layers:
            _pack(layer, [0] * len(layer))
        first = min(box.left for layer in layers for box in layer)
    for layer in layers:
        for box in layer:
            box.left -= first
    for number, layer in enumerate(layers):
        for box in layer:
            _open_below(box)
        if number + 1 < len(layers):
            _open_above(layer, layers[number + 1])


def _pack(layer: list[_Box], wishes: list[int]) -> None:
    """Put boxes where they wish, pushed aside where they would touch, and then all back by what that was."""
    end = wishes[0] if wishes else 0
    for box, wish in zip(layer, wishes, strict=True):
        box.left = max(wish, end)
        end = box.left + box.width + _GAP
    pushed = [box.left - wish for box, wish in zip(layer, wishes, strict=True)]
    back = sum(pushed) // max(1, len(pushed))
    for box in layer:
        box.left -= back


def _open_below(box: _Box) -> None:
    """Choose the ports below a node; where an edge passes, it leaves as it came."""
    if box.node is None:
        return
    both = len({link.up for link in box.below}) > 1
    box.down, box.from_below = box.centre - both, box.centre + both


def _open_above(upper: list[_Box], lower: list[_Box]) -> None:
    """Choose the ports above boxes: below the other end where that is free, never under a port of another net."""
    tops: dict[int, set[tuple[int, bool]]] = defaultdict(set)
    for box in upper:
        for link in box.below:
            tops[link.top].add(link.net)
    taken: set[int] = set()
    for box in lower:
        both = len({link.up for link in box.above}) > 1
        for up in (False, True):
            links = [link for link in box.above if link.up is up]
            if not links:
                continue
            right = box.left + box.width
            columns = range(box.centre + 1 if up and both else box.left, box.centre + 1 if both and not up else right)
            middle = box.centre + (2 * up - 1) * both
            wish = links[0].top if len(links) == 1 and links[0].top in columns else middle
            nets = {link.net for link in links}
            free = [at for at in columns if at not in taken and (at not in tops or len(nets | tops[at]) == 1)]
            port = min(free or columns, key=lambda at: abs(at - wish))
            taken.add(port)
            if up:
                box.upwards = port
            else:
                box.into = port
            if box.node is None:
                box.down = box.from_below = port


def _route(canvas: _Canvas, line: int, upper: list[_Box], lower: list[_Box]) -> int:
    """Draw what leads from one layer to the next, from a line on; the line of the next layer."""
    links = [link for box in upper for link in box.below]
    columns: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for link in links:
        columns[link.net] += (link.top, link.bottom)
    spans = sorted(
        ((min(found), max(found), net) for net, found in columns.items() if min(found) < max(found)),
        key=lambda span: (span[1] - span[0], span[0]),
    )
    lanes: list[list[tuple[int, int]]] = []
    lane_of: dict[tuple[int, bool], int] = {}
    for start, end, net in spans:
        free = (at for at, used in enumerate(lanes) if all(end < left - 1 or start > right + 1 for left, right in used))
        lane = next(free, len(lanes))
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append((start, end))
        lane_of[net] = lane
    heads_up = any(link.up and link.upper.node is not None for link in links)
    heads_down = any(not link.up and link.lower.node is not None for link in links)
    height = max(1, len(lanes) + (heads_up + heads_down if lanes else 0))
    first_lane = line + (heads_up if lanes else 0)
    for link in links:
        canvas.connect(link, line, line + height - 1, first_lane + lane_of.get(link.net, 0))
    for link in links:
        if link.up and link.upper.node is not None:
            canvas.head(line, link.top, "▲", link.tone)
        elif not link.up and link.lower.node is not None:
            canvas.head(line + height - 1, link.bottom, "▼", link.tone)
    return line + height


class _Canvas:
    """What stands in which cell."""

    def __init__(self) -> None:
        self._lines: dict[tuple[int, int], dict[tuple[int, bool], tuple[int, str]]] = defaultdict(dict)
        self._heads: dict[tuple[int, int], tuple[str, str]] = {}
        self._labels: dict[int, list[tuple[int, int, str, str]]] = defaultdict(list)

    def write(self, line: int, box: _Box) -> None:
        assert box.node is not None
        room = box.width - 2
        label = fit(box.node.label, room).rstrip()
        left = (room - cell_width(label)) // 2
        text = f"[{' ' * left}{label}{' ' * (room - left - cell_width(label))}]"
        self._labels[line].append((box.left, box.width, text, box.node.tone))

    def pass_through(self, line: int, box: _Box) -> None:
        link = box.above[0]
        self._add(line, link.bottom, link, _UPRIGHT)

    def connect(self, link: _Link, first: int, last: int, lane: int) -> None:
        """Draw a link: down its upper column to its lane, along it, and down its lower column."""
        for line in range(first, last + 1):
            if link.top == link.bottom:
                self._add(line, link.top, link, _UPRIGHT)
            elif line != lane:
                self._add(line, link.top if line < lane else link.bottom, link, _UPRIGHT)
        if link.top == link.bottom:
            return
        right = link.top < link.bottom
        self._add(lane, link.top, link, _NORTH | (_EAST if right else _WEST))
        for column in range(min(link.top, link.bottom) + 1, max(link.top, link.bottom)):
            self._add(lane, column, link, _LEVEL)
        self._add(lane, link.bottom, link, _SOUTH | (_WEST if right else _EAST))

    def head(self, line: int, column: int, sign: str, tone: str) -> None:
        known = self._heads.get((line, column), (sign, tone))
        self._heads[line, column] = sign, max(known[1], tone, key=_strength)

    def _add(self, line: int, column: int, link: _Link, directions: int) -> None:
        cell = self._lines[line, column]
        known, tone = cell.get(link.net, (0, link.tone))
        cell[link.net] = known | directions, max(tone, link.tone, key=_strength)

    def lines(self, count: int) -> list[list[tuple[str, str]]]:
        rows: list[dict[int, tuple[int, str, str]]] = [{} for _ in range(count)]
        for (line, column), cell in self._lines.items():
            rows[line][column] = (1, *_sign(cell))
        for (line, column), (sign, tone) in self._heads.items():
            rows[line][column] = (1, sign, tone)
        for line, labels in self._labels.items():
            for left, width, text, tone in labels:
                rows[line][left] = (width, text, tone)
        return [_joined(row) for row in rows]


def _sign(cell: dict[tuple[int, bool], tuple[int, str]]) -> tuple[str, str]:
    """The sign and tone of a cell that one edge or several go through."""
    found = list(cell.values())
    if {directions for directions, _ in found} == {_UPRIGHT, _LEVEL}:
        found = [one for one in found if one[0] == _UPRIGHT]
    united = 0
    for directions, _ in found:
        united |= directions
    return _SIGNS[united], max((tone for _, tone in found), key=_strength)


def _joined(row: dict[int, tuple[int, str, str]]) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    end = 0
    for column, (width, text, tone) in sorted(row.items()):
        text = " " * (column - end) + text
        end = column + width
        if pieces and pieces[-1][1] == tone:
            text = pieces.pop()[0] + text
        pieces.append((text, tone))
    return pieces
