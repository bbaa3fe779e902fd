"""Packing into a bucket, on two servers that have nothing in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from dmart_tui.core import disk, mounting
from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.buckets import Bucket
from dmart_tui.core.archives.s3 import S3Source
from dmart_tui.core.archives.sending import pack_to_s3
from dmart_tui.core.archives.source import open_source
from dmart_tui.core.archives.trees import Root
from dmart_tui.core.archives.unpacking import unpack
from dmart_tui.core.config import Settings
from dmart_tui.core.errors import Failed, Refused
from dmart_tui.core.files import read_bounded
from tests.core.archives.test_trees import fill, tree
from tests.support.s3 import BUCKET, S3Server


@pytest.fixture
def original(tmp_path: Path) -> Path:
    root = tmp_path / "from"
    fill(root)
    return root


def settings_of(server: S3Server) -> Settings:
    return Settings(s3={"here": server.profile})


def keys(server: S3Server, prefix: str) -> list[str]:
    listed = Bucket(server.endpoint(), BUCKET).pages(prefix, flat=True)
    return [item.key for page in listed for item in page.objects]


@pytest.mark.parametrize("threshold", [None, 1_000_000])
def test_packed_into_a_bucket_and_back(server: S3Server, original: Path, tmp_path: Path, threshold: int | None) -> None:
    uri, settings = f"s3://here@{BUCKET}/sent-{threshold}/a.des", settings_of(server)
    packed = pack_to_s3(uri, [Root(str(original), "sp")], settings, big_file_threshold=threshold)
    assert packed.files == 14
    with open_archive(open_source(uri, settings)) as archive:
        done = unpack(archive, str(tmp_path / "new"))
        [large] = archive.find("sp%2Flarge")
        key = archive.meta(large).get("external_key")
    assert done.left == []
    assert tree(tmp_path / "new") == tree(original)
    assert key == (f"sent-{threshold}/_bigFiles/sp%2Flarge" if threshold else None)
    with pytest.raises(Refused):
        pack_to_s3(uri, [Root(str(original), "sp")], settings)


def test_what_failed_leaves_no_object(
    server: S3Server, original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (original / "sp/link").symlink_to("large")
    uri, settings = f"s3://here@{BUCKET}/failed/a.des", settings_of(server)
    with pytest.raises(Refused, match="symlink"):
        pack_to_s3(uri, [Root(str(original), "sp")], settings, big_file_threshold=10, folder=str(tmp_path))
    assert keys(server, "failed/") == []
    (original / "sp/link").unlink()
    stream = S3Source.stream
    monkeypatch.setattr(S3Source, "stream", lambda *args: (piece[:-1] + b"\0" for piece in stream(*args)))
    with pytest.raises(Failed, match="not hold"):
        pack_to_s3(uri, [Root(str(original), "sp")], settings, folder=str(tmp_path))
    assert keys(server, "failed/") == []
    assert [path.name for path in tmp_path.iterdir()] == ["from"]


def test_mounted_from_a_bucket(server: S3Server, original: Path, tmp_path: Path) -> None:
    uri, settings = f"s3://here@{BUCKET}/mounted/a.des", settings_of(server)
    pack_to_s3(uri, [Root(str(original), "sp")], settings, big_file_threshold=1_000_000)
    root = tmp_path / "root"
    root.mkdir()
    mounting.mount(str(root), uri, settings)
    disk.unmount(str(root))
    mounting.attach(str(root), settings)
    try:
        found = {
            f"{folder}/{name}"[len(str(root)) + 1 :] for folder, _, names in disk.walk(f"{root}/sp") for name in names
        }
        assert found == {path for path, told in tree(original).items() if told[0] == "file"}
        for path in found:
            assert read_bounded(f"{root}/{path}", str(root), 1 << 23) == tree(original)[path][3]
    finally:
        disk.unmount(str(root))
