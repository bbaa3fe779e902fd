"""What is saved of a damaged archive is right, and what is lost is told."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.archives.archive import open_archive
from dmart_tui.core.archives.repairing import Report, repair
from dmart_tui.core.archives.source import LocalSource
from dmart_tui.core.archives.writer import Writer
from dmart_tui.core.errors import Damaged, Refused
from tests.support.archives import ONE, TWO, Made, Memory, cases, des1, des2, zstd

if TYPE_CHECKING:
    from pathlib import Path

CONTENTS = {f"member ({i}).txt": b"content of %d " % i * (i % 7) for i in range(300)}


def repaired(data: bytes, folder: Path) -> tuple[Report, dict[str, bytes]]:
    target = folder / "repaired.des"
    report = repair(Memory(data), str(target))
    with open_archive(LocalSource(str(target))) as archive:
        assert len(archive) == report.kept
        return report, {member.name: archive.read(member.position) for member in archive.index}


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    """An archive that our writer made."""
    path = tmp_path / "whole.des"
    with Writer(str(path)) as writer:
        for name, content in CONTENTS.items():
            writer.add(name, content, {"n": len(content), "}": "}{"})
    return path.read_bytes()


DAMAGE = {
    "footer cut off": (lambda data: data[:-72], "its index"),
    "footer cut": (lambda data: data[:-10], "its index"),
    "footer of zeros": (lambda data: data[:-72] + bytes(72), "its index"),
    "something after it": (lambda data: data + b"DESFOOT1 and more" * 9, "a footer"),
    "something before it": (lambda data: b"HTTP/1.1 200 OK\r\n\r\n" + data, "without what stands before"),
    "both": (lambda data: b"before" + data + b"after", "without what stands before"),
    "header lost": (lambda data: bytes(16) + data[16:], "its footer"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_nothing_is_lost_while_the_index_is_there(damage: str, whole: bytes, tmp_path: Path) -> None:
    change, how = DAMAGE[damage]
    report, contents = repaired(change(whole), tmp_path)
    assert contents == CONTENTS
    assert how in report.how
    assert not report.lost


def test_entries_before_the_place_where_an_index_is_cut_are_saved(whole: bytes, tmp_path: Path) -> None:
    report, contents = repaired(whole[:-5000], tmp_path)
    assert 150 < len(contents) < 300
    assert contents.items() <= CONTENTS.items()
    assert ["its index is cut" in loss.sentence for loss in report.lost] == [True]


def test_an_index_that_breaks_off_is_read_as_far_as_it_goes(whole: bytes, tmp_path: Path) -> None:
    at = whole.index(b"member (250).txt") - 2
    report, contents = repaired(whole[:at] + b"\xff\xff" + whole[at + 2 :], tmp_path)
    assert list(contents) == list(CONTENTS)[:250]
    assert [loss.sentence for loss in report.lost] == ["its index breaks off after 250 of 300 members"]


def test_metadata_alone_divide_the_data(whole: bytes, tmp_path: Path) -> None:
    index = whole.index(b"member (0).txt") - 2
    for number, data in enumerate((whole[:index], whole[:index] + b"\xff\xff" + whole[index + 2 :])):
        folder = tmp_path / str(number)
        folder.mkdir()
        report, contents = repaired(data, folder)
        assert list(contents.values()) == list(CONTENTS.values())
        assert "names are lost" in report.how


def test_a_wrong_byte_in_divided_data_is_noticed(whole: bytes, tmp_path: Path) -> None:
    index = whole.index(b"member (0).txt") - 2
    report, contents = repaired(whole[:index].replace(b"content of 8 ", b"content 0f 8 ", 1), tmp_path)
    assert len(contents) == len(CONTENTS) - 1
    assert ["SHA-256" in loss.sentence for loss in report.lost] == [True]


@pytest.mark.parametrize("name", ["nothing", "header-only", "cut-in-data", "cut-in-meta", "cut-2", "index-length-8"])
def test_what_is_not_certain_is_not_saved(name: str, tmp_path: Path) -> None:
    target = tmp_path / "new.des"
    with pytest.raises(Damaged, match="certainty"):
        repair(Memory(cases()[name][1]), str(target))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "kept", "told"),
    [
        (des1(Made(b"x", b"1", offset=1 << 60), *TWO), ["a", "b"], ["lies outside"]),
        (des1(Made(b"x", b"1", b"[1]"), *TWO), ["x", "a", "b"], ["no JSON object"]),
        (des1(Made(b"x", b"1", b'{"a":NaN}'), *TWO), ["x", "a", "b"], ["JSON"]),
        (des1(Made(b"x", b"1", flags=8), *TWO), ["a", "b"], ["deleted"]),
        (des1(Made(b"x", b"1", flags=1), *TWO), ["a", "b"], ["not there"]),
        (des1(Made(b"../x", b"1"), ONE), ["..%2Fx", "a"], ["is called ..%2Fx now"]),
        (des1(Made(b"\xff", b"1"), ONE), ["%FF", "a"], ["is called %FF now"]),
        (des2(Made(b"x", b"1", codec=1), *TWO), ["a", "b"], ["no zstd"]),
        (des2(Made(b"x", zstd(b"text" * 9), codec=1, size=36), *TWO), ["x", "a", "b"], []),
        (des1(*TWO, ONE), ["a", "b", "a"], []),
    ],
)
def test_what_is_lost_is_told(data: bytes, kept: list[str], told: list[str], tmp_path: Path) -> None:
    target = tmp_path / "new.des"
    report = repair(Memory(data), str(target))
    with open_archive(LocalSource(str(target))) as archive:
        assert list(archive.index.texts()) == kept
    assert len(report.lost) == len(told)
    for loss, words in zip(report.lost, told, strict=True):
        assert words in loss.sentence


def test_metadata_and_outside_contents_come_along(tmp_path: Path) -> None:
    content = b"y" * 3_000_000
    data = des1(Made(b"big", content, b'{"mime":"x","is_external":true,"external_key":"2025/_bigFiles/big"}', flags=1))
    target = tmp_path / "new.des"
    assert repair(Memory(data, {"2025/_bigFiles/big": content}), str(target)).kept == 1
    with open_archive(LocalSource(str(target))) as archive:
        assert archive.read(0) == content
        assert archive.meta(0) == {"mime": "x", "size": len(content), "sha256": sha256(content).hexdigest()}


def test_nothing_is_written_over_and_no_disk_is_filled(tmp_path: Path) -> None:
    target = tmp_path / "new.des"
    with pytest.raises(Refused, match="share bytes"):
        repair(Memory(cases()["overlap-bomb"][1]), str(target))
    target.write_bytes(b"mine")
    with pytest.raises(Refused):
        repair(Memory(des1(*TWO)), str(target))
    assert target.read_bytes() == b"mine"
