"""Building is whole or not at all, touches nothing of others, and can be taken back."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import Failed
from dmart_tui.core.redisearch import Build, Server, drop, list_indexes, meta_fields, read_index
from dmart_tui.core.redisearch.building import creation
from tests.support.redis_server import redis_server
from tests.support.redisearch import build, meta, payload, put

if TYPE_CHECKING:
    from dmart_tui.core.spaces import Spaces

ALL = {
    "blog:item:posts/tea",
    "blog:meta:/posts",
    "blog:meta:/schema",
    "blog:meta:posts/case",
    "blog:meta:posts/coffee",
    "blog:meta:posts/deep",
    "blog:meta:posts/deep/leaf",
    "blog:meta:posts/tea",
    "blog:meta:schema/item",
}


def documents(server: Server) -> set[str]:
    return set(server.keys("blog:"))


def matching(server: Server, index: str = "blog:meta") -> int:
    return int(server.call("FT.SEARCH", index, "*", "LIMIT", 0, 0)[0])


def test_a_build_makes_indexes_and_documents(server: Server, spaces: Spaces) -> None:
    report = build(server, spaces).report
    assert (report.spaces, report.documents, report.indexes) == (["blog"], 9, ["blog:meta", "blog:item"])
    assert documents(server) == ALL
    assert not set(server.keys("dmart_tui:staged:"))
    meta_index, item_index = (read_index(server, name) for name in ("blog:meta", "blog:item"))
    assert meta_index is not None
    assert item_index is not None
    assert (meta_index.documents, item_index.documents) == (8, 1)
    assert (meta_index.failures, item_index.failures) == (0, 0)
    assert item_index.fields["price"].kind == "numeric"
    assert item_index.fields["title"].sortable
    spaces_there = json.loads(server.call("JSON.GET", "spaces"))
    assert json.loads(spaces_there["blog"])["indexing_enabled"] is True


@pytest.mark.parametrize(("branch", "name"), [("", "blog:meta"), (":master", "blog:master:meta")])
def test_indexes_of_both_eras_are_listed(server: Server, spaces: Spaces, branch: str, name: str) -> None:
    build(server, spaces, branch=branch)
    server.call("FT.CREATE", "somebody:else", "ON", "HASH", "SCHEMA", "a", "TEXT")
    found = {index.name: index for index in list_indexes(server)}
    assert set(found) == {name, name.replace("meta", "item")}
    index = found[name]
    assert (index.space, index.branch, index.schema, index.documents) == ("blog", branch[1:], "meta", 8)
    assert ("branch_name" in index.fields) is bool(branch)
    assert server.branch() == branch


def test_a_second_build_replaces_what_changed_and_removes_what_is_gone(server: Server, spaces: Spaces) -> None:
    build(server, spaces)
    root = Path(spaces.root)
    (root / "blog/posts/.dm/case/meta.ticket.json").unlink()
    put(root / "blog/posts/.dm/leaflet/meta.content.json", meta("leaflet", displayname={"en": "Brandnew"}))
    report = build(server, spaces).report
    assert report.indexes == []
    assert documents(server) == ALL - {"blog:meta:posts/case"} | {"blog:meta:posts/leaflet"}
    assert server.call("FT.SEARCH", "blog:meta", "Brandnew", "NOCONTENT") == [1, "blog:meta:posts/leaflet"]


def test_nothing_of_others_is_touched(server: Server, spaces: Spaces) -> None:
    server.call("SET", "user_session:ali", "token")
    server.call("JSON.SET", "blog:meta:posts/theirs", "$", '{"shortname": "theirs"}')
    server.call("JSON.SET", "blog:meta:posts/tea", "$", '{"shortname": "tea", "made": "by D-MART"}')
    server.call("JSON.SET", "spaces", "$", '{"other": "{}"}')
    build(server, spaces)
    dropped = drop(server)
    assert dropped.documents == 8
    assert documents(server) == {"blog:meta:posts/theirs", "blog:meta:posts/tea"}
    assert server.call("GET", "user_session:ali") == "token"
    assert json.loads(server.call("JSON.GET", "spaces")) == {"other": "{}"}
    assert list_indexes(server) == []
    assert not set(server.keys("dmart_tui:"))


def test_dropping_some_spaces_leaves_the_others(server: Server, spaces: Spaces) -> None:
    build(server, spaces, names=["blog", "quiet"])
    drop(server, ["blog"])
    assert documents(server) == set()
    assert set(server.keys("quiet:")) == {"quiet:meta:/notes"}
    drop(server)
    assert set(server.keys("")) == set()


def test_an_index_of_somebody_else_stays_unless_it_may_be_replaced(server: Server, spaces: Spaces) -> None:
    server.call(*creation("blog:meta", meta_fields()[:3], ["blog:meta:", "blog:meta/"], scan=True))
    report = build(server, spaces).report
    assert report.indexes == ["blog:item"]
    assert "somebody else" in report.kept["blog:meta"]
    assert matching(server) == 8
    report = build(server, spaces, replace=True).report
    assert report.indexes == ["blog:meta"]
    assert matching(server) == 8
    index = read_index(server, "blog:meta")
    assert index is not None
    assert "query_policies" in index.fields


def test_a_reader_never_sees_half(server: Server, spaces: Spaces, redis_url: str) -> None:
    """While builds go on with ever more entries, a reader sees the number before or the number after."""
    posts = Path(spaces.root) / "blog/posts/.dm"
    build(server, spaces)
    allowed, seen, stop = {8}, set(), threading.Event()
    reader = Server(redis_url, timeout=60)

    def read() -> None:
        while not stop.is_set():
            seen.add(matching(reader))

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for more in range(1, 4):
            for number in range(300):
                put(posts / f"n{more}_{number}/meta.content.json", meta(f"n{more}_{number}"))
            allowed.add(8 + 300 * more)
            build(server, spaces)
    finally:
        stop.set()
        thread.join()
        reader.close()
    assert seen <= allowed
    assert matching(server) == max(allowed)


def test_a_cancelled_build_leaves_everything_as_it_was(server: Server, spaces: Spaces) -> None:
    build(server, spaces)
    put(Path(spaces.root) / "blog/posts/.dm/more/meta.content.json", meta("more"))
    token = CancelToken()
    running = Build(server, spaces, cancel=token).run()
    for progress in running:
        if not progress.swapped:
            assert set(server.keys("dmart_tui:staged:"))
            running.close()
    assert documents(server) == ALL
    assert not set(server.keys("dmart_tui:staged:")) | set(server.keys("dmart_tui:building:"))
    token.cancel()
    with pytest.raises(Cancelled):
        list(Build(server, spaces, cancel=token).run())
    assert documents(server) == ALL


def test_what_a_killed_build_left_is_removed_by_the_next(server: Server, spaces: Spaces) -> None:
    server.call("JSON.SET", "dmart_tui:staged:dead:0", "$", "{}")
    server.call("JSON.SET", "dmart_tui:staged:alive:0", "$", "{}")
    server.call("SET", "dmart_tui:building:alive", "1")
    build(server, spaces)
    assert set(server.keys("dmart_tui:staged:")) == {"dmart_tui:staged:alive:0"}


def test_a_schema_whose_fields_the_server_does_not_take_loses_its_index_alone(server: Server, spaces: Spaces) -> None:
    put(Path(spaces.root) / "blog/schema/.dm/odd/meta.schema.json", meta("odd", payload=payload("odd.json")))
    put(Path(spaces.root) / "blog/schema/odd.json", {"properties": {"a\0b": {"type": "string"}}})
    report = build(server, spaces).report
    assert list(report.kept) == ["blog:odd"]
    assert report.indexes == ["blog:meta", "blog:item"]
    assert matching(server) == 9


def test_documents_with_odd_values_are_refused_one_by_one(server: Server, spaces: Spaces) -> None:
    folder = Path(spaces.root) / "blog/posts/.dm"
    put(folder / "half/meta.content.json", json.dumps(meta("half", slug="\ud800")))
    put(folder / "whole/meta.content.json", meta("whole"))
    report = build(server, spaces).report
    assert set(report.refused) <= {"blog:meta:posts/half"}
    assert documents(server) >= ALL | {"blog:meta:posts/whole"}


def test_a_server_without_modules_says_what_is_missing(spaces: Spaces, tmp_path: Path) -> None:
    with redis_server(tmp_path, modules=False) as url:
        server = Server(url, timeout=60)
        assert server.probe().missing == "the server has no RediSearch and no RedisJSON, which search needs"
        with pytest.raises(Failed, match="no RediSearch"):
            build(server, spaces)
        server.close()


def test_the_demo_is_built_whole(server: Server, demo_root: Any) -> None:
    from dmart_tui.core.spaces import Spaces

    report = build(server, Spaces(demo_root)).report
    assert report.refused == []
    assert report.kept == {}
    indexes = list_indexes(server)
    assert sum(index.documents for index in indexes if index.schema == "meta") > 500
    assert {index.name: index.failures for index in indexes if index.failures} == {}
