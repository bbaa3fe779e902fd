"""Values of parameters that are remembered, and those that never are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.sql.sheets import parameters as module
from dmart_tui.core.sql.sheets.parameters import Parameters

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def parameters(tmp_path: Path) -> Parameters:
    return Parameters(tmp_path / "kept.sqlite3")


def test_the_last_used_comes_first_and_few_are_kept(parameters: Parameters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    for value in ("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-02"):
        assert parameters.remember("day", value, "DATE")
    assert parameters.values("day") == [("2024-01-02", "DATE"), ("2024-01-03", "DATE")]
    parameters.forget("day")
    assert parameters.values("day") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("apiKey", "k"),
        ("user", "$2b$12$abcdefghijklmnopqrstuvwxyz"),
        ("x", "eyJhbGciOiJI.eyJzdWIiOiIx.abc"),
        ("long", "x" * 10_001),
    ],
)
def test_secrets_are_not_remembered(parameters: Parameters, name: str, value: str) -> None:
    assert not parameters.remember(name, value)
    assert parameters.values(name) == []
