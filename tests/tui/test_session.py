from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dmart_tui.tui.session import Session, recent_roots, remember_root


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "state", "/some/root")


def gone_process() -> int:
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    return int(done.stdout)


def test_what_is_saved_is_read(session: Session) -> None:
    session.save({"documents": [{"address": "a/b"}]})
    saved, note = session.read()
    assert saved["documents"] == [{"address": "a/b"}]
    assert note == ""


def test_roots_do_not_share(session: Session, tmp_path: Path) -> None:
    session.save({"theme": "night"})
    assert Session(tmp_path / "state", "/other").read() == ({}, "")


def test_a_crash_while_restoring_does_not_loop(session: Session) -> None:
    session.save({"theme": "night"})
    session.restoring()
    session.marker.write_text(str(gone_process()))
    saved, note = session.read()
    assert saved == {}
    assert session.broken.name in note
    assert session.broken.exists()
    assert session.read() == ({}, "")


def test_another_process_that_restores_just_now_is_no_crash(session: Session) -> None:
    session.save({"theme": "night"})
    session.marker.write_text(str(os.getpid()))
    saved, note = session.read()
    assert saved["theme"] == "night"
    assert note == ""


def test_restored_takes_the_marker_away(session: Session) -> None:
    session.restoring()
    session.restored()
    assert not session.marker.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "null", '{"version": 99}', "[" * 100_000, "\xff"])
def test_a_broken_file_is_as_none(session: Session, text: str) -> None:
    session.file.parent.mkdir(parents=True)
    session.file.write_text(text, encoding="latin-1")
    assert session.read() == ({}, "")


def test_bookmarks_outlive_the_session(session: Session) -> None:
    session.save_bookmarks(["a/b", "a/c"])
    assert session.bookmarks() == ["a/b", "a/c"]
    session.bookmarks_file.write_text('{"bookmarks": [1, "a/d", null]}')
    assert session.bookmarks() == ["a/d"]


def test_recent_roots_are_newest_first_and_exist(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        remember_root(tmp_path / "state", str(tmp_path / name))
    remember_root(tmp_path / "state", str(tmp_path / "never"))
    remember_root(tmp_path / "state", str(tmp_path / "one"))
    assert recent_roots(tmp_path / "state") == [str(tmp_path / "one"), str(tmp_path / "two")]


def test_bookmarks_that_are_no_addresses_are_left_out(session: Session) -> None:
    session.bookmarks_file.parent.mkdir(parents=True)
    session.bookmarks_file.write_text('{"bookmarks": ["a/b", "a//b", "", 3, "../x", "c#comment/d"]}')
    assert session.bookmarks() == ["a/b", "c#comment/d"]
