"""Indexes of archives kept for the next time: in memory, on disk, in Redis; what does not validate is dropped."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections import OrderedDict
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from dmart_tui.core.archives.remote import SCHEME
from dmart_tui.core.config import paths
from dmart_tui.core.errors import Failed
from dmart_tui.core.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dmart_tui.core.archives.opening import IndexCache
    from dmart_tui.core.config import Settings

MEMORY_BYTES: Final = 256 << 20
DISK_BYTES: Final = 1 << 30
LONGEST: Final = 1 << 30
"""Bytes of an index that is kept; a longer one is read anew each time."""
REDIS_LONGEST: Final = 64 << 20
"""Bytes of a value asked from a Redis or put there."""
REDIS_DAYS: Final = 30
REDIS_PREFIX: Final = "dmart-tui:des:index:"
ORIGINAL_PREFIX: Final = "des:index:"
"""Of the keys of the program archives come from, whose values are JSON."""
_TIMEOUT: Final = 1.0
_HEAD: Final = struct.Struct("<8sI32sQ")
_MAGIC: Final = b"DTINDEX1"
_ENTRY: Final = struct.Struct("<QQQQI")
_NUMBERS: Final = ("data_offset", "data_length", "meta_offset", "meta_length", "flags")


class MemoryCache:
    """The indexes used last, as long as they fit; safe to use from several threads."""

    def __init__(self, limit: int = MEMORY_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            if (raw := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
            return raw

    def put(self, key: str, raw: bytes) -> None:
        with self._lock:
            self._drop(key)
            if len(raw) > self._limit:
                return
            self._kept[key] = raw
            self._size += len(raw)
            while self._size > self._limit:
                self._drop(next(iter(self._kept)))

    def forget(self, key: str) -> None:
        with self._lock:
            self._drop(key)

    def _drop(self, key: str) -> None:
        self._size -= len(self._kept.pop(key, b""))


class DiskCache:
    """Indexes in a folder of the program's own, compressed; the ones not used for longest go when it is full.

    A disk that fails is no error: nothing is found there.
    """

    def __init__(self, folder: Path, limit: int = DISK_BYTES) -> None:
        self._folder = folder
        self._limit = limit

    def get(self, key: str) -> bytes | None:
        path = self._path(key)
        try:
            with path.open("rb") as file:
                value = file.read(self._limit + 1)
            os.utime(path)
        except OSError:
            return None
        raw = _unpacked(key, value)
        if raw is None:
            self.forget(key)
        return raw

    def put(self, key: str, raw: bytes) -> None:
        value = _packed(key, raw)
        if value is None or len(value) > self._limit:
            return
        with suppress(Failed, OSError):
            self._make_room(len(value))
            write_atomic(self._path(key), value)

    def forget(self, key: str) -> None:
        with suppress(OSError):
            self._path(key).unlink()

    def _path(self, key: str) -> Path:
        return self._folder / f"{_name(key)}.index"

    def _make_room(self, size: int) -> None:
        """Files of writers that were killed go like the others."""
        if not self._folder.is_dir():
            return
        found = [(path, path.stat()) for path in self._folder.iterdir() if path.is_file()]
        total = size + sum(status.st_size for _path, status in found)
        for path, status in sorted(found, key=lambda pair: pair[1].st_mtime_ns):
            if total <= self._limit:
                return
            path.unlink(missing_ok=True)
            total -= status.st_size


class RedisCache:
    """Indexes that several machines share; those the original program put there as JSON are read, never changed.

    A server that fails is no error; it is not asked again.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._fails = False

    @cached_property
    def _client(self) -> Any:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        once = Retry(NoBackoff(), 0)
        return Redis.from_url(self._url, socket_connect_timeout=_TIMEOUT, socket_timeout=_TIMEOUT, retry=once)

    def get(self, key: str) -> bytes | None:
        value = self._value(REDIS_PREFIX + _name(key))
        if value is not None:
            raw = _unpacked(key, value)
            if raw is None:
                self.forget(key)
            return raw
        theirs = self._value(ORIGINAL_PREFIX + key)
        return None if theirs is None else original_index(theirs)

    def put(self, key: str, raw: bytes) -> None:
        value = _packed(key, raw)
        if value is not None and len(value) <= REDIS_LONGEST:
            self._ask("set", REDIS_PREFIX + _name(key), value, ex=REDIS_DAYS * 86_400)

    def forget(self, key: str) -> None:
        self._ask("delete", REDIS_PREFIX + _name(key))

    def _value(self, key: str) -> bytes | None:
        length = self._ask("strlen", key)
        if not length or length > REDIS_LONGEST:
            return None
        value = self._ask("get", key)
        return value if isinstance(value, bytes) else None

    def _ask(self, command: str, *args: Any, **options: Any) -> Any:
        from redis.exceptions import RedisError, ResponseError

        if self._fails:
            return None
        try:
            return getattr(self._client, command)(*args, **options)
        except ResponseError:
            return None
        except (RedisError, OSError, ValueError):
            self._fails = True
            return None


class Caches:
    """Several caches, the fastest first; what a slower one has goes into the faster ones."""

    def __init__(self, caches: Sequence[IndexCache]) -> None:
        self._caches = caches

    def get(self, key: str) -> bytes | None:
        for place, slower in enumerate(self._caches):
            if (raw := slower.get(key)) is not None:
                for faster in self._caches[:place]:
                    faster.put(key, raw)
                return raw
        return None

    def put(self, key: str, raw: bytes) -> None:
        for each in self._caches:
            each.put(key, raw)

    def forget(self, key: str) -> None:
        for each in self._caches:
            each.forget(key)


def cache_for(where: str, settings: Settings | None = None) -> IndexCache | None:
    """What keeps the index of an archive: memory, the folder `indexes` of the state, the Redis of the settings.

    Args:
        where: as `open_source`; of a local file nothing is kept, for it is read as fast as a cache.
    """
    if not where.startswith(SCHEME):
        return None
    return _caches(paths().state, settings.redis if settings is not None else "")


@cache
def _caches(state: Path, redis: str) -> Caches:
    caches: list[IndexCache] = [MemoryCache(), DiskCache(state / "indexes")]
    if redis:
        caches.append(RedisCache(redis))
    return Caches(caches)


def original_index(value: bytes) -> bytes | None:
    """The index that the original's JSON is of, as its writer would write it; None when that is none."""
    try:
        entries = json.loads(value)
        return b"".join(_entry(item) for item in entries) if isinstance(entries, list) else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, struct.error):
        return None


def _entry(item: dict[str, Any]) -> bytes:
    name: bytes = item["name"].encode("utf-8", "surrogatepass")
    return struct.pack("<H", len(name)) + name + _ENTRY.pack(*(item[number] for number in _NUMBERS))


def _name(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _packed(key: str, raw: bytes) -> bytes | None:
    """An index with what proves that it is whole and belongs to the key; None when it is too long."""
    import zstandard

    if len(raw) > LONGEST:
        return None
    owner = key.encode("utf-8", "surrogateescape")
    proof = hashlib.sha256(owner + raw).digest()
    return _HEAD.pack(_MAGIC, len(owner), proof, len(raw)) + owner + zstandard.ZstdCompressor(level=1).compress(raw)


def _unpacked(key: str, value: bytes) -> bytes | None:
    """The index of a key; None when the value is anything else."""
    import zstandard

    owner = key.encode("utf-8", "surrogateescape")
    start = _HEAD.size + len(owner)
    if len(value) < start or value[_HEAD.size : start] != owner:
        return None
    magic, long, proof, size = _HEAD.unpack_from(value)
    if (magic, long) != (_MAGIC, len(owner)) or size > LONGEST:
        return None
    try:
        # The length is the writer's word: no more memory than what really comes out.
        reader = zstandard.ZstdDecompressor().stream_reader(memoryview(value)[start:])
        raw = bytearray()
        while len(raw) <= size and (piece := reader.read(min(1 << 20, size + 1 - len(raw)))):
            raw += piece
    except zstandard.ZstdError:
        return None
    whole = len(raw) == size and hashlib.sha256(owner + raw).digest() == proof
    return bytes(raw) if whole else None
