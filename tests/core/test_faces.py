"""Lazy faces: what type checkers see of a package is what there is."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

FACES = [
    "dmart_tui.core.changelog",
    "dmart_tui.core.historydb",
    "dmart_tui.core.redisearch",
    "dmart_tui.core.search",
    "dmart_tui.core.spaces",
    "dmart_tui.core.sql",
    "dmart_tui.core.sql.tables",
    "dmart_tui.core.sql",
    "dmart_tui.core.writing",
    "dmart_tui.core.writing.interchange",
]


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest) -> ModuleType:
    return import_module(request.param)


def test_the_names_for_type_checkers_are_the_names_at_run_time(face: ModuleType) -> None:
    tree = ast.parse(Path(str(face.__file__)).read_text())
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    told = {
        alias.name: node.module
        for node in checked.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    assert set(told) == set(face.__all__)
    for name, module in told.items():
        assert getattr(face, name) is getattr(import_module(module), name)


def test_no_name_of_a_face_is_the_name_of_a_module(face: ModuleType) -> None:
    modules = {path.stem for path in Path(str(face.__file__)).parent.iterdir()}
    assert not modules & set(face.__all__)


def test_a_name_that_is_not_there_is_told(face: ModuleType) -> None:
    with pytest.raises(AttributeError, match=f"{face.__name__}.*nothing"):
        _ = face.nothing


def test_opening_a_root_imports_reading_only() -> None:
    code = (
        "import sys; from dmart_tui.core.spaces import Spaces;"
        "print(*sorted(m.rpartition('.')[2] for m in sys.modules if m.startswith('dmart_tui.core.spaces.')))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["jsonfile", "layout", "model", "payloads", "reading"]
