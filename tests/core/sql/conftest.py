"""Sessions in a folder of their own, beside folders that they may and may not read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.sql import Options, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def opened(tmp_path: Path) -> Path:
    """A folder that sessions may read, with a table in it."""
    folder = tmp_path / "open folder"
    folder.mkdir()
    (folder / "people.csv").write_text("name,born\nann,1990-01-02\nbob,\n")
    return folder


@pytest.fixture
def options(tmp_path: Path, opened: Path) -> Options:
    return Options(tmp_path / "state", (opened,), memory_limit="300MB")


@pytest.fixture
def make(options: Options) -> Iterator[Callable[..., Session]]:
    """Make sessions with other options; they are closed at the end."""
    made: list[Session] = []

    def session(**others: object) -> Session:
        made.append(Session(replace(options, **others)))  # type: ignore[arg-type]
        return made[-1]

    yield session
    for one in made:
        one.close()


@pytest.fixture
def session(make: Callable[..., Session]) -> Session:
    return make()
