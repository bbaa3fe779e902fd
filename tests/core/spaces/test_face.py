"""The lazy face of `core.spaces`: what type checkers see is what there is."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from dmart_tui.core import spaces


def test_the_names_for_type_checkers_are_the_names_at_run_time() -> None:
    tree = ast.parse(Path(spaces.__file__).read_text())
    told = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dmart_tui.")
        for alias in node.names
    }
    assert set(told) == set(spaces.__all__)
    for name, module in told.items():
        __import__(module)
        assert getattr(spaces, name) is getattr(sys.modules[module], name)


def test_no_name_of_the_face_is_the_name_of_a_module() -> None:
    modules = {path.stem for path in Path(spaces.__file__).parent.iterdir()}
    assert not modules & set(spaces.__all__)


def test_opening_a_root_imports_reading_only() -> None:
    code = (
        "import sys; from dmart_tui.core.spaces import Spaces;"
        "print(*sorted(m.rpartition('.')[2] for m in sys.modules if m.startswith('dmart_tui.core.spaces.')))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["jsonfile", "layout", "model", "payloads", "reading"]
