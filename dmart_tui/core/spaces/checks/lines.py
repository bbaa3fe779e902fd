"""Counting the lines of histories and event logs, and finding those that are no record."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from dmart_tui.core.files import open_regular

LINE_LIMIT: Final = 16_000_000
"""Bytes of a line that are read at once; a longer one counts as one that cannot be read."""
_SHOWN: Final = 5

_SKIM: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(slots=True)
class LineReport:
    """What the lines of a file are; numbers count from 1, the first few are kept."""

    lines: int = 0
    """As they stand: line ends, and an unfinished last line."""
    unreadable: int = 0
    first_unreadable: list[int] = field(default_factory=list)
    glued: int = 0
    first_glued: list[int] = field(default_factory=list)


def read_lines(path: str, root: str) -> LineReport:
    """Count and skim a file of JSON lines, a line in memory at a time; about 1 us a line and 1 ms a MB.

    Raises:
        NotFound, Refused, Failed: as `open_regular`.
    """
    report = LineReport()
    with os.fdopen(open_regular(path, root), "rb", buffering=1 << 18) as file:
        for line, whole in _lines(file):
            report.lines += 1
            if whole:
                _skim(line, report)
            else:
                _unreadable(report)
    return report


def _lines(file: object) -> Iterator[tuple[bytes, bool]]:
    read = file.readline  # type: ignore[attr-defined]
    while line := read(LINE_LIMIT):
        whole = len(line) < LINE_LIMIT or line.endswith(b"\n")
        rest = line
        while not rest.endswith(b"\n") and len(rest) == LINE_LIMIT:
            rest = read(LINE_LIMIT)
        yield line, whole


def _skim(line: bytes, report: LineReport) -> None:
    try:
        _SKIM.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = line.decode("utf-8", "replace").strip("\ufeff \t\r\n\0")
        if not text or _is_object(text):
            return
        if _objects(text) > 1:
            report.glued += 1
            if len(report.first_glued) < _SHOWN:
                report.first_glued.append(report.lines)
        else:
            _unreadable(report)


def _unreadable(report: LineReport) -> None:
    report.unreadable += 1
    if len(report.first_unreadable) < _SHOWN:
        report.first_unreadable.append(report.lines)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _objects(text: str) -> int:
    """How many objects stand one after the other in a line; 0 when anything else is among them."""
    decoder = json.JSONDecoder()
    count = position = 0
    try:
        while position < len(text):
            value, position = decoder.raw_decode(text, position)
            if not isinstance(value, dict):
                return 0
            count += 1
            while position < len(text) and text[position] in " \t\r,\0":
                position += 1
    except (ValueError, RecursionError):
        return 0
    return count
