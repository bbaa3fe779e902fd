"""Graphs in columns: what is drawn where."""

from __future__ import annotations

import random
from typing import get_args

import pytest

from dmart_tui.tui.widgets.layered import Edge, Layered, Node, Zoom


def drawn(graph: Layered) -> list[str]:
    lines = []
    for line in range(graph.height):
        text = ""
        for left, piece, _ in graph.pieces(line):
            assert len(text) <= left, "two things stand in one place"
            text = text.ljust(left) + piece
        lines.append(text.rstrip())
    return lines


def fan(zoom: Zoom = "labels") -> Layered:
    nodes = [Node("c", "centre", 0), Node("l", "left", -1), *(Node(f"r{n}", f"right {n}", 1) for n in range(3))]
    return Layered(nodes, [Edge("l", "c"), *(Edge("c", f"r{n}") for n in range(3))], zoom)


def test_the_middle_stands_amid_what_hangs_on_it() -> None:
    lines = drawn(fan())
    assert lines[1].startswith(" left ")
    assert "centre ─┼─► right 1" in lines[1]
    assert lines[0].endswith("╭─► right 0")
    assert lines[2].endswith("╰─► right 2")


def test_boxes_take_three_lines() -> None:
    lines = drawn(fan("boxes"))
    assert len(lines) == 9
    assert "│ centre │" in lines[4]


def test_neighbouring_fans_do_not_cross() -> None:
    nodes = [Node("c", "c", 0), *(Node(name, name, 1) for name in "ab")]
    edges = [Edge("c", "a"), Edge("c", "b")]
    for name in "ab":
        nodes += [Node(f"{name}{n}", f"{name}{n}", 2) for n in range(4)]
        edges += [Edge(name, f"{name}{n}") for n in range(4)]
    text = "\n".join(drawn(Layered(nodes, edges)))
    assert "┼" not in text.replace("─┼─►", "")
    assert [line.rsplit(" ", 1)[1] for line in text.split("\n")] == ["a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3"]


def test_an_edge_back_has_its_head_at_the_left() -> None:
    nodes = [Node(name, name, column) for column, name in enumerate("abc")]
    assert drawn(Layered(nodes, [Edge("a", "b"), Edge("b", "c", back=True)])) == [" a ──► b ◄── c"]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_stands_upon_another(seed: int) -> None:
    chance = random.Random(seed)
    nodes, edges, layer = [Node("c", "c", 0)], [], {1: ["c"], -1: ["c"]}
    for distance in range(1, 4):
        for side in (1, -1):
            new = [f"{side * distance}.{n}" for n in range(chance.randint(1, 12))]
            nodes += [Node(key, key * chance.randint(1, 4), side * distance) for key in new]
            for key in new:
                found = chance.sample(layer[side], min(len(layer[side]), chance.randint(1, 2)))
                edges += [Edge(inner, key) if side > 0 else Edge(key, inner) for inner in found]
            layer[side] = new
    for zoom in get_args(Zoom):
        graph = Layered(nodes, edges, zoom)
        assert sum(line.count("►") for line in drawn(graph)) >= len({edge.right for edge in edges})
        assert len({(placed.line, placed.left) for placed in graph.nodes}) == len(nodes)


def test_arrows_follow_edges() -> None:
    graph = fan()
    centre = graph.at["c"]
    assert graph.along(centre, 1) == graph.at["r1"]
    assert graph.along(graph.at["r1"], -1) == centre
    assert graph.along(graph.at["l"], -1) == graph.at["l"]
    assert graph.beside(graph.at["r1"], 1) == graph.at["r2"]
    assert graph.beside(graph.at["r1"], 99) == graph.at["r2"]
    placed = graph.nodes[centre]
    assert graph.node_at(placed.line, placed.left) == centre
    assert graph.node_at(placed.line, placed.left + placed.width) is None


def test_an_empty_graph_is_nothing() -> None:
    assert drawn(Layered((), ())) == []
