"""Servers that answer wrongly, slowly, or not at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.archives.s3 import S3Source
from dmart_tui.core.archives.source import Replaced, Stamp
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import Damaged, DmartTuiError, Failed
from tests.support.s3 import (
    APART,
    BUCKET,
    CONTENT,
    FaultProxy,
    Reply,
    Request,
    S3Server,
    hadro_server,
    source,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("quick_retries")


def is_read(request: Request) -> bool:
    return request.method == "GET" and "Range" in request.headers


def no_suffixes(status: int) -> Callable[[Request], Reply | None]:
    def before(request: Request) -> Reply | None:
        refuses = request.headers.get("Range", "").startswith("bytes=-")
        return Reply(status, {}, b"<Error><Code>InvalidArgument</Code></Error>") if refuses else None

    return before


@pytest.mark.parametrize("status", [400, 416, 501])
def test_where_suffixes_are_refused_it_is_remembered(moto: S3Server, status: int) -> None:
    moto.put("a", CONTENT)
    with FaultProxy(moto, before=no_suffixes(status)) as proxy:
        server = proxy.server.endpoint()
        first = S3Source(server, BUCKET, "a")
        assert first.tail(88)[0] == CONTENT[-88:]
        assert first.cost.requests == 3
        second = S3Source(server, BUCKET, "a")
        assert second.tail(88)[0] == CONTENT[-88:]
        assert second.cost.requests == 2


def test_a_suffix_answered_with_the_head_of_the_object_is_not_believed(moto: S3Server) -> None:
    moto.put("a", CONTENT)

    def as_s3rver_does(request: Request) -> None:
        if request.headers.get("Range", "").startswith("bytes=-"):
            request.headers["Range"] = request.headers["Range"].replace("=-", "=0-")

    with FaultProxy(moto, before=as_s3rver_does) as proxy:
        read = S3Source(proxy.server.endpoint(), BUCKET, "a")
        assert read.tail(88)[0] == CONTENT[-88:]
        assert not read._server.has_suffix_ranges


def test_a_server_that_knows_no_ranges(moto: S3Server) -> None:
    big = CONTENT * 200

    def without_range(request: Request) -> None:
        request.headers.pop("Range", None)

    moto.put("a", CONTENT)
    moto.put("big", big)
    with FaultProxy(moto, before=without_range) as proxy:
        read = S3Source(proxy.server.endpoint(), BUCKET, "a")
        assert read.tail(88)[0] == CONTENT[-88:]
        assert read.read(100, 50) == CONTENT[100:150]
        large = S3Source(proxy.server.endpoint(), BUCKET, "big")
        with pytest.raises(Failed, match="does not send the range"):
            large.tail(88)
        assert large.cost.moved == 0


def test_another_range_than_the_one_asked_for_is_no_answer(moto: S3Server) -> None:
    moto.put("a", CONTENT)

    def shifted(request: Request) -> None:
        if request.headers.get("Range") == "bytes=100-149":
            request.headers["Range"] = "bytes=101-150"

    with FaultProxy(moto, before=shifted) as proxy, pytest.raises(Failed, match="does not send the range"):
        S3Source(proxy.server.endpoint(), BUCKET, "a").read(100, 50)


def test_every_range_is_bound_to_the_object_that_was_opened(moto: S3Server) -> None:
    moto.put("a", CONTENT)
    with FaultProxy(moto) as proxy:
        read = S3Source(proxy.server.endpoint(), BUCKET, "a")
        _, stamp = read.tail(88)
        read.read(0, 5)
        list(read.read_many([(0, 5)]))
        list(read.stream(0, 5))
        assert [request.headers.get("If-Match") for request in proxy.requests] == [None] + [f'"{stamp.version}"'] * 3


def test_a_size_that_changes_under_one_etag_is_a_replacement(moto: S3Server) -> None:
    moto.put("a", CONTENT)
    read = S3Source(moto.endpoint(), BUCKET, "a")
    _, stamp = read.tail(88)
    with pytest.raises(Replaced):
        S3Source(moto.endpoint(), BUCKET, "a", stamp=Stamp(stamp.size + 1, stamp.version)).read(0, 5)


def test_an_object_replaced_in_the_middle_of_many_reads(moto: S3Server) -> None:
    moto.put("swapped", CONTENT)
    ranges = [(at * 600, 100) for at in range(30)]

    def swap(request: Request) -> None:
        if request.number == 10:
            moto.put("swapped", CONTENT[::-1])
        request.headers.pop("If-Match", None)

    with FaultProxy(moto, before=swap) as proxy:
        read = S3Source(proxy.server.endpoint(), BUCKET, "swapped", line=APART)
        read.tail(88)
        came: list[tuple[int, bytes]] = []
        with pytest.raises(Replaced):
            came.extend(read.read_many(ranges))
    for position, data in came:
        start, length = ranges[position]
        assert data == CONTENT[start : start + length]


def cutting(times: int, at: int) -> Callable[[Request, Reply], None]:
    """Cuts the bodies of the first replies to ranges."""
    left = [times]

    def after(request: Request, reply: Reply) -> None:
        if is_read(request) and left[0]:
            left[0] -= 1
            reply.cut = at

    return after


@pytest.mark.parametrize("at", [0, 1, 4999])
def test_a_cut_connection_is_tried_again(moto: S3Server, at: int) -> None:
    moto.put("a", CONTENT)
    with FaultProxy(moto, after=cutting(2, at)) as proxy:
        read = S3Source(proxy.server.endpoint(), BUCKET, "a")
        assert read.tail(5000)[0] == CONTENT[-5000:]
        assert (read.cost.requests, read.cost.wanted) == (3, 5000)
        assert read.cost.moved <= 5000 + 2 * at


@pytest.mark.parametrize("at", [0, 700_000])
def test_a_stream_goes_on_where_it_was_cut(moto: S3Server, at: int) -> None:
    moto.put("long", CONTENT * 100)
    with FaultProxy(moto, after=cutting(2, at)) as proxy:
        read = S3Source(proxy.server.endpoint(), BUCKET, "long")
        assert b"".join(read.stream(10, 1_900_000)) == (CONTENT * 100)[10:1_900_010]
        assert read.cost.wanted == 1_900_000


def test_a_connection_that_is_always_cut_is_an_error_and_no_short_answer(moto: S3Server) -> None:
    moto.put("a", CONTENT)
    with FaultProxy(moto, after=cutting(1000, 40)) as proxy:
        read = S3Source(proxy.server.endpoint(), BUCKET, "a", stamp=moto_stamp(moto, "a"))
        with pytest.raises(Damaged, match="ends too early"):
            read.read(0, 50)
        assert read.cost.requests == 5
        with pytest.raises(Damaged):
            list(read.read_many([(0, 50)]))
    with FaultProxy(moto, after=cutting(1000, 0)) as proxy:
        read = S3Source(proxy.server.endpoint(), BUCKET, "a", stamp=moto_stamp(moto, "a"))
        with pytest.raises(Damaged, match="ends too early"):
            list(read.stream(0, 50))
        assert read.cost.requests == 3


def moto_stamp(server: S3Server, key: str) -> Stamp:
    return S3Source(server.endpoint(), BUCKET, key).stamp


def test_a_body_shorter_than_its_range_is_an_error(moto: S3Server) -> None:
    moto.put("a", CONTENT)

    def shortened(request: Request, reply: Reply) -> None:
        if is_read(request):
            reply.body = reply.body[:-1]

    with FaultProxy(moto, after=shortened) as proxy, pytest.raises(Damaged, match="ends too early"):
        S3Source(proxy.server.endpoint(), BUCKET, "a").read(0, 50)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again_but_not_for_ever(moto: S3Server, status: int) -> None:
    moto.put("a", CONTENT)
    with FaultProxy(moto, before=lambda request: Reply(status) if request.number < 3 else None) as proxy:
        read = S3Source(proxy.server.endpoint(), BUCKET, "a")
        assert read.tail(88)[0] == CONTENT[-88:]
        assert read.cost.requests == 4
    with FaultProxy(moto, before=lambda _request: Reply(status)) as proxy:
        with pytest.raises(Failed, match=rf"s3://{BUCKET}/a: the server is busy or broken \({status}\)"):
            S3Source(proxy.server.endpoint(), BUCKET, "a").tail(88)
        assert len(proxy.requests) == 5


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff\xfe" * 50, b"<?xml version='1.0'?><a><b>"], ids=["none", "html", "bytes", "xml"]
)
def test_answers_that_are_none_are_errors_of_ours(moto: S3Server, body: bytes) -> None:
    for status in (200, 204, 400, 403, 404, 418, 501):
        with FaultProxy(moto, before=lambda _request, status=status: Reply(status, {}, body)) as proxy:
            read = S3Source(proxy.server.endpoint(), BUCKET, "a", stamp=Stamp(len(CONTENT), "etag"))
            with pytest.raises(DmartTuiError):
                read.read(0, 50)


def test_at_most_sixteen_requests_run_at_once(moto: S3Server) -> None:
    import threading

    moto.put("a", CONTENT)
    running, most, lock, full = [0], [0], threading.Lock(), threading.Barrier(16)

    def counted(request: Request) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        if request.number < 16:
            full.wait(timeout=60)

    def done(_request: Request, _reply: Reply) -> None:
        with lock:
            running[0] -= 1

    stamp = moto_stamp(moto, "a")
    with FaultProxy(moto, before=counted, after=done) as proxy:
        read = S3Source(proxy.server.endpoint(), BUCKET, "a", stamp=stamp, line=APART)
        ranges = [(at * 400, 10) for at in range(48)]
        assert len(dict(read.read_many(ranges))) == 48
    assert most[0] == 16


def test_reading_many_can_be_cancelled_and_left(moto: S3Server) -> None:
    moto.put("a", CONTENT)
    with FaultProxy(moto) as proxy:
        read = S3Source(proxy.server.endpoint(), BUCKET, "a", stamp=moto_stamp(moto, "a"), line=APART)
        ranges = [(at * 100, 10) for at in range(200)]
        token = CancelToken()
        many = read.read_many(ranges, token)
        next(many)
        token.cancel()
        with pytest.raises(Cancelled):
            list(many)
        left = read.read_many(ranges)
        next(left)
        left.close()
        assert len(proxy.requests) < 200


def test_a_closed_source_reads_no_more(moto: S3Server) -> None:
    with source(moto) as read:
        read.tail(88)
    with pytest.raises(Failed, match="is closed"):
        read.read(0, 5)


def test_a_third_server_with_errors_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmart_tui.core.archives.remote._WAITS", (0.001,) * 12)
    (tmp_path / BUCKET / "day").mkdir(parents=True)
    (tmp_path / BUCKET / "day" / "shard.des").write_bytes(CONTENT)
    with hadro_server(tmp_path, latency_ms=1, error_rate=0.2) as server:
        read = source(server, content=None, line=APART)
        assert read.tail(88)[0] == CONTENT[-88:]
        ranges = [(at * 200, 50) for at in range(60)]
        assert dict(read.read_many(ranges)) == {at: CONTENT[a : a + n] for at, (a, n) in enumerate(ranges)}
        assert re.fullmatch('[^"]+', read.stamp.version)
