"""Files that strangers laid out: bounded, guarded, never blocking; writes that are whole or not there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from dmart_tui.core.errors import Failed, NotFound, Refused
from dmart_tui.core.files import inside, open_regular, read_bounded, read_head, write_atomic


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "a root"
    folder.mkdir()
    return folder


def test_a_sparse_gigabyte_is_refused_unread(root: Path) -> None:
    with (root / "huge").open("wb") as file:
        file.truncate(1_000_000_000)
    with pytest.raises(Refused, match=r"1\.0 GB"):
        read_bounded(str(root / "huge"), str(root), 16_000_000)
    assert read_head(str(root / "huge"), str(root), 10) == bytes(10)


def test_the_limit_itself_is_read(root: Path) -> None:
    (root / "x").write_bytes(b"12345")
    assert read_bounded(str(root / "x"), str(root), 5) == b"12345"
    with pytest.raises(Refused):
        read_bounded(str(root / "x"), str(root), 4)


def test_what_is_no_file_is_refused_at_once(root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(Refused):
            open_regular(str(root / name), str(root))
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(root)  # the address of a socket has to be short
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
        with pytest.raises((Refused, Failed)):
            open_regular(str(root / "socket"), str(root))


def test_symlinks_stay_below_the_root(root: Path, tmp_path: Path) -> None:
    (root / "x").write_bytes(b"x")
    (tmp_path / "secret").write_bytes(b"s")
    (tmp_path / "a root too").mkdir()
    (tmp_path / "a root too/y").write_bytes(b"y")
    links = {"good": "x", "twice": "good", "out": tmp_path / "secret", "beside": "../a root too/y", "dev": "/dev/zero"}
    for name, target in links.items():
        (root / name).symlink_to(target)
    assert read_bounded(str(root / "good"), str(root), 10) == b"x"
    assert read_bounded(str(root / "twice"), str(root), 10) == b"x"
    for name in ("out", "beside", "dev"):
        with pytest.raises(Refused, match="out of the root"):
            read_bounded(str(root / name), str(root), 10)


def test_symlinks_to_nothing_and_to_themselves(root: Path) -> None:
    (root / "loop").symlink_to("loop")
    (root / "dangling").symlink_to("nothing")
    with pytest.raises(NotFound):
        open_regular(str(root / "dangling"), str(root))
    with pytest.raises((NotFound, Failed)):
        open_regular(str(root / "loop"), str(root))
    with pytest.raises(NotFound):
        open_regular(str(root / "none"), str(root))


def test_refusals_leave_no_descriptor_open(root: Path) -> None:
    (root / "folder").mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        with pytest.raises(Refused):
            open_regular(str(root / "folder"), str(root))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_inside() -> None:
    assert inside("/a", "/a")
    assert inside("/a", "/a/b")
    assert not inside("/a", "/ab")
    assert inside("/", "/a")


def test_a_write_is_whole_or_not_there(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = root / "deep/er/x"
    write_atomic(target, b"one")
    assert target.read_bytes() == b"one"
    assert target.stat().st_mode & 0o777 == 0o600

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Failed, match="No space left"):
        write_atomic(target, b"two")
    assert target.read_bytes() == b"one"
    assert [entry.name for entry in target.parent.iterdir()] == ["x"]
