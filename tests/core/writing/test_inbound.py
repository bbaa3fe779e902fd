"""What points to something: the same with the index of the root and without it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.catalog import open_catalog
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.writing.inbound import inbound, pointers
from tests.core.writing.conftest import meta, put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dmart_tui.core.writing import Store

HELLO, OTHER = Address.parse("blog/posts/hello"), Address.parse("blog/posts/other")


def told(spaces: Spaces, targets: Iterable[Address]) -> dict[Address, list[str]]:
    return {target: sorted(f"{found.address} {found.path}" for found in inbound(spaces, target)) for target in targets}


def test_the_index_tells_what_all_metas_tell(demo_root: Path) -> None:
    spaces = Spaces(demo_root)
    entries = [entry.address for entry in spaces.walk()]
    folders = {Address(one.space, one.parts[:depth]) for one in entries for depth in range(len(one.parts))}
    targets = [*entries[::29], *folders, Address.parse("management/schema"), Address.parse("management")]
    without = told(spaces, targets), pointers(spaces, targets)
    assert sum(map(len, without[0].values())) > 100
    open_catalog(spaces).update()
    found = pointers(spaces, targets)
    assert told(spaces, targets) == without[0]
    assert {one: sorted(map(str, who)) for one, who in found.items()} == {
        one: sorted(map(str, who)) for one, who in without[1].items()
    }


def test_only_what_the_index_names_is_read(store: Store, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_catalog(store.spaces).update()
    monkeypatch.setattr(Spaces, "walk", lambda *_: pytest.fail("all metas were read"))
    before = told(store.spaces, [HELLO])[HELLO]
    named = {"space_name": "blog", "type": "content", "subpath": "posts", "shortname": "hello"}
    put(root / "blog/posts/.dm/other/meta.content.json", meta("other", relationships=[{"related_to": named}]))
    after = told(store.spaces, [HELLO])[HELLO]
    assert after == sorted({*before, f"{OTHER} ('relationships', 0, 'related_to')"})


def test_an_index_that_is_damaged_or_unfinished_tells_nothing(store: Store) -> None:
    catalog = open_catalog(store.spaces)
    without = told(store.spaces, [HELLO])
    catalog.file.parent.mkdir(parents=True, exist_ok=True)
    catalog.file.write_bytes(b"no database")
    assert told(store.spaces, [HELLO]) == without
