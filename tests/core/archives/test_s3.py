from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.archives.ranges import Line
from dmart_tui.core.archives.remote import Endpoint, parse_uri
from dmart_tui.core.archives.s3 import S3Source, open_s3
from dmart_tui.core.archives.source import Replaced, Stamp
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.config import Settings
from dmart_tui.core.errors import Damaged, DmartTuiError, Failed, NotFound, Refused, UsageFault
from dmart_tui.core.profiles import S3Profile
from tests.support.s3 import BUCKET, SECRET_KEY, FaultProxy, Reply, Request, S3Server, hadro_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dmart_tui.core.archives.source import Source

CONTENT = random.Random(4).randbytes(20_000)
APART = Line(spare=0, overhead=0, latency=0)
"""Every range in a request of its own."""


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmart_tui.core.archives.remote._WAITS", (0.001,) * 4)


def source(
    server: S3Server, key: str = "day/shard.des", content: bytes | None = CONTENT, **options: object
) -> S3Source:
    """An object with this content, its end point new."""
    if content is not None:
        server.put(key, content)
    return S3Source(server.endpoint(), BUCKET, key, **options)  # type: ignore[arg-type]


# -- what every server gives ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [1, 88, 19_999, 20_000])
def test_the_tail_comes_with_the_stamp_in_one_request(server: S3Server, wanted: int) -> None:
    read = source(server)
    data, stamp = read.tail(wanted)
    assert data == CONTENT[-wanted:]
    assert stamp.size == len(CONTENT)
    assert stamp.version
    assert '"' not in stamp.version
    assert (read.cost.requests, read.cost.moved, read.cost.wanted) == (1, wanted, wanted)


@pytest.mark.parametrize("size", [0, 1, 87])
def test_the_tail_of_an_object_shorter_than_it_is_all_of_it(server: S3Server, size: int) -> None:
    read = source(server, f"short-{size}", CONTENT[:size])
    data, stamp = read.tail(256)
    assert (data, stamp.size) == (CONTENT[:size], size)
    assert read._server.has_suffix_ranges


def test_ranges_are_read(server: S3Server) -> None:
    read = source(server)
    assert read.read(0, 10) == CONTENT[:10]
    assert read.read(19_990, 10) == CONTENT[-10:]
    assert b"".join(read.stream(5, 15_000)) == CONTENT[5:15_005]
    ranges = [(7, 5), (9000, 200), (9100, 10), (0, 0), (0, 20_000)]
    assert dict(read.read_many(ranges)) == {at: CONTENT[a : a + n] for at, (a, n) in enumerate(ranges)}


def test_nothing_is_asked_for_a_range_of_no_bytes(server: S3Server) -> None:
    read = source(server)
    read.tail(88)
    asked = read.cost.requests
    assert read.read(20_000, 0) == b""
    assert list(read.read_many([(5, 0), (20_000, 0)])) == [(0, b""), (1, b"")]
    assert list(read.stream(7, 0)) == []
    assert read.cost.requests == asked


def test_a_range_beyond_the_end_is_never_asked_for(server: S3Server) -> None:
    read = source(server)
    read.tail(88)
    asked = read.cost.requests
    for start, length in ((19_999, 2), (1 << 63, 1), (-1, 2)):
        with pytest.raises(Damaged):
            read.read(start, length)
    with pytest.raises(Damaged):
        list(read.read_many([(0, 4), (19_999, 2)]))
    assert read.cost.requests <= asked + 1


def test_an_object_that_was_replaced_is_told_from_its_etag(server: S3Server) -> None:
    read = source(server, "replaced")
    read.tail(88)
    server.put("replaced", CONTENT[::-1])
    with pytest.raises(Replaced):
        read.read(0, 10)
    with pytest.raises(Replaced):
        list(read.read_many([(0, 10)]))
    with pytest.raises(Replaced):
        list(read.stream(0, 10))


def test_a_shorter_object_in_its_place_is_told_too(server: S3Server) -> None:
    read = source(server, "shortened")
    read.tail(88)
    server.put("shortened", b"x")
    with pytest.raises(Replaced):
        read.read(10_000, 10)


@pytest.mark.parametrize("key", ["zażółć/東京 +&'.des", "a//b.des", "50%25.des"])
def test_keys_are_taken_as_they_stand(server: S3Server, key: str) -> None:
    if server.kind == "rclone" and "//" in key:
        pytest.skip("a folder has no empty names")
    assert source(server, key).tail(5)[0] == CONTENT[-5:]


def test_objects_beside_are_found_by_path_and_by_key(server: S3Server) -> None:
    server.put("day/_bigFiles/ü x", b"big")
    server.put("other/thing", b"far")
    read = source(server)

    def content(found: Source | None) -> bytes | None:
        return None if found is None else found.read(0, found.stamp.size)

    assert content(read.beside("_bigFiles/ü x")) == b"big"
    assert content(read.by_key("other/thing")) == b"far"
    assert content(source(server, "top", b"t").beside("day/_bigFiles/ü x")) == b"big"
    for name in ("absent", "../other/thing", "a//b", "", "./shard.des"):
        assert read.beside(name) is None
    assert read.by_key("absent") is None
    assert read.by_key("x" * 2000) is None


# -- errors -----------------------------------------------------------------------------------------------------------


def test_errors_say_which_bucket_and_which_key(server: S3Server) -> None:
    with pytest.raises(NotFound, match=rf"s3://{BUCKET}/none\.des: there is no such object"):
        source(server, "none.des", None).tail(88)
    with pytest.raises(NotFound, match="nobucket"):
        S3Source(server.endpoint(), "nobucket", "k").tail(88)


def test_a_wrong_secret_is_refused_and_not_told(rclone: S3Server) -> None:
    profile = S3Profile(
        endpoint=rclone.url, region="eu-west-2", access_key="AKIDTESTTESTTEST", secret_key="wr0ng-secret"
    )
    with pytest.raises(Refused) as caught:
        S3Source(Endpoint(profile), BUCKET, "k").tail(88)
    assert "credentials" in str(caught.value)
    assert "wr0ng" not in str(caught.value)


def test_a_denial_names_the_permission(moto: S3Server) -> None:
    moto.put("private", b"x")
    anonymous = Endpoint(S3Profile(endpoint=moto.url, anonymous=True))
    with pytest.raises(Refused, match=f"s3:GetObject on {BUCKET}/private"):
        S3Source(anonymous, BUCKET, "private").tail(88)


def test_nobody_there() -> None:
    profile = S3Profile(endpoint="http://127.0.0.1:9", access_key="k", secret_key=SECRET_KEY)
    with pytest.raises(Failed, match="cannot be reached"):
        S3Source(Endpoint(profile), BUCKET, "k").tail(88)


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(Refused, match="no credentials"):
        S3Source(Endpoint(S3Profile(endpoint="http://127.0.0.1:9")), BUCKET, "k").tail(88)


def test_a_profile_of_aws_that_is_not_there() -> None:
    with pytest.raises(UsageFault, match=r"s3\.profiles\.store"):
        S3Source(Endpoint(S3Profile(profile="nobody"), "store"), BUCKET, "k").tail(88)


# -- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("s3://bucket/a/b.des", ("", "bucket", "a/b.des")),
        ("s3://store@bucket/a@b/%41#c?d", ("store", "bucket", "a@b/%41#c?d")),
        ("s3://bucket", ("", "bucket", "")),
        ("s3://bucket/", ("", "bucket", "")),
        ("s3://bucket//a", ("", "bucket", "/a")),
    ],
)
def test_addresses(uri: str, parts: tuple[str, str, str]) -> None:
    where = parse_uri(uri)
    assert (where.profile, where.bucket, where.key) == parts


@pytest.mark.parametrize(
    "uri", ["s3://", "s3:///key", "/a/b", "s3://@/x", "s3://b_?/x", "s3://b/\udcff", "s3://b/" + "x" * 1025]
)
def test_no_addresses(uri: str) -> None:
    with pytest.raises(UsageFault):
        parse_uri(uri)


def test_an_address_with_a_profile_of_the_settings(moto: S3Server) -> None:
    moto.put("named.des", CONTENT)
    settings = Settings(s3={"store": moto.profile})
    assert open_s3(f"s3://store@{BUCKET}/named.des", settings).tail(4)[0] == CONTENT[-4:]
    with pytest.raises(UsageFault, match=r"'shop'.*in the settings: store"):
        open_s3(f"s3://shop@{BUCKET}/named.des", settings)
    with pytest.raises(UsageFault, match="names no object"):
        open_s3(f"s3://store@{BUCKET}/", settings)


def test_the_variables_of_aws_count_where_no_profile_is_named(moto: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    moto.put("plain.des", CONTENT)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    read = S3Source(Endpoint(S3Profile()), BUCKET, "plain.des")
    assert read.tail(4)[0] == CONTENT[-4:]


@pytest.mark.parametrize(
    ("endpoint", "path_style", "url"),
    [
        ("", None, "https://bucket.s3.eu-west-2.amazonaws.com/key"),
        ("", True, "https://s3.eu-west-2.amazonaws.com/bucket/key"),
        ("http://minio.example:9000", None, "http://minio.example:9000/bucket/key"),
        ("http://minio.example:9000", False, "http://bucket.minio.example:9000/key"),
    ],
)
def test_where_the_bucket_stands(endpoint: str, path_style: bool | None, url: str) -> None:
    profile = S3Profile(endpoint=endpoint, region="eu-west-2", path_style=path_style, anonymous=True)
    server = Endpoint(profile)
    asked: list[str] = []

    def unsent(request: Any, **_event: object) -> None:
        asked.append(request.url)
        raise Failed("not sent")

    server.client.meta.events.register("before-send.s3", unsent)
    with pytest.raises(Failed, match="not sent"):
        S3Source(server, "bucket", "key").tail(5)
    assert asked == [url]


def test_a_server_that_says_nothing_is_given_up(moto: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr("dmart_tui.core.archives.remote.READ_SECONDS", 0.05)
    over = threading.Event()

    def silent(_request: Request) -> Reply:
        over.wait(timeout=60)
        return Reply(500)

    with FaultProxy(moto, before=silent) as proxy:
        try:
            with pytest.raises(Failed, match="does not answer in time"):
                S3Source(proxy.server.endpoint(), BUCKET, "a").tail(88)
        finally:
            over.set()


# -- harm -------------------------------------------------------------------------------------------------------------


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
