from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.demo import DemoReport, make_demo

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoReport:
    directory: Path = tmp_path_factory.mktemp("with a space") / "demo"
    return make_demo(directory)
