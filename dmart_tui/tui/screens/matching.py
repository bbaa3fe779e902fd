"""Narrowing a short list by a few letters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dmart_tui.core.spaces.names import Pattern, score

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dmart_tui.tui.screens.dialog import Row


def best(rows: Iterable[Row], text: str) -> list[Row]:
    """The rows that have every word of `text` (in the label, or else in the rest), best first; all without a word."""
    pattern = Pattern(text)
    if not pattern:
        return list(rows)
    ranked: list[tuple[int, int, Row]] = []
    for at, row in enumerate(rows):
        if row.value is None:
            continue
        total = 0
        for word in text.split():
            in_label = score(pattern.fold(word), pattern.fold(row.label))
            elsewhere = None if in_label is not None else _inside(pattern, word, row)
            if in_label is None and elsewhere is None:
                break
            total += 1000 + in_label if in_label is not None else elsewhere or 0
        else:
            ranked.append((-total, at, replace(row, hits=pattern.positions(row.label))))
    return [row for _, _, row in sorted(ranked, key=lambda item: item[:2])]


def _inside(pattern: Pattern, word: str, row: Row) -> int | None:
    """In the other columns a word must stand in one piece: scattered letters are found in any sentence."""
    return 1 if pattern.fold(word) in pattern.fold(f"{row.lead} {row.about} {row.right}") else None
