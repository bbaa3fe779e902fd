"""The pane of a Redis, with a real one: what is there, building, comparing, repairing, working out."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from queue import Queue
from threading import Semaphore
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.config import Settings, paths
from dmart_tui.core.redisearch import Compared, Kept, repair
from dmart_tui.core.spaces import Permissions
from dmart_tui.tui.app import DmartApp
from dmart_tui.tui.panes.redis import RedisPane
from tests.support.panes import press, screen, settle, wait_for
from tests.support.redis_server import redis_server
from tests.support.redisearch import meta, put, write_root

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path
    from threading import Event

    from textual.pilot import Pilot

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.redisearch import Server

SETTINGS = Settings(watch=False, restore=False, user="ann")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_root(tmp_path / "spaces")
    return tmp_path / "spaces"


@asynccontextmanager
async def redis(root: Path, url: str, *, read_only: bool = False) -> AsyncIterator[Pilot[None]]:
    own = replace(paths(), cache=root.parent / "cache", state=root.parent / "state")
    app = DmartApp(replace(SETTINGS, redis=url, read_only=read_only), root, paths=own)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await app.open_tool("redis")
        await settle(pilot)
        yield pilot


def pane(pilot: Pilot[None]) -> RedisPane:
    return pilot.app.screen_stack[0].query_one(RedisPane)


async def test_built_compared_and_repaired(root: Path, server: Server, redis_url: str) -> None:
    async with redis(root, redis_url) as pilot:
        assert "There is no index of D-MART" in screen(pilot)
        assert server.where in screen(pilot)
        await press(pilot, "w")
        assert "Documents written: 9, indexes made: 2." in screen(pilot)
        assert [index.name for index in pane(pilot).indexes] == ["blog:item", "blog:meta"]
        assert "shortname text" in screen(pilot)
        server.call("DEL", "blog:meta:posts/case")
        server.call("JSON.SET", "blog:meta:posts/nothing", "$", '{"shortname": "nothing"}')
        await press(pilot, "c")
        assert sorted(one.kind for one in pane(pilot).drift) == ["ghost", "missing"]
        assert "blog:meta:posts/case" in screen(pilot)
        await pilot.press("f2")
        await wait_for(pilot, "2 differences; each is looked at again")
        await pilot.press("y")
        await settle(pilot)
        assert server.call("EXISTS", "blog:meta:posts/case") == 1
        assert "The server and the files are the same" in screen(pilot)
        await press(pilot, "escape")
        assert pane(pilot).shown == "indexes"


async def test_a_comparison_that_was_stopped_tells_nothing_of_the_rest(
    root: Path, server: Server, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: object, cancel: CancelToken) -> Iterator[Compared]:
        while not cancel.cancelled:
            yield Compared("blog", 1)
        cancel.check()

    monkeypatch.setattr("dmart_tui.tui.panes.redis.pane.find_drift", endless)
    async with redis(root, redis_url) as pilot:
        await pilot.press("c")
        await wait_for(pilot, "1 documents")
        await press(pilot, "escape")
        assert "It was not compared to the end" in screen(pilot)


async def test_a_repair_can_be_stopped_and_what_is_left_shows(
    root: Path, server: Server, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dmart_tui.tui.panes.redis.pane._AT_ONCE", 2)
    goes_on = Semaphore(1)

    def slowly(*given: Any) -> Counter[str]:
        assert goes_on.acquire(timeout=60)
        return repair(*given)

    monkeypatch.setattr("dmart_tui.tui.panes.redis.pane.repair", slowly)
    async with redis(root, redis_url) as pilot:
        await press(pilot, "c")
        assert "11 differences" in screen(pilot)
        await pilot.press("f2")
        await wait_for(pilot, "11 differences; each is looked at again")
        await pilot.press("y")
        await wait_for(pilot, "Repair the Redis · 2 of 11 documents")
        await pilot.press("escape")
        goes_on.release()
        await settle(pilot)
        assert "4 of 11 repaired." in screen(pilot)
        assert "7 differences, not compared to the end" in screen(pilot)
        assert sorted(server.call("FT._LIST")) == ["blog:item", "blog:meta"]


async def test_kept_up_to_date_until_stopped(root: Path, server: Server, redis_url: str) -> None:
    async with redis(root, redis_url) as pilot:
        await press(pilot, "w")
        server.call("DEL", "blog:meta:posts/case")
        await pilot.press("W")
        await wait_for(pilot, "Keep the Redis up to date · 1 documents")
        assert server.call("EXISTS", "blog:meta:posts/case") == 1
        put(root / "blog/posts/.dm/later/meta.content.json", meta("later"))
        await wait_for(pilot, "Keep the Redis up to date · 2 documents")
        assert server.call("EXISTS", "blog:meta:posts/later") == 1
        await press(pilot, "escape")
        assert "indexes" in screen(pilot) and "Keep the Redis" not in screen(pilot)


async def test_worked_out_and_what_cannot_be_is_said(root: Path, server: Server, redis_url: str) -> None:
    async with redis(root, redis_url) as pilot:
        await press(pilot, "w", "down")
        await pilot.press("enter")
        await wait_for(pilot, "Work out of blog:meta")
        await pilot.press("ctrl+u", *"colour: count", "enter")
        await wait_for(pilot, "has no field colour")
        await pilot.press("ctrl+u", *"resource_type: count, max created_at", "enter")
        await settle(pilot)
        assert "blog:meta: resource_type: count, max created_at" in screen(pilot)
        assert "content  count 3   max_created_at 2024-01-01 10:00" in screen(pilot)


async def test_only_what_matches_in_a_branch_and_a_user_may_find(root: Path, server: Server, redis_url: str) -> None:
    put(root / "management/.dm/meta.space.json", meta("management"))
    put(root / "management/users/.dm/sara/meta.user.json", meta("sara"))
    async with redis(root, redis_url) as pilot:
        await press(pilot, "w", "down")
        await pilot.press("enter")
        await wait_for(pilot, "Work out of blog:meta")
        await pilot.press("ctrl+u", *"own")
        await wait_for(pilot, "work out  owner_shortname")
        await pilot.press("right", *": count", "tab", *"@tags:{green", "tab", *"quiet", "enter")
        await wait_for(pilot, "where, character 7: this { is not closed")
        await pilot.press("shift+tab", "end", *" tea}", "enter")
        await wait_for(pilot, "the index blog:meta has nothing of quiet")
        await pilot.press("tab", "ctrl+u", *"blog/posts/de")
        await wait_for(pilot, "blog/posts/deep")
        await pilot.press("right", "enter")
        await settle(pilot)
        assert "owner_shortname: count · where @tags:{green tea} · below blog" in screen(pilot)
        assert "omar  count 1" in screen(pilot) and "ali" not in screen(pilot)
        await press(pilot, "escape")
        assert pane(pilot).rows.cursor == 1
        desk = pane(pilot)._app.desk
        assert desk is not None
        desk.viewing = Permissions(desk.store.spaces).of("sara")
        await pilot.press("enter")
        await wait_for(pilot, "Work out of blog:meta")
        await pilot.press("tab", "ctrl+u", "tab", "ctrl+u", "enter")
        await settle(pilot)
        assert "owner_shortname: count · as sara" in screen(pilot)
        assert "ali  count 1" in screen(pilot)


async def test_what_is_kept_up_to_date_waits_for_the_server_and_goes_on(
    root: Path, server: Server, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: Queue[Kept] = Queue()

    def keeping(_server: object, _spaces: object, stop: Event) -> Iterator[Kept]:
        while not stop.is_set():
            yield told.get(timeout=60)

    monkeypatch.setattr("dmart_tui.tui.panes.redis.pane.keep", keeping)
    async with redis(root, redis_url) as pilot:
        await press(pilot, "w")
        await pilot.press("W")
        told.put(Kept(waiting="the Redis is gone"))
        await wait_for(pilot, "Keep the Redis up to date · waiting for the server")
        assert "the Redis is gone: waiting for it." in screen(pilot)
        await pilot.press("enter")
        await wait_for(pilot, "Work out of")
        await pilot.press("enter")
        await wait_for(pilot, "resource_type: count")
        server.call("FT.DROPINDEX", "blog:item")
        told.put(Kept(3, first=True))
        await pilot.press("escape")  # goes back, and what runs goes on
        await wait_for(pilot, "Keep the Redis up to date · 3 documents")
        while "blog:item" in screen(pilot):
            await pilot.pause(0.02)
        await pilot.press("escape")
        told.put(Kept())
        await settle(pilot)
        assert "Keep the Redis" not in screen(pilot)


async def test_a_server_without_modules_is_not_compared_or_built(root: Path, tmp_path: Path) -> None:
    with redis_server(tmp_path, modules=False) as url:
        async with redis(root, url) as pilot:
            assert "✗ the server has no RediSearch and no RedisJSON" in screen(pilot)
            await press(pilot, "c")
            assert "The server has no RediSearch and no RedisJSON, which search needs." in screen(pilot)
            assert pane(pilot).shown == "indexes"


async def test_what_stands_in_the_way_is_said(root: Path, server: Server, redis_url: str) -> None:
    async with redis(root, redis_url, read_only=True) as pilot:
        await press(pilot, "w")
        assert "read-only" in screen(pilot)
        assert server.call("FT._LIST") == []
    async with redis(root, "") as pilot:
        assert "No Redis is set" in screen(pilot)
    async with redis(root, "redis://:guess@127.0.0.1:1/0") as pilot:
        assert "does not answer" in screen(pilot)
        assert "guess" not in screen(pilot)


async def test_hostile_names_show_as_marks(root: Path, server: Server, redis_url: str) -> None:
    put(root / "blog/posts/.dm/odd/meta.content.json", meta("odd", owner_shortname="\x1b[31mred"))
    async with redis(root, redis_url) as pilot:
        await press(pilot, "w", "down")
        await pilot.press("enter")
        await wait_for(pilot, "Work out of")
        await pilot.press("ctrl+u", *"owner_shortname: count", "enter")
        await settle(pilot)
        assert "red  count 1" in screen(pilot)
        assert "\x1b" not in screen(pilot)
