"""What the index says is wrong: a part of what a check finds, and nothing else."""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.catalog import Catalog, open_catalog
from dmart_tui.core.spaces import Problem, Spaces
from dmart_tui.core.spaces.checks import Check
from tests.core.catalog.conftest import entry

if TYPE_CHECKING:
    from pathlib import Path


def test_problems_are_those_that_check_finds(demo_root: Path, tmp_path: Path) -> None:
    spaces = Spaces(demo_root)
    catalog = open_catalog(spaces, tmp_path)
    catalog.update()
    checked = {(one.severity, one.kind, one.address) for one in Check(spaces).run() if isinstance(one, Problem)}
    with closing(catalog.connect()) as connection:
        found = set(connection.execute("SELECT severity, kind, address FROM problems"))
    assert found <= checked
    assert {"payload-missing", "payload-unreadable", "meta-unreadable", "uuid-malformed", "relation-malformed"} <= {
        kind for _, kind, _ in found
    }
    led = {"relation-dangling", "owner-missing", "user-missing", "group-missing", "role-missing", "permission-missing"}
    assert {one for one in found if one[1] in led} == {one for one in checked if one[1] in led}


def test_what_is_named_is_missing_from_the_moment_it_goes(catalog: Catalog, root: Path) -> None:
    """What is told of one file changes what is wrong with another that nobody reads again."""

    def dangling() -> list[tuple[str, str]]:
        with closing(catalog.connect()) as connection:
            sql = "SELECT address, detail FROM problems WHERE kind = 'relation-dangling'"
            return [(address, detail.partition(",")[0]) for address, detail in connection.execute(sql)]

    catalog.update()
    assert dangling() == []
    shutil.rmtree(root / "blog/posts/.dm/b")
    outcome = catalog.changed([str(root / "blog/posts/.dm/b")])
    assert outcome is not None and (outcome.read, outcome.removed) == (0, 1)
    assert dangling() == [("blog/posts/a", "the relationship leads to blog/posts/b")]
    entry(root / "blog/posts", "b", {"title": "Rain"})
    catalog.changed([str(root / "blog/posts/.dm/b")])
    assert dangling() == []


@pytest.mark.parametrize(
    ("subpath", "name", "dangling"),
    [("linked", "b", False), ("posts", "nobody", True), ("posts/nowhere", "b", True), ("", "posts", False)],
)
def test_what_check_finds_behind_a_symlink_is_not_missing(
    catalog: Catalog, root: Path, subpath: str, name: str, dangling: bool
) -> None:
    (root / "blog/linked").symlink_to(root / "blog/posts")
    related = {"related_to": {"type": "content", "space_name": "blog", "subpath": subpath, "shortname": name}}
    entry(root / "blog/posts", "far", relationships=[related])
    catalog.update()
    checked = {(one.kind, one.address) for one in Check(catalog.spaces).run() if isinstance(one, Problem)}
    with closing(catalog.connect()) as connection:
        found = set(connection.execute("SELECT kind, address FROM problems"))
    assert found <= checked
    assert (("relation-dangling", "blog/posts/far") in found) is dangling
