"""Archives where they live: opened, listed and read over S3, counted request by request."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.archives.archive import Archive, open_archive
from dmart_tui.core.archives.big_files import LocalBigFiles
from dmart_tui.core.archives.cache import MemoryCache
from dmart_tui.core.archives.s3 import S3Source
from dmart_tui.core.archives.source import Replaced
from dmart_tui.core.archives.writer import Writer
from tests.support.s3 import BUCKET, FaultProxy, Reply, Request, S3Server, hadro_server

if TYPE_CHECKING:
    from pathlib import Path

FEW, MANY = 50, 6000


def content(number: int) -> bytes:
    return random.Random(number).randbytes(number % 300)


def made(path: Path, members: int) -> bytes:
    """An archive whose every seventh member has no bytes at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Writer(str(path), digests=False) as writer:
        for number in range(members):
            writer.add(f"member {number:05} ü.bin", content(number) if number % 7 else b"", {"n": number})
    return path.read_bytes()


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[int, bytes]:
    folder = tmp_path_factory.mktemp("archives")
    return {members: made(folder / f"{members}.des", members) for members in (0, FEW, MANY)}


def opened(server: S3Server, key: str, **options: object) -> Archive:
    return open_archive(S3Source(server.endpoint(), BUCKET, key), **options)  # type: ignore[arg-type]


def holds(archive: Archive, members: int) -> None:
    """Every member is there, with its own bytes and metadata."""
    assert len(archive) == members
    assert [archive.name(at) for at in range(members)] == [f"member {at:05} ü.bin" for at in range(members)]
    some = random.Random(1).sample(range(members), min(members, 60))
    assert dict(archive.read_many(some)) == {at: content(at) if at % 7 else b"" for at in some}
    assert all(meta["n"] == at for at, meta in archive.metas(some))  # type: ignore[index]


@pytest.mark.parametrize("members", [0, FEW])
def test_a_small_archive_takes_one_request_for_all_of_it(
    server: S3Server, archives: dict[int, bytes], members: int
) -> None:
    key = server.put(f"{members}.des", archives[members])
    with opened(server, key) as archive:
        holds(archive, members)
        # rclone refuses a suffix that is longer than the object.
        assert archive.source.cost.requests == (3 if server.kind == "rclone" else 1)


def test_a_large_index_takes_a_second_request(server: S3Server, archives: dict[int, bytes]) -> None:
    key = server.put("many.des", archives[MANY])
    with opened(server, key) as archive:
        assert archive.source.cost.requests == 2
        holds(archive, MANY)


def test_an_index_that_is_kept_saves_the_second_request(moto: S3Server, archives: dict[int, bytes]) -> None:
    key = moto.put("kept.des", archives[MANY])
    cache = MemoryCache()
    opened(moto, key, cache=cache).close()
    with opened(moto, key, cache=cache) as archive:
        assert archive.source.cost.requests == 1
        holds(archive, MANY)
    cache.put(archive.source.cache_key, b"\0" * archive.layout.index_length)
    with opened(moto, key, cache=cache) as archive:
        holds(archive, MANY)


def test_an_index_of_the_archive_before_is_not_used(moto: S3Server, archives: dict[int, bytes], tmp_path: Path) -> None:
    key = moto.put("renewed.des", archives[MANY])
    cache = MemoryCache()
    opened(moto, key, cache=cache).close()
    moto.put("renewed.des", made(tmp_path / "new.des", MANY + 1))
    with opened(moto, key, cache=cache) as archive:
        holds(archive, MANY + 1)


def test_big_files_are_read_from_beside_the_archive(server: S3Server, tmp_path: Path) -> None:
    path = tmp_path / "2025-01-15" / "shard_01.des"
    path.parent.mkdir()
    big = random.Random(3).randbytes(100_000)
    with Writer(str(path), big_file_threshold=1000, big_files=LocalBigFiles(str(path))) as writer:
        writer.add("big", big)
    for file in (path, path.parent / "_bigFiles" / "big"):
        server.put(f"x/{file.relative_to(tmp_path)}", file.read_bytes())
    with opened(server, "x/2025-01-15/shard_01.des") as archive:
        assert archive.member(0).external
        assert archive.read(0) == big
        with archive.open(0) as stream:
            stream.seek(99_000)
            assert stream.read(50) == big[99_000:99_050]


def test_an_archive_replaced_while_its_index_comes_is_not_mixed(moto: S3Server, archives: dict[int, bytes]) -> None:
    key = moto.put("swapped.des", archives[MANY])

    def swap(request: Request) -> None:
        if request.number == 1:
            moto.put("swapped.des", archives[MANY][::-1])

    with FaultProxy(moto, before=swap) as proxy, pytest.raises(Replaced):
        opened(proxy.server, key)


def test_an_archive_replaced_after_it_was_opened_is_not_mixed(moto: S3Server, archives: dict[int, bytes]) -> None:
    key = moto.put("swapped.des", archives[MANY])
    with opened(moto, key) as archive:
        moto.put("swapped.des", archives[MANY][:-1] + b"\1")
        with pytest.raises(Replaced):
            archive.read(8)
        with pytest.raises(Replaced):
            dict(archive.read_many([1, 2, 3]))


def test_a_connection_cut_in_the_index_goes_on(
    moto: S3Server, archives: dict[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dmart_tui.core.archives.remote._WAITS", (0.001,) * 4)
    key = moto.put("cut.des", archives[MANY])

    def cut(request: Request, reply: Reply) -> None:
        if request.number in (0, 2):
            reply.cut = len(reply.body) // 2

    with FaultProxy(moto, after=cut) as proxy, opened(proxy.server, key) as archive:
        holds(archive, MANY)


def test_a_slow_server_with_errors_in_between(
    tmp_path: Path, archives: dict[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dmart_tui.core.archives.remote._WAITS", (0.001,) * 12)
    folder = tmp_path / BUCKET
    folder.mkdir()
    (folder / "a.des").write_bytes(archives[MANY])
    with hadro_server(tmp_path, latency_ms=5, error_rate=0.1) as server, opened(server, "a.des") as archive:
        holds(archive, MANY)
        cost = archive.source.cost
        assert cost.moved >= cost.wanted > 0
