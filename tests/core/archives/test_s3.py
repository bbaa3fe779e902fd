from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.archives.remote import Endpoint, parse_uri
from dmart_tui.core.archives.s3 import S3Source, open_s3
from dmart_tui.core.archives.source import Replaced
from dmart_tui.core.config import Settings
from dmart_tui.core.errors import Damaged, Failed, NotFound, Refused, UsageFault
from dmart_tui.core.profiles import S3Profile
from tests.support.s3 import (
    BUCKET,
    CONTENT,
    SECRET_KEY,
    FaultProxy,
    Reply,
    Request,
    S3Server,
    source,
)

if TYPE_CHECKING:
    from dmart_tui.core.archives.source import Source

pytestmark = pytest.mark.usefixtures("quick_retries")


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
