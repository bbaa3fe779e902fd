"""A graph as text that other programs draw: DOT, Mermaid, SVG."""

from __future__ import annotations

from collections import defaultdict
from html import escape
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.text import cell_width, safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dmart_tui.core.graphs.ego import Ego
    from dmart_tui.core.graphs.links import Link

_CELL, _LINE = 7.3, 44
"""Size of a character and distance of two nodes in an SVG."""
_CHANNEL: Final = 180
_MARGIN: Final = 24


def exported(graph: Ego, format_: str) -> str:
    """The graph in one of `FORMATS`."""
    return "".join(f"{line}\n" for line in FORMATS[format_](graph))


def _numbers(graph: Ego) -> dict[Any, int]:
    return {address: number for number, address in enumerate(graph.nodes)}


def _drawn(graph: Ego) -> Iterator[Link]:
    return (link for link in graph.links if link.source in graph.nodes and link.target in graph.nodes)


def _dot(graph: Ego) -> Iterator[str]:
    numbers = _numbers(graph)
    yield "digraph relations {"
    yield "  rankdir=LR;"
    yield "  node [shape=box, style=rounded];"
    for address, number in numbers.items():
        node = graph.nodes[address]
        looks = ", penwidth=2" if address == graph.centre else "" if node.type else ', style="rounded,dashed"'
        about = _dot_text(node.type or "nothing there")
        yield f"  n{number} [label={_dot_text(str(address))}, tooltip={about}{looks}];"
    for link in _drawn(graph):
        yield f"  n{numbers[link.source]} -> n{numbers[link.target]} [label={_dot_text(link.role)}];"
    yield "}"


def _dot_text(text: str) -> str:
    quoted = safe(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _mermaid(graph: Ego) -> Iterator[str]:
    numbers = _numbers(graph)
    yield "flowchart LR"
    for address, number in numbers.items():
        yield f"  n{number}[{_mermaid_text(str(address))}]"
    for link in _drawn(graph):
        arrow = "-->" if link.target_type else "-.->"
        yield f"  n{numbers[link.source]} {arrow}|{_mermaid_text(link.role)}| n{numbers[link.target]}"
    yield f"  style n{numbers[graph.centre]} stroke-width:3px"


def _mermaid_text(text: str) -> str:
    """Quoted; what would end the quote or be read as markup is an entity, as Mermaid writes them."""
    return '"' + "".join(f"#{ord(char)};" if char in '"#&<>`\\' else char for char in safe(text)) + '"'


def _svg(graph: Ego) -> Iterator[str]:
    columns: dict[int, list[Any]] = defaultdict(list)
    for address, node in graph.nodes.items():
        columns[node.distance].append(address)
    height = max(map(len, columns.values())) * _LINE
    box: dict[Any, tuple[float, float, float]] = {}
    left = float(_MARGIN)
    for distance in sorted(columns):
        names = columns[distance]
        top = _MARGIN + (height - len(names) * _LINE) / 2
        width = max(cell_width(safe(str(address))) for address in names) * _CELL + 20
        for row, address in enumerate(names):
            box[address] = left, top + row * _LINE, width
        left += width + _CHANNEL
    yield (
        '<svg xmlns="http://www.w3.org/2000/svg"'
        f' width="{left - _CHANNEL + _MARGIN:.0f}" height="{height + 2 * _MARGIN}"'
        ' font-family="monospace" font-size="12">'
    )
    yield (
        '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="#777"/></marker></defs>'
    )
    for link in _drawn(graph):
        (x1, y1, w1), (x2, y2, w2) = box[link.source], box[link.target]
        start, end = (x1 + w1, x2) if x1 < x2 else (x1, x2 + w2) if x1 > x2 else (x1 + w1, x2 + w2)
        bend = 60 if start <= end else -60
        middle, lower = y1 + 14, y2 + 14
        back = bend if x1 != x2 else -60
        yield (
            f'<path d="M{start:.0f} {middle:.0f} C{start + bend:.0f} {middle:.0f} {end - back:.0f} {lower:.0f}'
            f' {end:.0f} {lower:.0f}" fill="none" stroke="#777" marker-end="url(#head)">'
            f"<title>{escape(link.role)}</title></path>"
        )
    for address, (x, y, width) in box.items():
        node = graph.nodes[address]
        looks = 'stroke="#c00" stroke-dasharray="4"' if not node.type else 'stroke="#333"'
        thick = ' stroke-width="2.5"' if address == graph.centre else ""
        yield f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="28" rx="5" fill="#fff" {looks}{thick}/>'
        yield f'<text x="{x + 10:.0f}" y="{y + 18:.0f}">{escape(safe(str(address)))}</text>'
    yield "</svg>"


FORMATS: Final[dict[str, Callable[[Ego], Iterator[str]]]] = {"dot": _dot, "mermaid": _mermaid, "svg": _svg}
"""How a graph can be written."""
