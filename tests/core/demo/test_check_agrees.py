"""The check finds every planted fault, and nothing else worse than a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dmart_tui.core.demo import PLANTED
from dmart_tui.core.spaces import Spaces
from dmart_tui.core.spaces.checks import Check
from dmart_tui.core.spaces.model import Problem

if TYPE_CHECKING:
    from dmart_tui.core.demo import DemoReport


@pytest.fixture(scope="module")
def problems(demo: DemoReport) -> list[Problem]:
    return [found for found in Check(Spaces(demo.root)).run() if isinstance(found, Problem)]


def test_every_planted_fault_is_found(problems: list[Problem]) -> None:
    found = {(problem.kind, problem.address) for problem in problems}
    assert {(planted.kind_hint, planted.address) for planted in PLANTED} - found == set()


def test_nothing_else_is_wrong(problems: list[Problem]) -> None:
    planted = {(fault.kind_hint, fault.address) for fault in PLANTED}
    others = [problem for problem in problems if (problem.kind, problem.address) not in planted]
    assert [problem for problem in others if problem.severity != "note" or problem.address.startswith("attic")] == []
