"""Which engine answers, and what the answer says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.catalog import open_catalog
from dmart_tui.core.config import Settings
from dmart_tui.core.errors import DmartTuiError, Failed, UsageFault
from dmart_tui.core.search import Inexpressible, Page, Request, Search, parse
from dmart_tui.core.spaces import Spaces
from tests.support.rights import put_entry

if TYPE_CHECKING:
    from pathlib import Path

REQUEST = Request(parse("*").tree)


class Remote:
    """An engine that answers, or fails as told."""

    name = "redis"

    def __init__(self, error: DmartTuiError | None = None) -> None:
        self.error = error
        self.asked = 0

    def search(self, request: Request) -> Page:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return Page(7, [], [], self.name)


def search_with(root: Path, remote: Remote | None) -> Search:
    put_entry(root, "s", "space")
    catalog = open_catalog(Spaces(root), root.parent / f"{root.name} cache")
    catalog.update()
    return Search(Spaces(root), Settings(), catalog=catalog, remote=remote)


def test_the_server_answers_when_there_is_one(tmp_path: Path) -> None:
    search = search_with(tmp_path, Remote())
    assert search.search(REQUEST).engine == "redis"
    local = search.search(REQUEST, "local")
    assert (local.engine, local.total, local.notes) == ("local", 1, ())
    assert local.freshness.startswith("as of 2")


def test_without_one_the_index_answers(tmp_path: Path) -> None:
    search = search_with(tmp_path, None)
    assert (search.search(REQUEST).engine, search.search(REQUEST).notes) == ("local", ())
    with pytest.raises(UsageFault, match="no Redis is set"):
        search.search(REQUEST, "redis")


def test_what_the_server_cannot_be_asked_is_asked_of_the_index(tmp_path: Path) -> None:
    remote = Remote(Inexpressible("it cannot"))
    search = search_with(tmp_path, remote)
    for asked in (1, 2):
        page = search.search(REQUEST)
        assert (page.engine, page.notes) == ("local", ("the local index answers: it cannot",))
        assert remote.asked == asked
    with pytest.raises(Inexpressible):
        search.search(REQUEST, "redis")


def test_a_dead_server_is_left_alone_for_a_while(tmp_path: Path) -> None:
    remote = Remote(Failed("the Redis does not answer"))
    search = search_with(tmp_path, remote)
    for _ in range(2):
        page = search.search(REQUEST)
        assert (page.engine, page.notes) == ("local", ("the local index answers: the Redis does not answer",))
    assert remote.asked == 1
