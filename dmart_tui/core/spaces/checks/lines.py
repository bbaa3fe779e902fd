"""Counting the lines of histories and event logs, and finding those that are no record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import msgspec

from dmart_tui.core.spaces.jsonlines import Line, LineFile, parse

_SHOWN: Final = 5
_SKIM: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(slots=True)
class Some:
    """How many lines, and the numbers (from 1) of the first few."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, number: int) -> None:
        """One more."""
        self.count += 1
        if self.count <= _SHOWN:
            self.first.append(number)

    def __str__(self) -> str:
        return ", ".join(map(str, self.first)) + (", …" if self.count > _SHOWN else "")


@dataclass(slots=True)
class LineReport:
    """What the lines of a file are."""

    lines: int = 0
    """As they stand: line ends, and an unfinished last line."""
    unreadable: Some = field(default_factory=Some)
    """Not one JSON object, and no several either; blank lines are not among them."""
    glued: Some = field(default_factory=Some)
    """Several objects on one line."""


def read_lines(path: str, root: str) -> LineReport:
    """Count and skim a file of JSON lines; a line in memory at a time, 2 us a line and 1 ms a MB.

    Raises:
        NotFound, Refused, Failed: as `LineFile`.
    """
    report = LineReport()
    for line in LineFile(path, root, block=1 << 18).forwards():
        report.lines += 1
        try:
            _SKIM.decode(line.raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            _look_closer(line, report)
    return report


def _look_closer(line: Line, report: LineReport) -> None:
    kinds = {damage.kind for parsed in parse(line) for damage in parsed.damage}
    if kinds == {"line-glued"}:
        report.glued.add(line.index + 1)
    elif kinds != {"line-blank"}:
        report.unreadable.add(line.index + 1)
