"""Where Redis and the files differ, what repairs it, and keeping up with files that change."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.redisearch import (
    Compared,
    Documents,
    Drift,
    Kept,
    Server,
    changed_addresses,
    drift_problems,
    drop,
    find_drift,
    keep,
    read_index,
    repair,
    search,
    update,
)
from dmart_tui.core.redisearch.drift import different_keys
from dmart_tui.core.spaces import Problem, Spaces
from tests.support.redisearch import build, meta, payload, put


def drift(server: Server, spaces: Spaces) -> dict[str, str]:
    return {one.key: one.kind for one in find_drift(server, spaces) if isinstance(one, Drift)}


@pytest.mark.parametrize("branch", ["", ":master"])
def test_what_was_built_does_not_drift(server: Server, spaces: Spaces, branch: str) -> None:
    build(server, spaces, branch=branch)
    assert drift(server, spaces) == {}


def test_the_demo_does_not_drift(server: Server, demo_root: Path) -> None:
    build(server, Spaces(demo_root))
    assert drift(server, Spaces(demo_root)) == {}


def test_every_kind_is_found_and_most_are_repaired(server: Server, spaces: Spaces) -> None:
    build(server, spaces)
    server.call("DEL", "blog:meta:posts/case", "blog:item:posts/tea")
    server.call("JSON.SET", "blog:meta:posts/leaf", "$", "{}")
    server.call("JSON.SET", "blog:meta:posts/deep/leaf", "$.state", '"odd"')
    server.call("JSON.SET", "blog:meta:posts/coffee", "$.updated_at", "1")
    server.call("JSON.SET", "blog:meta:posts/a:b", "$", "{}")
    server.call("SET", "user_session:ali", "x")
    old = (datetime.now() - timedelta(hours=3)).isoformat()
    lock = {"owner_shortname": "sara", "lock_time": old}
    server.call("JSON.SET", "blog:lock:posts/tea", "$", json.dumps(lock))
    server.call("JSON.SET", "blog:lock:posts/case", "$", json.dumps(lock | {"lock_time": datetime.now().isoformat()}))
    expected = {
        "blog:meta:posts/case": "missing",
        "blog:item:posts/tea": "missing",
        "blog:meta:posts/leaf": "ghost",
        "blog:meta:posts/deep/leaf": "stale",
        "blog:meta:posts/coffee": "stale",
        "blog:meta:posts/a:b": "other-era",
        "blog:lock:posts/tea": "long-lock",
    }
    assert drift(server, spaces) == expected
    found = [one for one in find_drift(server, spaces) if isinstance(one, Drift)]
    details = {one.key: one.detail for one in found}
    assert details["blog:meta:posts/deep/leaf"] == "the file has another state"
    assert details["blog:lock:posts/tea"].startswith("sara locked it 3 h")
    assert repair(server, spaces, found) == {"missing": 2, "ghost": 1, "stale": 2}
    assert drift(server, spaces) == {key: kind for key, kind in expected.items() if kind in ("other-era", "long-lock")}
    assert server.call("GET", "user_session:ali") == "x"
    assert search(server, [("blog:meta", "@state:odd")]).total == 0


def test_what_dmart_makes_when_an_entry_is_saved_is_no_ghost(server: Server, spaces: Spaces) -> None:
    """Its loader passes over logs and what is in the root of a space; each save makes their documents all the same."""
    build(server, spaces)
    for key in ("blog:meta:posts/said", "blog:meta:/loose", "blog:item:posts/said"):
        server.call("JSON.SET", key, "$", "{}")
    assert drift(server, spaces) == {"blog:item:posts/said": "ghost"}


def test_repair_looks_again_before_it_removes(server: Server, spaces: Spaces) -> None:
    build(server, spaces)
    ghost = Drift("ghost", "blog:meta:posts/tea", Address.parse("blog/posts/tea"), "")
    text = Drift("ghost", "blog:meta:posts/note", Address.parse("blog/posts/note"), "")
    server.call("SET", text.key, "no document")
    assert not repair(server, spaces, [ghost, text])
    assert server.call("EXISTS", ghost.key, text.key) == 2


def test_what_repair_writes_is_dropped_with_the_rest(server: Server, spaces: Spaces) -> None:
    build(server, spaces)
    server.call("DEL", "blog:meta:posts/tea")
    drop(server)
    repair(server, spaces, [one for one in find_drift(server, spaces, ["blog"]) if isinstance(one, Drift)])
    assert len(set(server.keys("blog:"))) == 9
    drop(server)
    assert not set(server.keys("blog:"))


def test_comparing_can_be_stopped_and_tells_how_far_it_is(server: Server, spaces: Spaces) -> None:
    build(server, spaces)
    assert [one for one in find_drift(server, spaces) if isinstance(one, Compared)] == [Compared("blog", 9)]
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        list(find_drift(server, spaces, cancel=token))


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({}, []),
        ({"slug": None, "force_password_change": True, "hide_folders": []}, []),
        ({"subpath": "/posts"}, []),
        ({"payload_string": "b,a"}, []),
        ({"query_policies": ["q", "p"]}, []),
        ({"created_at": 1000 + 3 * 3600, "updated_at": 2000.5 + 3 * 3600}, []),  # a server three hours east of UTC
        ({"created_at": 1000 + 3 * 3600}, ["created_at"]),
        ({"created_at": 1000 + 60, "updated_at": 2000.5 + 60}, ["created_at", "updated_at"]),
        ({"created_at": 1000 + 3600 * 24 * 9, "updated_at": 2000.5 + 3600 * 24 * 9}, ["created_at", "updated_at"]),
        ({"updated_at": "yesterday"}, ["updated_at"]),
        ({"displayname": {"en": "T", "ar": None}}, []),
        ({"displayname": {"en": "t"}}, ["displayname"]),
        ({"payload_string": "a,b,c"}, ["payload_string"]),
        ({"extra": "x"}, ["extra"]),
        ({"is_active": False}, ["is_active"]),
    ],
    ids=str,
)
def test_what_counts_as_different(changes: dict[str, Any], keys: list[str]) -> None:
    ours = {
        "subpath": "posts",
        "payload_string": "a,b",
        "query_policies": ["p", "q"],
        "created_at": 1000.0,
        "updated_at": 2000.5,
        "displayname": {"en": "T"},
        "is_active": True,
    }
    assert different_keys(ours, ours | changes) == keys


def test_an_index_that_is_gone_is_made_again(server: Server, spaces: Spaces) -> None:
    build(server, spaces)
    server.call("FT.DROPINDEX", "blog:item")
    assert drift(server, spaces) == {"blog:item": "no-index"}
    assert [one.kind for one in drift_problems(server, spaces) if isinstance(one, Problem)] == ["redis-index"]
    found = [one for one in find_drift(server, spaces) if isinstance(one, Drift)]
    assert repair(server, spaces, found) == {"no-index": 1}
    assert repair(server, spaces, found).total() == 0  # it is there
    assert drift(server, spaces) == {}
    while (index := read_index(server, "blog:item")) is None or index.indexing:
        pass
    assert [str(one.address) for one in search(server, [("blog:item", "@price:[3 4]")]).found] == ["blog/posts/tea"]
    assert sorted(drop(server).indexes) == ["blog:item", "blog:meta"]


# -- keeping up -------------------------------------------------------------------------------------------------------


def test_changed_files_are_brought_up_to_date(server: Server, spaces: Spaces) -> None:
    build(server, spaces)
    root = Path(spaces.root)
    changed = [
        put(root / "blog/posts/.dm/tea/meta.content.json", meta("tea", payload=payload("tea.json", "item"))),
        put(root / "blog/posts/coffee.json", {"title": "Coffee", "price": 4}),
        put(root / "blog/posts/.dm/new/meta.content.json", meta("new")),
        put(root / "blog/posts/.dm/leaf/attachments.comment/meta.c.json", meta("c", body="nobody's")),
        put(root / "quiet/notes/.dm/note/meta.content.json", meta("note")),
    ]
    (gone := root / "blog/posts/.dm/case/meta.ticket.json").unlink()
    done = update(server, spaces, map(str, [*changed, gone]))
    assert (done.written, done.removed) == (5, 1)
    assert drift(server, spaces) == {}
    assert not set(server.keys("quiet:"))


def test_a_folder_that_went_takes_its_documents_with_it(server: Server, spaces: Spaces) -> None:
    build(server, spaces)
    root = Path(spaces.root)
    server.call("JSON.SET", "blog:lock:posts/tea", "$", "{}")
    shutil.move(root / "blog/posts", root / "blog/articles")
    done = update(server, spaces, [str(root / "blog/posts"), str(root / "blog/articles")])
    assert (done.written, done.removed) == (7, 7)
    assert drift(server, spaces) == {}
    assert server.call("EXISTS", "blog:lock:posts/tea") == 1
    assert {found.address.subpath for found in search(server, [("blog:item", "*")]).found} == {"articles"}


def test_an_entry_that_loses_its_schema_loses_the_document_of_its_payload(server: Server, spaces: Spaces) -> None:
    build(server, spaces)
    path = put(Path(spaces.root) / "blog/posts/.dm/tea/meta.content.json", meta("tea", payload=payload("tea.json")))
    assert update(server, spaces, [str(path)]).removed == 1
    assert drift(server, spaces) == {}


@pytest.mark.parametrize(
    ("path", "addresses"),
    [
        ("blog/.dm/meta.space.json", ["blog"]),
        ("blog/posts/.dm/meta.folder.json", ["blog/posts"]),
        ("blog/posts/.dm/tea/meta.content.json", ["blog/posts/tea"]),
        ("blog/posts/.dm/tea/attachments.media/a.png", ["blog/posts/tea"]),
        ("blog/posts/.dm", ["blog/posts"]),
        ("blog/posts/tea.json", ["blog/posts/tea.json", "blog/posts/tea"]),
        ("blog/posts/a#b", ["blog/posts/a%23b"]),
        ("blog", ["blog"]),
        ("../elsewhere", []),
    ],
)
def test_whose_a_file_is(spaces: Spaces, path: str, addresses: list[str]) -> None:
    assert [str(address) for address in changed_addresses(spaces, [f"{spaces.root}/{path}"])] == addresses


def test_documents_read_while_an_entry_is_gone(spaces: Spaces) -> None:
    assert Documents(spaces).at(Address.parse("blog/nothing/here")) == []


def test_an_empty_server_is_given_documents_and_indexes(server: Server, spaces: Spaces) -> None:
    keeping = keep(server, spaces, Event())
    assert next(keeping) == Kept(9, 0, first=True)
    assert sorted(server.call("FT._LIST")) == ["blog:item", "blog:meta"]
    assert drift(server, spaces) == {}
    keeping.close()
