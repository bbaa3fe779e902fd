"""Histories through the index: the same lines in the same order as when every file is opened."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.catalog import Catalog, known_lines, open_catalog, positions
from dmart_tui.core.errors import NotFound
from dmart_tui.core.spaces import LineFile, Spaces, timeline
from tests.core.catalog.conftest import put

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def line(minute: int, owner: str = "ann") -> str:
    return json.dumps({"timestamp": f"2024-05-01T10:{minute:02}:00", "owner_shortname": owner, "diff": {}})


@pytest.fixture
def written(root: Path) -> Path:
    """The root with histories of all kinds, some damaged."""
    for path, text in {
        "blog/.dm/history.jsonl": line(1),
        "blog/posts/.dm/history.jsonl": "\n".join([line(5, "bob"), "{torn", line(30)]),
        "blog/posts/.dm/a/history.jsonl": "".join(f"{line(at, 'ann' if at % 2 else 'bob')}\n" for at in range(8, 20)),
        "blog/posts/.dm/b/history.jsonl": f"{line(2)}{line(50, 'bob')}\n\n",
        "blog/posts/.dm/gone/history.jsonl": line(40),
        "blog/posts/old/.dm/c/meta.history.jsonl": line(3),
        "blog/.dm/posts/a/history.jsonl": line(22, "bob"),
        "blog/.dm/events.jsonl": line(21),
    }.items():
        put(root / path, text.encode())
    (root / "blog/posts/old/.dm/c/history.jsonl").symlink_to("/etc/hostname")
    return root


def told(spaces: Spaces, top: Address | None = None, **options: object) -> list[tuple[object, ...]]:
    lines = timeline(spaces, top, **options)  # type: ignore[arg-type]
    return [(one.path, one.index, one.timestamp, one.owner, one.source, str(one.address)) for one in lines]


def tops() -> Iterator[Address | None]:
    yield from (None, *map(Address.parse, ("blog", "blog/posts", "blog/posts/a", "blog/posts/old", "management")))


@pytest.mark.parametrize("most", [1, 3, 1000])
@pytest.mark.parametrize("owner", ["", "bob"])
def test_the_index_tells_the_same_lines_in_the_same_order(
    catalog: Catalog, written: Path, monkeypatch: pytest.MonkeyPatch, most: int, owner: str
) -> None:
    monkeypatch.setattr(positions, "MOST", most)
    catalog.update()
    for top in tops():
        walked = told(catalog.spaces, top, owner=owner)
        assert told(catalog.spaces, top, owner=owner, known=known_lines(catalog, top, owner=owner)) == walked
    assert told(catalog.spaces, owner=owner)


def test_the_demo_told_by_its_index(demo_root: Path, tmp_path: Path) -> None:
    catalog = open_catalog(Spaces(demo_root), tmp_path)
    catalog.update()
    walked = told(catalog.spaces)
    assert len(walked) > 1000
    assert told(catalog.spaces, known=known_lines(catalog)) == walked


@pytest.mark.parametrize("folder", ["blog/.dm", "blog/posts/.dm", "blog/posts/.dm/a", "blog/posts/old/.dm"])
def test_a_new_line_is_known_at_once(catalog: Catalog, written: Path, folder: str) -> None:
    catalog.update()
    with (written / folder / "history.jsonl").open("a") as file:
        file.write(f"\n{line(59, 'cid')}\n")
    known = known_lines(catalog, owner="cid")
    assert [one[2:4] for one in told(catalog.spaces, known=known, owner="cid")] == [("2024-05-01T10:59:00", "cid")]


def test_only_files_of_lines_that_are_wanted_are_opened(
    catalog: Catalog, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.update()
    known = known_lines(catalog, Address("blog"))
    opened: set[str] = set()
    read = LineFile._read

    def noted(file: LineFile, position: int, size: int, *, back: bool = False) -> tuple[int, bytes]:
        opened.add(file.path)
        return read(file, position, size, back=back)

    monkeypatch.setattr(LineFile, "_read", noted)
    newest = told(catalog.spaces, Address("blog"), known=known, limit=2)
    assert [one[0] for one in newest] == ["blog/posts/.dm/b/history.jsonl"] * 2
    of_no_entry = {f"{written}/blog/.dm/posts/a/history.jsonl", f"{written}/blog/.dm/events.jsonl"}
    assert opened == {f"{written}/blog/posts/.dm/b/history.jsonl", *of_no_entry}


def test_without_a_whole_index_files_are_looked_for(catalog: Catalog, written: Path) -> None:
    assert known_lines(catalog) is None
    catalog.update()
    assert known_lines(catalog, Address.parse("blog/posts/a#comment/one")) is None
    with pytest.raises(NotFound):
        known_lines(catalog, Address.parse("blog/nothing"))


def test_lines_of_what_is_gone_are_gone(catalog: Catalog, written: Path) -> None:
    catalog.update()
    shutil.rmtree(written / "blog")
    assert told(catalog.spaces, known=known_lines(catalog)) == []
