"""The small root that the indexes are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.spaces import Spaces
from tests.support.redisearch import write_root

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def spaces(tmp_path: Path) -> Spaces:
    write_root(tmp_path / "the spaces")
    return Spaces(tmp_path / "the spaces")
