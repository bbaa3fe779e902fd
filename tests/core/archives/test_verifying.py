"""What verifying finds, told by kind, member and severity."""

from __future__ import annotations

import json

import pytest

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.verifying import verify
from dmart_tui.core.background import Cancelled, CancelToken
from tests.support.archives import Made, Memory, cases, des1, des2

DIGEST = b'{"size":10,"sha256":"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"}'
"""Of 0123456789."""


def found(data: bytes, *, contents: bool = True) -> set[tuple[str, str, int | None]]:
    with open_archive(Memory(data)) as archive:
        return {(item.kind, item.severity, item.position) for item in verify(archive, contents=contents)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("good", set()),
        ("data-gap", {("unused", "note", None)}),
        ("header-zeroed", {("header", "warning", None)}),
        ("count-less", {("count", "warning", None)}),
        ("overlap", {("overlap", "warning", 1), ("unused", "note", None)}),
        ("duplicates", {("duplicate", "warning", 2)}),
        ("case-only", {("duplicate-case", "warning", 0)}),
        ("deleted", {("deleted", "note", 0)}),
        ("flag-unknown", {("odd", "warning", 0)}),
        ("sizes-disagree-2", {("odd", "warning", 0)}),
        ("meta-nan", {("meta-number", "warning", 0)}),
        ("meta-size-lies", {("meta-size", "warning", 0)}),
        ("meta-list", {("meta", "error", 0)}),
        ("external-missing", {("external", "error", 0)}),
        ("zstd-bomb", {("content", "error", 0)}),
        ("encrypted", {("unreadable", "error", 0), ("unused", "note", None)}),
        ("name-escape", {("name", "warning", 0)}),
        ("name-not-utf8", {("name-encoding", "warning", 0)}),
    ],
)
def test_each_trouble_has_its_kind(name: str, expected: set[tuple[str, str, int | None]]) -> None:
    assert found(cases()[name][1]) == expected


def test_a_content_is_proven_by_the_digest_in_its_metadata() -> None:
    good = des1(Made(b"a", b"0123456789", DIGEST))
    assert not found(good)
    assert found(good.replace(b"0123456789", b"0123456780")) == {("content", "error", 0)}
    assert not found(good.replace(b"0123456789", b"0123456780"), contents=False)


def test_a_long_content_is_proven_too() -> None:
    long = b"x" * (3 << 20)
    assert found(des1(Made(b"a", long, b'{"sha256":"%s"}' % (b"0" * 64)))) == {("content", "error", 0)}


def test_what_is_kept_outside_is_proven() -> None:
    data = des1(Made(b"a", b"0123456789", DIGEST, flags=1))
    for content, expected in ((b"0123456789", []), (b"9876543210", ["content"]), (b"short", ["external"])):
        with open_archive(Memory(data, {"_bigFiles/a": content})) as archive:
            assert [item.kind for item in verify(archive, contents=True)] == expected


@pytest.mark.parametrize(
    ("sidecar", "expected"),
    [
        ({"index": {"a:2024": {"uid": "a", "checksum": "0" * 64}}}, ["content"]),
        ({"index": {"a": {"uid": "a", "checksum": json.loads(DIGEST)["sha256"]}}}, []),
        ({"index": {"b": {"uid": "b", "checksum": "0" * 64}, "a": {"uid": 1, "checksum": []}}}, []),
        ({"index": [1]}, []),
        ({"index": {"a": 5}}, []),
    ],
)
def test_contents_of_des2_are_proven_by_the_file_beside_it(sidecar: object, expected: list[str]) -> None:
    data = des2(Made(b"a", b"0123456789"))
    with open_archive(Memory(data, {"memory.meta": json.dumps(sidecar).encode()})) as archive:
        assert [item.kind for item in verify(archive, contents=True)] == expected
        assert not list(verify(archive))


def test_the_header_of_a_large_archive_is_looked_at_too() -> None:
    many = [Made(b"%d" % i, b"x" * 500) for i in range(1000)]
    assert not found(des1(*many))
    assert found(bytes(16) + des1(*many)[16:]) == {("header", "warning", None)}
    assert found(b"junk" + des2(*many)[4:]) == {("header", "error", None)}


def test_progress_is_told_and_work_can_be_cancelled() -> None:
    archive = open_archive(Memory(des1(*(Made(b"%d" % i) for i in range(5000)))))
    told: list[tuple[int, int]] = []
    list(verify(archive, progress=lambda done, total: told.append((done, total))))
    assert told == [(2000, 5000), (4000, 5000), (5000, 5000)]
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        list(verify(archive, cancel=token))
