"""What the file beside a DES2 archive says was deleted is marked, and read only when asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dmart_tui.core.archives.archive import Archive, open_archive
from dmart_tui.core.archives.extracting import extract
from dmart_tui.core.archives.repairing import repair
from dmart_tui.core.archives.verifying import verify
from dmart_tui.core.errors import Refused
from tests.support.archives import Made, Memory, des1, des2

BURIED = {
    "uid": "b",
    "created_at": "2026-01-01T00:00:00Z",
    "deleted_at": "2026-02-03T04:05:06Z",
    "deleted_by": "ann",
    "reason": "GDPR",
    "ticket_id": "T-1",
}
SAID = "was deleted 2026-02-03T04:05:06Z by ann: GDPR (T-1)"
DATA = des2(Made(b"a", b"the first"), Made(b"b", b"the second"), Made(b"big", b"y" * 30, digest=b"0" * 64))


def opened(told: object, data: bytes = DATA) -> Archive:
    raw = told if isinstance(told, bytes) else json.dumps(told).encode()
    return open_archive(Memory(data, {"memory.meta": raw}))


def tombstones(*found: dict[str, object]) -> dict[str, object]:
    return {"version": 1, "index": {}, "tombstones": {f"{one['uid']}:{one.get('created_at')}": one for one in found}}


def test_what_was_deleted_is_marked_and_not_read() -> None:
    archive = opened(tombstones(BURIED, BURIED | {"uid": "big"}, BURIED | {"uid": "elsewhere"}))
    assert [member.deleted for member in archive.index] == [False, True, True]
    assert [archive.member(position).deleted for position in range(3)] == [False, True, True]
    for read in (archive.read, archive.open, lambda position: list(archive.pieces(position))):
        for position in (1, 2):
            with pytest.raises(Refused, match="GDPR"):
                read(position)
    contents = dict(archive.read_many(range(2)))
    assert contents[0] == b"the first"
    assert isinstance(contents[1], Refused) and contents[1].message == SAID
    found = [item for item in verify(archive, contents=True) if item.kind == "deleted"]
    assert [(item.name, item.sentence) for item in found] == [("b", SAID), ("big", SAID)]
    assert not [item for item in verify(archive, contents=True) if item.severity == "error" and item.name == "b"]


def test_it_is_read_when_asked_for(tmp_path: Path) -> None:
    archive = opened(tombstones(BURIED))
    assert [item.outcome for item in extract(archive, [0, 1], str(tmp_path / "out"))] == ["deleted", "written"]
    archive.reads_deleted = True
    assert archive.read(1) == b"the second"
    assert dict(archive.read_many([1])) == {1: b"the second"}
    assert "written" in [item.outcome for item in extract(archive, [1], str(tmp_path / "out"))]
    assert (tmp_path / "out/b").read_bytes() == b"the second"


def test_a_repaired_archive_is_without_it(tmp_path: Path) -> None:
    source = Memory(DATA, {"memory.meta": json.dumps(tombstones(BURIED)).encode()})
    report = repair(source, str(tmp_path / "new.des"))
    assert "b" in [loss.name for loss in report.lost]
    assert b"the second" not in (tmp_path / "new.des").read_bytes()


@pytest.mark.parametrize(
    "told",
    [b"{", b"\xff", b"[" * 100_000, b"[]", {"tombstones": [1]}, {"tombstones": {"b": 1}}, {"tombstones": {"b": {}}}],
)
def test_a_file_that_cannot_be_understood_is_told(told: object) -> None:
    archive = opened(told)
    assert [item.kind for item in archive.findings] == ["sidecar"]
    assert archive.read(1) == b"the second"


@pytest.mark.parametrize("told", [{}, {"index": {"a": {"uid": "a"}}}, tombstones({"uid": "none"})])
def test_a_file_that_says_nothing(told: object) -> None:
    archive = opened(told)
    assert not archive.findings
    assert archive.read(1) == b"the second"


def test_archives_of_des1_have_none() -> None:
    archive = opened(tombstones(BURIED), des1(Made(b"b", b"the second")))
    assert archive.read(0) == b"the second"
    assert not archive.member(0).deleted
