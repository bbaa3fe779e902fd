"""Reaching a server: what errors say, and that it is reached again."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.errors import Failed, UsageFault
from dmart_tui.core.redisearch import Server, find_branch
from tests.support.redis_server import PASSWORD, redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator


def with_password(url: str, password: str) -> str:
    from urllib.parse import quote

    return url.replace("redis://", f"redis://:{quote(password, safe='')}@")


def test_passwords_are_used_and_never_shown(tmp_path: Path) -> None:
    with redis_server(tmp_path, modules=False, password=PASSWORD) as url:
        right, wrong = Server(with_password(url, PASSWORD), timeout=60), Server(with_password(url, "guess"), timeout=60)
        assert right.probe().version
        with pytest.raises(Failed) as caught:
            wrong.probe()
        assert "guess" not in str(caught.value)
        assert str(caught.value).startswith(f"{wrong.where}: the Redis does not let us in")
        for server in (right, wrong):
            assert "@" not in server.where
            server.close()


@pytest.mark.parametrize("url", ["redis://:secret@127.0.0.1:{port}/0", "rediss://who:secret@127.0.0.1:{port}/0"])
def test_a_server_that_is_not_there(url: str) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody answers, and nobody else can take the port
        taken.bind(("127.0.0.1", 0))
        server = Server(url.format(port=taken.getsockname()[1]))
        with pytest.raises(Failed, match="does not answer") as caught:
            server.probe()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "http://host", "redis://host:port", "redis://:secret@host:99x/0"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(UsageFault) as caught:
        Server(url)
    assert "secret" not in str(caught.value)


def test_a_lost_connection_is_made_again(server: Server) -> None:
    assert server.call("PING")
    server.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
    assert server.call("PING")


@pytest.mark.parametrize(
    ("key", "branch"),
    [("blog:meta:posts/tea", ""), ("blog:master:lock:posts/tea", ":master"), ("user_session:ali", None)],
)
def test_without_an_index_keys_tell_the_era(server: Server, key: str, branch: str | None) -> None:
    server.call("SET", key, "{}")
    assert find_branch(server.client) == branch


@pytest.fixture
def keys(server: Server) -> Iterator[Server]:
    for key in ("a*b:1", "a*b:2", "axb:3", "a[x]:4"):
        server.call("SET", key, "1")
    yield server


@pytest.mark.parametrize(("start", "count"), [("a*b:", 2), ("a[x]", 1), ("a", 4), ("nothing", 0)])
def test_keys_are_found_by_how_they_begin(keys: Server, start: str, count: int) -> None:
    assert len(set(keys.keys(start))) == count
