"""Diagrams: what is linked is joined by a line that can be followed, and nothing else is."""

from __future__ import annotations

import random

import pytest

from dmart_tui.core.text import cell_width
from dmart_tui.tui.widgets.diagram import MOST_NODES, Drawing, Edge, Node, draw

_JOINED = {
    "╰": "NE", "│": "NS", "╭": "ES", "├": "NES", "╯": "NW", "─": "EW", "┴": "NEW", "╮": "SW", "┤": "NSW",
    "┬": "ESW", "┼": "NESW", "▲": "NS", "▼": "NS",
}  # fmt: skip
_STEP = {"N": (-1, 0, "S"), "E": (0, 1, "W"), "S": (1, 0, "N"), "W": (0, -1, "E")}


def drawing(names: str, edges: str, width: int = 60) -> Drawing:
    pairs = [Edge(edge[0], edge[1]) for edge in edges.split()]
    return draw([Node(name, name * 5) for name in names], pairs, width)


def text(found: Drawing) -> list[str]:
    return ["".join(piece for piece, _ in line).rstrip() for line in found.lines]


@pytest.mark.parametrize(
    ("names", "edges", "expected"),
    [
        ("a", "", ["[aaaaa]"]),
        ("ab", "ab", ["[aaaaa]", "   ▼", "[bbbbb]"]),
        ("ab", "ab ba", ["[aaaaa]", "  ▼ ▲", "[bbbbb]"]),
        (
            "abc",
            "ab ac",
            ["    [aaaaa]", "   ╭───┴────╮", "   ▼        ▼", "[bbbbb]  [ccccc]"],
        ),
        (
            "abc",
            "ab bc ac",
            [
                "   [aaaaa]",
                "      ├───╮",
                "      ▼   │",
                "[bbbbb]   │",
                "   ╰──╮   │",
                "      ├───╯",
                "      ▼",
                "   [ccccc]",
            ],
        ),
        ("a", "aa", ["[aaaaa ↻]"]),
    ],
)
def test_small_graphs_look_like_this(names: str, edges: str, expected: list[str]) -> None:
    assert text(drawing(names, edges)) == expected


@pytest.mark.parametrize("seed", range(60))
def test_every_line_ends_at_a_line_a_head_or_a_node(seed: int) -> None:
    chance = random.Random(seed)
    names = "abcdefghijkl"[: chance.randint(2, 12)]
    edges = {(chance.choice(names), chance.choice(names)) for _ in range(chance.randint(1, 18))}
    nodes = [Node(name, name * chance.randint(5, 9)) for name in names]
    found = draw(nodes, [Edge(*edge) for edge in edges], 200)
    lines = [line.replace(" ↻", "-↻") for line in text(found)]
    cells = {(y, x): sign for y, line in enumerate(lines) for x, sign in enumerate(line) if sign != " "}
    for (y, x), sign in cells.items():
        for way in _JOINED.get(sign, ""):
            down, right, back = _STEP[way]
            other = cells.get((y + down, x + right), " ")
            # An upright line runs over a level one where they cross.
            crossed = way in "EW" and other == "│"
            assert crossed or other not in _JOINED or back in _JOINED[other], "\n".join(lines)
            assert other != " ", "\n".join(lines)


@pytest.mark.parametrize("seed", range(20))
def test_edges_without_a_common_end_never_share_a_piece_of_a_line(seed: int) -> None:
    """Each edge in a tone of its own: following a tone from its source leads to its target."""
    chance = random.Random(seed)
    names = "abcdefgh"
    pairs = {(chance.choice(names), chance.choice(names)) for _ in range(12)}
    for chosen in sorted(pair for pair in pairs if pair[0] != pair[1]):
        edges = [Edge(*pair, "accent" if pair == chosen else "guide") for pair in pairs]
        found = draw([Node(name, name * 5) for name in names], edges, 200)
        heads = "".join(piece for line in found.lines for piece, tone in line if tone == "accent")
        first, last = sorted(found.line_of[name] for name in chosen)
        marked = [at for at, line in enumerate(found.lines) if any(tone == "accent" for _, tone in line)]
        assert marked == list(range(first + 1, last))
        assert heads.count("▼") + heads.count("▲") == 1


def test_labels_are_cut_to_the_width_and_wide_letters_keep_their_cells() -> None:
    nodes = [Node("top", "開く"), *(Node(name, "a long label " * 3) for name in "abc")]
    found = draw(nodes, [Edge("top", name) for name in "abc"], 40)
    assert max(cell_width(line) for line in text(found)) <= 40
    assert "開く" in text(found)[0]
    assert found.line_of["a"] == len(found.lines) - 1


def test_nodes_and_edges_that_are_too_many_or_lead_nowhere_are_left_out() -> None:
    nodes = [Node(str(number), str(number)) for number in range(MOST_NODES + 5)]
    found = draw(nodes, [Edge("0", "1"), Edge("0", "nowhere"), Edge("0", str(MOST_NODES + 1))], 60)
    assert len(found.line_of) == MOST_NODES
    assert text(found)[-1] == "⋯ 5 more"
    assert draw([], [], 40).lines == []
