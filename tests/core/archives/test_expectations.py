"""Every archive, good or damaged, does what is expected of it: ours, and those that the original programs made."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.source import LocalSource
from dmart_tui.core.errors import NotFound
from tests.support.archives import SHARED, behaves, cases

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", sorted(cases()))
def test_an_archive_of_ours(name: str, tmp_path: Path) -> None:
    expect, data = cases()[name]
    path = tmp_path / "some archive.des"
    path.write_bytes(data)
    behaves(path, expect)


def manifest(which: str) -> dict[str, Any]:
    path = SHARED / which / "manifest.json"
    return json.loads(path.read_bytes()) if path.exists() else {"archives": [], "damaged": []}


def originals(kind: str) -> list[Any]:
    found = [(which, item) for which in ("dvdes", "des2") for item in manifest(which)[kind]]
    return [pytest.param(which, item, id=f"{which}/{item['path']}") for which, item in found] or [
        pytest.param("", {}, marks=pytest.mark.skip(reason="the archives of the original programs are not here"))
    ]


@pytest.mark.parametrize(("which", "item"), originals("damaged"))
def test_a_damaged_archive_of_the_originals(which: str, item: dict[str, Any]) -> None:
    behaves(SHARED / which / item["path"], item["expect"])


@pytest.mark.parametrize(("which", "item"), originals("archives"))
def test_a_good_archive_of_the_originals(which: str, item: dict[str, Any]) -> None:
    with open_archive(LocalSource(str(SHARED / which / item["path"]))) as archive:
        assert len(archive) == archive.count == len(item["members"])
        assert list(archive.index.texts()) == [member.get("name", member.get("uid")) for member in item["members"]]
        for position, told in enumerate(item["members"]):
            member = archive.member(position)
            if "data_offset" in told:
                assert (member.offset, member.size) == (told["data_offset"], told["data_length"])
                assert (member.meta_offset, member.meta_length) == (told["meta_offset"], told["meta_length"])
                assert member.flags == told["flags"]
            if "meta" in told:
                assert archive.meta(position) == told["meta"]
            try:
                content = archive.read(position)
            except NotFound:
                assert "noprefix" in item["path"]  # its keys cannot be names of files
            else:
                assert sha256(content).hexdigest() == told["sha256"]
                assert archive.read(position, 3, 4) == content[3:7]
