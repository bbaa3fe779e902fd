from __future__ import annotations

import json
import os
import random
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.archives import cache as caching
from dmart_tui.core.archives.cache import Caches, DiskCache, MemoryCache, RedisCache, cache_for, original_index
from dmart_tui.core.config import Settings
from tests.support.redis_server import redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from dmart_tui.core.archives.opening import IndexCache

KEY = "bucket/zażółć/shard_01.des/0123abcd"
RAW = b"index " * 1000
ENTRIES = [
    {"name": "ü", "data_offset": 16, "data_length": 5, "meta_offset": 21, "meta_length": 2, "flags": 1},
    {"name": "b", "data_offset": 0, "data_length": 0, "meta_offset": 23, "meta_length": 0, "flags": 0},
]
ENTRIES_RAW = b"".join(
    struct.pack("<H", len(name)) + name + struct.pack("<QQQQI", *numbers)
    for name, numbers in ((b"\xc3\xbc", (16, 5, 21, 2, 1)), (b"b", (0, 0, 23, 0, 0)))
)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis"), modules=False) as url:
        yield url


@pytest.fixture
def redis(redis_url: str) -> Any:
    from redis import Redis

    client = Redis.from_url(redis_url)
    client.flushall()
    return client


@pytest.fixture(params=["memory", "disk", "redis", "all"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> IndexCache:
    if request.param in ("redis", "all"):
        request.getfixturevalue("redis")
        url: str = request.getfixturevalue("redis_url")
    if request.param == "memory":
        return MemoryCache()
    if request.param == "disk":
        return DiskCache(tmp_path / "state" / "indexes")
    if request.param == "redis":
        return RedisCache(url)
    found = cache_for("s3://bucket/a.des", Settings(redis=url))
    assert found is not None
    return found


@pytest.mark.parametrize("raw", [b"", b"\0", RAW, random.Random(1).randbytes(3_000_000)], ids=len)
def test_what_was_put_is_got(cache: IndexCache, raw: bytes) -> None:
    assert cache.get(KEY) is None
    cache.put(KEY, raw)
    assert cache.get(KEY) == raw
    assert cache.get(KEY + "2") is None
    cache.put(KEY, b"newer")
    assert cache.get(KEY) == b"newer"
    cache.forget(KEY)
    assert cache.get(KEY) is None


def test_local_archives_are_not_kept() -> None:
    assert cache_for("/data/a.des", Settings()) is None


def test_keys_are_no_paths(cache: IndexCache, tmp_path: Path) -> None:
    for key in ("../../escaped", "/etc/passwd", "a\0b", "\udcff", "x" * 5000):
        cache.put(key, key.encode("utf-8", "surrogateescape"))
        assert cache.get(key) == key.encode("utf-8", "surrogateescape")
    assert not list(tmp_path.rglob("*escaped*"))


def test_memory_holds_the_ones_used_last() -> None:
    memory = MemoryCache(30)
    for key in "abc":
        memory.put(key, b"0123456789")
    memory.get("a")
    memory.put("d", b"0123456789")
    assert [key for key in "abcd" if memory.get(key)] == ["a", "c", "d"]
    memory.put("a", b"x" * 31)
    assert memory.get("a") is None
    assert memory.get("c")


def test_the_disk_holds_the_ones_used_last_and_no_more_than_it_may(tmp_path: Path) -> None:
    rng = random.Random(2)
    disk = DiskCache(tmp_path, 3500)
    for order, key in enumerate("abc"):
        disk.put(key, rng.randbytes(1000))
        os.utime(disk._path(key), (order, order))
    assert disk.get("a")
    disk.put("d", rng.randbytes(1000))
    assert [key for key in "abcd" if disk.get(key)] == ["a", "c", "d"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3500
    disk.put("big", rng.randbytes(4000))
    assert disk.get("big") is None


def test_a_disk_that_fails_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    disk = DiskCache(tmp_path / "file" / "indexes")
    disk.put(KEY, RAW)
    assert disk.get(KEY) is None
    disk.forget(KEY)


def damaged(value: bytes) -> Iterator[bytes]:
    yield b""
    yield value[:-1]
    yield value + b"\0"
    yield value[:20]
    for at in range(0, len(value), 7):
        yield value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]


def test_a_damaged_entry_on_disk_is_dropped(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path)
    disk.put(KEY, RAW)
    (path,) = tmp_path.iterdir()
    value = path.read_bytes()
    for wrong in damaged(value):
        path.write_bytes(wrong)
        assert disk.get(KEY) in (None, RAW)
        assert path.exists() == (disk.get(KEY) == RAW)
    path.write_bytes(value)
    assert disk.get(KEY) == RAW


def test_an_entry_of_another_archive_is_not_believed(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path)
    disk.put("other", RAW)
    (path,) = tmp_path.iterdir()
    path.rename(disk._path(KEY))
    assert disk.get(KEY) is None


def test_an_entry_that_promises_little_and_holds_much_takes_no_memory(tmp_path: Path) -> None:
    import zstandard

    owner = KEY.encode()
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 30))
    head = caching._HEAD.pack(caching._MAGIC, len(owner), bytes(32), 10)
    disk = DiskCache(tmp_path)
    disk.put(KEY, RAW)
    disk._path(KEY).write_bytes(head + owner + bomb)
    assert disk.get(KEY) is None


def test_a_damaged_entry_in_redis_is_dropped(redis: Any, redis_url: str) -> None:
    shared = RedisCache(redis_url)
    shared.put(KEY, RAW)
    (key,) = redis.keys()
    assert redis.ttl(key) > 0
    redis.set(key, redis.get(key)[:-1])
    assert shared.get(KEY) is None
    assert redis.keys() == []


def test_the_original_s_entries_are_read_and_kept(redis: Any, redis_url: str) -> None:
    text = json.dumps(ENTRIES, separators=(",", ":"))
    redis.set(f"des:index:{KEY}", text)
    shared = RedisCache(redis_url)
    assert shared.get(KEY) == ENTRIES_RAW
    shared.forget(KEY)
    assert redis.get(f"des:index:{KEY}") == text.encode()
    shared.put(KEY, RAW)
    assert shared.get(KEY) == RAW


@pytest.mark.parametrize(
    "wrong",
    [
        b"", b"7", b"{}", b"[7]", b"[{}]", b"\xff", b"[" * 100_000, b'[{"name": 7}]',
        *(json.dumps([ENTRIES[0] | change]).encode() for change in (
            {"name": "x" * 65_536}, {"flags": 1 << 32}, {"flags": -1}, {"data_offset": 1.5}, {"meta_length": None},
            {"data_length": 1 << 64}, {"name": ["a"]},
        )),
    ],
)  # fmt: skip
def test_what_is_no_index_of_the_original_is_none(wrong: bytes) -> None:
    assert original_index(wrong) is None


@given(st.binary(max_size=200))
def test_nothing_in_a_cache_makes_it_fail(value: bytes) -> None:
    caching._unpacked(KEY, value)
    caching._unpacked("", value)
    original_index(value)


def test_a_redis_that_does_not_answer_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = RedisCache("redis://127.0.0.1:9/0")
    assert shared.get(KEY) is None
    monkeypatch.setattr(type(shared), "_client", None)
    shared.put(KEY, RAW)
    assert shared.get(KEY) is None


@pytest.mark.parametrize("kind", ["list", "other"])
def test_a_redis_that_holds_something_else_there(redis: Any, redis_url: str, kind: str) -> None:
    if kind == "list":
        redis.rpush(f"des:index:{KEY}", "x")
    else:
        redis.set(f"des:index:{KEY}", b"\x80\x04pickle")
    assert RedisCache(redis_url).get(KEY) is None


def test_what_a_slower_cache_has_goes_into_the_faster(tmp_path: Path) -> None:
    memory, disk = MemoryCache(), DiskCache(tmp_path)
    disk.put(KEY, RAW)
    assert Caches([memory, disk]).get(KEY) == RAW
    assert memory.get(KEY) == RAW
