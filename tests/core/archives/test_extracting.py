"""Members become files of one folder, and nothing else happens to the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.extracting import Extracted, extract, file_name
from dmart_tui.core.background import Cancelled, CancelToken
from dmart_tui.core.errors import Failed, Refused
from dmart_tui.core.text import safe
from tests.support.archives import ONE, TWO, Made, Memory, cases, des1, des2, zstd

if TYPE_CHECKING:
    from pathlib import Path

LONG = bytes(range(256)) * 8192


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def extracted(data: bytes, folder: Path, **options: bool) -> list[Extracted]:
    with open_archive(Memory(data)) as archive:
        return sorted(extract(archive, range(len(archive)), str(folder), **options))


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))))
def test_the_name_of_a_file_is_always_one_safe_name(raw: bytes) -> None:
    name = file_name(raw)
    assert name not in ("", ".", "..")
    assert "/" not in name
    assert "\0" not in name
    assert len(os.fsencode(name)) <= 255
    assert all(char in safe(char) or char in "\u200c\u200d" for char in name)
    assert file_name(name.encode()) == name


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("zażółć (1).txt", "zażółć (1).txt"),
        ("می‌خواهم.txt", "می‌خواهم.txt"),
        ("100%.txt", "100%.txt"),
        ("../a", "..%2Fa"),
        ("a\x1b[2J", "a%1B[2J"),
        ("x\u202egpj.exe", "x%E2%80%AEgpj.exe"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("", "%"),
    ],
)
def test_safe_names_stay_and_others_are_escaped(raw: str, name: str) -> None:
    assert file_name(raw.encode()) == name


def test_contents_are_written_small_and_long_plain_and_compressed(tmp_path: Path) -> None:
    data = des2(*TWO, Made(b"empty"), Made(b"long", LONG), Made(b"z", zstd(LONG), codec=1, size=len(LONG)))
    folder = tmp_path / "new folder" / "deep"
    assert {item.outcome for item in extracted(data, folder)} == {"written"}
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert found == {"a": ONE.content, "b": TWO[1].content, "empty": b"", "long": LONG, "z": LONG}


def test_nothing_leaves_the_folder(tmp_path: Path) -> None:
    hostile = [b"../out", b"/etc/passwd", b"..", b".", b"", b"a/../../b", b"\xff/x", b"x" * 400, b"nul\0"]
    data = des1(*(Made(name, b"evil") for name in hostile))
    folder = tmp_path / "in"
    items = extracted(data, folder)
    assert [item.outcome for item in items] == ["written"] * len(hostile)
    assert names(tmp_path) == {"in"}
    assert names(folder) == {item.file for item in items}


def test_files_that_are_there_stay_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "target").write_bytes(b"theirs")
    (tmp_path / "b").symlink_to(outside / "target")
    data = des1(*TWO, Made(b"c", b"new"))
    assert [item.outcome for item in extracted(data, tmp_path)] == ["exists", "exists", "written"]
    assert (tmp_path / "a").read_bytes() == b"mine"
    assert [item.outcome for item in extracted(data, tmp_path, overwrite=True)] == ["written"] * 3
    assert (tmp_path / "a").read_bytes() == ONE.content
    assert not (tmp_path / "b").is_symlink()
    assert (outside / "target").read_bytes() == b"theirs"


@pytest.mark.parametrize("overwrite", [False, True])
def test_two_members_never_share_a_file(overwrite: bool, tmp_path: Path) -> None:
    data = des1(Made(b"a/b", b"1"), Made(b"a%2Fb", b"2"), Made(b"x", b"old"), Made(b"x", b"new"))
    items = extracted(data, tmp_path, overwrite=overwrite)
    assert sorted(item.outcome for item in items) == ["exists", "older", "written", "written"]
    assert (tmp_path / "x").read_bytes() == b"new"
    written = next(item for item in items if item.outcome == "written" and item.file == "a%2Fb")
    assert (tmp_path / "a%2Fb").read_bytes() == {"a/b": b"1", "a%2Fb": b"2"}[written.name]


def test_what_fails_leaves_nothing_and_stops_nothing(tmp_path: Path) -> None:
    broken = Made(b"broken", zstd(LONG)[:-20], codec=1, size=len(LONG))
    data = des2(broken, Made(b"beyond", b"x", offset=1 << 50), Made(b"short", zstd(b"x")[:-3], codec=1, size=1), *TWO)
    items = extracted(data, tmp_path)
    assert [item.outcome for item in items] == ["failed", "failed", "failed", "written", "written"]
    assert all(item.sentence for item in items[:3])
    assert names(tmp_path) == {"a", "b"}


def test_deleted_members_are_left_out(tmp_path: Path) -> None:
    data = des1(Made(b"gone", b"x", flags=8), *TWO)
    assert [item.outcome for item in extracted(data, tmp_path)] == ["deleted", "written", "written"]


def test_a_bomb_of_overlapping_members_is_refused(tmp_path: Path) -> None:
    data = cases()["overlap-bomb"][1]
    with pytest.raises(Refused, match="share bytes"):
        extracted(data, tmp_path / "no")
    assert not (tmp_path / "no").exists()
    assert len(extracted(data, tmp_path / "yes", overlapping=True)) == 51


def test_a_cancelled_extraction_leaves_whole_files_only_and_goes_on_later(tmp_path: Path) -> None:
    token = CancelToken()
    data = des1(*(Made(b"%d" % i, b"content") for i in range(50)), Made(b"long", LONG))
    with open_archive(Memory(data)) as archive:
        with pytest.raises(Cancelled):
            for count, _item in enumerate(extract(archive, range(51), str(tmp_path), cancel=token)):
                if count == 20:
                    token.cancel()
        done = names(tmp_path)
        assert 20 <= len(done) < 51
        assert all((tmp_path / name).read_bytes() == b"content" for name in done)
        again = list(extract(archive, range(51), str(tmp_path)))
    assert {item.file for item in again if item.outcome == "exists"} == done
    assert len(names(tmp_path)) == 51


def test_a_folder_that_cannot_be_is_one_clean_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Failed):
        extracted(des1(*TWO), tmp_path / "file" / "below")
