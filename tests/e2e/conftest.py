"""Nothing that a test started outlives the tests, and nothing is written where a person would find it."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from dmart_tui.tui import outside

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARK = "E2E_TEST_RUN"


def _left_running(mark: str) -> list[str]:
    """Command lines of processes that carry the mark, however far they were passed on, but for this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int(process.name) != os.getpid() and mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found


def _own_names() -> set[Path]:
    return {path for folder in (Path.cwd(), Path(tempfile.gettempdir())) for path in folder.glob("dmart-tui*")}


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Processes and files that tests leave behind fail the last of them; others that run now have other folders."""
    mark = f"{_MARK}={uuid4()}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(*mark.split("="))
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporary")))
        patch.setattr(tempfile, "tempdir", None)
        names = _own_names()
        yield
        if outside._copies.cache_info().currsize:  # what other programs opened stays until the process ends
            outside._copies().cleanup()
        left_files = _own_names() - names
    until = time.monotonic() + 5
    while (left := _left_running(mark)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not left
    assert not left_files
