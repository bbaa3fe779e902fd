"""A sound store, and a copy of it to break."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.historydb import Store
from tests.support.histories import documents

if TYPE_CHECKING:
    pass


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two segments, tombstones, and a log of two batches, of three and of two frames."""
    path = tmp_path_factory.mktemp("history") / "s"
    with Store.create(str(path), days_per_segment=20) as store:
        store.append(documents(200, days=40))
        store.seal()
        store.erase([3])
        store.append(documents(60, days=5, start=200))
        store.append(documents(80, days=5, start=260, seed=1))
    return path


@pytest.fixture
def store_path(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "s"))
