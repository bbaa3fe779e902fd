from __future__ import annotations

import io
import random
import threading
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from dmart_tui.core.archives import buckets
from dmart_tui.core.archives.buckets import Bucket, Page, bucket_names, open_bucket
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.config import Settings
from dmart_tui.core.errors import Failed, NotFound, Refused, UsageFault
from tests.support.s3 import BUCKET, FaultProxy, Reply, Request, S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PART = 5 << 20
"""The least that S3 takes for a part that is not the last."""
LONG = random.Random(5).randbytes(PART * 2 + 12_345)
KEYS = ["list/a.des", "list/b/1.des", "list/b/2.des", "list/c/3.des", "list/ü &+.des", "list/z.des"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmart_tui.core.archives.remote._WAITS", (0.001,) * 4)
    monkeypatch.setattr(buckets, "PART", PART)


def bucket(server: S3Server) -> Bucket:
    return Bucket(server.endpoint(), BUCKET)


def contents(server: S3Server, key: str) -> bytes:
    read = Bucket(server.endpoint(), BUCKET).source(key)
    return read.read(0, read.stamp.size)


def names(pages: Iterator[Page]) -> tuple[list[str], list[str]]:
    listed = list(pages)
    return [name for page in listed for name in page.folders], [item.key for page in listed for item in page.objects]


# -- listing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_a_folder_is_listed_page_by_page(server: S3Server, page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in KEYS:
        server.put(key, key.encode())
    monkeypatch.setattr(buckets, "PAGE", page)
    folders, objects = names(bucket(server).pages("list/"))
    assert folders == ["list/b/", "list/c/"]
    assert sorted(objects) == ["list/a.des", "list/z.des", "list/ü &+.des"]
    assert sorted(names(bucket(server).pages("list/", flat=True))[1]) == sorted(KEYS)
    assert names(bucket(server).pages("list/nothing")) == ([], [])


def test_what_is_listed_has_the_stamp_that_reading_finds(server: S3Server) -> None:
    server.put("stamped/a", b"12345")
    ((item,),) = [page.objects for page in bucket(server).pages("stamped/")]
    assert item.stamp == bucket(server).stamp("stamped/a")
    assert item.stamp.size == 5
    assert item.modified is not None
    assert item.modified.tzinfo is not None


def test_buckets_are_listed(server: S3Server) -> None:
    assert BUCKET in list(bucket_names(server.endpoint()))


def test_a_bucket_that_is_not_there(server: S3Server) -> None:
    with pytest.raises(NotFound, match="nobucket"):
        list(Bucket(server.endpoint(), "nobucket").pages())


def test_a_denied_listing_names_the_permission(moto: S3Server) -> None:
    denied = Reply(403, {}, b"<Error><Code>AccessDenied</Code></Error>")
    with FaultProxy(moto, before=lambda _request: denied) as proxy:
        with pytest.raises(Refused, match=f"s3:ListBucket on {BUCKET}"):
            list(bucket(proxy.server).pages())
        with pytest.raises(Refused, match="s3:ListAllMyBuckets on all buckets"):
            list(bucket_names(proxy.server.endpoint()))


def listing(keys: list[str], folders: list[str], token: str) -> Reply:
    body = "".join(f"<Contents><Key>{key}</Key><Size>1</Size></Contents>" for key in keys)
    body += "".join(f"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>" for name in folders)
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return Reply(200, {}, f"<ListBucketResult>{body}{more}</ListBucketResult>".encode())


def query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}


def test_folders_that_come_again_on_the_next_page_are_listed_once(moto: S3Server) -> None:
    replies = [
        listing(["a"], ["b/"], "1"),
        listing([], ["b/"], "2"),
        listing([], ["b/", "c/"], "3"),
        listing(["d"], [], ""),
    ]
    with FaultProxy(moto, before=lambda request: replies[request.number]) as proxy:
        assert names(bucket(proxy.server).pages()) == (["b/", "c/"], ["a", "d"])


def test_a_token_that_repeats_is_gone_round_by_the_last_name(moto: S3Server) -> None:
    def answer(request: Request) -> Reply:
        asked = query(request)
        if "start-after" in asked:
            return listing(["c"], [], "")
        return listing(["b" if "continuation-token" in asked else "a"], [], "same")

    with FaultProxy(moto, before=answer) as proxy:
        assert names(bucket(proxy.server).pages())[1] == ["a", "b", "c"]
        assert query(proxy.requests[-1])["start-after"] == "b"


@pytest.mark.parametrize("tokens", ["same", "new"])
def test_a_server_that_goes_round_in_circles_is_left(moto: S3Server, tokens: str) -> None:
    def answer(request: Request) -> Reply:
        return listing(["a"], [], tokens if tokens == "same" else f"{request.number}")

    with FaultProxy(moto, before=answer) as proxy:
        with pytest.raises(Failed, match="again and again"):
            names(bucket(proxy.server).pages())
        assert len(proxy.requests) < 200


def test_a_listing_can_be_cancelled(moto: S3Server) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        list(bucket(moto).pages(cancel=token))


def test_a_bucket_by_its_address(moto: S3Server) -> None:
    moto.put("by/address", b"x")
    found, prefix = open_bucket(f"s3://m@{BUCKET}/by/", Settings(s3={"m": moto.profile}))
    assert names(found.pages(prefix)) == ([], ["by/address"])


# -- writing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, len(LONG)])
def test_what_was_stored_is_read(server: S3Server, size: int, tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.write_bytes(LONG[:size])
    arrived: list[int] = []
    stamp = bucket(server).put(file, "stored/ü", moved=arrived.append)
    assert sum(arrived) == stamp.size == size
    assert stamp == bucket(server).stamp("stored/ü")
    assert contents(server, "stored/ü") == LONG[:size]


def test_bytes_and_streams_are_stored_with_metadata(server: S3Server) -> None:
    bucket(server).put(LONG[:10], "kinds/bytes", metadata={"original_name": "zażółć 50%"})
    with io.BytesIO(LONG) as stream:
        stream.seek(7)
        bucket(server).put(stream, "kinds/stream", metadata={"size": "7"})
    assert contents(server, "kinds/bytes") == LONG[:10]
    assert contents(server, "kinds/stream") == LONG[7:]
    kept = server.client.head_object(Bucket=BUCKET, Key="kinds/bytes")["Metadata"]
    assert [value for name, value in kept.items() if name.lower() == "original_name"] == [
        "za%C5%BC%C3%B3%C5%82%C4%87 50%25"
    ]


class Dribble(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._rest = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._rest.read(min(size, 700_001))


def test_a_stream_that_gives_little_at_a_time(moto: S3Server) -> None:
    bucket(moto).put(Dribble(LONG), "dribble")  # type: ignore[arg-type]
    assert contents(moto, "dribble") == LONG


@pytest.mark.parametrize("size", [10, len(LONG)])
def test_an_object_that_is_there_is_replaced_only_where_it_may(server: S3Server, size: int) -> None:
    key = f"taken-{size}"
    server.put(key, b"first")
    with pytest.raises(Refused, match="already"):
        bucket(server).put(LONG[:size], key, replace=False)
    assert contents(server, key) == b"first"
    bucket(server).put(LONG[:size], key)
    assert contents(server, key) == LONG[:size]
    bucket(server).remove(key)
    assert bucket(server).stamp(key) is None
    bucket(server).remove(key)
    bucket(server).put(LONG[:size], key, replace=False)
    assert contents(server, key) == LONG[:size]


@pytest.mark.parametrize("size", [10, len(LONG)])
def test_an_object_that_came_in_between_is_not_replaced(moto: S3Server, size: int) -> None:
    moto.client.delete_object(Bucket=BUCKET, Key="raced")

    def race(request: Request) -> None:
        if request.method == "PUT" and not request.path.startswith("/raced"):
            moto.put("raced", b"theirs")

    with FaultProxy(moto, before=race) as proxy, pytest.raises(Refused, match="already"):
        bucket(proxy.server).put(LONG[:size], "raced", replace=False)
    assert contents(moto, "raced") == b"theirs"


def uploads(server: S3Server) -> list[object]:
    return list(server.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []))


def is_part(request: Request) -> bool:
    return request.method == "PUT" and "partNumber" in query(request)


def test_parts_that_fail_are_sent_again(moto: S3Server) -> None:
    failing = threading.Semaphore(2)
    with FaultProxy(
        moto, before=lambda request: Reply(503) if is_part(request) and failing.acquire(blocking=False) else None
    ) as proxy:
        bucket(proxy.server).put(LONG, "again")
    assert contents(moto, "again") == LONG


@pytest.mark.parametrize("status", [403, 503])
def test_an_upload_that_fails_leaves_nothing(moto: S3Server, status: int) -> None:
    refused = Reply(status, {}, b"<Error><Code>AccessDenied</Code></Error>")
    with (
        FaultProxy(
            moto, before=lambda request: refused if is_part(request) and query(request)["partNumber"] == "2" else None
        ) as proxy,
        pytest.raises(Refused if status == 403 else Failed),
    ):
        bucket(proxy.server).put(LONG, "failed")
    assert uploads(moto) == []
    assert bucket(moto).stamp("failed") is None


def test_an_upload_that_is_cancelled_leaves_nothing(moto: S3Server) -> None:
    token = CancelToken()
    with pytest.raises(Cancelled):
        bucket(moto).put(LONG, "cancelled", cancel=token, moved=lambda _bytes: token.cancel())
    assert uploads(moto) == []
    assert bucket(moto).stamp("cancelled") is None


def test_a_stream_that_fails_leaves_nothing(moto: S3Server) -> None:
    class Broken(Dribble):
        def read(self, size: int = -1) -> bytes:
            data = super().read(size)
            if not data:
                raise OSError("the disk is gone")
            return data

    with pytest.raises(OSError, match="gone"):
        bucket(moto).put(Broken(LONG), "broken")  # type: ignore[arg-type]
    assert uploads(moto) == []


def test_a_file_that_is_not_there_and_a_key_that_cannot_be(moto: S3Server, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        bucket(moto).put(tmp_path / "absent", "x")
    for key in ("", "x" * 1025, "\udcff"):
        with pytest.raises(UsageFault):
            bucket(moto).put(b"x", key)


def test_a_right_that_is_missing_is_named(moto: S3Server) -> None:
    denied = Reply(403, {}, b"<Error><Code>AccessDenied</Code></Error>")
    with FaultProxy(moto, before=lambda _request: denied) as proxy:
        with pytest.raises(Refused, match=f"s3:PutObject on {BUCKET}/denied"):
            bucket(proxy.server).put(b"x", "denied")
        with pytest.raises(Refused, match=f"s3:DeleteObject on {BUCKET}/denied"):
            bucket(proxy.server).remove("denied")
