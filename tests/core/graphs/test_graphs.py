"""The graph around an entry, ways between entries, and drawings for other programs."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.catalog import Catalog, open_catalog
from dmart_tui.core.graphs import FORMATS, ROLES, Link, ego, exported, open_links, shortest_path
from dmart_tui.core.graphs.ego import FAN
from dmart_tui.core.spaces import Spaces
from tests.support.panes import make_entry, make_space
from tests.support.redisearch import meta, payload, put, write_root

if TYPE_CHECKING:
    from pathlib import Path

ALL = frozenset(ROLES)
HOSTILE = 'a"]\\;<b>'


def at(name: str) -> Address:
    return Address("shop", (name,))


class Known:
    """Links between entries of `shop` by their names."""

    def __init__(self, *pairs: str) -> None:
        self.links = [
            Link(at(source), at(target), "relationship", "content", "content")
            for source, _, target in (pair.rpartition(">") for pair in pairs)
        ]

    def points_from(self, address: Address) -> list[Link]:
        return [link for link in self.links if link.source == address]

    def pointing_to(self, address: Address, roles: frozenset[Any], most: int) -> tuple[list[Link], int]:
        found = [link for link in self.links if link.target == address and link.role in roles]
        return found[:most], len(found)


def distances(known: Any, centre: str, **options: Any) -> dict[str, int]:
    found = ego(known, at(centre), "content", roles=ALL, **options)
    return {address.name: node.distance for address, node in found.nodes.items()}


def test_layers_by_distance_and_depth() -> None:
    known = Known("a>b", "b>c", "c>d", "z>a", "y>z")
    assert distances(known, "a") == {"a": 0, "b": 1, "z": -1}
    assert distances(known, "a", depth=2) == {"a": 0, "b": 1, "z": -1, "c": 2, "y": -2}


def test_a_circle_ends() -> None:
    known = Known("a>b", "b>c", "c>a", "a>a")
    assert distances(known, "a", depth=5) == {"a": 0, "b": 1, "c": -1}
    assert len(ego(known, at("a"), "content", depth=5, roles=ALL).links) == 4


def test_single_nodes_are_followed_further_or_not() -> None:
    known = Known("a>b", "a>c", "b>d", "c>e")
    assert "d" in distances(known, "a", switched=frozenset([at("b")]))
    assert "d" not in distances(known, "a", depth=2, switched=frozenset([at("b")]))


def test_a_fan_is_counted_not_shown() -> None:
    known = Known(*(f"a>n{number}" for number in range(500)), *(f"m{number}>a" for number in range(700)))
    graph = ego(known, at("a"), "content", roles=ALL)
    assert len(graph.nodes) == 1 + 2 * FAN
    assert graph.nodes[at("a")].more == {1: 500 - FAN, -1: 700 - FAN}


def test_the_whole_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ego.__globals__, "MOST", 500)
    known = Known(*(f"{number}>{10 * number + digit}" for number in range(1, 300) for digit in range(10)))
    known.links.sort(key=lambda link: link.source)
    assert len(ego(known, at("1"), "content", depth=9, roles=ALL).nodes) == 500


def test_roles_and_who_may_see_narrow_it() -> None:
    known = Known("a>b", "a>c")
    known.links[0] = replace(known.links[0], role="owner")
    only = ego(known, at("a"), "content", roles=frozenset(["owner"]))
    assert set(only.nodes) == {at("a"), at("b")}
    assert distances(known, "a", shows=lambda address: address.name != "b") == {"a": 0, "c": 1}


def test_a_way_goes_along_links_either_way() -> None:
    known = Known("a>b", "c>b", "c>d", "x>y")
    way = shortest_path(known, at("a"), at("d"), ALL)
    assert way is not None
    assert [(step.end.name, step.forward) for step in way] == [("b", True), ("c", False), ("d", True)]
    assert shortest_path(known, at("a"), at("y"), ALL) is None
    assert shortest_path(known, at("a"), at("a"), ALL) == []


# -- over the index ------------------------------------------------------------------------------------


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    root = make_space(tmp_path / "spaces")
    related = {"type": "content", "space_name": "shop", "subpath": "/"}
    to_pear = {"related_to": {**related, "shortname": "pear"}, "attributes": {"role": "like", "password": "hush"}}
    to_nothing = {"related_to": {**related, "shortname": "gone"}, "attributes": {}}
    make_entry(root, "apple", relationships=[to_pear, to_nothing])
    make_entry(root, "pear")
    make_entry(root, "quince")
    found = open_catalog(Spaces(root), tmp_path / "index")
    found.update()
    return found


def test_both_ways_with_what_a_link_says(catalog: Catalog) -> None:
    with open_links(catalog) as links:
        away = [link for link in links.points_from(at("apple")) if link.role == "relationship"]
        towards, count = links.pointing_to(at("pear"), ALL, 10)
    assert [(link.target.name, link.target_type) for link in away] == [("pear", "content"), ("gone", "")]
    assert towards == [away[0]]
    assert count == 1
    assert away[0].attributes["role"] == "like"
    assert "hush" not in str(away + towards)


@pytest.mark.parametrize("name", ["bad\udcff", "half\ud800"])
def test_names_that_are_no_utf8_can_be_asked_for(catalog: Catalog, name: str) -> None:
    with open_links(catalog) as links:
        assert links.pointing_to(at(name), ALL, 10) == ([], 0)


def test_the_lists_of_the_root(catalog: Catalog) -> None:
    with open_links(catalog) as links:
        assert {link.target.name for link in links.dangling()} == {"gone", "dana"}
        assert [address.name for address in links.orphans()] == ["quince"]
        assert next(iter(links.most_pointed_to(5))) == (Address("management", ("users", "dana")), 3)


def test_schemas_of_management_count_there(tmp_path: Path) -> None:
    write_root(tmp_path)
    for name in ("one", "two"):
        put(tmp_path / f"blog/posts/.dm/{name}/meta.content.json", meta(name, payload=payload("x.json", "shared")))
    put(tmp_path / "management/schema/.dm/shared/meta.schema.json", meta("shared", payload=payload("shared.json")))
    put(tmp_path / "management/schema/shared.json", {})
    made = open_catalog(Spaces(tmp_path))
    made.update()
    with open_links(made) as links:
        found = dict(links.most_pointed_to(50))
    assert found[Address("management", ("schema", "shared"))] == 2
    assert found[Address("blog", ("schema", "item"))] == 2
    assert Address("blog", ("schema", "shared")) not in found


def test_without_an_index_the_files_still_say_what_an_entry_names(catalog: Catalog) -> None:
    catalog.drop()
    with open_links(catalog) as links:
        assert links.pointing_to(at("pear"), ALL, 10) == ([], 0)
        assert links.points_from(at("apple"))
        assert list(links.orphans()) == []


# -- drawings ------------------------------------------------------------------------------------------


@pytest.fixture
def hostile() -> Any:
    known = Known("a>b", f"{HOSTILE}>a", "b>a", "a>a", "\x1b[31mred\u202e>a")
    known.links.append(Link(at("a"), at("gone"), "owner", "content", ""))
    return ego(known, at("a"), "content", depth=2, roles=ALL)


@pytest.mark.parametrize("name", FORMATS)
def test_drawings_hold_every_node_and_no_control_character(hostile: Any, name: str) -> None:
    text = exported(hostile, name)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert all(shown in text for shown in ("shop/a", "shop/b", "shop/gone"))


def test_the_svg_is_well_formed(hostile: Any) -> None:
    root = ET.fromstring(exported(hostile, "svg"))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert f"shop/{HOSTILE}" in texts
    assert len(texts) == len(hostile.nodes)


def test_names_cannot_leave_their_quotes(hostile: Any) -> None:
    dot, mermaid = exported(hostile, "dot"), exported(hostile, "mermaid")
    assert '[label="shop/a\\"]\\\\;<b>"' in dot
    assert '["shop/a#34;]#92;;#60;b#62;"]' in mermaid


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_it(hostile: Any) -> None:
    subprocess.run(["dot", "-Tsvg"], input=exported(hostile, "dot").encode(), check=True, capture_output=True)


def test_what_folders_imply_is_linked(tmp_path: Path) -> None:
    for space in ("management", "personal", "shop"):
        put(tmp_path / space / ".dm/meta.space.json", meta(space))
    put(tmp_path / "management/users/.dm/mia/meta.user.json", meta("mia"))
    put(tmp_path / "personal/people/mia/.dm/meta.folder.json", meta("mia"))
    rules = {"content_schema_shortnames": ["tea", "../up", 7], "workflow_shortnames": ["lost"], "sort_by": "tea"}
    put(tmp_path / "shop/leaves/.dm/meta.folder.json", meta("leaves", payload=payload("leaves.json")))
    put(tmp_path / "shop/leaves.json", rules)
    put(tmp_path / "management/schema/.dm/tea/meta.schema.json", meta("tea", payload=payload("tea.json")))
    put(tmp_path / "management/schema/tea.json", {})
    catalog = open_catalog(Spaces(tmp_path), tmp_path / "cache")
    catalog.update()
    user, tea = Address("management", ("users", "mia")), Address("management", ("schema", "tea"))
    with open_links(catalog) as links:
        for kind, source, target in (
            ("personal", Address("personal", ("people", "mia")), user),
            ("folder-schema", Address("shop", ("leaves",)), tea),
        ):
            assert [
                (link.target, bool(link.target_type)) for link in links.points_from(source) if link.role == kind
            ] == [(target, True)]
            found, count = links.pointing_to(target, frozenset([kind]), 10)  # type: ignore[list-item]
            assert ([link.source for link in found], count) == ([source], 1)
            assert links.pointing_to(target, frozenset(["relationship"]), 10)[1] == 0
        lost = [(link.role, str(link.target)) for link in links.dangling() if link.role.startswith("folder-")]
        assert lost == [("folder-workflow", "shop/workflows/lost")]
        assert (tea, 1) in links.most_pointed_to(10)
        assert tea not in list(links.orphans())
