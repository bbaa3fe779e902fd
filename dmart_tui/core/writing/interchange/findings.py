"""What an import or export came upon: all of it counted, the first of it kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from dmart_tui.core.spaces import Problem, Severity

KEPT: Final = 1000
"""Problems that are kept; more are only counted."""


@dataclass(slots=True)
class Findings:
    """Problems of data, which stop nothing; memory does not grow with their number."""

    counts: Counter[str] = field(default_factory=Counter)
    """By kind."""
    problems: list[Problem] = field(default_factory=list)

    def add(self, severity: Severity, kind: str, address: str, path: str, detail: str) -> None:
        """Remember one."""
        self.counts[kind] += 1
        if len(self.problems) < KEPT:
            self.problems.append(Problem(severity, kind, address, path, detail))
