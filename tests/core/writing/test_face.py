"""The lazy face of `core.writing`: what type checkers see is what there is."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from dmart_tui.core import writing


def test_the_names_for_type_checkers_are_the_names_at_run_time() -> None:
    tree = ast.parse(Path(writing.__file__).read_text())
    told = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dmart_tui.")
        for alias in node.names
    }
    assert set(told) == set(writing.__all__)
    for name, module in told.items():
        __import__(module)
        assert getattr(writing, name) is getattr(sys.modules[module], name)


def test_no_name_of_the_face_is_the_name_of_a_module() -> None:
    modules = {path.stem for path in Path(writing.__file__).parent.iterdir()}
    assert not modules & set(writing.__all__)
