"""Live refresh: what changed is told, whatever else is in the folder."""

from __future__ import annotations

import os
import threading
from itertools import cycle
from typing import TYPE_CHECKING

from dmart_tui.core.address import Address
from dmart_tui.core.spaces.watching import changes, directories

if TYPE_CHECKING:
    from pathlib import Path


def test_a_name_that_is_no_utf8_does_not_end_watching(tmp_path: Path) -> None:
    stop, told = threading.Event(), threading.Event()

    def touch() -> None:
        names = cycle([os.fsdecode(b"bad\xff"), "good"])
        while not told.wait(2):  # again and again: when the watcher stands, nobody knows
            (tmp_path / next(names)).write_text("touched")

    toucher = threading.Thread(target=touch)
    toucher.start()
    try:
        batches = changes([str(tmp_path)], stop)
        assert str(tmp_path / "good") in next(batches)
    finally:
        told.set()
        toucher.join()
        stop.set()
    assert not list(batches)


def test_what_cannot_be_watched_is_left_out(tmp_path: Path) -> None:
    for name in ("good", os.fsdecode(b"bad\xff")):
        (tmp_path / name / ".dm").mkdir(parents=True)
    found = directories(str(tmp_path), [Address("good"), Address(os.fsdecode(b"bad\xff")), Address("gone")])
    assert found == [str(tmp_path), str(tmp_path / "good"), str(tmp_path / "good" / ".dm")]


def test_nothing_to_watch_ends_at_once() -> None:
    assert not list(changes([], threading.Event()))
